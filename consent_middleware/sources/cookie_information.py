"""Cookie Information: `CookieInformationConsent`, JSON with lists of approved and denied categories."""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent

from .platform import (
    Ids,
    Platform,
    Values,
    category_ids,
    parse_json,
    parse_timestamp,
    reading,
    states_from_choices,
    string_items,
)

_NAME = "CookieInformationConsent"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_json(value) or {}
        choices = [(name, True) for name in string_items(found.get("consents_approved"))]
        choices += [(name, False) for name in string_items(found.get("consents_denied"))]
        if choices:
            stamp = parse_timestamp(found.get("timestamp"))
            yield reading("cookieinformation", _NAME, states_from_choices(choices, ids), chosen_at=stamp)


COOKIE_INFORMATION = Platform(
    "cookieinformation",
    _read,
    cookies=(_NAME,),
    ids=category_ids(
        cookie_cat_functional=Category.FUNCTIONAL,
        cookie_cat_statistic=Category.ANALYTICS,
        cookie_cat_marketing=Category.MARKETING,
    ),
)
