"""Chromium as the last judge of what parse5 has found.

Knows: how Chromium is asked for what it asks a vendor for when a rewritten document is loaded.
Must not know: how documents are made or judged before.
"""

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
    """Give what Chromium asks for, with scripts and without, when each of these documents is loaded rewritten."""
    said: dict[Document, str] = {}
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright.chromium)
        for scripting in (True, False):
            with judge(browser, scripting=scripting, rewrite=rewritten, sought=_SOUGHT) as chromium_says:
                for difference in differences:
                    document = difference.document
                    verdict = chromium_says.judge(document.source, document.encoding)
                    words = f"{'with' if scripting else 'without'} scripts: {sorted(verdict.after)}"
                    ahead = f", looking ahead alone: {sorted(verdict.ahead)}" if verdict.ahead else ""
                    said[document] = "; ".join(filter(None, (said.get(document, ""), words + ahead)))
        browser.close()
    return said
