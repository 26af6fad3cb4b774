"""What the tests of the examples share: a real Chromium, found and started.

Knows how to start the browser. It knows no page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests import chromium


# Not for the whole session: while Playwright's synchronous interface is open, its event loop counts as running, and
# asynchronous tests of other modules would fail.
@pytest.fixture(scope="module")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def start_chromium(_playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """A function that starts Chromium with the arguments it is given; the browser ends with the test."""
    with ExitStack() as browsers:

        def start(*arguments: str) -> Browser:
            browser = chromium.start(_playwright.chromium, *arguments)
            browsers.callback(browser.close)
            return browser

        yield start
