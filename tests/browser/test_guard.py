"""The guard: tags that other scripts insert wait as those of the page do, however they are inserted."""

from __future__ import annotations

from collections.abc import Container
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from consent_middleware.purpose import Purpose
from examples.standin import StandIn
from tests.quiet import watch

from .insertions import (
    APPEND_BOXES,
    BEACONS,
    CALENDAR,
    FRAME,
    LOADER,
    MAKE,
    PIXEL,
    UNRELEASED,
    WAYS,
    Attempts,
    attempt,
    place_for,
)
from .pages import (
    CHAT_HOSTS,
    DECISION,
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
    put,
    quiet,
    reset,
    until,
)
from .site import Document, Site


def guarded(site: Site, *allowed: Purpose, nonce: str | None = None, before: str = "", no_chat: bool = False) -> None:
    put(site, document(guard=allowed, nonce=nonce, before=before, no_chat=no_chat))


def run(page: Page, code: str) -> None:
    page.evaluate(f"() => {{ {code} }}")


def attempts(
    browser: Browser,
    site: Site,
    standin: StandIn,
    ways: dict[str, str],
    *allowed: Purpose,
    consent: tuple[str, ...] = (),
    awaited: Container[str] = (),
) -> Attempts:
    """Try ways on one page on which purposes are allowed, and then give consent to purposes.

    The page is open until each of the awaited ways has made a request, or until the time is over.
    """
    reset(site, standin)
    found = Attempts(ways)
    guarded(site, *allowed, before="".join(place_for(number, code) for number, code in enumerate(ways.values())))
    with watch(browser.new_context(ignore_https_errors=True)) as context:
        page = context.new_page()
        open_page(page)
        for number, (way, code) in enumerate(ways.items()):
            try:
                run(page, attempt(number, code))
            except Error as error:
                found.errors[way] = error.message

        def have_come() -> bool:
            found.after = [record.url for record in asked(standin)]
            return all(found.of(way, found.after) for way in ways if way in awaited and way not in found.errors)

        quiet(page)
        found.before = [record.url for record in asked(standin)]
        found.cookies_before = cookies(page)
        run(page, APPEND_BOXES)
        if consent:
            decide(site, **dict.fromkeys(consent, True))
            page.evaluate("document.cookie = 'choice=1'")
        # The tests tell which way has made none.
        with suppress(AssertionError):
            comes(page, have_come)
        quiet(page)
        have_come()
        found.cookies_after = cookies(page)
        found.blocked = page.evaluate(
            "[...document.querySelectorAll('[data-consent]'), ...all.filter((each) => each?.dataset.consent)]"
            ".map((each) => each.outerHTML)"
        )
    return found


@pytest.fixture(scope="module")
def scripts(browser: Browser, shared_site: Site, standin: StandIn) -> Attempts:
    """Return the outcome of the ways to insert the loader, on a page where it waits for consent."""
    return attempts(browser, shared_site, standin, WAYS, consent=("chat", "tracking", "embeds"), awaited=WAYS)


@pytest.fixture(scope="module")
def beacons(browser: Browser, shared_site: Site, standin: StandIn) -> Attempts:
    """Return the outcome of the other ways, on a page where all wait for consent."""
    ways = BEACONS | UNRELEASED
    return attempts(browser, shared_site, standin, ways, consent=("tracking", "embeds"), awaited=BEACONS)


@pytest.fixture(scope="module")
def untouched(browser: Browser, shared_site: Site, standin: StandIn) -> Attempts:
    """Return the outcome of the other ways, on a page where all may load."""
    ways = BEACONS | UNRELEASED
    return attempts(browser, shared_site, standin, ways, Purpose.TRACKING, Purpose.EMBEDS, awaited=ways)


@pytest.mark.parametrize("way", WAYS)
def test_inserted_script_waits_and_runs_once(scripts: Attempts, way: str) -> None:
    assert scripts.of(way, scripts.before) == []
    assert len(scripts.of(way, scripts.after)) == 1


def test_waiting_scripts_request_and_set_nothing(scripts: Attempts) -> None:
    assert scripts.before == []
    assert scripts.cookies_before == {}
    assert set(scripts.cookies_after) >= TRACKING_COOKIES


