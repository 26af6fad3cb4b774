"""The WP Consent API of WordPress: one `wp_consent_…` cookie for each category."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, cookies

#: The API calls strictly necessary cookies "functional".
_IDS = category_ids(
    functional=Category.NECESSARY,
    preferences=Category.FUNCTIONAL,
    statistics=Category.ANALYTICS,
    marketing=Category.MARKETING,
)


def _write(choice: Choice) -> WrittenConsent:
    flags = choice.flags({**_IDS, **choice.site_ids})
    return cookies({f"wp_consent_{name}": "allow" if granted else "deny" for name, granted in flags.items()}, days=30)


WRITER = Writer("wp-consent-api", {"cookies": _write})
