"""iubenda: `_iub_cs-NUMBER`, JSON with purposes by number, or with one yes or no."""

from __future__ import annotations

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, cookie, encode_json

#: An example of a site's number.
_SITE = 12345678
#: The third purpose, experience, stands for no category by itself; here it goes with the second.
_IDS = category_ids(
    **{
        "1": Category.NECESSARY,
        "2": Category.FUNCTIONAL,
        "3": Category.FUNCTIONAL,
        "4": Category.ANALYTICS,
        "5": Category.MARKETING,
    }
)


def _write_purposes(choice: Choice) -> WrittenConsent:
    return _write(choice, {"purposes": choice.flags({**_IDS, **choice.site_ids})})


def _write_consent(choice: Choice) -> WrittenConsent:
    return _write(choice, {"consent": choice.grants_everything})


def _write(choice: Choice, answer: dict[str, object]) -> WrittenConsent:
    content = {"timestamp": choice.iso, "version": "1.75.1", **answer, "id": _SITE, "cons": {"rand": "000000"}}
    return cookie(f"_iub_cs-{_SITE}", encode_json(content))


WRITER = Writer("iubenda", {"purposes": _write_purposes, "consent": _write_consent})
