"""Real pages: pages without tags keep their bytes, and the others have no tag left that would load.

The tests are skipped where the folder of real pages is missing.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from consent_middleware import Consent, Policy
from consent_middleware.blocking import TagBlocker
from consent_middleware.html.rewriter import HTMLRewriter
from tests.engines import engine_for
from tests.test_properties import EVERYTHING, fetchable

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
POLICY = Policy(contact_url="/contact", guard="never")
GUARDING = Policy(contact_url="/contact")
NARROW = Policy(contact_url="/contact", guard="auto")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.no_cover,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the folder of real pages is not beside the project"),
]


def pages() -> list[tuple[str, str]]:
    if not CORPUS.is_dir():
        return []
    with (CORPUS / "index.tsv").open(encoding="utf-8") as file:
        return [(row["file"], row["hubspot"]) for row in csv.DictReader(file, delimiter="\t")]


def read(name: str) -> bytes:
    return (CORPUS / "pages" / name).read_bytes()


def rewrite(document: bytes, consent: Consent, step: int, policy: Policy = POLICY) -> tuple[bytes, TagBlocker]:
    blocker = TagBlocker(
        engine_for(policy), policy.decide(consent), "/_consent/facade.js", authority="www.shop.example"
    )
    rewriter = HTMLRewriter(blocker)
    out = [rewriter.feed(document[at : at + step]) for at in range(0, len(document), step)]
    return b"".join(out) + rewriter.close(), blocker


FACADE = re.compile(rb"(?:<aside data-consent-facade.*?</aside>)?<script [^>]*data-(?:conf|guard)='[^']*'></script>")


@pytest.mark.parametrize(("name", "hubspot"), [row for row in pages() if row[1] in {"none", "word"}])
def test_page_without_tags_gets_only_the_guard(name: str, hubspot: str) -> None:
    document = read(name)

    whole, _ = rewrite(document, Consent(), len(document) or 1, GUARDING)

    assert rewrite(document, Consent(), 16_384, GUARDING)[0] == whole
    assert rewrite(whole, Consent(), 16_384, GUARDING)[0] == whole
    assert FACADE.sub(b"", whole) == document
    assert len(FACADE.findall(whole)) == whole.count(b" data-guard=") <= 1, hubspot


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the real pages are not beside the project")
def test_pages_with_only_a_tag_manager_get_the_guard() -> None:
    names = [name for name, hubspot in pages() if hubspot in {"none", "word"}]
    managed = [name for name in names if b"www.googletagmanager.com/gtm.js" in read(name)]

    def guarded(policy: Policy) -> list[str]:
        return [name for name in managed if b" data-guard=" in rewrite(read(name), Consent(), 1 << 20, policy)[0]]

    # On one page another tool blocks the tag manager, and consent given there covers what it inserts.
    assert (len(managed), len(guarded(GUARDING)), len(guarded(NARROW))) == (14, 14, 13)


def address(document: bytes) -> bytes:
    return re.sub(rb"data-consent-(?:was-)?|data-rocket-|data-(?=src=)", b"", document).lower()


@pytest.mark.parametrize(("name", "hubspot"), pages())
def test_real_page_changes_only_at_blocked_tags(name: str, hubspot: str) -> None:
    document = read(name)

    whole, blocker = rewrite(document, Consent(), len(document) or 1)

    assert rewrite(document, Consent(), 16_384)[0] == whole
    assert rewrite(document, EVERYTHING, 16_384)[0] == document
    if hubspot in {"none", "word"}:
        assert whole == document
    if blocker.blocked:
        assert fetchable(whole) == []
        # Without the additions, the page is unchanged.
        bare = FACADE.sub(b"", whole).replace(b' type="text/x-consent"', b"")
        bare = re.sub(rb' data-consent="(?:chat|tracking|embeds)"(?: data-consent-kind="[a-z-]+")?', b"", bare)
        # Attributes in which plugins keep an address get one common name.
        assert address(bare) == address(document)
    else:
        assert whole == document
        assert fetchable(document) == []


#: How many tags of each rule are blocked in the real pages. A change here shows the effect of a changed rule.
BLOCKED_TAGS = {
    "hint (chat)": 1,
    "hint (tracking)": 11,
    "hint (embeds)": 1,
    "hubspot.ads-pixel": 1,
    "hubspot.analytics": 5,
    "hubspot.banner": 6,
    "hubspot.call-to-action": 4,
    "hubspot.calls-to-action": 8,
    "hubspot.collected-forms": 4,
    "hubspot.form": 41,
    "hubspot.forms": 14,
    "hubspot.inline-loader": 11,
    "hubspot.inline-tracking": 1,
    "hubspot.lead-flows": 1,
    "hubspot.loader": 58,
    "hubspot.service": 3,
    "hubspot.site-tools": 35,
    "hubspot.web-interactives": 7,
}


def test_real_pages_have_expected_blocked_tags() -> None:
    counts: Counter[str] = Counter()
    for name, _ in pages():
        document = read(name)
        blocked = rewrite(document, Consent(), len(document) or 1)[1].blocked
        counts.update(f"hint ({tag.purpose})" if tag.rule == "hint" else tag.rule for tag in blocked)

    assert dict(sorted(counts.items())) == dict(sorted(BLOCKED_TAGS.items()))
