"""End to end: a site with HubSpot's official tag behind the middleware, a visitor, and the requests to HubSpot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from examples.standin import StandIn
from tests import chromium
from tests.quiet import watch

from .example_servers import NAMES, PORTAL, ExampleSites
from .pages import (
    CHAT_COOKIES,
    CHAT_HOSTS,
    TRACKING_COOKIES,
    asked,
    button,
    cookies,
    expect_state,
    focused,
    hosts,
    message,
    place,
    quiet,
)

PAGES = ["/", "/about", "/csp", "/stream"]
#: On a page whose policy forbids inline styles, the chat links a style sheet from one more host.
ALLOWED = CHAT_HOSTS | {"static.hsappstatic.net"}
OPEN = "document.documentElement.classList.contains('hs-messages-widget-open')"

pytestmark = pytest.mark.parametrize("framework", NAMES)


def url(framework: str, path: str = "/") -> str:
    return f"http://{NAMES[framework]}{path}"


def consent(page: Page, framework: str, value: str) -> None:
    page.context.add_cookies([{"name": "consent", "value": value, "url": url(framework)}])


def only_chat(standin: StandIn, page: Page) -> None:
    """Assert that only the chat of HubSpot was requested and only the chat has set cookies."""
    assert CHAT_HOSTS <= hosts(standin) <= ALLOWED
    assert not TRACKING_COOKIES & cookies(page).keys()
    assert cookies(page).keys() <= CHAT_COOKIES | {"consent", "consent_chat"}


@pytest.mark.parametrize("path", PAGES)
def test_nothing_reaches_hubspot_before_the_click(page: Page, standin: StandIn, framework: str, path: str) -> None:
    elsewhere: list[str] = []
    page.on(
        "request", lambda request: elsewhere.append(request.url) if not request.url.startswith(url(framework)) else None
    )
    page.goto(url(framework, path))
    expect_state(page, "idle")
    page.mouse.wheel(0, 600)
    button(page).hover()
    button(page).focus()
    quiet(page, 1_300)
    assert standin.requests == []
    assert elsewhere == []
    assert cookies(page) == {}
    expect(button(page)).to_have_count(1)


@pytest.mark.parametrize("choice", ["necessary", "analytics", "marketing"])
def test_choice_without_the_chat_requests_nothing(page: Page, standin: StandIn, framework: str, choice: str) -> None:
    consent(page, framework, choice)
    page.goto(url(framework))
    expect_state(page, "idle")
    quiet(page)
    assert standin.requests == []
    assert cookies(page).keys() == {"consent"}


@pytest.mark.parametrize("path", PAGES)
def test_click_opens_chat_and_requests_only_its_hosts(page: Page, standin: StandIn, framework: str, path: str) -> None:
    page.goto(url(framework, path))
    button(page).click()
    expect_state(page, "ready")
    assert page.evaluate(OPEN)
    assert focused(page) == "hubspot-conversations-iframe"
    expect(message(page)).to_have_text("The chat is open.")
    expect(page.frame_locator("#hubspot-conversations-iframe").get_by_label("Write a message")).to_be_visible()
    page.wait_for_function("document.cookie.includes('messagesUtk')")
    only_chat(standin, page)
    embed = next(record for record in asked(standin) if record.host == "js.usemessages.com")
    assert embed.path == "/conversations-embed.js"
    assert f"portalId={PORTAL}" in next(record.query for record in asked(standin) if record.host == "api.hubspot.com")


def test_chat_loads_by_itself_on_next_page_of_visit(page: Page, standin: StandIn, framework: str) -> None:
    page.goto(url(framework))
    button(page).click()
    expect_state(page, "ready")
    page.wait_for_function("document.cookie.includes('messagesUtk')")
    standin.clear()
    page.get_by_role("link", name="About us").click()
    expect(page).to_have_url(url(framework, "/about"))
    expect_state(page, "ready")
    expect(button(page)).to_have_count(0)
    only_chat(standin, page)


def test_new_visit_starts_with_the_button_again(page: Page, standin: StandIn, framework: str) -> None:
    page.goto(url(framework))
    button(page).click()
    expect_state(page, "ready")
    # A browser deletes session cookies when it is closed.
    page.context.clear_cookies(name="consent_chat")
    page.goto("about:blank")
    standin.settle()
    standin.clear()
    page.goto(url(framework))
    expect_state(page, "idle")
    assert asked(standin) == []


def test_functional_consent_loads_chat_but_no_tracker(page: Page, standin: StandIn, framework: str) -> None:
    consent(page, framework, "functional")
    page.goto(url(framework))
    expect_state(page, "ready")
    assert not page.evaluate(OPEN)
    only_chat(standin, page)


@pytest.mark.parametrize("choice", ["analytics,marketing", "functional,analytics,marketing"])
def test_full_consent_leaves_the_page_unchanged(page: Page, standin: StandIn, framework: str, choice: str) -> None:
    consent(page, framework, choice)
    page.goto(url(framework))
    for host in ("js.hs-scripts.com", "js.hs-analytics.net", "js.usemessages.com"):
        standin.wait_for(host)
    page.wait_for_function("document.cookie.includes('__hstc')")
    expect(place(page)).to_have_count(0)
    assert page.locator("[data-consent]").count() == 0
    page.wait_for_selector("#hubspot-conversations-iframe")


@pytest.mark.parametrize("fault", ["refuse", "hang", "500"])
def test_message_and_link_appear_when_hubspot_is_down(page: Page, standin: StandIn, framework: str, fault: Any) -> None:
    standin.faults["*"] = fault
    page.clock.install()
    page.goto(url(framework))
    button(page).click()
    standin.wait_for("js.usemessages.com")
    page.clock.fast_forward(8_000)
    expect_state(page, "failed")
    expect(message(page)).to_contain_text("The chat could not be loaded.")
    place(page).get_by_role("link", name="Contact us").click()
    expect(page).to_have_url(url(framework, "/contact"))


def test_choice_on_the_page_changes_the_next_one(page: Page, standin: StandIn, framework: str) -> None:
    page.goto(url(framework))
    expect_state(page, "idle")
    page.get_by_role("button", name="Allow everything").click()
    standin.wait_for("js.hs-analytics.net")
    page.wait_for_function("document.cookie.includes('__hstc')")
    # Wait, because a late cookie would be set after the withdrawal.
    quiet(page)
    page.get_by_role("button", name="Withdraw").click()
    expect_state(page, "idle")
    # Start counting again: only the visitor's last choice decides from here on.
    page.goto("about:blank")
    standin.settle()
    standin.clear()
    page.goto(url(framework))
    expect_state(page, "idle")
    quiet(page)
    assert asked(standin) == []
    assert cookies(page) == {"consent": "necessary"}


@pytest.fixture(scope="module")
def whole_browser(browser: Browser, standin: StandIn, example_sites: ExampleSites) -> Iterator[Browser]:
    """Yield the full Chromium with windows, as visitors use it."""
    whole = chromium.launch(browser.browser_type, standin.resolver_rules, example_sites.resolver_rules, whole=True)
    yield whole
    whole.close()


def test_visit_in_chromium_with_windows(whole_browser: Browser, standin: StandIn, framework: str) -> None:
    context = watch(whole_browser.new_context(ignore_https_errors=True))
    page = context.new_page()
    page.goto(url(framework))
    expect_state(page, "idle")
    quiet(page, 1_300)
    assert standin.requests == []
    assert cookies(page) == {}
    button(page).click()
    expect_state(page, "ready")
    expect(page.frame_locator("#hubspot-conversations-iframe").get_by_label("Write a message")).to_be_visible()
    page.wait_for_function("document.cookie.includes('messagesUtk')")
    only_chat(standin, page)
    page.get_by_role("button", name="Allow everything").click()
    page.wait_for_function("document.cookie.includes('__hstc')")
    quiet(page)
    page.get_by_role("button", name="Withdraw").click()
    expect_state(page, "idle")
    context.close()
