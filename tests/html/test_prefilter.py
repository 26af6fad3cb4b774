"""Which tags the prefilter returns as candidates."""

from __future__ import annotations

import html
import re

import pytest

from consent_middleware.html.normalize import HOST_CHARACTERS
from consent_middleware.html.prefilter import MAX_SEARCHES, URL_CHARACTER_NAMES, URL_REFERENCE, Candidates, TagSearch

SEARCH = TagSearch(
    re.compile(rb"\.vendor\.example"),
    frozenset({b"script", b"img", b"link", b"iframe"}),
    script_words=(b"loader.js",),
    text_needles=re.compile(rb"vendor\.example"),
)
PLAIN = b'<img src="/a.png">'
VENDOR = b'<img src="//js.vendor.example/">'


def candidates(page: bytes, *, xml: bool = False, complete: bool = True) -> list[bytes]:
    spans = SEARCH.prefilter(xml=xml).candidate_spans(page, "utf-8", complete=complete)
    return [page[start:stop] for start, stop in spans]


@pytest.mark.parametrize("spelling", ["&#{};", "&#{}", "&#00{};", "&#x{:x};", "&#X0{:X}"])
def test_url_references_are_those_of_url_characters(spelling: str) -> None:
    found = [number for number in range(0x3000) if URL_REFERENCE.search(spelling.format(number).encode())]

    assert found == sorted(map(ord, HOST_CHARACTERS + "/:@\\\t\n\r"))


@pytest.mark.parametrize("name", URL_CHARACTER_NAMES)
def test_url_reference_by_name_is_found(name: str) -> None:
    assert html.unescape(f"&{name};") != f"&{name};"
    assert URL_REFERENCE.search(f"&{name};".encode())


def test_worked_example() -> None:
    page = b'<img src="/a.png"><script src="//js.vend&#111;r.example/1.js"></script><img src="/b.png">'

    assert candidates(page) == [b'<script src="//js.vend&#111;r.example/1.js">']


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param(VENDOR, id="plain"),
        pytest.param(b'<img src="//js.vend&#111;r.example/">', id="reference"),
        pytest.param(b'<img src="/&sol;js.vendor.example/">', id="reference before the host"),
        pytest.param(b'<img src="//js%2evendor.example/">', id="percent-encoding"),
        pytest.param(b'<img src="\\\\js%2evendor.example/">', id="backslashes"),
        pytest.param(b'<img src="http:js%2evendor.example/">', id="no slashes"),
        pytest.param(b'<img src="//js.ven\ndor.example/">', id="newline"),
        pytest.param("<img src='//js。vendor.example/'>".encode(), id="ideographic full stop"),
        pytest.param(b"<link href=//js.vendor.example/>", id="link"),
        pytest.param(b"<iframe srcdoc=x>", id="srcdoc"),
        pytest.param(b"<img alt='<img'>", id="tag inside"),
    ],
)
def test_tag_is_a_candidate(tag: bytes) -> None:
    assert candidates(PLAIN + tag + PLAIN) == [tag]


@pytest.mark.parametrize(
    "tag",
    [
        PLAIN,
        b"<img src=//other.example/>",
        b"<img src=//other.example/?%2e>",
        b"<img alt='&amp;&nbsp;'>",
        b"<img src=/loader.js>",
        b"<iframe src=/x>",
        b"<a href=//js.vendor.example/>",
    ],
)
def test_tag_is_not_a_candidate(tag: bytes) -> None:
    assert candidates(PLAIN + tag + PLAIN) == []


def test_page_without_tags_has_no_candidates() -> None:
    assert candidates(b"<p>.vendor.example</p>") == []


def test_base_is_a_candidate_beside_another() -> None:
    assert candidates(b"<base href=/x>" + PLAIN) == []
    assert candidates(b"<base href=/x>" + VENDOR) == [b"<base href=/x>", VENDOR]


def test_base_is_a_candidate_in_a_part_of_a_page() -> None:
    assert candidates(b"<base href=/x>" + PLAIN, complete=False) == [b"<base href=/x>"]


def test_nul_in_a_tag_makes_every_tag_a_candidate() -> None:
    tags = [PLAIN, b"<img alt='\0'>", VENDOR]

    assert candidates(b"".join(tags)) == tags


@pytest.mark.parametrize("count", [1, MAX_SEARCHES, MAX_SEARCHES + 1])
def test_repeated_tags_are_all_candidates(count: int) -> None:
    tags = [VENDOR.replace(b"js", b"js%d" % number) for number in range(count)] * 2

    assert candidates(b"<p>".join(tags)) == tags


def test_script_with_a_word_is_a_candidate() -> None:
    assert candidates(b"<script src=/loader.js></script>" + PLAIN) == [b"<script src=/loader.js>"]


def test_script_with_a_needle_in_its_text_is_one() -> None:
    assert candidates(b"<script>load('//js.vendor.example')</script>" + PLAIN) == [b"<script>"]


def test_tag_in_the_text_of_a_script_is_a_candidate() -> None:
    assert VENDOR in candidates(b"<textarea><script></textarea>" + VENDOR + b"</script>")


def test_script_word_in_a_script_is_a_candidate() -> None:
    tag = b"<script src='/loader.js'>"

    assert tag in candidates(b"<textarea><script></textarea>" + tag + b"</script>")


def test_prefilter_for_xml_reads_prefixes() -> None:
    assert candidates(b"<h:img src='//js.vendor.example/'/>", xml=True) == [b"<h:img src='//js.vendor.example/'/>"]


def test_candidates_inside_a_rejected_one_are_found() -> None:
    page = b"<!--<img alt='-->" + VENDOR + b"'>"
    prefilter = SEARCH.prefilter(xml=False)
    found = Candidates(prefilter, page, prefilter.candidate_spans(page, "utf-8", complete=False))

    assert found.start == page.index(b"<img alt")
    assert found.advance(page.index(b">")) == page.index(VENDOR)
    assert found.advance(len(page)) == len(page)
