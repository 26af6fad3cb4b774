"""CookieFirst: `cookiefirst-consent`, JSON with yes or no for each category.

Knows: that JSON, raw or encoded.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent

from .platform import Ids, Platform, Values, chosen, flags_of, json_of, meaning, reading, stamp_of

_NAME = "cookiefirst-consent"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = json_of(value) or {}
        flags = flags_of(found)
        if any(name == "necessary" for name, _ in flags) and (states := chosen(flags, ids)):
            stamp = stamp_of(found.get("timestamp"))
            yield reading("cookiefirst", _NAME, states, stamp=stamp, revision=found.get("version"))


COOKIEFIRST = Platform(
    "cookiefirst",
    _read,
    cookies=(_NAME,),
    ids=meaning(
        functional=Category.FUNCTIONAL,
        performance=Category.ANALYTICS,
        advertising=Category.MARKETING,
    ),
)
