"""The engine: what a gateway keeps, and that it goes with the gateway."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import flask
import pytest

import consent_middleware.asgi
import consent_middleware.flask
import consent_middleware.wsgi
from consent_middleware import Policy
from consent_middleware.cookies import Cookies
from consent_middleware.engine import MAX_DECISIONS, Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.sources import Signals
from tests.exchanges import respond
from tests.gateways import Request, run_asgi, run_wsgi
from tests.pages import LOADER, page

COOKIE = ("Cookie", "CookieConsent={necessary:true,preferences:true,statistics:false,marketing:false}")


def _wsgi(policy: Policy) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [page(LOADER)]

    gateway = consent_middleware.wsgi.ConsentMiddleware(app, policy)
    assert b"text/x-consent" in run_wsgi(gateway, Request(headers=[COOKIE])).body


def _asgi(policy: Policy) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": page(LOADER)})

    gateway = consent_middleware.asgi.ConsentMiddleware(app, policy)
    assert b"text/x-consent" in run_asgi(gateway, Request(headers=[COOKIE])).body


def _flask(policy: Policy) -> None:
    app = flask.Flask("app")
    app.add_url_rule("/", view_func=lambda: page(LOADER))
    consent_middleware.flask.Consent(app, policy)
    assert b"text/x-consent" in app.test_client().get("/", headers=[COOKIE]).data


@pytest.mark.parametrize("serve", [_wsgi, _asgi, _flask])
def test_used_policy_is_freed_with_its_gateway(serve: Any) -> None:
    policy = Policy(contact_url="/c", proxied={"js.hs-scripts.com": "https://hs.example.com"})
    serve(policy)
    serve(policy)
    alive = weakref.ref(policy)
    del policy
    gc.collect()

    assert alive() is None


def test_gateways_of_one_policy_have_own_engines() -> None:
    policy = Policy(contact_url="/c", on_decision=lambda plan: 1 / 0)
    engines = [Engine(policy), Engine(policy)]
    engines[0].plan(Signals(Cookies()))

    assert [engine.notices.counts for engine in engines] == [{"on-decision-raised": 1}, {}]


def test_decision_is_cached_for_equal_consent() -> None:
    engine = Engine(Policy(contact_url="/c"))
    plans = [engine.plan(Signals(Cookies([b"consent=functional; visitor=%d" % number]))) for number in range(3)]

    assert plans[0].decisions is plans[1].decisions is plans[2].decisions
    assert len(engine._decisions) == 1


def test_kept_decisions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.engine.MAX_DECISIONS", 2)
    engine = Engine(Policy(contact_url="/c"))
    for choice in ("functional", "analytics", "marketing"):
        engine.plan(Signals(Cookies([b"consent=" + choice.encode()])))

    assert len(engine._decisions) == 1
    assert MAX_DECISIONS == 256


def test_cached_function_runs_once_for_each_engine() -> None:
    seen: list[tuple[Engine, int]] = []

    def double(engine: Engine, number: int) -> int:
        seen.append((engine, number))
        return 2 * number

    engines = [Engine(Policy(contact_url="/c")) for _ in range(2)]

    assert [engine.cached(double, 8)(3) for engine in engines * 2] == [6] * 4
    assert seen == [(engine, 3) for engine in engines]


def test_tags_are_recognized_once_for_an_engine() -> None:
    engine = Engine(Policy(contact_url="/c", limits={"cache_bytes": 0}))
    for number in range(3):
        exchange = Exchange(engine, RequestHead("GET", "/", "", []))
        respond(exchange, 200, [(b"content-type", b"text/html")], page(LOADER, b"<!-- %d -->" % number))
    (cached,) = engine._functions.values()

    assert cached.cache_info().hits == 2 * cached.cache_info().misses  # type: ignore[attr-defined]


def test_used_facade_is_freed_with_its_engine() -> None:
    engine = Engine(Policy(contact_url="/c"))
    exchange = Exchange(engine, RequestHead("GET", "/", "", []))
    assert b"<aside" in respond(exchange, 200, [(b"content-type", b"text/html")], page(LOADER))[1]
    alive = weakref.ref(engine.facade)
    del engine, exchange
    gc.collect()

    assert alive() is None


def test_signal_without_cookies_is_read() -> None:
    engine = Engine(Policy(contact_url="/contact"))
    silent, refusing = (
        engine.plan(Signals(Cookies(), headers)) for headers in ([(b"host", b"a.example")], [(b"sec-gpc", b"1")])
    )

    assert not silent.readings
    assert [reading.source for reading in refusing.readings] == ["gpc"]
