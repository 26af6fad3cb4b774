"""Fides: `fides_consent`, encoded JSON with the state of each of the site's notices, and how the choice was made."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, cookie, encode_json

_IDS = category_ids(
    essential=Category.NECESSARY,
    functional=Category.FUNCTIONAL,
    analytics=Category.ANALYTICS,
    marketing=Category.MARKETING,
)


def _write(choice: Choice) -> WrittenConsent:
    refused = "save" if choice.grants_anything else "reject"
    content = {
        "consent": choice.flags({**_IDS, **choice.site_ids}),
        "identity": {"fides_user_device_id": EXAMPLE_ID},
        "fides_meta": {
            "version": "0.9.0",
            "createdAt": choice.iso,
            "updatedAt": choice.iso,
            "consentMethod": "accept" if choice.grants_everything else refused,
        },
        "tcf_consent": {},
    }
    return cookie("fides_consent", encode_json(content))


WRITER = Writer("fides", {"json": _write})
