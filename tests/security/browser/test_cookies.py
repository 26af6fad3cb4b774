"""A sibling host tries to set the cookie that stands for the visitor's click."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from consent_middleware import Policy
from tests.quiet import navigation

from .shop import HOST, PORTAL, Shop, state_is

LOADER = f'<script src="https://js.hs-scripts.com/{PORTAL}.js"></script>'
NAME = "__Host-consent_chat"


@pytest.fixture
def shop() -> Shop:
    """Return a site over HTTPS whose cookies have the prefix."""
    policy = Policy(contact_url="/contact", click_cookie=NAME, consent_cookie="__Host-consent")
    return Shop(LOADER, policy=policy, scheme="https")


def test_click_is_kept_in_cookie_with_host_prefix(page: Page, shop: Shop) -> None:
    shop.open(page)
    state_is(page, "idle")
    page.get_by_role("button", name="Chat with us").click()
    state_is(page, "ready")
    kept = next(cookie for cookie in page.context.cookies() if cookie["name"] == NAME)
    assert (kept["value"], kept["domain"], kept["path"], kept["secure"]) == ("1", HOST, "/", True)
    assert kept["expires"] == -1
    page.reload()
    state_is(page, "ready")
    with navigation(page):
        page.evaluate("() => { consentMiddleware.withdraw() }")
    state_is(page, "idle")
    assert NAME not in {cookie["name"] for cookie in page.context.cookies()}


@pytest.mark.parametrize("attributes", [f"Domain={HOST};Secure;Path=/", "Path=/", "Secure;Path=/x"])
def test_sibling_host_cannot_set_prefixed_cookie(page: Page, shop: Shop, attributes: str) -> None:
    """A sibling host has to use `Domain`, and the browser refuses that for such a name."""
    shop.open(page)
    state_is(page, "idle")
    for name in (NAME, "__host-consent_chat", "__Host-consent"):
        page.evaluate("(line) => { document.cookie = line }", f"{name}=1;{attributes}")
    assert page.context.cookies() == []
    page.reload()
    state_is(page, "idle")


def test_consent_cookie_may_have_host_prefix(page: Page, shop: Shop) -> None:
    shop.open(page)
    state_is(page, "idle")
    page.evaluate("() => { document.cookie = '__Host-consent=functional;Secure;Path=/' }")
    state_is(page, "ready")
