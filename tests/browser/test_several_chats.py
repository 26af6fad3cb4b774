"""Several chats on one site: each page's button stands for that page's chat, and a click loads no other."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from consent_middleware import Policy
from examples.standin import StandIn
from tests.browser.test_intercom import INSTALLED

from .app import App
from .pages import TRACKING_COOKIES, asked, button, cookies, expect_state, hosts, place, quiet
from .test_intercom import STANDIN

LOADER = '<script src="//js.hs-scripts.com/{}.js" async></script>'
CHAT = (
    '<script src="https://js.usemessages.com/conversations-embed.js" id="hubspot-messages-loader" '
    'data-loader="hs-scriptloader" data-hsjs-portal="{}" data-hsjs-env="prod" data-hsjs-hublet="na1"></script>'
)
PAGE = '<!DOCTYPE html><html lang="{}"><head><title>Shop</title></head><body><p>Shop</p>{}</body></html>'
BOTH = Policy(contact_url="/c", vendors=["hubspot", "intercom"])


def portals(standin: StandIn) -> set[str]:
    """Return the portals that the chat has asked for."""
    parts = (part for record in asked(standin) for part in record.query.split("&"))
    return {part.removeprefix("portalId=") for part in parts if part.startswith("portalId=")}


@pytest.fixture
def intercom(page: Page) -> list[str]:
    """Stand in for Intercom. Return the addresses that are asked for."""
    urls: list[str] = []

    def answer(route: Route) -> None:
        urls.append(route.request.url)
        route.fulfill(body=STANDIN, content_type="text/javascript")

    page.context.route("https://widget.intercom.io/**", answer)
    return urls


@pytest.mark.parametrize("tag", [LOADER, CHAT])
def test_each_page_opens_the_chat_of_its_own_portal(page: Page, standin: StandIn, tag: str) -> None:
    with App(Policy(contact_url="/c", chat_pages=["/en", "/de"]), {}) as app:
        for lang, portal in (("en", "111"), ("de", "222"), ("fr", "333")):
            app.pages[f"/{lang}"] = PAGE.format(lang, tag.format(portal))
        page.goto(f"{app.url}fr")
        quiet(page)
        expect(place(page)).to_be_hidden()
        for lang, portal in (("en", "111"), ("de", "222")):
            page.context.clear_cookies()
            standin.clear()
            page.goto(app.url + lang)
            button(page).click()
            expect_state(page, "ready")
            assert portals(standin) == {portal}
        assert not cookies(page).keys() & TRACKING_COOKIES


@pytest.mark.parametrize("tag", [LOADER, CHAT])
def test_first_of_two_portals_on_a_page_is_opened(page: Page, standin: StandIn, tag: str) -> None:
    with App(Policy(contact_url="/c"), {}) as app:
        app.pages["/"] = PAGE.format("en", tag.format("111") + tag.format("222"))
        page.goto(app.url)
        expect(button(page)).to_have_count(1)
        button(page).click()
        expect_state(page, "ready")
        quiet(page)
        assert portals(standin) == {"111"}
        assert not cookies(page).keys() & TRACKING_COOKIES


def test_named_account_is_opened_of_two_on_a_page(page: Page, standin: StandIn) -> None:
    with App(Policy(contact_url="/c", chat_accounts=["222"]), {}) as app:
        app.pages["/"] = PAGE.format("en", LOADER.format("111") + LOADER.format("222"))
        page.goto(app.url)
        button(page).click()
        expect_state(page, "ready")
        quiet(page)
        assert portals(standin) == {"222"}


def test_chat_of_its_own_tag_goes_before_tracking_code(page: Page, standin: StandIn, intercom: list[str]) -> None:
    with App(BOTH, {}) as app:
        app.pages["/"] = PAGE.format("en", LOADER.format("111") + INSTALLED)
        page.goto(app.url)
        expect(page.get_by_text("Opens Intercom's chat")).to_be_visible()
        button(page).click()
        expect_state(page, "ready")
        quiet(page)
        assert intercom
        assert asked(standin) == []


def test_click_for_one_vendor_loads_no_other(page: Page, standin: StandIn, intercom: list[str]) -> None:
    with App(BOTH, {}) as app:
        app.pages["/"] = PAGE.format("en", CHAT.format("111") + INSTALLED)
        page.goto(app.url)
        expect(page.get_by_text("Opens HubSpot's chat")).to_be_visible()
        assert intercom == []
        button(page).click()
        expect_state(page, "ready")
        quiet(page)
        assert "js.usemessages.com" in hosts(standin)
        assert intercom == []
        page.wait_for_function("document.cookie.includes('messagesUtk')")
        before = cookies(page)
        assert before["consent_chat"] == "hubspot"
        page.goto(app.url)
        expect_state(page, "ready")
        quiet(page)
        assert intercom == []
        assert cookies(page)["messagesUtk"] == before["messagesUtk"]
        app.pages["/other"] = PAGE.format("en", INSTALLED)
        page.goto(f"{app.url}other")
        expect_state(page, "idle")
        quiet(page)
        assert intercom == []
