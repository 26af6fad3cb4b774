"""CookieHub: `cookiehub`, base64 of JSON with the visitor's answer and the categories.

The list of categories is empty when all or none are allowed. Otherwise it contains the numbers of the allowed ones, or
each category with its id and value. Before an answer it contains the region's default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from consent_middleware.consent import Basis, Category, Consent, State

from .platform import (
    Ids,
    Platform,
    Values,
    all_categories,
    boolean_items,
    category_ids,
    parse_base64_json,
    parse_json,
    parse_timestamp,
    reading,
    states_from_accepted,
    states_from_choices,
)

_NAME = "cookiehub"
#: The numbers of the optional categories; 1 is the necessary one.
_NUMBERS = {2: "preferences", 3: "analytics", 4: "marketing"}


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_base64_json(value) or parse_json(value) or {}
        states = _states(found, ids)
        if states:
            answered = found.get("answered") is True and found.get("implicit") is not True
            basis = Basis.EXPLICIT if answered else Basis.IMPLIED
            stamp = parse_timestamp(found.get("timestamp"))
            yield reading("cookiehub", _NAME, states, basis=basis, chosen_at=stamp, revision=found.get("revision"))


def _states(found: Mapping[str, Any], ids: Ids) -> Mapping[Category, State]:
    given, every_one = found.get("categories"), found.get("allAllowed")
    if not isinstance(given, list):
        return {}
    named = [item for item in given if isinstance(item, dict)]
    if named:
        flags = [(str(item.get("id")), item.get("value")) for item in named]
        return states_from_choices(boolean_items(dict(flags)), ids)
    if isinstance(every_one, bool) and not given:
        return all_categories(State.GRANTED if every_one else State.DENIED)
    return (
        states_from_accepted((_NUMBERS.get(number, "") for number in given if isinstance(number, int)), ids)
        if given
        else {}
    )


COOKIEHUB = Platform(
    "cookiehub",
    _read,
    cookies=(_NAME,),
    ids=category_ids(preferences=Category.FUNCTIONAL, analytics=Category.ANALYTICS, marketing=Category.MARKETING),
    mappable=True,
)
