"""Placeholders for blocked embeds: their position, what a click loads, and where the focus goes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from .pages import DECISION, URL, comes, cookies, decide, document, put, quiet, until
from .site import Document, Site

LIBRARY = "/forms.js"
#: A stand-in for a form library: it records that it ran and has the function that the inline script calls.
CODE = """
ran.push("library");
window.hbspt = {forms: {create(options) {
  ran.push("form " + options.formId);
  const form = document.createElement("form");
  form.innerHTML = "<label>Mail <input name='mail'></label>";
  (options.target ? document.querySelector(options.target) : document.querySelector("#here")).append(form);
}}};
for (const place of document.querySelectorAll(".hs-form-frame,.hs-form-html,.payments-iframe-container"))
  place.append("a framed form");
"""
LOG = "<script>ran = []</script>"
BLOCKED_LIBRARY = (
    '<script type="text/x-consent" data-consent="embeds" data-consent-kind="forms" '
    f'data-consent-src="{LIBRARY}" {{}}></script>'
)


def inline(number: int, target: str = "") -> str:
    more = f", target: '{target}'" if target else ""
    return (
        '<script type="text/x-consent" data-consent="embeds" data-consent-kind="forms">'
        f"hbspt.forms.create({{portalId: 1, formId: {number}{more}}})</script>"
    )


def put_forms(site: Site, before: str, *, attributes: str = "") -> None:
    put(
        site,
        document(
            head=LOG,
            before=f'<section id="here" aria-label="Forms">{BLOCKED_LIBRARY.format(attributes)}{before}</section>',
            blocked=(LIBRARY,),
            placeholders=True,
        ),
    )
    site.pages[LIBRARY] = Document(CODE.encode(), {"Content-Type": "text/javascript"})


def placeholder(page: Page, name: str = "Show the form") -> Locator:
    return page.get_by_role("button", name=name)


class TestPlaceholderPosition:
    def test_form_placeholder_replaces_its_script(self, page: Page, site: Site) -> None:
        put_forms(site, "<p id=above>Above</p>" + inline(1) + "<p id=below>Below</p>")
        page.goto(URL)
        expect(placeholder(page)).to_be_visible()
        expect(placeholder(page)).to_have_accessible_description(
            "This comes from HubSpot, which may store cookies on your device."
        )
        order = ("#above", "div[tabindex][data-state=idle]", "#below")
        tops = [page.locator(each).evaluate("(element) => element.getBoundingClientRect().top") for each in order]
        assert tops == sorted(tops)
        assert len(tops) == 3

    def test_form_placeholder_goes_into_its_target(self, page: Page, site: Site) -> None:
        put_forms(site, "<div id=target></div>" + inline(1, "#target"))
        page.goto(URL)
        expect(page.locator("#target").get_by_role("button", name="Show the form")).to_be_visible()
        expect(placeholder(page)).to_have_count(1)

    @pytest.mark.parametrize("name", ["hs-form-frame", "hs-form-html", "payments-iframe-container"])
    def test_vendor_element_gets_placeholder(self, page: Page, site: Site, name: str) -> None:
        put_forms(site, f'<div class="{name}" data-form-id="1"></div>')
        page.goto(URL)
        element = page.locator(f".{name}")
        expect(element.get_by_role("button", name="Show the form")).to_be_visible()
        element.get_by_role("button", name="Show the form").click()
        expect(element).to_contain_text("a framed form")

    @pytest.mark.parametrize(
        ("tag", "name"),
        [
            ('<iframe data-consent="embeds" data-consent-kind="meetings" {} title="t"></iframe>', "Show the calendar"),
            ('<iframe data-consent="embeds" data-consent-kind="video" {} title="t"></iframe>', "Play the video"),
        ],
    )
    def test_placeholder_keeps_size_of_blocked_iframe(self, page: Page, site: Site, tag: str, name: str) -> None:
        frame = tag.format('data-consent-src="/frame" width="400" height="300" style="border:0;display:block"')
        put(site, document(before=frame + "<p id=below>x</p>", placeholders=True))
        site.pages["/frame"] = Document(b"<!DOCTYPE html><title>Frame</title><p>In the frame")
        page.goto(URL)
        expect(placeholder(page, name)).to_be_visible()
        box = page.locator("div[data-state] >> nth=0").locator("[part=box]").bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (400, 300)
        expect(page.locator("iframe")).to_be_hidden()
        below = page.locator("#below").evaluate("(element) => element.offsetTop")
        assert "/frame" not in site.asked
        placeholder(page, name).click()
        expect(page.frame_locator("iframe").get_by_text("In the frame")).to_be_visible()
        assert page.locator("#below").evaluate("(element) => element.offsetTop") == below
        assert page.evaluate("document.activeElement.localName") == "iframe"

    def test_video_named_by_attribute_gets_placeholder(self, page: Page, site: Site) -> None:
        """The vendor's script finds the frame and sets its address."""
        frame = '<iframe title="t" data-hsv-src="/frame" width="400" height="300"></iframe>'
        library = BLOCKED_LIBRARY.replace('kind="forms"', 'kind="video"').format("")
        put(site, document(before=frame + library, blocked=(LIBRARY,), placeholders=True))
        find = "const frame = document.querySelector('[data-hsv-src]'); frame.src = frame.dataset.hsvSrc"
        site.pages[LIBRARY] = Document(find.encode(), {"Content-Type": "text/javascript"})
        site.pages["/frame"] = Document(b"<!DOCTYPE html><title>Frame</title><p>In the frame")
        page.goto(URL)
        expect(placeholder(page, "Play the video")).to_be_visible()
        expect(page.locator("iframe")).to_be_hidden()
        assert "/frame" not in site.asked
        placeholder(page, "Play the video").click()
        expect(page.frame_locator("iframe").get_by_text("In the frame")).to_be_visible()

    def test_image_or_linked_call_gets_no_placeholder(self, page: Page, site: Site) -> None:
        picture = (
            '<img alt="Our offer" data-consent="embeds" data-consent-kind="calls-to-action" data-consent-src="/x">'
        )
        action = (
            '<span class="hs-cta-wrapper"><a href="/offer">The offer</a><script type="text/x-consent" '
            'data-consent="embeds" data-consent-kind="calls-to-action">ran.push("cta")</script></span>'
        )
        put(site, document(head=LOG, before=picture + action, placeholders=True))
        page.goto(URL)
        until(page, "window.consentMiddleware")
        expect(page.get_by_role("button")).to_have_count(1)
        expect(page.get_by_role("link", name="The offer")).to_be_visible()


