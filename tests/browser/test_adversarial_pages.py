"""Hostile and broken pages: injected markup, failing servers, and scripts that interfere.

A test that depends on the output of the middleware uses the middleware; the others use the markup of the facade.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, Route, expect

from consent_middleware import Policy
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.vendors import Category, Purpose, Vendor
from examples.standin import StandIn
from tests.engines import engine_for
from tests.exchanges import respond
from tests.quiet import navigation

from .app import App
from .insertions import LOADER, MAKE, PIXEL
from .pages import DECISION, URL, asked, button, comes, decide, document, expect_state, open_page, put, quiet, until
from .site import Document, Site
from .test_embeds import BLOCKED_LIBRARY, inline
from .test_guard import guarded, run
from .test_intercom import INSTALLED
from .test_intercom import STANDIN as INTERCOM
from .test_release import BLOCKED_LOADER, LOG, blocked_script, grant, ran

TAG_MANAGER = (
    "<script>j = document.createElement('script'); j.src = 'https://www.googletagmanager.com/gtm.js?id=GTM-XX'</script>"
)
MEETINGS = (
    '<div class="meetings-iframe-container" data-src="https://meetings.hubspot.com/anna?embed=true"></div>'
    '<script src="https://static.hsappstatic.net/MeetingsEmbed/ex/MeetingsEmbedCode.js"></script>'
)
#: Requests markup as a document, which the browser parses without any call to a method that the guard patches.
ASKED_FOR = (
    "const ask = (markup, take) => { const request = new XMLHttpRequest();"
    "request.open('GET', URL.createObjectURL(new Blob([markup], { type: 'text/html' })));"
    "request.responseType = 'document'; request.onload = () => take(request.response); request.send() };"
)
PICTURE = f'<img alt="" src="{PIXEL}">'

#: A vendor of a site's own, whose chat the package cannot drive.
ACME = Vendor(
    id="acme",
    name="Acme",
    tag_rules=(),
    host_purposes={"acme.example": Purpose.TRACKING},
    cookie_rules=(),
    requires={Purpose.TRACKING: frozenset({Category.ANALYTICS})},
    script_domains=frozenset({"acme.example"}),
)
RARE_WAYS = {
    "an attribute in capitals": f"tag.setAttribute('SRC', '{LOADER}'); document.body.append(tag)",
    "an attribute with a namespace": f"tag.setAttributeNS(null, 'src', '{LOADER}'); document.body.append(tag)",
    "markup in a shadow root": f"document.querySelector('h1').attachShadow({{ mode: 'open' }}).innerHTML = '{PICTURE}'",
    "markup in a declarative shadow root": "const box = document.querySelector('h1');"
    "box.setHTMLUnsafe('<p><template shadowrootmode=open></template></p>');"
    f"box.firstChild.shadowRoot.innerHTML = '{PICTURE}'",
    "an image of a parsed document": f"document.body.append(...Document.parseHTMLUnsafe('{PICTURE}').images)",
    "an image of a requested document": f"{ASKED_FOR} ask('{PICTURE}', (got) => document.body.append(...got.images))",
    "a template of a requested document": f"{ASKED_FOR} ask('<template><script src=\"{LOADER}\"></' +"
    " 'script></template>', (got) => { const box = got.querySelector('template'); document.body.append(box);"
    " setTimeout(() => document.body.append(box.content), 50) })",
}
STRICT = "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'"
TRUSTED = "require-trusted-types-for 'script'; trusted-types consent-facade"


def protected(
    site: Site, head: str, body: str, policy: Policy, headers: dict[str, str] | None = None, cookie: str = ""
) -> None:
    """Serve a page from the site as the middleware sends it."""
    page = (
        f'<!DOCTYPE html><html lang="en"><head><title>Shop</title>{head}</head><body><h1>Shop</h1>{body}</body></html>'
    )
    given = [(b"Content-Type", b"text/html"), *((k.encode(), v.encode()) for k, v in (headers or {}).items())]
    exchange = Exchange(
        engine_for(policy), RequestHead("GET", "/", "", [(b"cookie", cookie.encode())] if cookie else [])
    )
    put(site, respond(exchange, 200, given, page.encode())[1], headers=headers, facade=engine_for(policy).facade)


class TestVisitorText:
    @pytest.mark.parametrize(
        "words",
        [
            "js.hs-scripts.com/666.js createElement",
            "js.usemessages.com/ portalId:666 createElement",
            "fetch( js.hs-scripts.com/666.js",
            "//js.usemessages.com/conversations-embed.js hsjs-portal:666 createElement",
        ],
    )
    @pytest.mark.parametrize("consent", ["", "consent=functional"])
    def test_search_term_does_not_choose_the_chat(
        self, page: Page, site: Site, standin: StandIn, words: str, consent: str
    ) -> None:
        search = (
            f"<script>layer=[];layer.push({{event:'search',term:{json.dumps(words)}}});searched=layer.length</script>"
        )
        loader = '<script src="//js.hs-scripts.com/12345.js"></script>'
        protected(site, "", search + loader, Policy(contact_url="/contact"), cookie=consent)
        if consent:
            page.goto(URL)
        else:
            open_page(page)
            button(page).click()
        comes(page, lambda: any("portalId=" in record.query for record in asked(standin)))

        assert page.evaluate("searched") == 1
        # A path may contain a random visitor id, which may contain these digits.
        assert not any(
            "portalId=666" in record.query or re.search(r"\b666\b", record.path) for record in asked(standin)
        )
        assert any("portalId=12345" in record.query for record in asked(standin))


class TestInjectedMarkup:
    def test_second_address_of_svg_script_does_not_run(self, page: Page, site: Site, standin: StandIn) -> None:
        """An SVG script loads its `href` and ignores `src`."""
        evil = (
            f'<svg><script type="text/x-consent" data-consent="tracking" data-consent-src="{LOADER}" '
            'data-consent-href="data:text/javascript,window.evil=1"></script></svg>'
        )
        nonced = f'<script nonce="abc" src="{LOADER}"></script>'
        protected(site, "", evil + nonced, Policy(contact_url="/contact"), {"Content-Security-Policy": STRICT})
        open_page(page)
        grant(page, site, chat=True, tracking=True)
        comes(page, lambda: DECISION in site.asked)
        quiet(page)
        assert page.evaluate("window.evil ?? 0") == 0

    @pytest.mark.parametrize("word", ["constructor", "toString", "__proto__", "valueOf"])
    def test_unknown_purpose_is_never_allowed(self, page: Page, site: Site, standin: StandIn, word: str) -> None:
        evil = f'<img alt="" data-consent="{word}" data-consent-src="{PIXEL}">'
        put(site, document(guard=(), before=evil))
        page.goto(URL)
        quiet(page)
        grant(page, site, embeds=True)
        comes(page, lambda: DECISION in site.asked)
        quiet(page)
        assert asked(standin) == []

    def test_untrusted_markup_does_not_become_trusted(self, page: Page, site: Site) -> None:
        put(site, document(guard=(), head=LOG), headers={"Content-Security-Policy": TRUSTED})
        open_page(page)
        page.evaluate(
            """(pixel) => {
                try {
                    document.querySelector("h1").innerHTML = [`<img src=${pixel}><img src=x onerror=ran.push(1)>`];
                } catch { ran.push("blocked") }
            }""",
            PIXEL,
        )
        quiet(page)
        assert ran(page) == ["blocked"]

    def test_element_with_id_null_stops_no_release(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before='<p id="null"></p>' + blocked_script(site, "x"), blocked=("/x.js",)))
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")


class TestServerErrors:
    @pytest.mark.parametrize("answer", ["none", "502", "too many", "a list"])
    def test_failed_decision_request_is_repeated(self, page: Page, site: Site, answer: str) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "x"), blocked=("/x.js",)))
        open_page(page)
        asks: list[str] = []

        def stumble(route: Route) -> None:
            asks.append(route.request.url)
            if len(asks) > 1:
                route.continue_()
            elif answer == "none":
                route.abort()
            else:
                bodies = {"502": "<h1>Bad gateway</h1>", "too many": '{"detail": "Too many requests"}', "a list": "[]"}
                route.fulfill(status=502, body=bodies[answer])

        page.route(f"**{DECISION}", stumble)
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")

    def test_withdrawal_after_bad_answer_reloads_page(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "x"), blocked=("/x.js",)))
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")
        site.pages[DECISION] = Document(b'{"detail":"Too many requests"}', {"Content-Type": "application/json"})
        page.evaluate("consentMiddleware.refresh(); 0")
        comes(page, lambda: site.asked.count(DECISION) > 1)
        site.asked.clear()
        # The script repeats the request by itself.
        with navigation(page):
            decide(site)

    def test_changing_cookie_neither_delays_nor_floods(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "x"), blocked=("/x.js",)))
        open_page(page)
        page.evaluate(
            """() => {
                const native = window.fetch;
                window.asks = [];
                window.fetch = async (...given) => {
                    asks.push(performance.now());
                    const answer = await native(...given);
                    await new Promise((done) => setTimeout(done, 500));
                    return answer;
                };
                setInterval(() => (document.cookie = "seen=" + Date.now()), 200);
            }"""
        )
        grant(page, site, tracking=True)
        until(page, "ran.length === 1 && asks.length > 3")
        asks: list[float] = page.evaluate("asks")
        # One second passes between an answer and the next request, and each answer takes half a second.
        assert min(later - earlier for earlier, later in pairwise(asks)) > 1_400

    def test_guard_blocks_after_withdrawal_without_reload(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(guard=(), before=BLOCKED_LOADER, blocked=(LOADER,)))
        open_page(page)
        for turn in range(2):
            grant(page, site, tracking=True)
            until(page, "document.cookie.includes('__hstc')")
            quiet(page)
            if turn == 0:
                with navigation(page):
                    grant(page, site)
        before = site.asked.count(DECISION)
        grant(page, site)
        comes(page, lambda: site.asked.count(DECISION) > before)
        quiet(page)
        standin.settle()
        standin.clear()
        run(page, f"new Image().src = '{PIXEL}'")
        quiet(page)
        assert asked(standin) == []


class TestGuardBehavior:
    def test_guard_works_in_sandboxed_page(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(guard=()), headers={"Content-Security-Policy": "sandbox allow-scripts"})
        page.goto(URL)
        run(page, MAKE + "document.body.append(tag)")
        quiet(page)
        assert asked(standin) == []

    @pytest.mark.parametrize("way", RARE_WAYS)
    def test_guard_blocks_rare_insertion(self, page: Page, site: Site, standin: StandIn, way: str) -> None:
        guarded(site)
        open_page(page)
        run(page, "const tag = document.createElement('script');" + RARE_WAYS[way])
        quiet(page)
        assert asked(standin) == []

    def test_guard_blocks_requested_document_at_once(self, page: Page, site: Site) -> None:
        """Before the site's own code gets it: its pictures load as soon as they are in the page."""
        guarded(site)
        open_page(page)
        code = f"new Promise((done) => {{ {ASKED_FOR} ask('{PICTURE}', (got) => done(got.images[0].outerHTML)) }})"

        assert " src=" not in page.evaluate(code)

    def test_patched_methods_behave_like_native_ones(self, page: Page, site: Site) -> None:
        guarded(site)
        open_page(page)
        assert (
            page.evaluate(
                "(() => { const h = document.querySelector('h1'); h.innerHTML = null; return h.innerHTML })()"
            )
            == ""
        )
        assert page.evaluate(f"document.createElement('img').setAttribute('src', '{PIXEL}') === undefined")
        feed = f'<feed><entry><img src="{PIXEL}"/></entry></feed>'.replace("&", "&amp;")
        read = f"new DOMParser().parseFromString('{feed}', 'text/xml').documentElement.localName"
        assert page.evaluate(read) == "feed"

    def test_markup_in_xhtml_page_stays_well_formed(self, page: Page, site: Site) -> None:
        body = document(guard=(), inline=False, html='lang="en" xmlns="http://www.w3.org/1999/xhtml"').decode()
        for tag in ('<meta charset="utf-8"', 'content="width=device-width, initial-scale=1"', '<input id="search"'):
            body = body.replace(tag + ">", tag + "/>")
        put(site, body.encode(), headers={"Content-Type": "application/xhtml+xml"})
        open_page(page)
        markup = f'<img alt="" src="{PIXEL}" srcset="{PIXEL} 2x"/>'
        svg = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        markup += f'<svg {svg}><image xlink:href="{PIXEL}"/></svg>'
        markup = markup.replace("&", "&amp;")
        page.evaluate("(markup) => { document.querySelector('h1').innerHTML = markup }", markup)
        assert page.locator("h1 img").count() == page.locator("h1 image").count() == 1

    def test_content_from_chat_hosts_is_not_blocked(self, page: Page, site: Site) -> None:
        """Images and style sheets from these hosts are content, for the guard as for the server."""
        style = '<link rel="stylesheet" href="https://static.hsappstatic.net/x/style.css">'
        picture = '<img alt="" src="https://static.hsappstatic.net/logo.png">'
        protected(site, TAG_MANAGER + style, picture, Policy(contact_url="/contact"))
        page.goto(URL)
        quiet(page)
        assert page.locator("img").get_attribute("src") == "https://static.hsappstatic.net/logo.png"
        assert (page.locator("link").get_attribute("href") or "").endswith("style.css")

    def test_blocked_module_is_released_as_module(self, page: Page, site: Site) -> None:
        guarded(site)
        open_page(page)
        made = "tag = document.createElement('script'); tag.type = 'module'; tag.src = 'https://js.hsforms.net/m.js';"
        run(page, made + "document.body.append(tag)")
        decide(site, embeds=True)
        page.evaluate("document.cookie = 'choice=1'")
        until(page, "tag.getAttribute('src')")
        assert page.evaluate("tag.type") == "module"

    def test_address_with_character_reference_is_released(self, page: Page, site: Site, standin: StandIn) -> None:
        tag = '<script src="https://js.hsforms.net/forms/v2.js?a=1&amp;b=2"></scr'
        written = f"<script>document.write('{tag}' + 'ipt>')</script>"
        put(site, document(guard=(), before=written))
        open_page(page)
        decide(site, embeds=True)
        page.evaluate("document.cookie = 'choice=1'")
        comes(page, lambda: [each.path for each in asked(standin)] == ["/forms/v2.js"])


