"""The text of inline scripts: where it ends, and what a browser runs of it.

A script of HTML is raw text with escaped states. A script of SVG or XML is ordinary content: tags, comments and CDATA
sections in it are markup, and other scripts may be nested in it.
"""

from __future__ import annotations

import re
from typing import Final

from . import grammar
from .tags import StartTag, decode_references

MAX_OPEN_ELEMENTS: Final = 256
"""How many open elements of a script are followed. Deeper content counts as if it were directly in the script."""


def foreign_text(raw: bytes, *, xml: bool) -> bytes:
    """Return the text of a script of SVG or XML: its own text nodes, with their references decoded.

    Args:
        raw: the content between the start tag and the end tag.
        xml: whether the document is XML.
    """
    text: list[bytes] = []
    open_elements: list[bytes] = []
    at = 0
    for found in (grammar.XML_IN_SCRIPT if xml else grammar.SVG_IN_SCRIPT).finditer(raw):
        if found["unfinished"]:
            continue
        if not open_elements:
            text += [_decode_all(raw[at : found.start()], xml=xml), found["data"] or b""]
        at = found.end()
        if found["name"]:
            _follow_tag(found, open_elements, xml=xml)
    if not open_elements:
        text.append(_decode_all(raw[at:], xml=xml))
    return b"".join(text)


def scripts_within(source: bytes, at: int, stop: int, *, xml: bool) -> tuple[dict[int, bytes], int]:
    """Read a script of SVG or XML that has other scripts nested in it.

    Args:
        source: the document.
        at: where the content of the outer script begins.
        stop: where to stop looking.
        xml: whether the document is XML.

    Returns:
        The text of each script by the offset at which its content begins, and the offset of the end tag of the outer
        script, or -1 if that is not before `stop`.
    """
    texts: dict[int, bytes] = {}
    scripts: list[tuple[int, list[bytes]]] = [(at, [])]
    for found in (grammar.XML_IN_SCRIPT if xml else grammar.SVG_IN_SCRIPT).finditer(source, at, stop):
        if found["unfinished"]:
            break
        name = found["name"] or b""
        if (name.rpartition(b":")[2] if xml else name.lower()) != b"script":
            continue
        scripts[-1][1].append(source[at : found.start()])
        at = found.end()
        if found["end"]:
            begin, parts = scripts.pop()
            texts[begin] = foreign_text(b"".join(parts), xml=xml)
            if not scripts:
                return texts, found.start()
        elif found[0][-2:] != b"/>" or not StartTag(b"script", found[0], xml=xml).self_closing:
            scripts.append((at, []))
    return texts, -1


def _follow_tag(found: re.Match[bytes], open_elements: list[bytes], *, xml: bool) -> None:
    """Update the open elements of a script for one tag."""
    name = found["name"] if xml else found["name"].lower()
    if not found["end"]:
        closed = found[0][-2:] == b"/>" and StartTag(name, found[0], xml=xml).self_closing
        if not closed and len(open_elements) < MAX_OPEN_ELEMENTS:
            open_elements.append(name)
    elif name in open_elements:
        while open_elements.pop() != name:
            pass


def _decode_all(text: bytes, *, xml: bool) -> bytes:
    """Return the text with its character references decoded."""
    return decode_references(text.decode("latin-1"), xml=xml).encode("latin-1", "replace")


def next_escape_state(found: re.Match[bytes], escape: int) -> tuple[int, int] | None:
    """Follow one event in the text of an HTML script (13.2.5.15 to .31).

    Args:
        found: the match of `grammar.SCRIPT_EVENT` for the state.
        escape: the state: 0 script data, 1 escaped, 2 double escaped.

    Returns:
        Where to read on and the next state, or None if the event is the script's end tag.
    """
    event = found[0]
    if event == b"<!--":
        return found.start() + 2, 1  # the dashes may be those of "-->"
    if event == b"-->":
        return found.end(), 0
    if escape == 2:
        return found.end(), 1
    return None if event[1:2] == b"/" else (found.end(), 2)


def script_end(source: bytes, at: int, limit: int) -> int:
    """Return where the end tag of the HTML script begins whose text begins at `at`, or -1 if not before `limit`."""
    escape = 0
    while found := grammar.SCRIPT_EVENT[escape].search(source, at, limit):
        if (after := next_escape_state(found, escape)) is None:
            return found.start()
        at, escape = after
    return -1
