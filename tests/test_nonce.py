"""Pages with a nonce: their result is the same as without a cache, and the same page is read twice at most."""

from __future__ import annotations

import gzip
import secrets

import pytest

from consent_middleware import Policy
from consent_middleware.csp import ContentSecurityPolicy
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.html.rewriter import HTMLRewriter
from consent_middleware.nonce import FixedNonce
from tests.engines import engine_for
from tests.exchanges import respond

from .pages import page

HTML = (b"content-type", b"text/html; charset=utf-8")
GZIP = (b"content-encoding", b"gzip")
TAGS = (
    b'<script nonce="%b">var held = "https://js.hs-scripts.com/1.js"; document.write(held)</script>'
    b'<script nonce="%b" id="hs-script-loader" async src="//js.hs-scripts.com/1.js"></script>'
    b'<script nonce="another">x()</script>'
)
NONCE = b"abcdefgh12345678"
SHORT_PARTS = b"A1+A2+A3+A4+A5+A6+A7+A8"


def body_with(nonce: bytes, text: bytes = b"") -> bytes:
    words = b"<p>word</p>" * 200
    return page(TAGS % (nonce, nonce) + words + text + words)


def answer(
    policy: Policy, nonce: bytes, body: bytes, *heads: tuple[bytes, bytes], sources: bytes = b"'nonce-%b'"
) -> tuple[bytes, list[str | None]]:
    """Return a page's new bytes, and the nonces of its blocked tags."""
    exchange = Exchange(engine_for(policy), RequestHead("GET", "/", "", []))
    csp = (b"content-security-policy", b"script-src " + (sources % nonce if b"%b" in sources else sources))
    _, out = respond(exchange, 200, [HTML, csp, *heads], body)
    return out, [tag.nonce for tag in exchange.blocked]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each full reading of a document is appended."""
    readings: list[str] = []
    for name in ("rewrite", "rewrite_and_record"):
        method = getattr(HTMLRewriter, name)

        def counted(self: HTMLRewriter, document: bytes, method: object = method, name: str = name) -> object:
            readings.append(name)
            return method(self, document)  # type: ignore[operator]

        monkeypatch.setattr(HTMLRewriter, name, counted)
    return readings


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_nonce_of_each_response_is_in_its_page(read: list[str], coding: str) -> None:
    policy, fresh = Policy(contact_url="/c"), Policy(contact_url="/c", limits={"cache_bytes": 0})
    heads = [GZIP] if coding else []
    for turn in range(6):
        nonce = secrets.token_urlsafe(16).encode()
        body = gzip.compress(body_with(nonce)) if coding else body_with(nonce)
        out, nonces = answer(policy, nonce, body, *heads)
        full, same = answer(fresh, nonce, body, *heads)
        if coding:
            out, full = gzip.decompress(out), gzip.decompress(full)

        assert out == full
        assert b'nonce="%b" data-conf' % nonce in out
        assert nonces == same
        assert nonce.decode() in nonces
        assert turn < 2 or read[-1:] == ["rewrite"]

    # The last of each pair is the one without a cache.
    assert len(read) == 2 + 6


def test_page_with_another_token_is_not_read(read: list[str]) -> None:
    policy, fresh = Policy(contact_url="/c"), Policy(contact_url="/c", limits={"cache_bytes": 0})
    for _ in range(5):
        nonce = secrets.token_urlsafe(16).encode()
        body = body_with(nonce, b"<input type=hidden value=%b>" % secrets.token_hex(20).encode())
        assert answer(policy, nonce, body) == answer(fresh, nonce, body)

    assert read == ["rewrite", "rewrite", "rewrite_and_record", "rewrite", "rewrite", "rewrite", "rewrite"]


@pytest.mark.parametrize(
    ("nonce", "body", "sources"),
    [
        pytest.param(b"abcdefgh1234567", body_with(b"abcdefgh1234567"), b"'nonce-%b'", id="a short nonce"),
        pytest.param(SHORT_PARTS, body_with(SHORT_PARTS), b"'nonce-%b'", id="a nonce of short parts"),
        pytest.param(b"a" * 129, body_with(b"a" * 129), b"'nonce-%b'", id="a long nonce"),
        pytest.param(NONCE, body_with(b"other"), b"'nonce-%b'", id="a nonce that the page does not have"),
        pytest.param(NONCE + b"=", body_with(NONCE + b"&#x3D;"), b"'nonce-%b'", id="one that is always escaped"),
        pytest.param(
            NONCE + b"=", body_with(NONCE + b"=", NONCE + b"&#x3D;"), b"'nonce-%b'", id="one that is escaped somewhere"
        ),
        pytest.param(NONCE, body_with(NONCE), b"'nonce-%b' 'sha256-x'", id="a policy with hashes"),
    ],
)
def test_page_keeps_its_nonce(read: list[str], nonce: bytes, body: bytes, sources: bytes) -> None:
    policy = Policy(contact_url="/c")
    outs = {answer(policy, nonce, body, sources=sources)[0] for _ in range(4)}

    assert len(outs) == 1
    assert read == ["rewrite"] * 4


def test_policy_and_body_get_the_fixed_nonce() -> None:
    nonce = "abcdefgh12345678"
    found = FixedNonce.in_page(ContentSecurityPolicy(nonce, (f"'nonce-{nonce}'",)), b"<p nonce=%b>" % nonce.encode())
    assert found is not None

    assert found.body == b"<p nonce=%b>" % found.fixed.encode()
    assert found.csp == ContentSecurityPolicy(found.fixed, (f"'nonce-{found.fixed}'",))
    assert FixedNonce.in_page(ContentSecurityPolicy(), b"<p nonce=%b>" % nonce.encode()) is None


def test_fixed_nonce_overlaps_nothing() -> None:
    found = FixedNonce.in_page(ContentSecurityPolicy("x" * 40), b"x" * 40)
    assert found is not None

    assert not any(found.fixed.endswith(found.fixed[:length]) for length in range(1, 40))