class TestGuardAndFacade:
    def test_facade_brings_guard_without_tag_manager(self, page: Page, site: Site, standin: StandIn) -> None:
        loader = f'<script src="{LOADER}" id="hs-script-loader"></script>'
        protected(site, "", loader, Policy(contact_url="/contact", guard="auto"))
        open_page(page)
        assert page.locator("script[data-guard]").count() == 0
        run(
            page,
            f"new Image().src = '{PIXEL}'; document.body.append(Object.assign(document.createElement('iframe'), "
            "{ src: 'https://meetings.hubspot.com/ann', title: 'x' }))",
        )
        expect(page.get_by_role("button", name="Show the calendar")).to_be_visible()
        quiet(page)
        assert asked(standin) == []
        grant(page, site, tracking=True)
        comes(page, lambda: {each.host for each in asked(standin)} >= {"track.hubspot.com", "js.hs-scripts.com"})

    def test_page_with_tag_manager_has_placeholders(self, page: Page, site: Site, standin: StandIn) -> None:
        """The guard is written before the server has seen the embeds, and knows only their host, as one of the chat."""
        protected(site, TAG_MANAGER, MEETINGS, Policy(contact_url="/contact"))
        page.goto(URL)
        page.get_by_role("button", name="Show the calendar").click()
        comes(page, lambda: any("MeetingsEmbed" in each.path for each in asked(standin)))

    def test_consent_to_embeds_releases_host_of_the_chat(self, page: Page, site: Site, standin: StandIn) -> None:
        protected(site, TAG_MANAGER, MEETINGS, Policy(contact_url="/contact"))
        page.goto(URL)
        expect(page.get_by_role("button", name="Show the calendar")).to_be_visible()
        grant(page, site, embeds=True)
        comes(page, lambda: any("MeetingsEmbed" in each.path for each in asked(standin)))

    def test_tag_released_by_server_passes_the_guard(self, page: Page, site: Site, standin: StandIn) -> None:
        as_chat = BLOCKED_LOADER.replace('"tracking"', '"chat"')
        put(site, document(guard=(), before=as_chat, blocked=(LOADER,)))
        open_page(page)
        grant(page, site, chat=True)
        comes(page, lambda: any(each.host == "js.hs-scripts.com" for each in asked(standin)))
        assert page.locator("#hs-script-loader").get_attribute("src") == LOADER

    def test_released_element_with_new_address_is_blocked(self, page: Page, site: Site, standin: StandIn) -> None:
        guarded(site)
        open_page(page)
        run(
            page,
            "window.frame = document.createElement('img'); frame.src = 'https://no-cache.hubspot.com/cta/default/1/a.png';",
        )
        grant(page, site, embeds=True)
        comes(page, lambda: len(asked(standin)) == 1)
        run(page, f"frame.src = '{PIXEL}'")
        quiet(page)
        assert len(asked(standin)) == 1

    def test_facade_is_for_the_pages_own_vendor(self, page: Page) -> None:
        page.context.route(
            "https://widget.intercom.io/**", lambda route: route.fulfill(body=INTERCOM, content_type="text/javascript")
        )
        with App(Policy(contact_url="/contact", vendors=["hubspot", "intercom"]), {}) as app:
            head = f'<!doctype html><html lang="en"><head><title>Shop</title>{TAG_MANAGER}</head>'
            app.pages["/"] = f"{head}<body><p>Shop</p>{INSTALLED}</body></html>"
            page.goto(app.url)
            expect(page.get_by_text("Opens Intercom's chat")).to_be_visible()
            button(page).click()
            expect_state(page, "ready")

    @pytest.mark.parametrize("first", ["hubspot", ACME], ids=["hubspot", "a vendor without a driver"])
    def test_swapped_in_page_brings_its_own_vendor(self, page: Page, first: str | Vendor) -> None:
        page.context.route(
            "https://widget.intercom.io/**", lambda route: route.fulfill(body=INTERCOM, content_type="text/javascript")
        )
        pixel = PIXEL if first == "hubspot" else "https://acme.example/pixel.gif"
        with App(Policy(contact_url="/contact", vendors=[first, "intercom"]), {}) as app:
            app.pages["/"] = "<!doctype html><title>Shop</title><p>One<script>new Image().src='" + pixel + "'</script>"
            app.pages["/two"] = f'<!doctype html><html lang="en"><title>Shop</title><body><p>Two</p>{INSTALLED}'
            page.goto(app.url)
            until(page, "window.consentMiddleware?.core?.adopt")
            page.evaluate(
                """async () => {
                    const parsed = new DOMParser().parseFromString(await (await fetch("/two")).text(), "text/html");
                    const old = parsed.querySelector("script[data-conf]");
                    document.body.replaceWith(parsed.body);
                    const script = document.createElement("script");
                    for (const { name, value } of old.attributes) script.setAttribute(name, value);
                    old.replaceWith(script);
                }"""
            )
            expect(page.get_by_text("Opens Intercom's chat")).to_be_visible()
            button(page).click()
            expect_state(page, "ready")


