"""Incremental rewriting: rewrite a document by comparing it with a similar one that was read before.

Idea
====

Most pages that an app makes for one route differ in a few bytes: a CSRF token, a name, the time. To read each of them
from beginning to end is most of the cost of rewriting. Editors have the same problem after each key, and solve it with
incremental lexing (Wagner and Graham, "Efficient and Flexible Incremental Parsing", 1998). This module does the same:

1. `RecordingReader` reads a document in full and records the reading state at checkpoints, about every 64 bytes.
2. `Recording.edits_in` compares another document with the recorded one, piece by piece. The pieces between two
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
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from . import charset as charsets
from .asking import TagAsker
from .reader import DocumentReader
from .region import BODY_END, Questions, ReadingState, is_simple, tree_after, tree_state
from .watch import Edit

#: How many bytes there are between two checkpoints at least.
SPACING: Final = 64
#: How many pieces between checkpoints are compared in one step.
_GROUP: Final = 64
#: How many bytes after a checkpoint have to come again for a region to end there.
_ANCHOR: Final = 64
#: After how many pieces a region may end, and how many bytes longer it may be than the recorded one.
_LENGTHS_TRIED: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
_LONGEST_GROWTH: Final = 4096
#: How many searches for the end of a region one document may take.
_MAX_SEARCHES: Final = 32

#: What a recording takes in bytes besides its texts: for each part of a text, checkpoint and edit, and for itself.
_BYTES_OF_PART: Final = 48
_BYTES_OF_CHECKPOINT: Final = 24
_BYTES_OF_EDIT: Final = 160
_BYTES_OF_RECORDING: Final = 1024


class Region(NamedTuple):
    """A part of a document that differs from the recorded one.

    Attributes:
        start: where it begins in the recorded document.
        end: where it ends there.
        shift: how much further to the back all that follows is in the new document.
    """

    start: int
    end: int
    shift: int


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


class RecordingReader(DocumentReader):
    """Read one whole document in HTML, and record its checkpoints and edits.

    Attributes:
        places: where the checkpoints are.
        states: the reading state at each of them.
        made: the edits, as spans of the document.
    """

    # Another document may differ where this one is of no interest.
    _skips_plain_rest = False

    def __init__(self, asker: TagAsker) -> None:
        super().__init__(asker)
        self.places: list[int] = []
        self.states: list[ReadingState] = []
        self.made: list[Edit] = []
        self._known: dict[ReadingState, ReadingState] = {}
        self._due = 0
        self._asked = 0
        #: Where the next end tag of a body begins.
        self._body_end = -1

    def _next_candidate(self, pos: int) -> int:
        """Return where the next candidate may begin, or an earlier place that should get a checkpoint.

        There is a checkpoint before and after each tag that the watch is asked about, and each `</body>`, so that other
        bytes near it may differ.
        """
        start = super()._next_candidate(pos)
        is_behind = self.asker.asked > self._asked or 0 <= self._body_end < pos
        if self._body_end < pos:
            found = BODY_END.search(self.tokens.source, pos)
            self._body_end = found.start() if found else len(self.tokens.source)
        start = min(start, self._body_end)
        if is_behind or start == pos:
            self._asked = self.asker.asked
            self._due = pos
        if pos >= self._due and self._is_simple(pos):
            self._record(pos)
        # No run of constructs is skipped up to the place where a checkpoint is due, but one token is read there.
        return start if start == pos else min(start - 1, max(self._due, pos + 1))

    def _is_simple(self, pos: int) -> bool:
        """Return whether a `ReadingState` is all that the rest of the document depends on."""
        tokens = self.tokens
        # Behind a "<" that is text, other bytes would make it a tag.
        ends_whole = not tokens.truncated and tokens.source[pos - 1 : pos] != b"<"
        return ends_whole and is_simple(tokens) and not self._wants_root and self._script.is_done(pos)

    def _record(self, pos: int) -> None:
        asker, tree = self.asker, self.tokens.tree
        state = ReadingState(asker.asked, len(self.made), asker.wants_script, asker.base.counts, tree_state(tree))
        self.places.append(pos)
        # Most states are that of the last checkpoint. Each is kept once.
        same = self.states[-1:] == [state]
        self.states.append(self.states[-1] if same else self._known.setdefault(state, state))
        self._due = pos + SPACING

    def edits(self) -> Iterator[Edit]:
        """Read the document, and yield the edits in order."""
        for edit in super().edits():
            self.made.append(edit)
            yield edit

    def markup_at_end(self) -> bytes:
        """Return the markup to add at the end of the document."""
        markup = super().markup_at_end()
        if markup:
            end = len(self.tokens.source)
            self.made.append(Edit(end, end, markup))
        return markup


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
        groups: the bytes of `_GROUP` pieces each, divided at each nonce.
        size: how many bytes the recording takes.
    """

    def __init__(self, document: bytes, reader: RecordingReader, charset: str | None, nonce: bytes = b"") -> None:
        self.questions = Questions.of(reader.asker)
        places, states = reader.places, reader.states
        self.bounds = array("Q", [0, *places] if places[-1:] == [len(document)] else [0, *places, len(document)])
        self.states: list[ReadingState | None] = [None, *states, None][: len(self.bounds)]
        self.count = len(self.bounds) - 1
        starts = [*self.bounds[:-1:_GROUP], len(document)]
        self.groups = [_divided(document[start:end], nonce) for start, end in pairwise(starts)]
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
        parts = [part for divided in (*self.groups, *(edit.parts for edit in self._edits)) for part in divided]
        self.size = (
            sum(map(len, parts))
            + len(parts) * _BYTES_OF_PART
            + len(places) * _BYTES_OF_CHECKPOINT
            + len(self._edits) * _BYTES_OF_EDIT
            + _BYTES_OF_RECORDING
        )

    def edits_in(self, document: bytes, nonce: bytes = b"") -> list[Edit] | None:
        """Return the recorded edits at their places in a document, or None if it has to be read in full.

        Args:
            document: the document.
            nonce: its nonce, as long as the word that stands for it in the recorded document.
        """
        regions = Comparison(self, document, nonce).regions()
        if regions is None or not self._has_same_encoding(document):
            return None
        edits: list[Edit] = []
        shift = at = 0
        for start, end, parts in self._edits:
            while at < len(regions) and regions[at].end <= start:
                shift = regions[at].shift
                at += 1
            edits.append(Edit(start + shift, end + shift, nonce.join(parts)))
        return edits

    def _has_same_encoding(self, document: bytes) -> bool:
        """Return whether a browser reads a document in the encoding of the recorded one, and is as certain of it."""
        return document[: self._head_length] == self._head or _encoding(document, self._charset) == self._found


