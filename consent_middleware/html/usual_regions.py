"""The regions in which documents of one route usually differ, so that the next one is compared in a few steps.

An example, with the recorded document divided at each "|" where two documents in a row have differed from it:

    <html><head>|<meta name=csrf content="A1">|<title>Shop</title></head><body>...<p>|Hello Anna</p>|<footer>...

Of the next document, the first and the third part have to be at their places, and the last one at its end. Then what is
between them are its regions, and only those are read. See `incremental`, and `region.AnyWord`, for when not even that
is necessary. Documents of one length have all of this at the same places, and the same edits. Those places are a
`Layout`, with which such a document takes the fewest steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


class Layout(NamedTuple):
    """Where everything stands in documents of one length that differ in the same regions.

    Attributes:
        length: the length.
        texts: the texts outside of the regions, each with its place.
        words: the regions in which a word may differ, each by its begin, its end, and what has to be the same in it.
        others: the other regions, which have to be read.
        edits: the edits of each such document.
    """

    length: int
    texts: Sequence[tuple[int, bytes]]
    words: Sequence[tuple[int, int, AnyWord]]
    others: Sequence[Region]
    edits: Sequence[Edit]

    def fits(self, document: bytes) -> bool:
        """Return whether a document is one of these, if its other regions are equivalent to the recorded ones."""
        length, texts, words, _, _ = self
        if len(document) != length:
            return False
        for place, text in texts:
            if not document.startswith(text, place):
                return False
        for begin, end, word in words:  # noqa: SIM110 - `all` takes more steps
            if not word.fits(document[begin:end]):
                return False
        return True


class UsualRegions(NamedTuple):
    """The regions in which similar documents usually differ from the recorded one.

    Attributes:
        regions: the regions.
        rest: the groups after the last region, each divided at each nonce.
        length: the length of the last document.
        size: how many bytes of it were in regions.
        words: for each region, what has to be the same in it if all else may be any word, or None; no items as long as
            this was not looked for.
        same_length: the layout of documents that are as long as the one with which `words` was found, or None if the
            edits depend on a nonce.
    """

    regions: Sequence[UsualRegion]
    rest: Sequence[Sequence[bytes]]
    length: int
    size: int
    words: Sequence[AnyWord | None] = ()
    same_length: Layout | None = None

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

    def layout(self, length: int, regions: Sequence[Region], edits: Sequence[Edit]) -> Layout:
        """Return the layout of a document without a nonce.

        Args:
            length: how long the document is.
            regions: its regions, as `regions_in` returns them.
            edits: its edits.
        """
        texts: list[tuple[int, bytes]] = []
        words: list[tuple[int, int, AnyWord]] = []
        others: list[Region] = []
        place = 0
        for usual, region, word in zip(self.regions, regions, self.words, strict=True):
            texts += _placed(usual.before, place)
            place = region.end
            if word is None:
                others.append(region)
            else:
                words.append((region.begin, region.end, word))
        return Layout(length, [*texts, *_placed(self.rest, place)], words, others, edits)


def most_read(document: bytes) -> int:
    """Return how many bytes of regions may be read. If it is more than half of a document, reading all is faster."""
    return len(document) // 2


def _placed(groups: Sequence[Sequence[bytes]], place: int) -> Iterator[tuple[int, bytes]]:
    """Yield the texts of groups without a nonce, with their places, if the first one is at `place`."""
    for (text,) in groups:
        yield place, text
        place += len(text)


def _end_of(groups: Sequence[Sequence[bytes]], document: bytes, place: int, nonce: bytes) -> int:
    """Return where the groups end that stand at a place of a document, or -1 if something else stands there."""
    for parts in groups:
        text = nonce.join(parts)
        if not document.startswith(text, place):
            return -1
        place += len(text)
    return place
