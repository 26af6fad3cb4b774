"""Pages with a facade in them, as the middleware would send them, and ways to look at what the browser makes of them.

Knows: the facade's markup, the site, the stand-in.
Must not know: how a page is rewritten.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container
from html.parser import HTMLParser

from playwright.sync_api import Locator, Page, expect

from consent_middleware.facade import Facade
from consent_middleware.purpose import ChatScript, Purpose
from consent_middleware.vendors.hubspot import HUBSPOT
from examples.standin import Record, StandIn
from tests.quiet import KEEP_TIMER, comes, quiet, settled, traffic, until

from .site import HOST, Document, Site

__all__ = ["comes", "quiet", "until"]

URL = f"http://{HOST}/"

PORTAL = "12345"
EMBED = "https://js.usemessages.com/conversations-embed.js"
CHAT = ChatScript(
    EMBED,
    (
        ("id", "hubspot-messages-loader"),
        ("data-loader", "hs-scriptloader"),
        ("data-hsjs-portal", PORTAL),
        ("data-hsjs-env", "prod"),
        ("data-hsjs-hublet", "na1"),
    ),
)
#: The hosts that the chat alone asks.
CHAT_HOSTS = {"js.usemessages.com", "api.hubspot.com", "app.hubspot.com"}
CHAT_COOKIES = {"messagesUtk", "hs-messages-is-open", "hs-messages-hide-welcome-message"}
TRACKING_COOKIES = {"__hstc", "hubspotutk", "__hssc", "__hssrc"}

FACADE = Facade(vendors=(HUBSPOT,), contact_url="/contact")
ALONE = Facade(vendors=(HUBSPOT,))
ASSET = FACADE.asset()
ASSET_URL = f"/_consent/{ASSET.name}"
#: Where the script asks what is allowed.
DECISION = "/_consent/decision"

#: Gives scripts a place to say that they ran.
LOG_RAN = "<script>ran = []</script>"

#: Keeps what the facade says at each step, and every layout shift of the page that nobody's input explains. The
#: facade's own card grows over the page when a message is longer; nodes in its shadow are not told.
WITNESS = (
    KEEP_TIMER
    + """
window.steps = [];
for (const name of ["idle", "loading", "ready", "failed", "granted"])
  document.addEventListener("consent:chat-" + name, (event) => {
    const status = event.target.shadowRoot.querySelectorAll("[role=status]");
    window.steps.push([name, [...status].map((each) => each.textContent).join("|")]);
  });
window.shifts = [];
window.shifted = (entries) => {
  for (const entry of entries)
    if (!entry.hadRecentInput && entry.sources.some(({ node }) => node)) window.shifts.push(entry.value);
};
window.witness = new PerformanceObserver((list) => shifted(list.getEntries()));
witness.observe({ type: "layout-shift", buffered: true });
"""
)


class Marked(HTMLParser):
    """Reads what bears the marks of a held tag, as the server would have listed it."""

    def __init__(self, addresses: Container[str], *, strange: bool) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.texts = 0
        self._addresses = addresses
        self._strange = strange

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag's mark."""
        said = {name: value or "" for name, value in attrs}
        address = said.get("data-consent-src") or said.get("data-consent-href")
        if "data-consent" not in said or (self._strange and address not in self._addresses):
            return
        if tag == "script" and not address:
            self.texts += 1
        elif tag != "script" or address in self._addresses:
            beginning = "data-" if tag == "script" else "data-consent"
            marks = (f"{name}={value}" for name, value in said.items() if name.startswith(beginning))
            self.found.append((tag, *marks))