class TestInterference:
    def test_computed_form_target_stops_no_other_tag(self, page: Page, site: Site) -> None:
        form = 'hbspt.forms.create({target: "#" + "a1"})'
        tag = f'<script type="text/x-consent" data-consent="embeds" data-consent-kind="forms">{form}</script>'
        put(
            site,
            document(head=LOG, before=tag + blocked_script(site, "good"), blocked=("/good.js",), placeholders=True),
        )
        open_page(page)
        expect(page.get_by_role("button", name="Show the form")).to_be_visible()
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")

    def test_script_that_never_loads_delays_only_briefly(self, page: Page, site: Site) -> None:
        tags = blocked_script(site, "old", "nomodule") + blocked_script(site, "new")
        put(site, document(head=LOG, before=tags, blocked=("/new.js", "/old.js")))
        page.clock.install()
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "document.querySelector('script[nomodule][src]')")
        page.clock.fast_forward(5_000)
        until(page, "ran.length === 1")
        assert ran(page) == ["new"]

    def test_failed_embed_does_not_fail_the_chat(self, page: Page, site: Site) -> None:
        before = f'<section id="here">{BLOCKED_LIBRARY.format("")}{inline(1)}</section>'
        put(site, document(head=LOG, before=before, blocked=("/forms.js",), placeholders=True))
        open_page(page)
        waiting: dict[str, Route] = {}
        page.route("**/forms.js", lambda route: waiting.update(form=route))
        page.route("**/conversations-embed.js", lambda route: waiting.update(chat=route))
        page.get_by_role("button", name="Show the form").click()
        button(page).click()
        comes(page, lambda: len(waiting) == 2)
        waiting["form"].abort()
        expect(page.get_by_text("This could not be loaded.")).to_be_visible()
        expect_state(page, "loading")
        waiting["chat"].continue_()
        expect_state(page, "ready")

    @pytest.mark.parametrize(
        "code", ["hsConversationsOnReady = () => {}", "hsConversationsSettings = Object.freeze({})"]
    )
    def test_unusable_site_settings_do_not_break_facade(self, page: Page, site: Site, code: str) -> None:
        put(site, document(head=f"<script>'use strict'; window.{code}</script>"))
        open_page(page)
        button(page).click()
        expect(page.locator("[data-consent-facade]")).to_have_attribute(
            "data-state", "failed" if "=>" in code else "ready"
        )
