"""Find which addresses the markup in a script's strings would load. The markup may be cut anywhere.

`read` reads one string, from the state in which the previous string ended. So `'<img src="' + u + '">'` is read in
three steps, and the state before `u` says that it is in an attribute whose address a browser loads (HTML, section
13.2.5).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple


class Place(Enum):
    """A place in markup: text, a tag, the value of an attribute that loads nothing or something, or a script."""

    TEXT = "text"
    TAG = "tag"
    INERT = "inert"
    LOADED = "loaded"
    SCRIPT = "script"


class MarkupState(NamedTuple):
    """A place, and what is needed to read on from there: the tag's name, and the quotation mark that ends the value."""

    place: Place
    tag: str = ""
    quote: str = ""


START: Final = MarkupState(Place.TEXT)

#: Attributes whose value a browser loads or runs, at once or when another tool has moved it (`data-src`).
LOADING_ATTRIBUTES: Final = re.compile(r"[\w-]*src(?:set|doc)?|(?:[\w-]*[:-])?href|data|on\w+", re.IGNORECASE)
#: Elements whose address is only followed when a visitor clicks.
_LINKS: Final = frozenset({"a", "area"})

_TAG: Final = re.compile(r"<(/?[a-zA-Z][^\s/>]*+)")
_SCRIPT_END: Final = re.compile("</script", re.IGNORECASE)
_TAG_PART: Final = re.compile(r"""[\s/]*+(?:(>)|([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(["'])?+())?+)""")
_VALUE_ENDS: Final = {'"': re.compile('"'), "'": re.compile("'"), "": re.compile(r"\s|(?=>)")}


def read(text: str, state: MarkupState = START) -> tuple[list[str], MarkupState]:
    """Return the values of loading attributes and the scripts in a text, and the state after it."""
    found: list[str] = []
    place, tag, quote = state
    at = 0
    while at < len(text):
        if place is Place.TEXT:
            at = text.find("<", at)
            if at < 0:
                break
            opening = _TAG.match(text, at)
            if opening is None:
                at += 1
                continue
            at, tag, place = opening.end(), opening[1].lower(), Place.TAG
        elif place is Place.TAG:
            part = _TAG_PART.match(text, at)
            if part is None:
                break
            at = part.end()
            if part[1]:
                place = Place.SCRIPT if tag == "script" else Place.TEXT
            elif part[4] is not None:
                place, quote = Place.LOADED if _is_loaded(tag, part[2]) else Place.INERT, part[3] or ""
        elif place is Place.SCRIPT:
            end = _SCRIPT_END.search(text, at)
            found.append(text[at : end.start() if end else None])
            at, place = (end.start(), Place.TEXT) if end else (len(text), place)
        else:
            ends = _VALUE_ENDS[quote].search(text, at)
            if place is Place.LOADED:
                found.append(text[at : ends.start() if ends else None])
            at = ends.end() if ends else len(text)
            place, quote = (Place.TAG, "") if ends else (place, quote)
    return found, MarkupState(place, tag, quote)


def _is_loaded(tag: str, attribute: str) -> bool:
    attribute = attribute.lower()
    if attribute.endswith("href") and tag in _LINKS:
        return False
    return LOADING_ATTRIBUTES.fullmatch(attribute) is not None
