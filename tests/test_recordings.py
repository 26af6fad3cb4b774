"""Recordings: which pages are recorded, which are compared, and that neither costs much where it is in vain."""

from __future__ import annotations

import threading
import tracemalloc

import pytest

from consent_middleware import Policy, recordings
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.html.rewriter import HTMLRewriter, Recording
from consent_middleware.recordings import RecordedPage
from consent_middleware.rewrite_result import RewriteResult
from consent_middleware.second_chance import SecondChanceStore

from .pages import LOADER, page

HTML = (b"content-type", b"text/html; charset=utf-8")
FULL = b"consent=functional,analytics,marketing"


def with_token(token: object, rest: bytes = b"") -> bytes:
    """Return a page in which a token is another each time."""
    words = b"<p>word</p>" * 200
    return page(words + b"<input value=%b>" % str(token).encode() + words + rest + LOADER)


def different(number: int) -> bytes:
    """Return a page that shares nothing but its first bytes with those of other numbers."""
    return page(b"".join(b"<p>%d</p>" % (number * 7919 + at * 104729) for at in range(400)) + LOADER)


class Site:
    """A site with a gateway, which counts how its pages are made."""

    def __init__(self, **settings: object) -> None:
        self.engine = Engine(Policy(contact_url="/c", **settings))  # type: ignore[arg-type]
        self.fresh = Engine(Policy(contact_url="/c", **(settings | {"limits": {"cache_bytes": 0}})))  # type: ignore[arg-type]

    def get(self, body: bytes, path: str = "/", host: bytes = b"a.example", cookie: bytes = b"") -> None:
        """Get a page, which has to be the same as one without a cache."""
        outs = []
        for engine in (self.engine, self.fresh):
            exchange = Exchange(engine, RequestHead("GET", path, "", [(b"host", host), (b"cookie", cookie)]))
            exchange.start(200, [HTML])
            outs.append((exchange.rewrite_whole(body)[1], exchange.blocked))
        assert outs[0] == outs[1]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of what was done with each page: "full", "record" or "compare"; the fresh engine is left out."""
    done: list[str] = []
    rewrite, record, compare = HTMLRewriter.rewrite, HTMLRewriter.rewrite_and_record, Recording.rewritten

    def counted_rewrite(self: HTMLRewriter, document: bytes) -> bytes:
        done.append("full")
        return rewrite(self, document)

    def counted_record(self: HTMLRewriter, document: bytes, nonce: bytes = b"") -> tuple[bytes, Recording | None]:
        done.append("record")
        return record(self, document, nonce)

    def counted_compare(self: Recording, document: bytes, nonce: bytes = b"") -> bytes | None:
        done.append("compare")
        return compare(self, document, nonce)

    monkeypatch.setattr(HTMLRewriter, "rewrite", counted_rewrite)
    monkeypatch.setattr(HTMLRewriter, "rewrite_and_record", counted_record)
    monkeypatch.setattr(Recording, "rewritten", counted_compare)
    return done


def done_by(site: Site, calls: list[str], *bodies: bytes, path: str = "/") -> list[str]:
    """Return what the gateway does for each body, without the reading of the fresh engine."""
    done = []
    for body in bodies:
        calls.clear()
        site.get(body, path)
        assert calls.pop() == "full"
        done.append(" ".join(calls))
    return done


def test_second_page_of_a_path_is_recorded(calls: list[str]) -> None:
    assert done_by(Site(), calls, *map(with_token, range(4))) == ["full", "record", "compare", "compare"]


def test_page_of_another_path_is_compared_by_its_start(calls: list[str]) -> None:
    site = Site()
    done_by(site, calls, with_token(1), with_token(2))

    assert done_by(site, calls, with_token(3, b"<b>Another article</b>"), path="/other") == ["compare"]


@pytest.mark.parametrize("name", [b"Content-Security-Policy", b"CONTENT-SECURITY-POLICY"])
def test_meta_element_may_become_a_policy(name: bytes) -> None:
    """How the guard is put into the page depends on that."""
    site = Site(guard="always")
    other = b"<meta name=a content=bbbbbbbbbbbbbb>"
    for word in (b"w0", b"w1", b"w2", b"w3", b"w4", b"w5", name, b"w6"):
        meta = b"<meta http-equiv='%b' content=\"script-src 'self'\">" % word
        head = b"<!DOCTYPE html><html><head><title>Shop</title>" + other + other + meta
        site.get(head + b"<title>More</title></head><body>" + b"<p>word</p>" * 200 + LOADER)


def test_other_contexts_are_not_compared(calls: list[str]) -> None:
    site = Site()
    done_by(site, calls, with_token(1), with_token(2))
    calls.clear()
    site.get(with_token(3), host=b"b.example")
    site.get(with_token(3), cookie=b"consent=functional")

    assert "compare" not in calls


def test_keys_that_collide_do_no_harm(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> None:
    monkeypatch.setattr("consent_middleware.page.keys_of", lambda *_: (1,))
    site = Site()
    for turn in range(9):
        cookie = (b"", b"consent=functional", b"consent=functional,marketing")[turn % 3]
        site.get(with_token(turn), cookie=cookie, host=cookie or b"a.example")

    assert "compare" in calls


def test_pages_that_recur_are_not_recorded(calls: list[str]) -> None:
    assert done_by(Site(), calls, *[with_token(1)] * 3) == ["full", "full", ""]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(page(LOADER), id="short"),
        pytest.param(page(LOADER + b"<p>" + b"x" * 600_000), id="above its share"),
    ],
)
def test_such_pages_are_not_recorded(calls: list[str], body: bytes) -> None:
    site = Site(limits={"cache_bytes": 2_000_000})

    assert done_by(site, calls, *(body + b"%d" % number for number in range(3))) == ["full"] * 3


def test_recording_above_its_share_is_not_kept(calls: list[str]) -> None:
    body = page(b"<br>" * 20_000 + LOADER)
    site = Site(limits={"cache_bytes": 4 * len(body) + 4})

    assert done_by(site, calls, *(body + b"%d" % number for number in range(3))) == ["full", "record", "record"]


def test_document_that_cannot_be_recorded_is_read(calls: list[str]) -> None:
    site = Site()
    bodies = [with_token(number).decode().encode("utf-16") for number in range(3)]

    assert done_by(site, calls, *bodies) == ["full", "record", "record"]


def test_body_without_a_type_is_not_recorded() -> None:
    site = Site()
    for number in range(4):
        exchange = Exchange(site.engine, RequestHead("GET", "/", "", [(b"accept", b"text/html")]))
        exchange.start(200, [])
        out = exchange.rewrite_whole(with_token(number))[1]

        assert b"data-consent" in out


def test_different_pages_are_compared_ever_less(calls: list[str]) -> None:
    done = done_by(Site(), calls, with_token(1), with_token(2), *map(different, range(120)))
    compared = [at for at, each in enumerate(done) if "compare" in each]

    assert done[:2] == ["full", "record"]
    assert compared[:3] == [2, 5, 10]
    assert len(compared) < 16


class Chosen:
    """A recording that is given what it returns."""

    size = 1

    def __init__(self, *outs: bytes | None) -> None:
        self.outs = list(outs)

    def rewritten(self, _: bytes) -> bytes | None:
        return self.outs.pop(0)


def pauses_after(*outs: bytes | None) -> list[tuple[int, bool]]:
    """Return the pause after each page, and whether the next page is recorded, with what a recording returns."""
    made = recordings.Recordings(SecondChanceStore(1 << 20))
    result = RewriteResult(None, (), 0, needs_own_scripts=False)
    made.put((1,), RecordedPage("context", Chosen(*outs), result), 1)  # type: ignore[arg-type]
    route = made._route(1)
    assert route is not None
    found = []
    for _ in outs:
        route.pause = 0
        made.find((1,), "context", b"page")
        found.append((route.pause, route.is_due))
    return found


def test_pauses_double_and_every_third_is_recorded() -> None:
    assert pauses_after(*[None] * 7) == [
        *((2, False), (4, False), (8, True), (16, False), (32, False), (64, True), (128, False)),
    ]
    assert pauses_after(*[None] * 20)[-1] == (256, False)


def test_hit_ends_the_pauses() -> None:
    assert pauses_after(None, None, b"page", None) == [(2, False), (4, False), (0, False), (2, False)]


def test_changed_template_is_recorded_anew(calls: list[str]) -> None:
    site = Site()
    done_by(site, calls, with_token(1), with_token(2))
    after = [different(1).replace(b"</body>", b"<p>%d</p></body>" % token) for token in range(40)]

    done = done_by(site, calls, *after)

    assert done.count("record") + done.count("compare compare record") <= 2
    assert done[-1] == "compare"


def test_credit_bounds_what_recording_costs(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(limits={"cache_bytes": 60_000})
    done = [done_by(site, calls, different(n), different(n + 1000), path=f"/{n}")[-1] for n in range(300)]

    # At first as many as the credit allows, and then one for each twenty pages and thirty times its cost.
    assert 5 < sum("record" in each for each in done[:100]) < 60
    assert sum("record" in each for each in done[200:]) <= 3


def test_page_that_is_read_earns_some_credit() -> None:
    made = recordings.Recordings(Engine(Policy(contact_url="/c")).pages._store)
    made._credit = 0
    made.find((), None, b"x" * 1000)
    assert made._credit == 50
    made._credit = made._max_credit - 1
    made.find((), None, b"x" * 1000)
    assert made._credit == made._max_credit


def test_similar_page_earns_its_length() -> None:
    site = Site()
    for token in range(3):
        site.get(with_token(token))
    made = site.engine.recordings
    made._credit = 0
    site.get(with_token(3))
    assert made._credit == len(with_token(3))
    made._credit = made._max_credit - 1
    site.get(with_token(4))
    assert made._credit == made._max_credit


def test_recordings_stay_below_the_limit() -> None:
    site = Site(limits={"cache_bytes": 400_000})
    site.get(with_token(0))
    tracemalloc.start()
    try:
        for number in range(150):
            for token in range(2):
                site.get(with_token(f"{number}-{token}"), f"/{number}", host=b"h%d.example" % number)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    store = site.engine.pages._store
    assert store.left >= 0
    assert store.left == 400_000 - sum(entry.size for entry in store.entries.values())
    assert held < 2_000_000


def test_held_lock_delays_nothing(calls: list[str]) -> None:
    site = Site()
    with site.engine.pages._store.lock:
        assert done_by(site, calls, *map(with_token, range(3))) == ["full"] * 3
    done_by(site, calls, with_token(3))
    with site.engine.pages._store.lock:
        assert done_by(site, calls, with_token(4)) == ["record"]
    assert done_by(site, calls, with_token(5)) == ["record"]


def test_threads_get_their_own_pages() -> None:
    site = Site(limits={"cache_bytes": 200_000})
    wrong: list[BaseException] = []

    def visit(thread: int) -> None:
        try:
            for number in range(60):
                body = with_token(f"{thread}-{number}") if number % 3 else different(number)
                site.get(body, f"/{number % 4}", cookie=FULL if number % 5 == 0 else b"")
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong
