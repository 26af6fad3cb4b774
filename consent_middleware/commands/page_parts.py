"""What `doctor` finds in a page that a site sends."""

from __future__ import annotations

import json
from contextlib import suppress
from html.parser import HTMLParser
from itertools import chain
from typing import NamedTuple

from consent_middleware.coding import CODINGS, CodingError, Decoder
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead

from .site_client import MAX_BODY, Answer


class PageParts(NamedTuple):
    """What a page contains, as a visitor without consent gets it.

    Attributes:
        live: the rules of the tags that load before consent.
        held: how many elements wait.
        held_scripts: the addresses of the scripts among them.
        script: the address of the facade's script, "" if the page needs none.
        nonce: the nonce of the element that has this address.
        chat: the address of the chat's script, "" if the page has none.
        is_ours: whether the page has any markup of the middleware.
        is_shared: whether the page asks for the decision in the browser (the setting `cacheable`).
        unread: why the page could not be read, "" if it could.
    """

    live: tuple[str, ...]
    held: int
    held_scripts: tuple[str, ...]
    script: str
    nonce: str
    chat: str
    is_ours: bool
    is_shared: bool
    unread: str


def read_page(engine: Engine, answer: Answer, *, waits_for_banner: bool) -> PageParts:
    """Return what is in a page.

    Args:
        engine: reads the page as it would for a visitor without consent.
        answer: the response with the page.
        waits_for_banner: whether a vendor's own consent banner is a tag that has to wait, unless the policy names it.
    """
    exchange = Exchange(engine, RequestHead("GET", "/", "", []))
    exchange.start(answer.status, list(answer.headers))
    unread = ""
    if not exchange.rewrites and exchange.plan.touches_html:
        unread = f"the page cannot be read: {answer.first('content-encoding') or answer.first('content-type')}"
    exchange.rewrite_whole(answer.body)
    banners = {vendor.banner.rule for vendor in engine.policy.vendors if vendor.banner is not None}
    ignored = set() if waits_for_banner else banners
    live = tuple(tag.rule for tag in exchange.blocked if tag.rule not in ignored)
    parser = _Parser()
    parser.feed(_text(answer))
    parser.close()
    return PageParts(
        live,
        parser.held,
        tuple(parser.held_scripts),
        parser.script,
        parser.nonce,
        parser.chat,
        parser.is_ours,
        parser.is_shared,
        unread,
    )


def _text(answer: Answer) -> str:
    """Return the page decoded, one character for each byte: only the middleware's own markup counts, which is ASCII."""
    codings = [each.strip().encode("latin-1") for each in answer.first("content-encoding").lower().split(",")]
    known = [coding for coding in codings if coding in CODINGS]
    body = b""
    decoder = Decoder(*known)
    with suppress(CodingError):
        for piece in chain(decoder.feed(answer.body), decoder.close()):
            body += piece
            if len(body) > MAX_BODY:
                break
    return body.decode("latin-1")


class _Parser(HTMLParser):
    """Finds the middleware's own markup: marked elements, the guard, and the facade's script."""

    # The elements without markup in them (HTML, section 13.2.6.2); the base class of older Pythons knows two.
    CDATA_CONTENT_ELEMENTS = (  # type: ignore[misc]  # typeshed takes it for final
        "script",
        "style",
        "title",
        "textarea",
        "xmp",
        "iframe",
        "noembed",
        "noframes",
    )

    def __init__(self) -> None:
        super().__init__()
        self.held = 0
        self.held_scripts: list[str] = []
        self.script = self.nonce = self.chat = ""
        self.is_ours = self.is_shared = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        values = {name: value or "" for name, value in attrs}
        self.held += "data-consent" in values
        self.is_ours |= not values.keys().isdisjoint({"data-consent", "data-consent-facade", "data-conf", "data-guard"})
        if tag != "script":
            return
        if values.get("data-consent-src"):
            self.held_scripts.append(values["data-consent-src"])
        if "data-conf" in values:
            self.script, self.nonce = values.get("src", ""), values.get("nonce", "")
            settings = _settings(values["data-conf"])
            self.chat = settings.get("src") or self.chat
            self.is_shared |= bool(settings.get("ask"))
        elif "data-guard" in values:
            self.is_shared |= "data-ask" in values


def _settings(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {name: str(found.get(name) or "") for name in ("src", "ask")} if isinstance(found, dict) else {}
