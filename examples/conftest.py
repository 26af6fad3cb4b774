"""What the tests of the examples share: a real Chromium, found and started.

Knows how to start the browser. It knows no page.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these a browser asks its maker for updates and lists while a test counts requests.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Not for the whole session: while Playwright's synchronous interface is open, its event loop counts as running, and
# `asyncio.run` in another module's tests would fail.
@pytest.fixture(scope="module")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def start_chromium(_playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """A function that starts Chromium with the arguments it is given; the browser ends with the test."""
    named = os.environ.get("CHROMIUM")
    path = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        reason = "no Chromium found: install it (Debian: apt install chromium) or set CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}; CI must not go without", pytrace=False)
        pytest.skip(f"NOT TESTED IN A BROWSER: {reason}")
    with ExitStack() as browsers:

        def start(*arguments: str) -> Browser:
            browser = _playwright.chromium.launch(executable_path=path, args=[*_QUIET, *arguments])
            browsers.callback(browser.close)
            return browser

        yield start
