"""Takes what must not be kept out of the files that Playwright writes: the HAR and the trace."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

from .text import Redactor

#: Fields whose values identify somebody (RFC 6265, RFC 9110 section 11).
_SECRET = frozenset({"cookie", "set-cookie", "authorization", "proxy-authorization"})
#: Fields with an address that may have no host, of which the query is left out.
_ADDRESSES = frozenset({":path", "location", "content-location"})
#: Members that contain the values of cookies, what a visitor sent, or the content of a response.
_EMPTIED = frozenset({"cookies", "queryString"})
_DROPPED = frozenset({"postData", "postDataEntries"})
_QUERY = re.compile(r"(?i)\b((?:https?|wss?)://[^\s?#\"'<>]*)[?#][^\s\"'<>)]*")
_NOT_KEPT = "[not kept]"
#: The identifiers that Playwright makes up for a run: a kind and 32 digits.
_RANDOM = re.compile(r"\b([a-z]+)@[0-9a-f]{32}\b")


def scrub_har(har: Path, target: Path, redactor: Redactor) -> None:
    """Write a HAR without the values of cookies, queries, sent data and credentials."""
    data = _Scrubber(redactor).value(json.loads(har.read_text("utf-8")))
    target.write_text(json.dumps(data, indent=1, ensure_ascii=True) + "\n", "utf-8")


def scrub_trace(trace: Path, target: Path, redactor: Redactor) -> None:
    """Write a trace of Playwright in the same way. It keeps its pictures."""
    scrubber = _Scrubber(redactor)
    with zipfile.ZipFile(trace) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name)
            if name.endswith((".trace", ".network", ".stacks")):
                lines = (json.dumps(scrubber.value(json.loads(line))) for line in body.splitlines() if line.strip())
                body = "".join(f"{line}\n" for line in lines).encode("ascii")
            elif not name.endswith((".jpeg", ".png")):
                # The bodies of responses, which a trace without snapshots does not need.
                continue
            new.writestr(zipfile.ZipInfo(name), body)


class _Scrubber:
    """Copies a value of JSON without what must not be kept."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._ids: dict[str, str] = {}

    def value(self, value: Any) -> Any:
        """Return a copy."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {
                self._text(name): self._member(name, item, str(value.get("name", "")).lower())
                for name, item in value.items()
                if name not in _DROPPED
            }
        return value

    def _member(self, name: str, item: Any, field: str) -> Any:
        """Return the copy of a member of an object that may be a header field, with the field's name."""
        if name in _EMPTIED:
            return []
        if name == "value" and field in _SECRET:
            return _NOT_KEPT
        if name == "value" and field in _ADDRESSES:
            item = str(item).partition("?")[0].partition("#")[0]
        return self.value(item)

    def _text(self, text: str) -> str:
        text = _RANDOM.sub(lambda match: self._ids.setdefault(match[0], f"{match[1]}-{len(self._ids) + 1}"), text)
        return self._redactor.text(_QUERY.sub(r"\1", text))
