"""Shopify: `_tracking_consent`, and its forerunner `_cmp_a`, JSON with a choice and the region's defaults.

Knows: that JSON. Where no choice is recorded, the purposes are what the region's law allows without one.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent

from .platform import Ids, Platform, Values, chosen, flags_of, json_of, meaning, reading

_NAME = "_tracking_consent"
_OLDER = "_cmp_a"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name in (_NAME,) if _NAME in values else (_OLDER,):
        for value in values.get(name, ()):
            found = json_of(value) or {}
            consent = found.get("con")
            choice = consent.get("CMP") if isinstance(consent, dict) else None
            words = choice.items() if isinstance(choice, dict) else ()
            made = chosen(((key, word == "1") for key, word in words if word in ("0", "1")), ids)
            default = chosen(flags_of(found.get("purposes")), ids)
            if made:
                yield reading("shopify", name, made)
            elif default:
                yield reading("shopify", name, default, basis=Basis.IMPLIED)


SHOPIFY = Platform(
    "shopify",
    _read,
    cookies=(_NAME, _OLDER),
    ids=meaning(p=Category.FUNCTIONAL, a=Category.ANALYTICS, m=Category.MARKETING),
)
