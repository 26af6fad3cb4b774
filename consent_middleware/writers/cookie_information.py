"""Cookie Information: `CookieInformationConsent`, JSON with lists of approved and denied categories."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, cookie, encode_json

_IDS = category_ids(
    cookie_cat_necessary=Category.NECESSARY,
    cookie_cat_functional=Category.FUNCTIONAL,
    cookie_cat_statistic=Category.ANALYTICS,
    cookie_cat_marketing=Category.MARKETING,
)


def _write(choice: Choice) -> WrittenConsent:
    flags = choice.flags({**_IDS, **choice.site_ids})
    denied = [name for name, granted in flags.items() if not granted]
    content = {
        "website_uuid": EXAMPLE_ID,
        "timestamp": choice.iso,
        "consent_url": "https://example.com/",
        "consent_website": "example.com",
        "consent_domain": "www.example.com",
        "user_uid": EXAMPLE_ID,
        "consents_approved": [name for name, granted in flags.items() if granted],
        "consents_denied": [*denied, "cookie_cat_unclassified"] if denied else [],
        "user_agent": "example",
    }
    return cookie("CookieInformationConsent", encode_json(content))


WRITER = Writer("cookieinformation", {"json": _write})
