"""WPConsent: `wpconsent_preferences`, raw JSON with yes or no for each category, and for services.

The plugin has no category for functional cookies. A site can map a service to it.
"""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, cookie, to_json

_IDS = category_ids(essential=Category.NECESSARY, statistics=Category.ANALYTICS, marketing=Category.MARKETING)


def _write(choice: Choice) -> WrittenConsent:
    choice.require(Category.ANALYTICS, Category.MARKETING)
    return cookie("wpconsent_preferences", to_json(choice.flags({**_IDS, **choice.site_ids})))


WRITER = Writer("wpconsent", {"json": _write})
