"""Pages whose own code loads a blocked script or calls it: the code of the page runs, and nothing loads too early."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from consent_middleware import Policy, Texts
from examples.standin import StandIn

from .app import App
from .pages import (
    CHAT_HOSTS,
    TRACKING_COOKIES,
    URL,
    asked,
    button,
    comes,
    cookies,
    expect_state,
    hosts,
    place,
    quiet,
    until,
)
from .site import Document, Site

LOADER = "https://js.hs-scripts.com/12345.js"
INSERT = (
    "var s=document.createElement('script');s.id='hs-script-loader';s.async=true;"
    f"s.src='{LOADER}';document.head.appendChild(s);"
)
MENU = "document.getElementById('menu').onclick=function(){document.body.classList.toggle('open')};"
FORMS = "https://js.hsforms.net/forms/embed/v2.js"
FORM = "portalId:'12345',formId:'a'"
ACCEPT = "document.cookie='consent=functional,analytics,marketing;path=/'"

TAG = f'<script async src="{LOADER}"></script>'
#: How the code of a page creates a form.
FORM_PAGES = {
    "in DOMContentLoaded": f"<div id=f></div><script src='{FORMS}'></script><script>{MENU}"
    f"addEventListener('DOMContentLoaded',function(){{hbspt.forms.create({{{FORM},target:'#f'}})}})</script>",
    "in load, with the library after it": f"<div id=f></div><script>{MENU}"
    f"addEventListener('load',function(){{hbspt.forms.create({{{FORM},target:'#f'}})}})</script>"
    f"<script src='{FORMS}'></script>",
    "after a check": f"<div id=f></div><script src='{FORMS}'></script><script>{MENU}"
    f"if(typeof hbspt!=='undefined'){{hbspt.forms.create({{{FORM},target:'#f'}})}}</script>",
    "in a file": f"<div id=f><p>Loading</p></div><script src='{FORMS}'></script><script>{MENU}</script>"
    "<script src=/js/form.js></script>",
    "at once, with a callback of the site": f"<div id=f></div><script src='{FORMS}'></script><script>{MENU}"
    f"hbspt.forms.create({{{FORM},target:'#f',onFormReady:function(form){{window.mine=form.tagName}}}})</script>",
    "where the script stands": f"<div id=f><script src='{FORMS}'></script><script>{MENU}"
    f"hbspt.forms.create({{{FORM},onFormReady:function(){{}}}})</script></div>",
    "with a library that a script loads": f"<div id=f></div><script src=/js/helpers.js></script><script>{MENU}"
    f"bring('{FORMS}',function(){{heard=(window.heard||0)+1;hbspt.forms.create({{{FORM},target:'#f'}})}})</script>",
    "as a snippet that waits for the page": f"<script>{MENU}</script><div id=f></div><script src='{FORMS}'></script>"
    f"<script>document.addEventListener('DOMContentLoaded',function(){{hbspt.forms.create({{{FORM},target:'#f'}})}})"
    "</script>",
    "as a snippet": f"<script>{MENU}</script><div id=f></div><script src='{FORMS}'></script>"
    f"<script>hbspt.forms.create({{{FORM},target:'#f'}})</script>",
}

#: How a visitor opens the chat with a button or link of the site.
WAYS = {
    "a call": '<button id="own" onclick="HubSpotConversations.widget.open()">Talk</button>',
    "a call that loads it open": '<button id="own" onclick="HubSpotConversations.widget.load({widgetOpen:true})">'
    "Talk</button>",
    "a call on window": '<button id="own" onclick="window.HubSpotConversations?.widget.open()">Talk</button>',
    "a link": '<a id="own" href="#hs-chat-open">Talk</a>',
    "a link around an element": '<a href="/#hs-chat-open"><b id="own">Talk</b></a>',
    "the package's attribute": '<button id="own" data-consent-open>Talk</button>',
    "the package's function": '<button id="own" onclick="consentMiddleware.open()">Talk</button>',
}


@pytest.fixture(scope="module")
def shared_app(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder: Path = tmp_path_factory.mktemp("js")
    (folder / "bundle.js").write_text("window.bundle = 1")
    (folder / "container.js").write_text(INSERT)
    (folder / "form.js").write_text(
        f"function put(){{if(window.hbspt)hbspt.forms.create({{{FORM},target:'#f'}})}}"
        "if(window.hbspt)put();else document.querySelector('script[src*=hsforms]')?.addEventListener('load',put);"
    )
    (folder / "helpers.js").write_text(
        "function bring(u,done){var s=document.createElement('script');s.src=u;s.onload=done;document.body.append(s)}"
    )
    with App(Policy(contact_url="/contact"), {"js": folder}) as app:
        yield app


@pytest.fixture
def app(shared_app: App) -> App:
    shared_app.pages.clear()
    shared_app.headers.clear()
    return shared_app


def show(page: Page, app: App, body: str, head: str = "", address: str = "") -> list[str]:
    """Open a page with this body. Return the list to which its errors are added."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.message))
    app.pages["/"] = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>{head}</head>'
        f'<body><h1>Shop</h1><button id="menu">Menu</button>{body}</body></html>'
    )
    page.goto(app.url + address)
    return errors


