"""Cookiebot: `CookieConsent`, a JavaScript literal with its quotes and commas percent-encoded."""

from __future__ import annotations

from consent_middleware.consent import OPTIONAL_CATEGORIES, Category
from consent_middleware.sources.platform import category_ids

from .tcf import tc_string
from .writer import YEAR, Choice, Writer, WrittenConsent, cookie

_IDS = category_ids(
    necessary=Category.NECESSARY,
    preferences=Category.FUNCTIONAL,
    statistics=Category.ANALYTICS,
    marketing=Category.MARKETING,
)
#: 40 bytes of zeros in base64.
_STAMP = "A" * 54 + "=="


def _write(choice: Choice, further: dict[str, str]) -> WrittenConsent:
    choice.require(*OPTIONAL_CATEGORIES)
    flags = choice.flags({**_IDS, **choice.site_ids})
    words = {
        "stamp": f"'{_STAMP}'",
        **{name: "true" if granted else "false" for name, granted in flags.items()},
        "method": "'explicit'",
        "ver": choice.revision("1"),
        "utc": str(choice.milliseconds),
        **{name: f"'{text}'" for name, text in further.items()},
    }
    literal = "{" + ",".join(f"{name}:{word}" for name, word in words.items()) + "}"
    return cookie("CookieConsent", literal.replace("'", "%27").replace(",", "%2C"), days=YEAR)


def _write_with_region(choice: Choice) -> WrittenConsent:
    return _write(choice, {"region": "de"})


def _write_without_region(choice: Choice) -> WrittenConsent:
    return _write(choice, {})


def _write_with_tcf(choice: Choice) -> WrittenConsent:
    return _write(choice, {"iab2": tc_string(choice), "gacm": "2~AA==", "region": "de"})


WRITER = Writer(
    "cookiebot",
    {"with-region": _write_with_region, "without-region": _write_without_region, "with-tcf": _write_with_tcf},
)
