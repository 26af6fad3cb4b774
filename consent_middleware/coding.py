"""Content codings: decode and encode bodies chunk by chunk, in bounded memory.

RFC 9110, section 8.4.1 (gzip, deflate), RFC 7932 (br) and RFC 8878 (zstd). gzip and deflate are in the standard
library. br needs the package Brotli or brotlicffi, 1.2 or later; zstd needs Python 3.14 or the package backports.zstd.
A coding whose package is missing is not in `CODINGS`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final, Protocol

#: The most bytes that are decoded at once, however well they are compressed.
CHUNK_SIZE: Final = 65_536

#: The most codings that a body may have, one on top of another. Servers use one, and each needs a decoder's memory.
MAX_CODINGS: Final = 3

#: `zlib`: the format of gzip, with the largest window.
_GZIP: Final = 16 + zlib.MAX_WBITS

#: RFC 9659: browsers accept zstd windows of up to 8 MB.
_ZSTD_WINDOW_LOG: Final = 23


class CodingError(Exception):
    """A body cannot be decoded by its `Content-Encoding`."""


def _first_module(*names: str) -> ModuleType | None:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def _with_output_limit(brotli: ModuleType | None) -> ModuleType | None:
    """Return the module, or None if it is older than 1.2.

    Older ones have no limit for the output of one call, so a bomb would be decoded into memory as a whole.
    """
    return brotli if brotli is not None and hasattr(brotli.Decompressor, "can_accept_more_data") else None


_brotli = _with_output_limit(_first_module("brotli", "brotlicffi"))
_zstd = _first_module("compression.zstd", "backports.zstd")


# Decoding


class _StreamDecoder(Protocol):
    """Decode one stream of one coding."""

    @property
    def ended(self) -> bool:
        """Whether the stream is complete."""
        ...

    @property
    def full(self) -> bool:
        """Whether more can be decoded without further input."""
        ...

    def read(self, coded: bytes) -> tuple[bytes, bytes]:
        """Return at most `CHUNK_SIZE` decoded bytes, and the rest of `coded`.

        Raises:
            CodingError: the bytes are not what the coding says.
        """
        ...


class _ZlibDecoder:
    full = False

    def __init__(self, window: int) -> None:
        self._engine = zlib.decompressobj(window)

    @property
    def ended(self) -> bool:
        return self._engine.eof

    def read(self, coded: bytes) -> tuple[bytes, bytes]:
        try:
            decoded = self._engine.decompress(coded, CHUNK_SIZE)
        except zlib.error as error:
            raise CodingError(str(error)) from error
        return decoded, self._engine.unconsumed_tail or self._engine.unused_data

    def flush(self) -> bytes:
        """Return the bytes that are still buffered: at most one back-reference."""
        return self._engine.flush()


class _DeflateDecoder(_ZlibDecoder):
    """Decode "deflate", which is one of two formats: the first two bytes tell which."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        #: The first byte, while the second is missing; None once the format is known.
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
    """Return whether a stream is in the zlib format (RFC 1950, section 2.2), as RFC 9110 asks.

    Some servers send the raw format of RFC 1951 instead.
    """
    return head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0


