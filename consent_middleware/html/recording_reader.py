"""Reading a document and recording it: its checkpoints, the reading state at each, and its edits. See `incremental`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .asking import TagAsker
from .reader import DocumentReader
from .region import BODY_END, ReadingState, is_simple, tree_state
from .watch import Edit

#: How many bytes there are between two checkpoints at least.
SPACING: Final = 64


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
