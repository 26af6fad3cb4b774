"""Consent given or withdrawn while a page is open: what is requested, released and ended, and in which order."""

from __future__ import annotations

import base64
import hashlib

import pytest
from playwright.sync_api import Page, Route, expect

from consent_middleware import Policy
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.purpose import Purpose
from examples.standin import Portal, StandIn
from tests.engines import engine_for
from tests.exchanges import respond
from tests.quiet import navigation

from .pages import (
    CHAT,
    CHAT_HOSTS,
    DECISION,
    EMBED,
    PORTAL,
    TRACKING_COOKIES,
    URL,
    asked,
    button,
    comes,
    cookies,
    decide,
    document,
    expect_state,
    hosts,
    open_page,
    place,
    put,
    quiet,
    stop_time,
    until,
)
from .site import Document, Site

LOADER = f"https://js.hs-scripts.com/{PORTAL}.js"
BLOCKED_LOADER = (
    '<script type="text/x-consent" data-consent="tracking" data-consent-type="text/javascript" '
    f'data-consent-id="hs-script-loader" async defer data-consent-src="{LOADER}"></script>'
)

#: Collects the names of the scripts that ran, in order.
LOG = "<script nonce='abc'>ran = []</script>"


def script(site: Site, name: str, code: str = "") -> str:
    """Serve a script that records that it ran. Return its path."""
    code = code or f"ran.push('{name}')"
    site.pages[f"/{name}.js"] = Document(code.encode(), {"Content-Type": "text/javascript"})
    return f"/{name}.js"


def blocked_script(site: Site, name: str, more: str = "", purpose: str = "tracking") -> str:
    """Return a blocked tag for such a script."""
    src = script(site, name)
    return f'<script type="text/x-consent" data-consent="{purpose}" data-consent-src="{src}" {more}></script>'


def grant(page: Page, site: Site, **allowed: bool) -> None:
    """Give consent: change the decision of the server, and set a cookie so that the page notices."""
    decide(site, **allowed)
    page.evaluate("document.cookie = 'choice=' + Math.random()")


def ran(page: Page) -> list[str]:
    found: list[str] = page.evaluate("ran")
    return found


