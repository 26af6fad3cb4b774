"""Fixtures of the browser tests: Chromium, the stand-in for HubSpot, and a site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from examples.standin import StandIn
from tests import chromium, npm
from tests.quiet import watch

from .example_servers import ExampleSites
from .firefox import run as run  # a fixture of the tests in Firefox
from .pages import reset
from .site import Site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder with `browser`."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def standin() -> Iterator[StandIn]:
    """Yield the stand-in for HubSpot that all browser tests share; `fresh` resets it for each test."""
    with StandIn() as standin:
        yield standin


@pytest.fixture(scope="package")
def shared_site() -> Iterator[Site]:
    """Yield the site that all browser tests share; `fresh` resets it for each test."""
    with Site() as site:
        yield site


@pytest.fixture(scope="package")
def example_sites() -> Iterator[ExampleSites]:
    """Yield the example sites, one for each gateway."""
    with ExampleSites() as example_sites:
        yield example_sites


@pytest.fixture(scope="package")
def browser(standin: StandIn, shared_site: Site, example_sites: ExampleSites) -> Iterator[Browser]:
    """Yield one Chromium for the folder. Playwright's event loop ends with it, so that other tests can use asyncio."""
    with sync_playwright() as playwright:
        rules = (standin.resolver_rules, shared_site.resolver_rules, example_sites.resolver_rules)
        browser = chromium.launch(playwright.chromium, *rules)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def fresh(standin: StandIn, shared_site: Site) -> None:
    """Reset the stand-in and the site before each test."""
    reset(shared_site, standin)


@pytest.fixture
def site(shared_site: Site) -> Site:
    """Return the site, without pages."""
    return shared_site


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Yield the browser context of a new visitor, without cookies and cache."""
    context = watch(browser.new_context(ignore_https_errors=True))
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Return a tab of the visitor."""
    return context.new_page()


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the source of axe-core."""
    return (npm.package("axe-core") / "axe.min.js").read_text("utf-8")