def document(
    *,
    facade: Facade = FACADE,
    chat: ChatScript = CHAT,
    allowed: tuple[Purpose, ...] = (),
    nonce: str | None = None,
    head: str = "",
    before: str = "",
    html: str = 'lang="en"',
    lang: str | None = "en",
    held: tuple[str, ...] = (),
    placeholders: bool = False,
    guard: tuple[Purpose, ...] | None = None,
    inline: bool = True,
    no_chat: bool = False,
    strange: bool = False,
) -> bytes:
    """A page of some length with the facade at its end. `head` goes into its head, `before` before the facade.

    What bears the marks of a held tag there counts as held by the server: scripts with an address where `held` names
    it, all others unless they are `strange`.
    """
    marked = Marked(held, strange=strange)
    marked.feed(head + before)
    markup = facade.markup(
        None if no_chat else chat,
        asset_url=f"/_consent/{facade.asset().name}",
        nonce=nonce,
        allowed=allowed,
        lang=lang,
        held=marked.found,
        texts=marked.texts,
        placeholders=placeholders,
    ).decode("ascii")
    if guard is not None:
        address = f"/_consent/{facade.asset().name}"
        head = facade.guard_markup(address, nonce, guard, lang=lang, inline=inline).decode("ascii") + head
    lines = '<p>A page that can be scrolled.</p><p class="long"></p>'
    style = '<style nonce="abc">.long { block-size: 3000px }</style>'
    return (
        f'<!DOCTYPE html><html {html}><head><meta charset="utf-8"><title>Shop</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{style}{head}</head>'
        f'<body><main><h1>Shop</h1><label>Search <input id="search"></label>{lines}</main>'
        f"{before}{markup}</body></html>"
    ).encode()


def put(
    site: Site,
    body: bytes,
    *,
    path: str = "/",
    headers: dict[str, str] | None = None,
    facade: Facade | None = None,
) -> None:
    """Put a page on the site, and beside it the facade's script and the page that the link leads to."""
    site.pages[path] = Document(body, headers or {})
    for each in {FACADE, ALONE, *([facade] if facade else [])}:
        for name, asset in each.assets.items():
            cached = {"Content-Type": ASSET.content_type, "Cache-Control": "max-age=9999"}
            site.pages[f"/_consent/{name}"] = Document(asset.body, cached)
    decide(site, **dict.fromkeys(_live(body), True))
    site.pages["/contact"] = Document(b"<!DOCTYPE html><title>Contact</title><h1>Contact</h1>")


def _live(page: bytes) -> list[str]:
    """What the server that made this page allows."""
    said = re.search(rb'"live":({[^}]*})', page)
    return list(json.loads(said[1])) if said else []


def decide(site: Site, **allowed: bool) -> None:
    """Let the site answer what is allowed from here on; what is not named is not."""
    answer = {purpose.value: False for purpose in Purpose} | allowed
    site.pages[DECISION] = Document(json.dumps(answer).encode(), {"Content-Type": "application/json"})


def place(page: Page) -> Locator:
    """The facade's place in the page."""
    return page.locator("[data-consent-facade]")


def button(page: Page) -> Locator:
    """The facade's button."""
    return place(page).get_by_role("button")


def message(page: Page) -> Locator:
    """The facade's live region."""
    return place(page).get_by_role("status")


def expect_state(page: Page, state: str) -> None:
    """Wait until the facade is in `state`."""
    expect(place(page)).to_have_attribute("data-state", state)


def open_page(page: Page, url: str = URL) -> None:
    """Go to a page and wait until the facade is awake."""
    page.add_init_script(WITNESS)
    page.goto(url)
    expect(place(page)).to_have_attribute("data-state", "idle")


def stop_time(page: Page) -> None:
    """Let no timer in the page run out, except by `page.clock.fast_forward`."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)


def asks(page: Page) -> int:
    """Count how often the visitor's tabs have asked what is allowed."""
    return sum(url.endswith(DECISION) for url in traffic(page).urls)


def steps(page: Page) -> list[list[str]]:
    """The states that the facade went through, each with what its live region said."""
    found: list[list[str]] = page.evaluate("window.steps")
    return found


def asked(standin: StandIn) -> list[Record]:
    """What reached HubSpot's hosts, the browser's own favicon requests apart."""
    return [record for record in standin.requests if record.path != "/favicon.ico"]


def hosts(standin: StandIn) -> set[str]:
    """The hosts of HubSpot's that were asked for anything."""
    return {record.host for record in asked(standin)}


def cookies(page: Page) -> dict[str, str]:
    """The visitor's cookies for the page's site."""
    settled(page)
    return {cookie["name"]: cookie["value"] for cookie in page.context.cookies(page.url)}


def focused(page: Page) -> str:
    """The id of the element that has the focus, or its name in lower case."""
    found: str = page.evaluate("document.activeElement.id || document.activeElement.localName")
    return found
