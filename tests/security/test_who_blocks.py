"""Each row of the table "Who blocks what" in docs/tags.md, on the server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy
from consent_middleware.addresses import filter_addresses
from consent_middleware.consent import Category
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from tests.exchanges import respond

from .who_blocks import CASES, PIXEL, Case, table

Headers = list[tuple[bytes, bytes]]

HTML = [(b"content-type", b"text/html; charset=utf-8")]
TABLE = table()
IN_BODY = [what for what, case in CASES.items() if case.body]
IN_HEAD = [what for what, case in CASES.items() if case.field]


def exchange(cookie: bytes = b"") -> Exchange:
    return Exchange(Engine(Policy()), RequestHead("GET", "/", "", [(b"cookie", cookie)] if cookie else []))


GRANTED = b"consent=functional,analytics,marketing"


def page(case: Case) -> bytes:
    return f"<!DOCTYPE html><html lang=en><head><title>x</title></head><body>{case.body}</body></html>".encode()


def head_of(case: Case, given: Exchange) -> list[str]:
    headers = [(case.field.encode(), case.value.encode())]
    head = given.filter_early_hints(headers) if case.early else respond(given, 200, [*HTML, *headers], b"<p>")[0]
    return [value.decode() for name, value in head if name == case.field.encode()]


def test_each_row_has_a_case() -> None:
    assert list(CASES) == list(TABLE)


@pytest.mark.parametrize("what", IN_BODY)
def test_row_in_a_page_is_blocked_as_stated(what: str) -> None:
    case = CASES[what]
    assert case.live in case.body

    out = respond(exchange(), 200, HTML, page(case))[1]

    assert (case.live.encode() not in out) == (TABLE[what] == "server")


@pytest.mark.parametrize("what", IN_HEAD)
def test_row_in_a_head_is_blocked_as_stated(what: str) -> None:
    case = CASES[what]

    assert head_of(case, exchange()) == ([case.left] if case.left else [])
    if TABLE[what] == "nobody":
        assert case.left == case.value


@pytest.mark.parametrize("what", list(CASES))
def test_row_stays_with_consent(what: str) -> None:
    case = CASES[what]
    granted = exchange(GRANTED)
    assert granted.plan.consent.grants(Category.MARKETING)

    if case.field:
        assert head_of(case, granted) == [case.value]
    else:
        assert respond(granted, 200, HTML, page(case))[1] == page(case)


@pytest.mark.parametrize(
    ("field", "value", "left"),
    [
        (b"Report-To", b"no JSON " + PIXEL.encode(), b"no JSON " + PIXEL.encode()),
        (b"Report-To", b'{"endpoints": 1}, [], {"endpoints": ["a", {"url": 1}]}', None),
        (b"Reporting-Endpoints", b'a="' + PIXEL.encode(), b""),
        (b"Reporting-Endpoints", b'a="https://own.example/,b", c="/d"', None),
        (b"Content-Security-Policy", b"report-uri " + PIXEL.encode(), b""),
        (
            b"Content-Security-Policy",
            b"default-src a,report-uri " + PIXEL.encode() + b" /b",
            b"default-src a,report-uri /b",
        ),
        (b"Content-Security-Policy", b"x-report-uri " + PIXEL.encode(), None),
        (b"Link", b'<https://js.hs-scripts.com>; rel=preconnect; title="', b""),
        (b"Link", b'<https://own.example/>; rel=preconnect; title="', None),
        (b"Link", b"https://js.hs-scripts.com; rel=preconnect", None),
        (b"Link", b"<https://js.hs-scripts.com/1.js>; rel=compression-dictionary", b""),
        (b"Link", b"<https://track.hubspot.com/a.gif>; rel=preload; as=image", b""),
        (b"Link", b"<https://js.hubspot.com/a.css>; rel=preload; as=style", None),
    ],
)
def test_unparsable_field_is_safe(field: bytes, value: bytes, left: bytes | None) -> None:
    head = respond(exchange(), 200, [*HTML, (field, value)], b"<p>")[0]

    assert [said for name, said in head if name == field] == ([value] if left is None else [left] if left else [])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [b"link", b"report-to", b"reporting-endpoints", b"content-security-policy", b"Speculation-Rules"]
            ),
            st.binary(max_size=60) | st.sampled_from([case.value.encode() for case in CASES.values() if case.field]),
        )
    ),
    st.sampled_from([lambda url: True, lambda url: False, lambda url: "hs" in url]),
)
def test_no_field_raises(headers: Headers, waits: Callable[[str], bool]) -> None:
    left = filter_addresses(headers, waits)

    assert {name for name, _ in left} <= {name for name, _ in headers}
    assert filter_addresses(left, waits) == left
    if not waits("hs"):
        assert left == headers