class TestRelease:
    def test_script_with_own_attributes_is_released(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "x", 'data-account="7"'), blocked=("/x.js",)))
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")

    def test_full_tag_is_released_in_place_without_reload(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(before=BLOCKED_LOADER, blocked=(LOADER,)))
        open_page(page)
        page.evaluate("document.querySelector('[data-consent]').parentNode.id = 'where'; window.same = 1")
        grant(page, site, chat=True, tracking=True)
        expect_state(page, "ready")
        until(page, "document.cookie.includes('__hstc')")
        assert page.evaluate("window.same") == 1
        tag = page.locator("#hs-script-loader")
        found = tag.evaluate("(tag) => Object.fromEntries([...tag.attributes].map(({name, value}) => [name, value]))")
        own = {name: value for name, value in found.items() if not name.startswith("data-consent")}
        assert own == {"id": "hs-script-loader", "type": "text/javascript", "async": "", "defer": "", "src": LOADER}
        assert "data-consent" not in found
        assert tag.evaluate("(tag) => tag.parentNode.id") == "where"
        assert set(cookies(page)) >= TRACKING_COOKIES
        requests = [record.host for record in asked(standin)]
        assert requests.count("js.hs-scripts.com") == 1
        assert requests.count("js.usemessages.com") == 1

    def test_tag_without_consent_is_not_released(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(before=BLOCKED_LOADER, blocked=(LOADER,)))
        open_page(page)
        grant(page, site)
        comes(page, lambda: DECISION in site.asked)
        quiet(page)
        assert asked(standin) == []

    def test_functional_consent_loads_closed_chat_only(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(before=BLOCKED_LOADER, blocked=(LOADER,)))
        open_page(page)
        grant(page, site, chat=True)
        expect_state(page, "ready")
        expect(button(page)).to_have_count(0)
        assert hosts(standin) == CHAT_HOSTS
        assert not page.evaluate("document.documentElement.classList.contains('hs-messages-widget-open')")

    def test_full_tag_does_not_load_a_clicked_chat_again(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(before=BLOCKED_LOADER, blocked=(LOADER,)))
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        assert page.evaluate("hsConversationsSettings.loadImmediately") is True
        grant(page, site, chat=True, tracking=True)
        until(page, "document.cookie.includes('__hstc')")
        quiet(page)
        assert sum(record.host == "js.usemessages.com" for record in asked(standin)) == 1
        assert page.locator("iframe").count() == 1

    def test_release_keeps_document_order_except_async(self, page: Page, site: Site) -> None:
        tags = (
            blocked_script(site, "deferred", "defer")
            + blocked_script(site, "first")
            + '<script type="text/x-consent" data-consent="tracking">ran.push("inline 1")</script>'
            + blocked_script(site, "module", 'data-consent-type="module"')
            + blocked_script(site, "second")
            + '<script type="text/x-consent" data-consent="tracking">ran.push("inline 2")</script>'
            + blocked_script(site, "any", "async")
        )
        names = ("deferred", "first", "module", "second", "any")
        put(site, document(head=LOG, before=tags, blocked=tuple(f"/{name}.js" for name in names)))
        open_page(page)
        first: list[Route] = []

        def keep(route: Route) -> None:
            first.append(route)

        page.route("**/first.js", keep)
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")
        assert ran(page) == ["any"]
        comes(page, lambda: bool(first))
        quiet(page, waiting=1)
        assert ran(page) == ["any"]
        first[0].continue_()
        until(page, "ran.length === 7")
        assert ran(page) == ["any", "first", "inline 1", "second", "inline 2", "deferred", "module"]

    def test_script_that_fails_does_not_stop_the_next(self, page: Page, site: Site) -> None:
        tags = blocked_script(site, "gone") + blocked_script(site, "next")
        put(site, document(head=LOG, before=tags, blocked=("/gone.js", "/next.js")))
        del site.pages["/gone.js"]
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")
        assert ran(page) == ["next"]

    def test_tag_runs_once_despite_repeated_consent(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "once"), blocked=("/once.js",)))
        open_page(page)
        for _ in range(3):
            grant(page, site, tracking=True)
            page.evaluate("consentMiddleware.refresh()")
        until(page, "ran.length > 0")
        quiet(page, 1_300)
        assert ran(page) == ["once"]

    @pytest.mark.parametrize("more", ["", 'data-consent-id="mine"'], ids=["the same address", "the same id"])
    def test_one_of_two_identical_tags_is_released(self, page: Page, site: Site, more: str) -> None:
        second = blocked_script(site, "twin", more) if not more else blocked_script(site, "other", more)
        put(
            site,
            document(head=LOG, before=blocked_script(site, "twin", more) + second, blocked=("/twin.js", "/other.js")),
        )
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length > 0")
        quiet(page)
        assert ran(page) == ["twin"]

    def test_released_script_keeps_its_attributes(self, page: Page, site: Site) -> None:
        more = 'nonce="abc" crossorigin="anonymous" referrerpolicy="no-referrer" class="x" data-own="1"'
        put(
            site,
            document(
                nonce="abc", head=LOG, before=blocked_script(site, "attributes", more), blocked=("/attributes.js",)
            ),
        )
        site.pages["/"].headers["Content-Security-Policy"] = "script-src 'nonce-abc'; connect-src 'self'"
        page.goto(URL)
        expect_state(page, "idle")
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")
        tag = page.locator("script.x")
        assert tag.evaluate(
            "({nonce, crossOrigin, referrerPolicy, dataset}) => [nonce, crossOrigin, referrerPolicy, dataset.own]"
        ) == [
            "abc",
            "anonymous",
            "no-referrer",
            "1",
        ]

    def test_script_with_wrong_integrity_does_not_run(self, page: Page, site: Site) -> None:
        wrong = 'integrity="sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="'
        put(
            site,
            document(
                head=LOG,
                before=blocked_script(site, "x", wrong) + blocked_script(site, "y"),
                blocked=("/x.js", "/y.js"),
            ),
        )
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")
        assert ran(page) == ["y"]

    def test_load_listener_of_the_site_is_called(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "heard"), blocked=("/heard.js",)))
        open_page(page)
        page.evaluate("document.querySelector('[data-consent]').onload = () => ran.push('loaded'); 0")
        grant(page, site, tracking=True)
        until(page, "ran.length === 2")
        assert ran(page) == ["heard", "loaded"]

    @pytest.mark.parametrize("more", ['data-consent-was-type="rocketlazyloadscript"', 'language="JavaScript"'])
    def test_script_with_delay_type_or_language_runs(self, page: Page, site: Site, more: str) -> None:
        tag = blocked_script(site, "late", more)
        put(site, document(head=LOG, before=tag, blocked=("/late.js",)))
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")

    def test_other_elements_get_their_address_back(self, page: Page, site: Site) -> None:
        define = (
            "<script>customElements.define('amp-pixel', class extends HTMLElement {"
            " connectedCallback() { const src = this.getAttribute('src'); if (src) new Image().src = src } })</script>"
        )
        tags = (
            '<img alt="" data-consent="tracking" data-consent-src="/a.gif" data-consent-srcset="/b.gif 1x">'
            '<iframe title="x" data-consent="tracking" data-consent-src="/frame"></iframe>'
            '<amp-pixel data-consent="tracking" data-consent-src="/c.gif"></amp-pixel>'
        )
        hint = '<link rel="preload" as="image" data-consent="tracking" data-consent-href="/d.gif">'
        put(site, document(head=hint + define, before=tags))
        open_page(page)
        assert not {"/a.gif", "/b.gif", "/frame", "/c.gif", "/d.gif"} & set(site.asked)
        grant(page, site, tracking=True)
        until(page, "!document.querySelector('[data-consent]')")
        comes(page, lambda: set(site.asked) >= {"/b.gif", "/frame", "/c.gif", "/d.gif"})

    def test_page_without_a_chat_releases_its_tags(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "alone"), blocked=("/alone.js",), no_chat=True))
        page.goto(URL)
        until(page, "window.consentMiddleware")
        assert place(page).count() == 0
        grant(page, site, tracking=True)
        until(page, "ran.length === 1")


