"""Orejime: `eu-consent`, encoded JSON with yes or no for each of the site's purposes."""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent, cookie, encode_json


def _write(choice: Choice) -> WrittenConsent:
    return cookie(choice.name("eu-consent"), encode_json(choice.flags(choice.site_ids)))


WRITER = Writer("orejime", {"json": _write})
