"""Fides."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.sources.read_header import NOTHING, said


def cookie(consent: object, meta: object) -> bytes:
    """Return the cookie as the library writes it."""
    return b"fides_consent=" + quote(json.dumps({"consent": consent, "fides_meta": meta})).encode()


def meta(method: str) -> dict[str, Any]:
    """Return the part of the cookie that says how the choice was made."""
    return {"version": "0.9.0", "updatedAt": "2024-08-07T14:34:12.076Z", "consentMethod": method}


@pytest.mark.parametrize(
    ("consent", "how", "expected"),
    [
        pytest.param({"functional": True, "analytics": False}, meta("save"), "+-? explicit", id="saved"),
        pytest.param({"analytics": "opt_in", "advertising": "opt_out"}, meta("accept"), "?+- explicit", id="words"),
        pytest.param({"marketing": False}, meta("reject"), "??- explicit", id="rejected"),
        pytest.param({"marketing": True}, meta("dismiss"), "??+ implied", id="closed"),
        pytest.param({"marketing": True}, meta("gpc"), "??+ implied", id="set by a signal"),
        pytest.param({"marketing": True}, {"consentMethod": "accept"}, "??+ implied", id="never updated"),
        pytest.param({"chat": True}, meta("accept"), "+?? explicit", id="a notice that is mapped"),
        pytest.param(
            {"essential": True, "analytics": "acknowledge", "marketing": 1}, meta("save"), NOTHING, id="others"
        ),
        pytest.param([], meta("save"), NOTHING, id="no object"),
        pytest.param({"marketing": True}, None, NOTHING, id="without its meta data"),
    ],
)
def test_the_reading_of_a_cookie(consent: object, how: object, expected: str) -> None:
    assert said(cookie(consent, how), by="fides", mapping={"fides": {"chat": "functional"}}) == expected
