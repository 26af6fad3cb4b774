"""Cookies on the wire: reading `Cookie`, reading, filtering and writing `Set-Cookie`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.cookies import (
    MAX_HEADER,
    CookieNames,
    CookiePrefilter,
    Cookies,
    expire_cookies,
    filter_set_cookie,
    hide_cookies,
    parse_set_cookie,
)


@pytest.mark.parametrize(
    ("headers", "name", "expected"),
    [
        pytest.param([b"a=1; b=2"], b"b", [b"2"], id="two pairs"),
        pytest.param([b"a=1;b=2"], b"b", [b"2"], id="no space behind the semicolon"),
        pytest.param([b"a=1; a=2"], b"a", [b"1", b"2"], id="duplicates are kept in order"),
        pytest.param([b"a=1", b"a=2;"], b"a", [b"1", b"2"], id="several headers, one ending in a semicolon"),
        pytest.param([b"a = 1 ;\tb=\t2"], b"b", [b"2"], id="white space is trimmed"),
        pytest.param([b"a=b=c"], b"a", [b"b=c"], id="the first equals sign ends the name"),
        pytest.param([b'j={"a":1,"b":[2]}; c=3'], b"c", [b"3"], id="raw JSON does not stop the parser"),
        pytest.param([b'j={"a":1}; c=3'], b"j", [b'{"a":1}'], id="raw JSON stays as it is"),
        pytest.param([b'q="x"'], b"q", [b'"x"'], id="quotes stay"),
        pytest.param([b"junk; a=1"], b"junk", [], id="a part without equals sign is left out"),
        pytest.param([b"\xff=\xfe"], b"\xff", [b"\xfe"], id="any bytes"),
        pytest.param([b"a="], b"a", [b""], id="an empty value is a value"),
        pytest.param([b"a=1"], b"A", [], id="names are compared exactly"),
        pytest.param([b"x=1," + b" y=2"], b"y", [], id="a pair behind a comma is part of the value"),
    ],
)
def test_all_values_of_a_name(headers: list[bytes], name: bytes, expected: list[bytes]) -> None:
    assert Cookies(headers).all(name) == expected


@pytest.mark.parametrize("comma", [b",", b", ", b",\t"])
def test_values_beside_a_comma_are_doubtful(comma: bytes) -> None:
    cookies = Cookies([b"a=1" + comma + b"b=2; c=3"])

    assert cookies.doubtful(b"a") == [b"1"]
    assert cookies.doubtful(b"b") == [b"2"]
    assert cookies.doubtful(b"c") == []
    assert cookies.all(b"a") == [b"1" + comma + b"b=2"]
    assert b"b" in cookies
    assert b"a" in cookies
    assert b"d" not in cookies


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b"a=1,2,3", id="a list of numbers"),
        pytest.param(b'a={"b":1,"c":2}', id="raw JSON"),
        pytest.param(b"a=x:yes,y:no", id="pairs with colons"),
        pytest.param(b"a,b", id="no pair at all"),
    ],
)
def test_comma_without_a_pair_behind_it_is_plain(part: bytes) -> None:
    assert not Cookies([part]).doubtful_pairs


def test_part_without_equals_sign_is_no_doubtful_pair() -> None:
    assert dict(Cookies([b"junk,a=1,b=2"]).doubtful_pairs) == {b"a": [b"1"], b"b": [b"2"]}


def test_pairs_are_grouped_by_name() -> None:
    assert dict(Cookies([b"a=1; b=2; a=3"]).pairs) == {b"a": [b"1", b"3"], b"b": [b"2"]}


def test_bytes_beyond_the_limit_are_not_read() -> None:
    cookies = Cookies([b"a=1; " + b"x" * MAX_HEADER + b"; b=2"])

    assert cookies.all(b"a") == [b"1"]
    assert cookies.all(b"b") == []
    assert cookies.is_cut


def test_limit_is_for_all_lines_together() -> None:
    cookies = Cookies([b"a=" + b"x" * (MAX_HEADER - 7), b"b=2; c=3", b"d=4"])

    assert [name for name in (b"a", b"b", b"c", b"d") if name in cookies] == [b"a", b"b"]
    assert cookies.is_cut
    assert not Cookies([b"a=" + b"x" * (MAX_HEADER - 7), b"b=2; "]).is_cut


@given(st.lists(st.binary()), st.binary())
def test_any_cookie_header_is_accepted(headers: list[bytes], name: bytes) -> None:
    """Property: any bytes are a Cookie header."""
    cookies = Cookies(headers)

    cookies.all(name)
    cookies.doubtful(name)


@pytest.mark.parametrize(
    ("line", "name", "deletes"),
    [
        pytest.param(b"a=1", b"a", False, id="a session cookie"),
        pytest.param(b" a = 1; Path=/", b"a", False, id="white space around the name"),
        pytest.param(b"a=1; Max-Age=0", b"a", True, id="an age of zero"),
        pytest.param(b"a=1; max-age=-5", b"a", True, id="an age below zero"),
        pytest.param(b"a=1; Max-Age=00", b"a", True, id="zero in two digits"),
        pytest.param(b"a=1; Max-Age=60", b"a", False, id="an age in the future"),
        pytest.param(b"a=1; Max-Age=soon", b"a", False, id="a malformed age is ignored"),
        pytest.param(b"a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", b"a", True, id="a date in 1970"),
        pytest.param(b"a=; Expires=Thu, 01-Jan-1970 00:00:00 GMT", b"a", True, id="the older form of a date"),
        pytest.param(b"a=1; Expires=Wed, 09 Jun 2100 10:18:14 GMT", b"a", False, id="a date in the future"),
        pytest.param(b"a=1; Expires=never", b"a", False, id="a malformed date is ignored"),
        pytest.param(b"a=1; Expires=1 Jan 70 0:0:0; Expires=x", b"a", True, id="the last date counts"),
        pytest.param(b"a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", b"a", False, id="age wins over date"),
        pytest.param(b"a=1; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Max-Age=0", b"a", True, id="in either order"),
        pytest.param(b"a=1; Max-Age=0; Max-Age=9", b"a", False, id="the last age counts"),
        pytest.param(b"a; Max-Age=0", b"", True, id="a pair without equals sign has no name"),
        pytest.param(b"", b"", False, id="an empty line"),
    ],
)
def test_set_cookie_gives_name_and_deletion(line: bytes, name: bytes, deletes: bool) -> None:
    assert parse_set_cookie(line) == (name, deletes)


@given(st.one_of(st.binary(), st.text(max_size=40).map(lambda text: b"a=1; Expires=" + text.encode())))
def test_any_set_cookie_line_is_accepted(line: bytes) -> None:
    """Property: any bytes are a Set-Cookie line."""
    parse_set_cookie(line)


def test_only_withheld_cookies_are_dropped() -> None:
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
def test_cookie_is_expired_on_host_and_parents(host: bytes, domains: list[bytes]) -> None:
    lines = expire_cookies([b"c", b"absent"], Cookies([b"c=1"]), host)

    base = b"c=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    assert lines == [(b"set-cookie", base), *((b"set-cookie", base + b"; Domain=" + domain) for domain in domains)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a=1; b=2", b"a=1; b=2"),
        (b"x=1; a=2", b"a=2"),
        (b"a=1;  x=2 ;b=3", b"a=1;b=3"),
        (b"x =1", None),
        (b"x=1; x=2", None),
        (b"ax=1; x", b"ax=1"),
    ],
)
def test_hidden_cookies_leave_the_other_bytes(value: bytes, expected: bytes | None) -> None:
    headers = [(b"host", b"x=1"), (b"cookie", value)]

    hidden = hide_cookies(headers, frozenset({b"x"}))

    assert hidden == [headers[0], *([(b"cookie", expected)] if expected is not None else [])]
    assert (hidden is headers) == (value == expected)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"vendor=1", True),
        (b"a=1;vendor=1", True),
        (b"a=1;\tvendor=1", True),
        (b"a=1,vendor=1", True),
        (b"id-7=1", True),
        (b"a=vendor", False),
        (b"myvendor=1; my_id-7=1", False),
        (b"", False),
    ],
)
def test_prefilter_finds_names_and_prefixes(header: bytes, expected: bool) -> None:
    prefilter = CookiePrefilter(CookieNames(frozenset({b"vendor"}), (b"id-",)))

    assert prefilter.may_match(Cookies([header])) is expected
    assert not CookiePrefilter(CookieNames()).may_match(Cookies([header]))


@given(st.lists(st.sampled_from([b"vendor", b"id-1", b"a", b"=", b";", b",", b" ", b"\t"])).map(b"".join))
def test_prefilter_has_no_false_negatives(header: bytes) -> None:
    """Property: a request with a cookie of the set is always found."""
    names = CookieNames(frozenset({b"vendor"}), (b"id-",))
    cookies = Cookies([header])

    assert CookiePrefilter(names).may_match(cookies) or not names.among(cookies)
