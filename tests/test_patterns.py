"""The builders of regular expressions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.patterns import any_case, compile_host_search, decimal_codes, hex_codes, trie_pattern


@pytest.mark.parametrize("text", ["a-b.c1", "A-B.C1", "a-B.c1"])
def test_any_case_matches_any_letter_case(text: str) -> None:
    assert re.fullmatch(any_case("a-B.c1"), text)


@pytest.mark.parametrize("text", ["a-bxc1", "a-b.c2", "b.c1"])
def test_any_case_matches_nothing_else(text: str) -> None:
    assert not re.fullmatch(any_case("a-B.c1"), text)


def test_trie_pattern_writes_common_beginnings_once() -> None:
    assert trie_pattern(["abd", "abc"]) == "[aA][bB](?:[cC]|[dD])"


def test_trie_pattern_prefers_the_longer_word() -> None:
    found = re.match(trie_pattern(["im", "image", "IMG"]), "Image")

    assert found
    assert found[0] == "Image"


def test_trie_pattern_without_words_never_matches() -> None:
    assert not re.search(trie_pattern([]), "a")


@pytest.mark.parametrize("characters", ["a", "\t\n\r", "azAZ09-.", "\u2018\u2019", "Z\u00dc\U0001f600"])
def test_codes_are_those_of_the_characters(characters: str) -> None:
    numbers = [*range(0x3000), 0x1F600]
    decimal, hexadecimal = re.compile(decimal_codes(characters)), re.compile(hex_codes(characters))
    expected = sorted(map(ord, characters))

    assert [number for number in numbers if decimal.fullmatch(str(number))] == expected
    assert [number for number in numbers if hexadecimal.fullmatch(f"{number:x}")] == expected
    assert [number for number in numbers if hexadecimal.fullmatch(f"{number:X}")] == expected


SEARCH = compile_host_search(["js.some-vendor.example", "other.example"], ["hs.shop.example", "some.call", "word"])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"//js.some-vendor.example/", id="a host"),
        pytest.param(b"//other.some-vendor.example/", id="another host of its domain"),
        pytest.param(b"//some-vendor.example/", id="the domain itself"),
        pytest.param(b'"some-vendor.example"', id="the domain in a string"),
        pytest.param(b"//JS.Some-Vendor.EXAMPLE/", id="in capitals"),
        pytest.param(b"'//js.some-' + 'vendor.example/'", id="split behind the hyphen"),
        pytest.param(b"`//js.some-vendor` + `.example/`", id="split at the dot"),
        pytest.param(b"//hs.shop.example/", id="another name"),
        pytest.param(b"Some.Call()", id="a word with a dot"),
        pytest.param(b"a Word", id="a word without a dot"),
    ],
)
def test_host_search_finds(text: bytes) -> None:
    assert SEARCH.search(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"//js.some-vendor.org/", id="another top-level domain"),
        pytest.param(b"//awesome-vendor.example/", id="a longer label"),
        pytest.param(b"//shop.example/", id="the domain of another name"),
        pytest.param(b"'//js.some' + '-vendor.example/'", id="split before the hyphen"),
    ],
)
def test_host_search_skips(text: bytes) -> None:
    assert not SEARCH.search(text)


def test_host_search_for_nothing_finds_nothing() -> None:
    assert not compile_host_search([]).search(b"//a.example/")


#: The definition of the search in the plainest pattern; `"` stands for every quotation mark.
PLAIN = re.compile(
    rb"""[/@:\\"'.](?:some-vendor|other)\.example | \.(?:some-(?:vendor)?|other)["'`]
    | hs\.shop\.example | some\.call | word""",
    re.IGNORECASE | re.VERBOSE,
)
PIECES = [
    *("js", "some-vendor", "Some-", "VENDOR", "other", ".example", "example", ".", "hs", "HS.shop", ".shop.example"),
    *("some", ".call", "CALL", "word", "wor", "/", "@", ":", "\\", '"', "'", "`", " ", "x", "-"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_host_search_finds_what_is_defined(text: str) -> None:
    found, expected = SEARCH.search(text.encode()), PLAIN.search(text.encode())

    assert (found is None) is (expected is None)
