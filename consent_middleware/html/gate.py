"""The gate: whether a document, or one tag, can hold what is looked for, however it is written.

Knows that a needle may hide behind character references, percent-encoding, tabs and newlines inside a URL and
characters that a browser maps to ASCII. Knows nothing of the state in which a tag stands: what the gate lets through
is only worth reading, what it keeps out is certain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from . import grammar
from .tokens import decode_references

# A reference that may stand for something in a URL's host: not the usual ones of running text, and no query parameter.
REFERENCE: Final = re.compile(
    rb"&(?!(?:amp|quot|lt|gt|nbsp|[lr]aquo|[lr][sd]quo|[mn]dash|copy|reg|bull|middot|times|#0?3[489]|#82[0-9]{2});)"
    rb"(?:\#(?:[xX][0-9a-fA-F]++|[0-9]++);?|[a-zA-Z][a-zA-Z0-9]*+(?:;|(?![=a-zA-Z0-9])))"
)
# A percent-encoded letter, digit, "-" or ".", which nothing that writes URLs encodes, or a byte beyond ASCII.
ENCODED: Final = re.compile(rb"%(?:2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|[89a-fA-F])")
ASCII: Final = bytes(range(0x80))
# What brings more than its own bytes into play: an address for all that follows, or a document of its own.
BASE: Final = re.compile(rb"<(?:[^\t\n\f\r />:]*+:)?[bB]")
IFRAME: Final = re.compile(rb"<(?:[^\t\n\f\r />:]*+:)?[iI][fF]")
EVERYTHING: Final = re.compile(rb"(?s:.+)")
BEYOND: Final = re.compile(rb"[\x80-\xff]+")
IGNORED: Final = re.compile("[\u00ad\u034f\u180b-\u180d\u180f\u200b-\u200d\u2060\u2064\ufe00-\ufe0f\ufeff]")
DOTS: Final = re.compile("[\u3002\uff0e\uff61]")


@lru_cache(maxsize=32)
def candidates(elements: frozenset[bytes], *, xml: bool) -> re.Pattern[bytes]:
    """Give the pattern of everything that may be a start tag of ``elements``, up to its end as far as it is there.

    The first two letters are tested before the alternatives, because most tags end there. In XML, a name may have a
    prefix.
    """
    words = sorted(word.decode("ascii") for word in elements)
    if xml:
        return grammar.pattern(rf"<(?:{grammar.XML_PREFIX}:)?{grammar.name(*words)}{grammar.ATTRIBUTES}")
    first, second = (
        "".join(sorted({c for word in words for c in (word[at].lower(), word[at].upper())})) for at in (0, 1)
    )
    return grammar.pattern(
        rf"<[{first}][{second}](?<=<(?:{'|'.join(sorted({_either_case(word[:2]) for word in words}))}))"
        rf"(?:{'|'.join(sorted({_either_case(word[2:]) for word in words}))})(?={grammar.NAME_END})"
        rf"(?:{grammar.QUOTED_ONLY}|{grammar.ATTRIBUTES})"
    )


def _either_case(letters: str) -> str:
    """Spell a part of a name in either case."""
    return "".join(f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else letter for letter in letters)


def unveiled(raw: bytes, encoding: str) -> bytes:
    """Give ``raw`` as a browser would read its URLs.

    Tabs and newlines are gone, references and percent-encoding decoded, backslashes are slashes, and characters beyond
    ASCII are mapped as in host names.
    """
    seen = raw.translate(None, b"\t\n\r")
    if REFERENCE.search(seen):
        seen = REFERENCE.sub(lambda found: _referred(found[0]), seen).translate(None, b"\t\n\r")
    seen = _in_ascii(seen, encoding)
    if ENCODED.search(seen):
        # What is percent-encoded in a host name is UTF-8, whatever the page is in.
        seen = _in_ascii(unquote_to_bytes(seen), "utf-8")
    return seen.replace(b"\\", b"/")


@lru_cache(maxsize=1024)
def _referred(reference: bytes) -> bytes:
    """Give what a reference stands for in a host name; what is not ASCII there is no part of a needle."""
    text = decode_references(reference.decode("ascii"))
    return text.encode("ascii") if text.isascii() else _mapped(text).decode("utf-8").encode("ascii", "replace")


def _in_ascii(seen: bytes, encoding: str) -> bytes:
    """Give the bytes with all characters mapped that a host name maps to ASCII."""
    if seen.isascii() or not _maps(seen.translate(None, ASCII).decode(encoding, "replace")):
        return seen
    # In an encoding whose characters end in ASCII bytes, the runs beyond ASCII are not whole characters.
    runs = BEYOND if encoding in {"utf-8", "cp1252"} else EVERYTHING
    return runs.sub(lambda found: _mapped(found[0].decode(encoding, "replace")), seen)


@lru_cache(maxsize=1024)
def _mapped(text: str) -> bytes:
    """Map characters as UTS #46 does in host names."""
    text = unicodedata.normalize("NFKC", IGNORED.sub("", text).casefold()).casefold()
    return DOTS.sub(".", text).encode("utf-8", "replace")


