"""Incremental rewriting: rewrite a document by comparing it with a similar one that was read before.

Idea
====

Most pages that an app makes for one route differ in a few bytes: a CSRF token, a name, the time. To read each of them
from beginning to end is most of the cost of rewriting. Editors have the same problem after each key, and solve it with
incremental lexing (Wagner and Graham, "Efficient and Flexible Incremental Parsing", 1998). This module does the same:

1. `RecordingReader` reads a document in full and records the reading state at checkpoints, about every 64 bytes.
2. `Recording.rewritten` compares another document with the recorded one, piece by piece. The pieces between two
   checkpoints are equal nearly everywhere, and comparing bytes is many times faster than reading them.
3. Where a piece differs, only a region is read: from the checkpoint before the difference to the first checkpoint after
   it whose bytes come again.
4. The recorded edits are then made at their places in the new document.

Invariant
=========

The edits are those of a full reading, or there are none and the caller reads the document in full. This follows from
two facts. A reading is determined by the bytes that are left and by the reading state: the tokenizer, the simulated
tree, the base address, and what the watch was asked and has answered. And a region is accepted only if

- a reading of the new region asks the watch nothing, and there is no `</body>` in it. The prefilter shows that of most
  regions. Where it finds something that may be a tag, the region is read with a watch that must not be asked;
- the tokenizer, from the state at the region's beginning, ends in the recorded state exactly at the region's end;
- that state counts as many questions and edits as the one at the beginning, so that the old region had none either.

So after the region everything is as it was in the recorded document: the state, the answers of the watch, and the bytes
up to the next difference.

The pages of one route differ at the same places again and again. So pieces are compared in groups, which are divided
where two documents in a row have differed. The next one is expected to differ there too: what was equal is compared in
one step, and the regions are read. Only if that fails is it compared piece by piece. Documents of one length have all
of this, and their edits, at the same places (`usual_regions.Layout`).

A nonce is another one in each page, and stands in many places. So the recorded document has a word in its place, and is
divided there; joined with the nonce of another document, it is compared as any other. The caller makes sure that a
reading treats one nonce like another.

A checkpoint is only where nothing is open that this module would have to copy: in HTML content, outside of comments,
text elements, templates and foreign content, and where every browser reads the document alike. It is never behind a "<"
that is text, which other bytes would make a tag, nor before the end of a script whose text the watch has seen.

An example
==========

The recorded document, with checkpoints at each "|" and an edit in the script tag:

    <html><head>|<meta name=csrf content=A1>|<title>Shop</title>|<script src=//held.example/1.js></script>|<p>...

The next one:

    <html><head>|<meta name=csrf content=ZZ9>|<title>Shop</title>|<script src=//held.example/1.js></script>|<p>...

The first piece is equal. The second is not: its region begins at the first checkpoint. "<title>Shop</title>" is found
behind the "ZZ9>", so the region is `<meta name=csrf content=ZZ9>`. The prefilter finds nothing in it, and the tokenizer
ends in the state that was recorded before "<title>". All that follows is equal and moves by one byte, and so does the
edit. Had the token been `"><!--`, the tokenizer would have ended in a comment, and the document would be read in full.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Final, NamedTuple

from . import charset as charsets
from .recording_reader import RecordingReader
from .region import AnyWord, Questions, ReadingState, tree_after
from .usual_regions import Region, UsualRegion, UsualRegions, most_read
from .watch import Edit

#: How many pieces between checkpoints are compared in one step where documents differ.
_STEP: Final = 32
#: How many groups of pieces there may be.
_MAX_GROUPS: Final = 32
#: How many bytes after a checkpoint have to come again for a region to end there.
_ANCHOR: Final = 64
#: After how many pieces a region may end, and how many bytes longer it may be than the recorded one.
_LENGTHS_TRIED: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
_LONGEST_GROWTH: Final = 4096
#: How long a region may be in which a word is looked for that may be any other.
_LONGEST_WITH_WORD: Final = 512
#: How many searches for the end of a region one document may take.
_MAX_SEARCHES: Final = 32

#: What a recording takes in bytes besides its texts: for each part of a text, checkpoint and edit, for each group that
#: there may be, with what is kept of usual regions, and for itself.
_BYTES_OF_PART: Final = 48
_BYTES_OF_GROUP: Final = 400
_BYTES_OF_CHECKPOINT: Final = 24
_BYTES_OF_EDIT: Final = 256
_BYTES_OF_RECORDING: Final = 1024


class _MovingEdit(NamedTuple):
    """A recorded edit, or several that always move together.

    Attributes:
        start: where the replaced bytes begin in the recorded document.
        end: where they end there.
        parts: the replacement, divided at each nonce.
    """

    start: int
    end: int
    parts: Sequence[bytes]


class _Groups(NamedTuple):
    """The pieces of a recorded document, in groups.

    Attributes:
        numbers: the number of each group's first piece, and how many pieces there are.
        texts: the bytes of each group, divided at each nonce.
    """

    numbers: Sequence[int]
    texts: Sequence[Sequence[bytes]]


class Recording:
    """A document that was read, with its checkpoints and edits. Any number of threads may use it.

    Args:
        document: the document.
        reader: the reader that has read it.
        charset: the charset of its Content-Type, or None.
        nonce: the word that stands in the document for the nonce of each later one; b"" if there is none.

    Attributes:
        questions: what the watch may be asked about.
        bounds: where its pieces begin, and its length. It is divided at the checkpoints into pieces. What is before the
            first one, and perhaps what is after the last one, is a piece that may not differ.
        states: the reading state at each bound, None where there is no checkpoint.
        count: how many pieces there are.
        groups: the bytes of the pieces, in groups.
        usual: where similar documents usually differ, if two in a row have differed at the same places.
        size: how many bytes the recording takes.
    """

    def __init__(self, document: bytes, reader: RecordingReader, charset: str | None, nonce: bytes = b"") -> None:
        self.questions = Questions.of(reader.asker)
        places, states = reader.places, reader.states
        self.bounds = array("Q", [0, *places] if places[-1:] == [len(document)] else [0, *places, len(document)])
        self.states: list[ReadingState | None] = [None, *states, None][: len(self.bounds)]
        self.count = len(self.bounds) - 1
        self._nonce = nonce
        self.groups = self._grouped(document, [0])
        self.usual: UsualRegions | None = None
        #: The numbers of the pieces with which the last document's regions begin, and of those after them.
        self._places: list[tuple[int, int]] = []
        self._edits = [
            _MovingEdit(edit.start, edit.end, _divided(edit.replacement, nonce))
            for edit in _joined(reader.made, document, self.bounds)
        ]
        self._charset = charset
        # After a charset in the Content-Type, only a byte order mark counts, and that is in the first piece.
        is_declared = charset is not None and charsets.encoding_for_label(charset) is not None
        self._head_length = 0 if is_declared else charsets.PRESCAN_LENGTH
        self._head = document[: self._head_length]
        self._found = _encoding(document, charset)
        parts = [part for divided in (*self.groups.texts, *(edit.parts for edit in self._edits)) for part in divided]
        self.size = (
            sum(map(len, parts))
            + len(parts) * _BYTES_OF_PART
            + min(self.count, _MAX_GROUPS) * _BYTES_OF_GROUP
            + len(places) * _BYTES_OF_CHECKPOINT
            + len(self._edits) * _BYTES_OF_EDIT
            + _BYTES_OF_RECORDING
        )

    def rewritten(self, document: bytes, nonce: bytes = b"") -> bytes | None:
        """Return a document with the recorded edits made in it, or None if it has to be read in full.

        Args:
            document: the document; it is returned itself if there are no edits.
            nonce: its nonce, as long as the word that stands for it in the recorded document.
        """
        usual = self.usual
        edits = self._usual_edits(usual, document, nonce) if usual else None
        if edits is None:
            regions = Comparison(self, document, nonce).regions()
            if regions is None:
                return None
            if regions:
                self._note(regions, document)
            edits = self._moved_edits(regions, nonce)
        if self._head_length and not self._has_same_encoding(document):
            return None
        return with_edits(document, edits)

    def _moved_edits(self, regions: Sequence[Region], nonce: bytes) -> list[Edit]:
        """Return the recorded edits at their places in a document.

        Args:
            regions: where it differs.
            nonce: its nonce.
        """
        edits: list[Edit] = []
        shift = at = 0
        for start, end, parts in self._edits:
            while at < len(regions) and (place := self.bounds[regions[at].after]) <= start:
                shift = regions[at].end - place
                at += 1
            edits.append(Edit(start + shift, end + shift, nonce.join(parts)))
        return edits

    def _usual_edits(self, usual: UsualRegions, document: bytes, nonce: bytes) -> Sequence[Edit] | None:
        """Return the edits of a document that differs just where others do, or None."""
        layout = usual.same_length
        if layout is not None and layout.fits(document):
            for region in layout.others:
                if not self.is_equivalent(region, document):
                    return None
            return layout.edits
        regions = usual.regions_in(document, nonce)
        if regions is None:
            return None
        for region, word in zip_longest(regions, usual.words):
            is_word = word is not None and word.fits(document[region.begin : region.end])
            if not (is_word or self.is_equivalent(region, document)):
                return None
        edits = self._moved_edits(regions, nonce)
        if not usual.words:
            pairs = zip(regions, usual.regions, strict=True)
            usual = usual._replace(words=[self._word(region, each.recorded, document) for region, each in pairs])
            # With a nonce, each document has edits of its own.
            layout = None if self._nonce else usual.layout(len(document), regions, edits)
            self.usual = usual._replace(same_length=layout)
        return edits

    def is_equivalent(self, region: Region, document: bytes) -> bool:
        """Return whether a region of a document leads from the state before it to the recorded state after it."""
        first, after, begin, end = region
        text = document[begin:end]
        before, behind = self.states[first], self.states[after]
        if before is None or behind is None or (before is not behind and before[:-1] != behind[:-1]) or b"\x1b" in text:
            return False
        return tree_after(text, before, self.questions) == behind.tree

    def _grouped(self, document: bytes, firsts: Iterable[int]) -> _Groups:
        """Return the pieces of the recorded document in groups.

        Args:
            document: the recorded document.
            firsts: the number of each group's first piece, in order.
        """
        bounds, numbers = self.bounds, [*firsts, self.count]
        texts = [_divided(document[bounds[first] : bounds[end]], self._nonce) for first, end in pairwise(numbers)]
        return _Groups(numbers, texts)

    def _note(self, regions: Sequence[Region], document: bytes) -> None:
        """Note where a document differs. If the one before differs there too, expect it of the next one.

        Two threads may do so at once. What they note is a hint, so it does not matter which of them is the last.
        """
        places = [(region.first, region.after) for region in regions]
        if places != self._places:
            self._places = places
            return
        groups = self.groups
        numbers = sorted({*groups.numbers, *(number for place in places for number in place)})
        if len(numbers) > _MAX_GROUPS:
            return
        if numbers != groups.numbers:
            recorded = b"".join(map(self._nonce.join, groups.texts))
            self.groups = groups = self._grouped(recorded, numbers[:-1])
        usual: list[UsualRegion] = []
        done = 0
        for first, after, begin, end in regions:
            start, stop = numbers.index(first), numbers.index(after)
            usual.append(UsualRegion(groups.texts[done:start], groups.texts[start:stop], first, after, end - begin))
            done = stop
        self.usual = UsualRegions(usual, groups.texts[done:], len(document), sum(each.size for each in usual))

    def _word(self, region: Region, recorded: Sequence[Sequence[bytes]], document: bytes) -> AnyWord | None:
        """Return what has to be the same in a region that differs from the recorded one by a word, or None.

        A word is not looked for in a long region, nor in one with a nonce, which differs by that already.
        """
        first, _, begin, end = region
        state = self.states[first]
        if state is None or end - begin > _LONGEST_WITH_WORD or any(len(parts) > 1 for parts in recorded):
            return None
        old = b"".join(text for (text,) in recorded)
        return AnyWord.of(old, document[begin:end], state, self.questions)

    def _has_same_encoding(self, document: bytes) -> bool:
        """Return whether a browser reads a document in the encoding of the recorded one, and is as certain of it."""
        return document[: self._head_length] == self._head or _encoding(document, self._charset) == self._found


class _Group(NamedTuple):
    """A group of pieces, with the nonce of a document.

    Attributes:
        first: the number of its first piece.
        stop: the number of the piece after it.
        base: where it begins in the recorded document.
        text: its bytes.
    """

    first: int
    stop: int
    base: int
    text: bytes


class Comparison:
    """The comparison of one document with a recorded one.

    Args:
        recorded: the recording.
        document: the document.
        nonce: its nonce.
    """

    __slots__ = (
        "_bounds",
        "_bytes",
        "_count",
        "_document",
        "_group",
        "_groups",
        "_nonce",
        "_recorded",
        "_recorded_groups",
        "_searches",
    )

    def __init__(self, recorded: Recording, document: bytes, nonce: bytes) -> None:
        self._recorded = recorded
        self._bounds = recorded.bounds
        self._count = recorded.count
        self._document = document
        self._nonce = nonce
        #: The groups that were used, by their numbers, and the one that was used last.
        self._groups: dict[int, _Group] = {}
        # Another thread may divide the recorded groups meanwhile.
        self._recorded_groups = recorded.groups
        self._group = _Group(0, 0, 0, b"")
        # What may be searched and read, so that comparing costs little where it is in vain.
        self._searches = _MAX_SEARCHES
        self._bytes = most_read(document)

    def regions(self) -> list[Region] | None:
        """Return the regions in which the document differs from the recorded one, or None if it is too different."""
        regions: list[Region] = []
        shift = 0
        at = self._first_difference(0, 0)
        while at < self._count or self._bounds[-1] + shift != len(self._document):
            found = self._region(min(at, self._count - 1), shift)
            if found is None:
                return None
            regions.append(found)
            shift = found.end - self._bounds[found.after]
            at = self._first_difference(found.after, shift)
        return regions

    def _group_of(self, at: int) -> _Group:
        """Return the group with piece number `at`."""
        if not self._group.first <= at < self._group.stop:
            numbers, texts = self._recorded_groups
            number = bisect_right(numbers, at) - 1
            if number not in self._groups:
                first, stop = numbers[number : number + 2]
                self._groups[number] = _Group(first, stop, self._bounds[first], self._nonce.join(texts[number]))
            self._group = self._groups[number]
        return self._group

    def _first_difference(self, at: int, shift: int) -> int:
        """Return the first piece from number `at` on that differs; the number of pieces if none does."""
        bounds, document = self._bounds, self._document
        while at < self._count:
            first, stop, base, text = self._group_of(at)
            if at == first and document.startswith(text, base + shift):
                at = stop
            while at < stop:
                place, end = bounds[at], min(at + _STEP, stop)
                part = text[place - base : bounds[end] - base]
                if not document.startswith(part, place + shift):
                    return self._first_piece(at, end, part, shift)
                at = end
        return self._count

    def _first_piece(self, at: int, stop: int, text: bytes, shift: int) -> int:
        """Return the first piece that differs of those from number `at` to `stop`, whose bytes are `text`."""
        bounds, document = self._bounds, self._document
        base = place = bounds[at]
        while stop - at > 1:
            middle = (at + stop) // 2
            end = bounds[middle]
            if document.startswith(text[place - base : end - base], place + shift):
                at, place = middle, end
            else:
                stop = middle
        return at

    def _anchor(self, at: int) -> bytes:
        """Return the first bytes of the piece with a number."""
        bounds = self._bounds
        _, _, base, text = self._group_of(at)
        begin = bounds[at]
        return text[begin - base : min(bounds[at + 1], begin + _ANCHOR) - base]

    def _region(self, at: int, shift: int) -> Region | None:
        """Return the region that begins at a piece that differs.

        Args:
            at: the number of the piece.
            shift: how much further to the back it is in the document.
        """
        bounds, document = self._bounds, self._document
        begin = bounds[at] + shift
        for target in (at + length for length in _LENGTHS_TRIED if at + length < self._count):
            anchor = self._anchor(target)
            end = bounds[target] + shift
            if not document.startswith(anchor, end):
                if not self._searches:
                    break
                self._searches -= 1
                end = document.find(anchor, begin, end + _LONGEST_GROWTH)
            if end >= begin and self._is_equivalent(region := Region(at, target, begin, end)):
                return region
        target = self._common_end(at)
        region = Region(at, target, begin, bounds[target] + len(document) - bounds[-1])
        return region if region.end >= begin and self._is_equivalent(region) else None

    def _common_end(self, at: int) -> int:
        """Return the first piece, after number `at`, from which on all pieces are equal to the document's end."""
        bounds = self._bounds
        shift = len(self._document) - bounds[-1]
        target = self._count

        def is_equal_from(piece: int) -> bool:
            place = bounds[piece]
            return place + shift >= 0 and self._document.startswith(text[place - bounds[lowest] :], place + shift)

        while target > at + 1:
            first, _, base, group = self._group_of(target - 1)
            lowest = max(first, target - _STEP, at + 1)
            text = group[bounds[lowest] - base : bounds[target] - base]
            if not is_equal_from(lowest):
                return bisect_left(range(target), True, lowest + 1, key=is_equal_from)
            target = lowest
        return target

    def _is_equivalent(self, region: Region) -> bool:
        """Return whether a region is equivalent to the recorded one, and short enough to read it."""
        self._bytes -= region.end - region.begin
        return self._bytes >= 0 and self._recorded.is_equivalent(region, self._document)


