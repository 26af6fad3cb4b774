"""Judges what the sessions saw: each promise is kept, broken or not measured, with the reason and the evidence.

Pure functions: the same records give the same verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from consent_middleware.purpose import Purpose

from .record import Hint, Phase, SeenCookie, SessionName, SessionRecord, VendorRequest


class Status(StrEnum):
    """A verdict in one word."""

    KEPT = "kept"
    BROKEN = "broken"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one promise.

    Attributes:
        session: the session that shows it.
        promise: the promise, for people.
        status: the verdict.
        reason: the verdict in a sentence.
        evidence: what was seen, one line each.
        left_out: the user did not ask for this session.
    """

    session: SessionName
    promise: str
    status: Status
    reason: str
    evidence: Sequence[str] = ()
    left_out: bool = False


#: The promises by the session that shows each; `{vendor}` is the vendor's name.
PROMISES: Mapping[SessionName, str] = {
    SessionName.UNTOUCHED: "Before a choice, nothing is sent to {vendor}",
    SessionName.REFUSED: "After a refusal, nothing is sent to {vendor}",
    SessionName.FUNCTIONAL: "Functional consent loads the chat of {vendor}, and not its tracking code",
    SessionName.CLICK: "A click on the chat button loads the chat of {vendor} alone",
    SessionName.EVERYTHING: "With full consent, {vendor} loads",
    SessionName.WITHDRAWN: "After a withdrawal, the next page sends nothing to {vendor}, and its cookies end",
    SessionName.GPC: "A browser that sends Global Privacy Control is not tracked by {vendor}",
}


def judge(records: Mapping[SessionName, SessionRecord], vendor: str) -> list[Verdict]:
    """Return the verdict on each promise, in the order of the sessions.

    Args:
        records: the record of each session.
        vendor: the vendor's name.
    """
    return [_judge_one(records[name], vendor) for name in SessionName]


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """Return 0 if all promises are kept, 1 if one is broken, and 3 if one could not be measured.

    A promise whose session the user left out does not count.
    """
    found = {verdict.status for verdict in verdicts if not verdict.left_out}
    if Status.BROKEN in found:
        return 1
    return 0 if found == {Status.KEPT} else 3


def _judge_one(record: SessionRecord, vendor: str) -> Verdict:
    promise = PROMISES[record.name].format(vendor=vendor)
    if record.left_out:
        return Verdict(record.name, promise, Status.NOT_MEASURED, "This session was not asked for.", left_out=True)
    status, reason, evidence = _JUDGES[record.name](record, vendor)
    if record.trouble and status is not Status.BROKEN:
        # What was seen is proof. What was not seen is none if the session did not go as meant.
        status, reason = Status.NOT_MEASURED, record.trouble
    return Verdict(record.name, promise, status, reason, evidence)


#: How many names the reason of a verdict contains.
_NAMED = 4

_Result = tuple[Status, str, list[str]]


def _nothing_sent(record: SessionRecord, vendor: str) -> _Result:
    seen = _lines(record.requests, record.hints, record.vendor_cookies)
    if not seen:
        return Status.KEPT, f"The browser sent nothing to {vendor} and held none of its cookies.", []
    return Status.BROKEN, _counted(record.requests, record.hints, record.vendor_cookies, vendor), seen


def _functional(record: SessionRecord, vendor: str) -> _Result:
    more = _beyond_chat(record)
    if more:
        return Status.BROKEN, "More than the chat was loaded.", more
    if not record.requests:
        reason = f"Nothing of {vendor} was loaded: the page has no chat, or the site reads consent in another way."
        return Status.NOT_MEASURED, reason, []
    return Status.KEPT, "The chat was loaded, and nothing else.", _lines(record.requests, (), record.vendor_cookies)


