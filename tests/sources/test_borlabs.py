"""Borlabs Cookie."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"borlabs-cookie=%7B%22consents%22%3A%7B%22essential%22%3A%5B%22x%22%5D%2C%22statistics%22%3A%5B%22ga%22%5D%7D%2C%22uid%22%3A%22anonymous%22%2C%22version%22%3A1%7D",
            "-+- implied",
            id="one service, which may be one unlocked in its place",
        ),
        pytest.param(
            b"borlabs-cookie=%7B%22consents%22%3A%7B%22essential%22%3A%5B%22x%22%5D%2C%22external-media%22%3A%5B%22video%22%5D%7D%2C%22uid%22%3A%22anonymous%22%2C%22version%22%3A%221%22%7D",
            "+-- implied",
            id="version 2, one video",
        ),
        pytest.param(
            b'borlabs-cookie={"consents":{"statistics":["ga","b"]},"version":1}', "-+- explicit", id="a group of two"
        ),
        pytest.param(
            b'borlabs-cookie={"consents":{"external-media":["a","b"]},"version":1}', "+-- implied", id="two videos"
        ),
        pytest.param(
            b"borlabs-cookie=%7B%22consents%22%3A%7B%22essential%22%3A%5B%22x%22%5D%2C%22marketing%22%3A%5B%5D%7D%2C%22uid%22%3A%22anonymous%22%2C%22version%22%3A1%7D",
            "--- explicit",
            id="a group without services",
        ),
        pytest.param(
            b"borlabs-cookie=%7B%22consents%22%3A%7B%22marketing%22%3Atrue%7D%2C%22uid%22%3A%22anonymous%22%2C%22version%22%3A1%7D",
            "--- explicit",
            id="a group that is no list",
        ),
        pytest.param(
            b"borlabs-cookie=%7B%22consents%22%3A%7B%22statistics%22%3A%5B%22ga%22%5D%7D%2C%22uid%22%3A%22anonymous%22%2C%22v3%22%3Atrue%7D",
            NOTHING,
            id="without a version",
        ),
        pytest.param(
            b"borlabs-cookie=%7B%22consents%22%3A%5B%22marketing%22%5D%2C%22version%22%3A1%7D",
            NOTHING,
            id="groups that are a list",
        ),
        pytest.param(b"borlabs-cookie=all", NOTHING, id="another word"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="borlabs") == expected


def test_the_site_says_what_its_own_groups_mean() -> None:
    cookie = b'borlabs-cookie={"consents":{"chat":["x","y"]},"version":1}'

    assert said(cookie, by="borlabs", mapping={"borlabs": {"chat": "functional"}}) == "+-- explicit"


def test_a_service_that_is_mapped_is_no_guess() -> None:
    cookie = b'borlabs-cookie={"consents":{"external-media":["chat"]},"version":1}'

    assert said(cookie, by="borlabs", mapping={"borlabs": {"chat": "functional"}}) == "+-- explicit"
