"""The project's own consent cookie: `consent=functional,analytics`, a list of the granted categories.

Knows: that cookie's shape and how frameworks quote it.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from consent_middleware.consent import OPTIONAL_CATEGORIES, Basis, Category, Consent, State

from .platform import MAX_VALUE, ConsentSource, Signals
from .reader import MAX_COPIES, unread

_CATEGORIES = frozenset(category.value.encode("ascii") for category in Category)

#: Werkzeug and http.cookies put a value with a comma in quotes and write the comma as an octal escape.
_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")


def own_cookie(name: str) -> ConsentSource:
    """The source that reads the project's own cookie under `name`.

    Listed categories are granted, the others are denied, and both are explicit: the site writes this cookie when the
    visitor has chosen. `necessary` alone refuses the rest. Any other word, or none, makes the cookie somebody else's.
    """
    key = name.encode("ascii")

    def read(signals: Signals) -> list[Consent]:
        if key not in signals.cookies:
            return []
        copies = list(dict.fromkeys(signals.cookies.all(key)))
        doubtful = list(dict.fromkeys(signals.cookies.doubtful(key)))
        readings = [_read(value, name) for value in copies[:MAX_COPIES]]
        readings += [_denials(_read(value, name)) for value in doubtful[:MAX_COPIES]]
        if max(len(copies), len(doubtful)) > MAX_COPIES:
            readings.append(unread(name))
        return [reading for reading in readings if reading is not None]

    return read


def _read(value: bytes, name: str) -> Consent | None:
    if len(value) > MAX_VALUE:
        return None
    if len(value) >= 2 and value.startswith(b'"') and value.endswith(b'"'):
        value = _OCTAL.sub(lambda escape: bytes((int(escape[1], 8),)), value[1:-1])
    listed = {part.strip() for part in unquote_to_bytes(value).split(b",")}
    if not listed <= _CATEGORIES:
        return None
    states = {
        category: State.GRANTED if category.value.encode("ascii") in listed else State.DENIED
        for category in OPTIONAL_CATEGORIES
    }
    return Consent(MappingProxyType(states), Basis.EXPLICIT, "own cookie", name)


def _denials(reading: Consent | None) -> Consent | None:
    return reading and reading.restricted_to(State.DENIED)
