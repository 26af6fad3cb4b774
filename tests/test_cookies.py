"""Cookies on the wire: pairs of `Cookie`, name and life of `Set-Cookie`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.cookies import MAX_HEADER, Cookies, parse_set_cookie


@pytest.mark.parametrize(
    ("headers", "name", "expected"),
    [
        pytest.param([b"a=1; b=2"], b"b", [b"2"], id="two pairs"),
        pytest.param([b"a=1;b=2"], b"b", [b"2"], id="no space behind the semicolon"),
        pytest.param([b"a=1; a=2"], b"a", [b"1", b"2"], id="duplicates are kept in order"),
        pytest.param([b"a=1", b"a=2;"], b"a", [b"1", b"2"], id="several headers, one ending in a semicolon"),
        pytest.param([b"a = 1 ;\tb=\t2"], b"b", [b"2"], id="white space is trimmed"),
        pytest.param([b"a=b=c"], b"a", [b"b=c"], id="the first equals sign parts name and value"),
        pytest.param([b'j={"a":1,"b":[2]}; c=3'], b"c", [b"3"], id="raw JSON does not end the reading"),
        pytest.param([b'j={"a":1}; c=3'], b"j", [b'{"a":1}'], id="raw JSON stays what it is"),
        pytest.param([b'q="x"'], b"q", [b'"x"'], id="quotes stay"),
        pytest.param([b"junk; a=1"], b"junk", [], id="a part without equals sign is left out"),
        pytest.param([b"\xff=\xfe"], b"\xff", [b"\xfe"], id="any bytes"),
        pytest.param([b"a="], b"a", [b""], id="an empty value is a value"),
        pytest.param([b"a=1"], b"A", [], id="names are compared exactly"),
        pytest.param([b"x=1," + b" y=2"], b"y", [], id="a pair behind a comma is no cookie of its own"),
    ],
)
def test_every_value_of_a_name(headers: list[bytes], name: bytes, expected: list[bytes]) -> None:
    assert Cookies(headers).all(name) == expected


@pytest.mark.parametrize("comma", [b",", b", ", b",\t"])
def test_values_on_both_sides_of_a_comma_are_doubtful(comma: bytes) -> None:
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
def test_a_comma_with_no_pair_behind_it_raises_no_doubt(part: bytes) -> None:
    assert not Cookies([part]).doubtful_pairs


def test_a_part_without_a_pair_before_its_comma_gives_only_what_is_behind() -> None:
    assert dict(Cookies([b"junk,a=1,b=2"]).doubtful_pairs) == {b"a": [b"1"], b"b": [b"2"]}


def test_all_pairs_are_known_by_name() -> None:
    assert dict(Cookies([b"a=1; b=2; a=3"]).pairs) == {b"a": [b"1", b"3"], b"b": [b"2"]}


def test_no_more_than_the_cap_is_read() -> None:
    cookies = Cookies([b"a=1; " + b"x" * MAX_HEADER + b"; b=2"])

    assert cookies.all(b"a") == [b"1"]
    assert cookies.all(b"b") == []


@given(st.lists(st.binary()), st.binary())
def test_no_header_raises(headers: list[bytes], name: bytes) -> None:
    """Law: any bytes are a Cookie header."""
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
        pytest.param(b"a=1; Max-Age=60", b"a", False, id="an age to come"),
        pytest.param(b"a=1; Max-Age=soon", b"a", False, id="an age that is no number is ignored"),
        pytest.param(b"a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", b"a", True, id="a date in 1970"),
        pytest.param(b"a=; Expires=Thu, 01-Jan-1970 00:00:00 GMT", b"a", True, id="the older form of a date"),
        pytest.param(b"a=1; Expires=Wed, 09 Jun 2100 10:18:14 GMT", b"a", False, id="a date to come"),
        pytest.param(b"a=1; Expires=never", b"a", False, id="what is no date is ignored"),
        pytest.param(b"a=1; Expires=1 Jan 70 0:0:0; Expires=x", b"a", True, id="the last date counts"),
        pytest.param(b"a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", b"a", False, id="age wins over date"),
        pytest.param(b"a=1; Expires=Wed, 09 Jun 2100 10:18:14 GMT; Max-Age=0", b"a", True, id="in either order"),
        pytest.param(b"a=1; Max-Age=0; Max-Age=9", b"a", False, id="the last age counts"),
        pytest.param(b"a; Max-Age=0", b"", True, id="a pair without equals sign has no name"),
        pytest.param(b"", b"", False, id="an empty line"),
    ],
)
def test_name_and_life_of_a_line(line: bytes, name: bytes, deletes: bool) -> None:
    assert parse_set_cookie(line) == (name, deletes)


@given(st.one_of(st.binary(), st.text(max_size=40).map(lambda text: b"a=1; Expires=" + text.encode())))
def test_no_line_raises(line: bytes) -> None:
    """Law: any bytes are a Set-Cookie line."""
    parse_set_cookie(line)
