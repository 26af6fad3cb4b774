"""Wagtail Tag Manager: `wtm`, percent-encoded base64 of JSON with the state of each type of tag, and two times."""

from __future__ import annotations

from urllib.parse import quote

from consent_middleware.consent import Category
from consent_middleware.sources.platform import category_ids

from .writer import Choice, Writer, WrittenConsent, base64_json, cookie

_IDS = category_ids(
    necessary=Category.NECESSARY,
    preferences=Category.FUNCTIONAL,
    statistics=Category.ANALYTICS,
    marketing=Category.MARKETING,
)


def _write(choice: Choice) -> WrittenConsent:
    ids = {**_IDS, **choice.site_ids}
    flags = choice.flags(ids)
    words = {True: "true", False: "false", None: "unset"}
    content = {
        "meta": {"refresh_timestamp": choice.now, "set_timestamp": choice.now},
        "state": {name: words[flags.get(name)] for name in ids},
    }
    return cookie("wtm", quote(base64_json(content)))


WRITER = Writer("wagtail-tag-manager", {"json": _write})
