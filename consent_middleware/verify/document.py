"""The result of `verify` as data: what `report.json` contains, and the words on what it proves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent_middleware.version import __version__

from .promises import Status, Verdict
from .record import Measurement, SessionName, SessionRecord
from .settings import VerifySettings

#: Changes when a program that reads report.json must change.
SCHEMA_VERSION = 1

#: What was done in each session, for people; `{wait}` is the time in seconds.
SESSIONS: Mapping[SessionName, tuple[str, str]] = {
    SessionName.UNTOUCHED: (
        "Untouched",
        "A visitor without any cookie reads, scrolls and moves the mouse, but chooses nothing.",
    ),
    SessionName.REFUSED: ("Refused", "The browser begins with the cookie of a visitor who has refused everything."),
    SessionName.FUNCTIONAL: (
        "Functional",
        "The browser begins with the cookie of a visitor who has allowed functional cookies alone.",
    ),
    SessionName.CLICK: ("Click", "A visitor without any cookie clicks on the chat button."),
    SessionName.EVERYTHING: (
        "Everything",
        "The browser begins with the cookie of a visitor who has allowed everything.",
    ),
    SessionName.WITHDRAWN: (
        "Withdrawn",
        "A visitor who has allowed everything refuses it on the page, and then opens the pages again.",
    ),
    SessionName.GPC: (
        "Opt-out signal",
        "A visitor without any cookie uses a browser that sends Global Privacy Control.",
    ),
}

#: What the result shows.
PROVES = (
    (
        "It shows what one real browser did on the named pages at the named time: which requests it sent, which "
        "cookies and storage it held."
    ),
    "A request that is listed was made. It counts also if it failed, because the browser had sent it.",
    "Each session began with a clean profile, so nothing is left of another session.",
)
#: What it does not show. These are the limits in the manifest.
LIMITS = (
    "It is technical evidence and not a legal assessment.",
    (
        "It covers the named pages, this moment, this browser and this place in the network. A tag that appears later, "
        "on another page, for another country or after an interaction that was not made is not covered."
    ),
    (
        "Only the hosts and cookies that the package knows of this vendor are judged. Other third parties are listed "
        "by host and not judged."
    ),
    "What a server sends to the vendor without the browser cannot be seen.",
    (
        "Service workers are not started. A name that is looked up or a connection that is opened early is known from "
        "the page's hints, not from the network."
    ),
    "Consent is written as the platform's cookie. The platform's own window was not used.",
    (
        "Of paths, long numbers and identifiers are left out, and of every address its query. Values of cookies are "
        "written nowhere, except that a value of fewer than six characters is not searched for in texts, and that "
        "pictures are not searched."
    ),
)


@dataclass(frozen=True, kw_only=True)
class Result:
    """Everything that a report is made from.

    Attributes:
        settings: what was asked.
        measurement: what was seen.
        verdicts: the verdict on each promise.
        started: when it began, in ISO 8601.
        ended: when it ended.
    """

    settings: VerifySettings
    measurement: Measurement
    verdicts: Sequence[Verdict]
    started: str
    ended: str

    @property
    def records(self) -> Mapping[SessionName, SessionRecord]:
        """The record of each session."""
        return self.measurement.records

    @property
    def counts(self) -> dict[Status, int]:
        """How many promises have each verdict, without those that the user left out."""
        found = [verdict.status for verdict in self.verdicts if not verdict.left_out]
        return {status: found.count(status) for status in Status}


def as_json(result: Result) -> dict[str, Any]:
    """Return the content of report.json. It conforms to `report.schema.json`."""
    settings = result.settings
    return {
        "schema_version": SCHEMA_VERSION,
        "package": __version__,
        "browser": {"version": result.measurement.browser, "sandboxed": result.measurement.sandboxed},
        "started": result.started,
        "ended": result.ended,
        "site": settings.origin,
        "pages": settings.pages,
        "also": settings.also_urls,
        "vendor": settings.vendor.id,
        "platform": settings.platform,
        "wait": settings.wait,
        "promises": [_verdict(verdict) for verdict in result.verdicts],
        "sessions": [_session(result.records[name]) for name in SessionName],
        "limits": list(LIMITS),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "session": verdict.session,
        "promise": verdict.promise,
        "status": verdict.status,
        "left_out": verdict.left_out,
        "reason": verdict.reason,
        "evidence": list(verdict.evidence),
    }


def _session(record: SessionRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "left_out": record.left_out,
        "trouble": record.trouble,
        "duration": record.duration,
        "pages": [{"address": page.address, "status": page.status} for page in record.pages],
        "requests": [
            {
                "phase": request.phase,
                "host": request.host,
                "path": request.path,
                "method": request.method,
                "kind": request.kind,
                "initiator": request.initiator,
                "page": request.page,
                "purposes": list(request.purposes),
                "count": request.count,
                "failed": request.failed,
                "at": request.at,
            }
            for request in record.requests
        ],
        "hints": [
            {"source": hint.source, "rel": hint.rel, "host": hint.host, "page": hint.page} for hint in record.hints
        ],
        "cookies": [
            {
                "name": cookie.name,
                "domain": cookie.domain,
                "lifetime": cookie.lifetime,
                "set_by": cookie.set_by,
                "vendor": cookie.vendor,
                "purpose": cookie.purpose,
            }
            for cookie in record.cookies
        ],
        "storage": list(record.storage),
        "blocked": list(record.blocked),
        "button": record.button,
        "errors": list(record.errors),
        "other_hosts": list(record.other_hosts),
        "screenshot": record.screenshot,
    }
