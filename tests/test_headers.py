"""Heads: cookies, caches, validators, nonces, links."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.cookies import Cookies
from consent_middleware.headers import (
    add_vary,
    csp_nonce,
    expire,
    filter_links,
    filter_set_cookie,
    for_changed_body,
    has_strict_dynamic,
    is_navigation,
    may_want_html,
    normalize_names,
    preferred_coding,
    request_for_app,
    vary_per_visitor,
)

CODINGS = frozenset({b"gzip", b"deflate"})
VARIANT = b"c0t0-12345678"
MARKED = b'"v1--consent-' + VARIANT + b'"'
OTHER = b'"v1--consent-c1t1-12345678"'

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
def test_a_navigation_is_known_by_its_head(headers: list[tuple[bytes, bytes]], document: bool, maybe: bool) -> None:
    assert is_navigation(dict(headers)) is document
    assert may_want_html(dict(headers)) is maybe


NAVIGATION = (b"accept", b"text/html")


def seen_by_app(
    headers: Sequence[tuple[bytes, bytes]], *, codings: frozenset[bytes] = CODINGS, rewrites: bool = True
) -> tuple[Sequence[tuple[bytes, bytes]], bool]:
    """The request head that the app sees, and whether a condition in it was made against this variant."""
    return request_for_app(headers, dict(headers), lambda: VARIANT, codings, rewrites=lambda: rewrites)


@pytest.mark.parametrize(
    ("given_header", "expected", "own"),
    [
        pytest.param((b"if-none-match", MARKED), b'"v1"', True, id="this variant's tag is the app's again"),
        pytest.param((b"if-none-match", b"W/" + MARKED), b'W/"v1"', True, id="a weak one too"),
        pytest.param((b"if-none-match", OTHER), None, False, id="another variant's tag is dropped"),
        pytest.param((b"if-none-match", b'"v1"'), None, False, id="a tag from before is dropped"),
        pytest.param(
            (b"if-none-match", OTHER + b", " + MARKED + b', "x"'), b'"v1"', True, id="the fitting one of many"
        ),
        pytest.param((b"if-none-match", b"*"), b"*", False, id="a star stays"),
        pytest.param((b"if-match", MARKED), b'"v1"', True, id="what is to be changed is named by the app's tag"),
        pytest.param((b"if-match", OTHER), OTHER, False, id="another variant's tag is kept from matching"),
        pytest.param((b"if-match", b'"v1", ' + MARKED), b'"v1", "v1"', True, id="a tag from before stays"),
        pytest.param((b"if-match", b"v1"), b"v1", False, id="what is no tag stays"),
        pytest.param((b"if-modified-since", b"x"), None, False, id="a date is dropped"),
        pytest.param((b"range", b"bytes=0-1"), None, False, id="a range is dropped"),
        pytest.param((b"if-range", b'"v1"'), None, False, id="a range's condition is dropped"),
        pytest.param((b"x-other", b"1"), b"1", False, id="other fields stay"),
    ],
)
def test_a_navigation_s_conditions(given_header: tuple[bytes, bytes], expected: bytes | None, own: bool) -> None:
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
def test_a_file_s_conditions_are_the_app_s(given_header: tuple[bytes, bytes], expected: bytes) -> None:
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
def test_only_codings_that_can_be_read_are_offered(value: bytes, expected: bytes) -> None:
    assert seen_by_app([(b"accept-encoding", value)])[0] == [(b"accept-encoding", expected)]


def test_each_of_two_lines_of_codings_is_trimmed() -> None:
    headers = [(b"accept-encoding", b"compress, br"), (b"accept-encoding", b"gzip")]

    assert seen_by_app(headers, codings=frozenset({b"gzip"}))[0] == [
        (b"accept-encoding", b"identity"),
        (b"accept-encoding", b"gzip"),
    ]


def test_where_nothing_is_rewritten_every_coding_is_offered() -> None:
    headers = [(b"accept-encoding", b"compress"), (b"sec-fetch-dest", b"style")]

    assert seen_by_app(headers)[0] == headers
    assert seen_by_app(headers[:1], rewrites=False)[0] == headers[:1]


def test_withheld_cookies_are_dropped_and_nothing_else() -> None:
    lines = [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=1"), (b"X", b"b=1"), (b"Set-Cookie", b"b=; Max-Age=0")]

    assert filter_set_cookie(lines, frozenset({b"b"})) == [lines[0], lines[2], lines[3]]
    assert filter_set_cookie(lines, frozenset()) == lines


@pytest.mark.parametrize(
    ("host", "domains"),
    [
        (b"www.shop.example", [b"www.shop.example", b"shop.example"]),
        (b"WWW.Shop.Example.:8080", [b"www.shop.example", b"shop.example"]),
        (b"shop.example", [b"shop.example"]),
        (b"localhost:8000", []),
        (b"127.0.0.1", []),
        (b"[::1]:8000", []),
        (b"[::1]", []),
        (b"", []),
        (b"evil.example; Secure", []),
        (b"evil.example\r\nX: y", []),
    ],
)
def test_a_cookie_is_expired_on_its_host_and_every_parent_domain(host: bytes, domains: list[bytes]) -> None:
    lines = expire([b"c", b"absent"], Cookies([b"c=1"]), host)

    base = b"c=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    assert lines == [(b"set-cookie", base), *((b"set-cookie", base + b"; Domain=" + domain) for domain in domains)]


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
def test_what_shared_caches_may_keep_becomes_private(value: bytes, expected: bytes) -> None:
    assert (b"cache-control", expected) in vary_per_visitor([(b"cache-control", value)], lambda: VARIANT, [b"Cookie"])


CACHE = b"Cache-Control"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param([(b"Expires", b"x")], [b"private"], id="a date alone"),
        pytest.param([(b"Expires", b"x"), (CACHE, b"no-transform")], [b"private, no-transform"], id="a date beside"),
        pytest.param([(b"Expires", b"x"), (CACHE, b"no-cache")], [b"no-cache"], id="a date that counts for nothing"),
        pytest.param([(CACHE, b"max-age=1"), (b"cache-control", b"x")], [b"private, max-age=1, x"], id="two lines"),
        pytest.param([(CACHE, b"max-age=1"), (CACHE, b"private")], [b"max-age=1", b"private"], id="private already"),
        pytest.param([(b"X", b"y")], [], id="nothing said"),
    ],
)
def test_what_has_a_lifetime_is_private(headers: list[tuple[bytes, bytes]], expected: list[bytes]) -> None:
    out = vary_per_visitor(headers, lambda: VARIANT, [b"Cookie"])

    assert [value for key, value in out if key.lower() == b"cache-control"] == expected
    assert [pair for pair in out if pair[0] in {b"Expires", b"X"}] == [p for p in headers if p[0] in {b"Expires", b"X"}]


@pytest.mark.parametrize(
    ("value", "expected"), [(b'"v1"', MARKED), (b' W/"v1" ', b"W/" + MARKED), (b"v1", None), (b'"a', None)]
)
def test_the_entity_tag_is_marked_or_dropped(value: bytes, expected: bytes | None) -> None:
    headers = vary_per_visitor([(b"ETag", value)], lambda: VARIANT, [b"Cookie"])

    assert [value for key, value in headers if key == b"ETag"] == ([expected] if expected else [])


def test_what_is_marked_is_unmarked_again() -> None:
    ((_, marked), _) = vary_per_visitor([(b"etag", b'W/"a--consent-b"')], lambda: VARIANT, [b"Cookie"])

    assert seen_by_app([(b"if-none-match", marked)]) == (
        [(b"if-none-match", b'W/"a--consent-b"')],
        True,
    )


def test_a_rewritten_body_has_its_own_length_and_no_digest() -> None:
    headers = [(b"Content-Length", b"1"), (b"Content-Digest", b"x"), (b"X", b"y"), (b"Accept-Ranges", b"bytes")]

    assert for_changed_body(headers, None) == [(b"X", b"y")]
    assert for_changed_body(headers, 7) == [(b"X", b"y"), (b"content-length", b"7")]


CSP = b"content-security-policy"
REPORT = b"content-security-policy-report-only"


@pytest.mark.parametrize(
    ("headers", "nonce"),
    [
        pytest.param([(CSP, b"script-src 'nonce-abc='")], "abc=", id="script-src"),
        pytest.param([(CSP, b"default-src 'none'; Script-Src 'self' 'NONCE-aB_-9'")], "aB_-9", id="any letter case"),
        pytest.param([(CSP, b"img-src *;\tscript-src\t'nonce-t'")], "t", id="tabs"),
        pytest.param([(CSP, b"default-src 'nonce-d'")], "d", id="default-src stands in"),
        pytest.param([(CSP, b"default-src 'nonce-d'; script-src 'self'")], None, id="script-src overrules default-src"),
        pytest.param([(CSP, b"script-src 'nonce-a'; script-src-elem 'nonce-b'")], "b", id="script-src-elem overrules"),
        pytest.param([(CSP, b"script-src 'nonce-a'; script-src 'nonce-b'")], "a", id="the first of one name counts"),
        pytest.param([(CSP, b"style-src 'nonce-s'")], None, id="a style's nonce is none"),
        pytest.param([(REPORT, b"script-src 'nonce-r'"), (CSP, b"script-src 'nonce-e'")], "e", id="enforced first"),
        pytest.param([(REPORT, b"script-src 'nonce-r'")], "r", id="report-only second"),
        pytest.param([(CSP, b"img-src *, script-src 'nonce-2'")], "2", id="several policies in one field"),
        pytest.param([(CSP, b"script-src 'nonce-'")], None, id="an empty nonce is none"),
        pytest.param([], None, id="no policy"),
    ],
)
def test_the_nonce_of_a_policy(headers: list[tuple[bytes, bytes]], nonce: str | None) -> None:
    assert csp_nonce(headers) == nonce


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"<//early>; rel=preconnect", None),
        (b"<//early>; rel=preconnect, <b>; rel=next", b"<b>; rel=next"),
        (
            b'<a>; title="x, <//early>"; rel=next , <//early>;rel="dns-prefetch preconnect"',
            b'<a>; title="x, <//early>"; rel=next',
        ),
        (b"<b>; rel=next,   <c>; rel=prev", b"<b>; rel=next,   <c>; rel=prev"),
        (b"not a link", b"not a link"),
        (b"", b""),
        (b"<//early>", b"<//early>"),
        (b'<//early>; REL = "preconnect"', None),
        (b"<//early>; title=a; rel=x; rel=preconnect", b"<//early>; title=a; rel=x; rel=preconnect"),
        (b'<//early>; title="; rel=x"; rel=preconnect', None),
        (b'<//early>; title="\\"; rel=x; \\""; rel=preconnect', None),
        (b'<//early>; "; rel=x"; rel="pre\\connect"', None),
        (b"<//early>; crossorigin; rel=preconnect; anchor", None),
        (b"<//early>; rel=preconnect; as=font", b"<//early>; rel=preconnect; as=font"),
        (b'<//early>; As = "font"; rel=preconnect', b'<//early>; As = "font"; rel=preconnect'),
        (b'<//early>; title="; as=font"; rel=preconnect', None),
    ],
)
def test_early_members_of_link_go(value: bytes, expected: bytes | None) -> None:
    def early(relation: str, urls: Sequence[str], destination: str) -> bool:
        return "//early" in urls and "preconnect" in relation and destination != "font"

    assert filter_links([(b"Link", value)], early) == ([(b"Link", expected)] if expected is not None else [])


@given(pairs, st.booleans())
def test_no_head_raises_and_other_fields_stay_in_order(headers: list[tuple[bytes, bytes]], rewrites: bool) -> None:
    """Law: any pairs of bytes are a head; what is nobody's business stays."""
    seen, _ = seen_by_app(headers, rewrites=rewrites)
    out = for_changed_body(
        vary_per_visitor(
            filter_links(filter_set_cookie(headers, frozenset({b"a"})), lambda *_: True), lambda: VARIANT, [b"Cookie"]
        ),
        1,
    )
    normalize_names(headers)
    csp_nonce(headers)

    untouched = [pair for pair in headers if pair[0] == b"x"]
    assert [pair for pair in seen if pair[0] == b"x"] == untouched
    assert [pair for pair in out if pair[0] == b"x"] == untouched


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
def test_the_coding_is_the_one_that_the_client_likes_best(accepted: bytes, coding: bytes | None) -> None:
    assert preferred_coding(accepted, (b"br", b"gzip")) == coding