class Comparison:
    """The comparison of one document with a recorded one.

    Args:
        recorded: the recording.
        document: the document.
        nonce: its nonce.
    """

    __slots__ = ("_bounds", "_bytes", "_count", "_document", "_nonce", "_recorded", "_searches")

    def __init__(self, recorded: Recording, document: bytes, nonce: bytes) -> None:
        self._recorded = recorded
        self._bounds = recorded.bounds
        self._count = recorded.count
        self._document = document
        self._nonce = nonce
        # What may still be searched and read, so that comparing costs little where it is in vain. A document of which
        # more than half has to be read is read faster in full.
        self._searches = _MAX_SEARCHES
        self._bytes = len(document) // 2

    def regions(self) -> list[Region] | None:
        """Return the regions in which the document differs from the recorded one, or None if it is too different."""
        regions: list[Region] = []
        shift = 0
        at = self._first_difference(0, 0)
        while at < self._count or self._bounds[-1] + shift != len(self._document):
            at = min(at, self._count - 1)
            found = self._region(at, shift)
            if found is None:
                return None
            region, at = found
            regions.append(region)
            shift = region.shift
            at = self._first_difference(at, shift)
        return regions

    def _first_difference(self, at: int, shift: int) -> int:
        """Return the first piece from number `at` on that differs; the number of pieces if none does."""
        bounds, document, nonce = self._bounds, self._document, self._nonce
        number = at // _GROUP
        first = number * _GROUP
        for parts in self._recorded.groups[number:]:
            group = nonce.join(parts)
            base = place = bounds[first]
            if at > first:
                place = bounds[at]
                group = group[place - base :]
            if not document.startswith(group, place + shift):
                return self._first_piece(at, min(first + _GROUP, self._count), group, shift)
            at = first = first + _GROUP
        return self._count

    def _first_piece(self, at: int, stop: int, group: bytes, shift: int) -> int:
        """Return the first piece that differs of those from number `at` to `stop`, whose bytes are `group`."""
        bounds, document = self._bounds, self._document
        base = place = bounds[at]
        while stop - at > 1:
            middle = (at + stop) // 2
            end = bounds[middle]
            if document.startswith(group[place - base : end - base], place + shift):
                at, place = middle, end
            else:
                stop = middle
        return at

    def _group(self, number: int) -> bytes:
        """Return a group of recorded pieces, with the document's nonce."""
        return self._nonce.join(self._recorded.groups[number])

    def _piece(self, at: int) -> bytes:
        """Return the recorded piece with a number, with the document's nonce."""
        bounds = self._bounds
        base = bounds[at - at % _GROUP]
        return self._group(at // _GROUP)[bounds[at] - base : bounds[at + 1] - base]

    def _region(self, at: int, shift: int) -> tuple[Region, int] | None:
        """Return the region that begins at a piece that differs, and the number of the piece after it.

        Args:
            at: the number of the piece.
            shift: how much further to the back it is in the document.
        """
        bounds, document = self._bounds, self._document
        begin = bounds[at] + shift
        for target in (at + length for length in _LENGTHS_TRIED if at + length < self._count):
            anchor = self._piece(target)[:_ANCHOR]
            end = bounds[target] + shift
            if not document.startswith(anchor, end):
                if not self._searches:
                    break
                self._searches -= 1
                end = document.find(anchor, begin, end + _LONGEST_GROWTH)
            if end >= begin and self._is_equivalent(begin, end, at, target):
                return Region(bounds[at], bounds[target], end - bounds[target]), target
        target = self._common_end(at)
        shift = len(document) - bounds[-1]
        end = bounds[target] + shift
        if end >= begin and self._is_equivalent(begin, end, at, target):
            return Region(bounds[at], bounds[target], shift), target
        return None

    def _common_end(self, at: int) -> int:
        """Return the first piece, after number `at`, from which on all pieces are equal to the document's end."""
        bounds = self._bounds
        shift = len(self._document) - bounds[-1]
        target = self._count

        def is_equal_from(piece: int) -> bool:
            place = bounds[piece] + shift
            return place >= 0 and self._document.startswith(group[bounds[piece] - base :], place)

        while target > at + 1:
            number = (target - 1) // _GROUP
            first = number * _GROUP
            group, base = self._group(number), bounds[first]
            lowest = max(first, at + 1)
            if not is_equal_from(lowest):
                return bisect_left(range(target), True, lowest + 1, key=is_equal_from)
            target = lowest
        return target

    def _is_equivalent(self, begin: int, end: int, at: int, target: int) -> bool:
        """Return whether a new region leads from the state before one piece to the state before another.

        Args:
            begin: where the region begins in the document.
            end: where it ends.
            at: the number of the piece with which the recorded region begins.
            target: the number of the piece after the recorded region.
        """
        self._bytes -= end - begin
        if self._bytes < 0:
            return False
        region = self._document[begin:end]
        before, after = self._recorded.states[at], self._recorded.states[target]
        if before is None or after is None or (before is not after and before[:-1] != after[:-1]) or b"\x1b" in region:
            return False
        return tree_after(region, before, self._recorded.questions) == after.tree


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
