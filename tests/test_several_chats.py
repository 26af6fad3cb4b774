"""A click on a site with chats of several vendors: it counts for the vendor whose chat was opened."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from consent_middleware import Policy
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.purpose import Purpose
from tests.exchanges import respond

HUBSPOT = '<script src="https://js.hs-scripts.com/1.js"></script>'
INTERCOM = '<script src="https://widget.intercom.io/widget/abc12345"></script>'
FULL = b"consent=functional,analytics,marketing"
BOTH = Policy(contact_url="/c", vendors=["hubspot", "intercom"])


def exchange(cookie: bytes, policy: Policy = BOTH) -> Exchange:
    return Exchange(Engine(policy), RequestHead("GET", "/", "", [(b"Cookie", cookie), (b"Host", b"www.shop.example")]))


def settings(cookie: bytes, tag: str) -> Any:
    """Return what the page tells its script."""
    _, body = respond(exchange(cookie), 200, [(b"Content-Type", b"text/html; charset=utf-8")], tag.encode())
    found = re.search(rb"data-conf='([^']*)'", body)
    return json.loads(found[1]) if found else {}


@pytest.mark.parametrize(
    ("cookie", "opened", "allowed"),
    [
        (b"consent_chat=hubspot", ("hubspot",), False),
        (b"consent_chat=intercom", ("intercom",), False),
        (b"consent_chat=intercom; consent_chat=hubspot", ("hubspot", "intercom"), False),
        (b"consent_chat=other", (), False),
        (b"consent_chat=1", (), True),
        (b"consent_chat=hubspot; " + FULL, (), True),
        (b"consent_chat=hubspot; consent=necessary", ("hubspot",), False),
    ],
)
def test_click_opens_the_chat_of_one_vendor(cookie: bytes, opened: tuple[str, ...], allowed: bool) -> None:
    plan = exchange(cookie).plan
    assert (plan.opened, plan.allows(Purpose.CHAT)) == (opened, allowed)
    assert plan.clicked is (bool(opened) or cookie == b"consent_chat=1")


def test_name_of_the_only_vendor_is_no_click() -> None:
    plan = exchange(b"consent_chat=hubspot", Policy(contact_url="/c")).plan
    assert (plan.opened, plan.clicked) == ((), False)


def test_click_after_refusal_may_open_nothing() -> None:
    policy = Policy(contact_url="/c", vendors=["hubspot", "intercom"], click_after_refusal=False)
    plan = exchange(b"consent_chat=hubspot; consent=necessary", policy).plan
    assert (plan.opened, plan.clicked) == ((), False)


def test_page_of_the_opened_vendor_starts_its_chat() -> None:
    assert settings(b"consent_chat=hubspot", HUBSPOT)["starts"] == 1
    assert "starts" not in settings(b"consent_chat=hubspot", INTERCOM)
    assert "starts" not in settings(b"a=1", HUBSPOT)
    assert "chat" not in settings(b"consent_chat=hubspot", HUBSPOT)["live"]


def test_variant_names_the_opened_vendor() -> None:
    cookies = (b"consent_chat=hubspot", b"consent_chat=intercom", b"a=1", b"consent_chat=1")
    assert len({exchange(cookie).plan.variant for cookie in cookies}) == 4


def test_cookies_of_an_opened_chat_stay() -> None:
    body = [(b"Content-Type", b"text/html"), (b"Set-Cookie", b"messagesUtk=2")]
    found = {}
    for click in (b"consent_chat=hubspot; ", b""):
        head, _ = respond(exchange(click + b"messagesUtk=1; __hstc=1"), 200, body, b"<p>")
        found[click] = [value.partition(b";")[0] for name, value in head if name.lower() == b"set-cookie"]
    assert found[b"consent_chat=hubspot; "] == [b"messagesUtk=2"]
    assert set(found[b""]) == {b"messagesUtk="}
