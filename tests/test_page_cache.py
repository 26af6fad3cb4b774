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

from consent_middleware import Policy
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.html.rewriter import HTMLRewriter
from consent_middleware.page_cache import ENTRY_OVERHEAD, MAX_ENTRIES, MAX_SHARE, RewriteCache
from tests.engines import engine_for

from .pages import LOADER, page

HTML = (b"content-type", b"text/html; charset=utf-8")
GZIP = (b"content-encoding", b"gzip")
NONCE = (b"content-security-policy", b"script-src 'nonce-abc'")


def told(memory: RewriteCache[str], body: bytes, context: str = "") -> str | None:
    """What is remembered of a body; what is not is kept, as an exchange does."""
    known = memory.get(context, body)
    if known is None:
        memory.put(context, body, f"{context}:{body[:9]!r}", 0)
    return known


class TestPageMemory:
    def test_what_came_once_is_not_kept(self) -> None:
        memory = RewriteCache[str](100_000)

        assert [told(memory, b"a page") for _ in range(3)] == [None, None, ":b'a page'"]

    def test_each_context_has_its_outcome(self) -> None:
        memory = RewriteCache[str](100_000)
        for _ in range(2):
            told(memory, b"a page", "x")
        told(memory, b"a page", "y")

        assert [told(memory, b"a page", context) for context in "xyz"] == ["x:b'a page'", "y:b'a page'", None]

    @pytest.mark.parametrize("at", [0, 20, 63, 500, 900])
    def test_only_the_very_same_bytes_are_known(self, at: int) -> None:
        memory = RewriteCache[str](100_000)
        body = bytes(range(250)) * 4
        for _ in range(2):
            told(memory, body)

        assert told(memory, body[:at] + b"!" + body[at + 1 :]) is None

    def test_of_bodies_that_differ_in_little_only_what_comes_again_is_kept(self) -> None:
        memory = RewriteCache[str](100_000)
        bodies = [b"%03d" % number + b"-" * 97 for number in range(50)]
        for body in [*bodies, bodies[-1], *bodies[:-1]]:
            told(memory, body)

        assert [body for body in bodies if memory.get("", body)] == bodies[-1:]
        assert memory._left == 100_000 - 100 - ENTRY_OVERHEAD

    def test_the_last_of_them_takes_the_place(self) -> None:
        memory = RewriteCache[str](100_000)
        bodies = [b"%03d" % number + b"-" * 97 for number in range(3)]
        for body in bodies:
            told(memory, body), told(memory, body)

        assert [body for body in bodies if memory.get("", body)] == bodies[-1:]
        assert memory._left == 100_000 - 100 - ENTRY_OVERHEAD

    def test_nothing_is_kept_where_nothing_may_be(self) -> None:
        memory = RewriteCache[str](0)

        assert [told(memory, b"a page") for _ in range(4)] == [None] * 4

    def test_what_takes_too_much_of_the_room_is_not_kept(self) -> None:
        memory = RewriteCache[str](100_000)
        large = b"x" * (100_000 // MAX_SHARE + 1)

        assert [told(memory, large) for _ in range(3)] == [None] * 3
        assert [told(memory, large[1:]) is None for _ in range(3)] == [True, True, False]

    def test_the_first_that_nobody_asks_for_leaves(self) -> None:
        memory = RewriteCache[str](10 * (ENTRY_OVERHEAD + 100))
        bodies = [b"%03d" % number * 33 + b"!" for number in range(12)]
        for body in bodies[:10]:
            told(memory, body), told(memory, body)
        assert told(memory, bodies[0]) is not None
        for body in bodies[10:]:
            told(memory, body), told(memory, body)

        assert [body for body in bodies if memory.get("", body) is None] == bodies[1:3]

    def test_no_more_is_kept_than_is_allowed(self) -> None:
        tracemalloc.start()
        try:
            memory = RewriteCache[bytes](1_000_000)
            for number in range(3 * MAX_ENTRIES):
                body = b"%d" % number * 5_000
                for context in range(3):
                    memory.put(context, body, body[1:], len(body) - 1)
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

        assert 300_000 < held < 1_500_000

    def test_many_outcomes_of_one_body_are_not_kept_without_end(self) -> None:
        memory = RewriteCache[str](20 * ENTRY_OVERHEAD)
        for context in range(1000):
            told(memory, b"a page", str(context))

        assert sum(memory.get(str(context), b"a page") is not None for context in range(1000)) <= 20

    def test_what_two_threads_have_made_at_once_counts_once(self) -> None:
        memory = RewriteCache[str](8 * ENTRY_OVERHEAD)
        for body in (b"a page", b"another"):
            for _ in range(50):
                memory.put("", body, "out", 0)

        assert memory.get("", b"a page") == memory.get("", b"another") == "out"

    def test_bodies_that_come_once_are_not_counted_without_end(self) -> None:
        memory = RewriteCache[str](100_000)
        for number in range(MAX_ENTRIES + 1):
            told(memory, b"page %06d" % number)

        # The first has been forgotten, the second has not.
        assert [told(memory, b"page 000000"), told(memory, b"page 000000")] == [None, None]
        assert [told(memory, b"page 000002"), told(memory, b"page 000002")] == [None, ":b'page 0000'"]

    def test_nobody_waits_for_a_thread_that_writes(self) -> None:
        memory = RewriteCache[str](100_000)
        told(memory, b"a page")
        with memory._lock:
            told(memory, b"a page")

        assert [told(memory, b"a page"), told(memory, b"a page")] == [None, ":b'a page'"]

    def test_threads_do_not_spoil_it(self) -> None:
        memory = RewriteCache[str](30 * ENTRY_OVERHEAD)
        bodies = [b"%02d" % number * 40 for number in range(40)]
        wrong: list[bytes] = []

        def ask() -> None:
            for _ in range(300):
                for body in bodies:
                    known = told(memory, body)
                    if known not in {None, f":{body[:9]!r}"}:
                        wrong.append(body)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert not wrong
        kept = sum(len(body) + ENTRY_OVERHEAD for body in bodies if memory.get("", body))
        assert kept <= 30 * ENTRY_OVERHEAD
        assert memory._left == 30 * ENTRY_OVERHEAD - sum(page.size for page in memory._pages.values())


def answers(policy: Policy, cookie: str, *heads: tuple[bytes, bytes], body: bytes, host: bytes = b"a.example") -> bytes:
    """A page's bytes after a visit."""
    exchange = Exchange(
        engine_for(policy), RequestHead("GET", "/", "", [(b"host", host), (b"cookie", cookie.encode())])
    )
    head, out = exchange.whole(200, [HTML, (b"content-length", b"%d" % len(body)), *heads], body)
    assert dict(head)[b"content-length"] == b"%d" % len(out)
    return out


FULL = "consent=functional,analytics,marketing"
CLEAN = page()


class TestPagesThatComeAgain:
    @pytest.fixture
    def read(self, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
        """The documents that the engine has read."""
        documents: list[bytes] = []
        rewrite = HTMLRewriter.rewrite

        def counted(self: HTMLRewriter, document: bytes) -> bytes:
            documents.append(document)
            return rewrite(self, document)

        monkeypatch.setattr(HTMLRewriter, "rewrite", counted)
        return documents

    @pytest.mark.parametrize("body", [CLEAN, page(LOADER)], ids=["clean", "tagged"])
    def test_they_are_read_twice_at_most(self, read: list[bytes], body: bytes) -> None:
        policy = Policy(contact_url="/contact")
        outs = [answers(policy, "a=1", body=bytes(bytearray(body))) for _ in range(5)]

        assert len(read) == 2
        assert len(set(outs)) == 1
        assert (outs[0] == body) is (body is CLEAN)

    def test_what_was_made_of_them_counts_as_well(self, read: list[bytes]) -> None:
        body = page(b"<p>word</p>\n" * 1000 + LOADER)
        for room in (MAX_SHARE * len(body), MAX_SHARE * 3 * len(body)):
            policy = Policy(contact_url="/contact", limits={"cache_bytes": room})
            for _ in range(4):
                answers(policy, "a=1", body=body)

        assert len(read) == 4 + 2

    def test_a_clean_one_is_the_app_s_own_object(self) -> None:
        policy = Policy(contact_url="/contact")
        for _ in range(3):
            body = bytes(bytearray(CLEAN))
            assert answers(policy, "a=1", body=body) is body

    def test_a_compressed_one_is_not_even_decoded(self, read: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        policy = Policy(contact_url="/contact")
        body = gzip.compress(page(LOADER), mtime=1)
        outs = [answers(policy, "a=1", GZIP, body=body) for _ in range(2)]
        monkeypatch.setattr("consent_middleware.exchange.Decoder", None)
        outs.append(answers(policy, "a=1", GZIP, body=body))

        assert len(read) == 2
        assert len({gzip.decompress(out) for out in outs}) == 1

    def test_one_that_is_only_coded_anew_is_not_read_again(self, read: list[bytes]) -> None:
        policy = Policy(contact_url="/contact")
        outs = [answers(policy, "a=1", GZIP, body=gzip.compress(page(LOADER), mtime=time)) for time in range(5)]

        assert len(read) == 2
        assert len({gzip.decompress(out) for out in outs}) == 1

    def test_a_broken_one_is_told_of_every_time(self) -> None:
        policy = Policy(contact_url="/contact")
        body = gzip.compress(page(LOADER))[:-8] + b"\xff" * 8
        outs = {answers(policy, "a=1", GZIP, body=body) for _ in range(4)}

        assert len(outs) == 1
        assert engine_for(policy).notices.counts["broken-coding"] == 4

    def test_each_visitor_gets_what_the_visitor_may_get(self) -> None:
        policy, fresh = Policy(contact_url="/contact"), Policy(contact_url="/contact", limits={"cache_bytes": 0})
        visits = ["a=1", FULL, "consent=functional", "consent=necessary", "a=1; consent_chat=1"] * 3

        for cookie in visits:
            assert answers(policy, cookie, body=page(LOADER)) == answers(fresh, cookie, body=page(LOADER))

    def test_each_host_and_nonce_has_its_own(self, read: list[bytes]) -> None:
        policy = Policy(contact_url="/contact")
        body = page(b'<base href="//other.example/">' + LOADER)
        outs = [answers(policy, "a=1", body=body, host=host) for host in (b"a.example", b"b.example") * 3]

        assert outs == outs[:2] * 3
        assert [b"//a.example/_consent" in out for out in outs[:2]] == [True, False]
        read.clear()
        assert all(b'nonce="abc"' in answers(policy, "a=1", NONCE, body=body) for _ in range(3))
        assert len(read) == 3

    def test_names_that_visitors_choose_take_no_room_of_their_own(self) -> None:
        policy = Policy(contact_url="/contact", limits={"cache_bytes": 400_000})
        tracemalloc.start()
        try:
            for number in range(1000):
                answers(policy, "a=1", body=CLEAN, host=b"%d" % number + b"a" * 20_000)
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

        # 64 of them are kept in any case.
        assert held < 400_000 + 64 * 60_000

    def test_what_is_told_of_a_page_is_told_again(self) -> None:
        policy = Policy(contact_url="/contact")
        frames = LOADER.decode()
        for _ in range(10):
            frames = f'<iframe srcdoc="{html.escape(frames)}"></iframe>'
        body = page(LOADER + frames.encode())
        hashes = (b"content-security-policy", b"script-src 'sha256-x'")
        held = []
        for _ in range(4):
            exchange = Exchange(engine_for(policy), RequestHead("GET", "/", "", []))
            exchange.whole(200, [HTML, hashes], body)
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
        """The page as the visitor gets it."""
        asked = [(b"host", self.host), (b"cookie", self.cookie.encode()), (b"accept-language", self.language)]
        body = b"".join(self.parts)
        sent, heads = (gzip.compress(body, mtime=0), [GZIP]) if self.is_coded else (body, [])
        exchange = Exchange(engine_for(policy), RequestHead("GET", self.path, self.mount, asked))
        return exchange.whole(200, [(b"content-type", self.type), *heads], sent)[1]


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
    """A policy under which a page depends on all that a visit says."""
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
def test_a_memory_changes_no_byte(given_visits: list[Visit], data: st.DataObject) -> None:
    """Law: with a memory, every visit's page is the one that is made without."""
    remembering, forgetting = policy_with(400_000), policy_with(0)
    for visit in given_visits:
        # The same page again, as others ask for it.
        other = data.draw(visits)._replace(parts=visit.parts)
        for each in (visit, visit, *(visit._replace(**{name: getattr(other, name)}) for name in Visit._fields)):
            assert each.seen(remembering) == each.seen(forgetting)
