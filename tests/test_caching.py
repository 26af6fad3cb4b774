"""Caching: variants, entity tags, `Vary`, `Cache-Control`, and the request that the app sees."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.caching import add_vary, request_for_app, vary_per_visitor
from consent_middleware.cookies import filter_set_cookie
from consent_middleware.csp import ContentSecurityPolicy
from consent_middleware.headers import Headers, last_values, normalize_head, without_body_fields
from consent_middleware.links import filter_links

CODINGS = frozenset({b"gzip", b"deflate"})
VARIANT = b"c0t0-12345678"
MARKED = b'"v1--consent-' + VARIANT + b'"'
OTHER = b'"v1--consent-c1t1-12345678"'
NAVIGATION = (b"accept", b"text/html")

pairs = st.lists(
    st.tuples(
        st.sampled_from(
            [b"set-cookie", b"Vary", b"ETag", b"cache-control", b"link", b"content-type", b"if-none-match", b"x"]
        ),
        st.one_of(
            st.binary(max_size=40), st.sampled_from([b"<a>; rel=x", b'W/"a"', b"public, s-maxage=1", b'"', b","])
        ),
    ),
    max_size=6,
)


def varied(headers: Headers) -> Headers:
    """Return the head of a page that may differ by visitor."""
    return vary_per_visitor(headers, last_values(headers), lambda: VARIANT, [b"Cookie"])


def seen_by_app(
    headers: Sequence[tuple[bytes, bytes]], *, codings: frozenset[bytes] = CODINGS, rewrites: bool = True
) -> tuple[Sequence[tuple[bytes, bytes]], bool]:
    """Return the request head that the app sees, and whether a condition in it was made for this variant."""
    return request_for_app(headers, dict(headers), lambda: VARIANT, codings, rewrites=lambda: rewrites)


@pytest.mark.parametrize(
    ("given_header", "expected", "own"),
    [
        pytest.param((b"if-none-match", MARKED), b'"v1"', True, id="this variant's tag becomes the app's"),
        pytest.param((b"if-none-match", b"W/" + MARKED), b'W/"v1"', True, id="a weak one too"),
        pytest.param((b"if-none-match", OTHER), None, False, id="another variant's tag is dropped"),
        pytest.param((b"if-none-match", b'"v1"'), None, False, id="a tag without a mark is dropped"),
        pytest.param(
            (b"if-none-match", OTHER + b", " + MARKED + b', "x"'),
            b'"v1"',
            True,
            id="only this variant's tag of several",
        ),
        pytest.param((b"if-none-match", b"*"), b"*", False, id="a star stays"),
        pytest.param((b"if-match", MARKED), b'"v1"', True, id="this variant's tag becomes the app's in If-Match"),
        pytest.param((b"if-match", OTHER), OTHER, False, id="another variant's tag stays and cannot match"),
        pytest.param(
            (b"if-match", b'"v1", ' + MARKED), b'"v1", "v1"', True, id="a tag without a mark stays in If-Match"
        ),
        pytest.param((b"if-match", b"v1"), b"v1", False, id="a malformed tag stays in If-Match"),
        pytest.param((b"if-modified-since", b"x"), None, False, id="a date is dropped"),
        pytest.param((b"range", b"bytes=0-1"), None, False, id="a range is dropped"),
        pytest.param((b"if-range", b'"v1"'), None, False, id="a range's condition is dropped"),
        pytest.param((b"x-other", b"1"), b"1", False, id="other fields stay"),
    ],
)
def test_conditions_of_a_navigation(given_header: tuple[bytes, bytes], expected: bytes | None, own: bool) -> None:
    headers, own_condition = seen_by_app([NAVIGATION, given_header])

    assert headers == [NAVIGATION, *([(given_header[0], expected)] if expected is not None else [])]
    assert own_condition is own


@pytest.mark.parametrize(
    ("given_header", "expected"),
    [
        ((b"if-none-match", b'"v1"'), b'"v1"'),
        ((b"if-none-match", b'"v1", ' + OTHER), b'"v1"'),
        ((b"if-match", b'"v1", ' + OTHER), b'"v1", ' + OTHER),
        ((b"range", b"bytes=0-1"), b"bytes=0-1"),
        ((b"if-modified-since", b"x"), b"x"),
    ],
)
def test_conditions_of_a_file_stay(given_header: tuple[bytes, bytes], expected: bytes) -> None:
    assert seen_by_app([given_header])[0] == [(given_header[0], expected)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"gzip, deflate, dcb, dcz", b"gzip, deflate"),
        (b"gzip,  deflate", b"gzip,  deflate"),
        (b"compress;q=1.0, GZIP;q=0.5, *;q=0.1", b"GZIP;q=0.5"),
        (b"compress", b"identity"),
        (b"", b"identity"),
        (b"identity;q=0, gzip", b"identity;q=0, gzip"),
        (b"gzipped", b"identity"),
    ],
)
def test_only_readable_codings_are_offered(value: bytes, expected: bytes) -> None:
    assert seen_by_app([(b"accept-encoding", value)])[0] == [(b"accept-encoding", expected)]


def test_each_line_of_codings_is_trimmed() -> None:
    headers = [(b"accept-encoding", b"compress, br"), (b"accept-encoding", b"gzip")]

    assert seen_by_app(headers, codings=frozenset({b"gzip"}))[0] == [
        (b"accept-encoding", b"identity"),
        (b"accept-encoding", b"gzip"),
    ]


def test_all_codings_are_offered_if_nothing_changes() -> None:
    headers = [(b"accept-encoding", b"compress"), (b"sec-fetch-dest", b"style")]

    assert seen_by_app(headers)[0] == headers
    assert seen_by_app(headers[:1], rewrites=False)[0] == headers[:1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [(b"vary", b"Cookie")]),
        ([(b"Vary", b"Accept")], [(b"Vary", b"Accept, Cookie")]),
        ([(b"Vary", b"Accept, ")], [(b"Vary", b"Accept, Cookie")]),
        ([(b"Vary", b"")], [(b"Vary", b"Cookie")]),
        ([(b"Vary", b"accept, COOKIE")], [(b"Vary", b"accept, COOKIE")]),
        ([(b"vary", b"*")], [(b"vary", b"*")]),
        ([(b"Vary", b"A"), (b"X", b"y"), (b"Vary", b"B")], [(b"Vary", b"A, Cookie"), (b"X", b"y"), (b"Vary", b"B")]),
        ([(b"Vary", b"A"), (b"Vary", b"cookie")], [(b"Vary", b"A"), (b"Vary", b"cookie")]),
    ],
)
def test_vary_is_merged(before: list[tuple[bytes, bytes]], after: list[tuple[bytes, bytes]]) -> None:
    assert add_vary(before, b"Cookie") == after


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"public", b"private"),
        (b"Public, max-age=1", b"private, max-age=1"),
        (b"max-age=1, s-maxage=9", b"private, max-age=1"),
        (b"private, s-maxage=9", b"private"),
        (b"no-store", b"no-store"),
        (b"max-age=1", b"private, max-age=1"),
        (b"MAX-AGE=0, must-revalidate", b"private, MAX-AGE=0, must-revalidate"),
        (b"stale-while-revalidate=9", b"private, stale-while-revalidate=9"),
        (b"immutable", b"private, immutable"),
        (b'max-age=1, private="Set-Cookie"', b'private, max-age=1, private="Set-Cookie"'),
        (b'max-age=1, no-cache="Set-Cookie"', b'private, max-age=1, no-cache="Set-Cookie"'),
        (b"max-age=1, Private", b"max-age=1, Private"),
        (b"max-age=1, no-store", b"max-age=1, no-store"),
        (b"no-cache, max-age=1", b"no-cache, max-age=1"),
        (b"no-transform", b"no-transform"),
        (b'public, no-cache="a, b", x', b'private, no-cache="a, b", x'),
        (b"", b""),
    ],
)
def test_cache_control_becomes_private(value: bytes, expected: bytes) -> None:
    assert (b"cache-control", expected) in varied([(b"cache-control", value)])


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param([(b"Expires", b"x")], [b"private"], id="a date alone"),
        pytest.param(
            [(b"Cache-Control", b"max-age=60"), (b"Last-Modified", b"x"), (b"Cache-Control", b"no-transform")],
            [b"private, max-age=60, no-transform"],
            id="two lines, and a field that is dropped",
        ),
        pytest.param(
            [(b"Expires", b"x"), (b"Cache-Control", b"no-transform")], [b"private, no-transform"], id="a date beside"
        ),
        pytest.param([(b"Expires", b"x"), (b"Cache-Control", b"no-cache")], [b"no-cache"], id="a date with no-cache"),
        pytest.param(
            [(b"Cache-Control", b"max-age=1"), (b"cache-control", b"x")], [b"private, max-age=1, x"], id="two lines"
        ),
        pytest.param(
            [(b"Cache-Control", b"max-age=1"), (b"Cache-Control", b"private")],
            [b"max-age=1", b"private"],
            id="private already",
        ),
        pytest.param([(b"X", b"y")], [], id="nothing said"),
    ],
)
def test_page_with_a_lifetime_is_private(headers: list[tuple[bytes, bytes]], expected: list[bytes]) -> None:
    out = varied(headers)

    assert [value for key, value in out if key.lower() == b"cache-control"] == expected
    assert [pair for pair in out if pair[0] in {b"Expires", b"X"}] == [p for p in headers if p[0] in {b"Expires", b"X"}]


@pytest.mark.parametrize(
    ("value", "expected"), [(b'"v1"', MARKED), (b' W/"v1" ', b"W/" + MARKED), (b"v1", None), (b'"a', None)]
)
def test_etag_is_marked_or_dropped(value: bytes, expected: bytes | None) -> None:
    headers = varied([(b"ETag", value)])

    assert [value for key, value in headers if key == b"ETag"] == ([expected] if expected else [])


def test_marked_etag_is_unmarked_in_a_request() -> None:
    ((_, marked), _) = varied([(b"etag", b'W/"a--consent-b"')])

    assert seen_by_app([(b"if-none-match", marked)]) == (
        [(b"if-none-match", b'W/"a--consent-b"')],
        True,
    )


@given(pairs, st.booleans())
def test_any_head_is_accepted_and_other_fields_stay(headers: list[tuple[bytes, bytes]], rewrites: bool) -> None:
    """Property: any pairs of bytes are accepted, and unrelated fields stay in order."""
    seen, _ = seen_by_app(headers, rewrites=rewrites)
    out = without_body_fields(varied(filter_links(filter_set_cookie(headers, frozenset({b"a"})), lambda *_: True)))
    normalize_head(headers)
    ContentSecurityPolicy.from_headers(headers)

    untouched = [pair for pair in headers if pair[0] == b"x"]
    assert [pair for pair in seen if pair[0] == b"x"] == untouched
    assert [pair for pair in out if pair[0] == b"x"] == untouched
