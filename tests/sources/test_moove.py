"""Moove GDPR."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said

MAPPING = {"moove": {"thirdparty": "analytics", "advanced": "marketing"}}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"moove_gdpr_popup=%7B%22strict%22%3A%221%22%2C%22thirdparty%22%3A%221%22%2C%22advanced%22%3A%220%22%7D",
            "?+- explicit",
            id="groups that are mapped",
        ),
        pytest.param(b"moove_gdpr_popup=%7B%22strict%22%3A1%2C%22thirdparty%22%3A0%7D", "?-? explicit", id="numbers"),
        pytest.param(
            b"moove_gdpr_popup=%7B%22strict%22%3A%221%22%2C%22thirdparty%22%3A%22yes%22%7D",
            "??? explicit",
            id="another word",
        ),
        pytest.param(b"moove_gdpr_popup=%7B%22thirdparty%22%3A%221%22%7D", NOTHING, id="without the strict group"),
        pytest.param(b"moove_gdpr_popup=1", NOTHING, id="another word for all"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="moove", mapping=MAPPING) == expected


def test_without_a_mapping_nothing_is_known() -> None:
    assert said(b'moove_gdpr_popup={"strict":"1","thirdparty":"1"}', by="moove") == "??? explicit"
