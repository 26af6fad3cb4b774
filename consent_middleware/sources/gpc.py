"""Global Privacy Control: the request header `Sec-GPC: 1`, an objection to sale and sharing.

Source: W3C, Global Privacy Control, "The Sec-GPC Header Field for HTTP Requests".
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from .platform import Ids, Platform, Values, reading

_FIELD = "sec-gpc"


def is_set(values: Values, field: str) -> bool:
    """Return whether a field's value is exactly 1. WSGI servers join several lines with commas."""
    return any(part.strip(" \t") == "1" for value in values.get(field, ()) for part in value.split(","))


def _read(values: Values, _: Ids) -> Iterator[Consent]:
    if is_set(values, _FIELD):
        yield reading("gpc", "Sec-GPC", {Category.MARKETING: State.DENIED})


GPC = Platform("gpc", _read, headers=(_FIELD,))