@pytest.mark.parametrize("way", BEACONS)
def test_inserted_image_frame_or_hint_waits(beacons: Attempts, way: str) -> None:
    assert beacons.of(way, beacons.before) == []
    assert len(beacons.of(way, beacons.after)) == 1


@pytest.mark.parametrize("way", UNRELEASED)
def test_address_that_is_never_released_waits(beacons: Attempts, way: str) -> None:
    assert beacons.of(way, beacons.before) == []


def test_waiting_beacons_request_nothing(beacons: Attempts) -> None:
    assert beacons.before == []


@pytest.mark.parametrize("way", [*BEACONS, *UNRELEASED])
def test_allowed_purpose_passes_untouched(untouched: Attempts, way: str) -> None:
    assert untouched.of(way, untouched.after)
    assert untouched.blocked == []


def test_blocked_frame_document_shows_after_consent(page: Page, site: Site, standin: StandIn) -> None:
    """A frame whose document loads for two purposes waits for the more demanding one."""
    guarded(site)
    open_page(page)
    calendar = f"<iframe src={CALENDAR} title=y></iframe>"
    run(page, f"{FRAME}tag.srcdoc = '<p>Own</p>{calendar}<img alt src={PIXEL}>'; document.body.append(tag)")
    decide(site, embeds=True)
    page.evaluate("document.cookie = 'choice=1'")
    comes(page, lambda: site.asked.count(DECISION) == 1)
    quiet(page)
    assert asked(standin) == []
    decide(site, embeds=True, tracking=True)
    page.evaluate("document.cookie = 'choice=2'")
    expect(page.frame_locator("iframe[title=x]").locator("p")).to_have_text("Own")
    comes(page, lambda: hosts(standin) == {"meetings.hubspot.com", "track.hubspot.com"})


def test_content_set_by_scripts_stays(page: Page, site: Site) -> None:
    guarded(site)
    site.pages["/own.gif"] = Document(b"GIF89a")
    open_page(page)
    found = page.evaluate(
        """(calendar) => {
            const link = document.createElement("a"), other = document.createElement("a");
            const node = document.createAttribute("href");
            node.value = calendar;
            link.attributes.setNamedItem(node);
            other.setAttribute("href", "#");
            other.attributes.href.value = calendar;
            const frame = document.createElement("iframe");
            frame.srcdoc = `<a class="b" href="${calendar}">x</a>`;
            const picture = document.createElement("p");
            picture.innerHTML = '<img alt="" src="https://static.hsappstatic.net/logo.png">';
            const style = document.createElement("style");
            style.textContent = "p { background: url(/own.gif) }";
            document.body.append(link, other, frame, picture, style);
            return [link, other, frame, picture.firstChild, style].map((each) => each.outerHTML);
        }""",
        CALENDAR,
    )
    assert found == [
        f'<a href="{CALENDAR}"></a>',
        f'<a href="{CALENDAR}"></a>',
        f'<iframe srcdoc="&lt;a class=&quot;b&quot; href=&quot;{CALENDAR}&quot;&gt;x&lt;/a&gt;"></iframe>',
        '<img alt="" src="https://static.hsappstatic.net/logo.png">',
        "<style>p { background: url(/own.gif) }</style>",
    ]


def test_patched_members_return_what_native_ones_do(page: Page, site: Site) -> None:
    guarded(site)
    open_page(page)
    found = page.evaluate(
        """(pixel) => {
            const tag = new Image(), own = document.createElement("p");
            const node = (value) => {
                const made = document.createAttribute("src");
                made.value = value;
                return made;
            };
            const first = node("a");
            const told = [
                tag.setAttributeNode(node(pixel)),
                tag.attributes.setNamedItem(node(pixel)),
                navigator.sendBeacon(pixel, "x"),
                own.setAttributeNode(first),
                own.setAttributeNode(node("b")) === first,
                own.attributes.src.nodeValue + own.attributes.src.textContent,
                own.attributes.setNamedItem(document.createAttribute("id")),
            ];
            const style = document.createElement("style");
            style.textContent = "p {}";
            own.style = "color: red";
            for (const wrong of [() => tag.setAttributeNode(null), () => tag.attributes.setNamedItem({})])
                try {
                    wrong();
                } catch (error) {
                    told.push(error.name);
                }
            return [...told, style.textContent, own.style.cssText];
        }""",
        PIXEL,
    )
    assert found == [None, None, False, None, True, "bb", None, "TypeError", "TypeError", "p {}", "color: red;"]


