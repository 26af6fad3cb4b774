"""iubenda."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"_iub_cs-1=%7B%22timestamp%22%3A%222025-01-02T03%3A04%3A05Z%22%2C%22purposes%22%3A%7B%221%22%3Atrue%2C%222%22%3Atrue%2C%223%22%3Afalse%2C%224%22%3Afalse%2C%225%22%3Atrue%7D%2C%22id%22%3A1%7D",
            "+-+ explicit",
            id="purposes by number",
        ),
        pytest.param(
            b"_iub_cs-s77=%7B%22purposes%22%3A%7B%221%22%3Atrue%2C%222%22%3Atrue%2C%223%22%3Afalse%2C%224%22%3Afalse%2C%225%22%3Atrue%7D%7D",
            "+-+ explicit",
            id="the legacy name",
        ),
        pytest.param(
            b"_iub_cs-1=%7B%22purposes%22%3A%7B%221%22%3Atrue%2C%223%22%3Atrue%2C%224%22%3Atrue%7D%7D",
            "?+? explicit",
            id="purposes that the site does not have",
        ),
        pytest.param(b"_iub_cs-1=%7B%22timestamp%22%3A%22x%22%2C%22consent%22%3Atrue%7D", "+++ explicit", id="one yes"),
        pytest.param(b"_iub_cs-1=%7B%22consent%22%3Afalse%2C%22id%22%3A1%7D", "--- explicit", id="one no"),
        pytest.param(
            b"_iub_cs-1=%7B%22consent%22%3Atrue%2C%22purposes%22%3A%7B%7D%7D",
            NOTHING,
            id="a yes beside purposes that say nothing",
        ),
        pytest.param(b"_iub_cs-1=%7B%22id%22%3A1%7D", NOTHING, id="not answered"),
        pytest.param(
            b"_iub_cs-1=%7B%22purposes%22%3A%7B%222%22%3A%22true%22%7D%7D", NOTHING, id="flags that are texts"
        ),
        pytest.param(b"_iub_cs-1=%7B%22purposes%22%3A%5B2%5D%7D", NOTHING, id="purposes that are a list"),
        pytest.param(
            b"_iub_cs-1-granular=%7B%22purposes%22%3A%7B%221%22%3Atrue%2C%222%22%3Atrue%2C%223%22%3Afalse%2C%224%22%3Afalse%2C%225%22%3Atrue%7D%7D",
            NOTHING,
            id="a sibling",
        ),
        pytest.param(b"_iub_cs-1-uspr=%7B%22s%22%3Atrue%2C%22consent%22%3Atrue%7D", NOTHING, id="another sibling"),
        pytest.param(b"_iub_cs-=%7B%22consent%22%3Atrue%7D", NOTHING, id="no number"),
        pytest.param(
            b"_iub_cs-1=%7B%22purposes%22%3A%7B%221%22%3Atrue%2C%222%22%3Atrue%2C%223%22%3Afalse%2C%224%22%3Afalse%2C%225%22%3Atrue%7",
            NOTHING,
            id="cut off",
        ),
        pytest.param(
            b"_iub_cs-1=%7B%22consent%22%3Atrue%7D; _iub_cs-2=%7B%22consent%22%3Afalse%7D",
            "--- explicit",
            id="two sites",
        ),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="iubenda") == expected


def test_the_site_may_say_what_the_third_purpose_means() -> None:
    cookie = b'_iub_cs-1={"purposes":{"2":true,"3":false}}'

    assert said(cookie, by="iubenda", mapping={"iubenda": {"3": "functional"}}) == "-?? explicit"


def test_the_reading_names_the_cookie_with_its_number() -> None:
    (reading,) = readings(b'_iub_cs-123={"consent":true,"timestamp":"2025-01-02T03:04:05Z"}')

    assert (reading.cookie, reading.chosen_at) == ("_iub_cs-123", 1735787045)
