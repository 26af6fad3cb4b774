"""Cookie-Script: `CookieScriptConsent`, JSON with the visitor's action and a list of categories inside a string.

The JSON may be percent-encoded.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from .platform import (
    Ids,
    Platform,
    Values,
    all_categories,
    category_ids,
    parse_json,
    parse_timestamp,
    reading,
    states_from_accepted,
    string_items,
)

_NAME = "CookieScriptConsent"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_json(value) or {}
        stamp = parse_timestamp(found.get("consenttime"))
        if found.get("action") == "reject":
            yield reading("cookie-script", _NAME, all_categories(State.DENIED), chosen_at=stamp)
        elif found.get("action") == "accept":
            inner = found.get("categories")
            accepted = parse_json(inner, list) if isinstance(inner, str) else inner
            if isinstance(accepted, list):
                yield reading(
                    "cookie-script", _NAME, states_from_accepted(string_items(accepted), ids), chosen_at=stamp
                )


COOKIE_SCRIPT = Platform(
    "cookie-script",
    _read,
    cookies=(_NAME,),
    ids=category_ids(
        functionality=Category.FUNCTIONAL,
        performance=Category.ANALYTICS,
        targeting=Category.MARKETING,
    ),
)
