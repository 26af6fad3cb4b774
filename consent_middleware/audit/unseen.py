"""What an audit of a page cannot see: what scripts may load later, and who could do that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from consent_middleware.other_tools import TAG_MANAGERS
from consent_middleware.urls import parse_url

from .contacts import Load, contacts, handlers
from .findings import Classifier, Finding
from .tree import Document, Element

_SERVICE_WORKER: Final = re.compile(r"serviceWorker\s*\??\.\s*register\s*\(")
_CONTAINER: Final = re.compile(r"\bGTM-[A-Z0-9]{4,12}\b")
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_MANAGERS: Final = [
    (manager.name, re.compile("|".join(filter(None, (manager.address, manager.own_file))))) for manager in TAG_MANAGERS
]
#: How much of an attribute's name is reported.
_LONGEST_NAME: Final = 100
#: The longest inline script that is searched.
_MAX_SCRIPT: Final = 200_000


class Unseen(NamedTuple):
    """One thing whose effect does not show in the page.

    Attributes:
        kind: "tag manager", "service worker", "other script" or "event handler".
        what: the manager with the id of its container, or the host.
        line: the line of the first element, from 1.
        column: its column, from 1.
    """

    kind: str
    what: str
    line: int
    column: int


def unseen(document: Document, base: str | None, classifier: Classifier, found: list[Finding]) -> list[Unseen]:
    """Return what cannot be seen in a page, each thing once.

    Args:
        document: the page.
        base: its address, if it has one.
        classifier: knows the vendors' hosts.
        found: the page's findings: scripts of vendors are no other scripts.
    """
    known = {(finding.line, finding.column) for finding in found}
    own = parse_url(base).host if base and parse_url(base) else ""  # type: ignore[union-attr]
    result: dict[tuple[str, str], Unseen] = {}
    for element in document.elements:
        for kind, what in _of_element(element, base, own, classifier):
            if kind != "other script" or (element.line, element.column) not in known:
                result.setdefault((kind, what), Unseen(kind, what, element.line, element.column))
    return list(result.values())


def _of_element(element: Element, base: str | None, own: str, classifier: Classifier) -> Iterator[tuple[str, str]]:
    for name, code in handlers(element):
        for host in classifier.hosts(code):
            yield "event handler", f"{name[:_LONGEST_NAME]}: {host}"
    if element.name != "script":
        return
    for contact in contacts(element):
        if contact.load not in {Load.AT_ONCE, Load.LATER} or contact.hint:
            continue
        text = contact.script[:_MAX_SCRIPT] or contact.address
        managers = [(name, found) for name, pattern in _MANAGERS if (found := pattern.search(text))]
        for name, found in managers:
            yield "tag manager", f"{name} {_container(text, found.end())}".strip()
        if _SERVICE_WORKER.search(text):
            yield "service worker", "registered by a script in the page"
        url = parse_url(contact.address, base) if contact.address else None
        if url is not None and url.host and url.host != own and not managers:
            yield "other script", url.host


def _container(text: str, end: int) -> str:
    """Return the id of a tag manager's container: Google's by its form, others by what follows their address."""
    found = _CONTAINER.search(text)
    if found is None:
        found = _WORD.match(text, end)
    return found[0] if found else ""
