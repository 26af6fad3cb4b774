"""The note beside the button: shown first, small once it is closed, and never over the element that has the focus."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from consent_middleware import Policy
from consent_middleware.facade import PageLinks
from examples.standin import StandIn
from tests.quiet import painted, watch

from .app import App
from .firefox import Run
from .pages import (
    CHAT,
    FACADE,
    TRACKING_COOKIES,
    URL,
    asked,
    button,
    cookies,
    document,
    expect_state,
    open_page,
    place,
    put,
    quiet,
    until,
)
from .site import Site
from .test_facade_states import expect_open

WORDS = "Opens HubSpot's chat, which stores a cookie on your device."
#: A link at the page's end, below the facade, and one beside it.
FOOTER = '<footer style="text-align:{}"><a id="below" href="/below">Terms</a></footer>'
STORED = "JSON.stringify(sessionStorage)"


def note(page: Page) -> Locator:
    return place(page).locator("[part=note]")


def control(page: Page) -> Locator:
    return place(page).locator("summary")


def open_closed(page: Page, site: Site, **options: Any) -> None:
    """Open a page whose note the visitor has closed before."""
    put(site, document(**options))
    open_page(page)
    control(page).click()
    page.goto(URL)
    expect_state(page, "idle")
    page.mouse.move(0, 0)


class TestNote:
    def test_note_is_shown_until_the_visitor_closes_it(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        expect(note(page)).to_be_visible()
        page.goto(URL)
        expect(note(page)).to_be_visible()
        control(page).click()
        expect(note(page)).to_be_hidden()
        expect(control(page)).to_have_text("HubSpot, sets a cookie")
        page.goto(URL)
        expect(control(page)).to_be_visible()
        expect(note(page)).to_be_hidden()

    def test_nothing_is_stored_before_note_is_closed(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        page.mouse.wheel(0, 900)
        button(page).hover()
        button(page).focus()
        page.keyboard.press("Tab")
        quiet(page)
        assert page.evaluate(STORED) == "{}"
        control(page).click()
        assert page.evaluate(STORED) == '{"consentNote":"1"}'
        assert page.evaluate("localStorage.length") == 0
        assert cookies(page) == {}

    def test_closed_note_is_small(self, page: Page, site: Site) -> None:
        open_closed(page, site)
        box = place(page).locator("[part=card]").bounding_box()
        assert box is not None
        assert box["height"] <= 48

    def test_closed_note_still_describes_the_button(self, page: Page, site: Site) -> None:
        open_closed(page, site)
        expect(button(page)).to_have_accessible_name("Chat with us")
        expect(button(page)).to_have_accessible_description(WORDS)

    def test_closed_note_shows_on_hover_and_stays_there(self, page: Page, site: Site) -> None:
        open_closed(page, site)
        button(page).hover()
        expect(note(page)).to_be_visible()
        start, end = button(page).bounding_box(), note(page).bounding_box()
        assert start is not None
        assert end is not None
        x = start["x"] + start["width"] / 2
        page.mouse.move(x, end["y"] + end["height"] / 2, steps=40)
        painted(page)
        expect(note(page)).to_be_visible()
        page.mouse.move(0, 0)
        expect(note(page)).to_be_hidden()

    def test_closed_note_shows_on_keyboard_focus(self, page: Page, site: Site) -> None:
        open_closed(page, site)
        page.locator("#search").focus()
        page.keyboard.press("Tab")
        expect(control(page)).to_be_focused()
        expect(note(page)).to_be_visible()
        page.keyboard.press("Tab")
        expect(button(page)).to_be_focused()
        expect(note(page)).to_be_visible()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")
        expect(note(page)).to_be_hidden()

    @pytest.mark.parametrize("way", ["hover", "focus"])
    def test_escape_hides_note_and_moves_nothing(self, page: Page, site: Site, way: str) -> None:
        put(site, document())
        open_page(page)
        if way == "hover":
            button(page).hover()
        else:
            page.locator("#search").focus()
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
        expect(note(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(note(page)).to_be_hidden()
        if way == "focus":
            expect(button(page)).to_be_focused()
            page.keyboard.press("Shift+Tab")
        else:
            page.mouse.move(0, 0)
            button(page).hover()
        expect(note(page)).to_be_visible()
        page.goto(URL)
        page.mouse.move(0, 0)
        expect(note(page)).to_be_hidden()

    def test_escape_elsewhere_leaves_the_note(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        page.locator("#search").press("Escape")
        expect(note(page)).to_be_visible()
        assert page.evaluate(STORED) == "{}"

    def test_closed_note_stays_away_after_a_mouse_click(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        control(page).click()
        expect(note(page)).to_be_hidden()
        page.mouse.move(0, 0)
        painted(page)
        expect(note(page)).to_be_hidden()

    def test_enter_opens_a_closed_note_for_the_page(self, page: Page, site: Site) -> None:
        open_closed(page, site)
        control(page).press("Enter")
        page.locator("#search").focus()
        expect(note(page)).to_be_visible()

    def test_touch_screen_always_shows_vendor_and_cookie(self, browser: Browser, site: Site) -> None:
        context = watch(browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 640}))
        page = context.new_page()
        put(site, document())
        open_page(page)
        expect(note(page)).to_be_visible()
        control(page).tap()
        expect(note(page)).to_be_hidden()
        expect(control(page)).to_be_visible()
        control(page).tap()
        expect(note(page)).to_be_visible()
        context.close()

    def test_note_works_where_storage_is_forbidden(self, page: Page, site: Site) -> None:
        page.add_init_script(
            "Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('no', 'SecurityError') }})"
        )
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(error.message))
        put(site, document())
        open_page(page)
        control(page).click()
        expect(note(page)).to_be_hidden()
        button(page).click()
        expect_state(page, "ready")
        assert errors == []

    def test_note_in_a_section_has_no_control(self, page: Page, site: Site) -> None:
        put(site, document(before='<section aria-label="Help"><div data-consent-chat></div></section>'))
        open_page(page)
        expect(control(page)).to_be_hidden()
        expect(note(page)).to_be_visible()

    def test_closed_note_opens_the_chat_at_one_click(self, page: Page, site: Site, standin: StandIn) -> None:
        open_closed(page, site)
        assert asked(standin) == []
        button(page).click()
        expect_state(page, "ready")
        expect_open(page)
        assert not cookies(page).keys() & TRACKING_COOKIES

    @pytest.mark.parametrize("closed", [False, True])
    def test_axe_reports_no_violation_of_the_note(self, page: Page, site: Site, axe: str, closed: bool) -> None:
        put(site, document())
        open_page(page)
        if closed:
            control(page).click()
            page.mouse.move(0, 0)
            expect(note(page)).to_be_hidden()
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {rules: {'target-size': {enabled: true}}})")
        assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
        assert {"color-contrast", "target-size", "summary-name"} <= {each["id"] for each in found["passes"]}


def is_uncovered(page: Page, selector: str) -> bool:
    """Return whether nothing of the facade is visible over an element."""
    return bool(
        page.evaluate(
            """(selector) => {
                const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
                const found = document.elementFromPoint(x + width / 2, y + height / 2);
                const box = document.querySelector("[data-consent-facade]").shadowRoot.firstChild;
                return found.matches(selector) && getComputedStyle(box).opacity === "0";
            }""",
            selector,
        )
    )


OPACITY = "getComputedStyle(document.querySelector('[data-consent-facade]').shadowRoot.firstChild).opacity"


class TestFocusNotObscured:
    @pytest.mark.parametrize("width", [320, 1000])
    def test_facade_leaves_a_focused_link_below_it(self, page: Page, site: Site, width: int) -> None:
        page.set_viewport_size({"width": width, "height": 500})
        put(site, document(before=FOOTER.format("end")))
        open_page(page)
        page.locator("#search").focus()
        page.keyboard.press("Tab")
        expect(page.locator("#below")).to_be_focused()
        until(page, f"{OPACITY} === '0'")
        assert is_uncovered(page, "#below")
        page.keyboard.press("Tab")
        expect(control(page)).to_be_focused()
        until(page, f"{OPACITY} === '1'")
        page.keyboard.press("Tab")
        expect(button(page)).to_be_focused()
        assert page.evaluate(OPACITY) == "1"

    def test_facade_returns_when_the_element_scrolls_away(self, page: Page, site: Site) -> None:
        page.set_viewport_size({"width": 320, "height": 500})
        put(site, document(before=FOOTER.format("end")))
        open_page(page)
        page.locator("#below").focus()
        until(page, f"{OPACITY} === '0'")
        page.mouse.wheel(0, -900)
        until(page, f"{OPACITY} === '1'")
        expect(page.locator("#below")).to_be_focused()

    def test_facade_stays_beside_a_focused_link(self, page: Page, site: Site) -> None:
        page.set_viewport_size({"width": 1000, "height": 500})
        put(site, document(before=FOOTER.format("start")))
        open_page(page)
        page.locator("#below").focus()
        page.wait_for_function("document.activeElement.id === 'below'")
        quiet(page)
        assert page.evaluate(OPACITY) == "1"

    def test_facade_stays_over_a_focused_main_element(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        page.evaluate("document.querySelector('main').tabIndex = -1; document.querySelector('main').focus()")
        quiet(page)
        assert page.evaluate(OPACITY) == "1"

    def test_facade_leaves_an_element_in_a_shadow_root(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        page.evaluate(
            """() => {
                const app = document.body.insertBefore(document.createElement("div"), document.body.firstChild);
                const style = "position: fixed; inset: auto 20px 20px auto";
                const root = app.attachShadow({ mode: "open" });
                root.innerHTML = `<p style="height: 3000px"></p><button style="${style}">Inside</button>`;
                root.querySelector("button").focus();
            }"""
        )
        until(page, f"{OPACITY} === '0'")


class TestPageLinks:
    def test_page_brings_the_addresses_of_its_links(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.faults["js.usemessages.com"] = "refuse"
        facade = replace(FACADE, contact_url=lambda _: None, privacy_url="/privacy")
        links = PageLinks("", (("contact", "/there?a=1&b='2'"),))
        put(site, document(facade=facade, links=links), facade=facade)
        open_page(page)
        expect(place(page).get_by_role("link", name="Privacy policy")).to_have_attribute("href", "/privacy")
        button(page).click()
        expect_state(page, "failed")
        contact = place(page).get_by_role("link", name="Contact us")
        expect(contact).to_have_attribute("href", "/there?a=1&b='2'")
        expect(contact).to_be_visible()

    def test_page_without_a_link_shows_none(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.faults["js.usemessages.com"] = "refuse"
        facade = replace(FACADE, contact_url=lambda _: None, privacy_url=lambda _: None)
        put(site, document(facade=facade), facade=facade)
        open_page(page)
        button(page).click()
        expect_state(page, "failed")
        assert place(page).evaluate("(aside) => aside.shadowRoot.querySelectorAll('a').length") == 0
        expect(place(page).get_by_role("status")).to_contain_text("contact details on this website")

    def test_button_for_an_inserted_tag_has_the_links(self, page: Page, standin: StandIn) -> None:
        policy = Policy(contact_url=lambda _: "/there", privacy_url={"en": "/privacy", "fi": "/tietosuoja"})
        with App(policy, {}) as app:
            app.pages["/"] = (
                '<!DOCTYPE html><html lang="fi"><title>S</title><body><script>const tag = document.createElement('
                '"script"); tag.src = "//js.hs-scripts.com/12345.js"; document.head.append(tag)</script>'
            )
            page.goto(app.url)
            expect_state(page, "idle")
            found = "(aside) => [...aside.shadowRoot.querySelectorAll('a')].map((link) => link.getAttribute('href'))"
            assert place(page).evaluate(found) == ["/tietosuoja", "/there"]
            assert asked(standin) == []


LOADER = '<script src="//js.hs-scripts.com/12345.js" async></script>'
SELF = "default-src 'self' 'unsafe-inline' https:; style-src 'self' https://static.hsappstatic.net"


class TestInlineStyles:
    @pytest.mark.parametrize(
        ("header", "before", "expected"),
        [
            pytest.param(SELF, "", True, id="a policy against style elements"),
            pytest.param("script-src * 'unsafe-inline'", "", None, id="a policy about scripts alone"),
            pytest.param(
                SELF, "hsConversationsSettings = {avoidInlineStyles: false}", False, id="a value of the site's"
            ),
        ],
    )
    def test_hubspot_avoids_styles_that_csp_blocks(
        self, page: Page, header: str, before: str, expected: bool | None
    ) -> None:
        with App(Policy(contact_url="/c"), {}) as app:
            app.headers["Content-Security-Policy"] = header
            app.pages["/"] = f'<html lang="en"><title>S</title><body><script>{before}</script>{LOADER}'
            page.goto(app.url)
            button(page).click()
            expect_state(page, "ready")
            assert page.evaluate("hsConversationsSettings.avoidInlineStyles") is expected
            assert page.evaluate("hsConversationsSettings.loadImmediately") is True

    def test_chat_of_inserted_tag_avoids_them_too(self, page: Page) -> None:
        with App(Policy(contact_url="/c"), {}) as app:
            app.headers["Content-Security-Policy"] = SELF
            app.pages["/"] = (
                '<html lang="en"><title>S</title><body><script>const tag = document.createElement("script");'
                'tag.src = "//js.hs-scripts.com/12345.js"; document.head.append(tag)</script>'
            )
            page.goto(app.url)
            button(page).click()
            expect_state(page, "ready")
            assert page.evaluate("hsConversationsSettings.avoidInlineStyles") is True


def test_note_and_focus_in_firefox(run: Run, site: Site) -> None:
    put(site, document(chat=CHAT, before=FOOTER.format("end")))
    found = run(
        f"""
        await page.goto("http://127.0.0.1:{site.port}/");
        await inState("idle");
        const see = () => page.evaluate(() => {{
          const box = document.querySelector("[data-consent-facade]").shadowRoot.firstChild;
          const note = box.querySelector("[part=note]");
          return [note.checkVisibility({{ contentVisibilityAuto: true, visibilityProperty: true }}),
            getComputedStyle(box).opacity, document.activeElement.id || document.activeElement.localName];
        }});
        const control = await page.evaluateHandle(() =>
          document.querySelector("[data-consent-facade]").shadowRoot.querySelector("summary"));
        const seen = [await see()];
        await control.click();
        await page.mouse.move(5, 5);
        seen.push(await see());
        await (await button()).hover();
        seen.push(await see());
        await page.mouse.move(5, 5);
        await page.focus("#search");
        await page.keyboard.press("Tab");
        await until(async () => (await see())[1] === "0");
        seen.push(await see());
        await page.keyboard.press("Tab");
        await until(async () => (await see())[1] === "1");
        seen.push(await see());
        await page.keyboard.press("Escape");
        seen.push(await see());
        return seen;
        """
    )
    assert found == [
        [True, "1", "body"],
        [False, "1", "aside"],
        [True, "1", "aside"],
        [False, "0", "below"],
        [True, "1", "aside"],
        [False, "1", "aside"],
    ]
