"""A front end changes the address: the chat learns of it, and the button is on the pages that offer the chat."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from consent_middleware import Policy
from examples.standin import StandIn
from tests.quiet import pass_time

from .app import App
from .pages import CHAT_HOSTS, asked, button, comes, expect_state, hosts, place, quiet, until
from .test_site_code import INSERT, MENU, TAG, show

GO = "history.pushState({{}}, '', '{}')"
LOADED = "HubSpotConversations.widget.status().loaded"


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with App(Policy(contact_url="/c"), {}) as app:
        yield app


@pytest.fixture(scope="module")
def limited() -> Iterator[App]:
    """Yield a site that offers its chat on few pages."""
    with App(Policy(contact_url="/c", chat_pages=["/", "/hilfe-für-*", "/served"]), {}) as app:
        yield app


def refreshes(page: Page) -> int:
    return int(page.evaluate("standInCalls.filter(([name]) => name === 'refresh').length"))


def addresses(standin: StandIn) -> list[str]:
    """Return the end of the page's address for each time that the chat was loaded."""
    frames = [record.query for record in asked(standin) if "/threads/utk/" in record.path]
    return [query.partition("url=")[2].partition("&")[0].rpartition("%2F")[2] for query in frames]


def open_chat(page: Page, app: App, body: str = TAG) -> None:
    show(page, app, body)
    button(page).click()
    expect_state(page, "ready")
    quiet(page)


class TestChat:
    @pytest.mark.parametrize(
        "change",
        [
            GO.format("/one") + ";" + GO.format("/two"),
            "history.replaceState({}, '', '/two')",
            GO.format("/two") + ";location.hash = 'x'",
        ],
    )
    def test_changes_in_one_task_are_one_refresh(self, page: Page, app: App, standin: StandIn, change: str) -> None:
        open_chat(page, app)
        page.evaluate(change)
        comes(page, lambda: refreshes(page) == 1)
        quiet(page, 1_300)
        assert refreshes(page) == 1
        assert addresses(standin)[0] == ""
        assert addresses(standin)[-1].startswith("two")

    def test_going_back_is_a_change(self, page: Page, app: App, standin: StandIn) -> None:
        open_chat(page, app)
        page.evaluate(GO.format("/one?a=1"))
        comes(page, lambda: addresses(standin) == ["", "one%3Fa%3D1"])
        until(page, LOADED)
        page.evaluate("history.back()")
        comes(page, lambda: addresses(standin) == ["", "one%3Fa%3D1", ""])
        assert refreshes(page) == 2

    def test_hash_is_no_change(self, page: Page, app: App) -> None:
        open_chat(page, app)
        page.evaluate("location.hash = 'x'")
        quiet(page, 1_300)
        assert refreshes(page) == 0

    def test_refresh_of_the_site_counts(self, page: Page, app: App) -> None:
        open_chat(page, app)
        page.evaluate(GO.format("/one") + ";HubSpotConversations.widget.refresh()")
        quiet(page, 1_300)
        assert refreshes(page) == 1

    def test_last_of_quick_changes_reaches_the_chat(self, page: Page, app: App, standin: StandIn) -> None:
        """HubSpot takes one refresh a second."""
        warned: list[str] = []
        page.on("console", lambda each: warned.append(each.text) if "HubSpotConversations" in each.text else None)
        open_chat(page, app)
        page.evaluate(GO.format("/one"))
        comes(page, lambda: addresses(standin) == ["", "one"])
        page.evaluate(GO.format("/two"))
        comes(page, lambda: addresses(standin) == ["", "one", "two"])
        assert refreshes(page) == 2
        quiet(page)
        assert warned == []

    def test_chat_loads_with_the_address_of_the_click(self, page: Page, app: App, standin: StandIn) -> None:
        show(page, app, TAG)
        expect_state(page, "idle")
        page.evaluate(GO.format("/one"))
        quiet(page)
        assert asked(standin) == []
        button(page).click()
        expect_state(page, "ready")
        quiet(page, 1_300)
        assert addresses(standin) == ["one"]
        assert refreshes(page) == 0

    def test_change_right_after_the_load_is_a_refresh(self, page: Page, app: App, standin: StandIn) -> None:
        """The script looks at the address four times a second, and the chat may load between two looks."""
        show(page, app, TAG)
        page.evaluate(f"document.addEventListener('consent:chat-ready', () => {{ {GO.format('/one')} }})")
        button(page).click()
        comes(page, lambda: addresses(standin)[-1:] == ["one"])
        assert refreshes(page) == 1

    def test_chat_that_the_site_loads_again_is_current(self, page: Page, app: App) -> None:
        open_chat(page, app)
        page.evaluate("HubSpotConversations.widget.remove();" + GO.format("/one"))
        # The script looks four times a second.
        pass_time(page, 600)
        page.evaluate("HubSpotConversations.widget.load()")
        until(page, LOADED)
        quiet(page, 1_300)
        assert refreshes(page) == 0

    def test_change_while_the_chat_loads_is_made_up_for(self, page: Page, app: App, standin: StandIn) -> None:
        waiting: list[Route] = []

        def hold_first(route: Route) -> None:
            if waiting:
                route.continue_()
            else:
                waiting.append(route)

        page.route("**/livechat-public/**", hold_first)
        show(page, app, TAG)
        button(page).click()
        comes(page, lambda: len(waiting) == 1)
        # The script looks four times a second.
        pass_time(page, 600)
        page.evaluate(GO.format("/one"))
        pass_time(page, 600)
        waiting[0].continue_()
        comes(page, lambda: refreshes(page) == 1)
        until(page, LOADED)
        quiet(page, 1_300)
        assert refreshes(page) == 1
        assert addresses(standin)[-1] == "one"

    def test_chat_comes_back_after_a_page_without_one(self, page: Page, app: App, standin: StandIn) -> None:
        """An account may have no chat for some addresses."""
        open_chat(page, app)
        page.route("**/livechat-public/**", lambda route: route.fulfill(status=204))
        page.evaluate(GO.format("/one"))
        expect(page.locator("iframe")).to_have_count(0)
        page.unroute("**/livechat-public/**")
        page.evaluate(GO.format("/two"))
        expect(page.locator("iframe")).to_have_count(1)
        assert addresses(standin) == ["", "two"]

    def test_chat_that_the_site_took_away_stays_away(self, page: Page, app: App, standin: StandIn) -> None:
        open_chat(page, app)
        page.evaluate("HubSpotConversations.widget.remove()")
        page.evaluate(GO.format("/one"))
        quiet(page, 1_300)
        assert refreshes(page) == 0
        assert addresses(standin) == [""]


