"""TrustArc: levels in `notice_preferences`, `notice_gdpr_prefs` and `cmapi_cookie_privacy`.

On a site with a fourth level the others have another meaning, which only the site can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from consent_middleware.consent import Basis, Category, Consent, State

from .platform import Ids, Platform, Values, categories, decodings, reading, states_from_choices

_HIGHEST = "notice_preferences"
_LEVELS = "notice_gdpr_prefs"
_PERMIT = "cmapi_cookie_privacy"
#: `implied,us` or `expressed,eu`: whether the levels are there before a choice.
_BEHAVIOR = "notice_behavior"

#: The part after the colon may be a hash.
_HIGHEST_SHAPE = re.compile(r"([0-3]):[^:]*")
_LEVELS_SHAPE = re.compile(r"([0-3](?:,[0-3])*):[^:]*")
#: Here the levels are counted from 1: `permit 1,2,3`, or `permit 1,2 functional`. `permit 1 required` is a no to the
#: others.
_PERMIT_SHAPE = re.compile(r"permit[ _+]([1-4](?:[,_][1-4])*)(?:[ _+][a-z]+)?")


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    implied = any(text.startswith("implied") for value in values.get(_BEHAVIOR, ()) for text in decodings(value))
    for name, levels_of in _READERS.items():
        for value in values.get(name, ()):
            levels = next((found for form in decodings(value) if (found := levels_of(form))), None)
            if levels:
                yield from _readings(name, _states(levels, ids), implied=implied)


def _readings(name: str, states: Mapping[Category, State], *, implied: bool) -> Iterator[Consent]:
    """Yield the readings. Where everything is allowed until the visitor objects, only the objection is explicit."""
    whole = reading("trustarc", name, states)
    if not implied:
        yield whole
        return
    yield whole.restricted_to(State.DENIED)
    yield reading("trustarc", name, states, basis=Basis.IMPLIED).restricted_to(State.GRANTED)


def _highest(text: str) -> set[int] | None:
    match = _HIGHEST_SHAPE.fullmatch(text)
    return set(range(int(match[1]) + 1)) if match else None


def _levels(text: str) -> set[int] | None:
    match = _LEVELS_SHAPE.fullmatch(text)
    return {int(level) for level in match[1].split(",")} if match else None


def _permitted(text: str) -> set[int] | None:
    match = _PERMIT_SHAPE.fullmatch(text)
    return {int(level) - 1 for level in re.split("[,_]", match[1])} if match else None


_READERS = {_HIGHEST: _highest, _LEVELS: _levels, _PERMIT: _permitted}


def _states(levels: set[int], ids: Ids) -> dict[Category, State]:
    if 3 in levels and "3" not in ids:
        return {}
    known = [level for level in range(1, 4) if str(level) in ids]
    return states_from_choices(((str(level), level in levels) for level in known), ids)


TRUSTARC = Platform(
    "trustarc",
    _read,
    cookies=(_HIGHEST, _LEVELS, _PERMIT, _BEHAVIOR),
    ids=MappingProxyType(
        {"1": categories(Category.FUNCTIONAL, Category.ANALYTICS), "2": categories(Category.MARKETING)}
    ),
    mappable=True,
)
