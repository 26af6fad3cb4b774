"""CookieYes."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"cookieyes-consent=consentid:A,consent:yes,action:yes,necessary:yes,functional:yes,analytics:no,performance:no,advertisement:yes,other:no",
            "+-+ explicit",
            id="all categories",
        ),
        pytest.param(
            b"cookieyes-consent=consentid:A,consent:no,action:yes,necessary:yes,functional:no,analytics:no,advertisement:no",
            "--- explicit",
            id="refused",
        ),
        pytest.param(
            b"cookieyes-consent=consent:yes,action:yes,necessary:yes,performance:yes",
            "?+? explicit",
            id="performance where there is no analytics",
        ),
        pytest.param(
            b"cookieyes-consent=consent:yes,action:yes,analytics:no,performance:yes",
            "?-? explicit",
            id="performance beside analytics says nothing",
        ),
        pytest.param(
            b"cookieyes-consent=consent:yes,action:yes,analytics:,performance:yes",
            "??? explicit",
            id="also where analytics is open",
        ),
        pytest.param(
            b"cookieyes-consent=consent:yes,action:no,necessary:yes,functional:yes,analytics:yes,advertisement:yes",
            "+++ implied",
            id="defaults of an opt-out region",
        ),
        pytest.param(
            b"cookieyes-consent=consent:,action:,necessary:,functional:,analytics:,advertisement:",
            NOTHING,
            id="not answered",
        ),
        pytest.param(
            b"cookieyes-consent=consent%3Ayes%2Caction%3Ayes%2Cadvertisement%3Ayes",
            "??+ explicit",
            id="percent-encoded",
        ),
        pytest.param(
            b"cookieyes-consent=consent:yes,action:yes,functional:yes,advertisement:ye",
            "+?? explicit",
            id="cut off in a word",
        ),
        pytest.param(
            b"cookieyes-consent=consent:yes,action:yes,functional:no,functional:yes",
            "-?? explicit",
            id="a category twice",
        ),
        pytest.param(b"cookieyes-consent=%E0%A4%A", NOTHING, id="bytes that are no text"),
        pytest.param(b"cookieyes-consent=functional:yes", NOTHING, id="no word of consent or action"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="cookieyes") == expected
