"""Cookie Optin for TYPO3."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said

MAPPING = {"typo3": {"stats": "analytics", "ads": "marketing"}}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(b"cookie_optin=essential:1|stats:1|ads:0", "?+- explicit", id="groups that are mapped"),
        pytest.param(b"cookie_optin=essential%3A1%7Cstats%3A0", "?-? explicit", id="percent-encoded"),
        pytest.param(b"cookie_optin=essential:1|stats:1|ad", "?+? explicit", id="cut off in a group"),
        pytest.param(b"cookie_optin=stats:1|stats:0", "?-? explicit", id="a group twice"),
        pytest.param(b"cookie_optin=other:1", "??? explicit", id="a group that is not mapped"),
        pytest.param(b"cookie_optin=stats:1|x|y", NOTHING, id="parts without a shape"),
        pytest.param(b"cookie_optin=1", NOTHING, id="another word"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="typo3-sg-cookie-optin", mapping=MAPPING) == expected
