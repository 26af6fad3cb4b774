"""Chromium as the final judge of the problems that parse5 has found."""

from __future__ import annotations

import re
from collections.abc import Iterable

from playwright.sync_api import sync_playwright

from tests import chromium
from tests.browser.fuzz import judge

from .kinds import Difference
from .parse5 import HOSTS
from .properties import rewritten
from .soup import Document

_SOUGHT = re.compile("|".join(HOSTS.values()))


def asks(differences: Iterable[Difference]) -> dict[Document, str]:
    """Return the vendor requests of Chromium for the rewritten form of each document, with scripts and without."""
    said: dict[Document, str] = {}
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright.chromium)
        for scripting in (True, False):
            with judge(browser, scripting=scripting, rewrite=rewritten, sought=_SOUGHT) as chromium_says:
                for difference in differences:
                    document = difference.document
                    verdict = chromium_says.judge(document.source, document.encoding)
                    words = f"{'with' if scripting else 'without'} scripts: {sorted(verdict.after)}"
                    ahead = f", only by lookahead: {sorted(verdict.ahead)}" if verdict.ahead else ""
                    said[document] = "; ".join(filter(None, (said.get(document, ""), words + ahead)))
        browser.close()
    return said
