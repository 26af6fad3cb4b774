"""Content codings: read and written piece by piece."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.coding import PIECE, CodingError, Decoder, Encoder


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


def decode(coding: bytes, coded: bytes, step: int = 1 << 20) -> tuple[bytes, bool]:
    decoder = Decoder(coding)
    out = [piece for at in range(0, len(coded), step) for piece in decoder.feed(coded[at : at + step])]
    return b"".join([*out, *decoder.close()]), decoder.complete


TEXT = b"<p>some text</p>" * 999
CODED = {
    "gzip": (b"gzip", gzip.compress(TEXT)),
    "x-gzip": (b"x-gzip", gzip.compress(TEXT)),
    "deflate": (b"deflate", zlib.compress(TEXT)),
    "deflate without its header": (b"deflate", raw_deflate(TEXT)),
    "gzip of two members": (b"gzip", gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:])),
    "gzip with zeros behind": (b"gzip", gzip.compress(TEXT) + bytes(9)),
    "deflate with bytes behind": (b"deflate", zlib.compress(TEXT) + b"left"),
}


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize(("coding", "coded"), CODED.values(), ids=CODED)
def test_any_chunking_decodes_to_the_same(coding: bytes, coded: bytes, step: int) -> None:
    assert decode(coding, coded, step) == (TEXT, True)


def test_a_bomb_comes_in_small_pieces() -> None:
    decoder = Decoder(b"gzip")
    pieces = decoder.feed(gzip.compress(bytes(50_000_000)))

    sizes = [len(next(pieces)) for _ in range(20)]

    assert max(sizes) <= PIECE


def test_a_body_that_was_cut_off_is_known() -> None:
    out, complete = decode(b"gzip", gzip.compress(TEXT)[:-20])

    assert TEXT.startswith(out)
    assert not complete


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
def test_other_bytes_are_an_error(coding: bytes) -> None:
    with pytest.raises(CodingError):
        decode(coding, b"<p>this is no compressed text</p>")


@given(st.lists(st.binary()), st.sampled_from([b"gzip", b"deflate"]))
def test_what_is_encoded_decodes_and_each_piece_can_be_read_at_once(pieces: list[bytes], coding: bytes) -> None:
    """Law: round trip, and streaming: what goes in can come out at the other end."""
    encoder, decoder = Encoder(coding), Decoder(coding)
    for piece in pieces:
        assert b"".join(decoder.feed(encoder.feed(piece))) == piece

    assert b"".join(decoder.feed(encoder.close())) == b""
    assert decoder.complete