class TestClick:
    def test_click_loads_library_then_forms_in_order(self, page: Page, site: Site) -> None:
        put_forms(site, inline(1) + inline(2, "#t") + '<div id="t"></div>', attributes="async")
        page.goto(URL)
        expect(placeholder(page)).to_have_count(2)
        assert LIBRARY not in site.asked
        placeholder(page).last.click()
        until(page, "document.forms.length === 2")
        assert page.evaluate("ran") == ["library", "form 1", "form 2"]
        expect(placeholder(page)).to_have_count(0)

    def test_click_counts_for_one_page_and_sets_no_cookie(self, page: Page, site: Site) -> None:
        put_forms(site, inline(1))
        page.goto(URL)
        placeholder(page).click()
        until(page, "document.forms.length === 1")
        assert cookies(page) == {}
        page.reload()
        expect(placeholder(page)).to_be_visible()

    def test_click_leaves_other_kinds_blocked(self, page: Page, site: Site) -> None:
        frame = '<iframe data-consent="embeds" data-consent-kind="video" data-consent-src="/frame" title="t"></iframe>'
        put_forms(site, inline(1) + frame)
        page.goto(URL)
        placeholder(page).click()
        until(page, "document.forms.length === 1")
        expect(placeholder(page, "Play the video")).to_be_visible()
        assert "/frame" not in site.asked

    def test_enter_key_loads_form_and_tab_moves_into_it(self, page: Page, site: Site) -> None:
        put_forms(site, '<div id="t"></div>' + inline(1, "#t"))
        page.goto(URL)
        placeholder(page).focus()
        page.keyboard.press("Enter")
        expect(placeholder(page)).to_have_count(0)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "mail"

    def test_states_are_announced_to_screen_readers(self, page: Page, site: Site) -> None:
        put_forms(site, inline(1))
        page.add_init_script(
            "steps = []; for (const name of ['idle', 'loading', 'failed', 'ready']) document.addEventListener("
            "'consent:forms-' + name, (event) => steps.push([name, event.target.shadowRoot.querySelector("
            "'[role=status]').textContent]))"
        )
        page.goto(URL)
        placeholder(page).click()
        until(page, "steps.length > 2")
        assert page.evaluate("steps")[:3] == [["idle", ""], ["loading", "Loading…"], ["ready", ""]]

    def test_failed_library_is_announced_and_retried(self, page: Page, site: Site) -> None:
        put_forms(site, inline(1))
        library = site.pages.pop(LIBRARY)
        page.goto(URL)
        placeholder(page).click()
        expect(page.get_by_text("This could not be loaded. Please try again.")).to_be_visible()
        expect(placeholder(page)).to_be_focused()
        assert page.evaluate("ran") == []
        site.pages[LIBRARY] = library
        placeholder(page).click()
        until(page, "document.forms.length === 1")
        assert page.evaluate("ran") == ["library", "form 1"]

    def test_hanging_library_fails_but_may_still_arrive(self, page: Page, site: Site) -> None:
        put_forms(site, inline(1))
        waiting = []

        def keep(route: object) -> None:
            waiting.append(route)

        page.route(f"**{LIBRARY}", keep)
        page.clock.install()
        page.goto(URL)
        placeholder(page).click()
        until(page, "[...document.scripts].some((script) => script.src.endsWith('/forms.js'))")
        page.clock.fast_forward(8_000)
        expect(page.get_by_text("This could not be loaded.")).to_be_visible()
        placeholder(page).click()
        waiting[0].continue_()  # type: ignore[attr-defined]
        until(page, "document.forms.length === 1")
        assert page.evaluate("ran") == ["library", "form 1"]
        assert len(waiting) == 1

    def test_click_made_by_a_script_is_ignored(self, page: Page, site: Site) -> None:
        made_up = """<script>
            let tries = 0;
            const timer = setInterval(() => {
                const button = document.querySelector("div[tabindex]")?.shadowRoot.querySelector("button");
                if (!button) return;
                button.click();
                if (++tries < 3) return;
                clearInterval(timer);
                fetch("/tried");
            }, 50);
            </script>"""
        put_forms(site, inline(1) + made_up)
        page.goto(URL)
        # An evaluation in the page counts as an activation by the visitor, so wait until the tries are over.
        comes(page, lambda: "/tried" in site.asked)
        assert page.evaluate("tries") == 3
        quiet(page)
        assert LIBRARY not in site.asked


