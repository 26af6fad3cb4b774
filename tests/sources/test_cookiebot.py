"""Cookiebot."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"CookieConsent={stamp:%27AAAA==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:false%2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1705162226478%2Cregion:%27de%27}",
            "+-- explicit",
            id="half-encoded, as it is written",
        ),
        pytest.param(
            b"CookieConsent={stamp:'x==',necessary:true,preferences:false,statistics:true,marketing:false,method:'explicit'}",
            "-+- explicit",
            id="raw",
        ),
        pytest.param(
            b"CookieConsent=%7Bstamp%3A%27x%27%2Cnecessary%3Atrue%2Cmarketing%3Atrue%2Cmethod%3A%27explicit%27%7D",
            "??+ explicit",
            id="encoded in full",
        ),
        pytest.param(
            b"CookieConsent=%257Bstamp%253A%2527x%2527%252Cnecessary%253Atrue%252Cmarketing%253Atrue%252Cmethod%253A%2527explicit%2527%257D",
            "??+ explicit",
            id="encoded twice",
        ),
        pytest.param(
            b"CookieConsent={stamp:%27x%27%2C+necessary:true%2C+statistics:true%2C+method:%27explicit%27}",
            "?+? explicit",
            id="a plus for a space",
        ),
        pytest.param(
            b"CookieConsent={stamp:%27AAAA==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:false%2Cmarketing:false}",
            "+-- implied",
            id="no method: nobody says that the visitor chose",
        ),
        pytest.param(
            b"CookieConsent={stamp:%27AAAA==%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:false%2Cmarketing:false%2Cmethod:%27implied%27}",
            "+-- implied",
            id="an implied choice",
        ),
        pytest.param(
            b"CookieConsent={stamp:%27-1%27%2Cnecessary:true%2Cmarketing:true%2Cmethod:%27explicit%27}",
            "??+ implied",
            id="no consent id",
        ),
        pytest.param(b"CookieConsent=-1", "+++ implied", id="a region in which nobody is asked"),
        pytest.param(b"CookieConsent=0", "--- explicit", id="declined"),
        pytest.param(
            b"CookieConsent=%7B%22stamp%22%3A%22x%22%2C%22necessary%22%3Atrue%2C%22preferences%22%3Atrue%2C%22statistics%22%3Afalse%2C%22method%22%3A%22explicit%22%7D",
            "+-? explicit",
            id="JSON",
        ),
        pytest.param(
            b"CookieConsent={stamp:%27marketing:true,%27%2Cnecessary:true%2Cmarketing:false%2Cmethod:%27explicit%27}",
            "??- explicit",
            id="a flag that stands inside a text",
        ),
        pytest.param(
            b"CookieConsent={stamp:%27x%27%2Cnecessary:true%2Cstatistics:true%2Cmarketing:tr",
            "?+? implied",
            id="cut off in a flag",
        ),
        pytest.param(b"CookieConsent={stamp:%27xxx", NOTHING, id="cut off in a text"),
        pytest.param(
            b"CookieConsent={necessary:true%2Cmarketing:false%2Cmarketing:true%2Cmethod:%27explicit%27}",
            "??- explicit",
            id="a flag twice",
        ),
        pytest.param(
            b"CookieConsent={necessary:true%2Cmethod:%27explicit%27%2Ciab2:%27CP5jq.YAAA%27%2Cgacm:%272~AA==%27%2Cmarketing:true}",
            "??+ explicit",
            id="texts of all kinds between",
        ),
        pytest.param(b"CookieConsent=mandatory|osm", NOTHING, id="another site's list"),
        pytest.param(b"CookieConsent=allow", NOTHING, id="another site's word"),
        pytest.param(b"CookieConsent={necessary:1}", NOTHING, id="another literal"),
        pytest.param(b"CookieConsent=true", NOTHING, id="another word"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="cookiebot") == expected


def test_the_choice_has_its_date_and_its_version() -> None:
    (reading,) = readings(b"CookieConsent={necessary:true,marketing:true,method:'explicit',ver:3,utc:1705162226478}")

    assert (reading.chosen_at, reading.revision) == (1705162226.478, "3")
