"""A request cannot cause a response, or cached data, of many times its own size."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from consent_middleware import Policy, Signals
from consent_middleware.cookies import (
    LONGEST_PREFIXED,
    MAX_EXPIRY,
    MAX_LABELS,
    CookieNames,
    Cookies,
    expire_cookies,
)
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.headers import LONGEST_DOMAIN, host_name
from tests.engines import engine_for
from tests.exchanges import respond

REFUSES = b"consent=necessary"
HELD = b"hubspotutk=1; __hstc=2; __hssc=3; __hssrc=4; messagesUtk=5"
#: RFC 1035: a name of the greatest length, with as many labels as fit.
LONGEST = b".".join([b"a"] * 127)

HOSTS = {
    "8,000 labels": b".".join([b"a"] * 8000),
    "a name as long as DNS knows": LONGEST,
    "one more": LONGEST + b".a",
    "a label of 64": b"a" * 64 + b".example.com",
    "16 kB without a dot": b"a" * 16_384,
    "dots alone": b"." * 16_384,
    "colons alone": b":" * 16_384,
    "a long port": b"example.com:" + b"1" * 16_384,
    "brackets": b"[" * 16_384 + b"]",
}


def _set_cookies(host: bytes, cookie: bytes, path: str = "/", policy: Policy | None = None) -> list[bytes]:
    head = [(b"host", host), (b"cookie", cookie)]
    exchange = Exchange(engine_for(policy or Policy(contact_url="/c")), RequestHead("GET", path, "", head))
    if exchange.answer is not None:
        headers = exchange.answer.headers
    else:
        headers, _ = respond(exchange, 200, [(b"content-type", b"text/html")], b"<p>")
    return [value for name, value in headers if name == b"set-cookie"]


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
@pytest.mark.parametrize("path", ["/", "/_consent/decision"])
def test_expiry_is_bounded_for_any_host(host: bytes, path: str) -> None:
    lines = _set_cookies(host, REFUSES + b"; " + HELD, path)

    assert lines
    assert sum(map(len, lines)) <= MAX_EXPIRY


def test_invalid_host_gives_no_domain() -> None:
    for name in ("8,000 labels", "one more", "a label of 64", "16 kB without a dot", "brackets"):
        assert not any(b"Domain" in line for line in _set_cookies(HOSTS[name], REFUSES + b"; " + HELD))


@pytest.mark.parametrize("count", [2, MAX_LABELS, MAX_LABELS + 1])
def test_number_of_parent_domains_is_bounded(count: int) -> None:
    host = b".".join([b"a"] * count)
    lines = expire_cookies([b"hubspotutk"], Cookies([HELD]), host)

    assert len(lines) == (count if count <= MAX_LABELS else 1)


def test_made_up_names_are_bounded() -> None:
    policy = Policy(contact_url="/c", vendors=["intercom"])
    made_up = b"; ".join(b"intercom-id-" + b"%d" % number * 50 + b"=1" for number in range(10, 90))

    lines = _set_cookies(b"a.b.c.d.example.com", REFUSES + b"; " + made_up, policy=policy)

    assert lines
    assert sum(map(len, lines)) <= MAX_EXPIRY


def test_next_response_expires_the_rest() -> None:
    names = [b"n%02d" % number for number in range(60)]
    cookies = Cookies([b"; ".join(name + b"=1" for name in names)])
    first = {line.partition(b"=")[0] for _, line in expire_cookies(names, cookies, b"www.example.com")}
    left = [name for name in names if name not in first]

    assert first
    assert left
    assert {line.partition(b"=")[0] for _, line in expire_cookies(left, cookies, b"www.example.com")} == set(left)


def test_longest_name_found_by_prefix() -> None:
    names = CookieNames(prefixes=(b"id-",))
    fits, longer = b"id-".ljust(LONGEST_PREFIXED, b"x"), b"id-".ljust(LONGEST_PREFIXED + 1, b"x")

    assert names.among(Cookies([fits + b"=1; " + longer + b"=1"])) == [fits]


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (b"Example.COM.:8080", b"example.com"),
        (b"a" * 63 + b".com", b"a" * 63 + b".com"),
        (b"a" * 64 + b".com", b""),
        (LONGEST, LONGEST),
        (b"[::1]:80", b""),
        (b"a..b", b""),
    ],
)
def test_the_name_in_a_host_field(host: bytes, name: bytes) -> None:
    assert len(LONGEST) == LONGEST_DOMAIN
    assert host_name(host) == name


def test_long_host_does_not_enter_a_page() -> None:
    page = b'<base href="https://other.example/"><script src="//js.hs-scripts.com/12345.js"></script>'
    head = [(b"host", b"a" * 16_000)]
    _, body = respond(
        Exchange(Engine(Policy(contact_url="/c")), RequestHead("GET", "/", "", head)),
        200,
        [(b"content-type", b"text/html")],
        page,
    )

    assert b"a" * 300 not in body


def _hostile(kind: str) -> Iterator[bytes]:
    """Yield different cookie headers of 16 kB."""
    number = 0
    while True:
        number += 1
        if kind == "copies of the own cookie":
            yield b"; ".join([b"consent=" + b"analytics," * (number % 9) + b"functional"] * 900) + b";%d" % number
        elif kind == "different copies":
            yield b"; ".join(b'_iub_cs-1={"consent":true,"id":%d%d}' % (number, copy) for copy in range(400))
        elif kind == "long names":
            yield b"; ".join(
                b'_iub_cs-%d%s={"consent":true}' % (number, b"%d" % (copy % 10) * 1500) for copy in range(10)
            )
        elif kind == "every platform":
            yield b"; ".join(
                [
                    b"cookieconsent_status=allow",
                    b"usprivacy=1YYY",
                    b"wp_consent_marketing=deny",
                    b"hubspotutk=%d" % number,
                    b"CookieConsent=-1",
                    *(b"__hs_opt_out=no" for _ in range(900)),
                ]
            )
        elif kind == "vendors' cookies":
            yield b"consent=necessary" + b"".join(
                b"; intercom-session-%d-%d%b=1" % (number, each, b"x" * 90) for each in range(16)
            )
        else:
            yield b"consent=functional; a=%d" % number


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("copies of the own cookie", 24),
        ("different copies", 24),
        ("long names", 24),
        ("every platform", 24),
        ("vendors' cookies", 200),
        ("one plain cookie", 200),
    ],
)
def test_cached_plans_are_bounded_in_bytes(kind: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.plan_cache.MAX_BYTES", 1 << 18)
    policy = Policy(contact_url="/c", vendors=["hubspot", "intercom"])
    headers = _hostile(kind)

    def ask(times: int) -> None:
        for _ in range(times):
            engine_for(policy).plan(Signals(Cookies([next(headers)])))

    ask(3)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        ask(times)
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    # The cache also has the decisions, and parts that all plans share.
    assert used <= (1 << 18) + (1 << 17)


def test_large_plan_is_not_cached() -> None:
    policy = Policy(contact_url="/c")
    engine_for(policy).plan(Signals(Cookies([next(_hostile("long names"))])))

    assert not engine_for(policy)._plans
    assert not engine_for(policy)._decisions


def test_expired_names_count_for_the_plan_cache() -> None:
    def cost(name: bytes) -> int:
        policy = Policy(contact_url="/c", vendors=["intercom"])
        engine_for(policy).plan(Signals(Cookies([b"consent=necessary; intercom-%b=1" % name])))
        (plan,) = engine_for(policy)._plans.values()
        assert plan.cookies_to_expire == (b"intercom-" + name,)
        return -engine_for(policy)._plans._left

    assert cost(b"session-" + b"x" * 90) >= cost(b"session-x") + 89


def test_small_plan_is_cached() -> None:
    policy = Policy(contact_url="/c")
    signals = Signals(Cookies([b"consent=functional; cookieconsent_status=allow; a=1"]))

    assert engine_for(policy).plan(signals) is engine_for(policy).plan(signals)


def test_full_plan_cache_is_cleared() -> None:
    policy = Policy(contact_url="/c")
    first, second = (Signals(Cookies([b"consent=functional; a=%d" % number])) for number in (1, 2))
    engine_for(policy).plan(first)
    engine_for(policy)._plans._left = 1
    engine_for(policy).plan(second)

    assert len(engine_for(policy)._plans) == 1
