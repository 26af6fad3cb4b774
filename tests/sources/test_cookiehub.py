"""CookieHub."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.sources.read_header import NOTHING, said


def cookie(**found: Any) -> bytes:
    """Return the cookie with this JSON in it."""
    return b"cookiehub=" + base64.b64encode(json.dumps(found).encode())


def items(**values: object) -> list[dict[str, object]]:
    """Categories as older cookies list them."""
    return [{"cid": at, "id": id_, "value": value} for at, (id_, value) in enumerate(values.items(), 1)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param({"answered": True, "allAllowed": True, "categories": []}, "+++ explicit", id="all"),
        pytest.param({"answered": True, "allAllowed": False, "categories": []}, "--- explicit", id="nothing"),
        pytest.param({"answered": True, "allAllowed": False, "categories": [1, 2, 3]}, "++- explicit", id="by number"),
        pytest.param({"answered": True, "categories": [1, 99, "x"]}, "--- explicit", id="a number of another kind"),
        pytest.param(
            {"answered": True, "categories": items(necessary=True, preferences=True, analytics=False, marketing="yes")},
            "+-? explicit",
            id="by id",
        ),
        pytest.param({"answered": False, "allAllowed": True, "categories": []}, "+++ implied", id="not answered"),
        pytest.param(
            {"answered": True, "implicit": True, "allAllowed": True, "categories": []}, "+++ implied", id="implicit"
        ),
        pytest.param({"answered": True, "allAllowed": True}, NOTHING, id="no categories"),
        pytest.param({"answered": True, "categories": []}, NOTHING, id="neither all nor nothing"),
        pytest.param({"answered": True, "categories": {"analytics": True}}, NOTHING, id="another kind of list"),
    ],
)
def test_the_reading_of_a_cookie(found: dict[str, Any], expected: str) -> None:
    assert said(cookie(**found), by="cookiehub") == expected


def test_json_without_base64_is_read() -> None:
    raw = b'cookiehub={"answered":true,"allAllowed":false,"categories":[1,4]}'

    assert said(raw, by="cookiehub") == "--+ explicit"


def test_another_word_says_nothing() -> None:
    assert said(b"cookiehub=all", by="cookiehub") == NOTHING