def works(page: Page) -> bool:
    """Return whether the page's own menu opens."""
    page.click("#menu")
    return bool(page.evaluate("document.body.classList.contains('open')"))


def loads(standin: StandIn) -> int:
    """Return how often the loader was requested."""
    return sum(record.host == "js.hs-scripts.com" for record in asked(standin))


class TestMixedScripts:
    """A script with code of the site runs, and the tags that it inserts wait."""

    DIALOG = (
        '<div id="d"><button id="yes">Accept</button><button id="no">Decline</button></div><script>'
        f"function load(){{{INSERT}}}"
        "if(document.cookie.indexOf('consent=functional')>=0){d.hidden=true;load()}"
        f"yes.onclick=function(){{{ACCEPT};d.hidden=true;load()}};"
        "no.onclick=function(){document.cookie='consent=necessary;path=/';d.hidden=true}</script>"
    )

    def test_consent_dialog_of_the_site_can_be_accepted(self, page: Page, app: App, standin: StandIn) -> None:
        errors = show(page, app, self.DIALOG)
        quiet(page)
        assert asked(standin) == []
        page.click("#yes")
        expect(page.locator("#d")).to_be_hidden()
        until(page, "document.cookie.includes('__hstc')")
        quiet(page)
        assert loads(standin) == 1
        assert errors == []

    def test_consent_dialog_of_the_site_can_be_declined(self, page: Page, app: App, standin: StandIn) -> None:
        show(page, app, self.DIALOG)
        page.click("#no")
        expect(page.locator("#d")).to_be_hidden()
        quiet(page, 1500)
        assert asked(standin) == []
        assert cookies(page) == {"consent": "necessary"}

    def test_consent_dialog_of_the_site_sees_old_consent(self, page: Page, app: App, standin: StandIn) -> None:
        app.pages["/"] = "<p>x</p>"
        page.goto(app.url)
        page.evaluate(ACCEPT)
        show(page, app, self.DIALOG)
        until(page, "document.cookie.includes('__hstc')")
        quiet(page)
        assert loads(standin) == 1

    def test_loader_in_consent_listener_runs_once(self, page: Page, app: App, standin: StandIn) -> None:
        listener = f"<script>addEventListener('Accepted',function(){{if(Platform.marketing){{{INSERT}}}}})</script>"
        show(page, app, "", listener)
        page.evaluate(f"Platform = {{marketing: true}}; {ACCEPT}; dispatchEvent(new Event('Accepted'))")
        until(page, "document.cookie.includes('__hstc')")
        assert loads(standin) == 1

    @pytest.mark.parametrize(
        "code",
        [
            "document.getElementById('menu').ondblclick=function(){window.open('https://meetings.hubspot.com/anna')};",
            "var LINKS={demo:'https://meetings.hubspot.com/anna',form:'https://share.hsforms.com/1abc'};",
            "document.querySelectorAll('script[src*=\"js.hs-scripts.com\"]').forEach(function(x){x.remove()});",
            "document.getElementById('menu').onblur=function(){location='https://meetings.hubspot.com/anna'};",
            f"function later(){{{INSERT}}}",
        ],
    )
    def test_site_code_with_vendor_address_works(self, page: Page, app: App, standin: StandIn, code: str) -> None:
        errors = show(page, app, f"<script>{code}{MENU}var x=document.createElement('div');</script>")
        quiet(page)
        assert works(page)
        assert errors == []
        assert asked(standin) == []

    def test_helper_function_loads_own_script_at_once(self, page: Page, app: App, standin: StandIn) -> None:
        code = (
            "function add(u,id){var s=document.createElement('script');s.src=u;if(id)s.id=id;document.body.append(s)}"
            f"addEventListener('load',function(){{add('{LOADER}','hs-script-loader');add('/js/bundle.js')}})"
        )
        show(page, app, f"<script>{code}</script>")
        until(page, "window.bundle")
        quiet(page)
        assert asked(standin) == []
        page.evaluate(ACCEPT)
        until(page, "document.cookie.includes('__hstc')")
        assert loads(standin) == 1

    @pytest.mark.parametrize("event", ["load", "DOMContentLoaded"])
    def test_snippet_that_waits_for_the_page_is_blocked(
        self, page: Page, app: App, standin: StandIn, event: str
    ) -> None:
        show(page, app, f"<script>window.addEventListener('{event}',function(){{{INSERT}}})</script>")
        expect_state(page, "idle")
        quiet(page)
        assert asked(standin) == []
        page.evaluate(ACCEPT)
        until(page, "document.cookie.includes('__hstc')")
        assert loads(standin) == 1

    def test_script_that_imports_the_vendor_waits(self, page: Page, app: App, standin: StandIn) -> None:
        show(page, app, f"<script>{MENU}import('{LOADER}')</script>")
        quiet(page)
        assert asked(standin) == []
        assert not works(page)

    def test_request_to_the_vendor_fails(self, page: Page, app: App, standin: StandIn) -> None:
        ask = "fetch('https://track.hubspot.com/__ptq.gif').catch(function(){window.failed=1});"
        show(page, app, f"<script>{MENU}{ask}</script>")
        until(page, "window.failed")
        assert works(page)
        assert asked(standin) == []

    def test_visitor_can_send_a_form_of_the_site(self, page: Page, app: App, standin: StandIn) -> None:
        address = "https://api.hsforms.com/submissions/v3/integration/submit/1/2"
        show(page, app, f"<script>menu.onclick=function(){{fetch('{address}',{{mode:'no-cors'}})}}</script>")
        quiet(page)
        assert asked(standin) == []
        page.click("#menu")
        comes(page, lambda: hosts(standin) == {"api.hsforms.com"})

    @pytest.mark.parametrize(
        "code",
        [
            "new Image().srcset='https://track.hubspot.com/__ptq.gif?1 1x'",
            'window.box=document.createElement("div");box.setHTMLUnsafe(\'<img alt="" src="https://track.hubspot.com/__ptq.gif?2">\')',
            (
                "var f=document.createElement('iframe');f.title='x';document.body.append(f);"
                'f.srcdoc=\'<img alt="" src="https://track.hubspot.com/__ptq.gif?3">\''
            ),
        ],
    )
    def test_picture_added_by_mixed_script_waits(self, page: Page, app: App, standin: StandIn, code: str) -> None:
        show(page, app, f"<script>{MENU}onload=function(){{{code}}}</script>")
        quiet(page)
        assert asked(standin) == []


