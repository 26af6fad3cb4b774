"""Cookie-Script: `CookieScriptConsent`, JSON with the visitor's action and a list of categories inside a string.

Knows: that JSON, raw or encoded.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from .platform import Ids, Platform, Values, every, json_of, listed, meaning, reading, stamp_of, texts_of

_NAME = "CookieScriptConsent"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = json_of(value) or {}
        stamp = stamp_of(found.get("consenttime"))
        if found.get("action") == "reject":
            yield reading("cookie-script", _NAME, every(State.DENIED), stamp=stamp)
        elif found.get("action") == "accept":
            inner = found.get("categories")
            accepted = json_of(inner, list) if isinstance(inner, str) else inner
            if isinstance(accepted, list):
                yield reading("cookie-script", _NAME, listed(texts_of(accepted), ids), stamp=stamp)


COOKIE_SCRIPT = Platform(
    "cookie-script",
    _read,
    cookies=(_NAME,),
    ids=meaning(
        functionality=Category.FUNCTIONAL,
        performance=Category.ANALYTICS,
        targeting=Category.MARKETING,
    ),
)
