"""The exchange: notices, broken and truncated codings, and the order of calls."""

from __future__ import annotations

import gzip
import logging
import zlib

import brotli
import pytest

from consent_middleware import Policy
from consent_middleware.coding import CodingError, Decoder, Encoder
from consent_middleware.exchange import Exchange, RequestHead
from tests.engines import engine_for
from tests.exchanges import respond
from tests.pages import BLOCKED_LOADER, LOADER, page

HTML = (b"content-type", b"text/html")
GZIP = (b"content-encoding", b"gzip")


@pytest.fixture
def policy() -> Policy:
    return Policy(contact_url="/contact", guard="auto")


def exchange(policy: Policy, *headers: tuple[bytes, bytes], method: str = "GET") -> Exchange:
    return Exchange(engine_for(policy), RequestHead(method, "/", "", headers))


def stream(given: Exchange, chunks: list[bytes]) -> bytes:
    return b"".join([*map(given.feed, chunks), given.close()])


def test_start_can_be_called_again(policy: Policy) -> None:
    given = exchange(policy)

    given.start(200, [HTML])
    given.feed(b"<script src=")
    given.start(500, [(b"content-type", b"text/plain")])

    assert not given.rewrites
    assert stream(given, [b"x"]) == b"x"


def test_page_that_loses_a_cookie_stays_private(policy: Policy) -> None:
    """A field that comes twice is read whole, also if the head without the cookie has as many lines as it had names."""
    given = exchange(policy)
    given.start(
        200,
        [
            (b"content-type", b"text/html"),
            (b"cache-control", b"public, max-age=60"),
            (b"set-cookie", b"messagesUtk=1"),
            (b"cache-control", b"no-transform"),
        ],
    )

    assert (b"cache-control", b"private, max-age=60, no-transform") in given.head


def test_exchange_lists_blocked_tags(policy: Policy) -> None:
    given = exchange(policy)
    assert list(given.blocked) == []

    given.start(200, [HTML])
    stream(given, [page(LOADER)])

    assert [tag.rule for tag in given.blocked] == ["hubspot.loader"]


def test_allowed_page_is_read_for_withdrawal_at_once() -> None:
    cookie = (b"cookie", b"consent=functional,analytics,marketing")
    for withdrawal, reads in (("next-page", False), ("at-once", True)):
        given = exchange(Policy(contact_url="/contact", withdrawal=withdrawal), cookie)  # type: ignore[arg-type]
        head, body = respond(given, 200, [HTML, (b"etag", b'"x"')], page(LOADER))
        assert (body != page(LOADER)) is reads
        assert dict(head)[b"etag"] != b'"x"'
    assert b'data-conf=\'{"live":{"chat":1,"tracking":1,"embeds":1},"marks":[]}\'' in body


@pytest.mark.parametrize("status", [204, 205, 304, 103])
def test_status_without_content_gets_no_body(policy: Policy, status: int) -> None:
    given = exchange(policy)

    given.start(status, [HTML])

    assert not given.rewrites
    assert given.close() == b""


@pytest.mark.parametrize(("status", "method"), [(200, "HEAD"), (404, "HEAD")])
def test_head_request_for_a_page_has_no_length(policy: Policy, status: int, method: str) -> None:
    headers = [HTML, (b"content-length", b"9")]

    given = exchange(policy, method=method)
    given.start(status, headers)

    assert (b"content-length", b"9") not in given.head
    assert (b"content-length", b"9") not in given.rewrite_whole(b"")[0]


def test_head_request_for_a_file_keeps_its_length(policy: Policy) -> None:
    headers = [(b"content-type", b"image/png"), (b"content-length", b"9")]

    given = exchange(policy, method="HEAD")
    given.start(200, headers)

    assert given.head == headers


def test_compressed_stream_is_rewritten_in_chunks(policy: Policy) -> None:
    given = exchange(policy)
    given.start(200, [HTML, GZIP])
    coded = gzip.compress(page(LOADER))

    out = stream(given, [coded[at : at + 10] for at in range(0, len(coded), 10)])

    assert BLOCKED_LOADER in gzip.decompress(out)


