"""Real pages in a real browser: they contact HubSpot as they are, but not for a visitor without consent.

The test is skipped where the folder of real pages is missing. The browser reaches no network: the test answers for the
site and for HubSpot, and no other host name resolves.
"""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Route

from consent_middleware import Consent, Policy
from consent_middleware.wsgi import ConsentMiddleware
from tests.gateways import Request, run_wsgi
from tests.quiet import comes
from tests.test_corpus import CORPUS, pages, read, rewrite

ORIGIN = "http://www.shop.example"
PAGE = "/a/page"
#: Requested last, so that every other request of the page has been reported.
FENCE = f"{ORIGIN}/fence"
POLICY = Policy(contact_url="/contact")
#: HubSpot's hosts by name, and what they serve as content of a page: files, styles, texts of its content system.
HUBSPOT = re.compile(
    r"^https?://(?:[^/?#]*\.)?(?:hs[a-z-]+|hubspot[a-z0-9-]*|hubapi|usemessages)\.(?:com|net)(?:[:/?#]|$)"
)
CONTENT = re.compile(
    r"//(?:cdn2\.hubspot\.net|[0-9]+\.fs1\.hubspotusercontent-na1\.net|static(?:2cdn)?\.hubspot\.com"
    r"|www\.hubspot\.com/(?:hubfs|hs-fs|wt-assets)|static\.hsappstatic\.net/cos-i18n)/"
)
#: Addresses of HubSpot that the program which saved the page has changed to a local folder.
SAVED = re.compile(
    rb"""(["'=(])(?:\.\./)+((?:[\w.-]+\.)?(?:hs-?[a-z-]+|hubspot[a-z0-9-]*|usemessages)\.(?:com|net)/)"""
)

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.no_cover,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the folder of real pages is not beside the project"),
]


@cache
def tagged() -> list[str]:
    """Return the pages with blocked tags, one for each set of tags, because pages of one site have the same tags."""
    known: dict[tuple[tuple[str, str | None], ...], str] = {}
    for name, hubspot in pages():
        if hubspot in {"host", "marker"}:
            document = alive(name)
            _, blocker = rewrite(document, Consent(), len(document), POLICY)
            kind = tuple((tag.rule, tag.src) for tag in blocker.blocked)
            if kind:
                known.setdefault(kind, name)
    return list(known.values())


def alive(name: str) -> bytes:
    """Return a saved page with the original addresses of HubSpot."""
    return SAVED.sub(rb"\1https://\2", read(name))


class Visit:
    """One visit to a page: its requests to HubSpot and the errors of its scripts."""

    def __init__(self, browser: Browser, name: str, *, behind: bool, scripting: bool = True) -> None:
        self.asked: list[str] = []
        self.errors: set[str] = set()
        self._passed = False
        document = alive(name)

        def app(environ: object, start_response: object) -> list[bytes]:
            start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(document)))])  # type: ignore[operator]
            return [document]

        def answer(route: Route) -> None:
            url = urlsplit(route.request.url)
            self._passed |= route.request.url == FENCE
            if HUBSPOT.search(route.request.url):
                self.asked.append(route.request.url)
                route.abort()
            elif behind and (url.path == PAGE or url.path.startswith("/_consent/")):
                result = run_wsgi(ConsentMiddleware(app, POLICY), Request("GET", url.path))
                content_type = result.all("content-type")[0]
                route.fulfill(status=int(result.status), body=result.body, content_type=content_type)
            elif url.path == PAGE:
                route.fulfill(body=document, content_type="text/html")
            else:
                route.abort()

        context = browser.new_context(java_script_enabled=scripting)
        page = context.new_page()
        page.route(HUBSPOT, answer)
        page.route(ORIGIN + "/**", answer)
        page.on("pageerror", lambda error: self.errors.add(error.message))
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.goto(ORIGIN + PAGE, wait_until="load")
        # A browser reports the requests of its lookahead before later ones.
        page.evaluate("(url) => { document.createElement('img').src = url }", FENCE)
        comes(page, lambda: self._passed)
        self.facades = page.locator("[data-consent-facade]").count()
        context.close()

    @property
    def early(self) -> list[str]:
        """Return the requests to HubSpot that are not for content of the page."""
        return [url for url in self.asked if not CONTENT.search(url)]


#: Errors that a page raises because a tag is blocked, each with the reason why nothing is lost.
KNOWN = {
    "script-id or src is required": "a custom element of the site finds no address; it is inserted again on release"
}


#: The pages are visited in so many parts, which run in different processes.
PARTS = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_real_pages_request_nothing_and_raise_nothing(
    browser: Browser, part: int, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = buttons = count = 0
    early, raised = {}, {}
    for name in tagged()[part::PARTS]:
        count += 1
        before, after = Visit(browser, name, behind=False), Visit(browser, name, behind=True)
        asked += len(before.early)
        buttons += after.facades
        if after.early:
            early[name] = after.early
        new = after.errors - before.errors - KNOWN.keys()
        if new:
            # Which error a script without network raises depends on the order of the scripts.
            raised[name] = new - Visit(browser, name, behind=False).errors
    with capsys.disabled():
        print(f"\nreal pages in Chromium: {count} pages, {asked} requests as they are, {buttons} get a button")
    assert early == {}
    assert not any(raised.values()), raised
    assert min(count, asked) > 30 / PARTS
    assert buttons > count / 3