def _click(record: SessionRecord, vendor: str) -> _Result:
    if not record.button:
        return Status.NOT_MEASURED, "There is no chat button of this package on the page.", []
    more = _beyond_chat(record)
    if more:
        return Status.BROKEN, "The click loaded more than the chat.", more
    if not record.requests:
        return Status.BROKEN, f"The click sent nothing to {vendor}, so no chat was loaded.", []
    reason = "The click loaded the chat from its own hosts, without a cookie for tracking."
    return Status.KEPT, reason, _lines(record.requests, (), record.vendor_cookies)


def _everything(record: SessionRecord, vendor: str) -> _Result:
    if record.blocked:
        return Status.BROKEN, "Tags still wait, although everything was agreed to.", list(record.blocked)
    if not record.requests:
        reason = f"The page has no tag of {vendor}, or the site reads consent in another way: nothing was loaded."
        return Status.NOT_MEASURED, reason, []
    return Status.KEPT, f"{vendor} was loaded.", _lines(record.requests, (), record.vendor_cookies)


def _withdrawn(record: SessionRecord, vendor: str) -> _Result:
    after = record.requests_in(Phase.AFTER)
    seen = _lines(after, (), record.vendor_cookies)
    if seen:
        return (
            Status.BROKEN,
            _counted(after, (), record.vendor_cookies, vendor) + " This is after the withdrawal.",
            seen,
        )
    if not record.requests_in(Phase.VISIT):
        return Status.NOT_MEASURED, f"Nothing of {vendor} was loaded before, so there was nothing to end.", []
    reason = f"The next page sent nothing to {vendor}, and its cookies were gone."
    return Status.KEPT, reason, _lines(record.requests_in(Phase.REFUSAL), (), ())


def _gpc(record: SessionRecord, vendor: str) -> _Result:
    more = _beyond_chat(record)
    if more:
        return Status.BROKEN, "The browser sent the signal, and more than a chat was loaded.", more
    return Status.KEPT, f"Nothing of {vendor} that tracks was loaded, and no cookie for it was set.", []


_JUDGES: Mapping[SessionName, Callable[[SessionRecord, str], _Result]] = {
    SessionName.UNTOUCHED: _nothing_sent,
    SessionName.REFUSED: _nothing_sent,
    SessionName.FUNCTIONAL: _functional,
    SessionName.CLICK: _click,
    SessionName.EVERYTHING: _everything,
    SessionName.WITHDRAWN: _withdrawn,
    SessionName.GPC: _gpc,
}


def _beyond_chat(record: SessionRecord) -> list[str]:
    """Return what was sent or kept for any other purpose than the chat."""
    requests = [request for request in record.requests if Purpose.CHAT not in request.purposes]
    hints = [hint for hint in record.hints if Purpose.CHAT not in hint.purposes]
    cookies = [cookie for cookie in record.vendor_cookies if cookie.purpose is not Purpose.CHAT]
    return _lines(requests, hints, cookies)


def _lines(requests: Iterable[VendorRequest], hints: Iterable[Hint], cookies: Iterable[SeenCookie]) -> list[str]:
    sent = {f"request: {request.address} ({request.kind}, by {request.initiator})" for request in requests}
    early = {f"hint: {hint.rel} to {hint.host} ({hint.source})" for hint in hints}
    held = {f"cookie: {cookie.name} ({cookie.lifetime}, set by {cookie.set_by})" for cookie in cookies}
    return [*sorted(sent), *sorted(early), *sorted(held)]


def _counted(
    requests: Sequence[VendorRequest], hints: Sequence[Hint], cookies: Sequence[SeenCookie], vendor: str
) -> str:
    parts = []
    if requests:
        parts.append(f"The browser sent requests to {_some({request.host for request in requests})}.")
    if hints:
        parts.append(f"The page told the browser to contact {_some({hint.host for hint in hints})} early.")
    if cookies:
        parts.append(f"The browser held cookies of {vendor}: {_some({cookie.name for cookie in cookies})}.")
    return " ".join(parts)


def _some(names: set[str]) -> str:
    """Return the first names, and how many more there are; all of them are in the evidence."""
    first = sorted(names)
    more = len(first) - _NAMED
    return ", ".join(first[:_NAMED]) + (f" and {more} more" if more > 0 else "")
