"""Rewrite a document that may or may not be in ISO-2022-JP, so that a tag is blocked if it is one in either reading."""

# Why two readings
# ================
#
# Only the document itself can declare ISO-2022-JP, and browsers do not agree where they look for the declaration; some
# even guess the encoding from escape sequences. So the same bytes may be ASCII text to one browser and Japanese to
# another. Up to the first escape sequence both readings are the same, and the tokenizer reads them. From there on they
# may differ about everything: which bytes are tags, where a comment ends, which script is open.
#
# So the rest of the document is read without context. In each reading, everything that looks like a start tag is a tag
# (`Prefilter.pattern`), wherever it is. A tag that names a vendor is changed in the bytes of the document. Too many
# tags may be blocked that way, such as one in a comment, but no tag is missed. Few pages have an escape sequence.
#
# Example, with the escape sequence `ESC ( B`, which switches to ASCII:
#
#     <p>ESC$B<img src=//vendor.example>ESC(B</p> <scrESC(Bipt src=//vendor.example/x>
#
# - As ASCII there is an `img` with a vendor's host. In ISO-2022-JP the same bytes are kanji: `<i`, `mg`, ...
# - In ISO-2022-JP there is a `script`: an escape sequence is not a character, and both of its parts are ASCII. As ASCII
#   it is an element with an unknown name.
#
# Both are blocked. To find the second, the bytes are converted (`read_as_jis`): escape sequences are removed, and each
# character is one byte. The conversion records the position of each byte in the document, so that an edit of the
# converted tag can be made there.

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from .iso2022jp import ASCII_STATES, ESCAPE, INITIAL_STATE, TWO_BYTE_STATES

#: The beginning of an escape sequence at the end of a chunk.
PARTIAL_ESCAPE: Final = re.compile(rb"\x1b[($]?\Z")
#: What a character becomes that is neither markup nor part of a host.
_OTHER: Final = 0xA4
#: Characters of JIS X 0208 that become ASCII in a host; full-width letters and digits are in row 3.
_HOST_CHARACTERS: Final = {b"\x21\x23": b".", b"\x21\x25": b".", b"\x21\x5d": b"-"}
_FULL_WIDTH: Final = re.compile(rb"\x23([0-9A-Za-z])")

#: When a long document is read in parts: how far back to look for the tag of a script that has not ended yet.
_MAX_SCRIPT: Final = 1 << 17
#: How long the beginning of a tag may be, escape sequences in its name included, before the pattern recognizes it.
_MAX_NAME: Final = 64


class Change(NamedTuple):
    """A replacement of `source[start:end]`."""

    start: int
    end: int
    replacement: bytes


#: The tags that have been read in one of the readings, by their positions and bytes.
KnownTags = set[tuple[int, bytes]]
#: Returns the changes for all tags in a reading that are not known yet, and adds these to the known ones. The second
#: argument is the position in the document of each byte of the reading; None if they are the same.
FindChanges = Callable[[bytes, list[int] | None, KnownTags], Iterable[Change]]


class EscapeFinder:
    """Find the escape sequences from which on a document has two readings.

    Args:
        expected: whether the document declares ISO-2022-JP. Then only an escape sequence that switches from ASCII to
            ASCII counts: it has no use but to split a word.
    """

    def __init__(self, *, expected: bool) -> None:
        self._expected = expected
        self._state = INITIAL_STATE

    def find(self, chunk: bytes) -> Iterator[int]:
        """Yield the position of each one in the next bytes of the document."""
        for found in ESCAPE.finditer(chunk):
            before, self._state = self._state, found[1]
            if not self._expected or (before in ASCII_STATES and found[1] in ASCII_STATES):
                yield found.start()


