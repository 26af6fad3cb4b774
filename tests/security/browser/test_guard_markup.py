"""Markup that scripts insert, in every spelling that HTML allows, and form fields named like properties."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from consent_middleware import Policy
from tests.quiet import comes, quiet, until

from .shop import HOST, LOADER, PIXEL, PORTAL, Shop

POLICY = Policy(contact_url="/contact", guard="always")

WAITING = {
    "a slash before the name": f'<img alt=""/src="{PIXEL}">',
    "a slash after the element's name": f'<img/src="{PIXEL}">',
    "no space after a value": f'<img alt=""src="{PIXEL}">',
    "no quotes": f"<img alt=x src={PIXEL}>",
    "single quotes": f"<img src='{PIXEL}'>",
    "capitals and spaces": f'<IMG SRC\n=\n"{PIXEL}">',
    "a bracket in an attribute": f'<img alt="a > b" src="{PIXEL}">',
    "a bracket that opens in an attribute": f'<img alt="<" src="{PIXEL}">',
    "an equals sign before": f'<img =x src="{PIXEL}">',
    "a quotation mark in an unquoted value": f'<p title=a"b="></p><img id=i" src="{PIXEL}">',
    "an element that begins like an anchor": f'<audio src="{PIXEL}" preload=auto></audio>',
    "a frame in a foreign object": '<svg><foreignObject><iframe title=x src="https://meetings.hubspot.com/a"></iframe>'
    "</foreignObject></svg>",
    "a hint in a foreign object": '<svg><foreignObject><link rel=preload as=script href="https://js.hs-scripts.com/1.js">'
    "</foreignObject></svg>",
    "a hint": '<link/rel="preload"/as="script"/href="https://js.hs-scripts.com/1.js">',
}
#: Content that the page shows, which the guard must not change.
CONTENT = {
    "an anchor": '<a href="https://meetings.hubspot.com/a">x</a>',
    "an area": '<map><area href="https://meetings.hubspot.com/a"></map>',
    "a link of svg": '<svg><a href="https://meetings.hubspot.com/a">x</a></svg>',
    "a link of mathml": '<math><mi href="https://meetings.hubspot.com/a">x</mi></math>',
    "a value that looks like an address": f'<p title="x src={PIXEL}" lang="src={PIXEL}">x</p>',
    "text": f"<code>img src={PIXEL} 1 &lt; 2</code>",
}


def opened(page: Page, body: str = "") -> Shop:
    """Open a page with a guard and wait until its script has started."""
    shop = Shop(f'<div id="in"></div>{body}<script src="{LOADER}"></script>', policy=POLICY)
    shop.open(page)
    until(page, "window.consentMiddleware")
    return shop


def foreign(shop: Shop) -> set[str]:
    """Return the hosts that got a request, except that of the site."""
    return {address.partition("/")[0] for address in shop.requests()} - {HOST}


@pytest.mark.parametrize("way", WAITING)
def test_inserted_markup_waits_however_it_is_spelled(page: Page, way: str) -> None:
    shop = opened(page)
    page.evaluate(
        "(markup) => { window.box = document.createElement('div');"
        'box.innerHTML = markup + \'<img alt="" src="/last.gif">\' }',
        WAITING[way],
    )
    comes(page, lambda: f"{HOST}/last.gif" in shop.requests())
    quiet(page)
    assert foreign(shop) == set()
    assert page.evaluate("box.querySelectorAll('[data-consent]').length") == 1


@pytest.mark.parametrize("way", CONTENT)
def test_inserted_content_stays_as_written(page: Page, way: str) -> None:
    opened(page)
    written = "(markup) => { const to = document.querySelector('#in'); to.innerHTML = markup; return to.innerHTML }"
    plain = "(markup) => new Range().createContextualFragment.call(new Range(), markup).firstChild.outerHTML"
    assert "data-consent" not in page.evaluate(written, CONTENT[way])
    assert "data-consent" not in page.evaluate(plain, CONTENT[way])


@pytest.mark.parametrize("name", ["querySelectorAll", "nodeType", "localName", "getAttribute", "dataset", "content"])
def test_form_fields_do_not_hide_tags_from_guard(page: Page, name: str) -> None:
    """The tag is inserted without any patched method, and within a form whose fields hide its own properties."""
    form = f'<form><input name="{name}"><p></p></form>'
    shop = opened(page)
    page.evaluate(
        """([markup, loader]) => {
            const box = document.createElement("template");
            box.innerHTML = markup;
            const form = box.content.firstChild;
            // A frame has setters of its own.
            const frame = document.body.appendChild(document.createElement("iframe"));
            const tag = frame.contentDocument.createElement("link");
            tag.rel = "preconnect";
            tag.href = loader;
            form.append(tag);
            document.querySelector("#in").append(form);
            new Image().src = "/last.gif";
        }""",
        [form, LOADER],
    )
    comes(page, lambda: f"{HOST}/last.gif" in shop.requests())
    assert page.evaluate("document.querySelector('#in link').getAttribute('data-consent')") == "tracking"
    shop.consent("functional", "analytics", "marketing")
    page.evaluate("() => { consentMiddleware.refresh() }")
    comes(page, lambda: f"js.hs-scripts.com/{PORTAL}.js" in shop.requests())


def test_token_of_an_earlier_page_is_not_accepted(page: Page) -> None:
    """An editor has saved markup with the guard's attributes and shows it again."""
    shop = opened(page)
    saved = page.evaluate(
        "(markup) => { const to = document.createElement('p'); to.innerHTML = markup; return to.innerHTML }",
        f'<img alt="" src="{PIXEL}">',
    )
    assert "data-consent-by" in saved
    page.goto("about:blank")
    again = Shop(
        saved.replace("track.hubspot.com", "evil.example") + f'<script src="{LOADER}"></script>', policy=POLICY
    )
    page.context.unroute_all()
    again.open(page)
    until(page, "window.consentMiddleware")
    again.consent("functional", "analytics", "marketing")
    page.evaluate("() => { consentMiddleware.refresh() }")
    until(page, f"(window.ran ?? []).includes('portal {PORTAL}')")
    assert "js.hs-scripts.com" in foreign(again)
    assert "evil.example" not in foreign(again)
    assert foreign(shop) == set()