class TestInsertedChat:
    """A chat whose tag a script inserts has a button, too."""

    @pytest.mark.parametrize(
        "make",
        [
            INSERT,
            f"var s=document.createElement('script');s.setAttribute('src','{LOADER}');document.body.append(s);",
            "var s=document.createElement('script');s.src='//js-eu1.hs-scripts.com/12345.js';document.body.append(s);",
            (
                "var s=document.createElement('script');s.src='https://js.hs-analytics.net/analytics/1/12345.js';"
                "document.body.append(s);"
            ),
            (
                "var s=document.createElement('script');s.src='https://js.usemessages.com/conversations-embed.js';"
                "s.setAttribute('data-hsjs-portal','12345');document.body.append(s);"
            ),
        ],
    )
    def test_click_loads_only_the_inserted_chat(self, page: Page, app: App, standin: StandIn, make: str) -> None:
        errors = show(page, app, f"<script>{MENU}{make}</script>")
        expect_state(page, "idle")
        assert asked(standin) == []
        expect(button(page)).to_have_accessible_name("Chat with us")
        button(page).click()
        expect_state(page, "ready")
        region = "-eu1" if "eu1" in make else ""
        assert hosts(standin) == {host.replace(".", region + ".", 1) for host in CHAT_HOSTS}
        assert TRACKING_COOKIES.isdisjoint(cookies(page))
        assert errors == []

    def test_functional_consent_loads_inserted_chat(self, page: Page, app: App, standin: StandIn) -> None:
        show(page, app, f"<script>{MENU}{INSERT}</script>")
        expect_state(page, "idle")
        page.evaluate("document.cookie='consent=functional;path=/'")
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS

    def test_full_consent_loads_inserted_tag_once(self, page: Page, app: App, standin: StandIn) -> None:
        show(page, app, f"<script>{MENU}{INSERT}</script>")
        expect_state(page, "idle")
        page.evaluate(ACCEPT)
        until(page, "document.cookie.includes('__hstc')")
        standin.wait_for("js.usemessages.com")
        quiet(page)
        assert loads(standin) == 1
        assert sum(record.host == "js.usemessages.com" for record in asked(standin)) == 1

    @pytest.mark.parametrize(
        "make",
        [
            "var s=document.createElement('script');s.src='//js.hs-scripts.com/0.js';document.body.append(s);",
            "var s=document.createElement('script');s.src='//js.hs-banner.com/12345.js';document.body.append(s);",
            f"var s=document.createElement('script');s.src='{LOADER}';window.kept=s;",
            (
                "var t=document.createElement('template'),d=t.content.ownerDocument,s=d.createElement('script');"
                f"var a=d.createAttribute('src');a.value='{LOADER}';s.setAttributeNode(a);t.content.append(s);"
                "document.body.append(document.importNode(t.content,true));"
            ),
            (
                "document.getElementById('menu').insertAdjacentHTML('afterend',"
                f"'<script src=\"{LOADER}\"></scr'+'ipt>');new Image().src='https://track.hubspot.com/__ptq.gif';"
            ),
            # A browser runs no script of a document that was requested.
            (
                f"var b=new Blob(['<body><script src=\"{LOADER}\"></scr'+'ipt>'],{{type:'text/html'}}),"
                "x=new XMLHttpRequest();x.open('GET',URL.createObjectURL(b));x.responseType='document';"
                "x.onload=function(){document.body.append(x.response.body.firstChild)};x.send();"
            ),
        ],
    )
    def test_no_button_without_a_chat(self, page: Page, app: App, make: str) -> None:
        errors = show(page, app, f"<script>{MENU}{make}</script>")
        until(page, "window.consentMiddleware?.core?.adopt")
        quiet(page)
        expect(place(page)).to_have_count(0)
        assert errors == []

    def test_other_accounts_get_no_facade(self, page: Page, standin: StandIn) -> None:
        with App(Policy(contact_url="/c", chat_accounts=["12345"]), {}) as app:
            show(page, app, f"<script>{MENU}{INSERT.replace('12345', '666')}</script>")
            until(page, "window.consentMiddleware?.core?.adopt")
            quiet(page)
            expect(place(page)).to_have_count(0)
            show(page, app, f"<script>{MENU}{INSERT}</script>")
            expect_state(page, "idle")
        assert asked(standin) == []

    @pytest.mark.parametrize("where", [{"chat_pages": ["/help"]}, {"chat_when": lambda *_: False}])
    def test_page_that_offers_no_chat_shows_no_facade(self, page: Page, where: dict[str, Any]) -> None:
        with App(Policy(contact_url="/c", **where), {}) as app:
            errors = show(page, app, f"<script>{MENU}{INSERT}</script>")
            until(page, "window.consentMiddleware?.core?.adopt")
            quiet(page)
            expect(place(page)).to_be_hidden()
        assert errors == []

    def test_chat_allowed_from_before_loads(self, page: Page, app: App, standin: StandIn) -> None:
        app.pages["/"] = "<p>x</p>"
        page.goto(app.url)
        page.evaluate("document.cookie='consent=functional;path=/'")
        show(page, app, f"<script>{MENU}{INSERT}</script>")
        expect_state(page, "ready")
        assert hosts(standin) == CHAT_HOSTS

    def test_nonce_is_not_lent_to_inserted_script(self, page: Page, app: App, standin: StandIn) -> None:
        """The policy of the page decides by address about a script that is inserted without the nonce."""
        app.headers["Content-Security-Policy"] = "script-src 'nonce-n1' https://js.hs-scripts.com; connect-src *"
        show(page, app, f'<script nonce="n1">{INSERT}{MENU}</script>')
        expect_state(page, "idle")
        button(page).click()
        expect_state(page, "failed")
        assert asked(standin) == []

    def test_tag_in_the_page_wins_over_inserted_tag(self, page: Page, app: App) -> None:
        own = f'<script async src="{LOADER}"></script>'
        show(page, app, own + f"<script>{MENU}{INSERT.replace('12345', '777')}</script>")
        expect_state(page, "idle")
        quiet(page)
        expect(place(page)).to_have_count(1)
        button(page).click()
        expect_state(page, "ready")
        assert page.get_attribute("#hubspot-messages-loader", "data-hsjs-portal") == "12345"


