"""The regions in which documents of one route usually differ, so that the next one is compared in a few steps.

An example, with the recorded document divided at each "|" where two documents in a row have differed from it:

    <html><head>|<meta name=csrf content="A1">|<title>Shop</title></head><body>...<p>|Hello Anna</p>|<footer>...

Of the next document, the first and the third part have to be at their places, and the last one at its end. Then what is
between them are its regions, and only those are read. See `incremental`, and `region.AnyWord`, for when not even that
is necessary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .region import AnyWord
from .watch import Edit


class Region(NamedTuple):
    """A part of a document that differs from the recorded one.

    Attributes:
        first: the number of the recorded piece with which it begins.
        after: the number of the recorded piece after it.
        begin: where it begins in the new document.
        end: where it ends there.
    """

    first: int
    after: int
    begin: int
    end: int


class UsualRegion(NamedTuple):
    """A region in which similar documents usually differ.

    Attributes:
        before: the groups between it and the region before it, each divided at each nonce.
        recorded: the groups of the region, each divided at each nonce.
        first: the number of the recorded piece with which it begins.
        after: the number of the recorded piece after it.
        size: how long it was in the last document.
    """

    before: Sequence[Sequence[bytes]]
    recorded: Sequence[Sequence[bytes]]
    first: int
    after: int
    size: int


class UsualRegions(NamedTuple):
    """The regions in which similar documents usually differ from the recorded one.

    Attributes:
        regions: the regions.
        rest: the groups after the last region, each divided at each nonce.
        length: the length of the last document.
        size: how many bytes of it were in regions.
        words: for each region, what has to be the same in it if all else may be any word, or None; no items as long as
            this was not looked for.
        edits: the edits of each such document of that length, or None if they are not known or depend on a nonce.
    """

    regions: Sequence[UsualRegion]
    rest: Sequence[Sequence[bytes]]
    length: int
    size: int
    words: Sequence[AnyWord | None] = ()
    edits: Sequence[Edit] | None = None

    def regions_in(self, document: bytes, nonce: bytes) -> list[Region] | None:
        """Return the regions of a document that is equal to the recorded one outside of them, or None.

        The last region may have another length than in the last document.

        Args:
            document: the document.
            nonce: its nonce.
        """
        growth = len(document) - self.length
        if self.size + growth > most_read(document):
            return None
        found: list[Region] = []
        place = 0
        for before, _, first, after, size in self.regions:
            begin = _end_of(before, document, place, nonce)
            place = begin + size
            if len(found) + 1 == len(self.regions):
                place += growth
            if not 0 <= begin <= place:
                return None
            found.append(Region(first, after, begin, place))
        return found if _end_of(self.rest, document, place, nonce) == len(document) else None


def most_read(document: bytes) -> int:
    """Return how many bytes of regions may be read. If it is more than half of a document, reading all is faster."""
    return len(document) // 2


def _end_of(groups: Sequence[Sequence[bytes]], document: bytes, place: int, nonce: bytes) -> int:
    """Return where the groups end that stand at a place of a document, or -1 if something else stands there."""
    for parts in groups:
        text = nonce.join(parts)
        if not document.startswith(text, place):
            return -1
        place += len(text)
    return place