def read_as_jis(source: bytes, state: bytes = INITIAL_STATE) -> tuple[bytes, list[int], bytes]:
    """Convert a document in ISO-2022-JP to one byte for each character, without escape sequences.

    A character beyond ASCII becomes the ASCII character to which a host maps it, or a byte that is not markup.

    Returns:
        The converted bytes, the position of each in `source` (and the end of `source`), and the state at the end.
    """
    converted = bytearray()
    places: list[int] = []
    for begin, end, following in _parts(source, state):
        if state in ASCII_STATES:
            converted += source[begin:end]
            places += range(begin, end)
        else:
            width = 2 if state in TWO_BYTE_STATES else 1
            for at in range(begin, end, width):
                pair = source[at : at + width]
                full_width = _FULL_WIDTH.fullmatch(pair)
                converted += full_width[1] if full_width else _HOST_CHARACTERS.get(pair, bytes([_OTHER]))
                places.append(at)
        state = following
    places.append(len(source))
    return bytes(converted), places, state


def _parts(source: bytes, state: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield the spans between escape sequences, each with the state that follows it."""
    at = 0
    for found in ESCAPE.finditer(source):
        yield at, found.start(), found[1]
        state, at = found[1], found.end()
    yield at, len(source), state


class DoubleReading:
    """Rewrite the rest of a document in both readings.

    The document is buffered until it ends or is longer than `longest`; then it is rewritten up to a place that no tag
    and no script crosses in either reading.

    Args:
        find_changes: returns the changes for the tags of a reading.
        find_unfinished: returns where the first unfinished tag of a reading begins, or the reading's length.
        give_up: called when one tag is longer than `longest`; returns whether the tag must be made harmless.
        longest: how many bytes to buffer at most.
    """

    def __init__(
        self,
        find_changes: FindChanges,
        find_unfinished: Callable[[bytes], int],
        give_up: Callable[[], bool],
        longest: int,
    ) -> None:
        self._find_changes = find_changes
        self._find_unfinished = find_unfinished
        self._give_up = give_up
        self._longest = longest
        self._source = b""
        self._state = INITIAL_STATE

    @property
    def ends_in_ascii(self) -> bool:
        """Return whether bytes that are appended to the document are ASCII in both readings."""
        return self._state in ASCII_STATES

    def feed(self, chunk: bytes, *, last: bool) -> bytes:
        """Take the next bytes of the document, and return the bytes that are decided."""
        self._source += chunk
        if last:
            return self._rewrite(len(self._source))
        if len(self._source) <= self._longest:
            return b""
        cut = self._find_cut()
        if cut:
            return self._rewrite(cut)
        # One tag is longer than the buffer may be.
        if self._give_up():
            self._source = b"&lt;" + self._source[1:]
        return self._rewrite(len(self._source))

    def _find_cut(self) -> int:
        """Return where to cut the buffer: before what may be an unfinished tag, script or escape sequence."""
        source = self._source
        converted, places, _ = read_as_jis(source, self._state)
        cuts = [self._find_unfinished(source), places[self._find_unfinished(converted)]]
        if partial := PARTIAL_ESCAPE.search(source):
            cuts.append(partial.start())
        name = source.rfind(b"<", max(0, len(source) - _MAX_NAME))
        script = source.lower().rfind(b"<scr", max(0, len(source) - _MAX_SCRIPT))
        cuts += [at for at in (name,) if at > 0]
        if script > 0 and b"</scr" not in source[script:].lower():
            cuts.append(script)
        return min(cuts)

    def _rewrite(self, cut: int) -> bytes:
        """Remove the bytes before `cut` from the buffer, and return them with the changes of both readings."""
        source, self._source = self._source[:cut], self._source[cut:]
        known: KnownTags = set()
        changes = set(self._find_changes(source, None, known))
        converted, places, self._state = read_as_jis(source, self._state)
        changes |= set(self._find_changes(converted, places, known))
        out: list[bytes] = []
        at = 0
        for change in sorted(changes):
            # Of changes that overlap, the first is made.
            if change.start >= at:
                out += (source[at : change.start], change.replacement)
                at = change.end
        return b"".join([*out, source[at:]])
