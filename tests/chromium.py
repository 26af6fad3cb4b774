"""Debian's Chromium for the tests: quiet, and kept on this machine.

Knows: where it is, and with which arguments it starts.
Must not know: what a test does with it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserType

from .needs import missing

#: No traffic of the browser's own, and none but TCP, so that every request can be counted.
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
    """Return where Chromium is. Debian's headless shell is the same engine without windows, and many times quicker."""
    if named := os.environ.get("CHROMIUM"):
        return named
    shell = None if whole else shutil.which("chromium-headless-shell")
    return shell or shutil.which("chromium") or "/usr/bin/chromium"


def start(kind: BrowserType, *arguments: str, without: list[str] | None = None, whole: bool = False) -> Browser:
    """Start it with more arguments, and without some that Playwright would add; `whole` is the browser with windows.

    The test is skipped, or fails in CI, where there is no Chromium.
    """
    executable = _executable(whole)
    if not Path(executable).exists():
        missing(f"there is no Chromium at {executable}; install it (Debian: apt install chromium) or set CHROMIUM")
    return kind.launch(executable_path=executable, args=[*ARGUMENTS, *arguments], ignore_default_args=without)


def launch(kind: BrowserType, *rules: str, without: list[str] | None = None, whole: bool = False) -> Browser:
    """Start it with these rules for host names. Every other name leads nowhere: a test never leaves the machine."""
    names = ", ".join((*rules, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"))
    return start(kind, f"--host-resolver-rules={names}", "--ignore-certificate-errors", without=without, whole=whole)
