"""Do Not Track: the request field `DNT: 1`, which can only refuse."""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent


def _write(_: Choice) -> WrittenConsent:
    return WrittenConsent(headers=(("DNT", "1"),))


WRITER = Writer("dnt", {"field": _write})
