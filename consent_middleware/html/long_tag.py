"""A tag that is too long to buffer: its bytes pass, and only the tokenizer's state in it is kept."""

from __future__ import annotations

from . import grammar


class LongTag:
    """Follow the rest of a tag whose beginning has left the buffer (13.2.5.8, .32 to .40).

    Attributes:
        name: the name of the tag.
        is_start: whether it is a start tag.
        is_over: whether its ">" is the next byte.
        ends_with_slash: whether the last byte read is a "/".
    """

    def __init__(self, name: bytes, *, is_start: bool) -> None:
        self.name = name
        self.is_start = is_start
        self.is_over = False
        self.ends_with_slash = False
        self._state = "tag name"

    def read(self, source: bytes, pos: int) -> int:
        """Read on in the tag.

        Args:
            source: the buffered bytes.
            pos: the offset of the first byte that is not read.

        Returns:
            The offset of the ">" that ends the tag, or of the end of the bytes.
        """
        begin, end = pos, len(source)
        while pos < end:
            run, next_states = grammar.TAG_STATES[self._state]
            found = run.match(source, pos)
            pos = found.end() if found else pos
            if pos < end:
                self._state = next_states.get(source[pos : pos + 1]) or next_states[b""]
                if self._state == "end":
                    self.is_over = True
                    break
                pos += 1
        if pos > begin:
            self.ends_with_slash = source[pos - 1 : pos] == b"/"
        return pos
