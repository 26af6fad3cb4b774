"""Normalize how URLs are spelled in markup, and strings in scripts, so that a plain search finds a host in them.

Browsers read many spellings as the same host: character references, percent-encoding, tabs and newlines, backslashes,
full-width letters. Scripts escape and concatenate their strings. These functions undo both, as far as a host's name is
concerned; what they return is for searching only.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from consent_middleware.patterns import decimal_codes, hex_codes
from consent_middleware.urls import IGNORED, MAPPED, approximate_uts46

from .charset import decode_text
from .tags import decode_references

HOST_CHARACTERS: Final = string.ascii_letters + string.digits + "-."

# References that running text is full of and that stand for nothing in a host's name.
COMMON_REFERENCES: Final = (
    *("amp", "quot", "lt", "gt", "nbsp", "laquo", "raquo", "lsquo", "rsquo", "ldquo", "rdquo", "mdash", "ndash"),
    *("copy", "reg", "bull", "middot", "times"),
)
# The same by number. Near them in Unicode, and not among them, are spaces and joiners, which a host drops, and leaders,
# which become dots in a host.
COMMON_CHARACTERS: Final = (
    "\"&'"
    "\u2012\u2013\u2014\u2015\u2016"  # dashes, double vertical line
    "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f"  # quotation marks
    "\u2020\u2021\u2022"  # daggers, bullet
)
# Any other reference. In an attribute, a name without ";" that a "=" follows is a query parameter (13.2.5.73).
UNCOMMON_REFERENCE: Final = re.compile(
    (
        rf"&(?!(?:{'|'.join(COMMON_REFERENCES)}|#0?{decimal_codes(COMMON_CHARACTERS)});)"
        r"(?:\#(?:[xX][0-9a-fA-F]++|[0-9]++);?|[a-zA-Z][a-zA-Z0-9]*+(?:;|(?![=a-zA-Z0-9])))"
    ).encode("ascii")
)
# Percent-encoding of a character that a host's name consists of, or of a byte beyond ASCII. Software that writes URLs
# encodes none of the former, so most pages have no match.
PERCENT_ENCODED: Final = re.compile(rf"%(?:{hex_codes(HOST_CHARACTERS)}|[89a-fA-F])".encode("ascii"))
# An escape in a script's string for a character that a URL's scheme, host and slashes consist of.
JS_ESCAPE: Final = re.compile(
    rf"\\(?:u00|x|u\{{0*+)({hex_codes(HOST_CHARACTERS + '/:')})(?:(?<=u00..)|(?<=x..)|(?<=[{{0]..)\}})".encode("ascii")
)
# Between the parts of a string that a script concatenates.
CONCATENATION: Final = re.compile(rb"""(["'`])[\t\n\r ]*+\+[\t\n\r ]*+\1""")

ASCII: Final = bytes(range(0x80))
WHOLE_TEXT: Final = re.compile(rb"(?s:.+)")
NON_ASCII_RUN: Final = re.compile(rb"[\x80-\xff]+")
# What UTS #46 maps although NFKC may leave it alone.
_MAPPED_BESIDES_NFKC: Final = re.compile(f"{IGNORED.pattern}|[{''.join(MAPPED)}]")
# Text is mapped in pieces of this length: NFKC sorts a run of combining marks in quadratic time.
PIECE_LENGTH: Final = 256
# Longest text whose mapping is cached; longer text rarely recurs.
MAX_CACHED_TEXT: Final = 64


def normalize_urls(raw: bytes, encoding: str) -> bytes:
    """Return markup with the hosts of its URLs as a browser reads them.

    Tabs and newlines are removed, references and percent-encoding decoded, backslashes become slashes, and characters
    beyond ASCII are mapped as in host names.
    """
    # References first: a tab or a newline ends one.
    text = UNCOMMON_REFERENCE.sub(lambda found: _decode_reference(found[0]), raw)
    text = text.translate(None, b"\t\n\r")
    text = _map_to_ascii(text, encoding)
    if PERCENT_ENCODED.search(text):
        # Percent-encoding in a host is UTF-8, whatever the encoding of the page.
        text = _map_to_ascii(unquote_to_bytes(text), "utf-8")
    return text.replace(b"\\", b"/")


def _decode_reference(reference: bytes) -> bytes:
    """Return what a reference stands for in a host's name, with `?` for each character that is not ASCII there."""
    return (_decode_reference_cached if len(reference) <= MAX_CACHED_TEXT else _decode_reference_uncached)(reference)


def _decode_reference_uncached(reference: bytes) -> bytes:
    text = decode_references(reference.decode("ascii"))
    return text.encode("ascii") if text.isascii() else _map_uts46(text).decode("utf-8").encode("ascii", "replace")


_decode_reference_cached = lru_cache(maxsize=1024)(_decode_reference_uncached)


def _map_to_ascii(raw: bytes, encoding: str) -> bytes:
    """Return bytes of a page in which every character that a host maps to ASCII is mapped."""
    if raw.isascii():
        return raw
    # In these encodings, no character beyond ASCII has an ASCII byte in it: only runs of the other bytes are decoded.
    has_runs = encoding in {"utf-8", "cp1252"}
    if not _needs_uts46(decode_text(raw.translate(None, ASCII) if has_runs else raw, encoding)):
        return raw
    runs = NON_ASCII_RUN if has_runs else WHOLE_TEXT
    return runs.sub(lambda found: _map_uts46(decode_text(found[0], encoding)), raw)


def _map_uts46(text: str) -> bytes:
    """Return text mapped as in host names, in UTF-8."""
    return (_map_uts46_cached if len(text) <= MAX_CACHED_TEXT else _map_uts46_uncached)(text)


def _map_uts46_uncached(text: str) -> bytes:
    """Map the text piece by piece.

    A cut between two pieces hides nothing: what a character becomes in ASCII does not depend on its neighbors, with
    which it can only compose to a character that is not ASCII.
    """
    return "".join(map(approximate_uts46, _pieces(text))).encode("utf-8", "replace")


_map_uts46_cached = lru_cache(maxsize=1024)(_map_uts46_uncached)


def _needs_uts46(text: str) -> bool:
    """Return whether a host's name maps any of these characters to another."""
    return (
        not all(unicodedata.is_normalized("NFKC", piece) for piece in _pieces(text))
        or _MAPPED_BESIDES_NFKC.search(text) is not None
    )


def _pieces(text: str) -> Iterable[str]:
    """Return the text in pieces of `PIECE_LENGTH`."""
    if len(text) <= PIECE_LENGTH:
        return (text,)
    return (text[at : at + PIECE_LENGTH] for at in range(0, len(text), PIECE_LENGTH))


def fold_strings(text: bytes) -> bytes:
    """Return a script's text with escapes decoded and concatenated strings joined."""
    return CONCATENATION.sub(b"", decode_js_escapes(text)).replace(b"\\/", b"/")


def decode_js_escapes(text: bytes) -> bytes:
    """Return a script's text with the escapes decoded that stand for characters of a URL."""
    if b"\\u" not in text and b"\\x" not in text:
        return text
    # Some frameworks escape every slash of a page's data like this.
    text = text.replace(b"\\u002F", b"/")
    return JS_ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), text)
