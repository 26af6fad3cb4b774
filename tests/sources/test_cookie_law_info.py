"""CookieYes's legacy plugin."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"viewed_cookie_policy=yes; cookielawinfo-checkbox-necessary=yes; cookielawinfo-checkbox-functional=no; cookielawinfo-checkbox-analytics=yes; cookielawinfo-checkbox-advertisement=no",
            "-+- explicit",
            id="one box each",
        ),
        pytest.param(
            b"viewed_cookie_policy=yes; cookielawinfo-checkbox-performance=yes",
            "?+? explicit",
            id="performance where there is no analytics",
        ),
        pytest.param(
            b"viewed_cookie_policy=yes; cookielawinfo-checkbox-performance=yes; cookielawinfo-checkbox-analytics=no",
            "?-? explicit",
            id="performance beside analytics",
        ),
        pytest.param(
            b"viewed_cookie_policy=yes; cookielawinfo-checkbox-non-necessary=no",
            "--- explicit",
            id="one box for all, refused",
        ),
        pytest.param(
            b"viewed_cookie_policy=yes; cookielawinfo-checkbox-non-necessary=yes", "+++ explicit", id="one box for all"
        ),
        pytest.param(
            b"viewed_cookie_policy=yes; cookielawinfo-checkbox-non-necessary=1",
            NOTHING,
            id="one box for all, another word",
        ),
        pytest.param(
            b"cookielawinfo-checkbox-functional=yes; cookielawinfo-checkbox-advertisement=yes",
            "+?+ implied",
            id="boxes before the visitor answers",
        ),
        pytest.param(
            b"viewed_cookie_policy=yes; cookielawinfo-checkbox-others=yes",
            NOTHING,
            id="a box that stands for nothing here",
        ),
        pytest.param(b"viewed_cookie_policy=yes; cookielawinfo-checkbox-functional=true", NOTHING, id="another word"),
        pytest.param(b"viewed_cookie_policy=yes", NOTHING, id="an answer without boxes"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="cookie-law-info") == expected
