"""Civic Cookie Control."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said

MAPPING = {"civic": {"chat": "functional", "Marketing": "marketing"}}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b'CookieControl={"optionalCookies":{"chat":"accepted","Marketing":"revoked"},"consentDate":1676407618702,"interactedWith":true}',
            "+?- explicit",
            id="categories that are mapped",
        ),
        pytest.param(
            b'CookieControl={"optionalCookies":{"other":"accepted"},"consentDate":1676407618702,"interactedWith":true}',
            "??? explicit",
            id="a category that is not",
        ),
        pytest.param(
            b'CookieControl={"optionalCookies":{"chat":"accepted"},"consentDate":1676407618702,"interactedWith":false}',
            "+?? implied",
            id="not answered",
        ),
        pytest.param(
            b'CookieControl={"optionalCookies":{"chat":"maybe"},"consentDate":1676407618702,"interactedWith":true}',
            NOTHING,
            id="another word",
        ),
        pytest.param(
            b'CookieControl={"optionalCookies":{"chat":["accepted"]},"consentDate":1676407618702,"interactedWith":true}',
            NOTHING,
            id="no word at all",
        ),
        pytest.param(
            b'CookieControl={"optionalCookies":["chat"],"consentDate":1676407618702,"interactedWith":true}',
            NOTHING,
            id="categories that are a list",
        ),
        pytest.param(b'CookieControl={"optionalCookies":{"chat":"acc', NOTHING, id="cut off"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="civic", mapping=MAPPING) == expected
