"""Axeptio."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said

MAPPING = {"axeptio": {"chat": "functional", "ads": "marketing", "$$completed": "analytics"}}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"axeptio_cookies={%22$$token%22:%22x%22%2C%22$$completed%22:true%2C%22chat%22:true%2C%22ads%22:false}",
            "+?- explicit",
            id="half-encoded, as it is written",
        ),
        pytest.param(
            b"axeptio_cookies=%7B%22%24%24completed%22%3Atrue%2C%22chat%22%3Afalse%7D",
            "-?? explicit",
            id="encoded in full",
        ),
        pytest.param(
            b"axeptio_cookies=%7B%22%24%24completed%22%3Afalse%2C%22chat%22%3Atrue%7D", NOTHING, id="not answered"
        ),
        pytest.param(b"axeptio_cookies=%7B%22chat%22%3Atrue%7D", NOTHING, id="no word about an answer"),
        pytest.param(
            b"axeptio_cookies=%7B%22%24%24completed%22%3Atrue%2C%22other%22%3Atrue%7D",
            "??? explicit",
            id="a vendor that is not mapped",
        ),
        pytest.param(
            b"axeptio_cookies=%7B%22%24%24completed%22%3Atrue%2C%22chat%22%3A%22true%22%7D",
            "??? explicit",
            id="a flag that is a text",
        ),
        pytest.param(
            b"axeptio_authorized_vendors=%2Cchat%2C; axeptio_all_vendors=%2Cchat%2C", NOTHING, id="the lists beside it"
        ),
        pytest.param(b"axeptio_cookies={%22$$completed%22:true%2C%22chat", NOTHING, id="cut off"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="axeptio", mapping=MAPPING) == expected