def _maps(text: str) -> bool:
    """Say whether a host name maps any of these characters to another."""
    return (
        not unicodedata.is_normalized("NFKC", text) or IGNORED.search(text) is not None or DOTS.search(text) is not None
    )


class Gate:
    """Knows which start tags are worth asking about.

    ``needles`` is what a tag must hold, unveiled; ``elements`` are the names that are asked about. ``base`` is always
    looked at, because its address counts for all that follow, and ``iframe``, because it may hold a document.
    """

    def __init__(self, needles: re.Pattern[bytes], elements: frozenset[bytes], *, xml: bool = False) -> None:
        self.needles = needles
        asked = elements | {b"base", b"iframe"}
        self.asked = asked | {b"image"} if b"img" in asked else asked
        self.pattern = candidates(self.asked, xml=xml)

    def holds(self, raw: bytes, encoding: str) -> bool:
        """Say whether these bytes of one or more tags hold a needle, or a document."""
        return bool(self.needles.search(unveiled(raw, encoding))) or (
            bool(IFRAME.search(raw)) and b"srcdoc" in raw.lower()
        )

    def worthy(self, tags: list[bytes], encoding: str, *, alone: bool) -> list[bytes]:
        """Give those of the tags that are worth reading.

        They hold a needle, a document, an address that counts for those that follow, or a "<", which may be the start
        of another tag that reaches further. All are tested together first. ``alone`` says that these are all tags of
        the document, so that an address counts for nothing where none of them has anything else.
        """
        if not tags:
            return []
        joined = b"\0".join(tags)
        seen = unveiled(joined, encoding)
        if not (
            joined.count(b"<") > len(tags)
            or self.needles.search(seen)
            or (IFRAME.search(joined) and b"srcdoc" in joined.lower())
            or (not alone and BASE.search(joined))
        ):
            return []
        pieces = seen.split(b"\0")
        if len(pieces) != len(tags):
            # A tag holds what separates them here.
            pieces = [unveiled(tag, encoding) for tag in tags]
        return [
            tag
            for tag, piece in zip(tags, pieces, strict=True)
            if tag.count(b"<") > 1
            or self.needles.search(piece)
            or BASE.match(tag)
            or (IFRAME.match(tag) and b"srcdoc" in tag.lower())
        ]


class Candidates:
    """The start tags of a piece of source that may be worth asking about, found in one scan.

    A candidate need not be a tag: it may stand in a comment or in a script. Its span ends where its attributes do, as
    far as they are there.
    """

    def __init__(
        self, gate: Gate, source: bytes, start: int, encoding: str, *, every: bool = False, complete: bool = False
    ) -> None:
        self._gate = gate
        self._source = source
        self._encoding = encoding
        self._every = every
        # In a whole document, an address that holds no needle counts for nothing unless another tag holds one.
        self._complete = complete
        self._next = self._holding(start)
        self._late: list[tuple[int, int]] = []
        self.start, self.stop = next(self._next, (len(source), len(source)))

    def _holding(self, start: int) -> Iterator[tuple[int, int]]:
        """Give the spans that hold a needle: first all candidates are asked together, and seldom more is asked."""
        # Bytes are nothing for the garbage collector to follow; match objects are, so none are made here.
        pattern, source = self._gate.pattern, self._source
        if self._every:
            yield from (found.span() for found in pattern.finditer(source, start))
            return
        tags: list[bytes] = pattern.findall(source, start)
        at = start
        for tag in self._gate.worthy(tags, self._encoding, alone=self._complete):
            # The same bytes may stand earlier, as the beginning of a longer candidate. Not so inside another one: that
            # one hides a "<", so it is among these and ends before ``at``.
            at = source.index(tag, at)
            while (found := pattern.match(source, at)) is None or found.end() - at != len(tag):
                at = source.index(tag, at + 1)
            yield found.span()
            at = found.end()

    def advance(self, pos: int) -> int:
        """Give where the next candidate begins that holds a needle, from ``pos`` on; the source's end without one."""
        while self.start < pos:
            if pos < self.stop:
                # The candidate was none, and hid others that begin inside it.
                hidden = [match.span() for match in self._gate.pattern.finditer(self._source, pos, self.stop)]
                self._late += reversed(hidden)
            end = len(self._source)
            self.start, self.stop = self._late.pop() if self._late else next(self._next, (end, end))
        return self.start
