"""Wagtail Tag Manager."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from tests.sources.read_header import NOTHING, said

STATE = {"necessary": "true", "preferences": "true", "statistics": "unset", "marketing": "false"}


def cookie(found: object) -> bytes:
    """Return the cookie as the app writes it: base64, percent-encoded."""
    return b"wtm=" + quote(base64.b64encode(json.dumps(found).encode())).encode()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            {"meta": {"set_timestamp": 1700000000.5}, "state": STATE}, "+?- explicit", id="set by the visitor"
        ),
        pytest.param({"meta": {"refresh_timestamp": 1700000000.5}, "state": STATE}, "+?- implied", id="by the app"),
        pytest.param({"meta": {"set_timestamp": 0}, "state": STATE}, "+?- implied", id="never set"),
        pytest.param({"meta": [], "state": {"statistics": "true"}}, "?+? implied", id="without its meta data"),
        pytest.param({"meta": {"set_timestamp": 1700000000}, "state": ["statistics"]}, NOTHING, id="no states"),
        pytest.param({"state": {"statistics": "pending"}}, NOTHING, id="nothing known yet"),
    ],
)
def test_the_reading_of_a_cookie(found: object, expected: str) -> None:
    assert said(cookie(found), by="wagtail-tag-manager") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"necessary:true|statistics:true|marketing:false", "?+- implied", id="the older form"),
        pytest.param(b"statistics:yes", NOTHING, id="another word"),
        pytest.param(b"true", NOTHING, id="one word"),
    ],
)
def test_a_cookie_without_base64(value: bytes, expected: str) -> None:
    assert said(b"wtm=" + value, by="wagtail-tag-manager") == expected
