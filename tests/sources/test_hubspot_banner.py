"""HubSpot's own banner."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(b"__hs_cookie_cat_pref=1:true_2:true_3:true", "+++ explicit", id="all, joined by underscores"),
        pytest.param(
            b"__hs_cookie_cat_pref=1:true,2:false,3:true", "++- explicit", id="joined by commas, as before 2024"
        ),
        pytest.param(b"__hs_cookie_cat_pref=1%3Afalse%2C2%3Afalse%2C3%3Atrue", "+-- explicit", id="percent-encoded"),
        pytest.param(b"__hs_cookie_cat_pref=1:false_2:false_3:false", "--- explicit", id="none"),
        pytest.param(b"__hs_cookie_cat_pref=3:true", "+?? explicit", id="one category alone"),
        pytest.param(b"__hs_cookie_cat_pref=1:true_2:tr", "?+? explicit", id="cut off in a flag"),
        pytest.param(b"__hs_cookie_cat_pref=1:true_1:false", "?-? explicit", id="a category twice"),
        pytest.param(b"__hs_cookie_cat_pref=1:true; __hs_cookie_cat_pref=1:false", "?-? explicit", id="two copies"),
        pytest.param(b"__hs_cookie_cat_pref=9:true_3:true", "+?? explicit", id="a category that nobody knows"),
        pytest.param(b"__hs_cookie_cat_pref=true", NOTHING, id="another shape"),
        pytest.param(b"__hs_cookie_cat_pref=", NOTHING, id="empty"),
        pytest.param(b"__hs_opt_out=yes", "--- explicit", id="declined in the banner without categories"),
        pytest.param(b"__hs_opt_out=no", "+++ explicit", id="accepted in the banner without categories"),
        pytest.param(
            b"__hs_opt_out=no; __hs_cookie_cat_pref=1:false_2:false_3:true",
            "+-- explicit",
            id="categories say more than a yes to all",
        ),
        pytest.param(
            b"__hs_opt_out=no; __hs_cookie_cat_pref=1:true_2:tr", "?+? explicit", id="also where they are cut off"
        ),
        pytest.param(
            b"__hs_opt_out=no; __hs_cookie_cat_pref=x", "+++ explicit", id="but not where they cannot be read"
        ),
        pytest.param(
            b"__hs_opt_out=yes; __hs_cookie_cat_pref=1:true_2:true_3:true",
            "--- explicit",
            id="declined wins over categories",
        ),
        pytest.param(b"__hs_opt_out=1", NOTHING, id="another word"),
        pytest.param(b"__hs_do_not_track=yes", "?-- explicit", id="the tracking code must be silent"),
        pytest.param(b"__hs_do_not_track=no", NOTHING, id="it need not"),
        pytest.param(
            b"__hs_initial_opt_in=true; __hs_gpc_banner_dismiss=true; __hs_notify_banner_dismiss=true",
            NOTHING,
            id="notes of the banner are no choice",
        ),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="hubspot") == expected