def test_consent_on_the_page_releases_every_embed(page: Page, site: Site) -> None:
    frame = '<iframe data-consent="embeds" data-consent-kind="video" data-consent-src="/frame" title="t"></iframe>'
    put_forms(site, inline(1) + frame)
    site.pages["/frame"] = Document(b"<!DOCTYPE html><p>In the frame")
    page.goto(URL)
    expect(placeholder(page)).to_be_visible()
    decide(site, embeds=True)
    page.evaluate("document.cookie = 'choice=1'")
    until(page, "document.forms.length === 1")
    expect(page.frame_locator("iframe").get_by_text("In the frame")).to_be_visible()
    expect(placeholder(page)).to_have_count(0)
    assert DECISION in site.asked


def test_swapped_in_markup_gets_placeholder(page: Page, site: Site) -> None:
    put_forms(site, inline(1))
    page.goto(URL)
    expect(placeholder(page)).to_be_visible()
    page.evaluate(
        "() => { const here = document.querySelector('#here');"
        " here.replaceChildren(document.createRange().createContextualFragment(here.innerHTML)) }"
    )
    expect(placeholder(page)).to_have_count(1)
    placeholder(page).click()
    until(page, "document.forms.length === 1")


@pytest.mark.parametrize("state", ["idle", "loading", "failed"])
def test_axe_reports_no_violation_in_any_state(page: Page, site: Site, axe: str, state: str) -> None:
    frame = '<iframe data-consent="embeds" data-consent-kind="video" data-consent-src="/frame" title="t"></iframe>'
    put_forms(site, inline(1) + frame)
    if state == "failed":
        del site.pages[LIBRARY]
    if state == "loading":
        page.route(f"**{LIBRARY}", lambda _: None)
    page.goto(URL)
    if state != "idle":
        placeholder(page).click()
    expect(page.locator(f"div[data-state={state}]").first).to_be_attached()
    page.evaluate(axe)
    found = page.evaluate("axe.run({iframes: false, rules: {'target-size': {enabled: true}}})")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert [each["id"] for each in found["incomplete"]] == []
