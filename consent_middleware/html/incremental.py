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

- the prefilter finds nothing in the new region that the watch would be asked about, and no `</body>`;
- the tokenizer, from the state at the region's beginning, ends in the recorded state exactly at the region's end;
- that state counts as many questions and edits as the one at the beginning, so that the old region had none either.

So after the region everything is as it was in the recorded document: the state, the answers of the watch, and the bytes
up to the next difference.

A checkpoint is only where nothing is open that this module would have to copy: in HTML content, outside of comments,
text elements, templates and foreign content, and where every browser reads the document alike.

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

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from . import charset as charsets
from . import grammar
from .asking import TagAsker
from .reader import DocumentReader
from .token_reader import TokenReader
from .tokenizer import Tokenizer
from .tree import Tree
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

_BODY_END: Final = re.compile(rb"</[bB][oO][dD][yY]")

#: What a recording takes in bytes besides the document: for each checkpoint and each edit, and for itself.
_BYTES_OF_CHECKPOINT: Final = 24
_BYTES_OF_EDIT: Final = 160
_BYTES_OF_RECORDING: Final = 1024


class TreeState(NamedTuple):
    """The state of a `Tree` in which nothing is open and nothing doubtful; see there."""

    in_select: bool
    in_frameset: bool
    frameset_ok: bool
    is_misnested: bool
    bom: bytes


class ReadingState(NamedTuple):
    """What determines how the rest of a document is read, at a checkpoint.

    Attributes:
        asked: how many tags the watch was asked about so far.
        edits: how many edits were made so far.
        wants_script: whether the watch wants to be asked about the next script.
        base_counts: whether a base address may turn any other address into a vendor's.
        tree: the state of the simulated tree.
    """

    asked: int
    edits: int
    wants_script: bool
    base_counts: bool
    tree: TreeState


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


