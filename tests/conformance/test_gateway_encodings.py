"""Content codings and charsets, in process, through both gateways."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import brotli

import consent_middleware.wsgi
from consent_middleware import Policy
from tests.asgi_driver import call, scope
from tests.engines import engine_for
from tests.gateways import Reply
from tests.pages import BLOCKED_LOADER, LOADER, page

from .gateway import HTML, TAGGED, Gateway, Server, asking, html

ENCODED: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": (gzip.compress, gzip.decompress),
    "deflate": (zlib.compress, zlib.decompress),
    "br": (brotli.compress, brotli.decompress),
    "gzip, br": (lambda b: brotli.compress(gzip.compress(b)), lambda b: gzip.decompress(brotli.decompress(b))),
}


def test_compressed_page_is_rewritten_compressed(gateway: Gateway) -> None:
    """3.1 Compressed pages are rewritten and stay compressed."""
    for coding, (encode, decode) in ENCODED.items():
        for length in (True, False):
            result = gateway(asking(), html(encode(TAGGED), ("Content-Encoding", coding), length=length))
            assert BLOCKED_LOADER in decode(result.body)
            assert result.all("content-encoding") == [coding]


def test_clean_compressed_page_keeps_its_bytes(gateway: Gateway) -> None:
    """3.1 A whole compressed page without tags keeps its bytes."""
    for coding, (encode, _decode) in ENCODED.items():
        coded = encode(page())
        result = gateway(asking(), html(coded, ("Content-Encoding", coding)))
        assert result.body == coded
        assert result.all("content-length") == [str(len(coded))]


def test_identity_coding_is_none(gateway: Gateway) -> None:
    """3.1 An empty coding or identity counts as no coding."""
    for coding in ("", "identity"):
        assert BLOCKED_LOADER in gateway(asking(), html(TAGGED, ("Content-Encoding", coding))).body


def test_unknown_coding_passes_and_is_logged(gateway: Gateway, policy: Policy) -> None:
    """3.1 An unknown coding passes unchanged and is logged."""
    result = gateway(asking(), html(b"\x1f\x9d\x90", ("Content-Encoding", "compress")))

    assert result.body == b"\x1f\x9d\x90"
    assert engine_for(policy).notices.counts == {"unknown-coding": 1}


def test_wsgi_request_is_changed_in_a_copy_only(policy: Policy) -> None:
    """3.2 Accept-Encoding, Range and conditions change in a copy; the server's own request stays."""
    given = {"HTTP_ACCEPT_ENCODING": "compress, gzip", "HTTP_RANGE": "bytes=0-1", "HTTP_IF_NONE_MATCH": '"x"'}
    server = Server(policy, **given, HTTP_ACCEPT="text/html")
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [HTML])
        return [b""]

    environ = dict(server.environ)
    consent_middleware.wsgi.ConsentMiddleware(app, policy)(environ, server.start_response)

    assert {name: environ[name] for name in given} == given
    assert seen[0]["HTTP_ACCEPT_ENCODING"] == "gzip"
    assert not {"HTTP_RANGE", "HTTP_IF_NONE_MATCH"} & seen[0].keys()


async def test_asgi_request_is_changed_in_a_copy_only(policy: Policy) -> None:
    """3.2 Accept-Encoding, Range and conditions change in a copy; the server's own request stays."""
    given = scope(
        (b"accept", b"text/html"),
        (b"accept-encoding", b"compress, gzip"),
        (b"range", b"bytes=0-1"),
        (b"if-none-match", b'"x"'),
    )
    before = {**given, "headers": list(given["headers"])}
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"]))

    await call(consent_middleware.asgi.ConsentMiddleware(app, policy), given)

    assert given == before
    assert seen == [{b"accept": b"text/html", b"accept-encoding": b"gzip"}]


def test_ascii_compatible_charsets_are_read_as_bytes(gateway: Gateway) -> None:
    """3.3 Encodings that contain ASCII are read as bytes, with their trail bytes."""
    for charset in ("shift_jis", "euc-jp", "gbk", "big5", "gb18030", "windows-1252", "iso-8859-15"):
        words = "表能ソ".encode(charset, "ignore") + b"\\"
        given = page(b"<p title='" + words + b"'>" + words + b"</p>" + LOADER)
        result = gateway(asking(), Reply([given], headers=[("Content-Type", f"text/html; charset={charset}")]))
        assert BLOCKED_LOADER in result.body
        assert words + b"'>" + words in result.body


def test_other_charsets_are_decoded_and_encoded(gateway: Gateway) -> None:
    """3.4 Encodings in which ASCII is not visible are decoded, edited and encoded."""
    for charset, codec in (("utf-16le", "utf-16-le"), ("utf-16be", "utf-16-be")):
        given = (b"\xff\xfe" if codec == "utf-16-le" else b"\xfe\xff") + TAGGED.decode().encode(codec)
        result = gateway(asking(), Reply([given], headers=[("Content-Type", f"text/html; charset={charset}")]))
        assert BLOCKED_LOADER.decode() in result.body.decode(codec)
    trap = b"\x1b$B<t<h<i<l\x1b(B"  # kanji whose bytes spell a tag
    result = gateway(
        asking(), Reply([page(trap + LOADER)], headers=[("Content-Type", "text/html; charset=iso-2022-jp")])
    )
    assert BLOCKED_LOADER in result.body


def test_byte_order_mark_goes_before_the_header(gateway: Gateway) -> None:
    """3.5 A byte order mark wins over the header's charset, which wins over the page's own."""
    marked = b"\xff\xfe" + TAGGED.decode().encode("utf-16-le")
    result = gateway(asking(), html(marked))
    assert result.body.startswith(b"\xff\xfe")
    assert BLOCKED_LOADER.decode() in result.body.decode("utf-16")
    wide = TAGGED.decode().encode("utf-16-le")
    by_header = Reply([wide], headers=[("Content-Type", "text/html; charset=utf-16le")])
    assert BLOCKED_LOADER.decode() in gateway(asking(), by_header).body.decode("utf-16-le")


def test_odd_bytes_and_cut_characters_pass(gateway: Gateway) -> None:
    """3.6 Invalid bytes, NUL, line ends and cut characters pass as they are."""
    odd = b"\x00\xff\xfe\r\n\r\xc3(\xe2\x82" + bytes(range(128, 256))
    given = page(odd + LOADER + odd)
    cut = given.index(b"\xe2\x82") + 1
    result = gateway(asking(), Reply([given[:cut], given[cut:]], length=False))

    assert result.body.count(odd) == 2
