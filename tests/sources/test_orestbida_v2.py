"""orestbida/cookieconsent, version 2."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b'cc_cookie={"categories":["necessary","ads"],"level":["necessary","ads"],"revision":0,"rfc_cookie":false}',
            "--+ explicit",
            id="raw",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22ads%22%5D%2C%22level%22%3A%5B%22necessary%22%2C%22ads%22%5D%2C%22revision%22%3A0%2C%22rfc_cookie%22%3Afalse%7D",
            "--+ explicit",
            id="encoded",
        ),
        pytest.param(
            b'cc_cookie="{\\"categories\\":[\\"necessary\\",\\"ads\\"],\\"level\\":[\\"necessary\\",\\"ads\\"],\\"revision\\":0,\\"rfc_cookie\\":false}"',
            "--+ explicit",
            id="in quotes, with escapes",
        ),
        pytest.param(
            b'cc_cookie={"categories":["necessary","ads"],"revision":0,"rfc_cookie":false}',
            NOTHING,
            id="without levels",
        ),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="orestbida-v2") == expected
