"""Moove GDPR for WordPress: `moove_gdpr_popup`, encoded JSON with "0" or "1" for three groups."""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent, cookie, encode_json

#: The two groups whose meaning is up to the site.
_GROUPS = ("thirdparty", "advanced")


def _write(choice: Choice) -> WrittenConsent:
    flags = choice.flags(choice.site_ids)
    groups = {group: "1" if flags.get(group) else "0" for group in _GROUPS}
    return cookie("moove_gdpr_popup", encode_json({"strict": "1", **groups}))


WRITER = Writer("moove", {"json": _write})
