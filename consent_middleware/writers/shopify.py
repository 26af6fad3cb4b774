"""Shopify: `_tracking_consent` in the form that records a choice, encoded JSON of version 2.1.

The form after it, in letters, does not tell a choice from a region's default, so no choice can be written in it.
"""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, cookie, encode_json

_IDS = category_ids(a=Category.ANALYTICS, m=Category.MARKETING, p=Category.FUNCTIONAL)


def _write(choice: Choice) -> WrittenConsent:
    flags = choice.flags({**_IDS, **choice.site_ids})
    made = {name: "1" if granted else "0" for name, granted in flags.items()}
    content = {
        # "s" is the sale of data, which is asked about in some states of the US alone.
        "con": {"CMP": {name: made.get(name, "") for name in "amps"}},
        "v": "2.1",
        "region": "DEBE",
        "reg": "GDPR",
        "purposes": {**{name: flags.get(name, False) for name in "pam"}, "t": choice.grants_everything},
        "display_banner": True,
        "sale_of_data_region": False,
        "consent_id": EXAMPLE_ID,
    }
    return cookie("_tracking_consent", encode_json(content))


WRITER = Writer("shopify", {"json": _write})
