"""Didomi: `didomi_token`, base64 of JSON with lists of enabled and disabled purposes and vendors.

Knows: that JSON. The newer `didomi_dcs` holds numbers that only Didomi can name.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import Ids, Platform, Values, base64_json_of, chosen, reading, stamp_of, texts_of

_NAME = "didomi_token"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = base64_json_of(value)
        if found is None:
            continue
        choices: list[tuple[str, bool]] = []
        for group in (found.get("purposes"), found.get("vendors")):
            if isinstance(group, dict):
                choices += [(name, True) for name in texts_of(group.get("enabled"))]
                choices += [(name, False) for name in texts_of(group.get("disabled"))]
        if choices:
            yield reading("didomi", _NAME, chosen(choices, ids), stamp=stamp_of(found.get("updated")))


DIDOMI = Platform("didomi", _read, cookies=(_NAME,), mappable=True)
