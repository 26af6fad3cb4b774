"""What the tests of the examples share: a real Chromium, found and started.

Knows how to start the browser. It knows no page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests import chromium


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of the examples that starts the browser."""
    for item in items:
        if "start_chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


# Not for the whole session: while Playwright's synchronous interface is open, its event loop counts as running, and
# asynchronous tests of other modules would fail.
@pytest.fixture(scope="module")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def start_chromium(_playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """A function that starts Chromium with the arguments it is given; the browsers end with the module's tests."""
    with ExitStack() as browsers:

        def start(*arguments: str) -> Browser:
            browser = chromium.start(_playwright.chromium, *arguments)
            browsers.callback(browser.close)
            return browser

        yield start
