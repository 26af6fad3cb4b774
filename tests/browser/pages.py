"""Pages with a facade, as the middleware would send them, and helpers that read their state in the browser."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from html.parser import HTMLParser
from typing import Any

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
#: The hosts that the chat contacts.
CHAT_HOSTS = {"js.usemessages.com", "api.hubspot.com", "app.hubspot.com"}
CHAT_COOKIES = {"messagesUtk", "hs-messages-is-open", "hs-messages-hide-welcome-message"}
TRACKING_COOKIES = {"__hstc", "hubspotutk", "__hssc", "__hssrc"}

FACADE = Facade(vendors=(HUBSPOT,), contact_url="/contact")
ALONE = Facade(vendors=(HUBSPOT,))
ASSET = FACADE.asset()
ASSET_URL = f"/_consent/{ASSET.name}"
#: The path at which the script requests the decision.
DECISION = "/_consent/decision"

#: Lets scripts record that they ran.
LOG_RAN = "<script>ran = []</script>"

#: Records the message of the facade in each state, and every layout shift of the page that no input explains. A shift
#: inside the facade's shadow tree does not count, because its card may grow over the page.
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
    """Find the elements with the attributes of a blocked tag, as the server would list them."""

    def __init__(self, addresses: Container[str], *, strange: bool) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.texts = 0
        self._addresses = addresses
        self._strange = strange

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Add the mark of a blocked tag."""
        attributes = {name: value or "" for name, value in attrs}
        address = attributes.get("data-consent-src") or attributes.get("data-consent-href")
        if "data-consent" not in attributes or (self._strange and address not in self._addresses):
            return
        if tag == "script" and not address:
            self.texts += 1
        elif tag != "script" or address in self._addresses:
            beginning = "data-" if tag == "script" else "data-consent"
            marks = (f"{name}={value}" for name, value in attributes.items() if name.startswith(beginning))
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
    blocked: tuple[str, ...] = (),
    placeholders: bool = False,
    guard: tuple[Purpose, ...] | None = None,
    inline: bool = True,
    no_chat: bool = False,
    strange: bool = False,
    **more: Any,
) -> bytes:
    """Return a page that can be scrolled, with the facade at its end.

    `head` goes into the head of the page and `before` before the facade. Elements with the attributes of a blocked tag
    count as blocked by the server: scripts with an address if `blocked` contains it, and other elements unless they are
    `strange`. `more` is what else `Facade.markup` takes.
    """
    marked = Marked(blocked, strange=strange)
    marked.feed(head + before)
    markup = facade.markup(
        None if no_chat else chat,
        asset_url=f"/_consent/{facade.asset().name}",
        nonce=nonce,
        allowed=allowed,
        lang=lang,
        marks=marked.found,
        texts=marked.texts,
        placeholders=placeholders,
        **more,
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
    """Serve a page, the scripts of the facade, and the contact page."""
    site.pages[path] = Document(body, headers or {})
    for each in {FACADE, ALONE, *([facade] if facade else [])}:
        for name, asset in each.assets.items():
            cached = {"Content-Type": ASSET.content_type, "Cache-Control": "max-age=9999"}
            site.pages[f"/_consent/{name}"] = Document(asset.body, cached)
    decide(site, **dict.fromkeys(_live(body), True))
    site.pages["/contact"] = Document(b"<!DOCTYPE html><title>Contact</title><h1>Contact</h1>")


def _live(page: bytes) -> list[str]:
    """Return the purposes that the page says are allowed."""
    found = re.search(rb'"live":({[^}]*})', page)
    return list(json.loads(found[1])) if found else []


def decide(site: Site, **allowed: bool) -> None:
    """Set the decision that the site answers from now on; purposes that are not named are not allowed."""
    answer = {purpose.value: False for purpose in Purpose} | allowed
    site.pages[DECISION] = Document(json.dumps(answer).encode(), {"Content-Type": "application/json"})


def place(page: Page) -> Locator:
    """Return the element of the facade."""
    return page.locator("[data-consent-facade]")


def button(page: Page) -> Locator:
    """Return the button of the facade."""
    return place(page).get_by_role("button")


def message(page: Page) -> Locator:
    """Return the live region of the facade."""
    return place(page).get_by_role("status")


def expect_state(page: Page, state: str) -> None:
    """Wait until the facade is in `state`."""
    expect(place(page)).to_have_attribute("data-state", state)


def open_page(page: Page, url: str = URL) -> None:
    """Open a page and wait until the facade has started."""
    page.add_init_script(WITNESS)
    page.goto(url)
    expect(place(page)).to_have_attribute("data-state", "idle")


def stop_time(page: Page) -> None:
    """Stop the timers of the page; `page.clock.fast_forward` runs them."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)


def asks(page: Page) -> int:
    """Return how often the visitor's tabs have requested the decision."""
    return sum(url.endswith(DECISION) for url in traffic(page).urls)


def steps(page: Page) -> list[list[str]]:
    """Return the states that the facade went through, each with the text of its live region."""
    found: list[list[str]] = page.evaluate("window.steps")
    return found


def reset(site: Site, standin: StandIn) -> None:
    """Reset the site and the stand-in."""
    standin.faults.clear()
    standin.portals.clear()
    # Pages may be closed already whose requests are still arriving.
    standin.settle()
    standin.clear()
    site.settle()
    site.clear()


def asked(standin: StandIn) -> list[Record]:
    """Return the requests to HubSpot's hosts, without those for a favicon."""
    return [record for record in standin.requests if record.path != "/favicon.ico"]


def hosts(standin: StandIn) -> set[str]:
    """Return the hosts of HubSpot that got a request."""
    return {record.host for record in asked(standin)}


def cookies(page: Page) -> dict[str, str]:
    """Return the visitor's cookies for the site of the page."""
    settled(page)
    return {cookie["name"]: cookie["value"] for cookie in page.context.cookies(page.url)}


def focused(page: Page) -> str:
    """Return the id of the focused element, or its name in lower case."""
    found: str = page.evaluate("document.activeElement.id || document.activeElement.localName")
    return found
