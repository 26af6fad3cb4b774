"""Each sample of a tag is blocked as expected, in chunks and with any consent, and each look-alike stays."""

from __future__ import annotations

import re

import pytest

from consent_middleware import Category, Consent, Policy, State
from consent_middleware.blocking import TagBlocker
from consent_middleware.consent import OPTIONAL_CATEGORIES
from consent_middleware.html.rewriter import HTMLRewriter
from consent_middleware.purpose import Purpose
from tests.engines import engine_for
from tests.pages import page
from tests.tag_samples import LOOK_ALIKES, SAMPLES, Sample
from tests.test_properties import fetchable

POLICY = Policy(contact_url="/contact", guard="auto")
GRANTS = {
    Purpose.CHAT: {Category.FUNCTIONAL},
    Purpose.TRACKING: {Category.ANALYTICS, Category.MARKETING},
    Purpose.EMBEDS: {Category.FUNCTIONAL, Category.MARKETING},
}


def rewrite(document: bytes, *granted: Category, size: int = 0) -> tuple[bytes, TagBlocker]:
    consent = Consent(dict.fromkeys(granted, State.GRANTED))
    blocker = TagBlocker(engine_for(POLICY), POLICY.decide(consent), "/f.js", authority="www.shop.example")
    rewriter = HTMLRewriter(blocker)
    if not size:
        return rewriter.rewrite(document), blocker
    pieces = [rewriter.feed(document[at : at + size]) for at in range(0, len(document), size)]
    return b"".join(pieces) + rewriter.close(), blocker


_TAIL = re.compile(rb"(?:<aside data-consent-facade.*?</aside>)?<script [^>]*data-conf='[^']*'></script>", re.DOTALL)


def without_markup(document: bytes) -> bytes:
    """Return the page without the facade and the release script."""
    return _TAIL.sub(b"", document)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_sample_becomes_its_expected_markup(sample: Sample) -> None:
    out, blocker = rewrite(page(sample.markup.encode()))

    assert without_markup(out) == page(sample.blocked.encode())
    assert [tag.rule for tag in blocker.blocked] == list(sample.rules)
    assert {tag.purpose for tag in blocker.blocked} == {sample.purpose}
    assert (b'"data-hsjs-portal":"%s"' % sample.portal.encode() in out) == bool(sample.portal)
    assert fetchable(out) == []


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_sample_in_head_and_in_chunks(sample: Sample) -> None:
    document = page(head=sample.markup.encode())
    whole, _ = rewrite(document)

    assert sample.blocked.encode() in whole
    for size in (1, 7, 64):
        assert rewrite(document, size=size)[0] == whole


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_sample_stays_if_allowed(sample: Sample) -> None:
    document = page(sample.markup.encode())

    assert rewrite(document, *GRANTS[sample.purpose])[0] == document
    assert rewrite(document, *OPTIONAL_CATEGORIES)[0] == document


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_sample_needs_all_its_categories(sample: Sample) -> None:
    for category in OPTIONAL_CATEGORIES:
        allowed = {purpose for purpose, needed in GRANTS.items() if needed <= {category}}
        blocked = rewrite(page(sample.markup.encode()), category)[1].blocked
        assert bool(blocked) == (sample.purpose not in allowed), category


@pytest.mark.parametrize("markup", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alike_stays(markup: str) -> None:
    for document in (page(markup.encode()), page(head=markup.encode())):
        for size in (0, 1, 16):
            out, blocker = rewrite(document, size=size)
            assert out == document
            assert blocker.blocked == []
