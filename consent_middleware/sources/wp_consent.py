"""The WP Consent API of WordPress: one `wp_consent_…` cookie for each category.

Knows: these cookies, and that the API says "functional" for strictly necessary.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent

from .platform import Ids, Platform, Values, chosen, meaning, reading

_PREFIX = "wp_consent_"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            if value in {"allow", "deny"}:
                states = chosen([(name.removeprefix(_PREFIX), value == "allow")], ids)
                yield reading("wp-consent-api", name, states)


WP_CONSENT = Platform(
    "wp-consent-api",
    _read,
    cookies=tuple(_PREFIX + name for name in ("preferences", "statistics", "marketing")),
    ids=meaning(preferences=Category.FUNCTIONAL, statistics=Category.ANALYTICS, marketing=Category.MARKETING),
)
