"""Real routers and libraries that swap pages: the button stays, the chat learns the new address, and is loaded once.

Each app has three pages: Shop, Second and Terms.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from consent_middleware import Policy
from examples.standin import StandIn
from tests.browser.app import App
from tests.browser.pages import CHAT_HOSTS, TRACKING_COOKIES, asked, button, comes, cookies, expect_state, hosts, place
from tests.quiet import quiet, until

from .cases import put
from .conftest import ALL, Visit

APPS = ["astro", "boost", "turbo-drive", "routes-vue", "routes-react"]
apps = pytest.mark.parametrize("name", APPS)

FRAME = "iframe[id^=hubspot-conversations]"


@pytest.fixture(scope="module")
def limited() -> Iterator[App]:
    """Yield the apps of a site that offers its chat everywhere but on Terms."""
    # React's router leaves out the slash of its first page.
    pages = [path for name in APPS for path in (f"/{name}", f"/{name}/", f"/{name}/second*")]
    with App(Policy(contact_url="/contact", chat_pages=pages), {}) as app:
        yield app


def visit_app(visit: Visit, app: App, path: str = "") -> None:
    """Open a page of the app of a test. A router has one page for every address."""
    put(app, visit.name)
    for each in ("second", "terms"):
        app.pages.setdefault(f"/{visit.name}/{each}", app.pages[f"/{visit.name}/"])
    visit.page.goto(f"{app.url}{visit.name}/{path}")
    quiet(visit.page)


def follow(page: Page, link: str, title: str) -> None:
    """Follow a link within the app."""
    page.evaluate("window.same = 1")
    page.get_by_role("link", name=link, exact=True).click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert page.evaluate("window.same") == 1


def refreshes(page: Page) -> int:
    """Return how often HubSpot's chat was told to refresh."""
    return int(page.evaluate("(window.standInCalls ?? []).filter(([name]) => name === 'refresh').length"))


def last_address(standin: StandIn) -> str:
    """Return the address of the page that the chat was loaded for last, as the query has it."""
    return [record.query for record in asked(standin) if "/threads/utk/" in record.path][-1]


@apps
def test_chat_of_the_click_follows_the_address(visit: Visit, guarded: App, standin: StandIn, name: str) -> None:
    page = visit.page
    visit_app(visit, guarded)
    expect_state(page, "idle")
    follow(page, "Next", "Second")
    expect_state(page, "idle")
    expect(place(page)).to_have_count(1)
    expect(button(page)).to_be_visible()
    quiet(page)
    assert asked(standin) == []

    button(page).click()
    expect_state(page, "ready")
    quiet(page)
    assert refreshes(page) == 0
    assert "second" in last_address(standin)

    follow(page, "Terms", "Terms")
    comes(page, lambda: refreshes(page) == 1)
    expect(page.locator(FRAME)).to_have_count(1)
    expect_state(page, "ready")
    # A second refresh would come a second after the first.
    quiet(page, 1_300)
    assert refreshes(page) == 1
    assert "terms" in last_address(standin)
    expect(page.locator(FRAME)).to_have_count(1)
    expect(place(page)).to_have_count(1)
    assert [record.host for record in asked(standin)].count("js.usemessages.com") == 1
    assert hosts(standin) == CHAT_HOSTS
    assert not cookies(page).keys() & TRACKING_COOKIES
    visit.expect_works()


@apps
def test_chat_of_consent_follows_the_address(visit: Visit, guarded: App, standin: StandIn, name: str) -> None:
    """The tag on the next page waits as the first did, and consent there releases it."""
    page = visit.page
    visit_app(visit, guarded)
    follow(page, "Next", "Second")
    quiet(page)
    assert asked(standin) == []
    visit.choose(ALL)
    until(page, "document.cookie.includes('__hstc')")
    expect_state(page, "ready")
    quiet(page)
    follow(page, "Terms", "Terms")
    comes(page, lambda: refreshes(page) == 1)
    quiet(page, 1_300)
    assert refreshes(page) == 1
    assert "terms" in last_address(standin)
    # As without the middleware, htmx runs the scripts of each body.
    assert visit.loads() == (2 if name == "boost" else 1)
    expect(page.locator(FRAME)).to_have_count(1)


@apps
def test_page_without_the_chat_shows_no_button(visit: Visit, limited: App, standin: StandIn, name: str) -> None:
    page = visit.page
    visit_app(visit, limited)
    expect(button(page)).to_be_visible()
    follow(page, "Next", "Second")
    expect(button(page)).to_be_visible()
    follow(page, "Terms", "Terms")
    expect(page.get_by_role("button", name="Chat with us")).to_have_count(0)
    quiet(page)
    expect(page.get_by_role("button", name="Chat with us")).to_have_count(0)
    follow(page, "Shop", "Shop")
    expect(button(page)).to_be_visible()
    expect(place(page)).to_have_count(1)
    assert asked(standin) == []
    visit.expect_works()


@apps
def test_button_comes_with_the_first_page_that_has_it(visit: Visit, limited: App, standin: StandIn, name: str) -> None:
    page = visit.page
    visit_app(visit, limited, "terms/" if name == "astro" else "terms")
    expect(page.get_by_role("button", name="Chat with us")).to_have_count(0)
    follow(page, "Shop", "Shop")
    expect(button(page)).to_be_visible()
    expect(place(page)).to_have_count(1)
    quiet(page)
    assert asked(standin) == []
    button(page).click()
    expect_state(page, "ready")
    assert hosts(standin) == CHAT_HOSTS


@apps
def test_opened_chat_stays_on_page_without_button(visit: Visit, limited: App, name: str) -> None:
    page = visit.page
    visit_app(visit, limited)
    follow(page, "Next", "Second")
    button(page).click()
    expect_state(page, "ready")
    follow(page, "Terms", "Terms")
    comes(page, lambda: refreshes(page) == 1)
    expect(page.locator(FRAME)).to_have_count(1)
    expect(page.get_by_role("button", name="Chat with us")).to_have_count(0)


#: Keeps what runs at intervals from running while `holds` is true.
HOLD_INTERVALS = """
const { setInterval } = window;
window.setInterval = (run, time) => setInterval(() => window.holds || run(), time);
"""


@pytest.mark.parametrize("name", ["boost"])
def test_swap_right_after_loading_refreshes_the_chat(visit: Visit, limited: App, name: str) -> None:
    """The next page's own script knows nothing of the address with which the chat was loaded."""
    page = visit.page
    page.add_init_script(HOLD_INTERVALS)
    visit_app(visit, limited)
    follow(page, "Next", "Second")
    page.evaluate("window.holds = true")
    button(page).click()
    expect_state(page, "ready")
    follow(page, "Terms", "Terms")
    page.evaluate("window.holds = false")
    comes(page, lambda: refreshes(page) == 1)


@pytest.mark.parametrize("name", ["turbo-drive"])
def test_chat_survives_a_morph(visit: Visit, guarded: App, standin: StandIn, name: str) -> None:
    """Turbo morphs a page into itself, here at an address with a query."""
    page = visit.page
    visit_app(visit, guarded, "second")
    button(page).click()
    expect_state(page, "ready")
    quiet(page)
    follow(page, "Again", "Second")
    comes(page, lambda: refreshes(page) == 1)
    quiet(page, 1_300)
    assert refreshes(page) == 1
    assert "again" in last_address(standin)
    expect(page.locator(FRAME)).to_have_count(1)
    expect_state(page, "ready")
    expect(place(page)).to_have_count(1)
