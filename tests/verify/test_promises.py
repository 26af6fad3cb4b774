"""The verdicts, from records that are written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from consent_middleware.purpose import Purpose
from consent_middleware.verify.promises import Status, Verdict, exit_status, judge
from consent_middleware.verify.record import Hint, Phase, SeenCookie, SessionName, SessionRecord, VendorRequest

CHAT, TRACKING, EMBEDS = (Purpose.CHAT,), (Purpose.TRACKING,), (Purpose.EMBEDS,)
PAGE = "https://shop.example/"


def request(*purposes: Purpose, host: str = "js.vendor.example", phase: Phase = Phase.VISIT) -> VendorRequest:
    return VendorRequest(phase, host, "/a.js", "GET", "script", "page", PAGE, purposes)


def cookie(purpose: Purpose | None, name: str = "seen") -> SeenCookie:
    return SeenCookie(name, "shop.example", "about 30 minutes", "script", True, purpose)


def hint(*purposes: Purpose) -> Hint:
    return Hint("Link field", "preconnect", "js.vendor.example", PAGE, purposes)


def verdict(name: SessionName, **seen: Any) -> Verdict:
    """Return the verdict on one session, in which everything else was left out."""
    records: Mapping[SessionName, SessionRecord] = {each: SessionRecord(each, left_out=True) for each in SessionName}
    return next(
        each for each in judge({**records, name: SessionRecord(name, **seen)}, "Vendor") if each.session is name
    )


@pytest.mark.parametrize("name", [SessionName.UNTOUCHED, SessionName.REFUSED])
class TestNothingSent:
    def test_nothing_seen_is_kept(self, name: SessionName) -> None:
        found = verdict(name, blocked=["script for tracking"], cookies=[cookie(None)])

        assert found.status is Status.KEPT
        assert found.reason == "The browser sent nothing to Vendor and held none of its cookies."

    @pytest.mark.parametrize(
        ("seen", "reason"),
        [
            ({"requests": [request(*CHAT)]}, "The browser sent requests to js.vendor.example."),
            ({"hints": [hint(*CHAT)]}, "The page told the browser to contact js.vendor.example early."),
            ({"cookies": [cookie(Purpose.CHAT)]}, "The browser held cookies of Vendor: seen."),
        ],
    )
    def test_anything_seen_is_broken(self, name: SessionName, seen: dict[str, Any], reason: str) -> None:
        found = verdict(name, **seen)

        assert found.status is Status.BROKEN
        assert found.reason == reason
        assert len(found.evidence) == 1

    def test_reason_names_four_hosts_and_counts_the_rest(self, name: SessionName) -> None:
        found = verdict(name, requests=[request(*CHAT, host=f"{letter}.example") for letter in "fedcba"])

        assert "a.example, b.example, c.example, d.example and 2 more." in found.reason
        assert len(found.evidence) == 6


@pytest.mark.parametrize("name", [SessionName.FUNCTIONAL, SessionName.CLICK])
class TestChatAlone:
    def test_chat_alone_is_kept(self, name: SessionName) -> None:
        found = verdict(
            name,
            requests=[request(*CHAT), request(Purpose.CHAT, Purpose.EMBEDS)],
            cookies=[cookie(Purpose.CHAT)],
            hints=[hint(*CHAT)],
            button=True,
        )

        assert found.status is Status.KEPT
        assert found.evidence

    @pytest.mark.parametrize(
        "more",
        [
            {"requests": [request(*CHAT), request(*TRACKING)]},
            {"requests": [request(*EMBEDS)]},
            {"requests": [request(*CHAT)], "cookies": [cookie(Purpose.TRACKING)]},
            {"requests": [request(*CHAT)], "hints": [hint(*TRACKING)]},
        ],
    )
    def test_more_than_the_chat_is_broken(self, name: SessionName, more: dict[str, Any]) -> None:
        found = verdict(name, button=True, **more)

        assert found.status is Status.BROKEN
        assert len(found.evidence) == 1


def test_functional_without_a_chat_is_not_measured() -> None:
    found = verdict(SessionName.FUNCTIONAL)

    assert found.status is Status.NOT_MEASURED
    assert "the page has no chat" in found.reason


def test_click_without_a_button_is_not_measured() -> None:
    found = verdict(SessionName.CLICK, requests=[request(*TRACKING)])

    assert (found.status, found.evidence) == (Status.NOT_MEASURED, [])


def test_click_that_loads_nothing_is_broken() -> None:
    assert verdict(SessionName.CLICK, button=True).status is Status.BROKEN


class TestEverything:
    def test_loaded_vendor_is_kept(self) -> None:
        assert verdict(SessionName.EVERYTHING, requests=[request(*TRACKING)]).status is Status.KEPT

    def test_waiting_tag_is_broken(self) -> None:
        found = verdict(SessionName.EVERYTHING, requests=[request(*CHAT)], blocked=["script for tracking"])

        assert (found.status, found.evidence) == (Status.BROKEN, ["script for tracking"])

    def test_nothing_loaded_is_not_measured(self) -> None:
        assert verdict(SessionName.EVERYTHING).status is Status.NOT_MEASURED


class TestWithdrawn:
    before = request(*TRACKING)

    def test_end_of_everything_is_kept(self) -> None:
        late = request(*TRACKING, phase=Phase.REFUSAL)
        found = verdict(SessionName.WITHDRAWN, requests=[self.before, late], cookies=[cookie(None)])

        assert found.status is Status.KEPT
        assert len(found.evidence) == 1

    @pytest.mark.parametrize(
        "left", [{"requests": [before, request(*CHAT, phase=Phase.AFTER)]}, {"cookies": [cookie(Purpose.CHAT)]}]
    )
    def test_what_is_left_is_broken(self, left: dict[str, Any]) -> None:
        found = verdict(SessionName.WITHDRAWN, **left)

        assert found.status is Status.BROKEN
        assert found.reason.endswith("This is after the withdrawal.")

    def test_nothing_to_end_is_not_measured(self) -> None:
        assert verdict(SessionName.WITHDRAWN).status is Status.NOT_MEASURED


class TestSignal:
    def test_chat_with_the_signal_is_kept(self) -> None:
        assert verdict(SessionName.GPC, requests=[request(*CHAT)]).status is Status.KEPT

    def test_tracking_with_the_signal_is_broken(self) -> None:
        assert verdict(SessionName.GPC, requests=[request(*TRACKING)]).status is Status.BROKEN


def test_trouble_makes_kept_not_measured() -> None:
    found = verdict(SessionName.UNTOUCHED, trouble="The page did not load.")

    assert (found.status, found.reason) == (Status.NOT_MEASURED, "The page did not load.")


def test_trouble_leaves_broken_as_it_is() -> None:
    assert verdict(SessionName.UNTOUCHED, trouble="Late.", requests=[request(*CHAT)]).status is Status.BROKEN


def test_session_that_was_left_out_says_so() -> None:
    found = judge({name: SessionRecord(name, left_out=True) for name in SessionName}, "Vendor")

    assert [each.session for each in found] == list(SessionName)
    assert {(each.status, each.left_out) for each in found} == {(Status.NOT_MEASURED, True)}


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        ([Status.KEPT, Status.KEPT], 0),
        ([Status.KEPT, Status.BROKEN, Status.NOT_MEASURED], 1),
        ([Status.KEPT, Status.NOT_MEASURED], 3),
        ([], 3),
    ],
)
def test_exit_status_follows_from_the_verdicts(statuses: list[Status], status: int) -> None:
    left_out = Verdict(SessionName.GPC, "", Status.NOT_MEASURED, "", left_out=True)

    assert exit_status([left_out, *(Verdict(SessionName.CLICK, "", each, "") for each in statuses)]) == status
