"""Take the screenshots of the facade for the docs: `python -m tests.browser.pictures`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from consent_middleware.facade import Facade
from consent_middleware.vendors.hubspot import HUBSPOT
from examples.standin import StandIn
from tests import chromium

from .pages import URL, button, document, expect_state, put
from .site import Site
from .test_embeds import BLOCKED_LIBRARY, LIBRARY, inline

DOCS = Path(__file__).parents[2] / "docs"
FACADE = Facade(vendors=(HUBSPOT,), contact_url="/contact", privacy_url="/privacy")
SHOP = """<style>
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff }
  main { max-width: 40rem; margin: 0 auto; padding: 1rem 1.5rem }
  h1 { font-size: 1.6rem; margin: 0 } label { display: none } .long { block-size: 0 }
  section { margin: 1rem 1.5rem; max-width: 26rem }
  .dark { background: #14171c; color: #e8eaed }
</style>"""
WORDS = {
    b"<h1>Shop": b"<h1>A small bakery",
    b"A page that can be scrolled.": b"Bread from our own oven, every morning from six.",
}
OWN = """<style>
  :root { --consent-facade-background: #7a2e0e; --consent-facade-offset: 24px }
  [data-consent-facade]::part(button) { border-radius: 6px; font-family: Georgia, serif }
  [data-consent-facade]::part(card) { background: #fff8ef; border-color: #c98a5b }
</style>"""


def picture(
    browser: Browser,
    site: Site,
    name: str,
    *,
    state: str = "idle",
    before: Any = None,
    html: str = 'lang="en"',
    head: str = "",
    body: str = "",
    **options: Any,
) -> None:
    """Take one screenshot. `before` is called with the page first; `options` are those of a browser context."""
    context = browser.new_context(**{"viewport": {"width": 480, "height": 340}, **options})
    page = context.new_page()
    lang = "ar" if "ar" in html else "en"
    source = document(
        head=SHOP + head, html=html, facade=FACADE, before=body, blocked=(LIBRARY,), placeholders=bool(body), lang=lang
    )
    for plain, real in WORDS.items():
        source = source.replace(plain, real)
    put(site, source, facade=FACADE)
    page.goto(URL)
    expect_state(page, "idle")
    if state != "idle":
        button(page).click()
        expect_state(page, state)
    if before:
        before(page)
    page.wait_for_timeout(300)
    page.screenshot(path=DOCS / "pictures" / f"{name}.png")
    context.close()


def dark(page: Page) -> None:
    """Give the site its dark style."""
    page.evaluate("document.documentElement.className = document.body.className = 'dark'; 0")


def close_note(page: Page) -> None:
    """Close the note beside the button, and take the mouse away."""
    page.locator("summary").click()
    page.mouse.move(0, 0)


def main() -> None:
    """Write every screenshot of the docs."""
    (DOCS / "pictures").mkdir(parents=True, exist_ok=True)
    with StandIn() as standin, Site() as site, sync_playwright() as playwright:
        browser = chromium.launch(playwright.chromium, standin.resolver_rules, site.resolver_rules)
        small: dict[str, Any] = {"viewport": {"width": 320, "height": 400}}
        rtl = 'lang="ar" dir="rtl"'
        forced: dict[str, Any] = {"forced_colors": "active", "color_scheme": "dark"}
        picture(browser, site, "idle")
        picture(browser, site, "focus", before=lambda page: [page.keyboard.press("Tab") for _ in range(3)])
        picture(browser, site, "closed", before=close_note)
        picture(browser, site, "idle-dark", before=dark)
        picture(browser, site, "idle-rtl", html=rtl)
        picture(browser, site, "idle-320", **small)
        picture(browser, site, "idle-forced", **forced)
        picture(browser, site, "own", head=OWN)
        form = f'<section id="here" aria-label="Write to us">{BLOCKED_LIBRARY.format("")}{inline(1)}</section>'
        picture(browser, site, "form", body=form, viewport={"width": 640, "height": 400})
        picture(browser, site, "form-forced", body=form, viewport={"width": 640, "height": 400}, **forced)
        section = '<section aria-label="Help"><div data-consent-chat></div></section>'
        picture(browser, site, "inline", body=section)
        picture(browser, site, "ready", state="ready", viewport={"width": 480, "height": 640})
        standin.faults["js.usemessages.com"] = "hang"
        picture(browser, site, "loading", state="loading")
        picture(browser, site, "loading-dark", state="loading", before=dark)
        picture(browser, site, "loading-forced", state="loading", **forced)
        standin.faults["js.usemessages.com"] = "refuse"
        picture(browser, site, "failed", state="failed")
        picture(browser, site, "failed-dark", state="failed", before=dark)
        picture(browser, site, "failed-rtl", state="failed", html=rtl)
        picture(browser, site, "failed-320", state="failed", **small)
        picture(browser, site, "failed-forced", state="failed", **forced)
    shutil.copy(DOCS / "pictures" / "idle.png", DOCS / "facade.png")


if __name__ == "__main__":
    main()
