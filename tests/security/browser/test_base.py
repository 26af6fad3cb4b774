"""A `<base>` anywhere in a page does not lead our own requests to another host."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from consent_middleware import Policy
from tests.quiet import until

from .shop import EVIL, HOST, LOADER, NONCE, Shop, state_is

BASE = f'<base href="https://{EVIL}/">'
MANAGER = f"<script nonce={NONCE}>'https://www.googletagmanager.com/gtm.js?id=GTM-X'</script>"
TAG = f'<script nonce="{NONCE}" src="{LOADER}"></script>'
#: A copy of the chat's script on the host of the site: its address is a path.
OWN = f'<script nonce="{NONCE}" src="/hs/scriptloader/12345.js"></script>'
CSP = f"script-src 'nonce-{NONCE}' 'strict-dynamic'"

#: Head and body of a page for each possible place of a base.
PLACES = {
    "nowhere": ("", TAG),
    "in the head, before the tag": (BASE, TAG),
    "in the head, after the tag": (TAG + BASE, ""),
    "in the body, after the tag": ("", TAG + BASE),
    "in the body, before the tag": ("", BASE + TAG),
    "twice, the first with a target only": ('<base target="_top">', BASE + TAG + BASE),
    "twice, the first harmless": ('<base href="/">', TAG + BASE),
    "in a table": ("", f"<table><tr><td>{TAG}</td></tr>{BASE}</table>"),
    "in a paragraph": ("", f"{TAG}<p>A comment {BASE} of a visitor</p>"),
    "without a scheme": ("", f'{TAG}<base href="//{EVIL}/">'),
    "with odd slashes": ("", f'{TAG}<base href="https:\\\\{EVIL}">'),
    "with character references": ("", f'{TAG}<base href="&#104;ttps:&sol;/{EVIL}/">'),
    "in capitals": ("", f"{TAG}<BASE HREF=https://{EVIL}/>"),
    "in a comment": ("", f"<!-- {BASE} -->{TAG}"),
    "in a template": ("", f"<template>{BASE}</template>{TAG}"),
    "in an svg": ("", f"<svg>{BASE}</svg>{TAG}"),
    "in a foreign object": ("", f"<svg><foreignObject>{BASE}</foreignObject></svg>{TAG}"),
    "in a frame": ("", f"<iframe title=x srcdoc='{BASE}'></iframe>{TAG}"),
    "after the body": ("", f"{TAG}</body>{BASE}"),
}


@pytest.mark.parametrize("guard", ["auto", "always"])
@pytest.mark.parametrize("place", PLACES)
def test_own_requests_ignore_a_foreign_base(page: Page, place: str, guard: str) -> None:
    head, body = PLACES[place]
    policy = Policy(contact_url="/contact", guard=guard)  # type: ignore[arg-type]
    shop = Shop(body, head=head, csp=CSP, policy=policy)
    shop.open(page)
    state_is(page, "idle")
    shop.consent("functional")
    page.evaluate("() => { consentMiddleware.refresh() }")
    state_is(page, "ready")
    asked = shop.requests()
    assert not {address for address in asked if address.startswith(EVIL)}
    assert f"{HOST}/_consent/decision" in asked


@pytest.mark.parametrize("body", [OWN + BASE + TAG, f"{OWN}<script nonce={NONCE}></script>{BASE}{TAG}"])
def test_blocked_path_ignores_a_later_base(page: Page, body: str) -> None:
    """With a base that comes later, the path would lead to its host and run with the nonce of the page."""
    shop = Shop(body, csp=CSP, policy=Policy(contact_url="/contact"))
    shop.open(page)
    state_is(page, "idle")
    shop.consent("functional", "analytics", "marketing")
    page.evaluate("() => { consentMiddleware.refresh() }")
    until(page, "(window.ran ?? []).includes('portal 12345') && document.scripts.length")
    asked = shop.requests()
    assert f"{HOST}/hs/scriptloader/12345.js" in asked
    assert not {address for address in asked if address.startswith(EVIL)}


def test_blocked_path_behind_a_base_follows_it(page: Page) -> None:
    body = f'<base href="https://{EVIL}/">{OWN}{TAG}'
    shop = Shop(body, csp=CSP, policy=Policy(contact_url="/contact"))
    shop.open(page)
    state_is(page, "idle")
    shop.consent("functional", "analytics", "marketing")
    page.evaluate("() => { consentMiddleware.refresh() }")
    until(page, "(window.ran ?? []).includes('portal 12345')")
    assert f"{EVIL}/hs/scriptloader/12345.js" in shop.requests()


def test_base_forbidden_by_the_policy_has_no_effect(page: Page) -> None:
    csp = f"{CSP}; base-uri 'none'"
    shop = Shop(BASE + OWN + TAG, csp=csp, policy=Policy(contact_url="/contact"))
    shop.open(page)
    state_is(page, "idle")
    shop.consent("functional", "analytics", "marketing")
    page.evaluate("() => { consentMiddleware.refresh() }")
    until(page, "(window.ran ?? []).includes('portal 12345')")
    assert not {address for address in shop.requests() if address.startswith(EVIL)}
