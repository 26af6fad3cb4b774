"""TrustArc: the allowed levels, in three cookies, and the model under which the visitor was asked."""

from __future__ import annotations

from consent_middleware.consent import OPTIONAL_CATEGORIES, Category
from consent_middleware.sources.platform import Ids, categories

from .writer import Choice, Writer, WrittenConsent, cookies

#: How the word about the permitted levels ends where some are missing.
_ENDINGS = {"1": " required", "1,2": " functional"}
_IDS: Ids = {"1": categories(Category.FUNCTIONAL, Category.ANALYTICS), "2": categories(Category.MARKETING)}


def _write(choice: Choice) -> WrittenConsent:
    choice.require(*OPTIONAL_CATEGORIES)
    levels = ["0", *sorted(level for level in choice.accepted({**_IDS, **choice.site_ids}) if level in {"1", "2", "3"})]
    # Here the levels are counted from 1.
    permitted = ",".join(str(int(level) + 1) for level in levels)
    return cookies(
        {
            "notice_preferences": f"{levels[-1]}:",
            "notice_gdpr_prefs": f"{','.join(levels)}:",
            "cmapi_cookie_privacy": f"permit {permitted}" + _ENDINGS.get(permitted, ""),
            "notice_behavior": "expressed,eu",
        }
    )


WRITER = Writer("trustarc", {"levels": _write})
