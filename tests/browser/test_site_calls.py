"""The site's own calls of HubSpot's chat and libraries while these wait: kept, made again in order, and made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from consent_middleware import Policy
from examples.standin import StandIn
from tests import npm

from .app import App
from .pages import CHAT_HOSTS, asked, button, expect_state, hosts, quiet, until
from .test_site_code import ACCEPT, FORM, FORMS, MENU, TAG, WAYS, show

OPEN = "html.hs-messages-widget-open"
#: Makes a call as soon as the button is there. An evaluation by a test would count as an action of the visitor.
WHEN_IDLE = "<script>document.addEventListener('consent:chat-idle',function(){%s;window.called=1},{once:true})</script>"
#: The same, and says so in the console: at once, and after a while.
SAID = WHEN_IDLE % "%s;console.log('called')"
SAID_LATER = WHEN_IDLE % "setTimeout(function(){%s;console.log('called')},300)"


@pytest.fixture(scope="module")
def shared_apps(browser: Browser) -> Iterator[dict[str, App]]:
    folders: dict[str, Path] = {"jquery": npm.package("jquery") / "dist"}
    with (
        App(Policy(contact_url="/c"), folders) as guarded,
        App(Policy(contact_url="/c", guard="never"), folders) as bare,
    ):
        yield {"with a guard": guarded, "without a guard": bare}


@pytest.fixture(params=["with a guard"])
def app(shared_apps: dict[str, App], request: pytest.FixtureRequest) -> App:
    app = shared_apps[request.param]
    app.pages.clear()
    return app


def calls(page: Page) -> list[list[object]]:
    """Return what the page has called of HubSpot's own chat, without the driver's calls."""
    found: list[list[object]] = page.evaluate("standInCalls.map((call) => call.map((each) => each.name ?? each))")
    return found


def requested(standin: StandIn, host: str) -> int:
    return sum(record.host == host for record in asked(standin))


both = pytest.mark.parametrize("app", ["with a guard", "without a guard"], indirect=True)


class TestWaysIn:
    """Every documented way opens the chat on a page with the chat alone and on one with embeds."""

    @both
    @pytest.mark.parametrize("way", WAYS)
    def test_click_opens_the_chat(self, page: Page, app: App, standin: StandIn, way: str) -> None:
        errors = show(page, app, WAYS[way] + TAG)
        expect_state(page, "idle")
        quiet(page)
        assert asked(standin) == []
        page.click("#own")
        expect_state(page, "ready")
        expect(page.locator(OPEN)).to_have_count(1)
        assert hosts(standin) == CHAT_HOSTS
        assert requested(standin, "js.usemessages.com") == 1
        assert errors == []

    @both
    @pytest.mark.parametrize("way", ["a call", "a link"])
    def test_click_opens_the_chat_beside_a_form(self, page: Page, app: App, standin: StandIn, way: str) -> None:
        errors = show(page, app, f"{WAYS[way]}<div id=f></div><script src='{FORMS}'></script>{TAG}")
        expect_state(page, "idle")
        page.click("#own")
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS
        assert errors == []

    def test_plain_load_at_a_button_is_the_click(self, page: Page, app: App) -> None:
        show(page, app, '<button id="own" onclick="HubSpotConversations.widget.load()">Talk</button>' + TAG)
        expect_state(page, "idle")
        page.click("#own")
        expect_state(page, "ready")

    def test_new_thread_at_a_button_is_the_click(self, page: Page, app: App) -> None:
        call = "HubSpotConversations.widget.refresh({openToNewThread: true})"
        show(page, app, f'<button id="own" onclick="{call}">Talk</button>' + TAG)
        expect_state(page, "idle")
        page.click("#own")
        expect_state(page, "ready")

    @pytest.mark.parametrize("target", ["window", "document", "document.body"])
    def test_load_at_any_click_waits(self, page: Page, app: App, standin: StandIn, target: str) -> None:
        """Scripts that are delayed until the visitor does something start at any click."""
        code = f"{target}.addEventListener('click',function(){{HubSpotConversations.widget.load();window.called=1}})"
        show(page, app, TAG + f"<script>{code}</script>")
        expect_state(page, "idle")
        page.click("#menu")
        until(page, "window.called")
        quiet(page)
        assert asked(standin) == []
        expect_state(page, "idle")

    @both
    @pytest.mark.parametrize(
        "call",
        [
            "HubSpotConversations.widget.open()",
            "HubSpotConversations.widget.load({widgetOpen:true})",
            "HubSpotConversations.widget.refresh({openToNewThread:true})",
            "HubSpotConversations.widget.close();HubSpotConversations.widget.remove();HubSpotConversations.clear()",
            "HubSpotConversations.resetAndReloadWidget()",
            "consentMiddleware.open()",
            "location.hash='hs-chat-open'",
            "addEventListener('hashchange',function(){HubSpotConversations.widget.open();called=1});location.hash='x'",
        ],
    )
    @pytest.mark.parametrize("when", [SAID, SAID_LATER])
    def test_call_without_a_click_requests_nothing(
        self, page: Page, app: App, standin: StandIn, call: str, when: str
    ) -> None:
        with page.expect_console_message(lambda message: message.text == "called"):
            errors = show(page, app, when % call + TAG)
        quiet(page)
        assert asked(standin) == []
        expect_state(page, "idle")
        assert errors == []


class TestKeptCalls:
    """Calls of the chat that open nothing are made again on HubSpot's own object."""

    @both
    def test_calls_are_made_again_in_order_once(self, page: Page, app: App) -> None:
        listeners = "function one(){heard.push('one')}function two(){heard.push('two')}"
        code = (
            f"var heard=[];{listeners}var chat=HubSpotConversations;chat.on('widgetLoaded',one);"
            "chat.on('widgetLoaded',two);chat.off('widgetLoaded',one);chat.clear({resetWidget:false})"
        )
        errors = show(
            page, app, WHEN_IDLE % code.replace("var chat", "window.chat").replace("var heard", "heard") + TAG
        )
        expect_state(page, "idle")
        button(page).click()
        expect_state(page, "ready")
        quiet(page)
        kept = [call[:2] for call in calls(page) if call[0] in {"on", "off", "clear"}]
        own = ["on", "widgetLoaded"]
        assert [call for call in kept if call != own] == [["off", "widgetLoaded"], ["clear", {"resetWidget": False}]]
        assert kept[:2] == [own, own]
        assert page.evaluate("heard") == ["two"]
        assert errors == []

    def test_status_before_the_chat_is_not_loaded(self, page: Page, app: App) -> None:
        show(page, app, TAG)
        expect_state(page, "idle")
        assert page.evaluate("HubSpotConversations.widget.status()") == {"loaded": False, "pending": False}

    def test_waiting_page_makes_no_calls_of_its_own(self, page: Page, app: App) -> None:
        """The script looks for the chat four times a second, and must not take the stand-in for it."""
        show(page, app, TAG)
        expect_state(page, "idle")
        quiet(page, 1_300)
        assert page.evaluate("hsConversationsOnReady.length + consentMiddleware.core.calls.length") == 0

    def test_loading_again_is_not_made_again(self, page: Page, app: App) -> None:
        """Single-page apps refresh at each route, long before the chat is there."""
        code = "var widget=HubSpotConversations.widget;widget.load();widget.refresh();widget.refresh();widget.open()"
        warned: list[str] = []
        page.on("console", lambda each: warned.append(each.text) if "HubSpotConversations" in each.text else None)
        show(page, app, WHEN_IDLE % code + TAG)
        until(page, "window.called")
        page.evaluate("document.cookie = 'consent=functional;path=/'")
        expect_state(page, "ready")
        quiet(page)
        assert [call for call in calls(page) if call[0] != "on"] == []
        assert warned == []

    def test_ready_functions_are_each_called_once(self, page: Page, app: App) -> None:
        before = "ran=[];kept=window.hsConversationsOnReady=[function(){ran.push('before')}];"
        after = WHEN_IDLE % "hsConversationsOnReady.push(function(){ran.push('after')})"
        show(page, app, f"{after}{TAG}", head=f"<script>{before}</script>")
        until(page, "window.called")
        assert page.evaluate("kept === hsConversationsOnReady")
        button(page).click()
        expect_state(page, "ready")
        quiet(page)
        assert page.evaluate("ran") == ["before", "after"]

    def test_list_that_the_site_replaces_loses_no_call(self, page: Page, app: App) -> None:
        code = (
            "heard=[];HubSpotConversations.on('widgetLoaded',function(){heard.push('call')});"
            "setTimeout(function(){hsConversationsOnReady=[function(){heard.push('ready')}];replaced=1},300)"
        )
        show(page, app, WHEN_IDLE % code + TAG)
        until(page, "window.replaced")
        button(page).click()
        expect_state(page, "ready")
        quiet(page)
        assert sorted(page.evaluate("heard")) == ["call", "ready"]

    def test_error_of_the_site_is_reported_as_its_own(self, page: Page, app: App) -> None:
        """What the site's function throws is uncaught, with the site's stack, and all other calls are made."""
        code = (
            "heard=[];hsConversationsOnReady.push(function ofTheSite(){throw new Error('mine')});"
            "HubSpotConversations.on('widgetLoaded',function(){heard.push('call')})"
        )
        stacks: list[str] = []
        show(page, app, WHEN_IDLE % code + TAG)
        page.on("pageerror", lambda error: stacks.append(error.stack or ""))
        until(page, "window.called")
        button(page).click()
        expect_state(page, "ready")
        quiet(page)
        assert page.evaluate("heard") == ["call"]
        assert len(stacks) == 1
        assert "ofTheSite" in stacks[0]


