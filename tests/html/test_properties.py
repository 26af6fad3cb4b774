"""The properties of the engine, over documents built of whole constructs, at every cut and byte by byte."""

from __future__ import annotations

import random
import re
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_middleware.html import normalize
from consent_middleware.html.prefilter import Prefilter
from consent_middleware.html.rewriter import Edit, HTMLRewriter, StartTag
from consent_middleware.html.token_reader import Kind
from consent_middleware.html.tokenizer import Tokenizer
from consent_middleware.html.xml import XMLTokenizer
from tests.growth import assert_linear

from .fuzz import Builder
from .oracle import NEEDLE, Everything, Holding, nothing_closed, rewritten

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

HELD = f"//{NEEDLE}/1"

CONSTRUCTS = (
    f"<script src={HELD}></script>",
    f"<SCRIPT async SRC = '{HELD}' >if (a<b) '</scriptx>'</SCRIPT\n>",
    f'<script data-a="<script>" src="{HELD}"><!-- <script> </script> --></script>',
    f"<script><!--<script></script>'<img src={HELD}>'</script>",
    f"<img alt='>' src={HELD}>",
    f"<!-- <script src={HELD}></script> --!>",
    f"<!--><img src={HELD}>",
    f"<style>a{{}}<img src={HELD}></style>",
    f"<title><img src={HELD}></title >",
    f"<textarea><img src={HELD}></textarea/>",
    f"<noscript><img src={HELD}><img alt='</noscript>",
    f"<noscript></noscript title='x'><img src={HELD}>",
    f"<svg><style><script href={HELD}></script></style></svg>",
    f"<svg viewBox='0 0 1 1'><path d='M0 0'/><title>x</title></svg><img src={HELD}>",
    f"<svg><![CDATA[<script src={HELD}></script>]]><foreignObject><img src={HELD}></foreignObject></svg>",
    f"<math><mi><img src={HELD}></mi></math>",
    f"<template><script src={HELD}></script><template></template></template>",
    f"<select><option>x<title><img src={HELD}></title></select>",
    f"<iframe srcdoc=\"&lt;script src='{HELD}'&gt;&lt;/script&gt;&amp;\"></iframe>",
    f"<iframe srcdoc='<iframe srcdoc=\"&lt;img src={HELD}&gt;\"></iframe>'></iframe>",
    "<link href='//held&#46;example/1' rel=x>",
    "<link href=//HELD.EXAMP&#x4c;E/1>",
    "<img src='//held.ex\nample/1'>",
    f"<base href='//{NEEDLE}/'><script src=1></script>",
    "<p title='</body>'>text &amp; <b>bold</b> 3 < 4 </p>",
    "</body>",
    "</html>",
    "<?pi ?><!doctype html></ x><!x>",
    "\ufeff\u00e9\u4e2d\U0001f600",
    "<a href='x",
    "<plaintext>",
    "<frameset><frame>",
    "<",
    "</",
    "<!-",
    "\0\r\n\x0c",
)

documents = st.lists(st.sampled_from(CONSTRUCTS), min_size=1, max_size=7).map("".join).map(str.encode)
law = settings(deadline=None, max_examples=150, derandomize=True)


def tokens_of(document: bytes, size: int, *, xml: bool = False) -> list[tuple[Kind, bytes]]:
    """Return all tokens of a document fed in pieces."""
    tokens = XMLTokenizer() if xml else Tokenizer()
    found = []
    for at in range(0, len(document), size):
        if tokens.feed(document[at : at + size]):
            while kind := tokens.next():
                found.append((kind, tokens.source[tokens.start : tokens.pos]))
    tokens.feed(b"", last=True)
    while kind := tokens.next():
        found.append((kind, tokens.source[tokens.start : tokens.pos]))
    return found


class Located(Holding):
    """Put a mark, of a byte that is in no construct, around every change."""

    def start_tag(self, tag: StartTag) -> list[Edit]:
        """Return edits that keep the replaced bytes between marks."""
        edits = super().start_tag(tag)
        return [Edit(e.start, e.end, b"\x01" + tag.raw[e.start : e.end] + b"\x01") for e in edits]

    def end_markup(self) -> bytes:
        """Return the end markup between marks."""
        return b"\x01\x01" if self.found else b""


@law
@given(documents, st.sampled_from((1, 2, 5, 64)), st.booleans())
def test_round_trip(document: bytes, size: int, xml: bool) -> None:
    """The tokens joined together are the document."""
    assert b"".join(raw for _, raw in tokens_of(document, size, xml=xml)) == document


