"""OneTrust and CookiePro."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, readings, said


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05Z; OptanonConsent=groups=C0003%3A0&hostgroups=C0002%3A1",
            "-?? explicit",
            id="a field whose name ends in the name of another",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05Z; OptanonConsent=groups=C0003%3A0&groups=C0003%3A1",
            "-?? explicit",
            id="groups twice",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05Z; OptanonConsent=groups=C0003%3A10%2CC0002%3A0",
            "?-? explicit",
            id="a flag with a digit too many",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A0&interactionCount=1",
            "+-- explicit",
            id="the usual groups",
        ),
        pytest.param(
            b"OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A0&interactionCount=1; OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z",
            "+-- explicit",
            id="in another order",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0004%3A1%2CC0002%3A1%2CC0001%3A1&interactionCount=1",
            "?++ explicit",
            id="a group that the site does not have",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001:1,C0002:1&interactionCount=1",
            "?+? explicit",
            id="groups that are not encoded",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0004%3A1%2CC0005%3A0&interactionCount=1",
            "??- explicit",
            id="social media refused refuses marketing",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0003%3A1%2Cx&interactionCount=1",
            "+?? explicit",
            id="a part without its shape",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0003%3A2&interactionCount=1",
            NOTHING,
            id="a flag that is neither",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=s00%3A1%2Cf00%3A1%2Ct00%3A0&interactionCount=1",
            "??? explicit",
            id="groups of the site's own",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0003%3A1%2CC0003%3A0&interactionCount=1",
            "-?? explicit",
            id="a group twice",
        ),
        pytest.param(
            b"OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A0&interactionCount=1",
            "+-- implied",
            id="no answer yet: defaults",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A0&interactionCount=0",
            "+-- implied",
            id="closed without an answer: defaults",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=x; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A0&interactionCount=1",
            "+-- implied",
            id="an answer without a date is none",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A0&AwaitingReconsent=true",
            NOTHING,
            id="asked again",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001%3A1%2CC0002%3A1%2CC0004%3A",
            "?+? explicit",
            id="cut off behind a colon",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001%3A1%2CC00",
            "??? explicit",
            id="cut off in a group",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=",
            NOTHING,
            id="no groups",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled%3D0%26datestamp%3DThu%2BJan%2B02%2B2025%26version%3D202410.1.0%26groups%3DC0001%253A1%252CC0002%253A0%252CC0003%253A1%252CC0004%253A0%26interactionCount%3D1",
            "+-- explicit",
            id="encoded once more",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=landingPath=x%26groups%3DC0003%253A1&groups=C0003%3A0",
            "-?? explicit",
            id="groups that only stand in another field",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=datestamp=jeu.+d\xe9c.+2025&groups=C0003%3A1",
            "+?? explicit",
            id="a date in latin-1",
        ),
        pytest.param(
            b'OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent="groups=C0003%3A1"',
            "+?? explicit",
            id="in quotes",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A0&interactionCount=1; OptanonConsent=isGpcEnabled=0&datestamp=Thu+Jan+02+2025&version=202410.1.0&groups=C0003%3A0&interactionCount=1",
            "--- explicit",
            id="two copies",
        ),
        pytest.param(
            b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z; OptanonConsent=true", NOTHING, id="another shape"
        ),
        pytest.param(b"OptanonAlertBoxClosed=2025-01-02T03:04:05.678Z", NOTHING, id="an answer without groups"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="onetrust") == expected


def test_the_site_says_what_its_own_groups_mean() -> None:
    mapping = {"onetrust": {"f00": "functional", "t00": ["analytics", "marketing"], "C0002": "necessary"}}
    cookie = b"OptanonAlertBoxClosed=2025-01-02T03:04:05Z; OptanonConsent=groups=f00%3A1%2Ct00%3A0%2CC0002%3A0"

    assert said(cookie, by="onetrust", mapping=mapping) == "+-- explicit"


def test_the_choice_has_the_date_of_the_answer() -> None:
    (reading,) = readings(b"OptanonAlertBoxClosed=2025-01-02T03:04:05Z; OptanonConsent=groups=C0003%3A1")

    assert reading.chosen_at == 1735787045
