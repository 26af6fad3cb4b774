"""Global Privacy Control: the request field `Sec-GPC: 1`, which can only refuse."""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent


def _write(_: Choice) -> WrittenConsent:
    return WrittenConsent(headers=(("Sec-GPC", "1"),))


WRITER = Writer("gpc", {"field": _write})
