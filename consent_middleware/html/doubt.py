"""A document of which nobody can tell whether it is in ISO-2022-JP: what may be a tag in either reading is held.

Only the document itself may say that it is in ISO-2022-JP, at a place that differs between browsers, or not at all:
some recognise it by its escape sequences. Up to the first of these both readings are the same. Behind it, bytes that
are markup in one may be half a character in the other, and an escape sequence within a word is no part of it. So what
follows is read without regard to where in the markup it stands, as the bytes that it is and as ISO-2022-JP.

Knows the decoder of the Encoding standard (12.2.1). Knows nothing about what is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

#: An escape sequence, and what may become one with the next bytes.
ESCAPE: Final = re.compile(rb"\x1b(\([BJI]|\$[@B])")
BEGUN: Final = re.compile(rb"\x1b[($]?\Z")
_ASCII: Final = frozenset({b"(B", b"(J"})
_PAIRED: Final = frozenset({b"$@", b"$B"})
#: What stands for a character that is no markup and no part of a host.
_OTHER: Final = 0xA4
#: Characters of JIS X 0208 that become ASCII in the name of a host; letters and digits are in row 3.
_IN_HOSTS: Final = {b"\x21\x23": b".", b"\x21\x25": b".", b"\x21\x5d": b"-"}
_WIDE: Final = re.compile(rb"\x23([0-9A-Za-z])")

#: How many bytes may stand between a script's tag and its end, when a long document is read in parts.
_NEAR: Final = 1 << 17
#: How many bytes a name may have with escape sequences in it, whose tag is not known yet.
_NAME: Final = 64


class Change(NamedTuple):
    """Replace ``source[start:end]`` by ``replacement``."""

    start: int
    end: int
    replacement: bytes


Tags = set[tuple[int, bytes]]
Read = Callable[[bytes, list[int] | None, Tags], Iterable[Change]]
"""Gives the changes for every tag in some bytes, but those already known; `places` are those of the bytes."""


class Escapes:
    """Tells where a document has an escape sequence that gives it two readings."""

    def __init__(self, *, expected: bool) -> None:
        #: In a document that says it is in ISO-2022-JP, only what escapes to where the text is already.
        self._expected = expected
        self._state = b"(B"

    def first(self, chunk: bytes) -> int:
        """Return where the first stands, or -1."""
        for found in ESCAPE.finditer(chunk):
            before, self._state = self._state, found[1]
            if not self._expected or (before in _ASCII and found[1] in _ASCII):
                return found.start()
        return -1


def as_jis(source: bytes, state: bytes = b"(B") -> tuple[bytes, list[int], bytes]:
    """Return ``source`` read as ISO-2022-JP, where each byte of that stands in it, and the state at its end.

    A character beyond ASCII is one byte: its ASCII twin, where a host has one, or what is no markup.
    """
    seen = bytearray()
    places: list[int] = []
    for begin, end, following in _parts(source, state):
        if state in _ASCII:
            seen += source[begin:end]
            places += range(begin, end)
        else:
            width = 2 if state in _PAIRED else 1
            for at in range(begin, end, width):
                pair = source[at : at + width]
                wide = _WIDE.fullmatch(pair)
                seen += wide[1] if wide else _IN_HOSTS.get(pair, bytes([_OTHER]))
                places.append(at)
        state = following
    places.append(len(source))
    return bytes(seen), places, state


def _parts(source: bytes, state: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Give the spans between escape sequences, each with the state behind it."""
    at = 0
    for found in ESCAPE.finditer(source):
        yield at, found.start(), found[1]
        state, at = found[1], found.end()
    yield at, len(source), state


class Doubt:
    """Rewrites the rest of a document in both readings. It is read when it has ended, or is longer than ``longest``."""

    def __init__(
        self, read: Read, unfinished: Callable[[bytes], int], give_up: Callable[[], bool], longest: int
    ) -> None:
        self._read = read
        self._unfinished = unfinished
        self._give_up = give_up
        self._longest = longest
        self._source = b""
        self._state = b"(B"

    @property
    def ends_in_ascii(self) -> bool:
        """Whether what is put behind the document is read as ASCII in either reading."""
        return self._state in _ASCII

    def feed(self, chunk: bytes, *, last: bool) -> bytes:
        """Take the next bytes of the document and give what is decided."""
        self._source += chunk
        if last:
            return self._rewritten(len(self._source))
        if len(self._source) <= self._longest:
            return b""
        cut = self._cut()
        if cut:
            return self._rewritten(cut)
        # One tag is longer than what is kept.
        if self._give_up():
            self._source = b"&lt;" + self._source[1:]
        return self._rewritten(len(self._source))

    def _cut(self) -> int:
        """Return where to part what has come: before what may be an unfinished tag, script or escape sequence."""
        source = self._source
        seen, places, _ = as_jis(source, self._state)
        cuts = [self._unfinished(source), places[self._unfinished(seen)]]
        if begun := BEGUN.search(source):
            cuts.append(begun.start())
        name = source.rfind(b"<", max(0, len(source) - _NAME))
        script = source.lower().rfind(b"<scr", max(0, len(source) - _NEAR))
        cuts += [at for at in (name,) if at > 0]
        if script > 0 and b"</scr" not in source[script:].lower():
            cuts.append(script)
        return min(cuts)

    def _rewritten(self, cut: int) -> bytes:
        source, self._source = self._source[:cut], self._source[cut:]
        known: Tags = set()
        changes = set(self._read(source, None, known))
        seen, places, self._state = as_jis(source, self._state)
        changes |= set(self._read(seen, places, known))
        out: list[bytes] = []
        at = 0
        for change in sorted(changes):
            if change.start >= at:
                out += (source[at : change.start], change.replacement)
                at = change.end
        return b"".join([*out, source[at:]])
