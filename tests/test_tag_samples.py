"""Every form of a tag is held as it should be, in every piece and with every consent, and every look-alike stays."""

from __future__ import annotations

import re

import pytest

from consent_middleware import Category, Consent, Policy, State
from consent_middleware.blocking import TagBlocker
from consent_middleware.consent import OPTIONAL_CATEGORIES
from consent_middleware.html.rewriter import HTMLRewriter
from consent_middleware.rules import Purpose
from tests.pages import page
from tests.tag_samples import FORMS, LOOK_ALIKES, Form
from tests.test_properties import fetchable

POLICY = Policy(contact_url="/contact", guard="auto")
GRANTS = {
    Purpose.CHAT: {Category.FUNCTIONAL},
    Purpose.TRACKING: {Category.ANALYTICS, Category.MARKETING},
    Purpose.EMBEDS: {Category.FUNCTIONAL, Category.MARKETING},
}


def rewrite(document: bytes, *granted: Category, size: int = 0) -> tuple[bytes, TagBlocker]:
    consent = Consent(dict.fromkeys(granted, State.GRANTED))
    holds = TagBlocker(POLICY, POLICY.decide(consent), "/f.js", authority="www.shop.example")
    rewriter = HTMLRewriter(holds)
    if not size:
        return rewriter.rewrite(document), holds
    pieces = [rewriter.feed(document[at : at + size]) for at in range(0, len(document), size)]
    return b"".join(pieces) + rewriter.close(), holds


_TAIL = re.compile(rb"(?:<aside data-consent-facade.*?</aside>)?<script [^>]*data-conf='[^']*'></script>", re.DOTALL)


def without_markup(document: bytes) -> bytes:
    """The page less what was put in before the end of its body."""
    return _TAIL.sub(b"", document)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_sample_becomes_its_expected_markup(form: Form) -> None:
    out, holds = rewrite(page(form.markup.encode()))

    assert without_markup(out) == page(form.held.encode())
    assert [held.rule for held in holds.blocked] == list(form.rules)
    assert {held.purpose for held in holds.blocked} == {form.purpose}
    assert (b'"data-hsjs-portal":"%s"' % form.portal.encode() in out) == bool(form.portal)
    assert fetchable(out) == []


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_sample_in_head_and_in_chunks(form: Form) -> None:
    document = page(head=form.markup.encode())
    whole, _ = rewrite(document)

    assert form.held.encode() in whole
    for size in (1, 7, 64):
        assert rewrite(document, size=size)[0] == whole


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_sample_stays_if_allowed(form: Form) -> None:
    document = page(form.markup.encode())

    assert rewrite(document, *GRANTS[form.purpose])[0] == document
    assert rewrite(document, *OPTIONAL_CATEGORIES)[0] == document


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_sample_needs_all_its_categories(form: Form) -> None:
    for category in OPTIONAL_CATEGORIES:
        allowed = {purpose for purpose, needed in GRANTS.items() if needed <= {category}}
        held = rewrite(page(form.markup.encode()), category)[1].blocked
        assert bool(held) == (form.purpose not in allowed), category


@pytest.mark.parametrize("markup", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_look_alike_stays(markup: str) -> None:
    for document in (page(markup.encode()), page(head=markup.encode())):
        for size in (0, 1, 16):
            out, holds = rewrite(document, size=size)
            assert out == document
            assert holds.blocked == []
