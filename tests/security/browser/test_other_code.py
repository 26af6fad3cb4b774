"""Prototype pollution: properties that the page adds to `Object.prototype` become neither consent nor a script."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from consent_middleware import Policy
from tests.engines import engine_for
from tests.quiet import comes, quiet, until

from .shop import EVIL, HOST, PIXEL, PORTAL, Shop, state_is

CONF = json.dumps({"src": f"https://{EVIL}/conf.js", "attrs": {}, "live": {"chat": 1, "tracking": 1}, "marks": []})
POLLUTED = {
    "src": f"'https://{EVIL}/src.js'",
    "live": "{chat: 1, tracking: 1, embeds: 1}",
    "chat": "1",
    "tracking": "1",
    "embeds": "1",
    "ask": "1",
    "texts": "9",
    "based": "0",
    "conf": json.dumps(CONF),
    "guard": """'{"chat":1,"tracking":1,"embeds":1}'""",
    "consent": "'tracking'",
    "consentBy": "'x'",
    "attrs": "{onload: '1'}",
    "onload": "'(window.ran ??= []).push(\"evil onload\")'",
    "nonce": "'abc'",
    "hash": "1",
}
POLLUTION = "".join(
    f"Object.defineProperty(Object.prototype,'{name}',{{value:{value},writable:true,enumerable:true,configurable:true}});"
    for name, value in POLLUTED.items()
)
MANAGER = "<script>'https://www.googletagmanager.com/gtm.js?id=GTM-X'</script>"
LOADER = f'<script src="https://js.hs-scripts.com/{PORTAL}.js"></script>'
PICTURE = f'<img alt="" src="{PIXEL}">'
#: Injected markup.
PLACE = "<aside data-consent-facade></aside>"


@pytest.mark.parametrize("names", [*([name] for name in POLLUTED), list(POLLUTED)], ids=[*POLLUTED, "all"])
@pytest.mark.parametrize("manager", ["", MANAGER], ids=["no guard", "guard"])
@pytest.mark.parametrize(
    "tags", [LOADER, PICTURE, PLACE + PICTURE], ids=["chat", "no chat", "an injected place for a chat"]
)
def test_polluted_prototype_is_not_taken_for_consent(page: Page, names: list[str], manager: str, tags: str) -> None:
    lines = "".join(line + ";" for line in POLLUTION.split(";") if any(f"'{name}'," in line for name in names))
    evil = "(window.ran ??= []).push('evil inline')"
    marks = f'<script type="text/x-consent" data-consent="tracking">{evil}</script>'
    shop = Shop(marks + tags, head=f"<script>{lines}</script>{manager}", policy=Policy(contact_url="/contact"))
    shop.open(page)
    until(page, "window.consentMiddleware?.core?.adopt")
    if "chat" in names:
        # The server's answer would end what is about to begin.
        quiet(page, 600)
    # The script looks for changes about four times a second, and an answered request comes after such a look.
    page.evaluate("() => { consentMiddleware.refresh() }")
    comes(page, lambda: f"{HOST}/_consent/decision" in shop.requests())
    page.evaluate("(url) => { new Image().src = url }", PIXEL)
    quiet(page, 300)
    if tags.startswith(PLACE):
        assert page.locator("[data-consent-facade] button").count() == 0
    if tags == LOADER:
        look = "document.querySelector('[data-consent-facade]').getAttribute('data-state')"
        assert page.evaluate(look) == "idle"
    assert {address for address in shop.requests() if not address.startswith(HOST)} == set()
    assert page.evaluate("window.ran ?? []") == []


def test_polluted_prototype_adds_no_chat_attribute(page: Page) -> None:
    shop = Shop(LOADER, head=f"<script>{POLLUTION}</script>", policy=Policy(contact_url="/contact"))
    shop.open(page)
    state_is(page, "idle")
    page.get_by_role("button", name="Chat with us").click()
    state_is(page, "ready")
    assert not {address for address in shop.requests() if address.startswith(EVIL)}
    assert page.evaluate("window.ran") == [f"portal {PORTAL}"]


def test_polluted_prototype_is_not_taken_for_settings(page: Page) -> None:
    """The script of the package is in the page without any settings."""
    policy = Policy(contact_url="/contact")
    tag = f'<script src="/_consent/{engine_for(policy).facade.asset().name}"></script>'
    shop = Shop(PLACE + tag, head=f"<script>{POLLUTION}</script>", policy=policy)
    shop.open(page)
    until(page, "window.consentMiddleware?.core?.adopt")
    quiet(page, 600)
    assert not {address for address in shop.requests() if not address.startswith(HOST)}
    assert page.locator("[data-consent-facade] button").count() == 0
