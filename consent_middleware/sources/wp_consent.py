"""The WP Consent API of WordPress: one `wp_consent_…` cookie for each category.

The API calls strictly necessary cookies "functional".
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent

from .platform import Ids, Platform, Values, category_ids, reading, states_from_choices

_PREFIX = "wp_consent_"
_CATEGORIES = ("preferences", "statistics", "marketing")
_BANNER = "cmplz_banner-status"
_COMPLIANZ = (_BANNER, *("cmplz_" + category for category in _CATEGORIES))


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    # Complianz also passes on states that it has set without asking the visitor.
    is_automatic = "dismissed" not in values.get(_BANNER, ()) and any(name in values for name in _COMPLIANZ)
    basis = Basis.IMPLIED if is_automatic else Basis.EXPLICIT
    for category in _CATEGORIES:
        for value in values.get(_PREFIX + category, ()):
            if value in {"allow", "deny"}:
                states = states_from_choices([(category, value == "allow")], ids)
                yield reading("wp-consent-api", _PREFIX + category, states, basis=basis)


WP_CONSENT = Platform(
    "wp-consent-api",
    _read,
    cookies=tuple(_PREFIX + category for category in _CATEGORIES),
    context_cookies=_COMPLIANZ,
    ids=category_ids(preferences=Category.FUNCTIONAL, statistics=Category.ANALYTICS, marketing=Category.MARKETING),
)
