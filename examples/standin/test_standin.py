"""Tests of the stand-in over HTTP, and of its scripts in a real browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from examples.standin import PRODUCTS, BannerPolicy, Fault, Portal, Record, StandIn, split_region
from examples.standin.hosts import in_region, is_hubspot
from tests.quiet import comes, quiet, settled, watch

pytestmark = pytest.mark.servers


class Reply(NamedTuple):
    status: int
    headers: Message
    body: str


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(https=False) as standin:
        yield standin


def get(standin: StandIn, host: str, path: str, **headers: str) -> Reply:
    """Ask the plain HTTP port for a host."""
    address = f"http://127.0.0.1:{standin.http_port}{path}"
    return fetch(urllib.request.Request(address, headers={"Host": host, **headers}))


def fetch(request: urllib.request.Request) -> Reply:
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return Reply(response.status, response.headers, response.read().decode("latin-1"))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read().decode("latin-1"))


@pytest.mark.parametrize(
    ("host", "base", "hublet"),
    [
        pytest.param("js.hs-scripts.com", "js.hs-scripts.com", "na1", id="a name without a region is na1"),
        pytest.param("js-eu1.hs-scripts.com", "js.hs-scripts.com", "eu1", id="the region is a suffix of the label"),
        pytest.param("JS-NA1.hs-scripts.com", "js.hs-scripts.com", "na1", id="na1 may be written out, in any case"),
        pytest.param("metrics-fe-eu1.hubspot.com", "metrics-fe.hubspot.com", "eu1", id="a label may have hyphens"),
        pytest.param("js.hs-analytics.net", "js.hs-analytics.net", "na1", id="a hyphen in the domain is no region"),
        pytest.param("no-cache.hubspot.com", "no-cache.hubspot.com", "na1", id="a hyphen in the label is no region"),
    ],
)
def test_split_region_finds_the_region(host: str, base: str, hublet: str) -> None:
    assert split_region(host) == (base, hublet)


def test_in_region_adds_the_region() -> None:
    assert in_region("api.hubspot.com", "eu1") == "api-eu1.hubspot.com"
    assert in_region("api.hubspot.com", "na1") == "api.hubspot.com"
    assert in_region("static.hsappstatic.net", "eu1") == "static.hsappstatic.net"


def test_is_hubspot_knows_names_by_their_domain() -> None:
    assert is_hubspot("js.hs-scripts.com")
    assert is_hubspot("hubspot.com")
    assert not is_hubspot("nothubspot.com")
    assert not is_hubspot("hubspot.com.example")


def test_loader_inserts_products_with_attributes(standin: StandIn) -> None:
    body = get(standin, "js.hs-scripts.com", "/4711.js").body
    assert body.startswith("// ")
    assert '("hs-analytics", "https://js.hs-analytics.net/analytics/1700000000000/4711.js", {})' in body
    for part in ("cookieBanner-4711", "CollectedForms-4711", "hs-ads-pixel-4711", '"hubspot-messages-loader"'):
        assert part in body
    assert "LeadFlows" not in body
    chat = body[body.index('("hubspot-messages-loader"') :]
    assert '"https://js.usemessages.com/conversations-embed.js"' in chat
    attributes = json.loads(chat[chat.index("{") : chat.index("}") + 1])
    assert attributes == {
        "data-loader": "hs-scriptloader",
        "data-hsjs-portal": "4711",
        "data-hsjs-env": "prod",
        "data-hsjs-hublet": "na1",
    }


def test_portal_without_chatflow_has_no_chat(standin: StandIn) -> None:
    standin.portals[5] = Portal(products=tuple(product for product in PRODUCTS if product != "chat"))
    assert "hubspot-messages-loader" not in get(standin, "js.hs-scripts.com", "/5.js").body
    assert get(standin, "api.hubspot.com", "/livechat-public/v1/message/public?portalId=5").status == 204
    assert get(standin, "api.hubspot.com", "/livechat-public/v1/message/public?portalId=6").status == 200


def test_portal_with_rare_products_has_them_alone(standin: StandIn) -> None:
    standin.portals[5] = Portal(products=("leadflows", "interactives", "feedback"))
    body = get(standin, "js.hs-scripts.com", "/5.js").body
    for part in ("LeadFlows-5", "hubspot-web-interactives-loader", "hs-feedback-web-5"):
        assert part in body
    assert "hs-analytics" not in body


def test_regional_loader_keeps_the_region(standin: StandIn) -> None:
    body = get(standin, "js-eu1.hs-scripts.com", "/1.js").body
    assert "https://js-eu1.usemessages.com/conversations-embed.js" in body
    assert '"data-hsjs-hublet": "eu1"' in body
    assert "https://js.usemessages.com" not in body


def test_loader_has_a_second_address(standin: StandIn) -> None:
    first = get(standin, "js.hs-scripts.com", "/1.js")
    assert get(standin, "api.hubapi.com", "/scriptloader/v1/1.js").body == first.body


def test_local_origin_leads_to_local_origins_only(standin: StandIn) -> None:
    loader = standin.origin("js.hs-scripts.com")
    assert loader == standin.origin("js.hs-scripts.com")
    assert loader != standin.origin("js.usemessages.com")
    body = fetch(urllib.request.Request(f"{loader}/1.js")).body
    assert standin.origin("js.usemessages.com") + "/conversations-embed.js" in body
    assert "https://" not in body
    chat = fetch(urllib.request.Request(standin.origin("js.usemessages.com") + "/conversations-embed.js")).body
    assert f'"api.hubspot.com": "{standin.origin("api.hubspot.com")}"' in chat
    assert all(record.local for record in standin.requests)


def test_local_origin_of_a_region_keeps_the_region(standin: StandIn) -> None:
    body = fetch(urllib.request.Request(standin.origin("js-eu1.hs-scripts.com") + "/1.js")).body
    assert standin.origin("js-eu1.usemessages.com") + "/conversations-embed.js" in body


def test_log_has_the_page_and_the_cookie_names(standin: StandIn) -> None:
    get(standin, "js.hs-scripts.com", "/1.js?x=1", Referer="http://shop.example/", Cookie="a=1; __hstc=2")
    get(standin, "app.hubspot.com", "/other?url=http%3A%2F%2Fshop.example%2Fa", Referer="http://127.0.0.1:1/")
    first, second = standin.requests
    assert (first.method, first.host, first.path, first.query) == ("GET", "js.hs-scripts.com", "/1.js", "x=1")
    assert first.url == "http://js.hs-scripts.com/1.js?x=1"
    assert first.cookies == ("a", "__hstc")
    assert first.page == second.page == "http://shop.example"
    standin.clear()
    assert standin.requests == []
    get(standin, "js.hs-scripts.com", "/1.js")
    assert standin.requests[0].number == 3
    assert standin.requests[0].page == ""


def test_on_request_gets_every_record() -> None:
    records: list[Record] = []
    with StandIn(https=False, on_request=records.append) as standin:
        get(standin, "track.hubspot.com", "/__ptq.gif")
        assert records == standin.requests


def test_other_host_is_answered_but_not_logged(standin: StandIn) -> None:
    reply = get(standin, "127.0.0.1", "/")
    assert "stand-in" in reply.body
    assert standin.requests == []


def test_wait_for_returns_the_request_or_times_out(standin: StandIn) -> None:
    timer = threading.Timer(0.05, get, (standin, "js.usemessages.com", "/conversations-embed.js"))
    timer.start()
    assert standin.wait_for("js.usemessages.com").path == "/conversations-embed.js"
    timer.join()
    with pytest.raises(TimeoutError, match=r"seen: js\.usemessages\.com/conversations-embed\.js"):
        standin.wait_for("track.hubspot.com", seconds=0)


@pytest.mark.parametrize("fault", ["204", "404", "500"])
def test_status_fault_is_answered(standin: StandIn, fault: Fault) -> None:
    standin.faults["*.usemessages.com"] = fault
    assert get(standin, "js.usemessages.com", "/conversations-embed.js").status == int(fault)
    assert get(standin, "js.hs-scripts.com", "/1.js").status == 200
    assert [record.fault for record in standin.requests] == [fault, None]


def test_refusing_host_cuts_the_connection(standin: StandIn) -> None:
    standin.faults["api.hubspot.com"] = "refuse"
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        get(standin, "api.hubspot.com", "/x")
    assert standin.requests[0].fault == "refuse"


def test_hanging_host_sends_nothing_until_the_end() -> None:
    with StandIn(https=False) as standin:
        standin.faults["api.hubspot.com"] = "hang"
        connection = socket.create_connection(("127.0.0.1", standin.http_port), timeout=60)
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: api.hubspot.com\r\n\r\n")
        standin.wait_for("api.hubspot.com")
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)
        connection.setblocking(True)
    with connection, contextlib.suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def test_settle_waits_for_requests_and_cuts_hung_ones() -> None:
    with StandIn(https=False) as standin, contextlib.ExitStack() as opened:
        waiting = []
        for number in range(30):
            connection = socket.create_connection(("127.0.0.1", standin.http_port), timeout=60)
            waiting.append(opened.enter_context(connection))
            connection.sendall(f"GET /{number}.js HTTP/1.1\r\nHost: js.hs-scripts.com\r\n\r\n".encode())
        standin.settle()
        assert len(standin.requests) == 30
        assert all(connection.recv(8) == b"HTTP/1.1" for connection in waiting)

        silent = opened.enter_context(socket.create_connection(("127.0.0.1", standin.http_port), timeout=60))
        standin.settle(0.1)
        assert silent.recv(1) == b""


def test_preflight_is_allowed_for_any_page(standin: StandIn) -> None:
    address = f"http://127.0.0.1:{standin.http_port}/livechat-public/v1/message/public?portalId=1"
    reply = fetch(urllib.request.Request(address, method="OPTIONS", headers={"Host": "api.hubspot.com"}))
    assert reply.status == 204
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "x-hubspot-messages-uri" in reply.headers["Access-Control-Allow-Headers"].lower()


def test_bootstrap_call_without_portal_is_an_error(standin: StandIn) -> None:
    assert get(standin, "api.hubspot.com", "/livechat-public/v1/message/public?portalId=NaN").status == 400


def test_unknown_path_is_not_found_but_logged(standin: StandIn) -> None:
    assert get(standin, "app.hubspot.com", "/nothing").status == 404
    assert len(standin.requests) == 1


def test_https_port_accepts_plain_http_too() -> None:
    with StandIn() as standin:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        secure = http.client.HTTPSConnection("127.0.0.1", standin.https_port, context=context)
        plain = http.client.HTTPConnection("127.0.0.1", standin.https_port)
        for connection in (secure, plain):
            connection.request("GET", "/1.js", headers={"Host": "js.hs-scripts.com"})
            with connection.getresponse() as response:
                assert response.status == 200
            connection.close()
        assert [record.scheme for record in standin.requests] == ["https", "http"]


def test_close_frees_every_port() -> None:
    with StandIn() as standin:
        ports = [standin.http_port, standin.https_port]
        ports += [int(origin.rpartition(":")[2]) for origin in standin.origins.values()]
        # A connection that a browser opens in advance and never uses.
        spare = socket.create_connection(("127.0.0.1", standin.http_port))
    spare.close()
    for port in ports:
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", port))
    with pytest.raises(RuntimeError, match="ended"):
        standin.origin("js.hs-scripts.com")


# ---- in a browser

LOADER = '<script id="hs-script-loader" async defer src="//js.hs-scripts.com/4711.js"></script>'
CHAT = (
    '<script id="hubspot-messages-loader" src="//js.usemessages.com/conversations-embed.js" async {}'
    ' data-loader="hs-scriptloader" data-hsjs-portal="4711" data-hsjs-hublet="na1"></script>'
)
ENV = 'data-hsjs-env="prod"'


class Site:
    """A page at http://www.shop.test/ that a test writes, in a browser that takes the stand-in for HubSpot."""

    def __init__(self, context: BrowserContext, standin: StandIn, bodies: dict[str, str]) -> None:
        self.context = context
        self.standin = standin
        self._bodies = bodies
        self.errors: list[str] = []

    def visit(self, body: str, *, at: str = "/") -> Page:
        self._bodies["/"] = body
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(error.message))
        page.goto(f"http://www.shop.test{at}")
        return page

    def cookies(self) -> dict[str, dict[str, object]]:
        for page in self.context.pages:
            settled(page)
        return {cookie.get("name", ""): dict(cookie) for cookie in self.context.cookies()}