#: A copy of a tag manager on the host of the site, as the guides of its vendors describe it.
CONTAINERS = {
    "Google's snippet": "(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':Date.now(),event:'gtm.js'});"
    "var f=d.getElementsByTagName(s)[0],j=d.createElement(s);j.async=true;j.src='/js/container.js?id='+i;"
    "f.parentNode.insertBefore(j,f)})(window,document,'script','dataLayer','GTM-X');",
    "Matomo's snippet": "var _mtm=window._mtm=window._mtm||[];_mtm.push({event:'mtm.Start'});(function(){"
    "var d=document,g=d.createElement('script'),s=d.getElementsByTagName('script')[0];"
    "g.async=true;g.src='/js/container.js';s.parentNode.insertBefore(g,s)})();",
    "a bundle that is preloaded": "import('/js/container.js');",
    "a timer": "setTimeout(function(){document.body.append(Object.assign(document.createElement('script'),"
    "{src:'/js/container.js'}))},100);",
}


class TestInsertedEmbeds:
    """A frame that a script inserts has a placeholder, too."""

    @pytest.mark.parametrize(
        "make",
        [
            "d.innerHTML='<iframe title=x src=https://meetings.hubspot.com/ann width=300 height=200></iframe>';",
            "var f=document.createElement('iframe');f.title='x';f.src='https://meetings.hubspot.com/ann';d.append(f);",
        ],
    )
    def test_click_brings_the_frame(self, page: Page, app: App, standin: StandIn, make: str) -> None:
        show(page, app, f"<div id=d></div><script>{MENU}var d=document.getElementById('d');{make}</script>")
        shown = page.get_by_role("button", name="Show the calendar")
        expect(shown).to_be_visible()
        expect(page.locator("iframe")).to_be_hidden()
        quiet(page)
        assert asked(standin) == []
        shown.click()
        expect(page.frame_locator("iframe").get_by_text("A page of the stand-in")).to_be_visible()
        assert hosts(standin) == {"meetings.hubspot.com"}


