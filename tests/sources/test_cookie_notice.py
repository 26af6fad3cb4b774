"""Cookie Notice."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"false", "--- explicit"), (b"true", "+++ implied"), (b"1", NOTHING), (b"", NOTHING)],
)
def test_the_reading_of_a_cookie(value: bytes, expected: str) -> None:
    assert said(b"cookie_notice_accepted=" + value, by="cookie-notice") == expected
