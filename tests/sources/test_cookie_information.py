"""Cookie Information."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"CookieInformationConsent=%7B%22timestamp%22%3A%222025-01-02T03%3A04%3A05Z%22%2C%22consents_approved%22%3A%5B%22cookie_cat_necessary%22%2C%22cookie_cat_functional%22%5D%2C%22consents_denied%22%3A%5B%22cookie_cat_statistic%22%2C%22cookie_cat_marketing%22%2C%22cookie_cat_unclassified%22%5D%7D",
            "+-- explicit",
            id="both lists",
        ),
        pytest.param(
            b"CookieInformationConsent=%7B%22timestamp%22%3A%222025-01-02T03%3A04%3A05Z%22%2C%22consents_approved%22%3A%5B%22cookie_cat_statistic%22%5D%2C%22consents_denied%22%3A%5B%5D%7D",
            "?+? explicit",
            id="what stands in no list is unknown",
        ),
        pytest.param(
            b"CookieInformationConsent=%7B%22timestamp%22%3A%222025-01-02T03%3A04%3A05Z%22%2C%22consents_approved%22%3A%5B%22cookie_cat_statistic%22%5D%2C%22consents_denied%22%3A%5B%22cookie_cat_statistic%22%5D%7D",
            "?-? explicit",
            id="in both lists",
        ),
        pytest.param(
            b"CookieInformationConsent=%7B%22timestamp%22%3A%222025-01-02T03%3A04%3A05Z%22%2C%22consents_approved%22%3A%5B%5D%2C%22consents_denied%22%3A%5B%5D%7D",
            NOTHING,
            id="no lists",
        ),
        pytest.param(
            b"CookieInformationConsent=%7B%22consents_approved%22%3A%22cookie_cat_marketing%22%7D",
            NOTHING,
            id="a text for a list",
        ),
        pytest.param(b"CookieInformationConsent=true", NOTHING, id="another word"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="cookieinformation") == expected