@law
@given(documents, st.sampled_from((1, 7, 0)), st.sampled_from(("utf-8", "utf-16le", "iso-2022-jp", None)))
def test_identity(document: bytes, size: int, charset: str | None) -> None:
    """Without edits a document is unchanged, and `rewrite` returns the object itself."""
    rewriter = HTMLRewriter(Everything(), charset=charset)
    step = size or len(document)
    pieces = [rewriter.feed(document[at : at + step]) for at in range(0, len(document), step)]
    assert b"".join(pieces) + rewriter.close() == document
    plain = document.replace(b"h", b"x").replace(b"H", b"X")
    assert HTMLRewriter(Holding()).rewrite(plain) == plain


#: What begins where no tag does, so that a scan for tags takes what follows for something else.
STUMBLES = (
    f"<script>go('//{NEEDLE}/x')</script>",
    f"<script>//{NEEDLE}/x",
    "<title><script></title>",
    "<!-- <script> -->",
    "<script>'<iframe src='</script>",
    "<script><!-- <script> </script>",
    "<script>a</script>",
    "<x a='<script>'>",
    f"<img alt='<img src={HELD}>' src={HELD}>",
    f"<IFRAME SRCDOC='&lt;img src=&amp;#47;{HELD[1:]}&gt;'>",
    f"<img src={HELD} alt=\0>",
    "<img src=%00>",
    f"<h:script xmlns:h='http://www.w3.org/1999/xhtml' src='{HELD}'></h:script>",
    f"<img src={HELD}>" * 9,
    "<base href=/x>",
)


@law
@given(
    st.lists(st.sampled_from((*CONSTRUCTS, *STUMBLES)), min_size=1, max_size=9).map(
        lambda parts: "".join(parts).encode()
    ),
    st.booleans(),
    st.sampled_from((1 << 20, 9)),
)
def test_prefilter_has_no_false_negatives(document: bytes, xml: bool, size: int) -> None:
    """The output is the same if the watch is asked about every tag."""

    def every(prefilter: Prefilter, source: bytes, encoding: str, *, complete: bool) -> list[tuple[int, int]]:
        return [found.span() for found in prefilter.pattern.finditer(source)]

    with patch.object(Prefilter, "candidate_spans", every):
        expected = rewritten(document, size, xml=xml)
    assert rewritten(document, size, xml=xml) == expected
    assert HTMLRewriter(Holding(), charset="utf-8", xml=xml).rewrite(document) == expected


@settings(law, max_examples=60)
@given(documents, st.booleans())
def test_chunk_invariance(document: bytes, xml: bool) -> None:
    """The output does not depend on where the document is cut, and `rewrite` returns the same."""
    whole = rewritten(document, xml=xml)
    assert HTMLRewriter(Holding(), charset="utf-8", xml=xml).rewrite(document) == whole
    assert rewritten(document, 1, xml=xml) == whole
    for cut in range(1, len(document)):
        rewriter = HTMLRewriter(Holding(), charset="utf-8", xml=xml)
        assert rewriter.feed(document[:cut]) + rewriter.feed(document[cut:]) + rewriter.close() == whole, cut


@law
@given(documents)
def test_locality(document: bytes) -> None:
    """Every byte outside of the edited spans is kept: without the marks, the output is the document."""
    # What is closed before the tail is part of it.
    with nothing_closed():
        for charset in ("utf-8", "windows-1252", None):
            out = HTMLRewriter(Located(), charset=charset).rewrite(document)
            assert out.replace(b"\x01", b"") == re.sub(b"\x01", b"", document)


@law
@given(documents)
def test_idempotence(document: bytes) -> None:
    """Rewriting the output again edits nothing."""
    once = rewritten(document)
    assert HTMLRewriter(Holding(), charset="utf-8").rewrite(once) == once


def test_only_short_texts_are_cached() -> None:
    """The cache between pages does not grow with the length of their tags."""
    caches = (normalize._map_uts46_cached, normalize._decode_reference_cached)
    before = sum(cache.cache_info().currsize for cache in caches)
    for number in range(50):
        page = f"<img src=//held.example alt='\uff21{number:0999}&#{number:0999};'>"
        for charset in ("utf-8", "shift_jis"):
            HTMLRewriter(Holding(), charset=charset).rewrite(page.encode(charset))
    assert sum(cache.cache_info().currsize for cache in caches) < before + 5


