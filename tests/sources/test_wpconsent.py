"""WPConsent."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b'{"essential":true,"statistics":true,"marketing":false}', "?+- explicit", id="a choice"),
        pytest.param(b'{"essential":true,"statistics":true,"marketing":true}', "?++ explicit", id="all"),
        pytest.param(b'{"essential":true,"marketing":true}', "??+ implied", id="one category, of a video"),
        pytest.param(
            b'{"essential":true,"statistics":false,"marketing":true,"youtube":true}', "?-+ implied", id="a video later"
        ),
        pytest.param(
            b'{"essential":true,"statistics":false,"marketing":false,"hubspot":true}', "+-- explicit", id="mapped"
        ),
        pytest.param(b'{"essential":true,"marketing":false}', "??- explicit", id="a no alone"),
        pytest.param(b'{"statistics":true,"marketing":true}', NOTHING, id="without the essential category"),
        pytest.param(b'{"essential":true}', NOTHING, id="nothing to choose"),
        pytest.param(b"all", NOTHING, id="another word"),
    ],
)
def test_the_reading_of_a_cookie(value: bytes, expected: str) -> None:
    mapping = {"wpconsent": {"hubspot": "functional"}}

    assert said(b"wpconsent_preferences=" + value, by="wpconsent", mapping=mapping) == expected
