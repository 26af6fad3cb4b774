"""Axeptio: `axeptio_cookies`, JSON with yes or no for each of the site's vendors.

The lists in `axeptio_authorized_vendors` do not say whether the visitor has answered, so they are not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import Ids, Platform, Values, boolean_items, parse_json, parse_timestamp, reading, states_from_choices

_NAME = "axeptio_cookies"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_json(value)
        if found and found.get("$$completed") is True:
            choices = [(vendor, flag) for vendor, flag in boolean_items(found) if not vendor.startswith("$$")]
            yield reading(
                "axeptio", _NAME, states_from_choices(choices, ids), chosen_at=parse_timestamp(found.get("$$date"))
            )


AXEPTIO = Platform("axeptio", _read, cookies=(_NAME,), mappable=True)
