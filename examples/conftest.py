"""Fixtures that the tests of the examples share: a real Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests import chromium


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the examples that start the browser."""
    for item in items:
        if "start_chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


# The scope is one module: Playwright's synchronous interface keeps an event loop running, and with that loop the
# asynchronous tests of other modules would fail.
@pytest.fixture(scope="module")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def start_chromium(_playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """Yield a function that starts Chromium with the given arguments; the browsers end with the module's tests."""
    with ExitStack() as browsers:

        def start(*arguments: str) -> Browser:
            browser = chromium.start(_playwright.chromium, *arguments)
            browsers.callback(browser.close)
            return browser

        yield start
