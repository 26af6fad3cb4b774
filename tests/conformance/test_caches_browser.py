"""One page for all, from a cache, in a real browser: each visitor's own consent decides."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from examples.standin import StandIn
from tests import chromium
from tests.browser.pages import CHAT_HOSTS, TRACKING_COOKIES, button, cookies, expect_state, hosts
from tests.needs import need
from tests.quiet import quiet, watch

from .servers import free_port, nginx, started, varnish
from .test_caches import CACHES, NGINX_CACHE, NGINX_PLACE

pytestmark = [pytest.mark.caches, pytest.mark.browser]

HOST = "cached.example"
PAGE = f"http://{HOST}/all/page"
#: Caches that store the page for every visitor, whatever cookies come with the request.
STORING = ["nginx", "Varnish that stores requests with cookies"]


@pytest.fixture(scope="module", params=STORING)
def cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Yield the port of a cache in front of the site."""
    program, told = CACHES[request.param]
    need(program)
    folder = tmp_path_factory.mktemp("cache")
    for place in (folder, folder.parent):
        place.chmod(0o755)
    back, front = free_port(), free_port()
    words = [sys.executable, "-m", "uvicorn", "tests.conformance.cached_site:app", "--port", str(back)]
    with started([*words, "--log-level", "error", "--lifespan", "off"], back, folder / "log"):
        if program == "nginx":
            location = NGINX_PLACE.format(port=back, more=told)
            with nginx(folder / "work", front, location, NGINX_CACHE.format(folder=folder / "work")):
                yield front
        else:
            with varnish(folder / "work", front, back, told):
                yield front


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    """Yield the stand-in for HubSpot."""
    with StandIn() as standin:
        yield standin


@pytest.fixture(scope="module")
def browser(cache: int, standin: StandIn) -> Iterator[Browser]:
    """Yield a Chromium for which the cache is the site."""
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright.chromium, standin.resolver_rules, f"MAP {HOST} 127.0.0.1:{cache}")
        yield browser
        browser.close()


@contextmanager
def visitor(browser: Browser, standin: StandIn, *wanted: str) -> Iterator[Page]:
    """Yield the tab of a new visitor with the cookies `wanted`."""
    standin.settle()
    standin.clear()
    context = watch(browser.new_context(ignore_https_errors=True))
    for name, _, value in (cookie.partition("=") for cookie in wanted):
        context.add_cookies([{"name": name, "value": value, "domain": HOST, "path": "/"}])
    yield context.new_page()
    context.close()


def visit(page: Page) -> str:
    """Open the page; return the number that the site gave it."""
    with page.expect_response("**/_consent/decision") as decision:
        response = page.goto(PAGE)
    assert decision.value.headers["cache-control"] == "no-store"
    assert response is not None
    return response.headers["x-made"]


def test_stored_page_loads_what_each_visitor_allows(browser: Browser, standin: StandIn) -> None:
    numbers = set()
    for consent in ("", "consent=functional,analytics,marketing", "consent=necessary", "consent=functional", ""):
        with visitor(browser, standin, *filter(None, [consent])) as page:
            numbers.add(visit(page))
            if "marketing" in consent:
                standin.wait_for("js.hs-scripts.com")
            elif "functional" in consent:
                standin.wait_for("js.usemessages.com")
                expect_state(page, "ready")
                assert hosts(standin) <= CHAT_HOSTS
                assert not TRACKING_COOKIES & cookies(page).keys()
            else:
                expect_state(page, "idle")
                quiet(page)
                assert standin.requests == []

    assert len(numbers) == 1, "every visitor has got the very page that was made for the first"


def test_click_counts_on_a_stored_page_and_the_next(browser: Browser, standin: StandIn) -> None:
    with visitor(browser, standin) as page:
        visit(page)
        expect_state(page, "idle")
        button(page).click()
        expect_state(page, "ready")
        page.goto("about:blank")
        standin.settle()
        standin.clear()

        visit(page)
        standin.wait_for("js.usemessages.com")

        assert hosts(standin) <= CHAT_HOSTS


def test_refusal_expires_cookies_on_a_stored_page(browser: Browser, standin: StandIn) -> None:
    with visitor(browser, standin, "consent=necessary", "__hstc=1", "messagesUtk=2", "other=3") as page:
        visit(page)
        expect_state(page, "idle")

        assert cookies(page).keys() == {"consent", "other"}
