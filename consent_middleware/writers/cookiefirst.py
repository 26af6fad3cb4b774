"""CookieFirst: `cookiefirst-consent`, JSON with yes or no for each category, encoded or raw."""

from __future__ import annotations

from consent_middleware.consent import OPTIONAL_CATEGORIES, Category
from consent_middleware.sources.platform import category_ids

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, cookie, encode_json, to_json

_NAME = "cookiefirst-consent"
_IDS = category_ids(
    necessary=Category.NECESSARY,
    performance=Category.ANALYTICS,
    functional=Category.FUNCTIONAL,
    advertising=Category.MARKETING,
)


def _content(choice: Choice, timestamp: object) -> dict[str, object]:
    choice.require(*OPTIONAL_CATEGORIES)
    flags = choice.flags({**_IDS, **choice.site_ids})
    return {**flags, "timestamp": timestamp, "type": "category", "version": choice.revision(EXAMPLE_ID)}


def _write_encoded(choice: Choice) -> WrittenConsent:
    return cookie(_NAME, encode_json(_content(choice, choice.seconds)))


def _write_raw(choice: Choice) -> WrittenConsent:
    return cookie(_NAME, to_json(_content(choice, choice.iso)))


WRITER = Writer("cookiefirst", {"encoded": _write_encoded, "raw": _write_raw})