@law
@given(st.binary(max_size=300), st.integers(1, 9), st.sampled_from((None, "utf-16", "iso-2022-jp", "x", "hz-gb-2312")))
def test_any_bytes_pass_without_an_exception(document: bytes, size: int, charset: str | None) -> None:
    """No bytes raise, and a document without a needle is unchanged."""
    for xml in (False, True):
        assert rewritten(document, size, xml=xml, charset=charset) == document


@law
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_broken_documents_keep_the_properties(seed: int, damage: int) -> None:
    """The properties hold for documents with bytes removed and inserted."""
    pick = random.Random(damage)  # noqa: S311 - documents, not secrets
    document = bytearray(Builder(seed).document().encode("utf-8", "replace"))
    for _ in range(pick.randint(1, 6)):
        at = pick.randrange(len(document))
        document[at : at + pick.randint(0, 2)] = pick.choice((b"", b"<", b'"', b"'", b">", b"\x1b$B", b"\xff", b"\0"))
    source = bytes(document)
    whole = rewritten(source, charset=None)
    assert all(rewritten(source, size, charset=None) == whole for size in (1, 3, 16))
    assert b"".join(raw for _, raw in tokens_of(source, 3)) == source


HOSTILE = {
    "a <": b"<",
    "tags that do not end": b"<a ",
    "attributes that do not end": b'<a b="',
    "single quotes that do not end": b"<a b='\">",
    "comments that do not end": b"<!-- ",
    "comments with dashes": b"<!--<!--",
    "ends of comments": b"--!",
    "scripts that do not end": b"<script>",
    "ends of scripts that do not end": b"</scrip",
    "escaped scripts": b"<script><!--<script>",
    "scripts whose texts count": b"<script>held.example</script>",
    "scripts whose texts count and do not end": b"<script>held.example",
    "scripts that may go on": b"<script><!--<script>x</script>held.example",
    "needles in one attribute": NEEDLE.encode() + b" ",
    "needles in unfinished tags": b"<img src=//held.example ",
    "candidates inside of candidates": b"<img <script <link ",
    "candidates in comments that do not end": b"<!--<img a='-->",
    "raw text that does not end": b"<style><title>",
    "svg that does not end": b"<svg><g>x",
    "svg and math that leave at once": b"<svg><path d='x'/><p>",
    "templates": b"<template><tr>",
    "end tags of nothing in deep svg": b"<svg><g><g></x>",
    "paragraphs in deep integration points": b"<svg><desc><i><p></b>",
    "noscript that does not end": b"<noscript><img alt='",
    "noscript": b"<noscript><a x='</noscript>",
    "selects": b"<select><title>",
    "unquoted values": b"<img a==b",
    "references": b"<img src=&#104;&amp;eld&",
    "closed tags that hold": b"<img src=//held.example>",
    "srcdoc in srcdoc": b"<iframe/srcdoc=",
    "closed srcdoc": b"<iframe/srcdoc=<img/src=//held.example&gt;>",
    "CDATA": b"<svg><![CDATA[",
    "slashes": b"<img / / ",
    "end tags": b"</a b=' ",
    "equals signs": b"<a =",
}


@pytest.mark.parametrize("unit", [pytest.param(unit, id=name) for name, unit in HOSTILE.items()])
@pytest.mark.parametrize("size", [pytest.param(0, id="at once"), pytest.param(64, id="in pieces")])
def test_time_is_linear_in_the_document(unit: bytes, size: int) -> None:
    """No input makes the engine slower than linear: quadratic growth would be sixteenfold."""
    assert_linear(lambda length: unit * (length // len(unit)), lambda page: rewritten(page, size), start=20_000)


def test_nested_math_takes_linear_time() -> None:
    """A tag in MathML does not search all open elements for an svg."""
    assert_linear(lambda count: b"<math>" + b"<mrow>" * count, rewritten)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_combining_marks_take_linear_time(charset: str) -> None:
    """Combining marks are not put in order over a whole attribute."""

    def prepare(count: int) -> bytes:
        return ("<img src=//held.example alt='\uff21" + "\u0300\u0316" * count + "'>").encode(charset)

    assert_linear(prepare, lambda page: rewritten(page, charset=charset), start=2_000)


def test_bytewise_tag_takes_linear_time() -> None:
    """An unfinished tag fed byte by byte is not read again with every byte."""
    assert_linear(lambda count: b"<a b='" + b"x>" * count, lambda page: rewritten(page, 1), start=4_000)


def test_bytewise_script_takes_linear_time() -> None:
    """An inline script fed byte by byte is not read again with every byte."""
    assert_linear(lambda count: b"<script>" + b"a>b;" * count, lambda page: rewritten(page, 1), start=2_000)
