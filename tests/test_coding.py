"""Content codings: decoded and encoded chunk by chunk."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tracemalloc
import types
import zlib
from typing import Any

import brotli
import brotlicffi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy, coding
from consent_middleware.coding import CHUNK_SIZE, CODINGS, CodingError, Decoder, Encoder
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.page import MAX_WHOLE
from tests.exchanges import respond
from tests.pages import BLOCKED_SCRIPT, LOADER, page

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


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
    "br": (b"br", brotli.compress(TEXT)),
    "zstd": (b"zstd", zstd.compress(TEXT)),
    "zstd of two frames": (b"zstd", zstd.compress(TEXT[:500]) + zstd.compress(TEXT[500:])),
}
EVERY_CODING = [b"br", b"deflate", b"gzip", b"zstd"]


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize(("coding", "coded"), CODED.values(), ids=CODED)
def test_decoded_bytes_do_not_depend_on_chunks(coding: bytes, coded: bytes, step: int) -> None:
    assert decode(coding, coded, step) == (TEXT, True)


def test_bomb_is_decoded_in_small_chunks() -> None:
    decoder = Decoder(b"gzip")
    pieces = decoder.feed(gzip.compress(bytes(50_000_000)))

    sizes = [len(next(pieces)) for _ in range(20)]

    assert max(sizes) <= CHUNK_SIZE


def test_cut_off_gzip_is_not_complete() -> None:
    out, complete = decode(b"gzip", gzip.compress(TEXT)[:-20])

    assert TEXT.startswith(out)
    assert not complete


@pytest.mark.parametrize("coding", EVERY_CODING)
def test_bytes_of_no_coding_are_an_error(coding: bytes) -> None:
    with pytest.raises(CodingError):
        decode(coding, b"<p>this is no compressed text</p>")


@given(st.lists(st.binary()), st.sampled_from(EVERY_CODING))
def test_encoded_chunks_can_be_decoded_at_once(pieces: list[bytes], coding: bytes) -> None:
    """Property: round trip, and streaming: each chunk can be decoded at once."""
    encoder, decoder = Encoder(coding), Decoder(coding)
    for piece in pieces:
        assert b"".join(decoder.feed(encoder.feed(piece))) == piece

    assert b"".join(decoder.feed(encoder.close())) == b""
    assert decoder.complete


def test_codings_of_browsers_are_known() -> None:
    assert set(EVERY_CODING) <= CODINGS


@pytest.mark.parametrize("outer", EVERY_CODING)
@pytest.mark.parametrize("inner", EVERY_CODING)
def test_two_codings_are_decoded_and_encoded(inner: bytes, outer: bytes) -> None:
    encoder, decoder = Encoder(inner, outer), Decoder(inner, outer)

    coded = encoder.feed(TEXT) + encoder.close(TEXT)

    assert b"".join([*decoder.feed(coded), *decoder.close()]) == TEXT + TEXT
    assert decoder.complete
    assert b"".join(Decoder(inner).feed(b"".join(Decoder(outer).feed(coded)))) == TEXT + TEXT


@pytest.mark.parametrize("coding", EVERY_CODING)
def test_cut_off_body_is_not_complete(coding: bytes) -> None:
    encoder = Encoder(coding)

    out, complete = decode(coding, (encoder.feed(TEXT) + encoder.close())[:-3])

    assert TEXT.startswith(out)
    assert not complete


def zeros(coding: bytes, megabytes: int) -> bytes:
    """Return a bomb: so many zero bytes, compressed as well as the coding can."""
    encoder = Encoder(coding)
    writer = encoder._layers[0]
    coded = b"".join([writer.write(bytes(1 << 20), flush=False) for _ in range(megabytes)])
    return coded + writer.end()


@pytest.mark.slow
@pytest.mark.parametrize("coding", EVERY_CODING)
def test_no_chunk_of_a_bomb_is_large(coding: bytes) -> None:
    bomb = zeros(coding, 32)
    assert len(bomb) < 40_000

    sizes = [len(piece) for piece in Decoder(coding).feed(bomb)]

    assert sum(sizes) == 32 << 20
    assert max(sizes) <= CHUNK_SIZE


@pytest.mark.slow
@pytest.mark.parametrize("streams", [True, False], ids=["streaming", "at hand"])
@pytest.mark.parametrize("coding", [b"gzip", b"br", b"zstd"])
def test_page_with_a_bomb_needs_little_memory(coding: bytes, streams: bool) -> None:
    bomb = zeros(coding, 32)
    exchange = Exchange(Engine(Policy(contact_url="/c")), RequestHead("GET", "/", "", []))
    head = [(b"content-type", b"text/html"), (b"content-encoding", coding)]
    tracemalloc.start()
    try:
        exchange.start(200, head)
        if streams:
            exchange.feed(bomb)
            exchange.close()
        else:
            exchange.rewrite_whole(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * MAX_WHOLE


@pytest.mark.parametrize("tagged", [True, False], ids=["tagged", "clean"])
def test_page_beyond_the_decoding_limit_is_rewritten(tagged: bool) -> None:
    document = page(b"<p>words and words</p>\n" * (MAX_WHOLE // 20) + (LOADER if tagged else b""))
    coded = gzip.compress(document, 1)
    exchange = Exchange(Engine(Policy(contact_url="/c")), RequestHead("GET", "/", "", []))

    _, body = respond(exchange, 200, [(b"content-type", b"text/html"), (b"content-encoding", b"gzip")], coded)

    assert (body is coded) is not tagged
    assert (BLOCKED_SCRIPT in gzip.decompress(body)) is tagged


@pytest.mark.parametrize(
    ("missing", "left"),
    [
        (["brotli"], {b"br", b"zstd"}),
        (["brotli", "brotlicffi"], {b"zstd"}),
        (["compression.zstd", "backports.zstd"], {b"br"}),
        (["old brotli"], {b"zstd"}),
    ],
    ids=["Brotli", "Brotli and brotlicffi", "zstd", "a Brotli without output limit"],
)
def test_coding_without_its_package_is_not_offered(missing: list[str], left: set[bytes]) -> None:
    code = "; ".join(
        [
            "import sys, types",
            *(f"sys.modules[{name!r}] = None" for name in missing if " " not in name),
            "old = types.SimpleNamespace(Decompressor=object)",
            "sys.modules.update(brotli=old) if 'old brotli' in sys.argv else None",
            "from consent_middleware.coding import CODINGS",
            "print(b' '.join(sorted(CODINGS)).decode())",
        ]
    )

    done = subprocess.run([sys.executable, "-c", code, *missing], capture_output=True, text=True, check=True)

    assert set(done.stdout.encode().split()) == {b"gzip", b"x-gzip", b"deflate"} | left


def test_missing_or_old_module_is_not_used() -> None:
    assert coding._first_module("no_such_module", "zlib") is zlib
    assert coding._first_module("no_such_module") is None
    assert coding._with_output_limit(None) is None
    assert coding._with_output_limit(types.SimpleNamespace(Decompressor=object)) is None  # type: ignore[arg-type]
    assert coding._with_output_limit(brotli) is brotli


@pytest.mark.parametrize("module", [brotli, brotlicffi], ids=["Brotli", "brotlicffi"])
def test_both_brotli_packages_work(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "_brotli", module)
    encoder, decoder = Encoder(b"br"), Decoder(b"br")

    assert b"".join(decoder.feed(encoder.feed(TEXT))) == TEXT
    assert b"".join(decoder.feed(encoder.close())) == b""
    assert decoder.complete
    assert max(len(piece) for piece in Decoder(b"br").feed(zeros(b"br", 8))) <= CHUNK_SIZE


def test_cut_off_body_gives_all_its_decodable_bytes() -> None:
    """Property: the limit on a chunk loses no bytes."""
    coded = gzip.compress(bytes(CHUNK_SIZE + 300))

    for cut in range(len(coded)):
        assert decode(b"gzip", coded[:cut])[0] == zlib.decompressobj(31).decompress(coded[:cut])


def test_file_is_precompressed_in_each_coding() -> None:
    assert coding.PRECOMPRESSED == (b"br", b"gzip")
    for name in coding.PRECOMPRESSED:
        assert b"".join(coding.Decoder(name).feed(coding.precompressed(TEXT, name))) == TEXT


def test_file_is_gzipped_without_brotli() -> None:
    code = (
        "import sys; sys.modules.update(brotli=None, brotlicffi=None);"
        "from consent_middleware.coding import PRECOMPRESSED; print(*PRECOMPRESSED)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "b'gzip'\n"
