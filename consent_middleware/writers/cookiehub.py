"""CookieHub: `cookiehub`, base64 of JSON with the allowed categories by number, or with every category by id."""

from __future__ import annotations

from consent_middleware.consent import OPTIONAL_CATEGORIES, Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, base64_json, cookie, number_or_text

_NAME = "cookiehub"
_IDS = category_ids(
    necessary=Category.NECESSARY,
    preferences=Category.FUNCTIONAL,
    analytics=Category.ANALYTICS,
    marketing=Category.MARKETING,
)
_NUMBERS = {name: number for number, name in enumerate(_IDS, 1)}


def _write_numbers(choice: Choice) -> WrittenConsent:
    choice.require(*OPTIONAL_CATEGORIES)
    mixed = choice.grants_anything and not choice.grants_everything
    content = {
        "answered": True,
        "revision": number_or_text(choice.revision("1")),
        "dnt": False,
        "allowSale": True,
        "implict": False,  # so spelled
        "region": "",
        "token": "",
        "timestamp": choice.iso,
        "allAllowed": choice.grants_everything,
        "categories": [_NUMBERS[name] for name in choice.accepted(_IDS)] if mixed else [],
        "vendors": [],
        "services": [],
    }
    return cookie(_NAME, base64_json(content))


def _write_ids(choice: Choice) -> WrittenConsent:
    flags = choice.flags({**_IDS, **choice.site_ids})
    numbers = _NUMBERS | {name: number for number, name in enumerate(choice.site_ids, len(_NUMBERS) + 1)}
    content = {
        "answered": True,
        "preconsent": False,
        "revision": number_or_text(choice.revision("1")),
        "dnt": False,
        "cookieLaws": True,
        "token": "",
        "timestamp": choice.iso,
        "categories": [
            {"cid": numbers[name], "id": name, "value": granted, "preconsent": False, "fired": granted}
            for name, granted in flags.items()
        ],
    }
    return cookie(_NAME, base64_json(content))


WRITER = Writer("cookiehub", {"numbers": _write_numbers, "ids": _write_ids})