class TestDigestBesideNonce:
    """An inline tag that the policy allows by its digest, on a page with a nonce."""

    TEXT = "var s=document.createElement('script');s.src='//js.hs-scripts.com/12345.js';document.head.append(s)"

    @pytest.mark.parametrize("more", ["", " 'strict-dynamic'"])
    @pytest.mark.parametrize("evil", ["", '<script type="text/x-consent" data-consent="tracking">ran.push(1)</script>'])
    def test_tag_with_a_digest_is_released(
        self, page: Page, site: Site, standin: StandIn, more: str, evil: str
    ) -> None:
        digest = base64.b64encode(hashlib.sha256(self.TEXT.encode()).digest()).decode()
        hosts_of = " js.hs-scripts.com js.usemessages.com js.hs-analytics.net"
        csp = f"script-src 'nonce-abc' 'sha256-{digest}'{more or hosts_of}; connect-src *"
        given = [(b"Content-Type", b"text/html; charset=utf-8"), (b"Content-Security-Policy", csp.encode())]
        exchange = Exchange(Engine(Policy(contact_url="/contact")), RequestHead("GET", "/", "", []))
        body = f'<html lang="en"><body>{LOG}<p>x</p><script>{self.TEXT}</script>'
        put(site, respond(exchange, 200, given, body.encode())[1], headers={"Content-Security-Policy": csp})
        open_page(page)
        assert asked(standin) == []
        page.evaluate("(markup) => { document.body.insertAdjacentHTML('beforeend', markup) }", evil)
        grant(page, site, chat=True, tracking=True)
        standin.wait_for("js.hs-scripts.com")
        quiet(page)
        assert ran(page) == []