def test_requested_xml_document_causes_no_error(page: Page, site: Site) -> None:
    guarded(site)
    site.pages["/feed.xml"] = Document(b"<feed/>", {"Content-Type": "text/xml"})
    open_page(page)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    ask = (
        "new Promise((end) => { const request = new XMLHttpRequest(); request.open('GET', '/feed.xml');"
        "request.responseType = 'document'; request.onload = () => end(request.response.documentElement.localName);"
        "request.send() })"
    )
    assert page.evaluate(ask) == "feed"
    quiet(page)
    assert errors == []


def test_blocked_hint_has_no_rel(page: Page, site: Site) -> None:
    """Browsers warn of a hint without an address."""
    guarded(site)
    open_page(page)
    run(page, BEACONS["a hint"])
    link = page.locator("link")
    assert (link.get_attribute("rel"), link.get_attribute("href")) == (None, None)
    decide(site, chat=False, tracking=True, embeds=False)
    page.evaluate("document.cookie = 'choice=1'")
    expect(link).to_have_attribute("rel", "preload")
    expect(link).to_have_attribute("href", LOADER)


@pytest.mark.parametrize("copy", ["document.importNode(t.content, true)", "t.content.cloneNode(true)"])
def test_template_that_is_filled_late_is_blocked(page: Page, site: Site, standin: StandIn, copy: str) -> None:
    guarded(site)
    open_page(page)
    # A frame has setters of its own.
    code = (
        "const frame = document.body.appendChild(document.createElement('iframe'));"
        "const t = document.createElement('template'), s = frame.contentDocument.createElement('script');"
    )
    run(page, f"{code}s.src = '{LOADER}'; t.content.append(s); document.body.append({copy})")
    quiet(page, 300)
    assert asked(standin) == []


@pytest.mark.parametrize("way", ["write", "writeln"])
def test_tag_that_a_script_writes_waits_and_runs_once(page: Page, site: Site, standin: StandIn, way: str) -> None:
    end = "</scr' + 'ipt>"
    written = (
        f'<script>document.{way}(\'<p>Wr\', \'itten <img alt="" src="{PIXEL}"> text\', \'<script id="hs-script-loader"'
        f" src=\"{LOADER}\">{end}<b id=b>mo', 're</b>')</script>"
    )
    guarded(site, before=written)
    open_page(page)
    quiet(page)
    assert asked(standin) == []
    assert cookies(page) == {}
    assert page.locator("p", has_text="Written").inner_text().split() == ["Written", "textmore"]
    decide(site, chat=True, tracking=True, embeds=True)
    page.evaluate("document.cookie = 'choice=1'")
    until(page, "document.cookie.includes('__hstc')")
    comes(page, lambda: "track.hubspot.com" in hosts(standin))
    assert sum(record.host == "js.hs-scripts.com" for record in asked(standin)) == 1


def test_blocked_markup_inserted_later_is_released(page: Page, site: Site, standin: StandIn) -> None:
    guarded(site)
    open_page(page)
    run(page, f"box = document.createElement('div'); box.innerHTML = '<img alt=\"\" src=\"{PIXEL}\">'")
    decide(site, tracking=True)
    page.evaluate("document.cookie = 'choice=1'")
    comes(page, lambda: site.asked.count(DECISION) == 1)
    quiet(page)
    assert asked(standin) == []
    run(page, "document.body.append(box)")
    comes(page, lambda: len(asked(standin)) == 1)


def test_tags_of_others_are_left_alone(page: Page, site: Site) -> None:
    guarded(site)
    site.pages["/own.js"] = Document(b"window.own = 1", {"Content-Type": "text/javascript"})
    site.pages["/own.gif"] = Document(b"GIF89a")
    open_page(page)
    run(
        page,
        "const tag = document.createElement('script'); tag.src = '/own.js'; document.body.append(tag);"
        "new Image().src = '/own.gif'; document.querySelector('h1').innerHTML = '<b id=b>hubspot.com</b>';"
        "const link = document.createElement('a'); link.href = 'https://www.hubspot.com/'; document.body.append(link);"
        "const said = '<a id=a href=https://app.hubspot.com/x>x</a><p id=p lang=\"src=//js.hs-scripts.com\">1 < 2</p>';"
        "document.querySelector('main').insertAdjacentHTML('beforeend', said + '<img alt=\"\" src=\"/own.gif?2\">')",
    )
    until(page, "window.own")
    comes(page, lambda: "/own.gif" in site.asked)
    assert page.evaluate("document.querySelector('#b').textContent") == "hubspot.com"
    assert page.locator("a[href='https://www.hubspot.com/']").count() == 1
    assert page.evaluate("a.href + p.lang + p.textContent") == "https://app.hubspot.com/xsrc=//js.hs-scripts.com1 < 2"
    assert page.locator("[data-consent]").count() == 0


