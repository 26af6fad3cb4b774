"""Properties of the rewriter, on documents built from whole constructs and cut anywhere."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_middleware import Category, Consent, Policy, State
from consent_middleware.blocking import TagBlocker
from consent_middleware.consent import OPTIONAL_CATEGORIES
from consent_middleware.html.rewriter import Edit, HTMLRewriter, StartTag
from consent_middleware.urls import parse_url
from tests.engines import engine_for
from tests.html.oracle import nothing_closed
from tests.test_blocking import BLOCKED, LEFT_ALONE

pytestmark = pytest.mark.no_cover

POLICY = Policy(contact_url="/contact")

FILLERS = [
    b"<p class='a>b'>text &amp; more</p>",
    b"<!-- a > comment -- -->",
    b"<script>if (a < b) document.write('<!--<script>x<\\/script>-->')</script>",
    b"<style>a > b::after { content: '</div>' }</style>",
    b"<textarea></textareax></textarea >",
    b"<a href=x title='>'>",
    b"<br/>\r\n\t",
    b"\x00\xff\xfe Caf\xe9 \x83\x5c",
    b"<svg><title><p>x</title><![CDATA[ <b> ]]></svg>",
    b"<div<x a==b =c d='' \"e\">",
    b"</ bogus><?php x ?><!doctype a>",
    b"<title>js.hs-scripts.com</title>",
    b"< p><3<>",
]
fragments = st.sampled_from([*BLOCKED.values(), *LEFT_ALONE.values(), *FILLERS])
documents = st.lists(fragments, max_size=8).map(b"".join)
states = st.dictionaries(st.sampled_from(OPTIONAL_CATEGORIES), st.sampled_from(State))


class Recording(TagBlocker):
    """A tag blocker that records each edit with its tag, and each tail."""

    tags: list[tuple[bytes, list[Edit]]]
    tails: list[bytes]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tags = []
        self.tails = []

    def end_markup(self) -> bytes:
        tail = super().end_markup()
        self.tails.append(tail)
        return tail

    def start_tag(self, tag: StartTag) -> list[Edit]:
        edits = list(super().start_tag(tag))
        if edits:
            self.tags.append((tag.raw, edits))
        return edits


def watch(consent: Consent, *, clicked: bool = False) -> Recording:
    return Recording(engine_for(POLICY), POLICY.decide(consent, clicked=clicked), "/f.js", authority="www.shop.example")


def rewrite(document: bytes, consent: Consent, cuts: list[int] | None = None) -> bytes:
    rewriter = HTMLRewriter(watch(consent))
    edges = [0, *sorted(cuts or []), len(document)]
    return b"".join([rewriter.feed(document[a:b]) for a, b in pairwise(edges)]) + rewriter.close()


NOTHING = Consent()
EVERYTHING = Consent(dict.fromkeys(OPTIONAL_CATEGORIES, State.GRANTED))


@given(documents)
def test_full_consent_changes_nothing(document: bytes) -> None:
    """Property: identity."""
    assert rewrite(document, EVERYTHING) == document


@given(documents, st.lists(st.integers(0, 2000), max_size=6))
def test_output_does_not_depend_on_chunks(document: bytes, cuts: list[int]) -> None:
    """Property: chunk invariance, at random cuts and byte by byte."""
    whole = rewrite(document, NOTHING)

    assert rewrite(document, NOTHING, [cut % (len(document) + 1) for cut in cuts]) == whole
    assert rewrite(document, NOTHING, list(range(1, len(document)))) == whole


@pytest.mark.slow
@pytest.mark.parametrize("fragment", [*BLOCKED.values(), *LEFT_ALONE.values(), *FILLERS])
def test_output_is_the_same_for_every_single_cut(fragment: bytes) -> None:
    """Property: chunk invariance, at every single cut."""
    document = b"<body>" + fragment + b"<p>" + BLOCKED["the official tag"] + b"</body>"
    whole = rewrite(document, NOTHING)

    for cut in range(len(document) + 1):
        assert rewrite(document, NOTHING, [cut]) == whole, cut


@given(documents, states, st.booleans())
def test_bytes_outside_edits_are_unchanged(document: bytes, given_states: dict[Category, State], clicked: bool) -> None:
    """Property: locality. Undoing the edits restores the input."""
    blocker = watch(Consent(given_states), clicked=clicked)
    rewriter = HTMLRewriter(blocker)
    # The end tags before the tail are part of it.
    with nothing_closed():
        out = rewriter.feed(document) + rewriter.close()

    for tail in filter(None, blocker.tails):
        before, _, after = out.rpartition(tail)
        out = before + after
    restored, position = [], 0
    for raw, edits in blocker.tags:
        changed, at = b"", 0
        for edit in edits:
            changed += raw[at : edit.start] + edit.replacement
            at = edit.end
        changed += raw[at:]
        found = out.index(changed, position)
        restored += [out[position:found], raw]
        position = found + len(changed)
    assert b"".join(restored) + out[position:] == document


@given(documents)
def test_rewriting_twice_changes_nothing_more(document: bytes) -> None:
    """Property: idempotence."""
    once = rewrite(document, NOTHING)

    assert rewrite(once, NOTHING) == once


@given(documents, states, st.sampled_from(OPTIONAL_CATEGORIES))
def test_granting_more_never_blocks_more(document: bytes, given_states: dict[Category, State], more: Category) -> None:
    """Property: monotonicity."""
    less, greater = watch(Consent(given_states)), watch(Consent({**given_states, more: State.GRANTED}))
    for blocker in (less, greater):
        rewriter = HTMLRewriter(blocker)
        rewriter.feed(document)
        rewriter.close()

    assert len(greater.blocked) <= len(less.blocked)


@given(st.binary(), st.lists(st.integers(0, 200), max_size=3))
def test_arbitrary_bytes_raise_nothing_and_are_kept(document: bytes, cuts: list[int]) -> None:
    """Property: no exception. Bytes without a vendor's host are unchanged."""
    assert rewrite(document, NOTHING, [cut % (len(document) + 1) for cut in cuts]) == document


