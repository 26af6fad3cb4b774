"""Complianz."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said

MAPPING = {"complianz": {"chat": "functional"}}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"cmplz_functional=allow; cmplz_preferences=allow; cmplz_statistics=deny; cmplz_marketing=allow; cmplz_banner-status=dismissed",
            "+-+ explicit",
            id="one cookie each",
        ),
        pytest.param(
            b"cmplz_rt_preferences=allow; cmplz_rt_statistics=allow; cmplz_rt_marketing=deny; cmplz_rt_banner-status=dismissed",
            "++- explicit",
            id="a multisite's main site",
        ),
        pytest.param(b"cmplz_functional=allow", NOTHING, id="its functional is strictly necessary"),
        pytest.param(b"cmplz_statistics-anonymous=allow", NOTHING, id="anonymous statistics are no analytics"),
        pytest.param(b"cmplz_marketing=allow; cmplz_banner-status=show", "??+ implied", id="not answered"),
        pytest.param(b"cmplz_marketing=allow; cmplz_statistics=deny", "?-+ implied", id="never asked"),
        pytest.param(b"cmplz_marketing=yes", NOTHING, id="another word"),
        pytest.param(
            b"cmplz_marketing=allow; cmplz_marketing=deny; cmplz_banner-status=dismissed",
            "??- explicit",
            id="two copies",
        ),
        pytest.param(b"cmplz_consented_services=; cmplz_policy_id=16", NOTHING, id="no services"),
        pytest.param(
            b"cmplz_consented_services=%7B%22chat%22%3Atrue%7D; cmplz_banner-status=show",
            "+?? explicit",
            id="a service that is mapped",
        ),
        pytest.param(b"cmplz_consented_services=%7B%22map%22%3Atrue%7D", NOTHING, id="a service that is not"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="complianz", mapping=MAPPING) == expected


def test_the_reading_bears_the_policy_s_number() -> None:
    (reading,) = readings(b"cmplz_marketing=allow; cmplz_policy_id=16")

    assert (reading.cookie, reading.revision) == ("cmplz_marketing", "16")
