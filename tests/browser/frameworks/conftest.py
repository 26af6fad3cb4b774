"""Fixtures: the apps on real servers, with the middleware and without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from consent_middleware import Policy
from examples.standin import StandIn
from tests.browser.app import App
from tests.browser.pages import asked
from tests.order import regroup
from tests.quiet import quiet, watch

from .cases import CASES, CONTAINER, SCRIPTS, Case, path_of, put

ALL = "functional,analytics,marketing"

#: Counts the load events of HubSpot's scripts by address.
COUNT = """window.ran = {};
document.addEventListener("load", ({ isTrusted, target: { localName, src } }) => {
  if (isTrusted && localName === "script" && !src.startsWith(location.origin)) ran[src] = (ran[src] ?? 0) + 1;
}, true);"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests by app, so that few processes visit it without the middleware."""
    regroup(items, Path(__file__).with_name("test_frameworks.py"), "name", CASES)


@pytest.fixture(scope="package")
def guarded() -> Iterator[App]:
    with App(Policy(contact_url="/contact"), {}) as app:
        yield app


@pytest.fixture(scope="package")
def bare() -> Iterator[App]:
    with App(None, {}) as app:
        yield app


@dataclass
class Visit:
    """A visitor's tab with one of the apps. `said` lists its errors and warnings."""

    page: Page
    name: str
    standin: StandIn
    routed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """Return the addresses of HubSpot that were requested."""
        return [*(record.url for record in asked(self.standin)), *(url for url in self.routed if url != CONTAINER)]

    def choose(self, value: str) -> None:
        """Set the consent cookie of the site, as its banner would."""
        self.page.evaluate(f"document.cookie = 'consent={value}; path=/'")

    @property
    def case(self) -> Case:
        """Return the app."""
        return CASES[self.name]

    def open(self, app: App, value: str = "") -> None:
        """Open the app, wait until it is quiet, and go to the page with the tag."""
        put(app, self.name)
        if value:
            self.page.context.add_cookies([{"name": "consent", "value": value, "url": app.url}])
        self.page.goto(app.url + path_of(self.name))
        quiet(self.page)
        if self.case.next:
            self.go_on()

    def go_on(self) -> None:
        """Go to the next page of the app, or back from there."""
        onward = self.page.get_by_text("Next", exact=True)
        if onward.count():
            onward.click()
            # An app that adds the page's content may have it twice by then.
            expect(self.page.get_by_role("heading", name="Second").first).to_be_visible()
        else:
            self.page.go_back()
            expect(self.page.get_by_role("heading", name="Shop")).to_be_visible()
        quiet(self.page)

    def forget(self) -> None:
        """Forget all requests so far."""
        self.standin.settle()
        self.standin.clear()
        self.routed.clear()

    def loads(self) -> int:
        """Return how often the tag of the app was requested."""
        address = self.case.address
        # jQuery adds a number to the address to bypass caches.
        return sum(url == address or url.startswith(f"{address}?_=") for url in self.asked)

    def expect_works(self) -> None:
        """Assert that the counter of the app still works."""
        count = self.page.locator("#count")
        before = count.inner_text()
        count.click()
        # Some frameworks show the count only after the first change.
        expect(count).not_to_have_text(before)


def follow(context: BrowserContext, standin: StandIn, name: str) -> Visit:
    """Return a new visit to an app."""
    page = context.new_page()
    page.add_init_script(COUNT)
    visit = Visit(page, name, standin)

    def answer(route: Route) -> None:
        visit.routed.append("https:" + route.request.url.partition(":")[2].partition("?")[0])
        route.fulfill(content_type="text/javascript", body=SCRIPTS[visit.routed[-1]])

    for address in SCRIPTS:
        page.route(f"{address.replace('https', '*')}*", answer)
    page.on("console", lambda each: visit.said.append(each.text) if each.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: visit.said.append(error.message))
    return visit


@pytest.fixture
def visit(context: BrowserContext, standin: StandIn, name: str) -> Visit:
    """Return a visit to the app of the test."""
    return follow(context, standin, name)


@dataclass(frozen=True, slots=True)
class Plain:
    """What an app does without the middleware. `again` is the number of loads after the next page."""

    loads: int
    again: int
    said: list[str]


_KNOWN: dict[str, Plain] = {}


@pytest.fixture
def plain(browser: Browser, standin: StandIn, bare: App, name: str) -> Plain:
    """Return what the app of the test does without the middleware. Each app is visited once."""
    if name not in _KNOWN:
        context = watch(browser.new_context(ignore_https_errors=True))
        visit = follow(context, standin, name)
        visit.open(bare)
        loads = visit.loads()
        visit.expect_works()
        if visit.case.next:
            visit.go_on()
        _KNOWN[name] = Plain(loads, visit.loads(), visit.said)
        context.close()
        visit.forget()
    return _KNOWN[name]