class TestNotReleased:
    def test_copy_without_the_nonce_is_not_released(self, page: Page, site: Site) -> None:
        inline = '<script type="text/x-consent" data-consent="tracking"{}>ran.push("x")</script>'
        put(site, document(nonce="abc", head=LOG, before=inline.format(' nonce="abc"') + inline.format("")))
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length > 0")
        quiet(page)
        assert ran(page) == ["x"]

    def test_address_unknown_to_server_is_not_released(self, page: Page, site: Site) -> None:
        put(
            site,
            document(
                head=LOG, before=blocked_script(site, "evil") + blocked_script(site, "good"), blocked=("/good.js",)
            ),
        )
        open_page(page)
        grant(page, site, chat=True, tracking=True, embeds=True)
        until(page, "ran.length > 0")
        quiet(page)
        assert ran(page) == ["good"]

    def test_injected_markup_never_becomes_code(self, page: Page, site: Site) -> None:
        """Our attributes on elements that a sanitizer accepts must not become handlers or links that run code."""
        evil = (
            '<img alt="" data-consent="tracking" data-consent-onerror="ran.push(1)" data-consent-src="/none.gif">'
            '<a data-consent="tracking" data-consent-href="javascript:ran.push(2)">x</a>'
        )
        put(site, document(head=LOG, before=evil, blocked=("/none.gif",), strange=True))
        open_page(page)
        grant(page, site, chat=False, tracking=True)
        until(page, "document.querySelector('img').src")
        quiet(page)
        assert ran(page) == []
        assert page.locator("a[href^=javascript]").count() == 0

    def test_injected_frame_never_becomes_code(self, page: Page, site: Site) -> None:
        """Sanitizers that accept frames check `src`, but no `data-` attribute."""
        addresses = ("javascript:parent.ran.push(1)", " java\nscript:parent.ran.push(2)", "data:text/html,x", "https:")
        evil = "".join(
            f'<iframe title="x" class="evil" data-consent="tracking" data-consent-src="{address}"></iframe>'
            for address in addresses
        )
        good = '<iframe title="x" class="good" data-consent="tracking" data-consent-src="/contact"></iframe>'
        put(site, document(head=LOG, before=evil + good, blocked=("/contact",), strange=True))
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "document.querySelector('.good').src")
        quiet(page)
        assert ran(page) == []
        assert page.locator(".evil[src]").count() == 0

    def test_injected_marks_set_no_id_and_no_type(self, page: Page, site: Site) -> None:
        evil = (
            '<img alt="" data-consent="tracking" data-consent-id="config" data-consent-src="/none.gif">'
            '<input data-consent="tracking" data-consent-type="image" data-consent-src="/none.gif">'
        )
        put(site, document(head=LOG, before=evil))
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "document.querySelector('img').src")
        assert page.evaluate("window.config ?? null") is None
        assert page.locator("input[type]").count() == 0

    def test_mathml_element_never_becomes_a_link(self, page: Page, site: Site) -> None:
        evil = '<math data-consent="tracking" data-consent-href="javascript:ran.push(1)"><mi>x</mi></math>'
        inner = '<math><mi data-consent="tracking" data-consent-href="javascript:ran.push(1)">x</mi></math>'
        picture = '<img alt="" data-consent="tracking" data-consent-src="/none.gif">'
        put(site, document(head=LOG, before=evil + inner + picture, blocked=("/none.gif",), strange=True))
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "document.querySelector('img').src")
        assert page.locator("math[href], mi[href]").count() == 0

    def test_inline_script_needs_the_nonce_to_be_released(self, page: Page, site: Site) -> None:
        inline = '<script type="text/x-consent" data-consent="tracking" {}>ran.push("{}")</script>'
        tags = (
            inline.format('nonce="wrong"', "wrong") + inline.format("", "none") + inline.format('nonce="abc"', "right")
        )
        policy = "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'"
        put(site, document(nonce="abc", head=LOG, before=tags), headers={"Content-Security-Policy": policy})
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length > 0")
        quiet(page)
        assert ran(page) == ["right"]

    def test_script_without_nonce_stops_no_other_release(self, page: Page, site: Site) -> None:
        csp = b"script-src 'nonce-abc'; connect-src 'self'"
        marked = '<script type="text/x-consent" data-consent="tracking">ran.push("none")</script>'
        loader = "ran.push('own');s=document.createElement('script');s.src='//js.hs-scripts.com/1.js';head.append(s)"
        own = f'<script nonce="abc">{loader}</script>'
        policy = Policy(contact_url="/contact", guard="never")
        given = Exchange(engine_for(policy), RequestHead("GET", "/", "", []))
        _, body = respond(
            given,
            200,
            [(b"Content-Type", b"text/html"), (b"Content-Security-Policy", csp)],
            f'<html><body><script nonce="abc">ran=[]</script>{marked}{own}'.encode(),
        )
        put(site, body, headers={"Content-Security-Policy": csp.decode()})
        page.goto(URL)
        assert ran(page) == []
        grant(page, site, chat=True, tracking=True)
        until(page, "ran.length > 0")
        quiet(page)
        assert ran(page) == ["own"]

    def test_script_that_policy_stops_is_not_released(self, page: Page, site: Site, standin: StandIn) -> None:
        """The tag of the site has the nonce.

        The other tag is injected and loads the chat and the scripts of another account. With 'strict-dynamic', a script
        that our script inserts would run.
        """
        csp = b"script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self' https://api.hubspot.com"
        tags = (
            '<script src="https://js.hs-scripts.com/666.js"></script>' + f'<script nonce="abc" src="{LOADER}"></script>'
        )
        given = Exchange(Engine(Policy(contact_url="/contact")), RequestHead("GET", "/", "", []))
        _, body = respond(
            given,
            200,
            [(b"Content-Type", b"text/html"), (b"Content-Security-Policy", csp)],
            f"<html><body>{tags}".encode(),
        )
        put(site, body, headers={"Content-Security-Policy": csp.decode()})
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        grant(page, site, chat=True, tracking=True)
        standin.wait_for("js.hs-scripts.com")
        quiet(page)
        assert {each.path for each in asked(standin) if each.host == "js.hs-scripts.com"} == {f"/{PORTAL}.js"}

    def test_only_blocked_scripts_run_under_trusted_types(self, page: Page, site: Site) -> None:
        tags = (
            blocked_script(site, "good", 'nonce="abc"')
            + blocked_script(site, "evil", 'nonce="abc"')
            + '<script type="text/x-consent" data-consent="tracking" nonce="abc">ran.push("inline")</script>'
        )
        policy = (
            "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'; require-trusted-types-for 'script'; "
            "trusted-types consent-facade"
        )
        put(
            site,
            document(nonce="abc", head=LOG, before=tags, blocked=("/good.js",)),
            headers={"Content-Security-Policy": policy},
        )
        open_page(page)
        grant(page, site, tracking=True)
        until(page, "ran.length > 1")
        quiet(page)
        assert ran(page) == ["good", "inline"]