def test_tag_allowed_on_this_page_passes(page: Page, site: Site, standin: StandIn) -> None:
    guarded(site, Purpose.TRACKING, Purpose.CHAT)
    page.goto(URL)
    run(page, WAYS["appendChild"])
    standin.wait_for("js.hs-scripts.com")


def test_tag_that_allowed_loader_brings_passes(page: Page, site: Site, standin: StandIn) -> None:
    """Consent to analytics and marketing allows the full tag of HubSpot, and that loads the chat."""
    guarded(site, Purpose.TRACKING)
    page.goto(URL)
    run(page, WAYS["appendChild"])
    standin.wait_for("js.usemessages.com")
    assert page.locator("[data-consent=chat]").count() == 0


def test_click_brings_only_the_chat_through_the_guard(page: Page, site: Site, standin: StandIn) -> None:
    guarded(site)
    open_page(page)
    run(page, WAYS["appendChild"])
    button(page).click()
    expect_state(page, "ready")
    assert hosts(standin) == CHAT_HOSTS
    assert page.locator("iframe[src]").count() == 1


def test_blocked_script_does_not_pass_for_a_live_one(page: Page, site: Site, standin: StandIn) -> None:
    guarded(site)
    open_page(page)
    run(
        page,
        "const tag = document.createElement('script'); tag.src = 'https://js.usemessages.com/conversations-embed.js';"
        "tag.id = 'hubspot-messages-loader'; document.body.append(tag)",
    )
    quiet(page, 300)
    assert page.evaluate("document.getElementById('hubspot-messages-loader')") is None
    button(page).click()
    expect_state(page, "ready")


def test_own_tag_and_inserted_copy_run_once(page: Page, site: Site, standin: StandIn) -> None:
    own = (
        '<script type="text/x-consent" data-consent="tracking" data-consent-id="hs-script-loader" async '
        f'data-consent-src="{LOADER}"></script>'
    )
    put(site, document(guard=(), before=own, blocked=(LOADER,)))
    open_page(page)
    run(page, WAYS["appendChild"])
    decide(site, chat=True, tracking=True)
    page.evaluate("document.cookie = 'choice=1'")
    until(page, "document.cookie.includes('__hstc')")
    quiet(page)
    assert sum(record.host == "js.hs-scripts.com" for record in asked(standin)) == 1


def test_page_with_guard_but_no_facade_releases(page: Page, site: Site, standin: StandIn) -> None:
    body = document(guard=())
    put(site, body.partition(b"<aside")[0] + b"</body></html>")
    page.goto(URL)
    run(page, WAYS["appendChild"])
    quiet(page, 300)
    assert asked(standin) == []
    decide(site, chat=True, tracking=True)
    page.evaluate("document.cookie = 'choice=1'")
    until(page, "document.cookie.includes('__hstc')")


def alone(site: Site, head: str = "", *, inline: bool = True, body: str = "", before: str = "") -> None:
    """Serve a page with the guard, in which the server has blocked no tag."""
    guard = document(guard=(), inline=inline).partition(b"</style>")[2].partition(b"</head>")[0].decode()
    put(
        site,
        f'<!DOCTYPE html><html lang="en"><head><title>Shop</title>{before}{guard}{head}</head><body><h1>Shop</h1>'
        f"{body}</body></html>".encode(),
    )


