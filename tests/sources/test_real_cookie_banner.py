"""Real Cookie Banner."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said

MAPPING = {"60": "necessary", "61": "analytics", "62": "marketing", "chat": "functional"}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"real_cookie_banner-v:3_blog:1_path:0a=1709039186%3A00-00%3Aff%3A%7B%2260%22%3A%5B1%5D%2C%2261%22%3A%5B2%2C3%5D%7D",
            "?+- explicit",
            id="groups that are mapped",
        ),
        pytest.param(
            b"real_cookie_banner-v:3_blog:1_path:0a=1709039186%3A00-00%3Aff%3A%7B%2260%22%3A%5B1%5D%2C%2262%22%3A%5B%5D%7D",
            "?-- explicit",
            id="a group without services",
        ),
        pytest.param(
            b"real_cookie_banner=1709039186%3A00-00%3Aff%3A%7B%2261%22%3A%5B2%5D%7D", "?+- explicit", id="the bare name"
        ),
        pytest.param(
            b"real_cookie_banner-v:3_blog:1-tcf=1709039186%3A00-00%3Aff%3A%7B%2261%22%3A%5B2%5D%7D",
            NOTHING,
            id="a sibling",
        ),
        pytest.param(b"real_cookie_banner=1709039186:0:f:[1]", NOTHING, id="no object"),
        pytest.param(b"real_cookie_banner=1709039186:0:f:{1}", NOTHING, id="no JSON"),
        pytest.param(b'real_cookie_banner={"61":[2]}', NOTHING, id="without a time"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="real-cookie-banner", mapping=MAPPING) == expected


def test_without_a_mapping_nothing_is_known() -> None:
    cookie = b'real_cookie_banner=1709039186:0:f:{"61":[2]}'

    (reading,) = readings(cookie)

    assert said(cookie, by="real-cookie-banner") == "??? explicit"
    assert reading.chosen_at == 1709039186