def test_unchanged_compressed_page_keeps_its_bytes(policy: Policy) -> None:
    coded = gzip.compress(page())
    headers, body = respond(exchange(policy), 200, [HTML, GZIP, (b"content-length", b"%d" % len(coded))], coded)

    assert body is coded
    assert (b"content-length", b"%d" % len(coded)) in headers


@pytest.mark.parametrize("streams", [True, False], ids=["in chunks", "whole"])
def test_truncated_compressed_page_stays_truncated(policy: Policy, streams: bool) -> None:
    given = exchange(policy)
    given.start(200, [HTML, GZIP])
    coded = gzip.compress(page(LOADER) + bytes(range(256)) * 40)[:-300]

    out = stream(given, [coded]) if streams else given.rewrite_whole(coded)[1]

    with pytest.raises(EOFError):
        gzip.decompress(out)


def test_body_with_wrong_coding_passes_and_is_noted(policy: Policy, caplog: pytest.LogCaptureFixture) -> None:
    given = exchange(policy)
    given.start(200, [HTML, GZIP])

    with caplog.at_level(logging.WARNING):
        out = stream(given, [b"<p>plain", b" text</p>"])

    assert out == b"<p>plain text</p>"
    assert engine_for(policy).notices.counts == {"broken-coding": 1}
    assert "broken-coding" in caplog.text


def test_compressed_page_ends_where_it_is_broken(policy: Policy) -> None:
    given = exchange(policy)
    given.start(200, [HTML, GZIP])
    coded = gzip.compress(page(LOADER) * 50, compresslevel=0)

    out = stream(given, [coded[:4000], b"\xff" * 4000, coded[4000:]])

    assert len(out) > 0
    assert b"\xff" * 400 not in out
    assert engine_for(policy).notices.counts == {"broken-coding": 1}


WRONG_SUM = bytearray(gzip.compress(page(LOADER)))
WRONG_SUM[-6] ^= 1


@pytest.mark.parametrize("streams", [True, False], ids=["in chunks", "whole"])
@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        pytest.param(b"gzip", bytes(WRONG_SUM), id="a wrong checksum"),
        pytest.param(b"gzip", gzip.compress(page(LOADER), 0)[:-8] + b"\xff" * 900, id="other bytes at the end"),
        pytest.param(b"br", brotli.compress(page(LOADER)) + b"more", id="bytes after the end"),
    ],
)
def test_broken_body_is_rewritten_as_far_as_it_shows(
    policy: Policy, coding: bytes, coded: bytes, streams: bool
) -> None:
    """Browsers ignore such errors, so a tag before them must be blocked."""
    given = exchange(policy)
    head = [HTML, (b"content-encoding", coding)]
    if streams:
        given.start(200, head)
        out = stream(given, [coded])
    else:
        _, out = respond(given, 200, head, coded)

    assert BLOCKED_LOADER.strip() in b"".join(Decoder(coding).feed(out))
    assert engine_for(policy).notices.counts == {"broken-coding": 1}


