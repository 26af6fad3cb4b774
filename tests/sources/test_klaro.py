"""Klaro."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said

MAPPING = {
    "klaro": {"chat": "functional", "matomo": "analytics", "ads": "marketing", "crm": ["analytics", "marketing"]}
}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"klaro=%7B%22chat%22%3Atrue%2C%22matomo%22%3Afalse%2C%22ads%22%3Atrue%2C%22other%22%3Atrue%7D",
            "+-+ explicit",
            id="services that are mapped",
        ),
        pytest.param(b'klaro={"chat":true}', "+?? explicit", id="raw"),
        pytest.param(b"klaro=%7B%22crm%22%3Atrue%7D", "?++ explicit", id="a service for two categories"),
        pytest.param(
            b"klaro=%7B%22crm%22%3Afalse%2C%22ads%22%3Atrue%2C%22matomo%22%3Atrue%7D",
            "?-- explicit",
            id="any no among the services of a category",
        ),
        pytest.param(b"klaro=%7B%22other%22%3Atrue%7D", "??? explicit", id="services that are not mapped"),
        pytest.param(b"klaro={stamp:%27x%27}", NOTHING, id="another platform's literal"),
        pytest.param(b"klaro=%7B%22chat%22%3A1%7D", NOTHING, id="flags that are numbers"),
        pytest.param(b"klaro=%7B%7D", NOTHING, id="no services"),
        pytest.param(b"klaro=%7B%22chat%22%3Atrue", NOTHING, id="cut off"),
        pytest.param(b"klaro=%7B%22chat%22%3Atrue%7D; klaro=%7B%22chat%22%3Afalse%7D", "-?? explicit", id="two copies"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="klaro", mapping=MAPPING) == expected


def test_the_cookie_may_have_another_name() -> None:
    mapping = {"klaro": {"chat": "functional"}}

    (reading,) = readings(b'our-klaro={"chat":true}', mapping=mapping, cookie_names={"klaro": "our-klaro"})

    assert (reading.source, reading.cookie, sorted(reading.granted)) == (
        "klaro",
        "our-klaro",
        ["functional", "necessary"],
    )