class _Budget:
    """What may still be searched and read of one document, so that comparing costs little where it is in vain."""

    __slots__ = ("bytes", "searches")

    def __init__(self, length: int) -> None:
        self.searches = _MAX_SEARCHES
        #: A document of which more than half has to be read is read faster in full.
        self.bytes = length // 2


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
            found = _BODY_END.search(self.tokens.source, pos)
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
        ends_whole = not self.tokens.truncated
        return ends_whole and _is_simple(self.tokens) and not self._wants_root and self._script.is_done(pos)

    def _record(self, pos: int) -> None:
        asker, tree = self.asker, self.tokens.tree
        state = ReadingState(asker.asked, len(self.made), asker.wants_script, asker.base.counts, _tree_state(tree))
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
    """

    def __init__(self, document: bytes, reader: RecordingReader, charset: str | None) -> None:
        self._gate = reader.asker.gate
        self._encoding = reader.asker.encoding
        self._charset = charset
        self._head = document[: charsets.PRESCAN_LENGTH]
        self._found = _encoding(self._head, charset)
        self._edits = tuple(reader.made)
        # The document is divided at the checkpoints into pieces. What is before the first one, and perhaps what is
        # after the last one, is a piece that may not differ.
        places, states = reader.places, reader.states
        self._bounds = array("Q", [0, *places] if places[-1:] == [len(document)] else [0, *places, len(document)])
        self._states: list[ReadingState | None] = [None, *states, None][: len(self._bounds)]
        self._count = len(self._bounds) - 1
        bounds = [*self._bounds[:-1:_GROUP], len(document)]
        self._groups = [document[start:end] for start, end in pairwise(bounds)]
        #: How many bytes it takes.
        self.size = (
            len(document)
            + len(places) * _BYTES_OF_CHECKPOINT
            + sum(len(edit.replacement) + _BYTES_OF_EDIT for edit in self._edits)
            + _BYTES_OF_RECORDING
        )

    def edits_in(self, document: bytes) -> list[Edit] | None:
        """Return the recorded edits at their places in a document, or None if it has to be read in full.

        Args:
            document: the document.
        """
        regions = self._regions(document)
        if regions is None or not self._has_same_encoding(document):
            return None
        edits: list[Edit] = []
        shift = at = 0
        for edit in self._edits:
            while at < len(regions) and regions[at].end <= edit.start:
                shift = regions[at].shift
                at += 1
            edits.append(Edit(edit.start + shift, edit.end + shift, edit.replacement))
        return edits

    def _has_same_encoding(self, document: bytes) -> bool:
        """Return whether a browser reads a document in the encoding of the recorded one, and is as certain of it."""
        head = document[: charsets.PRESCAN_LENGTH]
        return head == self._head or _encoding(head, self._charset) == self._found

    def _regions(self, document: bytes) -> list[Region] | None:
        """Return the regions in which a document differs from the recorded one, or None if it is too different."""
        regions: list[Region] = []
        shift = 0
        left = _Budget(len(document))
        at = self._first_difference(document, 0, 0)
        while at < self._count or self._bounds[-1] + shift != len(document):
            at = min(at, self._count - 1)
            found = self._region(document, at, shift, left)
            if found is None:
                return None
            region, at = found
            regions.append(region)
            shift = region.shift
            at = self._first_difference(document, at, shift)
        return regions

    def _first_difference(self, document: bytes, at: int, shift: int) -> int:
        """Return the first piece from number `at` on that differs; the number of pieces if none does."""
        bounds = self._bounds
        while at < self._count:
            first = at - at % _GROUP
            group = self._groups[first // _GROUP]
            base = bounds[first]
            if document.startswith(group[bounds[at] - base :], bounds[at] + shift):
                at = min(first + _GROUP, self._count)
                continue
            stop = min(first + _GROUP, self._count)
            while stop - at > 1:
                middle = (at + stop) // 2
                if document.startswith(group[bounds[at] - base : bounds[middle] - base], bounds[at] + shift):
                    at = middle
                else:
                    stop = middle
            break
        return at

    def _piece(self, at: int) -> bytes:
        """Return the piece with a number."""
        start = self._bounds[at - at % _GROUP]
        return self._groups[at // _GROUP][self._bounds[at] - start : self._bounds[at + 1] - start]

    def _region(self, document: bytes, at: int, shift: int, left: _Budget) -> tuple[Region, int] | None:
        """Return the region that begins at a piece that differs, and the number of the piece after it.

        Args:
            document: the document.
            at: the number of the piece.
            shift: how much further to the back it is in the document.
            left: what may still be searched and read.
        """
        bounds = self._bounds
        begin = bounds[at] + shift
        for target in (at + length for length in _LENGTHS_TRIED if at + length < self._count):
            anchor = self._piece(target)[:_ANCHOR]
            end = bounds[target] + shift
            if not document.startswith(anchor, end):
                if not left.searches:
                    break
                left.searches -= 1
                end = document.find(anchor, begin, end + _LONGEST_GROWTH)
            if end >= begin and self._is_equivalent(document[begin:end], at, target, left):
                return Region(bounds[at], bounds[target], end - bounds[target]), target
        target = self._common_end(document, at)
        shift = len(document) - bounds[-1]
        end = bounds[target] + shift
        if end >= begin and self._is_equivalent(document[begin:end], at, target, left):
            return Region(bounds[at], bounds[target], shift), target
        return None

    def _common_end(self, document: bytes, at: int) -> int:
        """Return the first piece, after number `at`, from which on all pieces are equal to the document's end."""
        bounds = self._bounds
        shift = len(document) - bounds[-1]
        target = self._count

        def is_equal_from(piece: int) -> bool:
            place = bounds[piece] + shift
            return place >= 0 and document.startswith(group[bounds[piece] - base :], place)

        while target > at + 1:
            first = (target - 1) - (target - 1) % _GROUP
            group, base = self._groups[first // _GROUP], bounds[first]
            lowest = max(first, at + 1)
            if not is_equal_from(lowest):
                return bisect_left(range(target), True, lowest + 1, key=is_equal_from)
            target = lowest
        return target

    def _is_equivalent(self, region: bytes, start: int, end: int, left: _Budget) -> bool:
        """Return whether a new region leads from the state before one piece to the state before another.

        Args:
            region: the bytes of the region.
            start: the number of the piece with which the recorded region begins.
            end: the number of the piece after the recorded region.
            left: what may still be searched and read.
        """
        left.bytes -= len(region)
        if left.bytes < 0:
            return False
        before, after = self._states[start], self._states[end]
        if before is None or after is None or (before is not after and before[:-1] != after[:-1]) or b"\x1b" in region:
            return False
        return self._asks_nothing(region, before) and _tree_after(region, before.tree) == after.tree

    def _asks_nothing(self, region: bytes, state: ReadingState) -> bool:
        """Return whether the watch would not be asked about anything in a region."""
        gate = self._gate
        if _BODY_END.search(region) or (state.wants_script and gate.has_first_script(region)):
            return False
        if gate.pattern.search(region) is None:
            return True
        # With a base address, each address counts.
        return not (state.base_counts or gate.candidate_spans(region, self._encoding, complete=False))


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


def _encoding(head: bytes, charset: str | None) -> tuple[str | None, bool]:
    """Return the encoding of a document that begins with these bytes, and whether it is certain."""
    return charsets.sniff_encoding(head, charset, complete=True), charsets.is_certain(head, charset)


def _is_simple(tokens: TokenReader) -> bool:
    """Return whether nothing is open and nothing doubtful that the next bytes depend on."""
    tree = tokens.tree
    doubtful = tree.maybe_foreign or tree.maybe_open or tree.lost_track or tree.lost_track_without_scripts
    return tokens.in_html_data and not doubtful


def _tree_state(tree: Tree) -> TreeState:
    """Return the state of a tree in which nothing is open and nothing doubtful."""
    return TreeState(tree.in_select, tree.in_frameset, tree.frameset_ok, tree.is_misnested, tree.bom)


def _tree_after(region: bytes, state: TreeState) -> TreeState | None:
    """Return the state of the tree after a region, or None if something is open there or in doubt."""
    end = len(region)
    runs = grammar.HEAD_RUN if state.frameset_ok else grammar.SELECT_RUN if state.in_select else grammar.BODY_RUN
    # The first token after a byte order mark changes the state.
    if not state.bom and (found := runs.match(region)) and found.end() == end:
        return state
    tokens = Tokenizer()
    tree = tokens.tree
    tree.in_select, tree.in_frameset, tree.frameset_ok, tree.is_misnested, tree.bom = state
    tokens.feed(region)
    while tokens.pos < end:
        if _is_simple(tokens) and tokens.run(end) and tokens.pos == end:
            break
        if tokens.next() is None:
            return None
    return _tree_state(tokens.tree) if _is_simple(tokens) else None
