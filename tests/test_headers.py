"""General header fields: names, navigation, accepted codings, hosts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.headers import (
    host_name,
    is_for_script,
    is_navigation,
    may_want_html,
    normalize_head,
    preferred_coding,
    split_list,
    values,
    without,
    without_body_fields,
)


def test_lower_case_head_stays_the_same_object() -> None:
    headers = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]

    normalized, last_values = normalize_head(headers)

    assert normalized is headers
    assert last_values == {b"a": b"3", b"b": b"2"}


def test_names_become_lower_case() -> None:
    normalized, last_values = normalize_head([(b"Set-Cookie", b"A=1"), (b"set-cookie", b"B=2")])

    assert normalized == [(b"set-cookie", b"A=1"), (b"set-cookie", b"B=2")]
    assert last_values == {b"set-cookie": b"B=2"}


def test_fields_are_found_in_any_letter_case() -> None:
    headers = [(b"Vary", b"A"), (b"x", b"1"), (b"VARY", b"B")]

    assert values(headers, b"vary") == [b"A", b"B"]
    assert without(headers, {b"vary"}) == [(b"x", b"1")]


@pytest.mark.parametrize(
    ("headers", "document", "maybe"),
    [
        ([(b"sec-fetch-dest", b"document")], True, True),
        ([(b"sec-fetch-dest", b"iframe")], True, True),
        ([(b"sec-fetch-dest", b"image"), (b"accept", b"text/html")], False, False),
        ([(b"sec-fetch-dest", b"empty"), (b"accept", b"text/html")], True, True),
        ([(b"sec-fetch-dest", b"empty"), (b"accept", b"*/*")], False, True),
        ([(b"accept", b"application/xhtml+xml,TEXT/HTML;q=0.9")], True, True),
        ([(b"accept", b"*/*")], False, True),
        ([], False, True),
    ],
)
def test_navigation_is_told_by_the_request_head(
    headers: list[tuple[bytes, bytes]], document: bool, maybe: bool
) -> None:
    assert is_navigation(dict(headers)) is document
    assert may_want_html(dict(headers)) is maybe


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({b"sec-fetch-dest": b"empty", b"accept": b"text/html"}, True),
        ({b"sec-fetch-dest": b"document", b"accept": b"*/*"}, False),
        ({b"accept": b"application/json"}, True),
        ({b"accept": b"TEXT/html, */*"}, False),
        ({}, False),
    ],
)
def test_script_request_is_told_by_its_head(headers: dict[bytes, bytes], expected: bool) -> None:
    assert is_for_script(headers) is expected


def test_head_of_changed_body_has_no_length_or_digest() -> None:
    headers = [(b"Content-Length", b"1"), (b"Content-Digest", b"x"), (b"X", b"y"), (b"Accept-Ranges", b"bytes")]

    assert without_body_fields(headers) == [(b"X", b"y")]


@pytest.mark.parametrize(
    ("value", "members"),
    [
        (b"a, b", [b"a", b" b"]),
        (b'a="x, y", b', [b'a="x, y"', b" b"]),
        (b'a="x\\", y", b', [b'a="x\\", y"', b" b"]),
        (b'a="x, y', [b'a="x, y']),
        (b",,a", [b"a"]),
        (b"", []),
    ],
)
def test_quoted_commas_do_not_split_a_list(value: bytes, members: list[bytes]) -> None:
    assert split_list(value) == members


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (b"", None),
        (b"gzip", b"gzip"),
        (b"br, gzip", b"br"),
        (b"gzip, br", b"br"),
        (b"GZIP", b"gzip"),
        (b"gzip;q=1.0, br;q=0.5", b"gzip"),
        (b"br;q=0, gzip;q=0.001", b"gzip"),
        (b"br ; q=0.2,\tgzip ; Q=0.9", b"gzip"),
        (b"*", b"br"),
        (b"br;q=0, *", b"gzip"),
        (b"*;q=0", None),
        (b"identity, gzip;q=0.5", None),
        (b"identity;q=0.5, gzip;q=0.5", b"gzip"),
        (b"gzip;q=0", None),
        (b"gzip;q=2", None),
        (b"gzip;q=nan", None),
        (b"gzip;level=3", b"gzip"),
        (b"deflate, zstd, x-gzip", None),
        (b";;=,\xff;q=\xff", None),
    ],
)
def test_coding_with_the_highest_weight_is_chosen(accepted: bytes, coding: bytes | None) -> None:
    assert preferred_coding(accepted, (b"br", b"gzip")) == coding


@given(st.lists(st.sampled_from([b"br", b"gzip", b"*", b";q=0", b";q=1", b";", b"=", b",", b" "])).map(b"".join))
def test_any_accept_encoding_is_accepted(accepted: bytes) -> None:
    """Property: the coding is one of those offered, or None."""
    assert preferred_coding(accepted, (b"br", b"gzip")) in {None, b"br", b"gzip"}


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (b"Shop.example:8080", b"shop.example"),
        (b"shop.example.", b"shop.example"),
        (b"my_shop-1.example", b"my_shop-1.example"),
        (b"localhost", b"localhost"),
        (b"shop..example", b""),
        (b".shop.example", b""),
        (b"a" * 63 + b".example", b"a" * 63 + b".example"),
        (b"a" * 64 + b".example", b""),
        (b"sh\xc3\xb6p.example", b""),
        (b"[::1]:80", b""),
        (b"", b""),
    ],
)
def test_host_name_is_a_dns_name_or_nothing(host: bytes, name: bytes) -> None:
    assert host_name(host) == name
