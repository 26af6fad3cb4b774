"""Moove GDPR for WordPress: `moove_gdpr_popup`, JSON with "0" or "1" for three groups.

Only the site can tell what it has put into the two optional groups.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import Ids, Platform, Values, parse_json, reading, states_from_choices

_NAME = "moove_gdpr_popup"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_json(value) or {}
        if "strict" in found:
            choices = [(group, str(word) == "1") for group, word in found.items() if str(word) in {"0", "1"}]
            yield reading("moove", _NAME, states_from_choices(choices, ids))


MOOVE = Platform("moove", _read, cookies=(_NAME,), mappable=True)
