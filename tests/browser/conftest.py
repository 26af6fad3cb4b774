"""Chromium, the stand-in for HubSpot, and a site, for the tests in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from examples.standin import StandIn
from tests import chromium, npm
from tests.quiet import watch

from .example_servers import Doors
from .firefox import run as run  # a fixture of the tests in Firefox
from .site import Site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder as one that needs the browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def standin() -> Iterator[StandIn]:
    """The stand-in for HubSpot, for all browser tests; `fresh` wipes it for each."""
    with StandIn() as standin:
        yield standin


@pytest.fixture(scope="package")
def shared_site() -> Iterator[Site]:
    """The site, for all browser tests; `site` wipes it for each."""
    with Site() as site:
        yield site


@pytest.fixture(scope="package")
def doors() -> Iterator[Doors]:
    """The example sites, each behind its door of the middleware."""
    with Doors() as doors:
        yield doors


@pytest.fixture(scope="package")
def browser(standin: StandIn, shared_site: Site, doors: Doors) -> Iterator[Browser]:
    """One Chromium for the folder. Playwright's event loop ends with it, so that asyncio is free for other tests."""
    with sync_playwright() as playwright:
        rules = (standin.resolver_rules, shared_site.resolver_rules, doors.resolver_rules)
        browser = chromium.launch(playwright.chromium, *rules)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def fresh(standin: StandIn, shared_site: Site) -> None:
    """Each test begins with a stand-in that has seen nothing and a site without pages."""
    standin.faults.clear()
    standin.portals.clear()
    # The pages of the test before are closed; what they had asked for may still be on its way.
    standin.settle()
    standin.clear()
    shared_site.settle()
    shared_site.clear()


@pytest.fixture
def site(shared_site: Site) -> Site:
    """The site, without pages."""
    return shared_site


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor who has never been here: no cookie, no cache."""
    context = watch(browser.new_context(ignore_https_errors=True))
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The visitor's tab."""
    return context.new_page()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    return (npm.package("axe-core") / "axe.min.js").read_text("utf-8")
