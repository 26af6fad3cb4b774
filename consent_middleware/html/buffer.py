"""The input buffer of a tokenizer, and the budget for reading an unfinished construct again.

The bytes of a document arrive in chunks of any size, and a tag is read in one match. So a tag that has not arrived
whole is kept and read again from its "<" when more bytes are there. With one byte per chunk, reading it again for each
chunk would take quadratic time. `RetryBudget` decides when another try is worth its cost: when a ">" has arrived or the
construct has doubled in length, and only while all tries together have read less than a fixed multiple of its length.

For example, `<img alt="` arrives, and then a long value with one byte per chunk. The tag is tried at 10 bytes, then at
20, 40, 80 and so on. A value full of ">" asks for a try with nearly every chunk. These tries end when all tries have
read 16 times the buffered bytes; then only the doublings remain.

Offsets are offsets into `InputBuffer.source`. `InputBuffer.offset` makes them offsets in the document.
"""

from __future__ import annotations

from typing import Final

NEVER: Final = 1 << 62
"""A length that no input reaches."""


class RetryBudget:
    """Decide when to read an unfinished construct again.

    A ">" is worth a try until all tries have read more than `16 * length + 512` bytes, and each doubling of the length
    is worth one. So the work is linear in the length of the construct.
    """

    __slots__ = ("bytes_spent", "due_at", "length_tried")

    def __init__(self) -> None:
        #: The length of the construct at the last try, or 0 if nothing is unfinished.
        self.length_tried = 0
        #: How many bytes all tries at the construct have read.
        self.bytes_spent = 0
        #: Try again at this length in any case.
        self.due_at = NEVER

    def note_try(self, length: int) -> None:
        """Count a try that read so many bytes and found the construct unfinished."""
        self.length_tried = length
        self.bytes_spent += length

    def is_worth_a_try(self, length: int, chunk: bytes) -> bool:
        """Return whether to read the construct again.

        Args:
            length: how many bytes are buffered now.
            chunk: the bytes that arrived last.
        """
        if length >= min(2 * self.length_tried, self.due_at):
            return True
        return b">" in chunk and self.bytes_spent <= 16 * length + 512


class InputBuffer:
    """Buffer the bytes that have arrived and are still needed.

    `source[start:pos]` is the token just read. Bytes before `consumed` are dropped with the next `feed`. Chunks that
    arrive while another try is not worth its cost are kept apart and joined later, because joining copies the buffer.

    The tokenizers derive from this class: `source` and `pos` are read for every token, and one more attribute lookup
    each time is measurable.
    """

    def __init__(self) -> None:
        self.source = b""
        #: The offset of `source` in the document.
        self.offset = 0
        #: Bytes before this are not needed again.
        self.consumed = 0
        self.start = 0
        self.pos = 0
        #: Whether no more bytes arrive.
        self.at_eof = False
        self._chunks: list[bytes] = []
        self._chunks_size = 0
        self._retry = RetryBudget()

    @property
    def buffered(self) -> int:
        """How many bytes have arrived and are still needed."""
        return len(self.source) - self.consumed + self._chunks_size

    @property
    def needed(self) -> bytes:
        """The bytes that have arrived and are still needed."""
        return b"".join((self.source[self.consumed :], *self._chunks))

    def feed(self, chunk: bytes, *, last: bool = False) -> bool:
        """Add bytes to the buffer.

        Args:
            chunk: the bytes.
            last: whether no more bytes arrive.

        Returns:
            Whether to read on now. False if another try at an unfinished construct is not worth its cost yet.
        """
        retry = self._retry
        if retry.length_tried and not last:
            self._chunks.append(chunk)
            self._chunks_size += len(chunk)
            if not retry.is_worth_a_try(self.buffered, chunk):
                return False
            chunk = b""
        self._join(chunk)
        self.at_eof = last
        return True

    def _join(self, chunk: bytes = b"") -> int:
        """Join the bytes that are still needed with those that arrived, and return how many were dropped."""
        if self._chunks:
            chunk = b"".join((*self._chunks, chunk))
            self._chunks.clear()
            self._chunks_size = 0
        dropped = self.consumed
        self.source = self.source[dropped:] + chunk if dropped < len(self.source) else chunk
        self.offset += dropped
        self.pos = self.start = self.pos - dropped
        self.consumed = 0
        return dropped

    def skip_rest(self) -> None:
        """Leave the rest of the document unread."""
        self.start = self.pos = len(self.source)

    def wait_for_more(self) -> None:
        """Read on when another try is worth its cost, because something after `consumed` is unfinished."""
        self._retry.note_try(len(self.source) - self.consumed)