@given(st.lists(st.sampled_from([b"br", b"gzip", b"*", b";q=0", b";q=1", b";", b"=", b",", b" "])).map(b"".join))
def test_no_accept_encoding_raises(accepted: bytes) -> None:
    """Law: whatever is accepted, the coding is one of those offered, or none."""
    assert preferred_coding(accepted, (b"br", b"gzip")) in {None, b"br", b"gzip"}


@pytest.mark.parametrize(
    ("field", "policy", "trusts"),
    [
        (b"Content-Security-Policy", b"script-src 'nonce-abc' 'strict-dynamic'", True),
        (b"content-security-policy", b"script-src 'nonce-abc' 'Strict-Dynamic' https:", True),
        (b"Content-Security-Policy", b"default-src 'strict-dynamic' 'nonce-abc'", True),
        (b"Content-Security-Policy", b"script-src-elem 'strict-dynamic' 'nonce-abc'; script-src 'self'", True),
        (b"Content-Security-Policy", b"img-src *, script-src 'strict-dynamic' 'nonce-abc'", True),
        (b"Content-Security-Policy", b"script-src-elem 'self'; script-src 'strict-dynamic' 'nonce-abc'", False),
        (b"Content-Security-Policy", b"script-src 'nonce-abc' https://js.hs-scripts.com", False),
        (b"Content-Security-Policy", b"img-src *", False),
        (b"Content-Security-Policy-Report-Only", b"script-src 'nonce-abc' 'strict-dynamic'", False),
    ],
)
def test_a_policy_that_trusts_what_scripts_insert_is_known(field: bytes, policy: bytes, trusts: bool) -> None:
    assert has_strict_dynamic([(b"x", b"'strict-dynamic'"), (field, policy)]) is trusts
