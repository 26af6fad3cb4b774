"""The project's own cookie: `consent=functional,analytics`, a list of the granted categories."""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from consent_middleware.consent import OPTIONAL_CATEGORIES, Basis, Category, Consent, State

from .platform import MAX_VALUE, ConsentSource, Signals, unquote_cookie
from .reader import MAX_COPIES, unread

_CATEGORIES = frozenset(category.value.encode("ascii") for category in Category)


def own_cookie(name: str) -> ConsentSource:
    """Return the source that reads the project's own cookie called `name`.

    Listed categories are granted and all others denied. Both are explicit, because the site writes this cookie when the
    visitor has chosen. `necessary` alone refuses the rest. A cookie with any other word, or none, is ignored.
    """
    key = name.encode("ascii")

    def read(signals: Signals) -> list[Consent]:
        if key not in signals.cookies:
            return []
        copies = list(dict.fromkeys(signals.cookies.all(key)))
        doubtful = list(dict.fromkeys(signals.cookies.doubtful(key)))
        readings = [_read_copy(value, name) for value in copies[:MAX_COPIES]]
        readings += [_only_denials(_read_copy(value, name)) for value in doubtful[:MAX_COPIES]]
        if max(len(copies), len(doubtful)) > MAX_COPIES:
            readings.append(unread(name))
        return [reading for reading in readings if reading is not None]

    return read


def _read_copy(value: bytes, name: str) -> Consent | None:
    if len(value) > MAX_VALUE:
        return None
    # Werkzeug and `http.cookies` quote a value with a comma.
    unquoted = unquote_cookie(value).encode("latin-1")
    listed = {part.strip() for part in unquote_to_bytes(unquoted).split(b",")}
    if not listed <= _CATEGORIES:
        return None
    states = {
        category: State.GRANTED if category.value.encode("ascii") in listed else State.DENIED
        for category in OPTIONAL_CATEGORIES
    }
    return Consent(MappingProxyType(states), Basis.EXPLICIT, "own cookie", name)


def _only_denials(reading: Consent | None) -> Consent | None:
    return reading and reading.restricted_to(State.DENIED)