class TestShadowRoots:
    @pytest.mark.parametrize("mode", ["open", "closed"])
    def test_markup_in_shadow_root_is_released(self, page: Page, app: App, standin: StandIn, mode: str) -> None:
        frame = '<iframe title="x" src="https://meetings.hubspot.com/ann"></iframe>'
        make = f"document.getElementById('d').attachShadow({{mode:'{mode}'}}).innerHTML='{frame}';"
        show(page, app, f"<div id=d></div><script>{MENU}{make}</script>")
        until(page, "window.consentMiddleware?.core?.adopt")
        quiet(page)
        assert asked(standin) == []
        page.evaluate(ACCEPT)
        comes(page, lambda: "meetings.hubspot.com" in hosts(standin))


class TestProxiedOrigins:
    """Tags of origins that replace HubSpot's hosts (`proxied`) wait as those of HubSpot do."""

    def test_tag_of_proxied_origin_waits_with_a_button(self, page: Page) -> None:
        with StandIn(https=False) as local, App(Policy(contact_url="/c", proxied=local.origins), {}) as app:
            loader = local.origins["js.hs-scripts.com"] + "/12345.js"
            show(page, app, f"<script>{MENU}{INSERT.replace(LOADER, loader)}</script>")
            expect_state(page, "idle")
            quiet(page)
            assert asked(local) == []
            button(page).click()
            expect_state(page, "ready")
            assert hosts(local) == CHAT_HOSTS
            page.evaluate(ACCEPT)
            until(page, "document.cookie.includes('__hstc')")
            assert loads(local) == 1


