"""A foreign page shows the site in a frame and leads the visitor's click to the button (clickjacking)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route

from consent_middleware import Policy
from tests.quiet import comes

from .shop import EVIL, HOST, PORTAL, Shop, state_is

LOADER = f'<script src="https://js.hs-scripts.com/{PORTAL}.js"></script>'
FORM = '<iframe title="A calendar" src="https://meetings.hubspot.com/ann"></iframe>'


def framed(page: Page, shop: Shop, outer: str) -> None:
    """Open a page at `outer` with the site in a frame, or in a frame within a frame."""
    frame = f'<!DOCTYPE html><title>x</title><iframe title="site" src="{shop.url}" width=900 height=600></iframe>'
    nested = (
        f'<!DOCTYPE html><title>x</title><iframe title="evil" src="http://{EVIL}/frame" width=950 height=650></iframe>'
    )

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/html", body=frame if route.request.url.endswith("/frame") else nested)

    shop.context = page.context
    page.context.route("**/*", shop._answer)
    page.context.route("**/frame", answer)
    page.context.route("**/nested", answer)
    page.goto(outer)


@pytest.mark.parametrize("outer", [f"http://{EVIL}/frame", f"http://{HOST}/nested"])
@pytest.mark.parametrize("name", ["Chat with us", "Show the calendar"])
def test_click_in_foreign_frame_opens_a_new_tab(page: Page, outer: str, name: str) -> None:
    shop = Shop(FORM + LOADER, policy=Policy(contact_url="/contact"))
    framed(page, shop, outer)
    inner = next(frame for frame in page.frames if frame.url == shop.url)
    button = inner.get_by_role("button", name=name)
    with page.context.expect_page() as opened:
        button.click()
    opened.value.wait_for_url(shop.url)
    state_is(opened.value, "idle")
    assert {address for address in shop.requests() if "hubspot" in address or "usemessages" in address} == set()
    assert page.context.cookies() == []
    with opened.value.expect_request("**/conversations-embed.js"):
        opened.value.get_by_role("button", name="Chat with us").click()


def test_click_in_own_frame_opens_the_chat(page: Page) -> None:
    shop = Shop(LOADER, policy=Policy(contact_url="/contact"))
    framed(page, shop, f"http://{HOST}/frame")
    inner = next(frame for frame in page.frames if frame.url == shop.url)
    inner.get_by_role("button", name="Chat with us").click()
    comes(page, lambda: "js.usemessages.com/conversations-embed.js" in shop.requests())
