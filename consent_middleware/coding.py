"""Content codings: compressed bodies are read and written piece by piece, in bounded memory.

Knows: gzip, deflate, br and zstd as RFC 9110, section 8.4.1, RFC 7932 and RFC 8878 name them, and where Python finds
them.
Must not know: HTML, headers, what is changed in between.

gzip and deflate are the standard library's. br needs the package Brotli or brotlicffi, 1.2 or later; zstd needs Python
3.14 or the package backports.zstd. A coding whose package is missing is not among `CODINGS`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol

#: The most bytes that are decoded at once, however well the sender has packed them.
CHUNK_SIZE = 65_536

#: The most codings that may lie over one another. Real servers send one; each costs another engine.
MAX_CODINGS = 3

_GZIP = 16 + zlib.MAX_WBITS

#: RFC 9659: a browser accepts zstd windows up to 8 MB.
_ZSTD_WINDOW_LOG = 23


class CodingError(Exception):
    """The body is not what its Content-Encoding says."""


def _first_module(*names: str) -> ModuleType | None:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def _bounded(brotli: ModuleType | None) -> ModuleType | None:
    """The module, unless it is older than 1.2: nothing bounds what one call gives there, so a bomb would stand in
    memory as a whole."""
    return brotli if brotli is not None and hasattr(brotli.Decompressor, "can_accept_more_data") else None


_brotli = _bounded(_first_module("brotli", "brotlicffi"))
_zstd = _first_module("compression.zstd", "backports.zstd")


class _StreamDecoder(Protocol):
    """Decodes one stream of one coding."""

    @property
    def ended(self) -> bool:
        """Whether the stream has come to its own end."""
        ...

    @property
    def full(self) -> bool:
        """Whether there is more to give without further input."""
        ...

    def read(self, coded: bytes) -> tuple[bytes, bytes]:
        """At most `CHUNK_SIZE` bytes, and what is left of `coded`. Raises: CodingError."""
        ...


class _Zlib:
    full = False

    def __init__(self, window: int) -> None:
        self._engine = zlib.decompressobj(window)

    @property
    def ended(self) -> bool:
        return self._engine.eof

    def read(self, coded: bytes) -> tuple[bytes, bytes]:
        try:
            piece = self._engine.decompress(coded, CHUNK_SIZE)
        except zlib.error as error:
            raise CodingError(str(error)) from error
        return piece, self._engine.unconsumed_tail or self._engine.unused_data

    def flush(self) -> bytes:
        """What the engine still holds: at most one back-reference's worth of bytes."""
        return self._engine.flush()


class _Deflate(_Zlib):
    """Which of two formats "deflate" is shows in its first two bytes."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        self._head: bytes | None = b""

    def read(self, coded: bytes) -> tuple[bytes, bytes]:
        if self._head is not None:
            coded = self._head + coded
            if len(coded) < 2:
                self._head = coded
                return b"", b""
            self._head = None
            self._engine = zlib.decompressobj(zlib.MAX_WBITS if _has_zlib_header(coded) else -zlib.MAX_WBITS)
        return super().read(coded)


def _has_zlib_header(head: bytes) -> bool:
    """RFC 9110 means the zlib format (RFC 1950, section 2.2); some servers send the bare stream of RFC 1951."""
    return head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0


class _Brotli:
    def __init__(self, module: Any) -> None:
        self._engine = module.Decompressor()
        self._error = module.error

    @property
    def ended(self) -> bool:
        return bool(self._engine.is_finished())

    @property
    def full(self) -> bool:
        return not self._engine.can_accept_more_data()

    def read(self, coded: bytes) -> tuple[bytes, bytes]:
        full = self.full
        try:
            # It adds a buffer, each larger than the one before, until the limit is passed: the first is half a piece.
            piece = self._engine.process(b"" if full else coded, output_buffer_limit=CHUNK_SIZE // 4)
        except self._error as error:
            raise CodingError(str(error) or "no brotli stream") from error
        return piece, coded if full else b""


class _Zstd:
    def __init__(self, module: Any) -> None:
        self._engine = module.ZstdDecompressor(
            options={module.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG},
        )
        self._error = module.ZstdError

    @property
    def ended(self) -> bool:
        return bool(self._engine.eof)

    @property
    def full(self) -> bool:
        return not self._engine.eof and not self._engine.needs_input

    def read(self, coded: bytes) -> tuple[bytes, bytes]:
        full = self.full
        try:
            piece = self._engine.decompress(b"" if full else coded, CHUNK_SIZE)
        except self._error as error:
            raise CodingError(str(error)) from error
        return piece, coded if full else self._engine.unused_data


#: RFC 1952, section 2.2, and RFC 8878, section 3: the body may be several streams, one after another.
_REPEATS = frozenset({b"gzip", b"x-gzip", b"zstd"})

_ENGINES: dict[bytes, Callable[[], _StreamDecoder]] = {
    b"gzip": lambda: _Zlib(_GZIP),
    b"x-gzip": lambda: _Zlib(_GZIP),
    b"deflate": _Deflate,
    **({b"br": lambda: _Brotli(_brotli)} if _brotli else {}),
    **({b"zstd": lambda: _Zstd(_zstd)} if _zstd else {}),
}

#: The codings that can be read and written, as a request may offer them.
CODINGS = frozenset(_ENGINES)


class _Layer:
    """Decodes one coding of a body, all its streams."""

    def __init__(self, coding: bytes) -> None:
        self._coding = coding
        self._engine = _ENGINES[coding]()

    @property
    def complete(self) -> bool:
        return self._engine.ended

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        rest = chunk
        while rest or self._engine.full:
            if self._engine.ended:
                if self._coding not in _REPEATS or not rest.strip(b"\0"):
                    return
                self._engine = _ENGINES[self._coding]()
            piece, rest = self._engine.read(rest)
            if piece:
                yield piece

    def close(self) -> bytes:
        return self._engine.flush() if isinstance(self._engine, _Zlib) else b""


class Decoder:
    """Decodes one body. `feed` yields pieces of at most `CHUNK_SIZE` bytes, so a bomb is never
    in memory as a whole.

    Args: the codings in the order in which they were applied (RFC 9110, section 8.4).
    """

    __slots__ = ("_layers",)

    def __init__(self, *codings: bytes) -> None:
        self._layers = [_Layer(coding) for coding in reversed(codings)]

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The pieces that `chunk` completes. Raises: CodingError."""
        return self._through(self._layers, chunk)

    def close(self) -> Iterator[bytes]:
        """What is still held. Raises: CodingError."""
        for index, layer in enumerate(self._layers):
            rest = layer.close()
            if rest:
                yield from self._through(self._layers[index + 1 :], rest)

    def _through(self, layers: Sequence[_Layer], chunk: bytes) -> Iterator[bytes]:
        if not layers:
            yield chunk
            return
        for piece in layers[0].feed(chunk):
            yield from self._through(layers[1:], piece)

    @property
    def complete(self) -> bool:
        """Whether the coded body has come to its own end; False for one that was cut off."""
        return all(layer.complete for layer in self._layers)


