"""Takes pictures of the facade: `python -m tests.browser.pictures` writes docs/facade.png, and with a folder as its
argument every state and condition into that folder, to be looked at.

Knows: the pages of the browser tests.
Must not know: what is right; that is for the tests and for the one who looks.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from examples.standin import StandIn

from .conftest import ARGUMENTS, ROOT
from .pages import ALONE, URL, button, document, expect_state, put
from .site import Site

SHOP = """<style>
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff }
  main { max-width: 40rem; margin: 0 auto; padding: 1rem 1.5rem }
  h1 { font-size: 2rem } label { display: none } .long { block-size: 0 }
  .dark, .dark main { background: #14171c; color: #e8eaed }
</style>"""
WORDS = {
    b"<h1>Shop": b"<h1>A small bakery",
    b"A page that can be scrolled.": b"Bread from our own oven, every morning from six. Order until Friday.",
}


def picture(
    browser: Browser,
    site: Site,
    path: Path,
    *,
    state: str = "idle",
    before: Any = None,
    html: str = 'lang="en"',
    facade: Any = None,
    **options: Any,
) -> None:
    """Take one picture. `before` is called with the page just before; `options` are those of a browser context."""
    context = browser.new_context(**{"viewport": {"width": 720, "height": 340}, **options})
    page = context.new_page()
    extra: dict[str, Any] = {"facade": facade} if facade else {}
    body = document(head=SHOP, html=html, **extra)
    for plain, real in WORDS.items():
        body = body.replace(plain, real)
    put(site, body)
    page.goto(URL)
    expect_state(page, "idle")
    if state != "idle":
        button(page).click()
        expect_state(page, state)
    if before:
        before(page)
    page.wait_for_timeout(200)
    page.screenshot(path=path)
    context.close()


def dark(page: Page) -> None:
    """Make the site a dark one."""
    page.evaluate("document.documentElement.className = 'dark'; document.body.className = 'dark'; 0")


def zoom(page: Page) -> None:
    """Show the text at twice its size."""
    page.evaluate("document.documentElement.style.setProperty('--consent-facade-font-size', '2em'); 0")


def main() -> None:
    """Write the picture for the docs, or all of them into the folder that is named."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    with StandIn() as standin, Site() as site, sync_playwright() as playwright:
        rules = f"--host-resolver-rules={standin.resolver_rules}, {site.resolver_rules}"
        browser = playwright.chromium.launch(executable_path=executable, args=[*ARGUMENTS, rules])
        if len(sys.argv) == 1:
            picture(browser, site, ROOT / "docs" / "facade.png")
            return
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        small: dict[str, Any] = {"viewport": {"width": 320, "height": 480}}
        picture(browser, site, folder / "idle.png")
        picture(browser, site, folder / "idle-320.png", **small)
        picture(browser, site, folder / "idle-rtl.png", html='lang="ar" dir="rtl"')
        picture(browser, site, folder / "idle-dark.png", before=dark)
        picture(browser, site, folder / "idle-focus.png", before=lambda page: page.keyboard.press("Tab"))
        picture(browser, site, folder / "idle-forced.png", forced_colors="active", color_scheme="dark")
        picture(browser, site, folder / "idle-zoom.png", before=zoom)
        picture(browser, site, folder / "ready.png", state="ready")
        standin.faults["js.usemessages.com"] = "hang"
        picture(browser, site, folder / "loading.png", state="loading")
        picture(browser, site, folder / "loading-forced.png", state="loading", forced_colors="active")
        standin.faults["js.usemessages.com"] = "refuse"
        picture(browser, site, folder / "failed.png", state="failed")
        picture(browser, site, folder / "failed-alone.png", state="failed", facade=ALONE)
        picture(browser, site, folder / "failed-rtl.png", state="failed", html='lang="ar" dir="rtl"')
        picture(browser, site, folder / "failed-320.png", state="failed", **small)
        picture(browser, site, folder / "failed-dark.png", state="failed", before=dark)
        picture(
            browser, site, folder / "failed-forced.png", state="failed", forced_colors="active", color_scheme="dark"
        )


if __name__ == "__main__":
    main()