class TestDecisionRequests:
    def test_cookie_set_late_is_noticed(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "late"), blocked=("/late.js",)))
        open_page(page)
        page.evaluate("consentMiddleware.refresh()")
        quiet(page)
        decide(site, tracking=True)
        page.evaluate("setTimeout(() => document.cookie = 'choice=1', 400); 0")
        until(page, "ran.length === 1")

    def test_refresh_notices_a_cookie_hidden_from_scripts(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "hidden"), blocked=("/hidden.js",)))
        open_page(page)
        decide(site, tracking=True)
        quiet(page)
        assert ran(page) == []
        page.evaluate("consentMiddleware.refresh()")
        until(page, "ran.length === 1")

    def test_choice_in_another_tab_is_noticed(self, page: Page, site: Site) -> None:
        put(site, document(head=LOG, before=blocked_script(site, "tab"), blocked=("/tab.js",)))
        open_page(page)
        other = page.context.new_page()
        other.goto(f"{URL}contact")
        decide(site, tracking=True)
        other.evaluate("document.cookie = 'choice=1'")
        page.bring_to_front()
        until(page, "ran.length === 1")

    def test_shared_page_requests_decision_at_once(self, page: Page, site: Site, standin: StandIn) -> None:
        body = document(head=LOG, before=blocked_script(site, "neutral"), blocked=("/neutral.js",))
        put(site, body.replace(b'"live":{}', b'"live":{},"ask":true'))
        decide(site, chat=True, tracking=True)
        page.goto(URL)
        until(page, "ran.length === 1")
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS

    def test_page_without_changes_requests_no_decision(self, page: Page, site: Site) -> None:
        put(site, document(before=BLOCKED_LOADER, blocked=(LOADER,)))
        open_page(page)
        quiet(page, 1_300)
        assert DECISION not in site.asked

    @pytest.mark.parametrize("answer", [b"", b"<h1>Sorry</h1>", b"null", b"[]"])
    def test_bad_answer_releases_and_raises_nothing(
        self, page: Page, site: Site, standin: StandIn, answer: bytes
    ) -> None:
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        put(site, document(before=BLOCKED_LOADER, blocked=(LOADER,)))
        open_page(page)
        site.pages[DECISION] = Document(answer)
        page.evaluate("consentMiddleware.refresh()")
        quiet(page)
        assert errors == []
        assert asked(standin) == []


