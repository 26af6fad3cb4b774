"""EU Cookie Compliance for Drupal."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said

MAPPING = {"drupal": {"stats": "analytics", "chat": "functional"}}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"cookie-agreed=2; cookie-agreed-categories=[%22stats%22]; cookie-agreed-version=1.0.0",
            "-+? explicit",
            id="half-encoded, as it is written",
        ),
        pytest.param(b'cookie-agreed=1; cookie-agreed-categories=["chat","stats"]', "++? explicit", id="raw"),
        pytest.param(b"cookie-agreed=2; cookie-agreed-categories=%5B%5D", "--? explicit", id="an empty list"),
        pytest.param(b'cookie-agreed=0; cookie-agreed-categories=["stats"]', "--- explicit", id="refused"),
        pytest.param(b"cookie-agreed=2", "??? explicit", id="the list of categories is missing"),
        pytest.param(b"cookie-agreed=0", "--- explicit", id="a no to it"),
        pytest.param(b'cookie-agreed=2; cookie-agreed-categories=["sta', NOTHING, id="a list that is cut off"),
        pytest.param(b'cookie-agreed-categories=["stats"]', NOTHING, id="categories without an answer"),
        pytest.param(b"cookie-agreed=yes", NOTHING, id="another word"),
        pytest.param(
            b'cookie-agreed=2; cookie-agreed=0; cookie-agreed-categories=["stats"]', "--- explicit", id="two copies"
        ),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="drupal-eucc", mapping=MAPPING) == expected


def test_the_reading_bears_the_policy_s_version() -> None:
    (reading,) = readings(b"cookie-agreed=2; cookie-agreed-version=1.2.0")

    assert reading.revision == "1.2.0"


def test_banner_without_categories_covers_everything() -> None:
    assert said(b"cookie-agreed=2", by="drupal-eucc") == "+++ explicit"
    assert said(b"cookie-agreed=1", by="drupal-eucc") == "+++ explicit"