class TestContainers:
    """Tags that a container on the host of the site inserts wait, whatever the address of the container."""

    @pytest.mark.parametrize("way", CONTAINERS)
    def test_tag_from_container_of_the_site_waits(self, page: Page, app: App, standin: StandIn, way: str) -> None:
        head = '<link rel="preload" as="script" href="/js/container.js">' if "preloaded" in way else ""
        errors = show(page, app, f"<script>{CONTAINERS[way]}{MENU}</script>", head)
        expect_state(page, "idle")
        quiet(page)
        assert asked(standin) == []
        assert works(page)
        page.evaluate(ACCEPT)
        until(page, "document.cookie.includes('__hstc')")
        quiet(page)
        assert loads(standin) == 1
        assert errors == []

    @pytest.mark.parametrize("mark", ["onload", "onclick"])
    def test_loader_in_event_handler_attribute_waits(self, page: Page, app: App, standin: StandIn, mark: str) -> None:
        """The page has no script except an event handler."""
        app.pages["/"] = f'<!DOCTYPE html><title>Shop</title><body {mark}="{INSERT}"><p id="p">x</p></body>'
        page.goto(app.url)
        page.click("#p")
        expect_state(page, "idle")
        quiet(page)
        assert asked(standin) == []


class TestBlockedByServer:
    def test_tag_given_its_address_again_runs_once(self, page: Page, app: App, standin: StandIn) -> None:
        """Hydration and lazy loaders set the address again."""
        tag = f'<script async id="hs-script-loader" src="{LOADER}"></script>'
        find = "document.querySelector('script[data-consent]')"
        show(page, app, f"{tag}<script>{MENU}{find}.src='{LOADER}'</script>")
        expect_state(page, "idle")
        assert asked(standin) == []
        page.evaluate(ACCEPT)
        until(page, "document.cookie.includes('__hstc')")
        page.evaluate(f"document.querySelector('script[src*=hs-scripts]').src = '{LOADER}'")
        quiet(page)
        assert loads(standin) == 1


