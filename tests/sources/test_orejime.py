"""Orejime."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"%7B%22chat%22%3Atrue%2C%22stats%22%3Afalse%7D", "+-? explicit", id="encoded"),
        pytest.param(b'{"chat":false}', "-?? explicit", id="raw"),
        pytest.param(b'{"chat":"yes"}', NOTHING, id="another kind of value"),
        pytest.param(b"1", NOTHING, id="another cookie of the name"),
    ],
)
def test_the_reading_of_a_cookie(value: bytes, expected: str) -> None:
    mapping = {"orejime": {"chat": "functional", "stats": "analytics"}}

    assert said(b"eu-consent=" + value, by="orejime", mapping=mapping) == expected
