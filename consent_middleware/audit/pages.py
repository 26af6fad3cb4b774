"""Audit one page: the values that reports are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from hashlib import sha256
from typing import Final, NamedTuple

from consent_middleware.policy import Policy
from consent_middleware.vendors import KNOWN_VENDORS

from .findings import Finding
from .states import Headers, Judge, Outcome, read_page
from .tree import UnreadableError
from .unseen import Unseen, unseen

#: The largest page that is read, in bytes.
MAX_PAGE: Final = 5_000_000


class Page(NamedTuple):
    """A page to audit.

    Attributes:
        name: how reports name it: a path, or an address.
        body: its bytes.
        headers: the head of its response; for a file only the Content-Type that a server would guess.
        address: its address, or None.
        path: its path below the app's mount.
    """

    name: str
    body: bytes
    headers: Headers = ((b"content-type", b"text/html"),)
    address: str | None = None
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with what is said of it.

    Attributes:
        finding: the finding.
        fingerprint: the same as long as page, rule and address stay the same, whatever the line.
        outcomes: what the policy makes of it, by state; empty without a policy.
        counts: whether it is a fault.
        known: whether the baseline has it.
    """

    finding: Finding
    fingerprint: str
    outcomes: Mapping[str, Outcome]
    counts: bool
    known: bool = False

    @property
    def early(self) -> list[str]:
        """The states in which it loads though its purpose is not allowed."""
        return [state for state, outcome in self.outcomes.items() if outcome.is_early]


@dataclass(frozen=True, slots=True)
class PageReport:
    """What the audit of one page found.

    Attributes:
        name: the page's name.
        error: why it could not be read; "" if it was.
        encoding: its encoding.
        findings: what it loads from vendors.
        unseen: what cannot be seen in it.
        disagreements: where engine and html5lib differ, in words.
    """

    name: str
    error: str = ""
    encoding: str = ""
    findings: Sequence[Judged] = ()
    unseen: Sequence[Unseen] = ()
    disagreements: Sequence[str] = field(default=())


class Auditor:
    """Audits pages, one after the other.

    Args:
        policy: the policy whose effect is judged. None: pages are judged as they are, for all known vendors.
        strict: an address that only its host tells counts too.
    """

    def __init__(self, policy: Policy | None = None, *, strict: bool = False) -> None:
        self._judge = Judge(policy or Policy(vendors=KNOWN_VENDORS))
        self._has_policy = policy is not None
        self._strict = strict

    def audit(self, page: Page) -> PageReport:
        """Return the report about a page. Never raises for what a page contains."""
        try:
            return self._audit(page)
        except UnreadableError as error:
            return PageReport(page.name, str(error))

    def audit_answer(self, answer: Page | tuple[str, str]) -> PageReport:
        """Return the report about a page, or about one that could not be read: a pair of its name and the reason."""
        return self.audit(answer) if isinstance(answer, Page) else PageReport(*answer)

    def _audit(self, page: Page) -> PageReport:
        if len(page.body) > MAX_PAGE:
            raise UnreadableError(f"the page has more than {MAX_PAGE:,} bytes")
        charset = _charset(page.headers)
        reading = read_page(page.body, charset)
        classifier = self._judge.classifier
        found = [
            *classifier.head(page.headers, page.address),
            *classifier.page(reading.document, page.address, without=reading.without),
        ]
        outcomes: list[dict[str, Outcome]] = [{} for _ in found]
        if self._has_policy:
            outcomes = self._judge.outcomes(page.body, page.headers, page.path, charset, page.address, found)
        fingerprints = _fingerprints(page.name, found)
        judged = [
            Judged(finding, fingerprint, states, self._counts(finding, states))
            for finding, fingerprint, states in zip(found, fingerprints, outcomes, strict=True)
        ]
        return PageReport(
            page.name,
            "",
            reading.document.encoding,
            judged,
            unseen(reading.document, page.address, classifier, found),
            self._judge.disagreements(page.body, page.headers, page.address, found),
        )

    def _counts(self, finding: Finding, outcomes: Mapping[str, Outcome]) -> bool:
        if finding.is_by_host and not self._strict:
            return False
        return any(each.is_early for each in outcomes.values()) if self._has_policy else finding.is_live


def _charset(headers: Headers) -> str | None:
    """Return the charset of the Content-Type."""
    message = Message()
    for name, value in headers:
        if name.lower() == b"content-type":
            message["content-type"] = value.decode("latin-1").replace("\n", " ").replace("\r", " ")
            break
    charset = message.get_param("charset")
    return charset.strip() if isinstance(charset, str) and charset.isascii() else None


def _fingerprints(name: str, found: Iterable[Finding]) -> list[str]:
    """Return a fingerprint for each finding of a page. Equal findings are numbered."""
    seen: Counter[tuple[str, ...]] = Counter()
    result = []
    for finding in found:
        parts = (name, finding.rule, finding.element, finding.attribute, finding.digest, str(finding.without_scripts))
        seen[parts] += 1
        text = "\0".join((*parts, str(seen[parts])))
        result.append(sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32])
    return result