class TestForms:
    """A call that creates a form gets a placeholder, and runs once the visitor clicks it."""

    @pytest.mark.parametrize("way", FORM_PAGES)
    def test_click_makes_the_form(self, page: Page, app: App, standin: StandIn, way: str) -> None:
        errors = show(page, app, FORM_PAGES[way])
        shown = page.locator("#f").get_by_role("button", name="Show the form")
        expect(shown).to_be_visible()
        quiet(page)
        assert asked(standin) == []
        assert works(page)
        shown.click()
        expect(page.locator("#f form")).to_be_visible()
        quiet(page)
        expect(page.locator("form")).to_have_count(1)
        expect(shown).to_have_count(0)
        assert page.evaluate("window.heard ?? 1") == 1
        assert errors == []

    @pytest.mark.parametrize("way", FORM_PAGES)
    def test_consent_makes_the_form(self, page: Page, app: App, way: str) -> None:
        errors = show(page, app, FORM_PAGES[way])
        expect(page.locator("#f").get_by_role("button", name="Show the form")).to_be_visible()
        page.evaluate(ACCEPT)
        expect(page.locator("#f form")).to_be_visible()
        quiet(page)
        expect(page.locator("form")).to_have_count(1)
        assert errors == []

    def test_page_without_library_gets_no_stand_in(self, page: Page, app: App) -> None:
        show(page, app, f"<script>{MENU}{INSERT}</script>")
        expect_state(page, "idle")
        assert page.evaluate("typeof hbspt + typeof HubSpotConversations") == "undefinedfunction"

    def test_slow_library_makes_its_form(self, page: Page, app: App) -> None:
        """The library loads long after the release has stopped waiting for it."""
        errors = show(page, app, FORM_PAGES["in DOMContentLoaded"])
        expect(page.locator("#f").get_by_role("button")).to_be_visible()
        waiting: list[Route] = []
        page.route("**/forms/embed/v2.js", lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright marks it
        page.evaluate(ACCEPT)
        comes(page, lambda: bool(waiting))
        page.wait_for_timeout(5_500)
        waiting[0].continue_()
        expect(page.locator("#f form")).to_be_visible()
        assert errors == []

    def test_queue_of_calls_exists_before_the_library(self, page: Page, app: App) -> None:
        show(page, app, f"<script>{MENU}{INSERT}</script>")
        expect_state(page, "idle")
        assert page.evaluate("[_hsq, _hsp, hsConversationsOnReady].every(Array.isArray)")
        page.evaluate("_hsq.push(() => window.heard = 1)")
        page.evaluate(ACCEPT)
        until(page, "window.heard")

    def test_form_that_never_appears_is_a_failure(self, page: Page, app: App) -> None:
        show(page, app, f"<div class=hs-form-frame id=f></div><script>{MENU}</script><script src='{FORMS}'></script>")
        shown = page.locator("#f").get_by_role("button", name="Show the form")
        shown.click()
        expect(page.locator("#f > div")).to_have_attribute("data-state", "failed")

    @pytest.mark.parametrize(
        "choice",
        [
            {"texts": Texts(forms="", meetings="", calls_to_action="", video="")},
            {"click_after_refusal": False},
        ],
    )
    def test_embeds_may_wait_without_placeholder(self, page: Page, standin: StandIn, choice: dict[str, Any]) -> None:
        with App(Policy(contact_url="/c", **choice), {}) as app:
            page.context.add_cookies([{"name": "consent", "value": "necessary", "url": app.url}])
            show(
                page,
                app,
                f"<div id=f></div><script src='{FORMS}'></script><script>{MENU}"
                f"hbspt.forms.create({{{FORM},target:'#f'}})</script>",
            )
            until(page, "window.consentMiddleware?.core?.adopt")
            quiet(page)
            expect(page.locator("#f > *")).to_have_count(0)
        assert asked(standin) == []

    def test_click_on_form_makes_no_calendar(self, page: Page, app: App) -> None:
        """A click on the placeholder of a form does not load the calendar."""
        meetings = "https://static.hsappstatic.net/MeetingsEmbed/ex/MeetingsEmbedCode.js"
        calendar = '<div class="c" data-src="https://meetings.hubspot.com/ann"></div>'
        errors = show(
            page,
            app,
            f"<div id=f></div>{calendar}<script src='{FORMS}'></script><script src='{meetings}'></script>"
            f"<script>{MENU}hbspt.forms.create({{{FORM},target:'#f'}});hbspt.meetings.create('.c')</script>",
        )
        page.locator("#f").get_by_role("button").click()
        expect(page.locator("#f form")).to_be_visible()
        expect(page.locator(".c iframe")).to_have_count(0)
        page.locator(".c").get_by_role("button", name="Show the calendar").click()
        expect(page.locator(".c iframe")).to_have_count(1)
        assert errors == []

    def test_property_the_site_adds_to_stand_in_stays(self, page: Page, app: App) -> None:
        show(
            page,
            app,
            f"<div id=f></div><script src='{FORMS}'></script><script>{MENU}window.hbspt=window.hbspt||{{}};"
            f"hbspt.own=7;hbspt.forms.create({{{FORM},target:'#f'}})</script>",
        )
        assert page.evaluate("hbspt.own") == 7
        page.locator("#f").get_by_role("button").click()
        expect(page.locator("#f form")).to_be_visible()
        assert page.evaluate("hbspt.own") == 7


class TestOpeningTheChat:
    """Links and buttons of the site open the chat: each counts as the visitor's click."""

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("tag", [TAG, f"<script>{INSERT}var site=1</script>"])
    def test_site_button_or_link_opens_the_chat(
        self, page: Page, app: App, standin: StandIn, way: str, tag: str
    ) -> None:
        errors = show(page, app, WAYS[way] + tag)
        expect_state(page, "idle")
        page.click("#own")
        expect_state(page, "ready")
        expect(page.locator("html.hs-messages-widget-open")).to_have_count(1)
        assert hosts(standin) == CHAT_HOSTS
        page.click("#menu")
        page.evaluate("HubSpotConversations.widget.close()")
        expect(page.locator("html.hs-messages-widget-open")).to_have_count(0)
        page.click("#own")
        # HubSpot's links open the chat only when the address changes, and its `load` loads once.
        if "link" not in way and "load" not in way:
            expect(page.locator("html.hs-messages-widget-open")).to_have_count(1)
        assert errors == []

    def test_chat_address_without_click_requests_nothing(self, page: Page, app: App, standin: StandIn) -> None:
        show(page, app, TAG, address="#hs-chat-open")
        expect_state(page, "idle")
        quiet(page)
        assert asked(standin) == []

    @pytest.mark.parametrize(
        "call",
        [
            "HubSpotConversations.widget.open()",
            "HubSpotConversations.widget.load({widgetOpen: true})",
            "HubSpotConversations.widget.load()",
            "consentMiddleware.open()",
            "document.querySelector('#own').click()",
        ],
    )
    def test_call_without_a_visitor_waits(self, page: Page, app: App, standin: StandIn, call: str) -> None:
        # An evaluation by the test counts as an action of the visitor, so the page makes the call.
        code = f"<script>document.addEventListener('consent:chat-idle',function(){{{call};window.called=1}})</script>"
        show(page, app, '<button id="own" data-consent-open>Talk</button>' + code + TAG)
        until(page, "window.called")
        quiet(page)
        assert asked(standin) == []
        expect_state(page, "idle")

    @pytest.mark.parametrize("clicks", [True, False])
    @pytest.mark.parametrize("call", ["HubSpotConversations.widget.open()", "consentMiddleware.open()"])
    def test_call_before_our_script_needs_a_click(
        self, page: Page, app: App, standin: StandIn, call: str, clicks: bool
    ) -> None:
        """The call opens the chat if a click made it; a click on something else does not count."""
        waiting: list[Route] = []
        page.route("**/_consent/facade.*", lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright marks it
        early = "" if clicks else f"addEventListener('DOMContentLoaded',function(){{{call};early=1}})"
        code = f"<script>{MENU}{early}</script>"
        own = f'<button id="own" onclick="{call if clicks else "0"};called=window.early??1">Talk</button>'
        app.pages["/"] = (
            f"<!DOCTYPE html><title>Shop</title><b id=menu></b>{own}<script src='{FORMS}'></script>{code}{TAG}"
        )
        page.goto(app.url, wait_until="commit")
        comes(page, lambda: bool(waiting))
        if not clicks:
            until(page, "window.early")
        page.click("#own")
        until(page, "window.called")
        waiting[0].continue_()
        expect_state(page, "ready" if clicks else "idle")
        quiet(page)
        assert hosts(standin) == (CHAT_HOSTS if clicks else set())

    def test_listener_is_called_by_the_clicked_chat(self, page: Page, app: App) -> None:
        show(page, app, TAG)
        expect_state(page, "idle")
        page.evaluate("HubSpotConversations.on('widgetLoaded', (event) => window.heard = event)")
        assert page.evaluate("HubSpotConversations.widget.status()") == {"loaded": False, "pending": False}
        button(page).click()
        until(page, "window.heard")

    def test_listener_is_called_by_the_released_chat(self, page: Page, app: App) -> None:
        show(page, app, TAG)
        expect_state(page, "idle")
        page.evaluate("HubSpotConversations.on('widgetLoaded', (event) => window.heard = event)")
        page.evaluate(ACCEPT)
        until(page, "window.heard")

    def test_link_in_a_foreign_frame_opens_a_tab(self, page: Page, app: App, site: Site, standin: StandIn) -> None:
        show(page, app, WAYS["a link"] + TAG)
        site.pages["/"] = Document(
            f'<!DOCTYPE html><title>x</title><iframe title="x" src="{app.url}"></iframe>'.encode()
        )
        page.goto(URL)
        own = page.frame_locator("iframe").locator("#own")
        expect(page.frame_locator("iframe").locator("[data-consent-facade]")).to_have_attribute("data-state", "idle")
        with page.context.expect_page():
            own.click()
        assert asked(standin) == []