def decode_prefix(codings: Sequence[bytes], coded: bytes) -> Iterator[bytes]:
    """All that can be decoded of the beginning of a broken body, a byte of it at a time. Never raises."""
    decoder = Decoder(*codings)
    try:
        for at in range(len(coded)):
            yield from decoder.feed(coded[at : at + 1])
    except CodingError:
        return


class _Writer(Protocol):
    def write(self, plain: bytes, *, flush: bool) -> bytes: ...
    def end(self) -> bytes: ...


class _ZlibWriter:
    def __init__(self, window: int) -> None:
        self._engine = zlib.compressobj(6, zlib.DEFLATED, window)

    def write(self, plain: bytes, *, flush: bool) -> bytes:
        return self._engine.compress(plain) + (self._engine.flush(zlib.Z_SYNC_FLUSH) if flush else b"")

    def end(self) -> bytes:
        return self._engine.flush()


class _BrotliWriter:
    #: About as dense as gzip's 6, in about its time; higher levels are for files that are compressed once.
    _QUALITY = 4

    def __init__(self, module: Any) -> None:
        self._engine = module.Compressor(quality=self._QUALITY)

    def write(self, plain: bytes, *, flush: bool) -> bytes:
        coded: bytes = self._engine.process(plain)
        return coded + self._engine.flush() if flush else coded

    def end(self) -> bytes:
        coded: bytes = self._engine.finish()
        return coded


class _ZstdWriter:
    def __init__(self, module: Any) -> None:
        self._engine = module.ZstdCompressor()

    def write(self, plain: bytes, *, flush: bool) -> bytes:
        mode = self._engine.FLUSH_BLOCK if flush else self._engine.CONTINUE
        coded: bytes = self._engine.compress(plain, mode)
        return coded

    def end(self) -> bytes:
        coded: bytes = self._engine.flush()
        return coded


_WRITERS: dict[bytes, Callable[[], _Writer]] = {
    b"gzip": lambda: _ZlibWriter(_GZIP),
    b"x-gzip": lambda: _ZlibWriter(_GZIP),
    b"deflate": lambda: _ZlibWriter(zlib.MAX_WBITS),
    b"br": lambda: _BrotliWriter(_brotli),
    b"zstd": lambda: _ZstdWriter(_zstd),
}


class Encoder:
    """Encodes one body; each `feed` ends on a byte boundary, so that what goes in can come out at the other end.

    Args: the codings in the order in which they are applied.
    """

    __slots__ = ("_codings", "_made")

    def __init__(self, *codings: bytes) -> None:
        self._codings = codings
        self._made: list[_Writer] | None = None

    @property
    def _writers(self) -> list[_Writer]:
        # At the first use only: an engine takes hundreds of kilobytes, and most pages at hand need none.
        if self._made is None:
            self._made = [_WRITERS[coding]() for coding in self._codings]
        return self._made

    def feed(self, data: bytes) -> bytes:
        """The coded form of `data`, all of it."""
        if data:
            for writer in self._writers:
                data = writer.write(data, flush=True)
        return data

    def close(self, data: bytes = b"") -> bytes:
        """The coded form of the last `data`, and the end of the coded body."""
        for writer in self._writers:
            data = (writer.write(data, flush=False) if data else b"") + writer.end()
        return data


#: The codings in which whole files are packed, the densest first. Every browser reads gzip.
PRECOMPRESSED: tuple[bytes, ...] = (b"br", b"gzip") if _brotli is not None else (b"gzip",)


@lru_cache(maxsize=256)  # a site has some dozens of files
def precompressed(plain: bytes, coding: bytes) -> bytes:
    """A file in one of `PRECOMPRESSED`, as small as it goes: it is compressed once and sent often."""
    if coding == b"br" and _brotli is not None:
        dense: bytes = _brotli.compress(plain, quality=11)
        return dense
    return zlib.compress(plain, 9, _GZIP)
