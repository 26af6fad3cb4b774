"""c15t."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"c15t=c.necessary:1,c.functionality:1,c.measurement:1,c.marketing:1,i.t:1750000000000,i.sid:sub_x",
            "+++ explicit",
            id="all",
        ),
        pytest.param(b"c15t=c.necessary:1,i.t:1750000000000", "--- explicit", id="what is refused is left out"),
        pytest.param(b"c15t=c.necessary:1,c.experience:1", "+-- explicit", id="the other word for functional"),
        pytest.param(b"c15t=c.necessary:1,c.measurement:0,c.marketing:1", "--+ explicit", id="the older form of a no"),
        pytest.param(
            b"c15t=c.necessary:1,c.functionality:1,c.experience:0", "--- explicit", id="a yes and a no for one category"
        ),
        pytest.param(b"c15t=c.necessary:1,c.marketing:0,c.marketing:1", "--- explicit", id="a category twice"),
        pytest.param(b"c15t=c.necessary%3A1%2Cc.marketing%3A1", "--+ explicit", id="percent-encoded"),
        pytest.param(b"c15t=c.marketing:1", NOTHING, id="without the necessary"),
        pytest.param(b"c15t=true", NOTHING, id="another word"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="c15t") == expected


def test_the_choice_has_its_date() -> None:
    (reading,) = readings(b"c15t=c.necessary:1,i.t:1735787045000")

    assert reading.chosen_at == 1735787045
