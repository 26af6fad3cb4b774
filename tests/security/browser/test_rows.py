"""The table "Who blocks what" of docs/tags.md, row by row, in Chromium: what nobody holds is asked for, no more."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Page

from consent_middleware import Policy
from consent_middleware.exchange import Exchange, RequestHead
from examples.standin import StandIn
from tests.browser.pages import DECISION, asked, comes, decide
from tests.browser.site import SECURE_HOST, Document, Site
from tests.engines import engine_for
from tests.exchanges import respond
from tests.security.who_blocks import CASES, table

TABLE = table()
URL = f"https://{SECURE_HOST}/"
SEEN = [what for what, case in CASES.items() if case.seen]


def show(page: Page, site: Site, what: str, guard: Literal["always", "never"] | None) -> None:
    """Show the page of a row as the middleware sends it, with a guard or without; None: as the site has written it."""
    body = (
        "<!DOCTYPE html><html lang=en><head><title>x</title><script>first = 1</script></head>"
        f"<body>{CASES[what].body}</body></html>"
    ).encode()
    if guard is not None:
        policy = Policy(guard=guard)
        asked_for = RequestHead("GET", "/", "", [(b"host", SECURE_HOST.encode())])
        body = respond(
            Exchange(engine_for(policy), asked_for), 200, [(b"content-type", b"text/html; charset=utf-8")], body
        )[1]
        for asset in engine_for(policy).facade.assets.values():
            site.pages[f"/_consent/{asset.name}"] = Document(asset.body, {"Content-Type": asset.content_type})
        decide(site)
    site.pages["/"] = Document(body)
    site.pages["/after"] = Document(b"{}", {"Content-Type": "application/json"})
    page.goto(URL, wait_until="load")


def settled(page: Page, site: Site, standin: StandIn) -> None:
    """Wait until a later request of the page has been answered, and all that came before it."""
    for _ in range(3):
        page.evaluate("async () => { await fetch('/after'); await new Promise(requestAnimationFrame) }")
    site.settle()
    standin.settle()


@pytest.mark.parametrize("what", SEEN)
def test_row_loads_on_unprotected_page(page: Page, site: Site, standin: StandIn, what: str) -> None:
    show(page, site, what, None)

    comes(page, lambda: len(asked(standin)) > 0)


@pytest.mark.parametrize("what", [what for what in SEEN if TABLE[what] == "server"])
def test_row_for_server_loads_nothing(page: Page, site: Site, standin: StandIn, what: str) -> None:
    show(page, site, what, "never")
    settled(page, site, standin)

    assert asked(standin) == []


@pytest.mark.parametrize("what", [what for what in SEEN if TABLE[what] == "guard"])
def test_row_for_guard_loads_nothing_with_guard(page: Page, site: Site, standin: StandIn, what: str) -> None:
    show(page, site, what, "always")
    settled(page, site, standin)

    assert asked(standin) == []


@pytest.mark.parametrize("what", [what for what in SEEN if TABLE[what] == "guard"])
def test_row_for_guard_loads_without_guard(page: Page, site: Site, standin: StandIn, what: str) -> None:
    show(page, site, what, "never")

    comes(page, lambda: len(asked(standin)) > 0)


def test_requests_to_own_host_pass_the_guard(page: Page, site: Site, standin: StandIn) -> None:
    show(page, site, "`fetch`", "always")
    site.pages["/own"] = Document(b"own")

    assert page.evaluate("fetch('/own').then((answer) => answer.text())") == "own"
    assert page.evaluate("fetch(new Request('/own')).then((answer) => answer.text())") == "own"
    by_xhr = (
        "new Promise((end) => { const asked = new XMLHttpRequest(); asked.open('GET', '/own');"
        "asked.onload = () => end(asked.responseText); asked.send() })"
    )
    assert page.evaluate(by_xhr) == "own"
    assert page.evaluate("navigator.sendBeacon('/own', 'x')") is True
    assert DECISION in site.pages


def test_request_object_to_a_blocked_host_fails(page: Page, site: Site, standin: StandIn) -> None:
    show(page, site, "`fetch`", "always")

    told = page.evaluate("fetch(new Request('https://track.hubspot.com/a')).catch((error) => error.name)")

    assert told == "TypeError"
    settled(page, site, standin)
    assert asked(standin) == []
