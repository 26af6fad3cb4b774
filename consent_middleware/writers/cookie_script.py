"""Cookie-Script: `CookieScriptConsent`, JSON with the action and, inside a string, a JSON list of categories."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, cookie, encode_component, to_json

_NAME = "CookieScriptConsent"
_IDS = category_ids(
    strict=Category.NECESSARY,
    targeting=Category.MARKETING,
    performance=Category.ANALYTICS,
    functionality=Category.FUNCTIONAL,
)


def _content(choice: Choice) -> str:
    accepted = choice.accepted({**_IDS, **choice.site_ids}) if choice.grants_anything else []
    content = {
        "bannershown": 1,
        "action": "accept" if choice.grants_anything else "reject",
        "consenttime": choice.seconds,
        "categories": to_json([*accepted, "unclassified"] if choice.grants_everything else accepted),
        "key": EXAMPLE_ID,
    }
    return to_json(content)


def _write_raw(choice: Choice) -> WrittenConsent:
    return cookie(_NAME, _content(choice))


def _write_encoded(choice: Choice) -> WrittenConsent:
    return cookie(_NAME, encode_component(_content(choice)))


WRITER = Writer("cookie-script", {"raw": _write_raw, "encoded": _write_encoded})
