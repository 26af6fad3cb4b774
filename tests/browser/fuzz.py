"""Chromium as the judge of generated documents: what it requests for a document and for its rewritten form.

`python -m tests.browser.fuzz --minutes N` runs for that long and prints the documents whose rewritten form still
requests a blocked address.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests import chromium
from tests.html.fuzz import Builder
from tests.html.oracle import NEEDLE, rewritten
from tests.quiet import comes

ADDRESS = "http://shop.example/page"
#: Requested last, so that every other request of the document has been reported.
FENCE = "http://shop.example/fence-"
SOUGHT = re.compile(re.escape(NEEDLE))
#: Changes a document, given with its encoding, into the one that is loaded.
Rewrite = Callable[[bytes, str], bytes]
#: Every address that an element of the document has, as the browser resolves it.
IN_THE_TREE = """() => [...document.querySelectorAll("*")].flatMap((element) =>
  (/html/.test(element.namespaceURI) ? [element.localName === "link" ? "href" : "src"] : ["href", "xlink:href"])
    .map((name) => element.getAttribute(name)).filter(Boolean)
    .flatMap((value) => { try { return [new URL(value, document.baseURI).href] } catch { return [] } }))"""


class Verdict(NamedTuple):
    """The requests of Chromium to the planted host: for the document as built, and for its rewritten form.

    `ahead` are requests for addresses that the tree of the rewritten document does not have. The lookahead of Chromium
    reads foreign content as if it were HTML: raw text elements that SVG does not have end elsewhere, and a CDATA
    section is a comment that ends at the first ">".
    """

    before: frozenset[str]
    after: frozenset[str]
    ahead: frozenset[str]


class Judge:
    """Load documents in one tab and record their requests to the sought hosts."""

    def __init__(self, page: Page, rewrite: Rewrite, sought: re.Pattern[str]) -> None:
        self._page = page
        self._rewrite = rewrite
        self._sought = sought
        self._document = b""
        self._encoding = ""
        self._asked: set[str] = set()
        self._number = 0
        self._passed = ""
        page.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        if route.request.url == ADDRESS:
            route.fulfill(body=self._document, content_type=f"text/html; charset={self._encoding}")
            return
        url = route.request.url
        if url.startswith(FENCE):
            self._passed = url
        elif self._sought.search(url.split("/")[2].partition(":")[0]):
            self._asked.add(url)
        route.abort()

    def _load(self, document: bytes) -> frozenset[str]:
        self._document = document
        self._asked.clear()
        self._page.goto(ADDRESS, wait_until="load")
        # The load event does not wait for requests of the lookahead, but Chromium reports them before later ones.
        self._number += 1
        fence = f"{FENCE}{self._number}"
        self._page.evaluate("(url) => { new Image().src = url }", fence)
        comes(self._page, lambda: self._passed == fence)
        return frozenset(self._asked)

    def judge(self, document: bytes, encoding: str = "utf-8") -> Verdict:
        """Load a document as it is and rewritten. Return the requests of both."""
        self._encoding = encoding
        before = self._load(document)
        after = self._load(self._rewrite(document, encoding))
        ahead = after - frozenset(self._page.evaluate(IN_THE_TREE)) if after else after
        return Verdict(before, after - ahead, ahead)


def _rewritten(document: bytes, encoding: str) -> bytes:
    return rewritten(document, charset=encoding)


@contextmanager
def judge(
    browser: Browser, *, scripting: bool, rewrite: Rewrite = _rewritten, sought: re.Pattern[str] = SOUGHT
) -> Iterator[Judge]:
    """Yield a judge, with scripts or without, of the documents that `rewrite` returns."""
    context = browser.new_context(java_script_enabled=scripting)
    yield Judge(context.new_page(), rewrite, sought)
    context.close()


def main() -> int:
    """Run until the time is over. Return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=1.0)
    options.add_argument("--seed", type=int, default=int(time.time()))
    chosen = options.parse_args()
    tried = before = after = ahead = 0
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright.chromium)
        for scripting in (True, False):
            stop = time.monotonic() + chosen.minutes * 30
            with judge(browser, scripting=scripting) as chromium_says:
                while time.monotonic() < stop:
                    document = Builder(chosen.seed + tried).document()
                    verdict = chromium_says.judge(document.encode("utf-8", "replace"))
                    tried += 1
                    before += len(verdict.before)
                    ahead += len(verdict.ahead)
                    after += len(verdict.after)
                    if verdict.after:
                        sys.stdout.write(f"seed {chosen.seed + tried - 1}: {sorted(verdict.after)}\n  {document!r}\n")
        browser.close()
    sys.stdout.write(
        f"Chromium: {tried} documents from seed {chosen.seed} on; {before} requests as built, {after} rewritten, "
        f"and {ahead} that only its lookahead made, in foreign content\n"
    )
    return 1 if after else 0


if __name__ == "__main__":
    raise SystemExit(main())
