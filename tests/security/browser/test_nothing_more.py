"""The rule: no page runs, contacts or shows anything with the package that it would not without it.

Every sample of markup that somebody may get into a page, under every kind of policy, through everything that a visitor
may do. What the site's operator means is let off: the site's own account, and the package's own files.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page

from consent_middleware import Policy
from tests.quiet import comes, navigation, quiet, until

from .shop import EMBED, EVIL, HOST, LOADER, PIXEL, POLICIES, PORTAL, Shop, fresh_context, ran, state_is

#: The attacker's marks, on whatever a sanitizer may let through. `{}` is one of the purposes.
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
#: What stands beside an element that only bears an address of HubSpot's, so that the address is known.
INERT = '<script type="text/x-consent" data-consent="tracking" data-consent-src="https://js.hs-scripts.com/666.js"></script>'
SAMPLES = {
    "a path of HubSpot's on a foreign host": f'<script src="https://{EVIL}/conversations-embed.js" '
    'data-hsjs-portal="666"></script>',
    "a custom element with such a path": f'<amp-img src="https://{EVIL}/conversations-embed.js?.hs-scripts.com" '
    'data-hsjs-portal="666"></amp-img>',
    "an element that may make a script": f'<phoenix-script src="https://{EVIL}/conversations-embed.js" '
    'data-hsjs-portal="666"></phoenix-script>',
    "a path of the loader's on a foreign host": f'<script src="https://{EVIL}/hs/scriptloader/666.js"></script>',
    "a data: address of that shape": "<script src=\"data:text/javascript,(window.ran??=[]).push('evil data')//"
    'conversations-embed.js" data-hsjs-portal="666"></script>',
    "an account of the attacker's": '<script src="https://js.hs-scripts.com/666.js"></script>',
    "a chat of the attacker's": f'<script src="{EMBED}" data-hsjs-portal="666"></script>',
    "a region that is a host": f'<script src="{EMBED}" data-hsjs-portal="{PORTAL}" '
    f'data-hsjs-hublet="{EVIL}/x"></script>',
    "a region in a loader's attributes": f'<script src="{LOADER}" data-hsjs-hublet="x.{EVIL}/"></script>',
    "an inline tag of the attacker's": "<script>fetch('https://js.hs-scripts.com/666.js')</script>",
    "a picture beside an inert script": '<img alt="" src="https://js.hs-scripts.com/666.js">' + INERT,
    "a frame beside an inert script": '<iframe title="x" src="https://js.hs-scripts.com/666.js"></iframe>' + INERT,
    "a custom element beside one": '<amp-img src="https://js.hs-scripts.com/666.js"></amp-img>' + INERT,
    "marks for each purpose": "".join(
        markup.format(purpose) for purpose in ("chat", "tracking", "embeds") for markup in MARKED.values()
    ),
    "a copy of a held script that says more": '<script type="text/x-consent" data-consent="tracking" '
    f'data-consent-type="module" data-consent-src="{LOADER}" data-hsjs-portal="666"></script>',
    "a copy of a held picture with another address": f'<img alt="" data-consent="tracking" data-consent-src="{PIXEL}" '
    f'data-consent-srcset="https://{EVIL}/beside 1x">',
    "a copy of a held picture for another purpose": f'<img alt="" data-consent="chat" data-consent-src="{PIXEL}">',
    "elements named like what the script asks for": '<form><input name="getAttribute"><input name="dataset"></form>'
    '<form data-consent="tracking" id="form"><input name="getAttribute"></form>'
    '<a id="conf" href="https://evil.example/conf">x</a>',
}
#: Those that bring a chat, and may stand alone.
BRINGING = list(SAMPLES)[:13]

#: What the site's operator means: the site's own account, and what the package serves.
MEANT = {"js.usemessages.com/conversations-embed.js", f"js.hs-scripts.com/{PORTAL}.js", "track.hubspot.com/__ptq.gif"}


@dataclass
class Told:
    """What a page has asked for, and what has run in it."""

    asked: set[str]
    ran: set[str]


_KNOWN: dict[str, Told] = {}


def without(context: BrowserContext, kind: str) -> Told:
    """What a page with every sample in it does by itself; each sample's addresses are its own."""
    if kind not in _KNOWN:
        csp, tag = POLICIES[kind]
        shop = Shop("".join(SAMPLES.values()) + picture() + tag, csp=csp)
        other = fresh_context(context)
        page = other.new_page()
        shop.open(page)
        quiet(page)
        _KNOWN[kind] = Told(shop.requests(), set(ran(page)))
        other.close()
    return _KNOWN[kind]


def picture() -> str:
    """The site's own pixel, which waits for tracking."""
    return f'<img alt="" src="{PIXEL}">'


def protected(sample: str, kind: str) -> Shop:
    """The same page behind the middleware."""
    csp, tag = POLICIES[kind]
    return Shop(sample + picture() + tag, csp=csp, policy=Policy(contact_url="/contact"))


def more(shop: Shop, page: Page, before: Told, *, told: set[str] | None = None) -> set[str]:
    """What the page has asked for or run beyond what it does by itself and what its operator means."""
    own = {address for address in shop.requests() if address.startswith(f"{HOST}/_consent/")}
    asked = shop.requests() - before.asked - MEANT - own
    return asked | ((told or set()) | set(ran(page))) - before.ran - {f"portal {PORTAL}"}


@pytest.mark.parametrize("kind", POLICIES)
@pytest.mark.parametrize("sample", BRINGING)
def test_click_lets_a_sample_load_nothing_more(page: Page, sample: str, kind: str) -> None:
    before = without(page.context, kind)
    shop = protected(SAMPLES[sample], kind)
    shop.open(page)
    state_is(page, "idle")
    assert not {address for address in shop.requests() if not address.startswith(HOST)} - before.asked
    page.get_by_role("button", name="Chat with us").click()
    state_is(page, "ready")
    assert more(shop, page, before) == set()


@pytest.mark.parametrize("kind", POLICIES)
def test_consent_lets_all_samples_load_nothing_more(page: Page, kind: str) -> None:
    """The site's own tag stands last: when it has run, whatever else was to be released has been."""
    before = without(page.context, kind)
    shop = protected("".join(SAMPLES.values()), kind)
    shop.open(page)
    state_is(page, "idle")
    shop.consent("functional")
    page.evaluate("() => { consentMiddleware.refresh() }")
    state_is(page, "ready")
    assert more(shop, page, before) == set()
    shop.consent("functional", "analytics", "marketing")
    until(page, f"(window.ran ?? []).includes('portal {PORTAL}') && document.images.length")
    comes(page, lambda: f"js.hs-scripts.com/{PORTAL}.js" in shop.requests())
    comes(page, lambda: "track.hubspot.com/__ptq.gif" in shop.requests())
    told = set(ran(page))
    with navigation(page):
        page.evaluate("() => { consentMiddleware.withdraw() }")
    quiet(page)
    assert more(shop, page, before, told=told) == set()


@pytest.mark.parametrize("kind", POLICIES)
def test_earlier_consent_lets_them_load_nothing_more(page: Page, kind: str) -> None:
    before = without(page.context, kind)
    shop = protected("".join(SAMPLES.values()), kind)
    shop.context = page.context
    shop.consent("functional")
    shop.open(page)
    comes(page, lambda: any("conversations-embed.js" in address for address in shop.requests()))
    quiet(page)
    assert more(shop, page, before) == set()


def test_copy_with_another_account_does_not_run(page: Page) -> None:
    """A script reads its own data attributes: one with another account is another script."""
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
