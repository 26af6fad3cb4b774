"""The states of the facade in a real browser: what it shows, announces, focuses, loads and stores."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from consent_middleware.facade import Texts
from consent_middleware.purpose import Purpose
from examples.standin import Portal, StandIn
from tests.documentation.blocks import code_of
from tests.quiet import navigation, painted, pass_time

from .pages import (
    ALONE,
    ASSET,
    ASSET_URL,
    CHAT,
    CHAT_COOKIES,
    CHAT_HOSTS,
    EMBED,
    FACADE,
    PORTAL,
    TRACKING_COOKIES,
    URL,
    WITNESS,
    asked,
    button,
    comes,
    cookies,
    decide,
    document,
    expect_state,
    focused,
    hosts,
    message,
    open_page,
    place,
    put,
    quiet,
    steps,
    stop_time,
    until,
)
from .site import HOST, SECURE_HOST, Site

FRAME = "hubspot-conversations-iframe"
#: The policies of docs/csp.md.
CSP_DYNAMIC, CSP_HOSTS = (
    " ".join(text.removeprefix("Content-Security-Policy: ").split()) for text in code_of("csp.md", "text")
)

#: Inserts a chat script into the page as a tag manager does.
BRING = """([src, attributes]) => {
    const script = document.createElement("script");
    for (const [name, value] of attributes) script.setAttribute(name, value);
    script.src = src;
    document.head.append(script);
}"""


def pause(page: Page, url: str) -> list[Route]:
    """Pause requests for `url`. Return the list to which they are added as they arrive."""
    paused: list[Route] = []

    def keep(route: Route) -> None:
        paused.append(route)

    page.route(url, keep)
    return paused


def resume(page: Page, paused: list[Route]) -> None:
    """Continue the first paused request, once it has arrived."""
    comes(page, lambda: bool(paused))
    paused.pop(0).continue_()


def contrasting(page: Page, before: bytes, after: bytes) -> int:
    """Count the pixels that have a contrast of three to one between two screenshots (WCAG 2.2)."""
    count = """async ([one, other]) => {
        const look = async (picture) => {
            const { width, height } = picture = await createImageBitmap(await (await fetch(picture)).blob());
            const context = new OffscreenCanvas(width, height).getContext("2d");
            context.drawImage(picture, 0, 0);
            return context.getImageData(0, 0, width, height).data;
        };
        const linear = (value) => value <= 10 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;
        const light = (data, at) =>
            0.2126 * linear(data[at]) + 0.7152 * linear(data[at + 1]) + 0.0722 * linear(data[at + 2]) + 0.05;
        const [first, second] = [await look(one), await look(other)];
        let found = 0;
        for (let at = 0; at < first.length; at += 4) {
            const ratio = light(first, at) / light(second, at);
            if (ratio >= 3 || ratio <= 1 / 3) found += 1;
        }
        return found;
    }"""
    sheet = page.context.new_page()
    return int(sheet.evaluate(count, ["data:image/png;base64," + b64encode(each).decode() for each in (before, after)]))


def chat_is_open(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.classList.contains('hs-messages-widget-open')"))


def expect_open(page: Page) -> None:
    """Wait until the chat is open. It opens late, because the widget waits for a message of its frame."""
    until(page, "document.documentElement.classList.contains('hs-messages-widget-open')")


class TestIdle:
    def test_button_description_names_vendor_and_cookie(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        expect(button(page)).to_have_count(1)
        expect(button(page)).to_have_accessible_name("Chat with us")
        expect(button(page)).to_have_accessible_description(
            "Opens HubSpot's chat, which stores a cookie on your device."
        )
        expect(button(page)).to_have_attribute("aria-haspopup", "dialog")
        expect(page.get_by_role("complementary", name="Live chat")).to_have_count(1)

    def test_description_is_visible_before_the_click(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        expect(place(page).get_by_text("Opens HubSpot's chat")).to_be_visible()

    def test_one_empty_live_region_exists_from_the_start(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        expect(message(page)).to_have_count(1)
        expect(message(page)).to_have_text("")
        expect(page.get_by_role("alert")).to_have_count(0)

    def test_no_request_to_other_hosts_before_the_click(self, page: Page, site: Site, standin: StandIn) -> None:
        urls: list[str] = []
        page.on("request", lambda request: urls.append(request.url))
        put(site, document())
        open_page(page)
        page.mouse.wheel(0, 900)
        button(page).hover()
        button(page).focus()
        quiet(page)
        assert standin.requests == []
        assert urls
        assert all(url.startswith(URL) for url in urls)
        assert page.evaluate("document.querySelectorAll('link, iframe').length") == 0
        assert cookies(page) == {}

    def test_tab_reaches_note_control_and_then_button(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        page.locator("#search").focus()
        page.keyboard.press("Tab")
        expect(place(page).locator("summary")).to_be_focused()
        page.keyboard.press("Tab")
        expect(button(page)).to_be_focused()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        expect(page.locator("#search")).to_be_focused()

    def test_several_facade_elements_get_one_button(self, page: Page, site: Site) -> None:
        body = document()
        twice = body.replace(b"</aside>", b'</aside><aside data-consent-facade=""><a href="/contact">Two</a></aside>')
        put(site, twice)
        page.goto(URL)
        expect(page.get_by_role("button")).to_have_count(1)

    def test_texts_of_the_site_replace_the_english_ones(self, page: Page, site: Site) -> None:
        german = Texts(button="Chat öffnen <&>'\"", description="Öffnet den Chat von {vendor}.")
        facade = replace(FACADE, texts={"de": german})
        put(site, document(facade=facade), facade=facade)
        open_page(page)
        expect(button(page)).to_have_accessible_name("Chat öffnen <&>'\"")
        expect(button(page)).to_have_accessible_description("Öffnet den Chat von HubSpot.")
        expect(place(page)).to_have_attribute("lang", "de")


class TestWithoutScript:
    @pytest.fixture
    def page(self, browser: Browser) -> Iterator[Page]:
        context = browser.new_context(java_script_enabled=False)
        yield context.new_page()
        context.close()

    def test_link_leads_to_the_contact_page(self, page: Page, site: Site) -> None:
        put(site, document())
        page.goto(URL)
        expect(page.get_by_role("button")).to_have_count(0)
        page.get_by_role("link", name="Contact us").click()
        expect(page).to_have_url(f"{URL}contact")

    def test_facade_without_link_shows_text_and_no_button(self, page: Page, site: Site) -> None:
        put(site, document(facade=ALONE))
        page.goto(URL)
        assert place(page).inner_text() == "Live chat needs JavaScript."
        expect(page.get_by_role("button")).to_have_count(0)


def test_link_stays_when_the_script_fails_to_load(page: Page, site: Site) -> None:
    put(site, document())
    del site.pages[ASSET_URL]
    page.goto(URL)
    expect(page.get_by_role("link", name="Contact us")).to_be_visible()


class TestClick:
    @pytest.mark.parametrize("way", ["click", "Enter", "Space"])
    def test_click_loads_only_the_chat_and_opens_it(self, page: Page, site: Site, standin: StandIn, way: str) -> None:
        put(site, document())
        open_page(page)
        if way == "click":
            button(page).click()
        else:
            button(page).press(way)
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS
        expect_open(page)
        assert [record.path for record in asked(standin) if record.host == "js.usemessages.com"] == [
            "/conversations-embed.js"
        ]
        assert {f"portalId={PORTAL}"} <= {
            part for record in asked(standin) if record.host == "api.hubspot.com" for part in record.query.split("&")
        }

    def test_states_are_announced_in_the_live_region(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        paused = pause(page, EMBED)
        region = message(page).element_handle()
        button(page).click()
        expect(message(page)).to_have_text("Loading chat…")
        expect(message(page)).to_be_visible()
        expect(button(page)).to_have_attribute("aria-busy", "true")
        expect(button(page)).to_be_enabled()
        expect(button(page)).to_be_focused()
        resume(page, paused)
        expect_state(page, "ready")
        assert steps(page) == [["idle", ""], ["loading", "Loading chat…"], ["ready", "The chat is open."]]
        expect(button(page)).to_have_count(0)
        expect(message(page)).to_have_count(1)
        assert region is not None
        assert region.text_content() == "The chat is open."
        assert region.evaluate("(element) => element.isConnected")

    def test_facade_is_hidden_once_the_chat_is_ready(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        expect(place(page).locator("button")).to_be_hidden()
        expect(place(page).get_by_text("Opens HubSpot's chat")).to_be_hidden()

    def test_chat_script_has_exactly_its_attributes(self, page: Page, site: Site) -> None:
        put(site, document(nonce="abc"))
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        found = page.evaluate(
            f"""() => {{
                const script = document.querySelector('script[src="{EMBED}"]');
                const names = script.getAttributeNames().filter((name) => name !== "src" && name !== "nonce");
                return [names.map((name) => [name, script.getAttribute(name)]), script.nonce, script.async];
            }}"""
        )
        assert found == [[list(pair) for pair in CHAT.attributes], "abc", True]

    def test_repeated_clicks_load_the_chat_once(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document())
        open_page(page)
        paused = pause(page, EMBED)
        button(page).dblclick()
        button(page).press("Enter")
        button(page).press("Space")
        resume(page, paused)
        expect_state(page, "ready")
        assert paused == []
        assert sum(record.host == "js.usemessages.com" for record in asked(standin)) == 1
        assert [name for name, _ in steps(page)] == ["idle", "loading", "ready"]

    def test_click_made_by_a_script_is_ignored(self, page: Page, site: Site, standin: StandIn) -> None:
        script = """<script>
            let tries = 0;
            const timer = setInterval(() => {
                const button = document.querySelector("[data-consent-facade]")?.shadowRoot?.querySelector("button");
                if (!button) return;
                button.click();
                if (++tries < 3) return;
                clearInterval(timer);
                fetch("/tried");
            }, 50);
            </script>"""
        put(site, document(head=script))
        page.goto(URL)
        # Asking the page anything would count as an activation by the visitor, so the tries have to be over.
        comes(page, lambda: "/tried" in site.asked)
        assert page.evaluate("tries") == 3
        quiet(page)
        expect_state(page, "idle")
        assert standin.requests == []
        assert cookies(page) == {}

    def test_click_creates_queues_and_keeps_site_entries(self, page: Page, site: Site) -> None:
        put(site, document(head="<script>_hsq = [['setPath', '/a']]</script>"))
        open_page(page)
        paused = pause(page, EMBED)
        button(page).click()
        assert page.evaluate("[Array.isArray(window._hsp), window._hsq[0]]") == [True, ["setPath", "/a"]]
        resume(page, paused)

    def test_click_works_in_xhtml_page(self, page: Page, site: Site, standin: StandIn) -> None:
        body = (
            b'<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><title>X</title></head><body>'
            + FACADE.markup(CHAT, asset_url=ASSET_URL, nonce="a&b", allowed=())
            + b"</body></html>"
        )
        put(site, body, headers={"Content-Type": "application/xhtml+xml"})
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS


class TestFocus:
    def test_focus_moves_from_facade_into_the_chat(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        button(page).press("Enter")
        expect_state(page, "ready")
        assert focused(page) == FRAME

    def test_focus_stays_if_the_visitor_moved_it(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        paused = pause(page, EMBED)
        button(page).click()
        page.locator("#search").focus()
        resume(page, paused)
        expect_state(page, "ready")
        quiet(page)
        assert focused(page) == "search"
        expect_open(page)


class TestSiteSettings:
    def test_site_settings_are_kept_until_the_click(self, page: Page, site: Site) -> None:
        put(
            site,
            document(
                head="<script>hsConversationsSettings = mine = "
                "{disableAttachment: true, identificationEmail: 'a@example.com', loadImmediately: true}</script>"
            ),
        )
        open_page(page)
        assert page.evaluate("hsConversationsSettings.loadImmediately") is True
        button(page).click()
        expect_state(page, "ready")
        assert page.evaluate("hsConversationsSettings") == {
            "disableAttachment": True,
            "identificationEmail": "a@example.com",
            "loadImmediately": True,
        }
        assert page.evaluate("hsConversationsSettings === mine")
        assert "disableAttachment=true" in (page.locator(f"#{FRAME}").get_attribute("src") or "")

    def test_ready_functions_of_the_site_still_run(self, page: Page, site: Site) -> None:
        put(site, document(head="<script>ran = 0; hsConversationsOnReady = [() => ran++]</script>"))
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        assert page.evaluate("ran") == 1

    def test_chat_opens_if_ready_function_loads_widget(self, page: Page, site: Site) -> None:
        script = "<script>hsConversationsOnReady = [() => HubSpotConversations.widget.load()]</script>"
        put(site, document(head=script))
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        expect_open(page)

    def test_ready_functions_set_after_click_still_run(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        paused = pause(page, EMBED)
        button(page).click()
        page.evaluate("window.ran = 0; window.hsConversationsOnReady = [() => window.ran++]; 0")
        resume(page, paused)
        expect_state(page, "ready")
        assert page.evaluate("ran") == 1
        expect_open(page)

    @pytest.mark.parametrize(
        "settings", ["{}", "{loadImmediately: false}"], ids=["loads by itself", "waits for a call"]
    )
    def test_chat_loaded_by_the_site_is_not_loaded_twice(
        self, page: Page, site: Site, standin: StandIn, settings: str
    ) -> None:
        attributes = " ".join(f'{name}="{value}"' for name, value in CHAT.attributes)
        script = f"<script>hsConversationsSettings = {settings}</script><script {attributes} src='{EMBED}'></script>"
        put(site, document(before=script))
        page.goto(URL)
        if settings == "{}":
            expect_state(page, "ready")
            expect(button(page)).to_have_count(0)
            assert not chat_is_open(page)
        else:
            expect_state(page, "idle")
            button(page).click()
            expect_state(page, "ready")
            expect_open(page)
            assert focused(page) == FRAME
        assert sum(record.host == "js.usemessages.com" for record in asked(standin)) == 1

    def test_chat_from_tag_manager_replaces_the_button(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        page.evaluate(BRING, [EMBED, [list(pair) for pair in CHAT.attributes]])
        expect_state(page, "ready")
        expect(message(page)).to_have_text("")
        assert focused(page) == "body"

    def test_click_waits_for_chat_script_already_loading(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document())
        open_page(page)
        paused = pause(page, EMBED)
        page.evaluate(BRING, [EMBED, [list(pair) for pair in CHAT.attributes]])
        button(page).click()
        expect_state(page, "loading")
        resume(page, paused)
        expect_state(page, "ready")
        assert paused == []
        assert page.locator(f'script[src="{EMBED}"]').count() == 1
        expect_open(page)


class TestCookies:
    def test_click_sets_session_cookie_but_no_tracker(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        page.wait_for_function("document.cookie.includes('messagesUtk')")
        found = {cookie["name"]: cookie for cookie in page.context.cookies(URL)}
        assert found.keys() <= {"consent_chat"} | CHAT_COOKIES
        assert not found.keys() & TRACKING_COOKIES
        click = found["consent_chat"]
        assert (click["value"], click["path"], click["sameSite"], click["expires"], click["secure"]) == (
            "1",
            "/",
            "Lax",
            -1,
            False,
        )
        assert click["domain"] == HOST

    def test_click_cookie_over_https_is_secure(self, page: Page, site: Site) -> None:
        put(site, document(), path="/deep/page")
        open_page(page, f"https://{SECURE_HOST}/deep/page")
        button(page).click()
        expect_state(page, "ready")
        click = next(each for each in page.context.cookies(page.url) if each["name"] == "consent_chat")
        assert (click["secure"], click["path"]) == (True, "/")

    def test_click_cookie_has_the_name_set_by_the_site(self, page: Page, site: Site) -> None:
        facade = replace(FACADE, cookie="chat_please")
        put(site, document(facade=facade), facade=facade)
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        assert cookies(page)["chat_please"] == "1"
        assert "consent_chat" not in cookies(page)

    def test_withdrawal_deletes_click_and_reloads_once(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document())
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        page.wait_for_function("document.cookie.includes('messagesUtk')")
        quiet(page)
        site.asked.clear()
        standin.settle()
        standin.clear()
        with navigation(page):
            page.evaluate("setTimeout(consentMiddleware.withdraw)")
        expect_state(page, "idle")
        quiet(page)
        assert site.asked.count("/") == 1
        assert asked(standin) == []
        assert cookies(page) == {}

    def test_withdrawal_without_chat_only_deletes_click(self, page: Page, site: Site) -> None:
        put(site, document())
        page.context.add_cookies([{"name": "consent_chat", "value": "1", "url": URL}])
        open_page(page)
        with navigation(page):
            page.evaluate("setTimeout(consentMiddleware.withdraw)")
        expect_state(page, "idle")
        assert cookies(page) == {}


class TestFailure:
    def expect_failure(self, page: Page, says: str = "The chat could not be loaded.") -> None:
        expect_state(page, "failed")
        expect(message(page)).to_contain_text(says)
        expect(message(page)).to_be_visible()
        expect(place(page).get_by_role("link", name="Contact us")).to_be_visible()
        expect(button(page)).to_have_accessible_name("Chat with us")
        expect(button(page)).to_have_attribute("aria-busy", "false")
        expect(button(page)).to_be_focused()
        assert page.locator("#hubspot-messages-loader").count() == 0
        assert page.locator("#hubspot-messages-iframe-container").count() == 0

    @pytest.mark.parametrize("fault", ["refuse", "404", "500"])
    def test_script_error_shows_message_and_link_at_once(
        self, page: Page, site: Site, standin: StandIn, fault: Any
    ) -> None:
        standin.faults["js.usemessages.com"] = fault
        put(site, document())
        open_page(page)
        stop_time(page)
        button(page).click()
        self.expect_failure(page)
        assert [name for name, _ in steps(page)] == ["idle", "loading", "failed"]

    @pytest.mark.parametrize(
        ("host", "fault"),
        [
            pytest.param("js.usemessages.com", "hang", id="the script hangs"),
            pytest.param("api.hubspot.com", "refuse", id="the script loads and its request is refused"),
            pytest.param("api.hubspot.com", "hang", id="the script loads and its request hangs"),
            pytest.param("app.hubspot.com", "hang", id="the frame of the chat hangs"),
        ],
    )
    def test_chat_that_hangs_fails_after_eight_seconds(
        self, page: Page, site: Site, standin: StandIn, host: str, fault: Any
    ) -> None:
        standin.faults[host] = fault
        put(site, document())
        open_page(page)
        stop_time(page)
        button(page).click()
        standin.wait_for(host)
        page.clock.fast_forward(7_900)
        expect_state(page, "loading")
        page.clock.fast_forward(100)
        self.expect_failure(page)

    def test_chat_not_offered_on_this_page_fails(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.portals[int(PORTAL)] = Portal(chat_status=404)
        put(site, document())
        open_page(page)
        stop_time(page)
        button(page).click()
        standin.wait_for("api.hubspot.com")
        page.clock.fast_forward(8_000)
        self.expect_failure(page)

    def test_offline_click_shows_message_at_once(
        self, context: BrowserContext, page: Page, site: Site, standin: StandIn
    ) -> None:
        put(site, document())
        open_page(page)
        stop_time(page)
        context.set_offline(True)
        button(page).click()
        self.expect_failure(page, "You are offline.")
        assert asked(standin) == []
        context.set_offline(False)
        button(page).click()
        expect_state(page, "ready")

    def test_message_without_link_names_another_way(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.faults["js.usemessages.com"] = "refuse"
        put(site, document(facade=ALONE))
        open_page(page)
        button(page).click()
        expect_state(page, "failed")
        expect(message(page)).to_have_text(
            "The chat could not be loaded. Please try again, or use the contact details on this website."
        )
        expect(place(page).get_by_role("link")).to_have_count(0)
        expect(button(page)).to_be_visible()

    @pytest.mark.parametrize("host", ["js.usemessages.com", "api.hubspot.com", "app.hubspot.com"])
    def test_second_try_can_succeed(self, page: Page, site: Site, standin: StandIn, host: str) -> None:
        standin.faults[host] = "refuse"
        put(site, document())
        open_page(page)
        stop_time(page)
        button(page).click()
        standin.wait_for(host)
        page.clock.fast_forward(8_000)
        self.expect_failure(page)
        standin.faults.clear()
        button(page).click()
        expect_state(page, "ready")
        expect_open(page)
        assert page.locator("iframe").count() == 1
        assert focused(page) == FRAME

    def test_script_that_loads_too_late_opens_no_chat(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        stop_time(page)
        paused = pause(page, EMBED)
        button(page).click()
        comes(page, lambda: bool(paused))
        page.clock.fast_forward(8_000)
        self.expect_failure(page)
        resume(page, paused)
        quiet(page)
        self.expect_failure(page)

    def test_other_chat_after_failure_stays_closed(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.faults["js.usemessages.com"] = "refuse"
        put(site, document())
        open_page(page)
        button(page).click()
        self.expect_failure(page)
        standin.faults.clear()
        page.evaluate(BRING, [EMBED, [list(pair) for pair in CHAT.attributes]])
        page.wait_for_function("window.HubSpotConversations")
        quiet(page)
        assert not chat_is_open(page)
        assert "hs-messages-is-open" not in cookies(page)
        expect_state(page, "failed")

    def test_keyboard_reaches_link_to_the_contact_page(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.faults["js.usemessages.com"] = "refuse"
        put(site, document())
        open_page(page)
        button(page).press("Enter")
        self.expect_failure(page)
        page.keyboard.press("Shift+Tab")
        expect(place(page).get_by_role("link", name="Contact us")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{URL}contact")


class TestGranted:
    def open(self, page: Page) -> None:
        page.add_init_script("window.steps = []; window.buttons = 0;")
        page.goto(URL)

    def test_allowed_chat_loads_but_stays_closed(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(allowed=(Purpose.CHAT,)))
        self.open(page)
        expect_state(page, "ready")
        expect(button(page)).to_have_count(0)
        expect(message(page)).to_have_text("")
        assert not chat_is_open(page)
        assert hosts(standin) == CHAT_HOSTS
        assert focused(page) == "body"
        assert "consent_chat" not in cookies(page)

    def test_allowed_chat_waits_for_the_page_to_load(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(allowed=(Purpose.CHAT,), head='<script defer src="/slow.js"></script>'))
        paused = pause(page, f"{URL}slow.js")
        page.add_init_script("window.steps = []")
        page.goto(URL, wait_until="commit")
        comes(page, lambda: bool(paused))
        quiet(page, waiting=1)
        assert asked(standin) == []
        resume(page, paused)
        expect_state(page, "ready")

    @pytest.mark.parametrize("host", ["js.usemessages.com", "api.hubspot.com"])
    def test_failed_chat_leaves_button_without_message(
        self, page: Page, site: Site, standin: StandIn, host: str
    ) -> None:
        standin.faults[host] = "refuse"
        put(site, document(allowed=(Purpose.CHAT,)))
        decide(site, chat=True)
        page.clock.install()
        self.open(page)
        standin.wait_for(host)
        page.clock.fast_forward(8_000)
        expect_state(page, "idle")
        expect(message(page)).to_have_text("")
        expect(button(page)).to_have_accessible_name("Chat with us")
        standin.faults.clear()
        button(page).click()
        expect_state(page, "ready")
        expect_open(page)

    def test_late_chat_replaces_the_button(self, page: Page, site: Site) -> None:
        put(site, document(allowed=(Purpose.CHAT,)))
        page.clock.install()
        paused = pause(page, EMBED)
        self.open(page)
        comes(page, lambda: bool(paused))
        page.clock.fast_forward(8_000)
        expect_state(page, "idle")
        resume(page, paused)
        expect_state(page, "ready")

    def test_facade_leaves_loading_to_a_site_that_does_it(self, page: Page, site: Site, standin: StandIn) -> None:
        put(
            site,
            document(
                allowed=(Purpose.CHAT,), head="<script>hsConversationsSettings = {loadImmediately: false}</script>"
            ),
        )
        self.open(page)
        expect_state(page, "ready")
        quiet(page)
        assert hosts(standin) == {"js.usemessages.com"}

    def test_offline_page_shows_button_without_message(self, page: Page, site: Site, standin: StandIn) -> None:
        page.add_init_script("Object.defineProperty(navigator, 'onLine', {get: () => false})")
        put(site, document(allowed=(Purpose.CHAT,)))
        self.open(page)
        expect_state(page, "idle")
        expect(message(page)).to_have_text("")
        quiet(page)
        assert asked(standin) == []


class TestContentSecurityPolicy:
    @pytest.mark.parametrize(
        "policy",
        [CSP_HOSTS, CSP_DYNAMIC, CSP_HOSTS.replace(" https://js.usemessages.com", "")],
        ids=["with host names", "with strict-dynamic", "with the nonce alone"],
    )
    def test_facade_works_with_style_under_strict_policy(self, page: Page, site: Site, policy: str) -> None:
        violations: list[str] = []
        page.on("console", lambda entry: violations.append(entry.text) if "violates" in entry.text else None)
        put(site, document(nonce="abc", blocks_styles=True), headers={"Content-Security-Policy": policy})
        open_page(page)
        assert button(page).evaluate("(element) => getComputedStyle(element).minBlockSize") == "48px"
        assert place(page).locator("[part=box]").evaluate("(box) => getComputedStyle(box).position") == "fixed"
        button(page).click()
        expect_state(page, "ready")
        expect_open(page)
        assert violations == []

    def test_failure_is_shown_under_strict_policy(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.faults["js.usemessages.com"] = "refuse"
        put(site, document(nonce="abc"), headers={"Content-Security-Policy": CSP_DYNAMIC})
        violations: list[str] = []
        page.on("console", lambda entry: violations.append(entry.text) if "violates" in entry.text else None)
        open_page(page)
        button(page).click()
        expect_state(page, "failed")
        assert violations == []

    def test_facade_works_with_trusted_types(self, page: Page, site: Site) -> None:
        policy = f"{CSP_DYNAMIC}; require-trusted-types-for 'script'; trusted-types consent-facade"
        settings = '<script nonce="abc">hsConversationsSettings = {avoidInlineStyles: true}</script>'
        put(site, document(nonce="abc", head=settings), headers={"Content-Security-Policy": policy})
        open_page(page)
        button(page).click()
        expect_state(page, "ready")

    def test_policy_that_forbids_the_chat_leaves_the_link(self, page: Page, site: Site) -> None:
        policy = f"{CSP_DYNAMIC}; require-trusted-types-for 'script'; trusted-types other"
        put(site, document(nonce="abc"), headers={"Content-Security-Policy": policy})
        page.goto(URL)
        quiet(page)
        expect(page.get_by_role("button")).to_have_count(0)
        expect(page.get_by_role("link", name="Contact us")).to_be_visible()

    def test_settings_of_a_blocked_script_are_ignored(self, page: Page, site: Site, standin: StandIn) -> None:
        evil = document(
            nonce="wrong", chat=replace(CHAT, src="https://js.hs-scripts.com/666.js"), allowed=(Purpose.CHAT,)
        ).partition(b"</aside>")[2]
        good = document(nonce="abc").partition(b"</main>")
        put(site, good[0] + evil[: -len(b"</body></html>")] + good[1] + good[2])
        site.pages["/"].headers["Content-Security-Policy"] = CSP_DYNAMIC
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS

    def test_first_run_ignores_element_currentscript(self, page: Page, site: Site, standin: StandIn) -> None:
        """Such an element can keep the facade from starting, but cannot choose what is loaded."""
        evil = """<form name="currentScript" data-conf='{"live":{"chat":1},"src":"https://js.hs-scripts.com/6.js"}'>"""
        put(site, document(nonce="abc", before=evil + "</form>"), headers={"Content-Security-Policy": CSP_DYNAMIC})
        page.goto(URL)
        quiet(page)
        assert standin.requests == []
        expect(page.get_by_role("link", name="Contact us")).to_be_visible()

    def test_second_run_ignores_element_currentscript(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(nonce="abc"), headers={"Content-Security-Policy": CSP_DYNAMIC})
        open_page(page)
        page.evaluate(
            """() => {
                const form = document.createElement("form");
                form.setAttribute("name", "currentScript");
                form.dataset.conf = JSON.stringify({src: "https://js.hs-scripts.com/6.js", attrs: {}, held: [],
                    live: {chat: 1}});
                document.body.append(form);
                const script = document.createElement("script");
                script.src = document.querySelector("script[data-conf]").src;
                const ran = new Promise((resolve) => (script.onload = resolve));
                document.body.append(script);
                return ran;
            }"""
        )
        quiet(page)
        assert asked(standin) == []


class TestSwaps:
    def swap(self, page: Page, body: bytes) -> None:
        """Replace the body with that of another page, as Turbo does: its scripts are created again and run."""
        page.evaluate(
            """(source) => {
                const next = new DOMParser().parseFromString(source, "text/html").body;
                document.documentElement.replaceChild(document.adoptNode(next), document.body);
                for (const old of next.querySelectorAll("script")) {
                    const script = document.createElement("script");
                    for (const name of old.getAttributeNames()) script.setAttribute(name, old.getAttribute(name));
                    old.replaceWith(script);
                }
            }""",
            body.decode(),
        )

    def test_button_works_on_swapped_in_page(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document())
        open_page(page)
        self.swap(page, document(before="<p>The second page</p>"))
        expect_state(page, "idle")
        button(page).click()
        expect_state(page, "ready")
        assert sum(record.host == "js.usemessages.com" for record in asked(standin)) == 1

    def test_button_works_if_new_scripts_do_not_run(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        page.evaluate("document.body.innerHTML = document.body.innerHTML; 0")
        expect_state(page, "idle")
        expect(button(page)).to_have_count(1)
        button(page).click()
        expect_state(page, "ready")

    def test_swapped_in_page_brings_its_own_settings(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document())
        open_page(page)
        # The cookies of the chat make the page request the decision, which must agree.
        decide(site, chat=True)
        self.swap(page, document(allowed=(Purpose.CHAT,)))
        expect_state(page, "ready")
        assert not chat_is_open(page)
        assert hosts(standin) == CHAT_HOSTS

    def test_swap_while_the_chat_loads_keeps_the_chat(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        paused = pause(page, EMBED)
        button(page).click()
        self.swap(page, document())
        expect_state(page, "loading")
        expect(message(page)).to_have_text("Loading chat…")
        resume(page, paused)
        expect_state(page, "ready")

    def test_chat_removed_by_a_swap_can_be_opened_again(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document())
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        pass_time(page, 1_100)  # HubSpot accepts one call of `load` a second
        self.swap(page, document())
        expect_state(page, "idle")
        button(page).click()
        expect_state(page, "ready")
        assert page.locator("iframe").count() == 1
        assert sum(record.host == "js.usemessages.com" for record in asked(standin)) == 1

    def test_second_run_of_script_adds_no_second_facade(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document())
        open_page(page)
        page.evaluate(
            """() => {
                const old = document.querySelector("script[data-conf]");
                const script = document.createElement("script");
                for (const name of old.getAttributeNames()) script.setAttribute(name, old.getAttribute(name));
                const ran = new Promise((resolve) => (script.onload = resolve));
                document.body.append(script);
                return ran;
            }"""
        )
        expect(page.get_by_role("button")).to_have_count(1)
        button(page).click()
        expect_state(page, "ready")
        assert sum(record.host == "js.usemessages.com" for record in asked(standin)) == 1


class TestAppearance:
    def shifts(self, page: Page) -> float:
        painted(page)
        total: float = page.evaluate("shifted(witness.takeRecords()) ?? shifts.reduce((sum, value) => sum + value, 0)")
        return total

    @pytest.mark.parametrize("direction", ["ltr", "rtl"])
    def test_button_is_at_inline_end_in_both_directions(self, page: Page, site: Site, direction: str) -> None:
        put(site, document(html=f'lang="en" dir="{direction}"'))
        open_page(page)
        page.set_viewport_size({"width": 1000, "height": 700})
        box = button(page).bounding_box()
        assert box is not None
        width: int = page.evaluate("document.documentElement.clientWidth")
        at_end = round(width - box["x"] - box["width"])
        assert (16 if direction == "ltr" else round(width - 16 - box["width"])) == at_end

    @pytest.mark.parametrize("state", ["idle", "failed"])
    def test_facade_fits_a_screen_of_320_pixels(self, page: Page, site: Site, standin: StandIn, state: str) -> None:
        standin.faults["js.usemessages.com"] = "refuse"
        page.set_viewport_size({"width": 320, "height": 480})
        put(site, document())
        open_page(page)
        if state == "failed":
            button(page).click()
        expect_state(page, state)
        for part in place(page).locator("button, [part=note], [part=card]").all():
            box = part.bounding_box()
            if box is not None and part.is_visible():
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= 320
                assert box["y"] >= 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 320

    def test_button_is_at_least_48_pixels_high(self, page: Page, site: Site) -> None:
        put(site, document(head="<style>html { font-size: 50% } button { height: 8px !important }</style>"))
        open_page(page)
        box = button(page).bounding_box()
        assert box is not None
        assert box["height"] >= 48
        assert box["width"] >= 48

    @pytest.mark.parametrize(
        "style",
        [
            pytest.param("", id="a plain page"),
            pytest.param(
                "<style>body{display:flex;flex-direction:column;min-height:100vh;margin:0}p:nth-of-type(n+4)"
                "{display:none}aside{padding:0}</style>",
                id="a short page",
            ),
        ],
    )
    def test_facade_causes_no_layout_shift(self, page: Page, site: Site, standin: StandIn, style: str) -> None:
        """The script arrives after the first paint, and the chat fails long after the last input."""
        standin.faults["js.usemessages.com"] = "hang"
        put(site, document(head=style))
        paused = pause(page, f"{URL}_consent/*")
        page.add_init_script(WITNESS)
        page.goto(URL, wait_until="commit")
        expect(page.get_by_role("link", name="Contact us")).to_be_visible()
        painted(page)
        resume(page, paused)
        expect_state(page, "idle")
        assert self.shifts(page) == 0
        button(page).click()
        # Browsers do not count a shift within half a second after an input.
        pass_time(page, 700)
        standin.faults.clear()
        expect_state(page, "failed")
        assert self.shifts(page) == 0

    def test_site_styles_do_not_change_the_facade(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.faults["js.usemessages.com"] = "refuse"
        rules = (
            "aside{padding:40px;border:9px solid red;float:left;width:300px;height:200px}"
            "button,p,span,div{all:unset;display:none!important}a{display:none!important;color:#fff!important}"
        )
        put(site, document(head=f"<style>{rules}</style>"))
        open_page(page)
        expect(button(page)).to_be_visible()
        expect(place(page).get_by_text("Opens HubSpot's chat")).to_be_visible()
        assert place(page).evaluate("(aside) => aside.offsetHeight") == 0
        button(page).click()
        expect_state(page, "failed")
        link = place(page).get_by_role("link", name="Contact us")
        expect(link).to_be_visible()
        assert link.evaluate("(link) => getComputedStyle(link).color") == "rgb(34, 34, 34)"

    def test_parts_move_the_button_to_the_left(self, page: Page, site: Site) -> None:
        rule = next(code for code in code_of("facade.md", "css") if "{ inset-inline: 0 auto }" in code)
        put(site, document(head=f"<style>{rule}</style>"))
        open_page(page)
        box, card = button(page).bounding_box(), place(page).locator("[part=card]").bounding_box()
        assert box is not None
        assert card is not None
        assert box["x"] == card["x"] == 16

    def test_custom_properties_set_color_and_position(self, page: Page, site: Site) -> None:
        rules = (
            ":root{--consent-facade-background:rgb(1, 2, 3);--consent-facade-offset:50px}"
            "[data-consent-facade]::part(note){display:none}[data-consent-facade]::part(button){text-decoration:overline}"
        )
        put(site, document(head=f"<style>{rules}</style>"))
        open_page(page)
        box = button(page).bounding_box()
        assert box is not None
        assert round(page.evaluate("document.documentElement.clientWidth") - box["x"] - box["width"]) == 50
        style = "(element) => [getComputedStyle(element).backgroundColor, getComputedStyle(element).textDecorationLine]"
        assert button(page).evaluate(style) == ["rgb(1, 2, 3)", "overline"]
        expect(place(page).get_by_text("Opens HubSpot's chat")).to_be_hidden()
        expect(button(page)).to_have_accessible_description(
            "Opens HubSpot's chat, which stores a cookie on your device."
        )

    def test_button_has_a_border_in_forced_colors(self, page: Page, site: Site) -> None:
        page.emulate_media(forced_colors="active")
        put(site, document())
        open_page(page)
        style = (
            "(element) => { const style = getComputedStyle(element);"
            " return [style.borderTopWidth, style.borderTopStyle, style.borderTopColor === style.backgroundColor] }"
        )
        assert button(page).evaluate(style) == ["2px", "solid", False]

    @pytest.mark.parametrize("background", ["#fff", "#000", "#174ea6", "#777"])
    def test_focus_ring_is_visible_on_any_background(self, page: Page, site: Site, background: str) -> None:
        put(site, document(head=f"<style>html{{background:{background}}}</style>"))
        open_page(page)
        box = button(page).bounding_box()
        assert box is not None
        x, y, width, height = box["x"] - 8, box["y"] - 8, box["width"] + 16, box["height"] + 16
        before = page.screenshot(clip={"x": x, "y": y, "width": width, "height": height})
        page.locator("#search").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(button(page)).to_be_focused()
        after = page.screenshot(clip={"x": x, "y": y, "width": width, "height": height})
        # WCAG 2.2, 2.4.13: at least a two pixel outline of the button changes its contrast by three to one.
        assert contrasting(page, before, after) >= 2 * 2 * (box["width"] + box["height"] - 48)

    def test_loading_state_has_no_animation(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.faults["js.usemessages.com"] = "hang"
        put(site, document())
        open_page(page)
        button(page).click()
        expect_state(page, "loading")
        assert place(page).evaluate("(aside) => aside.shadowRoot.getAnimations().length") == 0

    def test_facade_is_not_printed(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        page.emulate_media(media="print")
        expect(button(page)).to_be_hidden()
        expect(place(page).get_by_text("Opens HubSpot's chat")).to_be_hidden()

    def test_note_is_closed_on_a_very_low_screen(self, page: Page, site: Site) -> None:
        page.set_viewport_size({"width": 320, "height": 256})
        put(site, document())
        open_page(page)
        expect(place(page).get_by_text("Opens HubSpot's chat")).to_be_hidden()
        expect(button(page)).to_have_accessible_description(
            "Opens HubSpot's chat, which stores a cookie on your device."
        )


class TestAccessibility:
    @pytest.mark.parametrize("state", ["idle", "loading", "failed", "ready"])
    def test_axe_reports_no_violation_in_any_state(
        self, page: Page, site: Site, standin: StandIn, axe: str, state: str
    ) -> None:
        fault: dict[str, Any] = {"loading": "hang", "failed": "refuse"}
        if state in fault:
            standin.faults["js.usemessages.com"] = fault[state]
        put(site, document())
        open_page(page)
        if state != "idle":
            button(page).click()
        expect_state(page, state)
        page.evaluate(axe)
        # The vendor is responsible for the window of the chat.
        found = page.evaluate(
            "axe.run({exclude: [['iframe'], ['#hubspot-messages-iframe-container']]},"
            " {iframes: false, rules: {'target-size': {enabled: true}}})"
        )
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
        unsure = [each["id"] for each in found["incomplete"]]
        assert unsure == []
        passed = {each["id"] for each in found["passes"]}
        assert passed >= ({"color-contrast", "button-name", "target-size"} if state != "ready" else {"region"})


def test_script_name_contains_digest_of_its_content(page: Page, site: Site) -> None:
    put(site, document())
    open_page(page)
    assert page.evaluate("document.querySelector('script[data-conf]').src").endswith(ASSET.name)


@pytest.mark.parametrize("guard", [None, ()])
def test_window_has_one_object_with_documented_members(page: Page, site: Site, guard: tuple[()] | None) -> None:
    put(site, document(guard=guard))
    open_page(page)
    text = (Path(__file__).parents[2] / "docs" / "facade.md").read_text("utf-8")
    documented = re.findall(r"^\| `(\w+)(?:\(\))?` \|", text.partition("## The script's object")[2], re.MULTILINE)
    # Another script adds this one, on a site that sets `forward_consent`.
    documented.remove("forward")

    names = page.evaluate("Object.keys(window)")

    assert [name for name in names if "onsent" in name] == ["consentMiddleware"]
    assert sorted(page.evaluate("Object.keys(consentMiddleware)")) == sorted(documented)