class Shared(NamedTuple):
    """The browser and the servers that the browser tests share."""

    browser: Browser
    standin: StandIn
    bodies: dict[str, str]


@pytest.fixture(scope="module")
def shared(start_chromium: Callable[..., Browser]) -> Iterator[Shared]:
    bodies: dict[str, str] = {}

    class Page_(BaseHTTPRequestHandler):  # noqa: N801 - Page is Playwright's
        def do_GET(self) -> None:
            known = bodies.get(self.path.partition("?")[0])
            body = ("<!DOCTYPE html><title>Shop</title><body>" + (known or "")).encode()
            self.send_response(404 if known is None else 200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with StandIn() as standin, ThreadingHTTPServer(("127.0.0.1", 0), Page_) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        _, ignore = standin.browser_arguments
        shop = f"MAP www.shop.test 127.0.0.1:{server.server_address[1]}"
        try:
            browser = start_chromium(ignore, f"--host-resolver-rules={standin.resolver_rules}, {shop}")
            yield Shared(browser, standin, bodies)
            browser.close()
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def site(shared: Shared) -> Iterator[Site]:
    shared.standin.settle()
    shared.standin.clear()
    context = watch(shared.browser.new_context())
    yield Site(context, shared.standin, shared.bodies)
    context.close()
    shared.standin.faults.clear()
    shared.standin.portals.clear()
    shared.bodies.clear()


def test_official_tag_loads_trackers_and_chat(site: Site) -> None:
    page = site.visit(LOADER)
    site.standin.wait_for("app.hubspot.com", path="/conversations-visitor/4711/*")
    site.standin.wait_for("track.hubspot.com", path="/__ptq.gif")
    page.frame_locator("#hubspot-conversations-iframe").get_by_role("button", name="Open live chat").wait_for()
    page.wait_for_function("document.cookie.includes('messagesUtk')")
    quiet(page)
    hosts = {record.host for record in site.standin.requests}
    assert hosts >= {
        "js.hs-scripts.com",
        "js.hs-analytics.net",
        "js.hs-banner.com",
        "js.hscollectedforms.net",
        "js.hsadspixel.net",
        "js.usemessages.com",
        "api.hubspot.com",
    }
    assert {record.page for record in site.standin.requests} == {"http://www.shop.test"}
    cookies = site.cookies()
    assert {"__hstc", "hubspotutk", "__hssc", "__hssrc", "messagesUtk"} <= set(cookies)
    assert cookies["__hssrc"]["expires"] == -1
    assert {cookies[name]["domain"] for name in ("__hstc", "messagesUtk")} == {".shop.test"}
    assert str(cookies["__hstc"]["value"]).count(".") == 5
    assert site.errors == []


def test_chat_alone_sets_no_tracking_cookie(site: Site) -> None:
    page = site.visit(CHAT.format(ENV))
    page.wait_for_function("window.HubSpotConversations && HubSpotConversations.widget.status().loaded")
    page.wait_for_function("document.cookie.includes('messagesUtk')")
    quiet(page)
    assert set(site.cookies()) == {"messagesUtk"}
    assert {record.host for record in site.standin.requests} == {
        "js.usemessages.com",
        "api.hubspot.com",
        "app.hubspot.com",
    }


def test_chat_waits_for_load_and_opens_with_it(site: Site) -> None:
    settings = """<script>
      window.hsConversationsSettings = { loadImmediately: false };
      window.seen = [];
      window.hsConversationsOnReady = [function () {
        HubSpotConversations.widget.open();
        HubSpotConversations.on("widgetLoaded", function () { seen.push("loaded"); });
        HubSpotConversations.on("widgetClosed", function () { seen.push("closed"); });
      }];
    </script>"""
    page = site.visit(settings + CHAT.format(ENV))
    page.wait_for_function("window.HubSpotConversations")
    quiet(page)
    assert {record.host for record in site.standin.requests} == {"js.usemessages.com"}
    page.evaluate("HubSpotConversations.widget.load({ widgetOpen: true })")
    chat = page.frame_locator("#hubspot-conversations-iframe")
    chat.get_by_label("Write a message").fill("Hello")
    chat.get_by_label("Write a message").press("Enter")
    expect(chat.locator("#log .visitor")).to_have_text("Hello")
    site.standin.wait_for("app.hubspot.com", path="/api/*")
    assert site.cookies()["hs-messages-is-open"]["value"] == "true"
    page.evaluate("HubSpotConversations.widget.close()")
    page.wait_for_function("seen.join() === 'loaded,closed'")
    page.evaluate("HubSpotConversations.clear()")
    assert set(site.cookies()) == set()
    page.evaluate("HubSpotConversations.widget.remove()")
    assert page.evaluate("HubSpotConversations.widget.status()") == {"loaded": False, "pending": False}
    assert page.locator("#hubspot-messages-iframe-container").count() == 0


@pytest.mark.parametrize(
    ("before", "env", "message"),
    [
        pytest.param("", "", "data-hsjs-env", id="no environment on the script"),
        pytest.param("hsConversationsSettings = {loadImmediately: 'no'}", ENV, "loadImmediately", id="a wrong type"),
        pytest.param("hsConversationsOnReady = function () {}", ENV, "array", id="callbacks in a function"),
    ],
)
def test_chat_throws_on_wrong_settings(site: Site, before: str, env: str, message: str) -> None:
    page = site.visit(f"<script>{before}</script>" + CHAT.format(env))
    site.standin.wait_for("js.usemessages.com")
    comes(page, lambda: any(message in error for error in site.errors))


def test_page_without_chatflow_gets_no_widget(site: Site) -> None:
    site.standin.portals[4711] = Portal(chat_status=404)
    page = site.visit(CHAT.format(ENV))
    site.standin.wait_for("api.hubspot.com")
    page.wait_for_function("window.HubSpotConversations && !HubSpotConversations.widget.status().pending")
    quiet(page)
    assert page.locator("#hubspot-messages-iframe-container").count() == 0
    assert site.cookies() == {}


def test_earlier_refusal_without_banner_breaks_chat(site: Site) -> None:
    site.standin.portals[4711] = Portal(cookie_prompt="ON_WIDGET_LOAD")
    refused = "<script>document.cookie = '__hs_opt_out=yes'</script>"
    page = site.visit(refused + CHAT.format(ENV))
    site.standin.wait_for("api.hubspot.com")
    comes(page, lambda: any("push" in error for error in site.errors))
    page = site.visit(refused + "<script>window._hsp = []</script>" + CHAT.format(ENV))
    prompt = page.frame_locator("#hubspot-conversations-iframe").get_by_text("May this chat store a cookie")
    page.wait_for_function("window.HubSpotConversations && HubSpotConversations.widget.status().loaded")
    page.evaluate("HubSpotConversations.widget.open()")
    expect(prompt).to_be_visible()
    quiet(page)
    assert "messagesUtk" not in site.cookies()


def test_tracker_cookies_follow_hubspots_own_banner(site: Site) -> None:
    site.standin.portals[4711] = Portal(banner_policy="OPT_IN")
    page = site.visit("<script>document.cookie = '__hs_opt_out=no'</script>" + LOADER)
    page.locator("#hs-eu-confirmation-button").wait_for()
    quiet(page)
    # The record of the banner's version 1 is gone.
    assert not {"__hstc", "__hs_opt_out", "__hs_cookie_cat_pref"} & set(site.cookies())
    page.locator("#hs-eu-confirmation-button").click()
    page.wait_for_function("document.cookie.includes('__hstc')")
    assert site.cookies()["__hs_cookie_cat_pref"]["value"] == "1:true_2:true_3:true"
    # A request that is still under way would set its cookie after the withdrawal.
    quiet(page)
    page.wait_for_function("window.HubSpotConversations?.widget.status?.().loaded")
    page.wait_for_function("document.cookie.includes('hubspotutk') && document.cookie.includes('messagesUtk')")
    page.evaluate("_hsp.push(['revokeCookieConsent'])")
    assert {name: cookie["value"] for name, cookie in site.cookies().items()} == {
        "__hs_cookie_cat_pref": "1:false_2:false_3:false"
    }


BANNER = '<script id="cookieBanner-4711" src="//js.hs-banner.com/v2/4711/banner.js"></script>'
LISTENER = """<script>
  window.heard = [];
  (window._hsp = window._hsp || []).push(["addPrivacyConsentListener", (consent) => heard.push(consent)]);
</script>"""


def test_banner_alone_asks_and_loads_no_tracker(site: Site) -> None:
    site.standin.portals[4711] = Portal(banner_policy="COOKIES_BY_CATEGORY", banner_regions=True)
    page = site.visit(BANNER + LISTENER)
    page.locator("#hs-eu-cookie-settings-button").wait_for()
    quiet(page)
    assert {record.host for record in site.standin.requests} == {"js.hs-banner.com"}
    paths = {record.path for record in site.standin.requests}
    assert paths >= {"/v2/4711/banner.js", "/v2/activity/view", "/v2/cf-location"}
    assert (site.cookies(), page.evaluate("heard")) == ({}, [])
    page.get_by_role("button", name="Cookies settings").click()
    page.get_by_label("functionality").check()
    page.get_by_role("button", name="Save settings").click()
    assert site.cookies()["__hs_cookie_cat_pref"]["value"] == "1:false_2:false_3:true"
    categories = {"necessary": True, "analytics": False, "advertisement": False, "functionality": True}
    assert page.evaluate("heard") == [{"allowed": False, "categories": categories}]
    page.evaluate("_hsp.push(['showBanner'])")
    expect(page.locator("#hs-eu-cookie-confirmation")).to_be_visible()


@pytest.mark.parametrize(
    ("policy", "known", "is_shown"),
    [
        ("COOKIES_WITHOUT_BANNER", True, False),
        ("NO_COOKIES", False, False),
        ("NOTIFY", True, True),
        ("OPT_IN", None, True),
        ("COOKIES_BY_CATEGORY", None, True),
        ("OPT_OUT", True, True),
        ("OPT_OUT_BY_CATEGORY", True, True),
    ],
)
def test_banner_follows_the_accounts_policy(
    site: Site, policy: BannerPolicy, known: bool | None, is_shown: bool
) -> None:
    site.standin.portals[4711] = Portal(banner_policy=policy)
    page = site.visit(BANNER + LISTENER)
    page.wait_for_function("window._hsp && !Array.isArray(_hsp)")
    quiet(page)
    assert page.locator("#hs-banner-parent").count() == is_shown
    assert page.evaluate("heard.map(({ allowed }) => allowed)") == ([] if known is None else [known])
    assert site.cookies() == {}


def test_closed_notice_stays_closed(site: Site) -> None:
    site.standin.portals[4711] = Portal(banner_policy="NOTIFY")
    site.visit(BANNER).get_by_role("button", name="OK").click()
    assert {name: each["value"] for name, each in site.cookies().items()} == {"__hs_notify_banner_dismiss": "true"}
    page = site.visit(BANNER)
    quiet(page)
    assert page.locator("#hs-banner-parent").count() == 0


def test_banner_takes_consent_from_the_site(site: Site) -> None:
    site.standin.portals[4711] = Portal(banner_policy="OPT_IN")
    say = """<script>
      disableHubSpotCookieBanner = true;
      (window._hsp = window._hsp || []).push(["setHubSpotConsent", { analytics: true }]);
    </script>"""
    page = site.visit(LISTENER + say + BANNER)
    page.wait_for_function("heard.length === 1")
    assert page.evaluate("heard[0].categories.analytics && !heard[0].categories.advertisement")
    quiet(page)
    assert page.locator("#hs-banner-parent").count() == 0
    assert site.cookies() == {}


def test_banner_deletes_cookies_of_others(site: Site) -> None:
    site.standin.portals[4711] = Portal(banner_policy="OPT_OUT")
    cookies = "<script>for (const name of ['_ga_1', '_fbp', 'own']) document.cookie = name + '=1'</script>"
    site.visit(cookies + BANNER).get_by_role("button", name="Decline").click()
    assert set(site.cookies()) == {"own", "__hs_cookie_cat_pref"}


def test_old_analytics_tag_loads_the_loader(site: Site) -> None:
    page = site.visit('<script id="hs-analytics" src="https://js.hs-analytics.net/analytics/1/4711.js"></script>')
    site.standin.wait_for("js.hs-scripts.com", path="/4711.js")
    page.wait_for_function("window.HubSpotConversations")
    quiet(page)
    assert sum(record.host == "js.hs-analytics.net" for record in site.standin.requests) == 1


def test_second_load_within_a_second_is_ignored(site: Site) -> None:
    wait = "<script>window.hsConversationsSettings = { loadImmediately: false };</script>"
    page = site.visit(wait + CHAT.format(ENV))
    page.wait_for_function("window.HubSpotConversations")
    site.standin.faults["api.hubspot.com"] = "404"
    start = page.evaluate("Date.now()")
    page.clock.set_fixed_time(start)
    page.evaluate("HubSpotConversations.widget.load()")
    page.wait_for_function("!HubSpotConversations.widget.status().pending")
    page.evaluate("HubSpotConversations.widget.load()")
    assert page.evaluate("HubSpotConversations.widget.status()") == {"loaded": False, "pending": False}
    site.standin.faults.clear()
    page.clock.set_fixed_time(start + 1_000)
    page.evaluate("HubSpotConversations.widget.load()")
    page.wait_for_function("HubSpotConversations.widget.status().loaded")


def test_second_copy_of_the_chat_does_nothing(site: Site) -> None:
    second = '<script src="//js.usemessages.com/conversations-embed.js?second" async></script>'
    page = site.visit(CHAT.format(ENV) + second)
    page.wait_for_function("window.HubSpotConversations && HubSpotConversations.widget.status().loaded")
    quiet(page)
    assert sum(record.host == "js.usemessages.com" for record in site.standin.requests) == 2
    assert sum(record.method == "GET" for record in site.standin.requests if record.host == "api.hubspot.com") == 1
    assert page.locator("iframe").count() == 1


def test_fragment_opens_the_chat_of_a_known_visitor(site: Site) -> None:
    known = "0123456789abcdef" * 2
    cookie = f"<script>document.cookie = 'messagesUtk={known};domain=.shop.test'</script>"
    page = site.visit(cookie + CHAT.format(ENV), at="/#HS-chat-open")
    chat = page.frame_locator("#hubspot-conversations-iframe")
    expect(chat.get_by_label("Write a message")).to_be_visible()
    assert site.standin.wait_for("app.hubspot.com").path == f"/conversations-visitor/4711/threads/utk/{known}"
    page.wait_for_function("HubSpotConversations.widget.status().loaded")
    expires = site.cookies()["messagesUtk"]["expires"]
    assert isinstance(expires, float)
    assert 179 * 86400 < expires - page.evaluate("Date.now() / 1000") <= 180 * 86400


def test_chat_with_inline_selector_is_in_the_page(site: Site) -> None:
    settings = "<script>window.hsConversationsSettings = { inlineEmbedSelector: '#here' };</script>"
    page = site.visit(settings + '<div id="here"></div>' + CHAT.format(ENV))
    chat = page.frame_locator("#here #hubspot-conversations-inline-iframe")
    expect(chat.get_by_label("Write a message")).to_be_visible()
    assert page.locator("#hubspot-messages-iframe-container").count() == 0
