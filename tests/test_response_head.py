"""Heads of responses: what is decided about one, and that a kept decision is the one that would be made again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy
from consent_middleware.consent import Category, Consent, Regime, State
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.head_cache import MAX_HEADS, MAX_MISSES, PAUSE, HeadCache
from consent_middleware.headers import Headers
from consent_middleware.page_context import UNCHANGED, ResponseHead
from consent_middleware.purpose import Purpose
from consent_middleware.response_head import decide_head
from tests.exchanges import respond

HTML = (b"content-type", b"text/html; charset=utf-8")
PAGE = b'<!DOCTYPE html><title>A</title><script src="//js.hs-scripts.com/1.js"></script>'
CLEAN = b"<!DOCTYPE html><title>A</title><p>Text"
MESSAGES_COOKIE = b"messagesUtk=1"


def length_of(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(body)


def get(*fields: tuple[bytes, bytes], path: str = "/", mount: str = "", host: bytes = b"a.example") -> RequestHead:
    return RequestHead("GET", path, mount, [(b"host", host), *fields])


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[Headers]:
    """Return a list of the heads that were decided anew."""
    heads: list[Headers] = []

    def counted(*arguments: Any) -> ResponseHead:
        heads.append(arguments[5])
        return decide_head(*arguments)

    monkeypatch.setattr("consent_middleware.exchange.decide_head", counted)
    return heads


class TestKept:
    """Which decisions are kept."""

    @pytest.mark.parametrize("body", [PAGE, CLEAN])
    def test_head_of_other_length_is_found(self, decided: list[Headers], body: bytes) -> None:
        engine = Engine(Policy())
        for text in (body, body + b"<p>more", body, body + b"<p>much more"):
            head, sent = respond(Exchange(engine, get()), 200, [HTML, length_of(text), (b"server", b"x")], text)
            assert dict(head)[b"content-length"] == b"%d" % len(sent)
            if body is CLEAN:
                assert [name for name, _ in head][:3] == [b"content-type", b"content-length", b"server"]

        assert len(decided) == 2

    def test_head_without_length_is_found(self, decided: list[Headers]) -> None:
        engine = Engine(Policy())
        for _ in range(4):
            assert (b"vary", b"Cookie, Sec-GPC") in respond(Exchange(engine, get()), 200, [HTML], CLEAN)[0]

        assert len(decided) == 2

    @pytest.mark.parametrize(
        "field",
        [
            (b"set-cookie", b"session=1"),
            (b"content-encoding", b"identity"),
            (b"content-security-policy", b"script-src 'nonce-abc123'"),
            (b"content-security-policy-report-only", b"script-src 'nonce-abc123'"),
            (b"x-long", b"x" * 4096),
            HTML,
        ],
    )
    def test_head_that_seldom_comes_again(self, decided: list[Headers], field: tuple[bytes, bytes]) -> None:
        engine = Engine(Policy())
        for _ in range(4):
            Exchange(engine, get()).start(200, [HTML, field])

        assert (len(decided), len(engine.heads)) == (4, 0)

    @pytest.mark.parametrize(
        "request_head",
        [
            get(mount="/" + "a" * 4096),
            get(mount="//b.example"),
            get(host=b"a" * 4096),
            get((b"accept", b"text/html," + b"a" * 4096)),
            get((b"sec-fetch-dest", b"a" * 4096)),
        ],
    )
    def test_head_for_a_strange_request(self, decided: list[Headers], request_head: RequestHead) -> None:
        engine = Engine(Policy())
        for _ in range(4):
            Exchange(engine, request_head).start(200, [HTML])

        assert (len(decided), len(engine.heads)) == (4, 0)

    @pytest.mark.parametrize(
        ("status", "request_head", "head"),
        [
            (206, get(), [HTML]),
            (200, get((b"sec-fetch-dest", b"empty")), [HTML]),
            (200, get(), [HTML, (b"content-disposition", b"attachment")]),
        ],
    )
    def test_head_that_is_no_whole_page(
        self, decided: list[Headers], status: int, request_head: RequestHead, head: Headers
    ) -> None:
        engine = Engine(Policy())
        for _ in range(4):
            Exchange(engine, request_head).start(status, head)

        assert (len(decided), len(engine.heads)) == (4, 0)

    def test_head_of_a_site_that_chooses_for_each_page(self, decided: list[Headers]) -> None:
        languages = iter(["de", "fr", "de", "fr"])
        engine = Engine(Policy(language=lambda _: next(languages)))
        pages = [respond(Exchange(engine, get()), 200, [HTML], PAGE)[1] for _ in range(4)]

        assert len(decided) == 4
        assert pages[0] == pages[2] != pages[1] == pages[3]

    @pytest.mark.parametrize("field", [[b"server", b"x"], (b"server", memoryview(bytearray(b"x")))])
    def test_fields_without_hash_are_accepted(self, field: Any) -> None:
        """ASGI says no more than that they are iterable."""
        engine = Engine(Policy())
        for _ in range(3):
            sent, body = respond(Exchange(engine, get()), 200, [HTML, field], CLEAN)
            assert sent == [HTML, field, (b"vary", b"Cookie, Sec-GPC")]
            assert body == CLEAN

        assert len(engine.heads) == 0

    def test_number_of_kept_heads_is_limited(self) -> None:
        engine = Engine(Policy())
        most = 0
        for number in range(2 * MAX_HEADS):
            for _ in range(3):
                Exchange(engine, get()).start(200, [HTML, (b"x-request-id", b"%d" % number)])
            most = max(most, len(engine.heads), len(engine.heads._seen))

        assert most == MAX_HEADS


class TestPause:
    """Heads that are not found again and again are not even looked for."""

    def test_many_misses_are_followed_by_a_pause(self) -> None:
        heads = HeadCache(is_used=True)
        looked = []
        for number in range(2 * (MAX_MISSES + PAUSE)):
            looked.append(heads.wants_key())
            if looked[-1]:
                heads.recurs((number,))

        assert looked == ([True] * MAX_MISSES + [False] * PAUSE) * 2

    def test_hit_ends_the_misses(self) -> None:
        heads = HeadCache(is_used=True)
        heads.keep((0,), UNCHANGED)
        for number in range(1, 4 * MAX_MISSES):
            heads.recurs((number,))
            if number % (MAX_MISSES - 1) == 0:
                assert heads.find((0,)) is UNCHANGED

        assert heads.wants_key()

    def test_heads_that_all_differ_take_no_memory(self) -> None:
        engine = Engine(Policy())
        for number in range(1000):
            Exchange(engine, get()).start(200, [HTML, (b"x-request-id", b"%d" % number)])

        assert len(engine.heads) == 0
        assert len(engine.heads._seen) < 100


@pytest.mark.parametrize("name", [b"content-length", b"Content-Length"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_length_stays_where_it_is(name: bytes, place: int) -> None:
    engine = Engine(Policy())
    # Other heads were decided before: with the length elsewhere, or with another name for it.
    for other_name, other_place in product([b"content-length", b"Content-Length"], range(3)):
        head = [HTML, (b"server", b"x")]
        head.insert(other_place, (other_name, b"1"))
        for _ in range(3):
            Exchange(engine, get()).start(200, head)
    head = [HTML, (b"server", b"x")]
    head.insert(place, (name, b"%d" % len(CLEAN)))

    sent, _ = respond(Exchange(engine, get()), 200, head, CLEAN)

    assert sent == [*head, (b"vary", b"Cookie, Sec-GPC")]


@pytest.mark.parametrize(
    ("policy", "one", "other", "status"),
    [
        (Policy(), get(), get((b"cookie", b"consent=functional,analytics,marketing")), 200),
        (Policy(chat_pages=["/shop/"]), get(path="/"), get(path="/shop/"), 200),
        (Policy(), get(mount="/a"), get(mount="/b"), 200),
        (Policy(), get(), get((b"sec-fetch-dest", b"empty")), 200),
        (Policy(), get(), get((b"accept", b"*/*")), 200),
        (Policy(), get(), get(), 304),
    ],
)
def test_other_condition_is_another_decision(policy: Policy, one: RequestHead, other: RequestHead, status: int) -> None:
    engine = Engine(policy)
    for _ in range(2):
        Exchange(engine, one).start(200, [HTML])
    assert len(engine.heads) == 1

    kept = sent_by(engine, other, (status, [HTML], PAGE))

    assert kept == sent_by(Engine(policy), other, (status, [HTML], PAGE))
    assert kept != sent_by(Engine(policy), one, (200, [HTML], PAGE))


def test_confirmed_copy_is_another_decision() -> None:
    """Of an attachment, it says only to a browser with a page of its own that this page is still good."""
    engine = Engine(Policy())
    variant = dict(respond(Exchange(engine, get()), 200, [HTML, (b"etag", b'"1"')], CLEAN)[0])[b"etag"]
    response = 304, [HTML, (b"content-disposition", b"attachment"), (b"etag", b'"1"')], b""

    heads = [
        dict(respond(Exchange(engine, request_head), *response)[0])
        for request_head in (
            get((b"accept", b"text/html"), (b"if-none-match", variant)),
            get((b"accept", b"text/html")),
        )
    ]

    assert [head[b"etag"] for head in heads] == [variant, b'"1"']


def test_changed_list_does_not_change_the_next_head() -> None:
    """Other middleware appends to the list that it is given."""
    engine = Engine(Policy())
    heads = []
    for body in [PAGE, CLEAN] * 3:
        head, _ = respond(Exchange(engine, get()), 200, [HTML], body)
        heads.append(list(head))
        head.append((b"x-own", b"1"))
        started = Exchange(engine, get())
        started.start(200, [HTML])
        started.head.append((b"x-own", b"1"))

    assert heads[:2] == heads[2:4] == heads[4:]


def test_attachment_keeps_its_own_length() -> None:
    engine = Engine(Policy())
    fields = [(b"content-disposition", b"attachment"), (b"link", b"<https://js.hs-scripts.com>; rel=preconnect")]
    for body in (CLEAN, CLEAN, CLEAN, PAGE):
        head, _ = respond(Exchange(engine, get()), 200, [HTML, length_of(body), *fields], body)
        assert head == [HTML, length_of(body), (b"content-disposition", b"attachment")]


def plans() -> Iterator[Any]:
    """Yield the plans for every consent, click and regime, with and without chats of several vendors."""
    optional = [each for each in Category if each is not Category.NECESSARY]
    for policy in (Policy(), Policy(forward_consent=True)):
        for states, clicked, regime in product(product(State, repeat=len(optional)), (False, True), Regime):
            consent = Consent(dict(zip(optional, states, strict=True)))
            yield policy.decide(consent, clicked=clicked, regime=regime)


def test_plans_with_one_variant_allow_the_same() -> None:
    """Decisions about heads are kept by the variant of the plan."""
    allowed: dict[str, set[object]] = {}
    for plan in plans():
        says = tuple((plan.allows(purpose), plan.allows_cookies(purpose)) for purpose in Purpose)
        allowed.setdefault(plan.variant, set()).add((says, plan.touches_html))

    assert len(allowed) > 4
    assert all(len(each) == 1 for each in allowed.values())


POLICIES = [
    Policy(),
    Policy(cacheable=True),
    Policy(chat_pages=["/shop/"], hide_cookies=True),
    Policy(withdrawal="at-once"),
    Policy(language=lambda signals: "de" if signals.path == "/" else None),
]

requests = st.builds(
    RequestHead,
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from(["/", "/shop/"]),
    st.sampled_from(["", "/app", "//b.example"]),
    st.tuples(
        st.sampled_from([(b"Host", b"a.example"), (b"host", b"b.example:8000")]),
        st.sampled_from([(b"accept", b"text/html"), (b"accept", b"*/*"), (b"x", b"")]),
        st.sampled_from([(b"sec-fetch-dest", b"document"), (b"sec-fetch-dest", b"empty"), (b"x", b"")]),
        st.sampled_from(
            [
                *[(b"cookie", b"consent=" + consent) for consent in (b"functional", b"functional,analytics,marketing")],
                (b"cookie", b"consent=necessary; " + MESSAGES_COOKIE),
                (b"cookie", b"consent_chat=1; " + MESSAGES_COOKIE),
                (b"cookie", b"session=1"),
                (b"x", b""),
            ]
        ),
        st.sampled_from(["", "own", "other"]).map(lambda tag: (b"if-none-match", tag.encode())),
    ),
)

fields = st.sampled_from(
    [
        (b"Server", b"x"),
        (b"x-request-id", b"1"),
        (b"x-request-id", b"2"),
        (b"etag", b'"1"'),
        (b"last-modified", b"Mon, 30 Nov 2026 12:00:00 GMT"),
        (b"cache-control", b"public, max-age=60"),
        (b"cdn-cache-control", b"max-age=60"),
        (b"expires", b"Mon, 30 Nov 2026 12:00:00 GMT"),
        (b"vary", b"Accept"),
        (b"set-cookie", b"messagesUtk=1"),
        (b"set-cookie", b"session=1"),
        (b"link", b"<https://js.hs-scripts.com>; rel=preconnect"),
        (b"link", b"</style.css>; rel=preload"),
        (b"reporting-endpoints", b'a="https://js.hs-scripts.com/1"'),
        (b"content-security-policy", b"script-src 'self'"),
        (b"content-security-policy", b"script-src 'nonce-abc123'"),
        (b"content-security-policy", b"script-src https://a.example"),
        (b"content-disposition", b"attachment"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-encoding", b"unheard-of"),
        (b"content-digest", b"x"),
        (b"location", b"/"),
    ]
)
types = st.sampled_from(
    [HTML, (b"Content-Type", b"text/html"), (b"content-type", b"application/xhtml+xml"), (b"x", b""), (b"Accept", b"*")]
)


@st.composite
def responses(draw: st.DrawFn) -> tuple[int, Headers, bytes]:
    """Return a status, a head and a body; the head may have the length of the body at any place."""
    body = draw(st.sampled_from([PAGE, CLEAN, PAGE + b"<p>more", b""]))
    head = [draw(types), *draw(st.lists(fields, max_size=4))]
    length = (draw(st.sampled_from([b"content-length", b"Content-Length"])), b"%d" % len(body))
    for _ in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
        head.insert(draw(st.integers(0, len(head))), length)
    return draw(st.sampled_from([200, 200, 200, 404, 302, 304, 206, 204])), head, body


def sent_by(engine: Engine, request_head: RequestHead, response: tuple[int, Headers, bytes]) -> list[object]:
    """Return everything that a gateway may see of a response."""
    status, head, body = response
    made = Exchange(engine, request_head)
    made.start(status, list(head))
    seen: list[object] = [made.rewrites, made.head_depends_on_body, made.length, list(made.head)]
    sent, changed = made.rewrite_whole(body)
    seen += [list(sent), changed, made.blocked]
    # As other middleware changes what it is given.
    made.head.append((b"x-changed", b"1"))
    sent.append((b"x-changed", b"1"))
    return seen


@given(
    st.sampled_from(POLICIES), st.lists(requests, min_size=1, max_size=3), st.lists(responses(), min_size=1, max_size=3)
)
def test_kept_decision_is_the_one_made_again(
    policy: Policy, asked: list[RequestHead], answers: list[tuple[int, Headers, bytes]]
) -> None:
    """Property: an engine that keeps decisions sends and notes the same as one that makes each anew."""
    keeping, forgetting = Engine(policy), Engine(policy)
    forgetting.heads = HeadCache(is_used=False)

    for request_head, response in [*product(asked, answers)] * 3:
        # There is no pause.
        keeping.heads._misses = 0
        assert sent_by(keeping, request_head, response) == sent_by(forgetting, request_head, response)

    assert len(forgetting.heads) == 0
    assert keeping.notices.counts == forgetting.notices.counts
