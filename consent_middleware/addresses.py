"""Filter the response headers that make a browser contact an address which no tag names.

These are the headers of Reporting (https://www.w3.org/TR/reporting-1/) and its predecessor `Report-To`, the directive
`report-uri` of CSP, and `Speculation-Rules` of HTML. `links.filter_links` does the same for `Link`. Only the list
members and addresses that must not be contacted are removed; every other byte stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

#: Returns whether a URL must not be contacted yet.
IsBlocked = Callable[[str], bool]

#: Members of a list or a dictionary of structured fields (RFC 9651). Their strings may contain commas.
_MEMBER: Final = re.compile(rb'(?:[^",]++|"(?:[^"\\]++|\\.)*+"?+)++', re.DOTALL)
_STRING: Final = re.compile(rb'"((?:[^"\\]++|\\.)*+)"?', re.DOTALL)
_QUOTED_PAIR: Final = re.compile(rb"\\(.)", re.DOTALL)
#: CSP Level 3, section 6.5.1: `report-uri`, and its addresses.
_REPORT_URI: Final = re.compile(rb"(?:^|(?<=[;,]))([\t\n\f\r ]*+report-uri)([\t\n\f\r ][^;,]*+)", re.IGNORECASE)
_WORD: Final = re.compile(rb"[\t\n\f\r ]++([^\t\n\f\r ]++)")


def filter_addresses(headers: Iterable[tuple[bytes, bytes]], is_blocked: IsBlocked) -> list[tuple[bytes, bytes]]:
    """Return the headers without the addresses for which `is_blocked` is true.

    A header with no other addresses is removed.
    """
    kept = []
    for name, value in headers:
        filter_value = _FILTERS.get(name.lower())
        filtered = filter_value(value, is_blocked) if filter_value else value
        if filtered is value or filtered.strip():
            kept.append((name, filtered))
    return kept


def _filter_members(value: bytes, is_blocked: IsBlocked) -> bytes:
    """Return a list or a dictionary of structured fields without the members that contain such an address."""
    members = _MEMBER.findall(value)
    kept = [member for member in members if not any(map(is_blocked, _strings(member)))]
    return value if len(kept) == len(members) else b",".join(kept).lstrip()


def _strings(member: bytes) -> list[str]:
    return [_QUOTED_PAIR.sub(rb"\1", text).decode("latin-1") for text in _STRING.findall(member)]


def _filter_report_to(value: bytes, is_blocked: IsBlocked) -> bytes:
    """Return the groups of `Report-To` without such endpoints. The groups are JSON objects, separated by commas.

    Invalid JSON is returned unchanged, because browsers ignore it.
    """
    try:
        groups: Any = json.loads(b"[" + value + b"]")
    except (ValueError, RecursionError):
        return value
    kept: list[Any] = []
    for group in groups:
        if not isinstance(group, dict) or not isinstance(group.get("endpoints"), list):
            kept.append(group)
            continue
        endpoints = [each for each in group["endpoints"] if not _is_blocked_endpoint(each, is_blocked)]
        if endpoints:
            kept.append({**group, "endpoints": endpoints})
    return value if kept == groups else ", ".join(map(json.dumps, kept)).encode("ascii")


def _is_blocked_endpoint(endpoint: object, is_blocked: IsBlocked) -> bool:
    url = endpoint.get("url") if isinstance(endpoint, dict) else None
    return isinstance(url, str) and is_blocked(url)


def _filter_report_uri(value: bytes, is_blocked: IsBlocked) -> bytes:
    """Return content security policies without such addresses in `report-uri`."""

    def filter_directive(found: re.Match[bytes]) -> bytes:
        if not any(is_blocked(word.decode("latin-1")) for word in _WORD.findall(found[2])):
            return found[0]
        kept = _WORD.sub(lambda word: b"" if is_blocked(word[1].decode("latin-1")) else word[0], found[2])
        return found[1] + kept if kept.strip() else b""

    return _REPORT_URI.sub(filter_directive, value) if b"report-uri" in value.lower() else value


_FILTERS: Final[dict[bytes, Callable[[bytes, IsBlocked], bytes]]] = {
    b"content-security-policy": _filter_report_uri,
    b"content-security-policy-report-only": _filter_report_uri,
    b"report-to": _filter_report_to,
    b"reporting-endpoints": _filter_members,
    b"speculation-rules": _filter_members,
}

#: The lower-case names of these headers.
FIELDS: Final = frozenset(_FILTERS)
