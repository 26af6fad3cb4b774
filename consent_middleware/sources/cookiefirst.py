"""CookieFirst: `cookiefirst-consent`, JSON with yes or no for each category.

The JSON may be percent-encoded.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent

from .platform import (
    Ids,
    Platform,
    Values,
    boolean_items,
    category_ids,
    parse_json,
    parse_timestamp,
    reading,
    states_from_choices,
)

_NAME = "cookiefirst-consent"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_json(value) or {}
        flags = boolean_items(found)
        if any(name == "necessary" for name, _ in flags) and (states := states_from_choices(flags, ids)):
            stamp = parse_timestamp(found.get("timestamp"))
            yield reading("cookiefirst", _NAME, states, chosen_at=stamp, revision=found.get("version"))


COOKIEFIRST = Platform(
    "cookiefirst",
    _read,
    cookies=(_NAME,),
    ids=category_ids(
        functional=Category.FUNCTIONAL,
        performance=Category.ANALYTICS,
        advertising=Category.MARKETING,
    ),
)
