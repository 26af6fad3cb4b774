"""Finds and starts Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import VerifyError
from .settings import VerifySettings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType

#: The names under which systems install Chromium; the first that is found is taken. The headless shell is the same
#: engine without windows.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@contextmanager
def start_browser(settings: VerifySettings) -> Iterator[tuple[Browser, bool]]:
    """Yield Chromium, and whether it has its sandbox.

    Raises:
        VerifyError: Playwright or Chromium is missing, or Chromium does not start.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise VerifyError("CM116", "Playwright is missing: pip install consent-middleware[verify]") from error
    # Chromium refuses to start with its sandbox as root.
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    sandboxed = not is_root and "--no-sandbox" not in settings.browser_arguments
    with sync_playwright() as playwright:
        executable = _executable(settings.browser, playwright.chromium)
        try:
            browser = playwright.chromium.launch(
                executable_path=executable,
                chromium_sandbox=sandboxed,
                args=list(settings.browser_arguments),
            )
        except Error as error:
            reason = str(error).strip().partition("\n")[0]
            raise VerifyError("CM118", f"{executable} does not start: {reason}") from error
        try:
            yield browser, sandboxed
        finally:
            browser.close()


def _executable(named: str, kind: BrowserType) -> str:
    candidates = [named] if named else [*filter(None, map(shutil.which, NAMES)), kind.executable_path]
    for candidate in candidates:
        if Path(candidate).is_file():
            return candidate
    raise VerifyError("CM117", f"there is no Chromium at {named or 'any usual place'}; name one with --browser")