_HINTS = {"preconnect", "dns-prefetch", "preload", "modulepreload", "prefetch"}
_HOSTS = re.compile(
    r"(js|api)(-[a-z]{2}\d{1,2})?\.(hs-scripts\.com|usemessages\.com|hs-analytics\.net|hs-banner\.com|hscollectedforms\.net"
    r"|hsleadflows\.net|hsadspixel\.net|hsforms\.net|hscta\.net|hubspot\.com|hubspotfeedback\.com|hubapi\.com)"
    r"|(track|meetings|forms)(-[a-z]{2}\d{1,2})?\.hubspot\.com|no-cache\.hubspot\.com|play\.hubspotvideo\.com"
)
#: The text of an inline script that contacts a vendor as soon as it runs, without using the package's rules.
_CONTACTS = re.compile(
    r"\.src\s*=\s*['\"`]?[^;]{0,40}(hs-scripts|hs-analytics|js\.hubspot)\.(com|net)|^\s*hbspt\.(forms\.create|cta)"
)


def fetchable(document: bytes) -> list[str]:
    """Return everything in html5lib's tree of a document that a browser would load from a vendor or run."""
    tree = html5lib.parse(document, namespaceHTMLElements=False, transport_encoding="windows-1252")
    in_templates = {inner for template in tree.iter("template") for inner in template.iter()}
    base = None
    found = []
    for element in tree.iter():
        url = None
        if element.tag == "base":
            # A base counts for later elements, because a parser loads a script at its end tag.
            base = base or element.get("href")
        elif element.tag == "script" and _would_run(element):
            url = element.get("src")
            if url is None and element not in in_templates and _CONTACTS.search(element.text or ""):
                found.append((element.text or "")[:60])
        elif element.tag in {"img", "iframe"}:
            url = element.get("src")
        elif element.tag == "link" and _is_hint(element):
            url = element.get("href")
        parsed = parse_url(url, base) if url and element not in in_templates else None
        if parsed and _HOSTS.fullmatch(parsed.host):
            found.append(str(url))
    return found


def _would_run(script: Any) -> bool:
    return re.fullmatch(r"(?i)|module|.*script", (script.get("type") or "").strip()) is not None


def _is_hint(link: Any) -> bool:
    types = set((link.get("rel") or "").lower().split())
    return bool(types & _HINTS) and "stylesheet" not in types


@settings(max_examples=60)
@given(documents)
def test_html5lib_finds_no_tag_that_would_load(document: bytes) -> None:
    """Property: oracle."""
    assert fetchable(rewrite(document, NOTHING)) == []
