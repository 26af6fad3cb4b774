"""Looking for tags at every "<", where it is unknown where tags begin.

Browsers may then read different tags, and some of these overlap. So the watch is asked about everything that may be a
start tag, wherever it is, and text that looks like one may be edited too. Offsets here count from the beginning of
the document, because edits wait while the source moves on.
"""

from __future__ import annotations

from bisect import bisect
from collections import deque
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from operator import attrgetter
from typing import Final

from . import grammar
from .asking import TagAsker
from .buffer import NEVER
from .script_text import foreign_text, script_end, scripts_within
from .token_reader import TokenReader
from .watch import Edit

MAX_NESTED: Final = 16
"""How many tags and scripts may overlap."""

_LONGEST_OPENING: Final = 64
"""How many bytes the "<" and the name of an element that the watch is asked about have at most."""

_span = attrgetter("start", "end")


class TagSweep:
    """Ask about everything that may be a start tag.

    An edit waits until everything before it is decided.
    """

    def __init__(self, tokens: TokenReader, asker: TagAsker) -> None:
        self._tokens = tokens
        self._asker = asker
        self._gate = asker.gate
        # Everything before this was looked at.
        self._looked = 0
        # Where a possible tag begins that has to arrive whole first.
        self._fence = NEVER
        # Where the next possible tag begins, and the source in which it was found.
        self._opening = -1
        self._opening_source = b""
        self._pending: list[Edit] = []
        self._body_ends: deque[tuple[int, bytes]] = deque()
        # Where the possible tags and scripts end in which others may begin.
        self._ends: list[int] = []

    @property
    def ends_in_tag(self) -> bool:
        """Whether the document may end within a tag."""
        return NEVER in self._ends

    @property
    def limit(self) -> int:
        """Up to where the source is decided."""
        limit = min(self._tokens.pos, self._fence - self._tokens.offset)
        return min(limit, self._pending[0].start - self._tokens.offset) if self._pending else limit

    def begin_at(self, at: int) -> None:
        """Look at every "<" from this offset in the source on."""
        self._looked = self._tokens.offset + at
        self._opening = -1

    def add(self, edits: Iterable[Edit], offset: int) -> None:
        """Add edits that wait for what is before them; of edits that overlap, the first one stays.

        Args:
            edits: the edits.
            offset: the offset in the document from which their spans count.
        """
        for edit in edits:
            moved = Edit(edit.start + offset, edit.end + offset, edit.replacement)
            # The edits in the list do not overlap, so only the neighbors can overlap a new one.
            at = bisect(self._pending, moved[:2], key=_span)
            before, after = self._pending[max(at - 1, 0) : at], self._pending[at : at + 1]
            if all(edit.end <= moved.start for edit in before) and all(moved.end <= edit.start for edit in after):
                self._pending.insert(at, moved)
            self._asker.end_markup.edited = True

    def add_body_end(self, at: int, closing: bytes) -> None:
        """Add the end tag of a body: the end markup may be added before it, once everything before it is decided."""
        self._body_ends.append((self._tokens.offset + at, closing))

    def due_edits(self) -> Iterator[Edit]:
        """Yield the edits before which everything is decided, as spans of the source."""
        offset = self._tokens.offset
        limit = min(self._tokens.pos + offset, self._fence)
        count = 0
        for edit in self._pending:
            if edit.end > limit:
                break
            count += 1
            yield Edit(edit.start - offset, edit.end - offset, edit.replacement)
        del self._pending[:count]

    def look(self, upto: int) -> bool:
        """Ask about every possible tag that begins at or before an offset.

        Returns:
            False if one of them has not arrived whole.
        """
        tokens = self._tokens
        while (at := self._next_opening()) <= upto:
            self._pass_body_ends(tokens.offset + at)
            if not self._decide(at):
                self._fence = tokens.offset + at
                tokens.wait_for_more()
                return False
            self._looked = tokens.offset + at + 1
        self._pass_body_ends(tokens.offset + upto + 1)
        return True

    def give_up(self) -> None:
        """Stop waiting for the end of a possible tag, which is withheld, or of the tag that the tokenizer reads."""
        if self._fence == NEVER:
            self._tokens.skip_long_tag()
            return
        self._withhold(self._fence)
        self._looked = self._fence + 1
        self._fence = NEVER

    def stop(self) -> Iterator[Edit]:
        """Yield all edits that wait, as spans of the source, because the rest of the document is read in another way.

        A possible tag that begins before the last of them and has not been looked at is withheld.
        """
        offset = self._tokens.offset
        if self._pending:
            begin, end = max(0, self._looked - offset), self._pending[-1].end - offset
            for found in self._gate.opening.finditer(self._tokens.source, begin, end):
                self._withhold(offset + found.start())
        for edit in self._pending:
            yield Edit(edit.start - offset, edit.end - offset, edit.replacement)
        self._pending.clear()

    def _withhold(self, at: int) -> None:
        """Make a possible tag text."""
        if self._asker.bail_out():
            self.add([Edit(at, at + 1, b"&lt;")], 0)

    def _next_opening(self) -> int:
        """Return where the next possible tag begins; an offset beyond the source if there is none."""
        tokens = self._tokens
        at = max(0, self._looked - tokens.offset)
        if self._opening < self._looked or self._opening_source is not tokens.source:
            found = self._gate.opening.search(tokens.source, at)
            if found is None and not tokens.at_eof:
                found = grammar.UNFINISHED_OPENING.search(tokens.source, max(at, len(tokens.source) - _LONGEST_OPENING))
            self._opening = NEVER if found is None else tokens.offset + found.start()
            self._opening_source = tokens.source
            if self._fence != self._opening:
                self._fence = NEVER
        return self._opening - tokens.offset

    def _pass_body_ends(self, before: int) -> None:
        """Ask for the end markup before the end tags of bodies up to an offset in the document."""
        while self._body_ends and self._body_ends[0][0] < before:
            at, closing = self._body_ends.popleft()
            self.add(list(self._asker.end_markup.before_body_end(at, closing)), 0)

    def _decide(self, at: int) -> bool:
        """Ask about a possible start tag.

        Returns:
            False if more bytes are needed.
        """
        tokens, asker = self._tokens, self._asker
        here = tokens.offset + at
        while self._ends and self._ends[0] <= here:
            heappop(self._ends)
        # The tokenizer's own reading is that of the newest browsers.
        asker.is_certain = at == tokens.pos and not tokens.raw_construct
        if len(self._ends) >= MAX_NESTED:
            # With so many inside each other, the same bytes would be read too often.
            self._withhold(here)
            return True
        found = grammar.START_TAG.match(tokens.source, at)
        if found is None:
            if tokens.at_eof and self._gate.opening.match(tokens.source, at):
                heappush(self._ends, NEVER)
            return tokens.at_eof
        name = found[1].lower()
        texts: list[bytes | None] = [None]
        stop = found.end()
        if name == b"script":
            if not tokens.tree.lost_track:
                return True
            read = self._script_texts(found[0], at, stop)
            if read is None:
                return False
            texts, stop = read
        heappush(self._ends, tokens.offset + stop)
        asker.is_sweeping = True
        tags = [asker.tag(name, found[0], svg=svg) for svg in (False, True)[: len(texts)]]
        self.add(asker.ask(tags, texts), here)
        asker.is_sweeping = False
        return True

    def _script_texts(self, raw: bytes, at: int, begin: int) -> tuple[list[bytes | None], int] | None:
        """Read the text of a possible script by both readings.

        Args:
            raw: the start tag.
            at: its offset.
            begin: the offset of the content.

        Returns:
            The text of it as a script of HTML and of SVG, and up to where it was read; None if more bytes are needed.
        """
        texts: list[bytes | None] = [None, None]
        asker = self._asker
        wanted = [asker.watch.wants_script_text(asker.tag(b"script", raw, svg=svg)) for svg in (False, True)]
        if self._gate.text_needles is None or not any(wanted):
            return texts, begin
        source = self._tokens.source
        last = at + asker.max_text
        foreign = grammar.SVG_SCRIPT.match(source, begin, last)
        end = foreign.end() if foreign else -1
        if foreign and source[end + 1] != 0x2F:
            # Another script begins in it.
            _, end = scripts_within(source, begin, last, xml=False)
        ends = [script_end(source, begin, last + len("</script>")), end]
        if min(ends) < 0 and not self._tokens.at_eof and len(source) <= last + len("</script"):
            return None
        within = [end if end <= last else -1 for end in ends]
        if within[0] >= 0:
            texts[0] = source[begin : within[0]]
        if within[1] >= 0:
            texts[1] = foreign_text(source[begin : within[1]], xml=False)
        # If an end was not found, everything that was searched for it counts as read.
        return texts, max(begin, *within) if min(within) >= 0 else min(len(source), last)
