"""Didomi: `didomi_token`, base64 of JSON with lists of enabled and disabled purposes and vendors."""

from __future__ import annotations

from collections.abc import Mapping

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, base64_json, cookie

#: How the ids of a site's own vendors begin.
_VENDOR = "c:"


def _write(choice: Choice) -> WrittenConsent:
    flags = choice.flags(choice.site_ids)
    content = {
        "user_id": EXAMPLE_ID,
        "created": choice.iso,
        "updated": choice.iso,
        "version": 2,
        "purposes": _lists({id_: flag for id_, flag in flags.items() if not id_.startswith(_VENDOR)}),
        "vendors": _lists({id_: flag for id_, flag in flags.items() if id_.startswith(_VENDOR)}),
    }
    return cookie("didomi_token", base64_json({name: value for name, value in content.items() if value}))


def _lists(flags: Mapping[str, bool]) -> dict[str, list[str]]:
    """Return the ids by answer. A list with nothing in it is left out."""
    lists = {"enabled": [id_ for id_ in flags if flags[id_]], "disabled": [id_ for id_ in flags if not flags[id_]]}
    return {name: ids for name, ids in lists.items() if ids}


WRITER = Writer("didomi", {"json": _write})
