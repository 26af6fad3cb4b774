"""A site, with the middleware or without it, that also answers for HubSpot and for an attacker."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Route

from consent_middleware import Policy
from consent_middleware.exchange import Exchange, RequestHead
from tests.engines import engine_for
from tests.exchanges import respond
from tests.quiet import until, watch

HOST = "shop.example"
EVIL = "evil.example"
PORTAL = "12345"
LOADER = f"https://js.hs-scripts.com/{PORTAL}.js"
PIXEL = f"https://track.hubspot.com/__ptq.gif?a={PORTAL}"
EMBED = "https://js.usemessages.com/conversations-embed.js"
#: An inline tag of the site, which a policy with its hash allows.
INLINE = 'var s=document.createElement("script");s.src="https://js.hs-scripts.com/12345.js";s.async=1;document.head.append(s)'
NONCE = "abc"
HUBSPOT_HOSTS = "https://js.hs-scripts.com https://js.usemessages.com"
INLINE_HASH = "'sha256-" + base64.b64encode(hashlib.sha256(INLINE.encode()).digest()).decode() + "'"

#: The policies of the page, each with a tag of the site that it allows.
POLICIES = {
    "none": ("", f'<script src="{LOADER}"></script>'),
    "nonce": (f"script-src 'nonce-{NONCE}' {HUBSPOT_HOSTS}", f'<script nonce="{NONCE}" src="{LOADER}"></script>'),
    "only a nonce": (f"script-src 'nonce-{NONCE}'", f'<script nonce="{NONCE}" src="{LOADER}"></script>'),
    "strict-dynamic": (
        f"script-src 'nonce-{NONCE}' 'strict-dynamic'",
        f'<script nonce="{NONCE}" src="{LOADER}"></script>',
    ),
    "hash": (f"script-src 'self' {HUBSPOT_HOSTS} {INLINE_HASH}", f"<script>{INLINE}</script>"),
    "hosts": (f"script-src 'self' {HUBSPOT_HOSTS}", f'<script src="{LOADER}"></script>'),
}

#: Records what runs: the account of HubSpot's code, or the script of the attacker.
_RAN = "(window.ran ??= []).push({});"
_CHAT = (
    "{const me = document.currentScript ?? {dataset: {}};"
    + _RAN.format('"portal " + me.dataset.hsjsPortal')
    + "window.HubSpotConversations = {widget: {load() {}, open() {}, remove() {}, status: () => ({loaded: true})},"
    "on(name, done) { done() }, off() {}, clear() {}};"
    "(window.hsConversationsOnReady ?? []).forEach((ready) => ready())}"
)


@dataclass
class Shop:
    """One page of a site: its markup, its policy, and the requests that it causes."""

    body: str
    head: str = ""
    csp: str = ""
    policy: Policy | None = None
    scheme: str = "http"
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the address of the page."""
        return f"{self.scheme}://{HOST}/"

    @property
    def markup(self) -> bytes:
        """Return the page as the app sends it."""
        return (
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>{self.head}</head>'
            f"<body><h1>Shop</h1>{self.body}</body></html>"
        ).encode()

    def open(self, page: Page) -> None:
        """Answer every request of the context, and open the page."""
        self.context = page.context
        self.context.route("**/*", self._answer)
        page.goto(self.url)

    def requests(self) -> set[str]:
        """Return the host and path of every request, except those for the page itself."""
        return {address for address in self.asked if address not in {f"{HOST}/", f"{HOST}/favicon.ico"}}

    def consent(self, *categories: str) -> None:
        """Write the visitor's choice into the consent cookie of the site."""
        self.context.add_cookies([{"name": "consent", "value": ",".join(categories), "url": self.url}])

    def _answer(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        self.asked.append(f"{parts.hostname}{parts.path}")
        if parts.hostname == HOST:
            status, headers, page = self._own(parts.path)
            route.fulfill(status=status, headers=headers, body=page)
            return
        answers: dict[str, Callable[[], str]] = {
            EVIL: lambda: _RAN.format(f'"evil {parts.path}"'),
            "js.usemessages.com": lambda: _CHAT,
            "js.hs-scripts.com": lambda: _RAN.format(f'"portal {parts.path.strip("/.js")}"'),
        }
        body = answers.get(parts.hostname or "", str)()
        allowed = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        if parts.path.endswith("decision"):
            body, allowed["Content-Type"] = '{"chat":true,"tracking":true,"embeds":true}', "application/json"
        route.fulfill(status=200, headers=allowed, body=body)

    def _own(self, path: str) -> tuple[int, dict[str, str], bytes]:
        head = {"Content-Type": "text/html; charset=utf-8"} | (
            {"Content-Security-Policy": self.csp} if self.csp else {}
        )
        if self.policy is None:
            return (200, head, self.markup) if path == "/" else (404, {}, b"")
        cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in self.context.cookies(self.url))
        given = [(b"host", HOST.encode()), (b"cookie", cookies.encode())]
        exchange = Exchange(engine_for(self.policy), RequestHead("GET", path, "", given))
        if exchange.answer is not None:
            status, headers, body = exchange.answer
        elif path == "/":
            status = 200
            fields = [(name.encode(), value.encode()) for name, value in head.items()]
            headers, body = respond(exchange, status, fields, self.markup)
        else:
            return 404, {}, b""
        return status, {name.decode(): value.decode() for name, value in headers}, body


def ran(page: Page) -> list[str]:
    """Return the scripts that recorded that they ran in the page."""
    found: list[str] = page.evaluate("window.ran ?? []")
    return found


def state_is(page: Page, state: str) -> None:
    """Wait until the facade is in `state`. Playwright's own locators fail on elements that hide a method."""
    until(page, f"document.querySelector('[data-consent-facade]')?.getAttribute('data-state') === '{state}'")


def fresh_context(context: BrowserContext) -> BrowserContext:
    """Return the context of another new visitor."""
    browser = context.browser
    assert browser is not None
    return watch(browser.new_context(ignore_https_errors=True))
