"""A content coding that browsers ignore hides no tag: they show the bytes, so the bytes are read."""

from __future__ import annotations

import gzip

import pytest

from consent_middleware import Policy
from consent_middleware.exchange import Exchange, RequestHead
from tests.engines import engine_for

TAG = b'<script src="//js.hs-scripts.com/12345.js"></script>'
WAITS = b'data-consent-src="//js.hs-scripts.com/12345.js"'
UNKNOWN = (b"UTF-8", b"none", b"binary", b"x-anything", b"compress", b"utf-8, none", b"identity, UTF-8", b"gzip;q=1")


def _exchange(policy: Policy, coding: bytes) -> Exchange:
    exchange = Exchange(engine_for(policy), RequestHead("GET", "/", "", [(b"host", b"example.com")]))
    exchange.start(200, [(b"content-type", b"text/html"), (b"content-encoding", coding)])
    return exchange


@pytest.mark.parametrize("coding", UNKNOWN)
def test_tag_is_blocked_in_unknown_coding(coding: bytes) -> None:
    policy = Policy(contact_url="/c")

    head, body = _exchange(policy, coding).rewrite_whole(TAG)

    assert WAITS in body
    assert (b"content-encoding", coding) in head
    assert engine_for(policy).notices.counts == {"unknown-coding": 1}


@pytest.mark.parametrize("coding", UNKNOWN)
def test_chunked_tag_is_blocked_in_unknown_coding(coding: bytes) -> None:
    exchange = _exchange(Policy(contact_url="/c"), coding)

    assert WAITS in exchange.feed(TAG[:20]) + exchange.feed(TAG[20:]) + exchange.close()


@pytest.mark.parametrize("coding", [b"gzip, UTF-8", b"UTF-8, gzip"])
def test_known_coding_is_decoded_beside_unknown(coding: bytes) -> None:
    _, body = _exchange(Policy(contact_url="/c"), coding).rewrite_whole(gzip.compress(TAG))

    assert WAITS in gzip.decompress(body)


def test_body_without_a_tag_stays_the_same_object() -> None:
    body = b"\x1f\x9d\x90"

    assert _exchange(Policy(contact_url="/c"), b"compress").rewrite_whole(body)[1] is body


def test_unsupported_browser_coding_is_passed_on() -> None:
    policy = Policy(contact_url="/c")

    assert not _exchange(policy, b"dcb").rewrites
    assert engine_for(policy).notices.counts == {"unknown-coding": 1}
