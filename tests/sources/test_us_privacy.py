"""The US Privacy string."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(b"usprivacy=1YYN", "??- explicit", id="opted out of sale"),
        pytest.param(b"us_privacy=1-Y-", "??- explicit", id="the other name"),
        pytest.param(b"__cmpccpausps=1YYN", "??- explicit", id="consentmanager's name"),
        pytest.param(b"usprivacy=1yyn", "??- explicit", id="small letters"),
        pytest.param(b"usprivacy=1YNY", NOTHING, id="not opted out, which grants nothing"),
        pytest.param(b"usprivacy=1---", NOTHING, id="not applicable"),
        pytest.param(b"usprivacy=%7B%22uspString%22%3A%221YY-%22%7D", "??- explicit", id="inside iubenda's JSON"),
        pytest.param(
            b"usprivacy=%7B%22uspString%22%3A%221YN-%22%7D", NOTHING, id="inside iubenda's JSON, not opted out"
        ),
        pytest.param(b"usprivacy=%7B%22uspString%22%3A1%7D", NOTHING, id="other JSON"),
        pytest.param(b"usprivacy=2YYN", NOTHING, id="another version"),
        pytest.param(b"usprivacy=1YY", NOTHING, id="cut off"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="us-privacy") == expected
