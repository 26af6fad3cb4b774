"""Global Privacy Control and Do Not Track: header fields."""

from __future__ import annotations

import pytest

from consent_middleware import Policy, Signals
from consent_middleware.consent import OPTIONAL_CATEGORIES
from consent_middleware.cookies import Cookies
from consent_middleware.engine import Engine
from tests.sources.read_header import NOTHING, SIGNS, said


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param([(b"sec-gpc", b"1")], "??- explicit", id="set"),
        pytest.param([(b"sec-gpc", b"0"), (b"sec-gpc", b"1")], "??- explicit", id="set in one of two lines"),
        pytest.param([(b"sec-gpc", b"1, 1")], "??- explicit", id="lines that a server has joined"),
        pytest.param([(b"sec-gpc", b"0")], NOTHING, id="not set"),
        pytest.param([(b"sec-gpc", b"true")], NOTHING, id="another word"),
        pytest.param([(b"sec-gpc", b"11")], NOTHING, id="another number"),
        pytest.param([(b"sec-gpc", b'"1"x')], NOTHING, id="something else"),
        pytest.param([(b"x-sec-gpc", b"1")], NOTHING, id="another field"),
    ],
)
def test_the_reading_of_global_privacy_control(fields: list[tuple[bytes, bytes]], expected: str) -> None:
    assert said(by="gpc", headers=fields) == expected


@pytest.mark.parametrize(("value", "expected"), [(b"1", "?-- explicit"), (b"0", NOTHING), (b"null", NOTHING)])
def test_the_reading_of_do_not_track(value: bytes, expected: str) -> None:
    assert said(by="dnt", headers=[(b"dnt", value)]) == expected


def test_dnt_is_read_only_on_request() -> None:
    plan = Engine(Policy(contact_url="/c")).plan(Signals(Cookies(), [(b"dnt", b"1")]))

    assert plan.readings == ()
    assert plan.merged.states == {}


def test_signal_refuses_what_a_cookie_grants() -> None:
    plan = Engine(Policy(contact_url="/c")).plan(
        Signals(Cookies([b"cookieconsent_status=allow"]), [(b"sec-gpc", b"1")])
    )

    assert "".join(SIGNS[plan.merged.state(category)] for category in OPTIONAL_CATEGORIES) == "++-"
    assert plan.merged.source == "insites, gpc"
