"""iubenda: `_iub_cs-NUMBER`, JSON with purposes by number, or one yes or no."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from .platform import (
    Ids,
    Platform,
    Values,
    all_categories,
    boolean_items,
    category_ids,
    parse_json,
    parse_timestamp,
    reading,
    states_from_choices,
)


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            found = parse_json(value)
            if found is None:
                continue
            stamp = parse_timestamp(found.get("timestamp"))
            purposes = boolean_items(found.get("purposes"))
            if purposes:
                yield reading("iubenda", name, states_from_choices(purposes, ids), chosen_at=stamp)
            elif isinstance(found.get("consent"), bool) and "purposes" not in found:
                state = State.GRANTED if found["consent"] else State.DENIED
                yield reading("iubenda", name, all_categories(state), chosen_at=stamp)


IUBENDA = Platform(
    "iubenda",
    _read,
    prefixes=("_iub_cs-",),
    prefixed_names=re.compile(r"_iub_cs-s?[0-9]+"),
    ids=category_ids(
        **{
            "1": Category.NECESSARY,
            "2": Category.FUNCTIONAL,
            "4": Category.ANALYTICS,
            "5": Category.MARKETING,
        }
    ),
    mappable=True,
)
