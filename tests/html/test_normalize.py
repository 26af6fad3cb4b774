"""The spellings of URLs and of scripts' strings that are normalized."""

from __future__ import annotations

import html
import string
from urllib.parse import quote

import pytest

from consent_middleware.html.normalize import (
    COMMON_CHARACTERS,
    COMMON_REFERENCES,
    HOST_CHARACTERS,
    JS_ESCAPE,
    PERCENT_ENCODED,
    PIECE_LENGTH,
    UNCOMMON_REFERENCE,
    decode_js_escapes,
    fold_strings,
    normalize_urls,
)
from consent_middleware.urls import approximate_uts46

NUMBERS = range(0x3000)
#: The first of the characters that may be newer than Python's version of Unicode, and what they become in a host.
NEWLY_MAPPED = [
    *[("\u209d", ["w", "y", "z"]), ("\ua7f1", ["s"]), ("\U0001d6a6", ["ss"]), ("\U0001df95", ["ss"])],
    ("\U0001ccd6", [*string.ascii_lowercase, *string.digits]),
]


@pytest.mark.parametrize("spelling", ["&#{};", "&#0{};"])
def test_common_characters_are_not_decoded(spelling: str) -> None:
    skipped = [number for number in NUMBERS if not UNCOMMON_REFERENCE.search(spelling.format(number).encode())]

    assert skipped == sorted(map(ord, COMMON_CHARACTERS))


@pytest.mark.parametrize("name", COMMON_REFERENCES)
def test_common_reference_is_not_decoded(name: str) -> None:
    assert html.unescape(f"&{name};") != f"&{name};"
    assert not UNCOMMON_REFERENCE.search(f"&{name};".encode())


@pytest.mark.parametrize("character", [*COMMON_CHARACTERS, *(html.unescape(f"&{name};") for name in COMMON_REFERENCES)])
def test_common_character_is_nothing_in_a_host(character: str) -> None:
    mapped = approximate_uts46(character)

    assert mapped
    assert not set(mapped) & set(HOST_CHARACTERS)


@pytest.mark.parametrize("text", [b"&amp", b"&shy;", b"&ltx;", b"&#46;", b"&#x2e;", b"&#8228;", b"&period;"])
def test_other_reference_is_decoded(text: bytes) -> None:
    assert UNCOMMON_REFERENCE.search(text)


@pytest.mark.parametrize("text", [b"?a&copyright=b", b"&", b"&;", b"& amp;", b"&#;"])
def test_text_without_reference_is_left(text: bytes) -> None:
    assert not UNCOMMON_REFERENCE.search(text)


@pytest.mark.parametrize("spelling", ["%{:02x}", "%{:02X}"])
def test_percent_encoding_is_found_where_needed(spelling: str) -> None:
    found = [byte for byte in range(0x100) if PERCENT_ENCODED.search(spelling.format(byte).encode())]

    assert found == sorted([*map(ord, HOST_CHARACTERS), *range(0x80, 0x100)])


@pytest.mark.parametrize("spelling", ["\\x{:02x}", "\\x{:02X}", "\\u00{:02x}", "\\u{{{:x}}}", "\\u{{000{:X}}}"])
def test_js_escapes_are_those_of_url_characters(spelling: str) -> None:
    found = [number for number in range(0x100) if JS_ESCAPE.fullmatch(spelling.format(number).encode())]

    assert found == sorted(map(ord, HOST_CHARACTERS + "/:"))
    assert all(decode_js_escapes(spelling.format(number).encode()) == bytes((number,)) for number in found)


@pytest.mark.parametrize("text", [b"\\u{2e", b"\\x2", b"\\u2e00", b"\\u012e", b"x2e", b"\\\\"])
def test_other_js_escape_is_left(text: bytes) -> None:
    assert decode_js_escapes(text) == text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"//js.vend&#111;r.example", b"//js.vendor.example", id="reference"),
        pytest.param(b"//js.vendor&period;example", b"//js.vendor.example", id="reference by name"),
        pytest.param(b"//js.vend&shy;or.example", b"//js.vendor.example", id="reference to nothing"),
        pytest.param(b"//js.vend\tor\n.example\r", b"//js.vendor.example", id="tabs and newlines"),
        pytest.param(b"//js%2Evend%6fr.example", b"//js.vendor.example", id="percent-encoding"),
        pytest.param(b"\\\\js.vendor.example", b"//js.vendor.example", id="backslashes"),
        pytest.param("//js。vendor．example".encode(), b"//js.vendor.example", id="other dots"),
        pytest.param("//ｊｓ.vendor.example".encode(), b"//js.vendor.example", id="full-width letters"),
        pytest.param("//js.vend\u00ador.example".encode(), b"//js.vendor.example", id="soft hyphen"),
        pytest.param(b"//js.vend%C2%ADor.example", b"//js.vendor.example", id="percent-encoded soft hyphen"),
        pytest.param("//b\u00fccher.example".encode(), "//b\u00fccher.example".encode(), id="another letter"),
        pytest.param(b"a&amp;b&nbsp;c", b"a&amp;b&nbsp;c", id="common references"),
    ],
)
def test_normalize_urls(raw: bytes, expected: bytes) -> None:
    assert normalize_urls(raw, "utf-8") == expected


@pytest.mark.parametrize(("first", "letters"), NEWLY_MAPPED)
@pytest.mark.parametrize("spelling", ["{0}", "&#{1};", "&#x{1:x};", "{2}"])
def test_normalize_urls_maps_newer_letters(first: str, letters: list[str], spelling: str) -> None:
    for code, letter in enumerate(letters, ord(first)):
        written = spelling.format(chr(code), code, quote(chr(code)))
        assert normalize_urls(f"//a{written}b.example".encode(), "utf-8") == f"//a{letter}b.example".encode()


def test_normalize_urls_reads_the_page_encoding() -> None:
    assert normalize_urls("//ｊｓ.vendor.example".encode("cp932"), "cp932") == b"//js.vendor.example"


@pytest.mark.parametrize("before", range(PIECE_LENGTH - 12, PIECE_LENGTH + 1))
def test_cut_between_pieces_hides_nothing(before: int) -> None:
    raw = ("\u3042" * before + "ｖｅｎｄｏｒ．ｅｘ").encode()

    assert normalize_urls(raw, "utf-8").endswith(b"vendor.ex")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(rb'"//js.vendor.example"', id="plain"),
        pytest.param(rb'"\/\/js.vendor.example"', id="escaped slashes"),
        pytest.param(rb'"//js." + "vendor.example"', id="concatenated"),
        pytest.param(rb'"//js\x2evend\u006fr.\u{65}xample"', id="escapes"),
        pytest.param(rb'"\u002F\u002Fjs.vendor.example"', id="slashes of frameworks"),
    ],
)
def test_fold_strings(text: bytes) -> None:
    assert fold_strings(text) == b'"//js.vendor.example"'
