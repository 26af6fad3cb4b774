"""With the package, a page runs, contacts and shows nothing that it would not without the package.

The tests try every sample of injected markup, under every kind of policy, with everything that a visitor may do. The
account of the site and the files of the package do not count, because the operator wants them.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page

from consent_middleware import Policy
from tests.quiet import comes, navigation, quiet, until

from .shop import EMBED, EVIL, HOST, LOADER, PIXEL, POLICIES, PORTAL, Shop, fresh_context, ran, state_is

#: Our attributes on every element that a sanitizer may accept. `{}` is one of the purposes.
MARKED = {
    "iframe": '<iframe title="x" data-consent="{}" data-consent-src="https://evil.example/frame"></iframe>',
    "img": '<img alt="" data-consent="{}" data-consent-src="https://evil.example/img">',
    "srcset": '<img alt="" data-consent="{}" data-consent-srcset="https://evil.example/srcset 1x">',
    "embed": '<embed data-consent="{}" data-consent-src="https://evil.example/embed">',
    "input": '<input type="image" alt="" data-consent="{}" data-consent-src="https://evil.example/input">',
    "video": '<video data-consent="{}" data-consent-src="https://evil.example/video"></video>',
    "image of svg": '<svg><image data-consent="{}" data-consent-href="https://evil.example/svg"/></svg>',
    "style sheet": '<link rel="stylesheet" data-consent="{}" data-consent-href="https://evil.example/style">',
    "custom element": '<amp-img data-consent="{}" data-consent-src="https://evil.example/amp"></amp-img>',
    "script": '<script type="text/x-consent" data-consent="{}" data-consent-src="https://evil.example/s.js"></script>',
    "script of svg": '<svg><script type="text/x-consent" data-consent="{}" data-consent-href="https://evil.example/g.js">'
    "</script></svg>",
    "inline script": '<script type="text/x-consent" data-consent="{}">(window.ran??=[]).push("evil inline")</script>',
    "kind of embed": '<iframe title="x" data-consent="{}" data-consent-kind="forms" '
    'data-consent-src="https://evil.example/kind"></iframe>',
}
#: Added to an element with an address of HubSpot, so that the page already lists the address as blocked.
INERT = '<script type="text/x-consent" data-consent="tracking" data-consent-src="https://js.hs-scripts.com/666.js"></script>'
SAMPLES = {
    "a path of HubSpot on a foreign host": f'<script src="https://{EVIL}/conversations-embed.js" '
    'data-hsjs-portal="666"></script>',
    "a custom element with such a path": f'<amp-img src="https://{EVIL}/conversations-embed.js?.hs-scripts.com" '
    'data-hsjs-portal="666"></amp-img>',
    "an element that may make a script": f'<phoenix-script src="https://{EVIL}/conversations-embed.js" '
    'data-hsjs-portal="666"></phoenix-script>',
    "a path of the loader on a foreign host": f'<script src="https://{EVIL}/hs/scriptloader/666.js"></script>',
    "a data: address of that shape": "<script src=\"data:text/javascript,(window.ran??=[]).push('evil data')//"
    'conversations-embed.js" data-hsjs-portal="666"></script>',
    "an account of the attacker": '<script src="https://js.hs-scripts.com/666.js"></script>',
    "a chat of the attacker": f'<script src="{EMBED}" data-hsjs-portal="666"></script>',
    "a region that is a host": f'<script src="{EMBED}" data-hsjs-portal="{PORTAL}" '
    f'data-hsjs-hublet="{EVIL}/x"></script>',
    "a region in a loader's attributes": f'<script src="{LOADER}" data-hsjs-hublet="x.{EVIL}/"></script>',
    "an inline tag of the attacker": "<script>fetch('https://js.hs-scripts.com/666.js')</script>",
    "an image and an inert script": '<img alt="" src="https://js.hs-scripts.com/666.js">' + INERT,
    "a frame and an inert script": '<iframe title="x" src="https://js.hs-scripts.com/666.js"></iframe>' + INERT,
    "a custom element and an inert script": '<amp-img src="https://js.hs-scripts.com/666.js"></amp-img>' + INERT,
    "our attributes for each purpose": "".join(
        markup.format(purpose) for purpose in ("chat", "tracking", "embeds") for markup in MARKED.values()
    ),
    "a copy of a blocked script with another account": '<script type="text/x-consent" data-consent="tracking" '
    f'data-consent-type="module" data-consent-src="{LOADER}" data-hsjs-portal="666"></script>',
    "a copy of a blocked image with another address": f'<img alt="" data-consent="tracking" data-consent-src="{PIXEL}" '
    f'data-consent-srcset="https://{EVIL}/beside 1x">',
    "a copy of a blocked image for another purpose": f'<img alt="" data-consent="chat" data-consent-src="{PIXEL}">',
    "elements named like DOM properties": '<form><input name="getAttribute"><input name="dataset"></form>'
    '<form data-consent="tracking" id="form"><input name="getAttribute"></form>'
    '<a id="conf" href="https://evil.example/conf">x</a>',
}
#: The samples that insert a chat, which are tested one by one.
CHAT_SAMPLES = list(SAMPLES)[:13]

#: What the operator of the site wants: the requests for the account of the site.
WANTED = {"js.usemessages.com/conversations-embed.js", f"js.hs-scripts.com/{PORTAL}.js", "track.hubspot.com/__ptq.gif"}


@dataclass
class Activity:
    """The requests of a page, and the scripts that ran in it."""

    asked: set[str]
    ran: set[str]


_KNOWN: dict[str, Activity] = {}


def without(context: BrowserContext, kind: str) -> Activity:
    """Return what a page with every sample does without the middleware."""
    if kind not in _KNOWN:
        csp, tag = POLICIES[kind]
        shop = Shop("".join(SAMPLES.values()) + picture() + tag, csp=csp)
        other = fresh_context(context)
        page = other.new_page()
        shop.open(page)
        quiet(page)
        _KNOWN[kind] = Activity(shop.requests(), set(ran(page)))
        other.close()
    return _KNOWN[kind]


def picture() -> str:
    """Return the pixel of the site, which waits for tracking."""
    return f'<img alt="" src="{PIXEL}">'


def protected(sample: str, kind: str) -> Shop:
    """Return the same page behind the middleware."""
    csp, tag = POLICIES[kind]
    return Shop(sample + picture() + tag, csp=csp, policy=Policy(contact_url="/contact"))


def beyond(shop: Shop, page: Page, before: Activity, *, earlier: set[str] | None = None) -> set[str]:
    """Return the requests and scripts that neither the page without the middleware nor its operator explains."""
    own = {address for address in shop.requests() if address.startswith(f"{HOST}/_consent/")}
    asked = shop.requests() - before.asked - WANTED - own
    return asked | ((earlier or set()) | set(ran(page))) - before.ran - {f"portal {PORTAL}"}


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("sample", CHAT_SAMPLES)
def test_click_lets_a_sample_load_nothing_more(page: Page, sample: str, kind: str) -> None:
    before = without(page.context, kind)
    shop = protected(SAMPLES[sample], kind)
    shop.open(page)
    state_is(page, "idle")
    assert not {address for address in shop.requests() if not address.startswith(HOST)} - before.asked
    page.get_by_role("button", name="Chat with us").click()
    state_is(page, "ready")
    assert beyond(shop, page, before) == set()


@pytest.mark.parametrize("kind", POLICIES)
def test_consent_lets_all_samples_load_nothing_more(page: Page, kind: str) -> None:
    """The tag of the site is the last one, so when it has run, every other release has happened."""
    before = without(page.context, kind)
    shop = protected("".join(SAMPLES.values()), kind)
    shop.open(page)
    state_is(page, "idle")
    shop.consent("functional")
    page.evaluate("() => { consentMiddleware.refresh() }")
    state_is(page, "ready")
    assert beyond(shop, page, before) == set()
    shop.consent("functional", "analytics", "marketing")
    until(page, f"(window.ran ?? []).includes('portal {PORTAL}') && document.images.length")
    comes(page, lambda: f"js.hs-scripts.com/{PORTAL}.js" in shop.requests())
    comes(page, lambda: "track.hubspot.com/__ptq.gif" in shop.requests())
    earlier = set(ran(page))
    with navigation(page):
        page.evaluate("() => { consentMiddleware.withdraw() }")
    quiet(page)
    assert beyond(shop, page, before, earlier=earlier) == set()


@pytest.mark.parametrize("kind", POLICIES)
def test_earlier_consent_lets_them_load_nothing_more(page: Page, kind: str) -> None:
    before = without(page.context, kind)
    shop = protected("".join(SAMPLES.values()), kind)
    shop.context = page.context
    shop.consent("functional")
    shop.open(page)
    comes(page, lambda: any("conversations-embed.js" in address for address in shop.requests()))
    quiet(page)
    assert beyond(shop, page, before) == set()


def test_copy_with_another_account_does_not_run(page: Page) -> None:
    """A script reads its own data attributes, so a copy with another account is another script."""
    own = f'<script src="{EMBED}" data-hsjs-portal="{PORTAL}"></script>'
    copy = (
        f'<script type="text/x-consent" data-consent="chat" data-consent-src="{EMBED}" data-hsjs-portal="666"></script>'
    )
    shop = Shop(copy + own, policy=Policy(contact_url="/contact"))
    shop.open(page)
    state_is(page, "idle")
    shop.consent("functional")
    page.evaluate("() => { consentMiddleware.refresh() }")
    state_is(page, "ready")
    assert set(ran(page)) == {f"portal {PORTAL}"}
