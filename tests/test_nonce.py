"""Pages with a nonce: their result is the same as without a cache, and the same page is read twice at most."""

from __future__ import annotations

import gzip
import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy
from consent_middleware.csp import ContentSecurityPolicy
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.html.rewriter import HTMLRewriter
from consent_middleware.nonce import PageNonce, words_of
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
    policy: Policy,
    nonce: bytes,
    body: bytes,
    *heads: tuple[bytes, bytes],
    sources: bytes = b"'nonce-%b'",
    path: str = "/",
) -> bytes:
    """Return a page's new bytes."""
    exchange = Exchange(engine_for(policy), RequestHead("GET", path, "", []))
    csp = (b"content-security-policy", b"script-src " + (sources % nonce if b"%b" in sources else sources))
    _, out = respond(exchange, 200, [HTML, csp, *heads], body)
    return out


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each full reading of a document is appended."""
    readings: list[str] = []
    for name in ("rewrite", "rewrite_and_record"):
        method = getattr(HTMLRewriter, name)

        def counted(
            self: HTMLRewriter, document: bytes, *nonce: bytes, method: object = method, name: str = name
        ) -> object:
            readings.append(name)
            return method(self, document, *nonce)  # type: ignore[operator]

        monkeypatch.setattr(HTMLRewriter, name, counted)
    return readings


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_nonce_of_each_response_is_in_its_page(read: list[str], coding: str) -> None:
    policy, fresh = Policy(contact_url="/c"), Policy(contact_url="/c", limits={"cache_bytes": 0})
    heads = [GZIP] if coding else []
    for turn in range(6):
        nonce = secrets.token_urlsafe(16).encode()
        body = gzip.compress(body_with(nonce)) if coding else body_with(nonce)
        out, full = answer(policy, nonce, body, *heads), answer(fresh, nonce, body, *heads)
        if coding:
            out, full = gzip.decompress(out), gzip.decompress(full)

        assert out == full
        assert b'nonce="%b" data-conf' % nonce in out
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


def test_page_of_another_path_is_found_by_its_start(read: list[str]) -> None:
    policy = Policy(contact_url="/c")
    for turn in range(3):
        nonce = secrets.token_urlsafe(16).encode()
        answer(policy, nonce, b"<!DOCTYPE html><style nonce=%b></style>" % nonce + body_with(nonce), path=f"/{turn}")

    assert read == ["rewrite", "rewrite_and_record"]


def test_recorded_page_is_not_cached_too() -> None:
    policy = Policy(contact_url="/c")
    for turn in range(3):
        answer(policy, NONCE, body_with(NONCE))
        entries = engine_for(policy).pages._store.entries.values()
        assert sum(entry.size > len(body_with(NONCE)) for entry in entries) == (0, 2, 2)[turn]


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
    outs = {answer(policy, nonce, body, sources=sources) for _ in range(4)}

    assert len(outs) == 1
    assert read == ["rewrite"] * 4


def test_policy_and_body_get_the_fixed_nonce() -> None:
    csp = ContentSecurityPolicy(NONCE.decode(), (f"'nonce-{NONCE.decode()}'",))
    nonce = PageNonce.of(csp)
    assert nonce is not None

    fixed = nonce.fixed.decode()
    assert nonce.fix(b"<p nonce=%b>" % NONCE) == b"<p nonce=%b>" % nonce.fixed
    assert nonce.fix_policies(csp) == ContentSecurityPolicy(fixed, (f"'nonce-{fixed}'",))
    assert PageNonce.of(ContentSecurityPolicy()) is None


def test_fixed_nonce_overlaps_nothing() -> None:
    nonce = PageNonce.of(ContentSecurityPolicy("x" * 40))
    assert nonce is not None

    assert not any(nonce.fixed.endswith(nonce.fixed[:length]) for length in range(1, 40))


def test_words_have_no_fixed_nonce() -> None:
    words = words_of(b"short <a href=/longer-word>ZxZ-word_word=longer-word", b"ZxZ")

    assert sorted(words.split(b"\n")) == [b"-word_word", b"longer-word"]


#: Nonces as frameworks make them, with and without characters that templates escape, and what else a page may have.
ALPHABET = string.ascii_letters + string.digits
NONCES = st.one_of(
    st.text(ALPHABET + "-_", min_size=16, max_size=30), st.text(ALPHABET + "+/", min_size=16, max_size=30)
)


@given(
    st.lists(NONCES, min_size=3, max_size=3),
    st.lists(st.sampled_from(["nonce", "next", "escaped", "half", "word"]), max_size=3),
    st.integers(0, 2),
)
@pytest.mark.slow
def test_any_nonce_gives_the_same_page(nonces: list[str], others: list[str], shared: int) -> None:
    """Pages also have nonces, and parts of them, in places where the app does not put them."""
    nonces[2] = nonces[shared]
    policy, fresh = Policy(contact_url="/c"), Policy(contact_url="/c", limits={"cache_bytes": 0})
    for turn, nonce in enumerate([nonces[0], nonces[0], *nonces, nonces[1]]):
        values = {
            "nonce": nonce,
            "next": nonces[(turn + 1) % 3],
            "escaped": nonce.replace("+", "&#43;").replace("/", "&#x2F;"),
            "half": nonce[:10],
            "word": f"{nonce}word",
        }
        loaders = "".join(f'<script nonce="{values[name]}" src="//js.hs-scripts.com/2.js"></script>' for name in others)
        body = body_with(nonce.encode(), f"<p>{turn}</p>{loaders}".encode())

        assert answer(policy, nonce.encode(), body) == answer(fresh, nonce.encode(), body)


def test_nonce_of_a_later_page_may_be_in_the_recorded_one(read: list[str]) -> None:
    """To the recorded page it was a word like any other."""
    policy, fresh = Policy(contact_url="/c"), Policy(contact_url="/c", limits={"cache_bytes": 0})
    later = b'<script nonce="%b" id="hs-script-loader" src="//js.hs-scripts.com/2.js"></script>' % NONCE[::-1]
    for nonce in (NONCE, NONCE, NONCE[::-1]):
        body = page(later) + body_with(nonce)
        assert answer(policy, nonce, body) == answer(fresh, nonce, body)

    assert read == ["rewrite", "rewrite", "rewrite_and_record", "rewrite", "rewrite", "rewrite"]
