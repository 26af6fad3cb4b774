"""Content codings: compressed bodies are read and written piece by piece, in bounded memory.

Knows: gzip and deflate as RFC 9110, section 8.4.1 names them.
Must not know: HTML, headers, what is changed in between.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

#: The codings that can be read and written, as a request may offer them.
CODINGS = frozenset({b"gzip", b"x-gzip", b"deflate"})

#: The most bytes that are decoded at once, however well the sender has packed them.
PIECE = 65_536

_GZIP = 16 + zlib.MAX_WBITS


class CodingError(Exception):
    """The body is not what its Content-Encoding says."""


class Decoder:
    """Decodes one body. `feed` yields pieces of at most `PIECE` bytes, so a bomb never stands in memory as a whole."""

    __slots__ = ("_coding", "_engine", "_head")

    def __init__(self, coding: bytes) -> None:
        self._coding = coding
        self._engine = zlib.decompressobj(_GZIP)
        # Which of two formats "deflate" is shows in its first two bytes.
        self._head: bytes | None = b"" if coding == b"deflate" else None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The pieces that `chunk` completes. Raises: CodingError."""
        rest = chunk
        if self._head is not None:
            self._head += rest
            if len(self._head) < 2:
                return
            rest, self._head = self._head, None
            self._engine = zlib.decompressobj(zlib.MAX_WBITS if _has_zlib_header(rest) else -zlib.MAX_WBITS)
        while rest:
            if self._engine.eof:
                # RFC 1952, section 2.2: a gzip body may be several members, one after another.
                if self._coding == b"deflate" or not rest.strip(b"\0"):
                    return
                self._engine = zlib.decompressobj(_GZIP)
            try:
                piece = self._engine.decompress(rest, PIECE)
            except zlib.error as error:
                raise CodingError(str(error)) from error
            rest = self._engine.unconsumed_tail or self._engine.unused_data
            if piece:
                yield piece

    def close(self) -> bytes:
        """What the engine still holds: at most one back-reference's worth of bytes."""
        return self._engine.flush()

    @property
    def complete(self) -> bool:
        """Whether the coded body has come to its own end; False for one that was cut off."""
        return self._engine.eof


def _has_zlib_header(head: bytes) -> bool:
    """RFC 9110 means the zlib format (RFC 1950, section 2.2); some servers send the bare stream of RFC 1951."""
    return head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0


class Encoder:
    """Encodes one body; each `feed` ends on a byte boundary, so that what goes in can come out at the other end."""

    __slots__ = ("_engine",)

    def __init__(self, coding: bytes) -> None:
        self._engine = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS if coding == b"deflate" else _GZIP)

    def feed(self, data: bytes) -> bytes:
        """The coded form of `data`."""
        return self._engine.compress(data) + self._engine.flush(zlib.Z_SYNC_FLUSH) if data else b""

    def close(self) -> bytes:
        """The end of the coded body."""
        return self._engine.flush()
