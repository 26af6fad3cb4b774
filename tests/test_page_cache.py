"""Pages that come again: the same bytes have the same outcome, and no more is kept than is allowed."""

from __future__ import annotations

import gzip
import html
import threading
import tracemalloc
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_middleware import Policy, recordings
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.html.rewriter import HTMLRewriter
from consent_middleware.page_cache import ENTRY_OVERHEAD, MAX_SHARE, RewriteCache, checksum_of
from consent_middleware.second_chance import MAX_ENTRIES, SecondChanceStore
from tests.engines import engine_for
from tests.exchanges import respond

from .pages import LOADER, page

HTML = (b"content-type", b"text/html; charset=utf-8")
GZIP = (b"content-encoding", b"gzip")
NONCE = (b"content-security-policy", b"script-src 'nonce-abc'")


def lookup(cache: RewriteCache[str], body: bytes, context: str = "") -> str | None:
    """Return the stored result for a body; store one if there is none, as an exchange does."""
    known = cache.get(context, body)
    if known is None:
        cache.put(context, body, checksum_of(body), f"{context}:{body[:9]!r}", 0)
    return known


class TestRewriteCache:
    def test_body_that_came_once_is_not_stored(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(100_000))

        assert [lookup(cache, b"a page") for _ in range(3)] == [None, None, ":b'a page'"]

    def test_each_context_has_its_own_result(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(100_000))
        for _ in range(2):
            lookup(cache, b"a page", "x")
        lookup(cache, b"a page", "y")

        assert [lookup(cache, b"a page", context) for context in "xyz"] == ["x:b'a page'", "y:b'a page'", None]

    @pytest.mark.parametrize("at", [0, 20, 63, 500, 900])
    def test_only_the_same_bytes_are_a_hit(self, at: int) -> None:
        cache = RewriteCache[str](SecondChanceStore(100_000))
        body = bytes(range(250)) * 4
        for _ in range(2):
            lookup(cache, body)

        assert lookup(cache, body[:at] + b"!" + body[at + 1 :]) is None

    def test_similar_bodies_are_not_confused(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(100_000))
        bodies = [b"%03d" % number + b"-" * 97 for number in range(50)]
        for body in [*bodies, bodies[-1], *bodies[:-1]]:
            lookup(cache, body)

        assert [body for body in bodies if cache.get("", body)] == bodies[-1:]
        assert cache._store.left == 100_000 - 100 - ENTRY_OVERHEAD

    def test_last_body_with_a_key_replaces_the_others(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(100_000))
        bodies = [b"%03d" % number + b"-" * 97 for number in range(3)]
        for body in bodies:
            lookup(cache, body), lookup(cache, body)

        assert [body for body in bodies if cache.get("", body)] == bodies[-1:]
        assert cache._store.left == 100_000 - 100 - ENTRY_OVERHEAD

    def test_limit_of_zero_stores_nothing(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(0))

        assert [lookup(cache, b"a page") for _ in range(4)] == [None] * 4

    def test_body_above_its_share_is_not_stored(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(100_000))
        large = b"x" * (100_000 // MAX_SHARE + 1)

        assert [lookup(cache, large) for _ in range(3)] == [None] * 3
        assert [lookup(cache, large[1:]) is None for _ in range(3)] == [True, True, False]

    def test_eviction_skips_recently_used_bodies(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(10 * (ENTRY_OVERHEAD + 100)))
        bodies = [b"%03d" % number * 33 + b"!" for number in range(12)]
        for body in bodies[:10]:
            lookup(cache, body), lookup(cache, body)
        assert lookup(cache, bodies[0]) is not None
        for body in bodies[10:]:
            lookup(cache, body), lookup(cache, body)

        assert [body for body in bodies if cache.get("", body) is None] == bodies[1:3]

    def test_stored_bytes_stay_below_the_limit(self) -> None:
        tracemalloc.start()
        try:
            cache = RewriteCache[bytes](SecondChanceStore(1_000_000))
            for number in range(3 * MAX_ENTRIES):
                body = b"%d" % number * 5_000
                for context in range(3):
                    cache.put(context, body, checksum_of(body), body[1:], len(body) - 1)
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

        assert 300_000 < held < 1_500_000

    def test_results_of_one_body_stay_below_the_limit(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(20 * ENTRY_OVERHEAD))
        for context in range(1000):
            lookup(cache, b"a page", str(context))

        assert sum(cache.get(str(context), b"a page") is not None for context in range(1000)) <= 20

    def test_result_stored_twice_counts_once(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(8 * ENTRY_OVERHEAD))
        for body in (b"a page", b"another"):
            for _ in range(50):
                cache.put("", body, checksum_of(body), "out", 0)

        assert cache.get("", b"a page") == cache.get("", b"another") == "out"

    def test_entries_stay_below_their_limit(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(100_000))
        for number in range(MAX_ENTRIES + 1):
            lookup(cache, b"page %06d" % number)

        # The first has been forgotten, the second has not.
        assert [lookup(cache, b"page 000000"), lookup(cache, b"page 000000")] == [None, None]
        assert [lookup(cache, b"page 000002"), lookup(cache, b"page 000002")] == [None, ":b'page 0000'"]

    def test_put_does_not_wait_for_the_lock(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(100_000))
        lookup(cache, b"a page")
        with cache._store.lock:
            lookup(cache, b"a page")

        assert [lookup(cache, b"a page"), lookup(cache, b"a page")] == [None, ":b'a page'"]

    def test_threads_keep_it_consistent(self) -> None:
        cache = RewriteCache[str](SecondChanceStore(30 * ENTRY_OVERHEAD))
        bodies = [b"%02d" % number * 40 for number in range(40)]
        wrong: list[bytes] = []

        def ask() -> None:
            for _ in range(300):
                for body in bodies:
                    known = lookup(cache, body)
                    if known not in {None, f":{body[:9]!r}"}:
                        wrong.append(body)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert not wrong
        kept = sum(len(body) + ENTRY_OVERHEAD for body in bodies if cache.get("", body))
        assert kept <= 30 * ENTRY_OVERHEAD
        assert cache._store.left == 30 * ENTRY_OVERHEAD - sum(page.size for page in cache._store.entries.values())


def answers(
    policy: Policy,
    cookie: str,
    *heads: tuple[bytes, bytes],
    body: bytes,
    host: bytes = b"a.example",
    mount: str = "",
) -> bytes:
    """Return a page's bytes as one visitor gets them."""
    exchange = Exchange(
        engine_for(policy), RequestHead("GET", "/", mount, [(b"host", host), (b"cookie", cookie.encode())])
    )
    head, out = respond(exchange, 200, [HTML, (b"content-length", b"%d" % len(body)), *heads], body)
    assert dict(head)[b"content-length"] == b"%d" % len(out)
    return out


FULL = "consent=functional,analytics,marketing"
CLEAN = page()


class TestRecurringPages:
    @pytest.fixture
    def read(self, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
        """Return a list to which each document that the engine reads is appended."""
        documents: list[bytes] = []
        rewrite = HTMLRewriter.rewrite

        def counted(self: HTMLRewriter, document: bytes) -> bytes:
            documents.append(document)
            return rewrite(self, document)

        monkeypatch.setattr(HTMLRewriter, "rewrite", counted)
        return documents

    @pytest.mark.parametrize("body", [CLEAN, page(LOADER)], ids=["clean", "tagged"])
    def test_page_is_read_twice_at_most(self, read: list[bytes], body: bytes) -> None:
        policy = Policy(contact_url="/contact")
        outs = [answers(policy, "a=1", body=bytes(bytearray(body))) for _ in range(5)]

        assert len(read) == 2
        assert len(set(outs)) == 1
        assert (outs[0] == body) is (body is CLEAN)

    def test_result_counts_towards_the_limit(self, read: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recordings, "MIN_LENGTH", 1 << 30)
        body = page(b"<p>word</p>\n" * 1000 + LOADER)
        # The first limit has room for the body, but not for the result as well.
        for room in (MAX_SHARE * 3 * len(body) // 2, MAX_SHARE * 3 * len(body)):
            policy = Policy(contact_url="/contact", limits={"cache_bytes": room})
            for _ in range(4):
                answers(policy, "a=1", body=body)

        assert len(read) == 4 + 2

    def test_clean_page_is_the_apps_own_object(self) -> None:
        policy = Policy(contact_url="/contact")
        for _ in range(3):
            body = bytes(bytearray(CLEAN))
            assert answers(policy, "a=1", body=body) is body

    def test_compressed_page_is_not_decoded_again(self, read: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        policy = Policy(contact_url="/contact")
        body = gzip.compress(page(LOADER), mtime=1)
        outs = [answers(policy, "a=1", GZIP, body=body) for _ in range(2)]
        monkeypatch.setattr("consent_middleware.page.Decoder", None)
        outs.append(answers(policy, "a=1", GZIP, body=body))

        assert len(read) == 2
        assert len({gzip.decompress(out) for out in outs}) == 1

    def test_page_coded_anew_is_not_read_again(self, read: list[bytes]) -> None:
        policy = Policy(contact_url="/contact")
        outs = [answers(policy, "a=1", GZIP, body=gzip.compress(page(LOADER), mtime=time)) for time in range(5)]

        assert len(read) == 2
        assert len({gzip.decompress(out) for out in outs}) == 1

    def test_broken_page_is_counted_every_time(self) -> None:
        policy = Policy(contact_url="/contact")
        body = gzip.compress(page(LOADER))[:-8] + b"\xff" * 8
        outs = {answers(policy, "a=1", GZIP, body=body) for _ in range(4)}

        assert len(outs) == 1
        assert engine_for(policy).notices.counts["broken-coding"] == 4

    def test_each_visitor_gets_the_own_variant(self) -> None:
        policy, fresh = Policy(contact_url="/contact"), Policy(contact_url="/contact", limits={"cache_bytes": 0})
        visits = ["a=1", FULL, "consent=functional", "consent=necessary", "a=1; consent_chat=1"] * 3

        for cookie in visits:
            assert answers(policy, cookie, body=page(LOADER)) == answers(fresh, cookie, body=page(LOADER))

    def test_each_host_has_its_own_result(self) -> None:
        policy = Policy(contact_url="/contact")
        body = page(b'<base href="//other.example/">' + LOADER)
        outs = [answers(policy, "a=1", body=body, host=host) for host in (b"a.example", b"b.example") * 3]

        assert outs == outs[:2] * 3
        assert [b"//a.example/_consent" in out for out in outs[:2]] == [True, False]

    @pytest.mark.parametrize("long", ["host", "mount"])
    def test_long_names_do_not_exceed_the_limit(self, long: str) -> None:
        policy = Policy(contact_url="/contact", limits={"cache_bytes": 400_000})
        tracemalloc.start()
        try:
            for number in range(1000):
                name = f"/{number}" + "a" * 20_000
                if long == "host":
                    answers(policy, "a=1", body=CLEAN, host=name.encode())
                else:
                    answers(policy, "a=1", body=CLEAN, mount=name)
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

        # 64 of them are kept in any case.
        assert held < 400_000 + 64 * 60_000
        entries = engine_for(policy).pages._store.entries.values()
        contexts = [context for entry in entries for context in getattr(entry, "results", ())]
        assert 0 < sum(len(context.asset_url) + len(context.links.mount) for context in contexts) < 400_000

    def test_hit_counts_notices_and_lists_blocked_tags(self) -> None:
        policy = Policy(contact_url="/contact")
        frames = LOADER.decode()
        for _ in range(10):
            frames = f'<iframe srcdoc="{html.escape(frames)}"></iframe>'
        body = page(LOADER + frames.encode())
        hashes = (b"content-security-policy", b"script-src 'sha256-x'")
        held = []
        for _ in range(4):
            exchange = Exchange(engine_for(policy), RequestHead("GET", "/", "", []))
            respond(exchange, 200, [HTML, hashes], body)
            held.append(exchange.blocked)

        assert held[0]
        assert held == held[:1] * 4
        assert (
            engine_for(policy).notices.counts["csp-refuses-facade"],
            engine_for(policy).notices.counts["bail-out"],
        ) == (4, 4)


fragments = st.lists(
    st.sampled_from(
        [LOADER, b"<p>", b"x", b"<!--", b"-->", b"<script>", b"</script>", b"<base href=//b.example>", b"</body>"]
    ),
    max_size=6,
)


class Visit(NamedTuple):
    """A page that an app gives, and what a visitor asks for it with."""

    parts: list[bytes]
    cookie: str
    host: bytes
    path: str
    mount: str
    language: bytes
    type: bytes
    is_coded: bool

    def seen(self, policy: Policy) -> bytes:
        """Return the page as the visitor gets it."""
        asked = [(b"host", self.host), (b"cookie", self.cookie.encode()), (b"accept-language", self.language)]
        body = b"".join(self.parts)
        sent, heads = (gzip.compress(body, mtime=0), [GZIP]) if self.is_coded else (body, [])
        exchange = Exchange(engine_for(policy), RequestHead("GET", self.path, self.mount, asked))
        return respond(exchange, 200, [(b"content-type", self.type), *heads], sent)[1]


visits = st.builds(
    Visit,
    fragments,
    st.sampled_from(["a=1", FULL, "consent=functional", "consent_chat=1"]),
    st.sampled_from([b"a.example", b"b.example"]),
    st.sampled_from(["/", "/chat"]),
    st.sampled_from(["", "/mount"]),
    st.sampled_from([b"de", b"fr"]),
    st.sampled_from([b"text/html", b"text/html; charset=utf-16le", b"application/xhtml+xml"]),
    st.booleans(),
)


def policy_with(room: int) -> Policy:
    """Return a policy under which a page depends on everything in a visit."""
    return Policy(
        contact_url="/c",
        limits={"cache_bytes": room},
        chat_pages=["/chat"],
        language=lambda signals: signals.header("accept-language"),
    )


@pytest.mark.slow
@pytest.mark.no_cover
@settings(max_examples=60)
@given(st.lists(visits, min_size=1, max_size=4), st.data())
def test_cache_changes_no_byte(given_visits: list[Visit], data: st.DataObject) -> None:
    """Property: with a cache, every visit's page is the one that is made without."""
    remembering, forgetting = policy_with(400_000), policy_with(0)
    for visit in given_visits:
        # The same page again, as others ask for it.
        other = data.draw(visits)._replace(parts=visit.parts)
        for each in (visit, visit, *(visit._replace(**{name: getattr(other, name)}) for name in Visit._fields)):
            assert each.seen(remembering) == each.seen(forgetting)