def test_large_broken_body_ends_where_it_breaks(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.page.MAX_WHOLE", 100_000)
    plain = page(LOADER) + b"words " * 100_000
    coded = gzip.compress(plain, 0)

    _, out = respond(exchange(policy), 200, [HTML, GZIP], coded[:400_000] + b"\xff" * 70_000 + coded[400_000:])

    shown = b"".join(Decoder(b"gzip").feed(out))
    assert BLOCKED_LOADER in shown
    assert b"\xff" * 400 not in shown
    assert engine_for(policy).notices.counts == {"broken-coding": 1}


def test_coding_error_at_the_end_keeps_the_body(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(piece: bytes) -> bytes:
        raise CodingError("at the end")

    given = exchange(policy)
    given.start(200, [HTML, GZIP])
    monkeypatch.setattr(Decoder, "close", lambda self: map(broken, [b""]))

    out = stream(given, [gzip.compress(page(LOADER))])

    assert BLOCKED_LOADER in zlib.decompressobj(31).decompress(out)
    assert engine_for(policy).notices.counts == {"broken-coding": 1}


def test_unchanged_page_is_not_compressed_again(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Encoder, "close", lambda *_: pytest.fail("it is clean"))
    monkeypatch.setattr(Encoder, "feed", lambda *_: pytest.fail("it is clean"))
    coded = gzip.compress(page())

    assert respond(exchange(policy), 200, [HTML, GZIP], coded)[1] is coded


def test_whole_body_with_wrong_coding_passes(policy: Policy) -> None:
    _, body = respond(exchange(policy), 200, [HTML, GZIP], b"<p>plain</p>")

    assert body == b"<p>plain</p>"


@pytest.mark.parametrize(
    ("status", "headers", "event"),
    [
        (206, [HTML, (b"content-range", b"bytes 0-1/2")], "partial-html"),
        (200, [HTML, (b"content-encoding", b"dcb")], "unknown-coding"),
        (200, [HTML, (b"content-encoding", b"gzip, dcz")], "unknown-coding"),
        (200, [HTML, (b"content-encoding", b"gzip, gzip"), (b"content-encoding", b"gzip, gzip")], "unknown-coding"),
    ],
)
def test_unrewritable_page_is_logged_once_and_counted(
    policy: Policy, status: int, headers: list[tuple[bytes, bytes]], event: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            given = exchange(policy)
            given.start(status, headers)
            assert not given.rewrites

    assert engine_for(policy).notices.counts == {event: 3}
    assert len(caplog.records) == 1


@pytest.mark.parametrize("chunk", [1 << 20, 1000])
def test_tag_too_long_to_buffer_is_dropped_and_noted(chunk: int) -> None:
    policy = Policy(contact_url="/contact", limits={"tag_bytes": 2048})
    given = exchange(policy)
    given.start(200, [HTML])
    document = page(b'<script data-x="' + b"x" * 5000 + b'" src="//js.hs-scripts.com/1.js"></script>')

    out = stream(given, [document[at : at + chunk] for at in range(0, len(document), chunk)])

    if chunk == 1000:
        assert b"hs-scripts" not in out
        assert engine_for(policy).notices.counts == {"bail-out": 1}
    else:
        assert b'data-consent-src="//js.hs-scripts.com/1.js"' in out


def test_tag_too_long_to_buffer_can_be_passed() -> None:
    policy = Policy(contact_url="/contact", limits={"tag_bytes": 2048}, on_long_tag="pass")
    given = exchange(policy)
    given.start(200, [HTML])
    document = page(b'<script data-x="' + b"x" * 5000 + b'" src="//js.hs-scripts.com/1.js"></script>')

    assert stream(given, [document[at : at + 500] for at in range(0, len(document), 500)]) == document
    assert engine_for(policy).notices.counts == {"bail-out": 1}


@pytest.mark.parametrize("coding", [b"", b"identity", b"Identity"])
def test_empty_or_identity_coding_is_ignored(policy: Policy, coding: bytes) -> None:
    given = exchange(policy)
    given.start(200, [HTML, (b"content-encoding", coding)])

    assert BLOCKED_LOADER in stream(given, [page(LOADER)])


def test_no_log_line_contains_a_cookie_value(policy: Policy, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        given = exchange(policy, (b"cookie", b"consent=sEcReT; hubspotutk=sEcReT; consent_chat=sEcReT"))
        given.start(200, [HTML, (b"set-cookie", b"__hstc=sEcReT")])
        stream(given, [page(LOADER)])

    assert "sEcReT" not in caplog.text
    assert "sEcReT" not in repr(given.plan)


@pytest.mark.parametrize(
    ("host", "src"),
    [
        (b"www.shop.example", b'src="//www.shop.example/_consent/'),
        (b'x"><script>', b""),
        (b"", b""),
    ],
)
def test_invalid_host_header_stays_out_of_the_page(policy: Policy, host: bytes, src: bytes) -> None:
    """Without a host name, our script would be requested from the host of the base."""
    given = exchange(policy, (b"host", host))
    given.start(200, [HTML])

    out = stream(given, [page(LOADER, head=b'<base href="https://cdn.example/">')])

    assert (b"<script " + src in out) if src else (b"data-conf" not in out)
    assert b'x">' not in out
