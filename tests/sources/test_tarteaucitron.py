"""tarteaucitron."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said

MAPPING = {"tarteaucitron": {"chat": "functional", "gtag": "analytics"}}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(b"tarteaucitron=!chat=true!gtag=false", "+-? explicit", id="services that are mapped"),
        pytest.param(b"tarteaucitron=!id=5!gtag=true", "?+? explicit", id="behind an id"),
        pytest.param(b"tarteaucitron=%21chat%3Dtrue%21gtag%3Dtrue", "++? explicit", id="percent-encoded"),
        pytest.param(
            b"tarteaucitron=!multiplegtag=true!gtag=false",
            "?-? explicit",
            id="a service whose name ends in the name of another",
        ),
        pytest.param(b"tarteaucitron=!chat=wait!gtag=wait", NOTHING, id="not answered"),
        pytest.param(b"tarteaucitron=!chat=wait!gtag=true", "?+? explicit", id="answered for one"),
        pytest.param(b"tarteaucitron=!gtag=true!chat=tru", "?+? explicit", id="cut off in a flag"),
        pytest.param(b"tarteaucitron=!other=true", "??? explicit", id="a service that is not mapped"),
        pytest.param(b"tarteaucitron=!gtag=true!gtag=false", "?-? explicit", id="a service twice"),
        pytest.param(b"tarteaucitron=gtag=true", NOTHING, id="no mark in front"),
        pytest.param(b"tarteaucitron=!", NOTHING, id="nothing"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="tarteaucitron", mapping=MAPPING) == expected
