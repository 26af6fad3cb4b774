"""HubSpot's own cookie banner, with categories or without."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, cookie

_IDS = category_ids(**{"1": Category.ANALYTICS, "2": Category.MARKETING, "3": Category.FUNCTIONAL})
_DAYS = 180


def _write_categories(choice: Choice) -> WrittenConsent:
    flags = choice.flags({**_IDS, **choice.site_ids})
    value = "_".join(f"{number}:{'true' if granted else 'false'}" for number, granted in flags.items())
    return cookie("__hs_cookie_cat_pref", value, days=_DAYS)


def _write_opt_out(choice: Choice) -> WrittenConsent:
    return cookie("__hs_opt_out", "no" if choice.grants_everything else "yes", days=_DAYS)


def _write_do_not_track(_: Choice) -> WrittenConsent:
    return cookie("__hs_do_not_track", "yes", days=_DAYS)


WRITER = Writer(
    "hubspot", {"categories": _write_categories, "opt-out": _write_opt_out, "do-not-track": _write_do_not_track}
)