class TestKeptEmbeds:
    """Calls that make forms, meetings and calls to action end in a placeholder and are made again."""

    def test_form_waits_for_its_target(self, page: Page, app: App, standin: StandIn) -> None:
        """A single-page app makes the element after the call."""
        code = f"hbspt.forms.create({{{FORM},target:'#late'}})"
        errors = show(page, app, f"<main></main><script src='{FORMS}'></script><script>{MENU}{code}</script>")
        until(page, "window.consentMiddleware?.core?.adopt")
        page.evaluate("document.querySelector('main').innerHTML = '<div id=late></div>'; 0")
        shown = page.get_by_role("button", name="Show the form")
        expect(page.locator("#late").get_by_role("button")).to_be_visible()
        expect(shown).to_have_count(1)
        quiet(page)
        assert asked(standin) == []
        shown.click()
        expect(page.locator("#late form")).to_have_count(1)
        expect(page.locator("form")).to_have_count(1)
        expect(shown).to_have_count(0)
        assert errors == []

    def test_form_without_its_target_keeps_no_other(self, page: Page, app: App) -> None:
        """The library's own error is reported, and the next call is made."""
        code = f"hbspt.forms.create({{{FORM},target:'#never'}});hbspt.forms.create({{{FORM},target:'#f'}})"
        errors = show(page, app, f"<div id=f></div><script src='{FORMS}'></script><script>{MENU}{code}</script>")
        expect(page.locator("#f").get_by_role("button")).to_be_visible()
        assert errors == []
        page.evaluate(ACCEPT)
        expect(page.locator("#f form")).to_be_visible()
        quiet(page)
        expect(page.locator("form")).to_have_count(1)
        assert errors == ["there is no #never"]

    def test_forms_are_made_in_the_order_of_their_calls(self, page: Page, app: App) -> None:
        code = "".join(
            f"hbspt.forms.create({{portalId:'12345',formId:'{name}',target:'#{name}'}});" for name in ("c", "a", "b")
        )
        places = "<div id=a></div><div id=b></div><div id=c></div>"
        heard = (
            "heard=[];addEventListener('message',function(e){if(e.data.type==='hsFormCallback')heard.push(e.data.id)});"
        )
        errors = show(page, app, f"{places}<script src='{FORMS}'></script><script>{MENU}{heard}{code}</script>")
        expect(page.locator("#a").get_by_role("button")).to_be_visible()
        order: list[str] = []
        page.on("request", lambda each: order.append(each.url[-6]) if each.url.endswith("/json") else None)
        page.evaluate(ACCEPT)
        expect(page.locator("form")).to_have_count(3)
        quiet(page)
        assert order == ["c", "a", "b"]
        # Listeners of the site are never held back.
        assert sorted(page.evaluate("heard")) == ["a", "b", "c"]
        assert errors == []

    def test_target_may_be_an_object_of_jquery(self, page: Page, app: App) -> None:
        code = f"hbspt.forms.create({{{FORM},target:jQuery('#f')}})"
        errors = show(
            page,
            app,
            f"<div id=f></div><script src='/jquery/jquery.js'></script><script src='{FORMS}'></script>"
            f"<script>{MENU}{code}</script>",
        )
        page.locator("#f").get_by_role("button", name="Show the form").click()
        expect(page.locator("#f form")).to_be_visible()
        assert errors == []

    @pytest.mark.parametrize("global_name", ["HubSpotFormsV4", "HubSpotCallsToActions"])
    def test_newer_globals_have_no_stand_in(self, page: Page, app: App, global_name: str) -> None:
        """A site asks whether they are there, and otherwise listens for the event that tells of a form."""
        code = (
            f"forms=window.{global_name}?.getForms();heard=0;"
            "addEventListener('hs-form-event:on-ready',function(){heard++});"
        )
        errors = show(page, app, f"<div id=f></div><script src='{FORMS}'></script><script>{code}</script>{TAG}")
        expect_state(page, "idle")
        page.evaluate("dispatchEvent(new CustomEvent('hs-form-event:on-ready'))")
        assert page.evaluate(f"[typeof {global_name}, typeof forms, heard]") == ["undefined", "undefined", 1]
        assert errors == []