class TestPages:
    """The setting `chat_pages` counts for the addresses that a front end sets."""

    @pytest.mark.parametrize("body", [TAG, f"<script>{MENU}{INSERT}</script>"])
    def test_button_follows_the_address(self, page: Page, limited: App, standin: StandIn, body: str) -> None:
        show(page, limited, body)
        expect(button(page)).to_be_visible()
        for path, offered in [("/a", False), ("/hilfe-für-alle", True), ("/hilfe-%FF", False), ("/", True)]:
            page.evaluate(GO.format(path))
            expect(page.get_by_role("button", name="Chat with us")).to_have_count(int(offered))
        assert place(page).count() == 1
        assert asked(standin) == []

    def test_server_knows_its_page_by_another_path(self, page: Page, limited: App) -> None:
        """A proxy may have changed the path, so for the address of the page the server's word counts."""
        show(page, limited, TAG)
        limited.pages["/served"] = limited.pages["/"]

        def rewrite(route: Route) -> None:
            route.fulfill(response=route.fetch(url=f"{limited.url}served"))

        page.route("**/de/seen", rewrite)
        page.goto(f"{limited.url}de/seen")
        expect(button(page)).to_be_visible()
        quiet(page)
        expect(button(page)).to_be_visible()
        page.evaluate(GO.format("/de/other"))
        expect(page.get_by_role("button", name="Chat with us")).to_have_count(0)

    def test_own_link_opens_the_chat_on_page_without_button(self, page: Page, limited: App, standin: StandIn) -> None:
        limited.pages["/a"] = f'<!DOCTYPE html><title>A</title><a id="own" href="#hs-chat-open">Chat</a>{TAG}'
        page.goto(f"{limited.url}a")
        quiet(page)
        expect(page.get_by_role("button", name="Chat with us")).to_have_count(0)
        assert asked(standin) == []
        page.click("#own")
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS

    def test_failed_chat_shows_message_without_button(self, page: Page, limited: App) -> None:
        limited.pages["/a"] = f'<!DOCTYPE html><title>A</title><a id="own" href="#hs-chat-open">Chat</a>{TAG}'
        page.route("**/conversations-embed.js", lambda route: route.abort())
        page.goto(f"{limited.url}a")
        expect_state(page, "idle")
        page.click("#own")
        expect_state(page, "failed")
        quiet(page)
        expect(page.get_by_text("The chat could not be loaded")).to_be_visible()

    def test_allowed_chat_waits_for_a_page_that_offers_it(self, page: Page, limited: App, standin: StandIn) -> None:
        limited.pages["/a"] = f"<!DOCTYPE html><title>A</title><p>x</p>{TAG}"
        page.goto(f"{limited.url}a")
        until(page, "window.consentMiddleware?.core?.adopt")
        page.evaluate("document.cookie = 'consent=functional;path=/'")
        quiet(page, 1_300)
        assert asked(standin) == []
        page.evaluate(GO.format("/"))
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS
