"""What the sessions saw, as plain values: requests, cookies, storage, hints and the page's own state.

No value of a cookie is a part of a record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from consent_middleware.purpose import Purpose

from .text import Redactor


class SessionName(StrEnum):
    """The sessions, in the order in which they are made. Each begins with a clean profile."""

    UNTOUCHED = "untouched"
    REFUSED = "refused"
    FUNCTIONAL = "functional"
    CLICK = "click"
    EVERYTHING = "everything"
    WITHDRAWN = "withdrawn"
    GPC = "gpc"


class Phase(StrEnum):
    """The part of a session in which something was seen.

    `VISIT` is the visit with the session's consent. The session `withdrawn` goes on with `REFUSAL`, which is the same
    page after the refusal, and `AFTER`, which is every page that is opened from then on.
    """

    VISIT = "visit"
    REFUSAL = "refusal"
    AFTER = "after"


@dataclass(frozen=True, slots=True, order=True)
class VendorRequest:
    """Equal requests to one of the vendor's hosts.

    Attributes:
        phase: when they were made.
        host: the vendor's host.
        path: the path, without the query; long numbers and identifiers are left out.
        method: the method.
        kind: what was requested, as Chromium names it: `script`, `image`, `fetch`, `websocket` and so on.
        initiator: what made the browser send them, as far as Chromium says it.
        page: the page of the site on which they were made.
        purposes: the purposes for which the vendor's rules know the host.
        count: how many there were.
        failed: none of them was answered. A request that was sent and failed was still sent.
        at: seconds from the beginning of the session to the first of them.
    """

    phase: Phase
    host: str
    path: str
    method: str
    kind: str
    initiator: str
    page: str
    purposes: tuple[Purpose, ...]
    count: int = 1
    failed: bool = False
    at: float = field(default=0.0, compare=False)

    @property
    def address(self) -> str:
        """Where the request went, for people."""
        return f"{self.host}{self.path}"


@dataclass(frozen=True, slots=True, order=True)
class Hint:
    """An instruction to contact a vendor's host early.

    Attributes:
        source: where it stands: `element`, `Link field` or `early hint`.
        rel: the kind of hint, such as `preconnect`.
        host: the vendor's host.
        page: the page of the site.
        purposes: the purposes for which the vendor's rules know the host.
    """

    source: str
    rel: str
    host: str
    page: str
    purposes: tuple[Purpose, ...]


@dataclass(frozen=True, slots=True, order=True)
class SeenCookie:
    """A cookie that the browser held at the end of a session.

    Attributes:
        name: its name.
        domain: the domain that it is for; a dot in front includes all hosts below it.
        lifetime: how long it is kept, in words.
        set_by: the address whose response set it, `script`, or `verify` for the consent that the session began with.
        vendor: whether it is one of the vendor's cookies.
        purpose: the purpose for which the vendor's cookie waits; None if it waits for none.
    """

    name: str
    domain: str
    lifetime: str
    set_by: str
    vendor: bool = False
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class VisitedPage:
    """A page that the session opened: its address and the status of the response."""

    address: str
    status: int


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What one session saw.

    Attributes:
        name: the session.
        trouble: why the session could not be made as meant, or empty.
        left_out: the user did not ask for it.
        pages: the pages that were opened.
        requests: the requests to the vendor's hosts.
        hints: the hints to contact the vendor's hosts.
        cookies: the cookies at the end.
        storage: the keys in the site's storage at the end, such as `localStorage: theme`.
        blocked: what the middleware says that it holds back at the end, such as `script for tracking`.
        button: whether the middleware's chat button was on a page.
        errors: the error messages of the page.
        other_hosts: every other host that the browser contacted, besides the site's own.
        screenshot: the name of the picture in the folder, or empty.
        duration: how long the session took, in seconds.
    """

    name: SessionName
    trouble: str = ""
    left_out: bool = False
    pages: Sequence[VisitedPage] = ()
    requests: Sequence[VendorRequest] = ()
    hints: Sequence[Hint] = ()
    cookies: Sequence[SeenCookie] = ()
    storage: Sequence[str] = ()
    blocked: Sequence[str] = ()
    button: bool = False
    errors: Sequence[str] = ()
    other_hosts: Sequence[str] = ()
    screenshot: str = ""
    duration: float = field(default=0.0, compare=False)

    def requests_in(self, *phases: Phase) -> list[VendorRequest]:
        """Return the requests of some phases."""
        return [request for request in self.requests if request.phase in phases]

    @property
    def vendor_cookies(self) -> list[SeenCookie]:
        """The vendor's cookies that wait for a purpose. The record of a choice and the like wait for none."""
        return [cookie for cookie in self.cookies if cookie.purpose is not None]


@dataclass
class Measurement:
    """What all sessions saw.

    Attributes:
        records: the record of each session.
        redactor: knows the values of all cookies.
        browser: Chromium's version.
        sandboxed: whether Chromium ran with its sandbox.
        sources: the pages as the server sent them in the untouched session, by address.
    """

    records: dict[SessionName, SessionRecord] = field(default_factory=dict)
    redactor: Redactor = field(default_factory=Redactor)
    browser: str = ""
    sandboxed: bool = True
    sources: dict[str, bytes] = field(default_factory=dict)
