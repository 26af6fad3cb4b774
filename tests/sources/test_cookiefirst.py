"""CookieFirst."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"cookiefirst-consent=%7B%22necessary%22%3Atrue%2C%22performance%22%3Atrue%2C%22functional%22%3Afalse%2C%22advertising%22%3Afalse%2C%22timestamp%22%3A1728728251%7D",
            "-+- explicit",
            id="encoded",
        ),
        pytest.param(
            b'cookiefirst-consent={"necessary":true,"functional":true}', "+?? explicit", id="raw, with one category"
        ),
        pytest.param(b"cookiefirst-consent=%7B%22functional%22%3Atrue%7D", NOTHING, id="without the necessary"),
        pytest.param(b"cookiefirst-consent=%7B%22necessary%22%3Atrue%7D", NOTHING, id="with nothing else"),
        pytest.param(
            b"cookiefirst-consent=%7B%22necessary%22%3Atrue%2C%22functional%22%3A%22yes%22%7D",
            NOTHING,
            id="flags that are texts",
        ),
        pytest.param(b"cookiefirst-consent=accepted", NOTHING, id="another word"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="cookiefirst") == expected


def test_the_date_may_be_a_number_or_a_text() -> None:
    for date in (b"1735787045", b'"2025-01-02T03:04:05Z"', b'"1735787045000"', b"1735787045000"):
        (reading,) = readings(b'cookiefirst-consent={"necessary":true,"functional":true,"timestamp":' + date + b"}")
        assert reading.chosen_at == 1735787045


@pytest.mark.parametrize(
    "date", [b"true", b"1e400", b"-5", b'"soon"', b"[]", b"null", b"12", b'"0001-01-01T00:00:00+23:59"']
)
def test_what_is_no_date_is_left_out(date: bytes) -> None:
    (reading,) = readings(b'cookiefirst-consent={"necessary":true,"functional":true,"timestamp":' + date + b"}")

    assert reading.chosen_at is None
