"""Cookie Information: `CookieInformationConsent`, JSON with lists of approved and denied categories.

Knows: that JSON.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent

from .platform import Ids, Platform, Values, chosen, json_of, meaning, reading, stamp_of, texts_of

_NAME = "CookieInformationConsent"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = json_of(value) or {}
        choices = [(name, True) for name in texts_of(found.get("consents_approved"))]
        choices += [(name, False) for name in texts_of(found.get("consents_denied"))]
        if choices:
            stamp = stamp_of(found.get("timestamp"))
            yield reading("cookieinformation", _NAME, chosen(choices, ids), stamp=stamp)


COOKIE_INFORMATION = Platform(
    "cookieinformation",
    _read,
    cookies=(_NAME,),
    ids=meaning(
        cookie_cat_functional=Category.FUNCTIONAL,
        cookie_cat_statistic=Category.ANALYTICS,
        cookie_cat_marketing=Category.MARKETING,
    ),
)
