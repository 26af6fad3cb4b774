"""Any bytes are audited: no exception, valid reports, and the engine's output has no fault."""

from __future__ import annotations

import json

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_middleware import Policy
from consent_middleware.audit.json_report import as_json, as_sarif
from consent_middleware.audit.pages import Auditor, Page
from consent_middleware.audit.result import Result
from consent_middleware.audit.text_report import as_text
from consent_middleware.vendors import KNOWN_VENDORS

from .test_findings import TABLE
from .test_reports import OWN_SCHEMA

pytestmark = pytest.mark.no_cover

SENT = Auditor()
POLICY = Auditor(Policy(contact_url="/contact"))
VALIDATOR = jsonschema.Draft202012Validator(OWN_SCHEMA)

MARKUP = [markup.encode() for markup, _ in TABLE.values()]
BREAKS = [
    b"<",
    b"</",
    b"<!--",
    b"-->",
    b"'",
    b'"',
    b"\0",
    b"\r\n",
    b"\xff",
    b"\x1b$B",
    b"<svg>",
    b"<table>",
    b"<select>",
]
CUT = st.tuples(st.sampled_from(MARKUP), st.integers(0, 80)).map(lambda pair: pair[0][: pair[1]])
PIECES = st.one_of(st.sampled_from(MARKUP), CUT, st.sampled_from(BREAKS), st.binary(max_size=8))
PAGES = st.lists(PIECES, max_size=8).map(b"".join)
TYPES = st.sampled_from([b"text/html", b"text/html; charset=utf-8", b"text/html; charset=utf-16le", b"\xff"])


@settings(max_examples=80, deadline=None)
@given(PAGES, TYPES)
def test_any_page_has_valid_reports(page: bytes, content_type: bytes) -> None:
    report = SENT.audit(Page("page.html", page, [(b"content-type", content_type)]))

    whole = Result([report], False, KNOWN_VENDORS)

    VALIDATOR.validate(json.loads(as_json(whole)))
    assert as_sarif(whole).isascii()
    assert all(each.isprintable() for each in as_text(whole).split("\n"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(MARKUP), max_size=6).map(b"\n".join))
def test_nothing_in_a_page_loads_too_early(page: bytes) -> None:
    """Property: oracle."""
    report = POLICY.audit(Page("page.html", page, [(b"content-type", b"text/html; charset=utf-8")]))

    assert [each.finding for each in report.findings if each.counts] == []


@settings(max_examples=40, deadline=None)
@given(PAGES)
def test_consent_to_everything_lets_everything_load(page: bytes) -> None:
    report = POLICY.audit(Page("page.html", page))

    assert all(each.outcomes["everything"].load is each.finding.load for each in report.findings)
