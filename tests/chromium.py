"""Start Chromium for the tests, without requests of its own and without access to the network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserType

from .needs import missing

#: Disables the browser's own requests and QUIC, so that every request can be counted.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _executable(whole: bool) -> str:
    """Return the path of Chromium. Debian's headless shell is the same engine without windows, and much faster."""
    if named := os.environ.get("CHROMIUM"):
        return named
    shell = None if whole else shutil.which("chromium-headless-shell")
    return shell or shutil.which("chromium") or "/usr/bin/chromium"


def executable(*, whole: bool = False) -> str:
    """Return the path of Chromium. If it is missing, skip the test, or fail in CI."""
    found = _executable(whole)
    if not Path(found).exists():
        missing(f"there is no Chromium at {found}; install it (Debian: apt install chromium) or set CHROMIUM")
    return found


def start(kind: BrowserType, *arguments: str, without: list[str] | None = None, whole: bool = False) -> Browser:
    """Start Chromium. If it is missing, skip the test, or fail in CI.

    Args:
        kind: Playwright's type of browser.
        arguments: More arguments for Chromium.
        without: Arguments that Playwright would add and must not.
        whole: Whether to start the browser with windows.
    """
    return kind.launch(
        executable_path=executable(whole=whole), args=[*ARGUMENTS, *arguments], ignore_default_args=without
    )


def launch(kind: BrowserType, *rules: str, without: list[str] | None = None, whole: bool = False) -> Browser:
    """Start Chromium with rules for host names. No other name resolves, so a test never leaves the machine."""
    names = ", ".join((*rules, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"))
    return start(kind, f"--host-resolver-rules={names}", "--ignore-certificate-errors", without=without, whole=whole)