class _BrotliDecoder:
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
            # Brotli adds buffers, each larger than the one before, until the limit is passed. The first is 32 kB.
            decoded = self._engine.process(b"" if full else coded, output_buffer_limit=CHUNK_SIZE // 4)
        except self._error as error:
            raise CodingError(str(error) or "no brotli stream") from error
        return decoded, coded if full else b""


class _ZstdDecoder:
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
            decoded = self._engine.decompress(b"" if full else coded, CHUNK_SIZE)
        except self._error as error:
            raise CodingError(str(error)) from error
        return decoded, coded if full else self._engine.unused_data


#: Codings whose body may be several streams, one after another (RFC 1952, section 2.2; RFC 8878, section 3).
_MULTI_STREAM: Final = frozenset({b"gzip", b"x-gzip", b"zstd"})

_STREAM_DECODERS: Final[dict[bytes, Callable[[], _StreamDecoder]]] = {
    b"gzip": lambda: _ZlibDecoder(_GZIP),
    b"x-gzip": lambda: _ZlibDecoder(_GZIP),
    b"deflate": _DeflateDecoder,
    **({b"br": lambda: _BrotliDecoder(_brotli)} if _brotli else {}),
    **({b"zstd": lambda: _ZstdDecoder(_zstd)} if _zstd else {}),
}

#: The codings that can be decoded and encoded, as a request may offer them.
CODINGS: Final = frozenset(_STREAM_DECODERS)


class _LayerDecoder:
    """Decode one coding of a body, with all its streams."""

    def __init__(self, coding: bytes) -> None:
        self._coding = coding
        self._stream = _STREAM_DECODERS[coding]()

    @property
    def complete(self) -> bool:
        return self._stream.ended

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        rest = chunk
        while rest or self._stream.full:
            if self._stream.ended:
                if self._coding not in _MULTI_STREAM or not rest.strip(b"\0"):
                    return
                self._stream = _STREAM_DECODERS[self._coding]()
            decoded, rest = self._stream.read(rest)
            if decoded:
                yield decoded

    def close(self) -> bytes:
        return self._stream.flush() if isinstance(self._stream, _ZlibDecoder) else b""


class Decoder:
    """Decode one body, in chunks of at most `CHUNK_SIZE` bytes, so that a bomb is never in memory as a whole.

    Args:
        codings: the codings in the order in which they were applied (RFC 9110, section 8.4).
    """

    __slots__ = ("_layers",)

    def __init__(self, *codings: bytes) -> None:
        self._layers = [_LayerDecoder(coding) for coding in reversed(codings)]

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the bytes that can be decoded now.

        Raises:
            CodingError: the body is not what its codings say.
        """
        return self._decode(self._layers, chunk)

    def close(self) -> Iterator[bytes]:
        """Yield the bytes that are still buffered.

        Raises:
            CodingError: the body is not what its codings say.
        """
        for index, layer in enumerate(self._layers):
            rest = layer.close()
            if rest:
                yield from self._decode(self._layers[index + 1 :], rest)

    def _decode(self, layers: Sequence[_LayerDecoder], chunk: bytes) -> Iterator[bytes]:
        if not layers:
            yield chunk
            return
        for decoded in layers[0].feed(chunk):
            yield from self._decode(layers[1:], decoded)

    @property
    def complete(self) -> bool:
        """Whether the coded body has its end; False for one that was cut off."""
        return all(layer.complete for layer in self._layers)


def decode_prefix(codings: Sequence[bytes], coded: bytes) -> Iterator[bytes]:
    """Yield everything that can be decoded before the first error in a body, byte by byte."""
    decoder = Decoder(*codings)
    try:
        for at in range(len(coded)):
            yield from decoder.feed(coded[at : at + 1])
    except CodingError:
        return


# Encoding


class _StreamEncoder(Protocol):
    """Encode one stream of one coding."""

    def write(self, plain: bytes, *, flush: bool) -> bytes: ...
    def end(self) -> bytes: ...


class _ZlibEncoder:
    def __init__(self, window: int) -> None:
        self._engine = zlib.compressobj(6, zlib.DEFLATED, window)

    def write(self, plain: bytes, *, flush: bool) -> bytes:
        return self._engine.compress(plain) + (self._engine.flush(zlib.Z_SYNC_FLUSH) if flush else b"")

    def end(self) -> bytes:
        return self._engine.flush()


class _BrotliEncoder:
    #: About as small as gzip's level 6, in about its time. Higher levels are for files that are compressed once.
    _QUALITY: Final = 4

    def __init__(self, module: Any) -> None:
        self._engine = module.Compressor(quality=self._QUALITY)

    def write(self, plain: bytes, *, flush: bool) -> bytes:
        coded: bytes = self._engine.process(plain)
        return coded + self._engine.flush() if flush else coded

    def end(self) -> bytes:
        coded: bytes = self._engine.finish()
        return coded


class _ZstdEncoder:
    def __init__(self, module: Any) -> None:
        self._engine = module.ZstdCompressor()

    def write(self, plain: bytes, *, flush: bool) -> bytes:
        mode = self._engine.FLUSH_BLOCK if flush else self._engine.CONTINUE
        coded: bytes = self._engine.compress(plain, mode)
        return coded

    def end(self) -> bytes:
        coded: bytes = self._engine.flush()
        return coded


_STREAM_ENCODERS: Final[dict[bytes, Callable[[], _StreamEncoder]]] = {
    b"gzip": lambda: _ZlibEncoder(_GZIP),
    b"x-gzip": lambda: _ZlibEncoder(_GZIP),
    b"deflate": lambda: _ZlibEncoder(zlib.MAX_WBITS),
    b"br": lambda: _BrotliEncoder(_brotli),
    b"zstd": lambda: _ZstdEncoder(_zstd),
}


class Encoder:
    """Encode one body. What was fed so far can always be decoded at the other end.

    Args:
        codings: the codings in the order in which they are applied.
    """

    __slots__ = ("_codings", "_made")

    def __init__(self, *codings: bytes) -> None:
        self._codings = codings
        self._made: list[_StreamEncoder] | None = None

    @property
    def _layers(self) -> list[_StreamEncoder]:
        # Made at the first use: an encoder takes hundreds of kilobytes, and a page that does not change needs none.
        if self._made is None:
            self._made = [_STREAM_ENCODERS[coding]() for coding in self._codings]
        return self._made

    def feed(self, data: bytes) -> bytes:
        """Return the coded form of `data`, all of it."""
        if data:
            for layer in self._layers:
                data = layer.write(data, flush=True)
        return data

    def close(self, data: bytes = b"") -> bytes:
        """Return the coded form of the last `data`, and the end of the coded body."""
        for layer in self._layers:
            data = (layer.write(data, flush=False) if data else b"") + layer.end()
        return data


# Files


#: The codings for whole files, the smallest result first. Every browser accepts gzip.
PRECOMPRESSED: Final[tuple[bytes, ...]] = (b"br", b"gzip") if _brotli is not None else (b"gzip",)


@lru_cache(maxsize=256)  # a site has some dozens of files
def precompressed(plain: bytes, coding: bytes) -> bytes:
    """Return a file in one of `PRECOMPRESSED`, as small as possible: it is compressed once and sent often."""
    if coding == b"br" and _brotli is not None:
        dense: bytes = _brotli.compress(plain, quality=11)
        return dense
    return zlib.compress(plain, 9, _GZIP)
