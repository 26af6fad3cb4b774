"""The property of incremental rewriting: whatever differs, the result is that of a full reading, or there is none."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_middleware.html.rewriter import HTMLRewriter, Recording
from tests.growth import assert_linear

from .fuzz import Builder
from .oracle import Holding
from .test_corpus import PAGES
from .test_incremental import (
    DOCUMENT,
    FIXED,
    HELD,
    OWN,
    CopyingNonce,
    ForFirstScript,
    from_recording,
    in_full,
    record_densely,
    recording_of,
    with_nonce,
)

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

#: What a difference may insert: it opens or closes a construct, or adds something that the watch is asked about.
INSERTED = (
    *(b"", b"x", b"<", b"</", b"<!", b"<!--", b"-->", b'"', b"'", b">", b"<p>", b"</p>", b"<b title=", b" ", b"\0"),
    *(b"<script>", b"</script>", b"<style>", b"</style>", b"<title>", b"</title>", b"<textarea>", b"</textarea>"),
    *(b"<svg>", b"</svg>", b"<math><mi>", b"<template>", b"</template>", b"<select>", b"</select>", b"<noscript>"),
    *(b"</noscript>", b"<frameset>", b"<plaintext>", b"<![CDATA[", b"]]>", b"<body>", b"</body>", b"</i>", b"<table>"),
    *(f"<script src={HELD}></script>".encode(), f"<img src={HELD}>".encode(), b"//held.example/"),
    *(b"<base href=//held.example/>", b"<base href=/x/>", b"<script src=//held&#46;example/2></script>"),
    f"<iframe srcdoc='<script src={HELD}></script>'></iframe>".encode(),
    *(b"<script>w('<script src=/2></scr'+'ipt>')</script>", b"<script><!--<script></script>", b"<img src=/i '<img'>"),
    *(b"<svg><script>", b"<svg><script>a<b/></script></svg>", b"<iframe srcdoc='<script>1</script>'></iframe>"),
)

#: What differs most often.
WORDS = (b"1", b"22", b"A1B2C3", b"two words", b"x=1", b"/a/b=", b"\xc3\xa4", b"", b"content-security-policy")

#: A head with places for words.
HEAD = (
    b"<!DOCTYPE html><html><head><meta name=x content='w1'><meta http-equiv='w2' content='w3'><title>w4</title>"
    b"<meta http-equiv='w5' content='w6'><p title='w7' class=w8>w9</p><!-- w0 -->"
)

#: The differences are compared in so many parts, which run in different processes.
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_every_difference_is_exact_or_refused(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    record_densely(monkeypatch)
    exact = 0
    recording = recording_of(DOCUMENT, ForFirstScript)
    for at, inserted, removed in product(range(5 * part, len(DOCUMENT), 5 * PARTS), INSERTED, (0, 7)):
        document = DOCUMENT[:at] + inserted + DOCUMENT[at + removed :]
        out = from_recording(recording, document)
        exact += out is not None
        assert out is None or out == in_full(document, ForFirstScript), document

    assert exact > 3_000 / PARTS


@pytest.mark.parametrize("part", range(PARTS))
def test_differences_near_nonces_are_exact_or_refused(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    record_densely(monkeypatch)
    exact = 0
    recording = recording_of(with_nonce(FIXED), partial(CopyingNonce, FIXED), nonce=FIXED)
    base, watch = with_nonce(OWN), partial(CopyingNonce, OWN)
    for at, inserted, removed in product(range(13 * part, len(base), 13 * PARTS), (*INSERTED, OWN, OWN[:9]), (0, 7)):
        document = base[:at] + inserted + base[at + removed :]
        out = from_recording(recording, document, OWN)
        exact += out is not None
        assert out is None or out == in_full(document, watch), document

    assert exact > 1_000 / PARTS


@settings(max_examples=4 * settings().max_examples)
@given(
    st.integers(0, 1 << 40),
    st.integers(0, 1 << 40),
    st.sampled_from([Holding, ForFirstScript]),
    st.sampled_from([8, 32, 64]),
)
def test_built_documents_are_exact_or_refused(seed: int, other: int, watch: type[Holding], spacing: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        record_densely(monkeypatch, spacing)
        compare_built(seed, other, watch)


def compare_built(seed: int, other: int, watch: type[Holding]) -> None:
    """Compare a built document with its recording after differences."""
    pick = random.Random(other)  # noqa: S311 - documents, not secrets
    document = pick.choice((b"", HEAD)) + b"".join(
        b"<p>%d</p>" % number + Builder(seed + number).document().encode() for number in range(5)
    )
    _, recording = HTMLRewriter(watch(), charset="utf-8").rewrite_and_record(document)
    if recording is None:
        return
    places: list[int] = []
    for _ in range(15):
        # Most documents differ where the one before does, and half of the differences are words.
        if not places or pick.random() < 0.2:
            places = [pick.randrange(len(document) + 1) for _ in range(pick.choice((1, 1, 2, 4)))]
        near = document
        for at in sorted(places, reverse=True):
            inserted = pick.choice(INSERTED) if pick.random() < 0.5 else pick.choice(WORDS)
            near = near[:at] + inserted + near[at + pick.choice((0, 0, 1, 5, 40)) :]
        out = from_recording(recording, near)
        assert out is None or out == in_full(near, watch), near


#: Parts of a document with a place for a word.
PARTS_WITH_WORD = (
    *("<meta name=a content='%s'>", "<meta http-equiv='%s' content=\"script-src 'self'\">", "<meta charset='%s'>"),
    *("<title>%s</title>", "<link rel='%s' href=/s.css>", "<base target='%s'>", "<style>/* %s */</style>", "%s"),
    *("<p title='%s'>x</p>", '<p class="a b" id="%s">x</p>', "<p>%s</p>", "<p %s>x</p>", "<p id=%s>x</p>", "<%s>"),
    *("<input type='%s'>", "<textarea>%s</textarea>", "<!-- %s -->", "<select><option>%s</select>", "&%s;"),
    *(f"<img src={HELD} alt='%s'>", "<img alt='%s'>", "<script>'%s'</script>", f"<script src={HELD} id='%s'></script>"),
    *("<svg><title>%s</title></svg>", "<template>%s</template>", "<noscript>%s</noscript>", "<body class='%s'>"),
    *("<a onclick='%s'>", "</%s>", "<frameset>%s", "<table><td>%s</table>", "<p style='%s'>", "<iframe title='%s'>"),
)
#: Words that could matter if they were anywhere else.
STRANGE_WORDS = (
    *("content-security-policy", "hidden", "utf-16", "onclick=x", "x onload=1", f"src={HELD}", HELD, "/", "=", " ", ""),
    *("script", "style", "/script", "a/b=", "held.example", "--", "!--", "body", "/body", "0", "x;", "nbsp", "\t", "é"),
    *("<", ">", "'", '"', "&", "-->", "<p>", "</title>", "'>", '">', "'><!--", f"'><script src={HELD}></script>"),
)


@settings(max_examples=10 * settings().max_examples)
@given(st.integers(0, 1 << 40), st.sampled_from([Holding, ForFirstScript]), st.sampled_from([8, 32, 64]))
def test_words_are_exact_or_refused(seed: int, watch: type[Holding], spacing: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        record_densely(monkeypatch, spacing)
        compare_words(seed, watch)


def compare_words(seed: int, watch: type[Holding]) -> None:
    """Compare a document in which one word, or two, is often another one with its recording."""
    pick = random.Random(seed)  # noqa: S311 - documents, not secrets
    parts = [pick.choice(PARTS_WITH_WORD).replace("%s", "w") for _ in range(pick.randrange(4, 20))]
    for at in pick.sample(range(len(parts)), pick.choice((1, 1, 2))):
        parts[at] = pick.choice(PARTS_WITH_WORD)
    template = pick.choice(("<!DOCTYPE html><html><head>", "<p>x</p>", "")) + "".join(parts)
    ending = f"<p>x</p><script>1</script><img src={HELD}><p>x</p>"
    _, recording = HTMLRewriter(watch(), charset="utf-8").rewrite_and_record(
        (template.replace("%s", "w0") + ending).encode()
    )
    words = ["w1", "w2", "w3", "w4", *pick.sample(STRANGE_WORDS, 4), "w5", pick.choice(STRANGE_WORDS) + "w"]
    # Documents of one length are compared in fewer steps.
    width = pick.choice((0, 40))
    assert recording is not None
    for word in words:
        document = (template.replace("%s", word.ljust(width, "x")) + ending).encode()
        if pick.random() < 0.2:
            inserted = pick.choice(INSERTED)
            at = pick.randrange(max(len(document) - len(inserted), 1))
            document = document[:at] + inserted + document[at + len(inserted) :]
        out = from_recording(recording, document)
        assert out is None or out == in_full(document, watch), document


def spread(document: bytes, count: int) -> Iterator[bytes]:
    """Yield a document with tokens in its head and in its middle, as apps put them there."""
    head = document.lower().find(b"<head")
    head = document.find(b">", head) + 1 if head >= 0 else 0
    middle = document.find(b"</div>", len(document) // 3)
    if head and middle > 0:
        for number in range(count):
            token = b"t%d" % number**40
            meta, field = b"<meta name=csrf content=%b>" % token, b"<input type=hidden value=%b>" % token
            yield document[:head] + meta + document[head:middle] + field + document[middle:]


@pytest.mark.corpus
def test_real_pages_with_tokens_are_exact() -> None:
    compared = exact = 0
    for path in sorted(PAGES.iterdir()):
        page = path.read_bytes()
        first, *others = [*spread(page, 7)] or [b""]
        _, recording = HTMLRewriter(Holding(), charset="utf-8").rewrite_and_record(first)
        for document in others:
            if recording is None:
                continue
            out = from_recording(recording, document)
            compared += 1
            exact += out is not None
            assert out is None or out == in_full(document), path.name

    assert compared > 200
    assert exact > 0.9 * compared


@pytest.mark.parametrize("kind", ["every row differs", "no row is equal", "rows of one letter"])
def test_comparing_takes_linear_time(kind: str) -> None:
    row = b"<p>" + b"a" * 900 + b"</p>"
    rows = {"every row differs": (b"%06d" + row, b"%07d" + row), "no row is equal": (row + b"%06d", b"%06d!")}
    old, new = rows.get(kind, (row, row[:-5] + b"b</p>"))

    def prepare(size: int) -> tuple[Recording, bytes]:
        count = size // 900
        documents = [
            b"<html><body>" + b"".join(each % n if b"%" in each else each for n in range(count)) for each in (old, new)
        ]
        return recording_of(documents[0]), documents[1]

    assert_linear(prepare, lambda pair: [from_recording(pair[0], pair[1]) for _ in range(20)], start=1 << 17)
