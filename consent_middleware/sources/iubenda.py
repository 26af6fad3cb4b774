"""iubenda: `_iub_cs-NUMBER`, JSON with purposes by number, or one yes or no.

Knows: that JSON, and the names beside it that are no consent.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from .platform import Ids, Platform, Values, chosen, every, flags_of, json_of, meaning, reading, stamp_of


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            found = json_of(value)
            if found is None:
                continue
            stamp = stamp_of(found.get("timestamp"))
            purposes = flags_of(found.get("purposes"))
            if purposes:
                yield reading("iubenda", name, chosen(purposes, ids), stamp=stamp)
            elif isinstance(found.get("consent"), bool) and "purposes" not in found:
                state = State.GRANTED if found["consent"] else State.DENIED
                yield reading("iubenda", name, every(state), stamp=stamp)


IUBENDA = Platform(
    "iubenda",
    _read,
    prefixes=("_iub_cs-",),
    names=re.compile(r"_iub_cs-s?[0-9]+"),
    ids=meaning(
        **{
            "1": Category.NECESSARY,
            "2": Category.FUNCTIONAL,
            "4": Category.ANALYTICS,
            "5": Category.MARKETING,
        }
    ),
    mappable=True,
)
