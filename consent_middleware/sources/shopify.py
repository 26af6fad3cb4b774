"""Shopify: `_tracking_consent`, letters, or JSON with a choice and the region's defaults, as in `_cmp_a` before it.

Where no choice is recorded, the purposes show what the region's law allows without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent

from .platform import Ids, Platform, Values, boolean_items, category_ids, parse_json, reading, states_from_choices

_NAME = "_tracking_consent"
_OLDER_NAME = "_cmp_a"
#: The present form: a version, a letter for each purpose, upper case where it is allowed, and the region. Nothing in it
#: tells a choice from the region's default.
_PRESENT_FORM = re.compile(r"3\.([ampsAMPS]{1,4})_[A-Z]{2,}_")


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name in (_NAME,) if _NAME in values else (_OLDER_NAME,):
        for value in values.get(name, ()):
            if letters := _PRESENT_FORM.match(value):
                allowed = states_from_choices(((letter.lower(), letter.isupper()) for letter in letters[1]), ids)
                yield reading("shopify", name, allowed, basis=Basis.IMPLIED)
                continue
            found = parse_json(value) or {}
            consent = found.get("con")
            choice = consent.get("CMP") if isinstance(consent, dict) else None
            words = choice.items() if isinstance(choice, dict) else ()
            made = states_from_choices(((key, word == "1") for key, word in words if word in ("0", "1")), ids)
            default = states_from_choices(boolean_items(found.get("purposes")), ids)
            if made:
                yield reading("shopify", name, made)
            elif default:
                yield reading("shopify", name, default, basis=Basis.IMPLIED)


SHOPIFY = Platform(
    "shopify",
    _read,
    cookies=(_NAME, _OLDER_NAME),
    ids=category_ids(p=Category.FUNCTIONAL, a=Category.ANALYTICS, m=Category.MARKETING),
)
