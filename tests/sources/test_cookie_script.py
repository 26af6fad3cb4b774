"""Cookie-Script."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b'CookieScriptConsent={"action":"accept","consenttime":1759848972,"categories":"[\\"strict\\",\\"performance\\"]"}',
            "-+- explicit",
            id="raw, with a list inside a text",
        ),
        pytest.param(
            b"CookieScriptConsent=%7B%22action%22%3A%22accept%22%2C%22categories%22%3A%22%5B%5C%22functionality%5C%22%2C%5C%22targeting%5C%22%5D%22%7D",
            "+-+ explicit",
            id="encoded",
        ),
        pytest.param(
            b'CookieScriptConsent={"action":"accept","categories":["performance"]}',
            "-+- explicit",
            id="a list as it is",
        ),
        pytest.param(b'CookieScriptConsent={"action":"reject","categories":"[]"}', "--- explicit", id="refused"),
        pytest.param(
            b'CookieScriptConsent={"action":"reject","categories":"[\\"performance\\"]"}',
            "--- explicit",
            id="refused, whatever the list says",
        ),
        pytest.param(b'CookieScriptConsent={"action":"accept"}', NOTHING, id="accepted without a list"),
        pytest.param(
            b'CookieScriptConsent={"action":"accept","categories":"[\\"perfo"}', NOTHING, id="a list that is cut off"
        ),
        pytest.param(b'CookieScriptConsent={"action":"close","categories":"[]"}', NOTHING, id="another action"),
        pytest.param(
            b'CookieScriptConsent={"googleconsentmap":{"ad_storage":"targeting"}}', NOTHING, id="a map is no decision"
        ),
        pytest.param(b"CookieScriptConsent=1", NOTHING, id="another word"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="cookie-script") == expected
