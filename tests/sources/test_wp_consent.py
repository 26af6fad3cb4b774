"""The WP Consent API."""

from __future__ import annotations

import pytest

from consent_middleware.consent import Basis
from tests.sources.read_header import NOTHING, readings, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"wp_consent_functional=allow; wp_consent_preferences=allow; wp_consent_statistics=deny; wp_consent_marketing=deny",
            "+-- explicit",
            id="one cookie each",
        ),
        pytest.param(b"wp_consent_statistics-anonymous=allow", NOTHING, id="anonymous statistics are no analytics"),
        pytest.param(b"wp_consent_functional=allow", NOTHING, id="its functional is strictly necessary"),
        pytest.param(
            b"wp_consent_marketing=allow; cmplz_banner-status=show", "??+ implied", id="what Complianz wrote by itself"
        ),
        pytest.param(
            b"wp_consent_marketing=allow; cmplz_banner-status=dismissed",
            "??+ explicit",
            id="what it wrote for the visitor",
        ),
        pytest.param(b"wp_consent_marketing=", NOTHING, id="empty"),
        pytest.param(b"wp_consent_marketing=1", NOTHING, id="another word"),
        pytest.param(b'wp_consent_statistics="allow"', "?+? explicit", id="in quotes"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="wp-consent-api") == expected


def test_complianz_without_a_banner_implies_both() -> None:
    told = readings(b"wp_consent_marketing=allow; cmplz_marketing=allow")

    assert {(each.source, each.basis) for each in told} == {
        ("complianz", Basis.IMPLIED),
        ("wp-consent-api", Basis.IMPLIED),
    }
