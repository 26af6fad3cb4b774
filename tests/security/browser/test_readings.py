"""The content types and encodings that Chromium shows as a page: the tag is blocked in each of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from consent_middleware import Policy
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from examples.standin import StandIn
from tests.browser.pages import asked, comes
from tests.browser.site import SECURE_HOST, Document, Site
from tests.exchanges import respond
from tests.security.encodings import PAGES

SCRIPT = b"https://js.hs-scripts.com/12345.js"
PAGE = b'<!DOCTYPE html><script src="' + SCRIPT + b'"></script>'
XML = b'<x xmlns:h="http://www.w3.org/1999/xhtml"><h:script src="' + SCRIPT + b'"/></x>'

#: What Chromium shows as a page.
TYPES: dict[str, tuple[str, bytes]] = {
    "text/html charset=utf-8": ("text/html charset=utf-8", PAGE),
    "text/html,charset=utf-8": ("text/html,charset=utf-8", PAGE),
    "text/html (remark)": ("text/html (remark)", PAGE),
    "text/html, text/html": ("text/html, text/html", PAGE),
    "text/plain, text/html": ("text/plain, text/html", PAGE),
    "text/html, */*": ("text/html, */*", PAGE),
    "*/*": ("*/*", PAGE),
    "unknown/unknown": ("unknown/unknown", PAGE),
    "application/unknown": ("application/unknown", PAGE),
    "empty": ("", PAGE),
    "a word": ("html", PAGE),
    "text /html": ("text /html", PAGE),
    "white space first": ("", b" " * 300 + PAGE),
    "an unknown element": ("", b"<please>" + PAGE),
    "text/xml": ("text/xml", XML),
    "application/xml": ("application/xml", XML),
    "application/xhtml+xml": ("application/xhtml+xml", XML),
    "image/svg+xml": ("image/svg+xml", XML),
    "XML without a type": ("", b'<?xml version="1.0"?>' + XML),
}
ENCODINGS = {name: (kind.decode(), body) for name, (body, kind, runs) in PAGES.items() if runs}
CASES = {**TYPES, **ENCODINGS}


def visit(page: Page, site: Site, kind: str, body: bytes) -> None:
    site.pages["/"] = Document(body, {"Content-Type": kind})
    page.goto(f"https://{SECURE_HOST}/", wait_until="load")


@pytest.mark.parametrize("name", CASES)
def test_type_that_chromium_runs_is_blocked(page: Page, site: Site, standin: StandIn, name: str) -> None:
    kind, body = CASES[name]
    navigation = [(b"host", SECURE_HOST.encode()), (b"sec-fetch-dest", b"document"), (b"accept", b"text/html")]
    exchange = Exchange(Engine(Policy(contact_url="/contact")), RequestHead("GET", "/", "", navigation))
    rewritten = respond(exchange, 200, [(b"content-type", kind.encode())], body)[1]

    visit(page, site, kind, rewritten)
    page.evaluate("fetch('/after')")
    site.settle()
    standin.settle()
    assert [record.host for record in asked(standin)] == []

    visit(page, site, kind, body)
    comes(page, lambda: len(asked(standin)) > 0)
