"""Didomi."""

from __future__ import annotations

import pytest

from tests.sources.read_header import NOTHING, said

MAPPING = {"didomi": {"f-1": "functional", "m-1": "marketing", "c:crm": "analytics"}}


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        pytest.param(
            b"didomi_token=eyJ1c2VyX2lkIjoiMCIsInVwZGF0ZWQiOiIyMDI1LTAxLTAyVDAzOjA0OjA1WiIsInZlcnNpb24iOjIsInB1cnBvc2VzIjp7ImVuYWJsZWQiOlsiZi0xIiwiPz8+PiJdLCJkaXNhYmxlZCI6WyJtLTEiXX0sInZlbmRvcnMiOnsiZW5hYmxlZCI6WyJjOmNybSJdfX0=",
            "++- explicit",
            id="purposes and a vendor",
        ),
        pytest.param(
            b"didomi_token=eyJ1c2VyX2lkIjoiMCIsInVwZGF0ZWQiOiIyMDI1LTAxLTAyVDAzOjA0OjA1WiIsInZlcnNpb24iOjIsInB1cnBvc2VzIjp7ImVuYWJsZWQiOlsiZi0xIiwiPz8+PiJdLCJkaXNhYmxlZCI6WyJtLTEiXX0sInZlbmRvcnMiOnsiZW5hYmxlZCI6WyJjOmNybSJdfX0",
            "++- explicit",
            id="without padding",
        ),
        pytest.param(
            b"didomi_token=eyJ1c2VyX2lkIjoiMCIsInVwZGF0ZWQiOiIyMDI1LTAxLTAyVDAzOjA0OjA1WiIsInZlcnNpb24iOjIsInB1cnBvc2VzIjp7ImVuYWJsZWQiOlsiZi0xIiwiPz8-PiJdLCJkaXNhYmxlZCI6WyJtLTEiXX0sInZlbmRvcnMiOnsiZW5hYmxlZCI6WyJjOmNybSJdfX0=",
            "++- explicit",
            id="the other alphabet",
        ),
        pytest.param(
            b"didomi_token=eyJ1c2VyX2lkIjoiMCIsInVwZGF0ZWQiOiIyMDI1LTAxLTAyVDAzOjA0OjA1WiIsInZlcnNpb24iOjIsInB1cnBvc2VzIjp7ImVuYWJsZWQiOlsiZi0xIiwiPz8+PiJdLCJkaXNhYmxlZCI6WyJtLTEiXX0sInZlbmRvcnMiOnsiZW5hYmxlZCI6WyJjOmNybSJdfX0%3D",
            "++- explicit",
            id="with encoded padding",
        ),
        pytest.param(
            b"didomi_token=eyJwdXJwb3NlcyI6eyJlbmFibGVkIjpbImYtMSJdfX0=",
            "+?? explicit",
            id="what stands in no list is unknown",
        ),
        pytest.param(
            b"didomi_token=eyJwdXJwb3NlcyI6eyJlbmFibGVkIjpbImYtMSJdLCJkaXNhYmxlZCI6WyJmLTEiXX19",
            "-?? explicit",
            id="in both lists",
        ),
        pytest.param(
            b"didomi_token=eyJwdXJwb3NlcyI6eyJlbmFibGVkIjpbIngiXX19", "??? explicit", id="a purpose that is not mapped"
        ),
        pytest.param(
            b"didomi_token=eyJ2ZXJzaW9uIjpudWxsLCJwdXJwb3NlcyI6eyJlbmFibGVkIjpbXSwiZGlzYWJsZWQiOltdfX0=",
            NOTHING,
            id="not answered",
        ),
        pytest.param(b"didomi_token=eyJwdXJwb3NlcyI6WyJmLTEiXSwidmVuZG9ycyI6bnVsbH0=", NOTHING, id="other JSON"),
        pytest.param(b"didomi_token=WzFd", NOTHING, id="a list"),
        pytest.param(b"didomi_token=eyJ1c2VyX2lkIjoiMCIsInVwZGF", NOTHING, id="cut off"),
        pytest.param(b"didomi_token=1", NOTHING, id="another word"),
        pytest.param(b"didomi_token=\xff\xfe", NOTHING, id="bytes that are no text"),
        pytest.param(b"didomi_dcs=CAESBA", NOTHING, id="the newer cookie, which only Didomi can read"),
    ],
)
def test_the_reading_of_a_cookie(cookie: bytes, expected: str) -> None:
    assert said(cookie, by="didomi", mapping=MAPPING) == expected
