"""insites/cookieconsent."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(b"cookieconsent_status=allow", "+++ explicit", id="a yes"),
        pytest.param(b"cookieconsent_status=deny", "--- explicit", id="a no"),
        pytest.param(b"cookieconsent_status=dismiss", "??? implied", id="closed, whatever that means on the site"),
        pytest.param(b"cookieconsent_status=allow; cookieconsent_status=deny", "--- explicit", id="two copies"),
        pytest.param(b'cookieconsent_status="allow"', "+++ explicit", id="in quotes"),
        pytest.param(b"cookieconsent_status=Allow", NOTHING, id="another letter case"),
        pytest.param(b"cookieconsent_status=", NOTHING, id="empty"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="insites") == expected


def test_the_site_may_say_what_closing_means() -> None:
    mapping = {"insites": {"dismiss": "functional"}}

    assert said(b"cookieconsent_status=dismiss", by="insites", mapping=mapping) == "+?? explicit"
