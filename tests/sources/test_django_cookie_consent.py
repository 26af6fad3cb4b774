"""django-cookie-consent."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said

MAPPING = {"django-cookie-consent": {"stats": "analytics", "chat": "functional"}}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"cookie_consent=stats=2024-01-01T00:00:00.000000+00:00|chat=-1", "-+? explicit", id="a version and a no"
        ),
        pytest.param(
            b'cookie_consent="stats=2024-01-01T00:00:00.000000+00:00|chat=2024-01-01T00:00:00.000000+00:00"',
            "++? explicit",
            id="in quotes",
        ),
        pytest.param(
            b"cookie_consent=stats%3D2024-01-01T00%3A00%3A00.000000%2B00%3A00%7Cchat%3D-1",
            "-+? explicit",
            id="percent-encoded",
        ),
        pytest.param(
            b"cookie_consent=stats=2024-01-01T00:00:00.000000+00:00|cha", "?+? explicit", id="cut off in a group"
        ),
        pytest.param(
            b"cookie_consent=other=2024-01-01T00:00:00.000000+00:00", "??? explicit", id="a group that is not mapped"
        ),
        pytest.param(
            b"cookie_consent=stats=2024-01-01T00:00:00.000000+00:00|stats=-1", "?-? explicit", id="a group twice"
        ),
        pytest.param(b"cookie_consent=stats=yes", NOTHING, id="another word"),
        pytest.param(b"cookie_consent=stats=2024-01-01T00:00:00.000000+00:00|x|y", NOTHING, id="parts without a shape"),
        pytest.param(b"cookie_consent=denied", NOTHING, id="another site's word"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="django-cookie-consent", mapping=MAPPING) == expected
