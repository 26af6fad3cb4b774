"""Didomi: `didomi_token`, base64 of JSON with lists of enabled and disabled purposes and vendors.

The newer `didomi_dcs` contains numbers that only Didomi can name, so it is not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import (
    Ids,
    Platform,
    Values,
    parse_base64_json,
    parse_timestamp,
    reading,
    states_from_choices,
    string_items,
)

_NAME = "didomi_token"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_base64_json(value)
        if found is None:
            continue
        choices: list[tuple[str, bool]] = []
        for group in (found.get("purposes"), found.get("vendors")):
            if isinstance(group, dict):
                choices += [(name, True) for name in string_items(group.get("enabled"))]
                choices += [(name, False) for name in string_items(group.get("disabled"))]
        if choices:
            yield reading(
                "didomi", _NAME, states_from_choices(choices, ids), chosen_at=parse_timestamp(found.get("updated"))
            )


DIDOMI = Platform("didomi", _read, cookies=(_NAME,), mappable=True)
