"""orestbida/cookieconsent, version 3."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22analytics%22%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22consentId%22%3A%220%22%2C%22lastConsentTimestamp%22%3A%222025-01-03T03%3A04%3A05.000Z%22%7D",
            "-+- explicit",
            id="version 3",
        ),
        pytest.param(
            b'cc_cookie={"categories":["necessary","analytics"],"revision":2,"consentTimestamp":"2025-01-02T03:04:05.000Z","consentId":"0","lastConsentTimestamp":"2025-01-03T03:04:05.000Z"}',
            "-+- explicit",
            id="version 3, raw",
        ),
        pytest.param(
            b"cc_cookie=%257B%2522categories%2522%253A%255B%2522necessary%2522%252C%2522analytics%2522%255D%252C%2522revision%2522%253A2%252C%2522consentTimestamp%2522%253A%25222025-01-02T03%253A04%253A05.000Z%2522%252C%2522consentId%2522%253A%25220%2522%252C%2522lastConsentTimestamp%2522%253A%25222025-01-03T03%253A04%253A05.000Z%2522%257D",
            "-+- explicit",
            id="version 3, encoded twice",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22functionality%22%2C%22marketing%22%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22consentId%22%3A%220%22%2C%22lastConsentTimestamp%22%3A%222025-01-03T03%3A04%3A05.000Z%22%7D",
            "+-+ explicit",
            id="other names for functional",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22preferences%22%2C%22advertising%22%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22consentId%22%3A%220%22%2C%22lastConsentTimestamp%22%3A%222025-01-03T03%3A04%3A05.000Z%22%7D",
            "+-+ explicit",
            id="and for marketing",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22consentId%22%3A%220%22%2C%22lastConsentTimestamp%22%3A%222025-01-03T03%3A04%3A05.000Z%22%7D",
            "--- explicit",
            id="nothing but the necessary",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22support%22%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22consentId%22%3A%220%22%2C%22lastConsentTimestamp%22%3A%222025-01-03T03%3A04%3A05.000Z%22%7D",
            "--- explicit",
            id="a category of the site's own",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22analytics%22%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22lastConsentTimestamp%22%3A%222025-01-03T03%3A04%3A05.000Z%22%7D",
            NOTHING,
            id="version 3 without an id",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22analytics%22%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22consentId%22%3A%220%22%2C%22lastConsentTimestamp%22%3A%22%22%7D",
            NOTHING,
            id="version 3 without a date",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%22analytics%22%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22consentId%22%3A%220%22%2C%22lastConsentTimestamp%22%3A%222025-01-03T03%3A04%3A05.000Z%22%7D",
            NOTHING,
            id="categories that are no list",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22analytics%22%2C1%2Cnull%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22consentId%22%3A%220%22%2C%22lastConsentTimestamp%22%3A%222025-01-03T03%3A04%3A05.000Z%22%7D",
            "-+- explicit",
            id="a list with more than texts",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22analytics%22%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01",
            NOTHING,
            id="cut off",
        ),
        pytest.param(
            b"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22analytics%22%5D%2C%22revision%22%3A2%2C%22consentTimestamp%22%3A%222025-01-02T03%3A04%3A05.000Z%22%2C%22consentId%22%3A%220%22%2C%22lastConsentTimestamp%22%3A%222025-01-03T03%3A04%3A05.000Z%22%7D%E0%A4%A",
            NOTHING,
            id="followed by bytes that are no text",
        ),
        pytest.param(b"cc_cookie=true", NOTHING, id="another word"),
        pytest.param(b"cc_cookie=%5B1%5D", NOTHING, id="another JSON"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="orestbida-v3") == expected


def test_the_site_says_what_its_own_categories_mean() -> None:
    mapping = {"orestbida": {"support": "functional"}}
    cookie = (
        b'cc_cookie={"categories":["support"],"consentId":"0","consentTimestamp":"2025-01-02T03:04:05Z",'
        b'"lastConsentTimestamp":"2025-01-02T03:04:05Z","revision":7}'
    )

    (reading,) = readings(cookie, mapping=mapping)

    assert said(cookie, by="orestbida-v3", mapping=mapping) == "+-- explicit"
    assert (reading.chosen_at, reading.revision) == (1735787045, "7")


def test_the_cookie_may_have_another_name() -> None:
    cookie = b'banner={"categories":["analytics"],"level":["analytics"]}'

    (reading,) = readings(cookie, cookie_names={"orestbida": "banner"})

    assert (reading.source, reading.cookie) == ("orestbida-v2", "banner")