class TestWithdrawal:
    def test_withdrawal_keeps_the_record_and_reloads(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(before=BLOCKED_LOADER, blocked=(LOADER,)))
        open_page(page)
        grant(page, site, chat=True, tracking=True)
        expect_state(page, "ready")
        until(page, "document.cookie.includes('__hstc')")
        quiet(page)
        page.evaluate("void (_hsp.push = (...given) => localStorage.told = JSON.stringify(given))")
        site.asked.clear()
        with navigation(page):
            grant(page, site)
        expect_state(page, "idle")
        quiet(page, 1_300)
        assert site.asked.count("/") == 1
        # The record is the platform's own: HubSpot would replace it by a refusal of everything.
        assert page.evaluate("localStorage.told ?? ''") == ""
        assert page.locator("iframe").count() == 0

    def test_withdrawal_ends_tags_the_server_had_allowed(self, page: Page, site: Site, standin: StandIn) -> None:
        put(site, document(no_chat=True, allowed=(Purpose.TRACKING,), before=f'<script src="{LOADER}"></script>'))
        page.goto(URL)
        until(page, "document.cookie.includes('__hstc')")
        expect(page.locator("iframe")).to_have_count(1)
        quiet(page)
        page.evaluate("void (_hsp.push = (...given) => localStorage.told = JSON.stringify(given))")
        site.asked.clear()
        put(site, document(before=BLOCKED_LOADER, blocked=(LOADER,)))
        with navigation(page):
            page.evaluate("document.cookie = 'choice=none'")
        expect_state(page, "idle")
        assert site.asked.count("/") == 1
        # The record is the platform's own: HubSpot would replace it by a refusal of everything.
        assert page.evaluate("localStorage.told ?? ''") == ""
        assert page.locator("iframe").count() == 0

    def test_withdrawal_as_first_change_reloads_once(self, page: Page, site: Site) -> None:
        put(site, document(no_chat=True, allowed=(Purpose.TRACKING,)))
        page.goto(URL)
        quiet(page)
        assert DECISION not in site.asked
        site.asked.clear()
        decide(site)
        with navigation(page):
            page.evaluate("document.cookie = 'choice=none'")
        assert site.asked.count("/") == 1

    def test_contradicting_server_causes_no_reload_loop(self, page: Page, site: Site) -> None:
        put(site, document(allowed=(Purpose.CHAT,)))
        page.goto(URL)
        expect_state(page, "ready")
        site.asked.clear()
        with navigation(page):
            grant(page, site)
        # The new page allows and loads the chat again, and the cookie of the chat makes it request the decision.
        comes(page, lambda: site.asked.count(DECISION) > 1)
        quiet(page, 1_300)
        assert site.asked.count("/") == 1

    def test_failure_message_stays_after_server_decision(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.faults["js.usemessages.com"] = "refuse"
        put(site, document())
        open_page(page)
        decide(site, chat=True)
        button(page).click()
        expect_state(page, "failed")
        comes(page, lambda: DECISION in site.asked)
        quiet(page)
        expect_state(page, "failed")

    def test_click_counts_even_if_the_server_denies_chat(self, page: Page, site: Site) -> None:
        put(site, document())
        open_page(page)
        button(page).click()
        expect_state(page, "ready")
        site.asked.clear()
        grant(page, site)
        comes(page, lambda: DECISION in site.asked)
        quiet(page)
        assert "/" not in site.asked
        expect_state(page, "ready")


class TestNoChat:
    def test_account_without_chat_shows_link_at_once(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.portals[int(PORTAL)] = Portal(chat_status=204)
        put(site, document())
        open_page(page)
        stop_time(page)
        button(page).click()
        expect_state(page, "failed")
        expect(place(page).get_by_role("link", name="Contact us")).to_be_visible()

    def test_allowed_but_missing_chat_leaves_the_button(self, page: Page, site: Site, standin: StandIn) -> None:
        standin.portals[int(PORTAL)] = Portal(chat_status=204)
        put(site, document(allowed=(Purpose.CHAT,)))
        page.goto(URL)
        standin.wait_for("api.hubspot.com")
        expect_state(page, "idle")
        assert CHAT.src == EMBED
