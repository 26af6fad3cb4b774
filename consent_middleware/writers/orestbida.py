"""orestbida/cookieconsent, versions 2 and 3: `cc_cookie`, JSON, encoded in version 3 and raw in version 2."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, cookie, encode_json, number_or_text, to_json

_NAME = "cc_cookie"
_IDS = category_ids(
    necessary=Category.NECESSARY,
    functionality=Category.FUNCTIONAL,
    analytics=Category.ANALYTICS,
    marketing=Category.MARKETING,
)
_DAYS = 182


def _write_version_3(choice: Choice) -> WrittenConsent:
    ids = {**_IDS, **choice.site_ids}
    content: dict[str, object] = {
        "categories": choice.accepted(ids),
        "revision": number_or_text(choice.revision("0")),
        "data": None,
        "consentTimestamp": choice.iso,
        "consentId": EXAMPLE_ID,
        "services": {category: [] for category in ids},
        "languageCode": "en",
        "lastConsentTimestamp": choice.iso,
        "expirationTime": int(choice.end(_DAYS) * 1000),
    }
    return cookie(choice.name(_NAME), encode_json(content), days=_DAYS)


def _write_version_2(choice: Choice) -> WrittenConsent:
    accepted = choice.accepted({**_IDS, **choice.site_ids})
    content = {
        "categories": accepted,
        "level": accepted,
        "revision": number_or_text(choice.revision("0")),
        "data": None,
        "rfc_cookie": False,
        "consent_date": choice.iso,
        "consent_uuid": EXAMPLE_ID,
        "last_consent_update": choice.iso,
    }
    return cookie(choice.name(_NAME), to_json(content), days=_DAYS)


WRITER = Writer("orestbida", {"orestbida-v3": _write_version_3, "orestbida-v2": _write_version_2})
