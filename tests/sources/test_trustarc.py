"""TrustArc."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"notice_preferences=2:; notice_gdpr_prefs=0,1,2:; cmapi_cookie_privacy=permit 1,2,3; notice_behavior=implied,eu",
            "+++ implied",
            id="all levels, in three cookies, before any choice",
        ),
        pytest.param(
            b"notice_preferences=2:; notice_behavior=expressed%2Ceu", "+++ explicit", id="all levels, by a choice"
        ),
        pytest.param(
            b"notice_preferences=1:; notice_behavior=implied%2Cus", "++- implied", id="an objection to the default"
        ),
        pytest.param(b"notice_preferences=0:; notice_behavior=implied,us", "--- explicit", id="to all of it"),
        pytest.param(b"notice_preferences=1:", "++- explicit", id="up to the first level"),
        pytest.param(b"notice_preferences=0:", "--- explicit", id="nothing but the required"),
        pytest.param(b"notice_preferences=2:0a1b2c", "+++ explicit", id="with a hash"),
        pytest.param(b"notice_gdpr_prefs=0,2:", "--+ explicit", id="levels that leave one out"),
        pytest.param(b"notice_gdpr_prefs=0%2C1%3A", "++- explicit", id="percent-encoded"),
        pytest.param(b"cmapi_cookie_privacy=permit 1 required", "--- explicit", id="the required alone, with spaces"),
        pytest.param(
            b"cmapi_cookie_privacy=permit_1_required", "--- explicit", id="the required alone, with underscores"
        ),
        pytest.param(b"cmapi_cookie_privacy=permit 1,2 functional", "++- explicit", id="two levels and a word"),
        pytest.param(b"cmapi_cookie_privacy=permit_1_2", "++- explicit", id="two levels, with underscores"),
        pytest.param(
            b"notice_preferences=2:; cmapi_cookie_privacy=permit 1 required", "--- explicit", id="cookies that disagree"
        ),
        pytest.param(b"notice_preferences=3:", "??? explicit", id="a fourth level, which the site must explain"),
        pytest.param(b"notice_behavior=expressed,eu", NOTHING, id="the model is no choice"),
        pytest.param(b"notice_preferences=4:", NOTHING, id="a level too many"),
        pytest.param(b"notice_preferences=2", NOTHING, id="no colon"),
        pytest.param(b"cmapi_cookie_privacy=permit", NOTHING, id="no levels"),
        pytest.param(b"notice_gdpr_prefs=012:", NOTHING, id="another list"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="trustarc") == expected


def test_the_site_says_what_four_levels_mean() -> None:
    mapping = {"trustarc": {"1": "functional", "2": "analytics", "3": "marketing"}}

    assert said(b"notice_preferences=2:", by="trustarc", mapping=mapping) == "++- explicit"
    assert said(b"notice_preferences=3:", by="trustarc", mapping=mapping) == "+++ explicit"
