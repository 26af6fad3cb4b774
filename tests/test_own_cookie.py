"""The project's own consent cookie, as frameworks and scripts write it."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import dump_cookie

from consent_middleware.consent import OPTIONAL_CATEGORIES, Basis, Category, State, merge
from consent_middleware.cookies import Cookies
from consent_middleware.sources import Signals
from consent_middleware.sources.own import own_cookie

READ = own_cookie("consent")
F, A, M = OPTIONAL_CATEGORIES


def read(*headers: bytes) -> dict[Category, State]:
    consent = merge(READ(Signals(Cookies(headers))))
    return {category: consent.state(category) for category in OPTIONAL_CATEGORIES}


def states(*granted: Category) -> dict[Category, State]:
    return {category: State.GRANTED if category in granted else State.DENIED for category in OPTIONAL_CATEGORIES}


UNKNOWN = dict.fromkeys(OPTIONAL_CATEGORIES, State.UNKNOWN)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param(b"consent=functional", states(F), id="one category"),
        pytest.param(b"consent=functional,analytics,marketing", states(F, A, M), id="all categories"),
        pytest.param(b"consent=necessary", states(), id="necessary alone refuses the rest"),
        pytest.param(b"consent=necessary,marketing", states(M), id="necessary beside another"),
        pytest.param(b"consent=functional%2Canalytics", states(F, A), id="percent-encoded, as a script writes it"),
        pytest.param(b'consent="functional\\054analytics"', states(F, A), id="octal escapes in quotes"),
        pytest.param(b'consent="functional"', states(F), id="quotes"),
        pytest.param(b"consent=functional, analytics", states(F, A), id="a space behind the comma"),
        pytest.param(b"consent=", UNKNOWN, id="an empty value has no meaning"),
        pytest.param(b"consent=yes", UNKNOWN, id="a word of another site"),
        pytest.param(b"consent=functional,yes", UNKNOWN, id="a word too many"),
        pytest.param(b"consent=Functional", UNKNOWN, id="another letter case"),
        pytest.param(b"consent=functional,", UNKNOWN, id="an empty word"),
        pytest.param(b'consent="functional', UNKNOWN, id="one quote"),
        pytest.param(b'consent="', UNKNOWN, id="a single quote only"),
        pytest.param(b"consent=functional\xff", UNKNOWN, id="bytes beyond ASCII"),
        pytest.param(b"Consent=functional", UNKNOWN, id="another name"),
        pytest.param(b"x=1", UNKNOWN, id="no such cookie"),
        pytest.param(b"consent=necessary" + b"," * 8192, UNKNOWN, id="longer than the limit"),
        pytest.param(
            b"consent=functional,x=1", {F: State.UNKNOWN, A: State.DENIED, M: State.DENIED}, id="a comma joins lines"
        ),
        pytest.param(b"consent=functional; consent=marketing", states(), id="copies that disagree deny"),
        pytest.param(b"x=1,consent=necessary", states(), id="a refusal behind a comma counts"),
        pytest.param(
            b"x=1,consent=functional",
            {F: State.UNKNOWN, A: State.DENIED, M: State.DENIED},
            id="a grant behind a comma does not count",
        ),
        pytest.param(b"x=1,consent=what", UNKNOWN, id="an unknown value behind a comma"),
    ],
)
def test_reading_of_a_header(header: bytes, expected: dict[Category, State]) -> None:
    assert read(header) == expected


def test_cookies_of_frameworks_are_read() -> None:
    simple = SimpleCookie({"consent": "functional,analytics"})["consent"].OutputString()
    werkzeug = dump_cookie("consent", "functional,analytics").partition(";")[0]

    assert read(simple.encode()) == states(F, A)
    assert read(werkzeug.encode()) == states(F, A)


def test_reading_names_its_cookie_and_not_its_value() -> None:
    (reading,) = READ(Signals(Cookies([b"consent=functional"])))

    assert (reading.basis, reading.source, reading.cookie) == (Basis.EXPLICIT, "own cookie", "consent")


@given(st.binary())
def test_no_value_grants_what_it_does_not_name(value: bytes) -> None:
    """Property: a category is granted only if its name is in the header."""
    found = read(b"consent=" + value)

    for category, state in found.items():
        if state is State.GRANTED:
            assert category.value.encode() in value
