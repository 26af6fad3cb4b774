"""Klaro: `klaro`, encoded JSON with yes or no for each of the site's services."""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent, cookie, encode_json


def _write(choice: Choice) -> WrittenConsent:
    return cookie(choice.name("klaro"), encode_json(choice.flags(choice.site_ids)), days=120)


WRITER = Writer("klaro", {"json": _write})
