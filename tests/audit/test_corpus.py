"""Real pages: html5lib and the engine find the same, and nothing loads too early in any of four states."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import pytest

from consent_middleware import Policy
from consent_middleware.audit.pages import Auditor, Page, PageReport
from tests.test_corpus import BLOCKED_TAGS, CORPUS, pages, read

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.no_cover,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the folder of real pages is not beside the project"),
]

#: How many findings of each rule the real pages have, by what becomes of them.
FOUND = {
    "hubspot.ads-pixel": 1,
    "hubspot.analytics": 5,
    "hubspot.banner": 6,
    "hubspot.call-to-action": 4,
    "hubspot.calls-to-action": 8,
    "hubspot.collected-forms": 4,
    "hubspot.form": 40,
    "hubspot.form later": 1,
    "hubspot.forms": 13,
    "hubspot.forms later": 1,
    "hubspot.hint": 13,
    "hubspot.host": 4,
    "hubspot.inline-loader": 11,
    "hubspot.inline-tracking": 1,
    "hubspot.lead-flows": 1,
    "hubspot.loader": 55,
    "hubspot.loader later": 3,
    "hubspot.service": 3,
    "hubspot.site-tools": 35,
    "hubspot.web-interactives": 7,
}
UNSEEN = {"other script": 394, "service worker": 3, "tag manager": 31}


def report_on(name: str) -> PageReport:
    return Auditor(Policy(contact_url="/contact")).audit(Page(name, read(name)))


@cache
def reports() -> list[PageReport]:
    # In several processes, because html5lib takes more than a minute for all pages.
    with ProcessPoolExecutor(4, get_context("spawn")) as processes:
        return list(processes.map(report_on, [name for name, _ in pages()], chunksize=8))


def test_real_pages_have_expected_findings() -> None:
    found = Counter(
        each.finding.rule + " later" * (each.finding.load == "later") for page in reports() for each in page.findings
    )

    assert dict(sorted(found.items())) == FOUND
    assert Counter(each.kind for page in reports() for each in page.unseen) == UNSEEN


def test_engine_and_html5lib_agree_on_real_pages() -> None:
    assert {page.name: page.disagreements for page in reports() if page.disagreements} == {}
    # And each is compared: the engine's own snapshot has the same numbers.
    assert sum(BLOCKED_TAGS.values()) == sum(FOUND.values()) - FOUND["hubspot.host"]


def test_every_real_page_is_read() -> None:
    assert [(page.name, page.error) for page in reports() if page.error] == []


def test_no_tag_of_a_real_page_loads_too_early() -> None:
    assert [(page.name, each.finding) for page in reports() for each in page.findings if each.counts] == []


def test_real_pages_load_everything_after_consent() -> None:
    outcomes = [each.outcomes["everything"].load for page in reports() for each in page.findings]

    assert Counter(outcomes) == {"at once": sum(FOUND.values()) - 5, "later": 5}