def with_edits(document: bytes, edits: Sequence[Edit]) -> bytes:
    """Return a document with edits made in it; the object itself if there are none."""
    if not edits:
        return document
    # A view, so that the bytes are copied once.
    view = memoryview(document)
    out: list[bytes | memoryview] = []
    done = 0
    for edit in edits:
        out += (view[done : edit.start], edit.replacement)
        done = edit.end
    out.append(view[done:])
    return b"".join(out)


def _divided(text: bytes, nonce: bytes) -> Sequence[bytes]:
    """Return a text divided at each nonce: `nonce.join` puts it together again."""
    return text.split(nonce) if nonce else (text,)


def _joined(edits: Sequence[Edit], document: bytes, bounds: Sequence[int]) -> Iterator[Edit]:
    """Yield edits, with those as one that no region can separate.

    There is no checkpoint between them, or only where the first one ends.
    """
    last: Edit | None = None
    for edit in edits:
        if last is not None and bisect_right(bounds, last.end) == bisect_right(bounds, edit.start):
            between = document[last.end : edit.start]
            last = Edit(last.start, edit.end, last.replacement + between + edit.replacement)
            continue
        if last is not None:
            yield last
        last = edit
    if last is not None:
        yield last


def _encoding(document: bytes, charset: str | None) -> tuple[str | None, bool]:
    """Return the encoding of a document, and whether it is certain."""
    head = document[: charsets.PRESCAN_LENGTH]
    return charsets.sniff_encoding(head, charset, complete=True), charsets.is_certain(head, charset)