class TestGuardWithoutBlockedTags:
    """The guard in a page in which the server has blocked no tag."""

    def test_page_that_inserts_nothing_loads_no_facade(self, page: Page, site: Site) -> None:
        alone(site, "<script>ran = 1</script>")
        page.goto(URL)
        run(page, "document.body.append(document.createElement('script'))")
        quiet(page)
        assert page.evaluate("ran") == 1
        assert [path for path in site.asked if "_consent" in path] == []

    @pytest.mark.parametrize("inline", [True, False])
    def test_script_inserted_while_the_page_loads_waits(
        self, page: Page, site: Site, standin: StandIn, inline: bool
    ) -> None:
        alone(site, f"<script>{WAYS['appendChild'].replace('document.body', 'document.head')}</script>", inline=inline)
        page.goto(URL)
        comes(page, lambda: sum("/_consent/facade." in path for path in site.asked) == 1)
        quiet(page)
        assert asked(standin) == []
        assert cookies(page) == {}
        decide(site, chat=True, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        until(page, "document.cookie.includes('__hstc')")
        assert sum(record.host == "js.hs-scripts.com" for record in asked(standin)) == 1

    def test_guard_blocks_even_if_facade_fails_to_load(self, page: Page, site: Site, standin: StandIn) -> None:
        alone(site, f"<script>{WAYS['appendChild']}</script>")
        for path in [path for path in site.pages if path.startswith("/_consent/")]:
            del site.pages[path]
        page.goto(URL)
        comes(page, lambda: any("/_consent/facade." in path for path in site.asked))
        quiet(page)
        assert asked(standin) == []

    def test_consent_before_facade_loads_is_noticed(self, page: Page, site: Site, standin: StandIn) -> None:
        alone(site)
        page.goto(URL)
        decide(site, chat=True, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        quiet(page)
        assert DECISION not in site.asked
        run(page, WAYS["appendChild"])
        until(page, "document.cookie.includes('__hstc')")

    def test_shared_page_requests_decision_at_once(self, page: Page, site: Site, standin: StandIn) -> None:
        alone(site, f"<script>{WAYS['appendChild']}</script>")
        body = site.pages["/"].body.replace(b" data-guard=", b' data-ask="" data-guard=')
        put(site, body)
        decide(site, chat=True, tracking=True)
        page.goto(URL)
        until(page, "document.cookie.includes('__hstc')")

    def test_blocked_markup_of_a_later_page_is_released(self, page: Page, site: Site, standin: StandIn) -> None:
        """The facade releases a tag that a server had blocked, that a script inserts, and that is allowed by now."""
        alone(site)
        put(site, site.pages["/"].body.replace(b"data-guard='{}'", b"data-guard='{\"tracking\":1}'"))
        page.goto(URL)
        run(page, f'document.body.innerHTML = \'<img alt="" data-consent="tracking" data-consent-src="{PIXEL}">\'')
        comes(page, lambda: any("/_consent/facade." in path for path in site.asked))

    @pytest.mark.parametrize("name", ["open", "core", "refresh"])
    def test_markup_named_like_the_guard_does_no_harm(
        self, page: Page, site: Site, standin: StandIn, name: str
    ) -> None:
        taken = f'<form id="consentMiddleware"><input name="{name}"><input name="waits"></form>'
        body = document(guard=()).decode()
        guard, _, rest = body.partition("</style>")[2].partition("</head>")
        put(site, f"<!DOCTYPE html><html lang=en><head><title>x</title></head><body>{taken}{guard}{rest[6:]}".encode())
        open_page(page)
        run(page, WAYS["appendChild"])
        quiet(page)
        assert asked(standin) == []
        decide(site, chat=True, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        until(page, "document.cookie.includes('__hstc')")

    @pytest.mark.parametrize("blocked", [False, True])
    def test_early_site_calls_run_once_the_script_loads(
        self, page: Page, site: Site, standin: StandIn, blocked: bool
    ) -> None:
        alone(site, "<script>consentMiddleware.refresh()</script>")
        if blocked:
            put(site, document(guard=(), head="<script>consentMiddleware.refresh()</script>"))
        page.goto(URL)
        comes(page, lambda: site.asked.count(DECISION) == 1)
        page.evaluate("document.cookie = 'consent_chat=1'; consentMiddleware.withdraw()")
        comes(page, lambda: site.asked.count("/") == 2)
        assert cookies(page) == {}
        assert asked(standin) == []

    def test_second_guard_does_nothing(self, page: Page, site: Site, standin: StandIn) -> None:
        alone(site)
        source = site.pages["/"].body
        once = b"<script>once = Element.prototype.setAttribute</script>"
        again = source.partition(b"</title>")[2].partition(b"</head>")[0]
        put(site, source.replace(b"</head>", once + again + b"</head>"))
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(error.message))
        page.goto(URL)
        run(page, WAYS["setAttribute"])
        quiet(page)
        assert errors == []
        assert asked(standin) == []
        assert page.locator("[data-consent-by]").count() == 1
        assert page.evaluate("Element.prototype.setAttribute === once && !/native code/.test(once)")

    def test_scripts_of_the_page_see_no_difference(self, page: Page, site: Site) -> None:
        alone(site)
        page.goto(URL)
        found = page.evaluate(
            "Object.keys(window).filter((name) => /consent/i.test(name)).join() + '|' + document.scripts.length"
            " + '|' + new Image().src + '|' + document.createElement('script').src"
        )
        assert found == "consentMiddleware|1||"


class TestContentSecurityPolicy:
    def test_guard_works_under_policy_with_trusted_types(self, page: Page, site: Site, standin: StandIn) -> None:
        policy = (
            "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self' https://api.hubspot.com https://*.hubapi.com"
            " https://*.hscollectedforms.net; require-trusted-types-for 'script';"
            " trusted-types consent-facade site default"
        )
        loose = (
            "<script nonce='abc'>trustedTypes.createPolicy('default', {createScriptURL: (url) => url});"
            "site = trustedTypes.createPolicy('site', {createScriptURL: (url) => url})</script>"
        )
        put(
            site,
            document(guard=(), nonce="abc", head=loose),
            headers={"Content-Security-Policy": policy},
        )
        open_page(page)
        code = MAKE.replace(f"'{LOADER}'", f"site.createScriptURL('{LOADER}')") + "document.head.appendChild(tag)"
        run(page, code)
        quiet(page, 300)
        assert asked(standin) == []
        decide(site, chat=True, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        standin.wait_for("js.hs-scripts.com")

    def test_only_trusted_markup_stays_trusted(self, page: Page, site: Site, standin: StandIn) -> None:
        policy = "require-trusted-types-for 'script'; trusted-types consent-facade site"
        own = "<script>site = trustedTypes.createPolicy('site', {createHTML: (html) => html})</script>"
        put(site, document(guard=(), head=own), headers={"Content-Security-Policy": policy})
        open_page(page)
        picture = f"""'<b id=b>x</b><img alt="" src="{PIXEL}">'"""
        run(page, f"document.querySelector('h1').innerHTML = site.createHTML({picture})")
        assert page.locator("h1 #b").count() == 1
        with pytest.raises(Error, match="TrustedHTML"):
            run(page, f"document.querySelector('main').innerHTML = {picture}")
        quiet(page)
        assert asked(standin) == []
        decide(site, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        comes(page, lambda: len(asked(standin)) == 1)

    def test_markup_admits_no_address_for_other_markup(self, page: Page, site: Site, standin: StandIn) -> None:
        """Both elements are injected: one names an address, the other has our attributes."""
        evil = (
            f'<template><script src="{LOADER}"></script></template>'
            f'<script type="text/x-consent" data-consent="tracking" data-consent-src="{LOADER}"></script>'
        )
        put(
            site,
            document(guard=(), nonce="abc", before=evil),
            headers={"Content-Security-Policy": "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'"},
        )
        open_page(page)
        names = page.evaluate(
            "[...document.querySelector('template').content.firstChild.attributes].map((a) => a.name)"
        )
        assert "data-consent" in names
        assert "data-consent-by" not in names
        decide(site, chat=False, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        comes(page, lambda: DECISION in site.asked)
        quiet(page)
        assert asked(standin) == []

    def test_script_in_markup_without_nonce_never_runs(self, page: Page, site: Site, standin: StandIn) -> None:
        """Injected markup that would not have run must not run because the guard blocked it."""
        put(
            site,
            document(guard=(), nonce="abc"),
            headers={"Content-Security-Policy": "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'"},
        )
        open_page(page)
        run(page, WAYS["a contextual fragment"].replace("document.body", "document.querySelector('h1')"))
        decide(site, chat=False, tracking=True)
        page.evaluate("document.cookie = 'choice=1'")
        comes(page, lambda: DECISION in site.asked)
        quiet(page)
        assert asked(standin) == []
        expect(page.locator("h1 script")).to_have_count(1)
