"""Response fields by which a browser contacts an address that no tag names: what of them is left for a visitor.

Knows: Reporting (https://www.w3.org/TR/reporting-1/) and its forerunner, CSP's `report-uri`, and HTML's
`Speculation-Rules`.
Must not know: vendors, consent, bodies. Which address must wait is asked of a function.

A field keeps every byte but the members that name such an address. `Link` is in `headers.filter_links`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

Waits = Callable[[str], bool]

#: Members of a list or a dictionary of structured fields (RFC 9651), whose strings may hold commas.
_MEMBER: Final = re.compile(rb'(?:[^",]++|"(?:[^"\\]++|\\.)*+"?+)++', re.DOTALL)
_STRING: Final = re.compile(rb'"((?:[^"\\]++|\\.)*+)"?', re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
#: CSP Level 3, section 6.5.1: `report-uri`, and the addresses behind it.
_REPORT_URI: Final = re.compile(rb"(?:^|(?<=[;,]))([\t\n\f\r ]*+report-uri)([\t\n\f\r ][^;,]*+)", re.IGNORECASE)
_WORD: Final = re.compile(rb"[\t\n\f\r ]++([^\t\n\f\r ]++)")


def filter_addresses(headers: Iterable[tuple[bytes, bytes]], waits: Waits) -> list[tuple[bytes, bytes]]:
    """Return the head without the addresses for which `waits` is true, in the fields that this module knows.

    A field of which nothing is left goes.
    """
    kept = []
    for name, value in headers:
        reduce = _FIELDS.get(name.lower())
        left = reduce(value, waits) if reduce else value
        if left is value or left.strip():
            kept.append((name, left))
    return kept


def _members(value: bytes, waits: Waits) -> bytes:
    """Return a list or a dictionary less its members whose strings are such addresses."""
    members = _MEMBER.findall(value)
    left = [member for member in members if not any(map(waits, _strings(member)))]
    return value if len(left) == len(members) else b",".join(left).lstrip()


def _strings(member: bytes) -> list[str]:
    return [_ESCAPED.sub(rb"\1", said).decode("latin-1") for said in _STRING.findall(member)]


def _groups(value: bytes, waits: Waits) -> bytes:
    """Return the groups of `Report-To`, which are JSON objects in a list, less such endpoints.

    What is no JSON, browsers ignore.
    """
    try:
        groups: Any = json.loads(b"[" + value + b"]")
    except (ValueError, RecursionError):
        return value
    left = []
    for group in groups:
        if not isinstance(group, dict) or not isinstance(group.get("endpoints"), list):
            left.append(group)
            continue
        endpoints = [each for each in group["endpoints"] if not _is_waiting(each, waits)]
        if endpoints:
            left.append({**group, "endpoints": endpoints})
    return value if left == groups else ", ".join(map(json.dumps, left)).encode("ascii")


def _is_waiting(endpoint: object, waits: Waits) -> bool:
    url = endpoint.get("url") if isinstance(endpoint, dict) else None
    return isinstance(url, str) and waits(url)


def _policies(value: bytes, waits: Waits) -> bytes:
    """Return policies in which `report-uri` names no such address; what they allow stays."""

    def reduced(found: re.Match[bytes]) -> bytes:
        if not any(waits(word.decode("latin-1")) for word in _WORD.findall(found[2])):
            return found[0]
        left = _WORD.sub(lambda word: b"" if waits(word[1].decode("latin-1")) else word[0], found[2])
        return found[1] + left if left.strip() else b""

    return _REPORT_URI.sub(reduced, value) if b"report-uri" in value.lower() else value


_FIELDS: Final[dict[bytes, Callable[[bytes, Waits], bytes]]] = {
    b"content-security-policy": _policies,
    b"content-security-policy-report-only": _policies,
    b"report-to": _groups,
    b"reporting-endpoints": _members,
    b"speculation-rules": _members,
}

#: The names of these fields.
FIELDS: Final = frozenset(_FIELDS)
