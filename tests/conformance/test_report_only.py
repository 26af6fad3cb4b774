"""With `report_only`, every gateway sends every case byte for byte as the app wrote it, and notes what would change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import consent_middleware.asgi
import consent_middleware.wsgi
from consent_middleware import Policy
from consent_middleware.engine import Engine
from consent_middleware.exchange import RequestHead
from consent_middleware.reporting import exchange_for
from tests import asgi_driver
from tests.conformance.gateway import Server
from tests.conformance.test_gateways import CASES, COOKIE_LINES, HTML, Case, asking, html
from tests.engines import engine_for
from tests.exchanges import respond
from tests.gateways import GATEWAYS, WITH_JOINED_FIELDS, Pairs, Reply, Request, joined
from tests.pages import CHAT, HINT, LOADER, page

POLICY = Policy(contact_url="/contact", guard="auto", report_only=True)
WITHDRAWS = Policy(
    contact_url="/c", report_only=True, withdrawal="at-once", forward_consent=True, hide_cookies=True, cacheable=True
)


def lower(headers: Pairs) -> Pairs:
    return [(name.lower(), value) for name, value in headers]


@pytest.mark.parametrize("policy", [POLICY, WITHDRAWS], ids=["defaults", "other settings"])
@pytest.mark.parametrize("name", GATEWAYS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_response_is_the_apps_byte_for_byte(case: Case, name: str, policy: Policy) -> None:
    result = GATEWAYS[name](policy, case.request, case.reply)

    wanted = lower(case.reply.all_headers)
    got, wanted = (joined(result.headers), joined(wanted)) if name in WITH_JOINED_FIELDS else (result.headers, wanted)
    if name == "aiohttp" and not any(field == "content-type" for field, _ in wanted):
        # aiohttp itself adds a type.
        got = [field for field in got if field != ("content-type", "application/octet-stream")]
    assert (result.status, got) == (case.reply.status, wanted)
    # Flask itself sends no body in answer to HEAD.
    bodies = [b"".join(case.reply.chunks), *([b""] if case.request.method == "HEAD" else [])]
    assert result.body in bodies


@pytest.mark.parametrize("name", GATEWAYS)
def test_stream_that_ends_within_a_tag_ends_so(name: str) -> None:
    chunks = [b"<!doctype html><p>", LOADER[:90], LOADER[90:], b"<script src="]

    assert GATEWAYS[name](POLICY, Request(), Reply(chunks, length=False)).body == b"".join(chunks)


@pytest.mark.parametrize("name", GATEWAYS)
def test_own_path_belongs_to_the_app(name: str) -> None:
    asset = engine_for(POLICY).facade.asset().name

    for path in (f"/_consent/{asset}", "/_consent/decision"):
        assert GATEWAYS[name](POLICY, Request(path=path), html(b"mine")).body == b"mine"


@pytest.mark.parametrize("length", [True, False], ids=["at hand", "streaming"])
@pytest.mark.parametrize("name", ["core", "wsgi", "wsgi-list", "asgi"])
def test_what_would_change_is_counted_by_rule(name: str, length: bool, caplog: pytest.LogCaptureFixture) -> None:
    policy = Policy(contact_url="/contact", report_only=True)
    link = ("Link", "<https://js.hs-scripts.com>; rel=preconnect")
    body = page(LOADER + CHAT + CHAT, head=HINT)
    reply = Reply([body], headers=[HTML, link, *COOKIE_LINES], length=length)

    for _ in range(2):
        GATEWAYS[name](policy, replace(asking(), path="/bells"), reply)

    assert engine_for(policy).notices.counts == {
        "report-only": 1,
        "report-only.hint": 2,
        "report-only.hubspot.loader": 2,
        "report-only.hubspot.chat": 4,
        "report-only.link": 2,
        "report-only.set-cookie": 4,
    }
    assert (
        "report-only.hubspot.loader: a tag (hubspot.loader) would wait for tracking; report_only is set, so it is sent "
        "as it is (first on the page '/bells')"
    ) in caplog.messages
    assert "0123" not in caplog.text


def test_full_consent_leaves_nothing_to_note() -> None:
    policy = Policy(contact_url="/contact", report_only=True)

    GATEWAYS["core"](policy, asking(Cookie="consent=functional,analytics,marketing"), html(page(LOADER)))

    assert engine_for(policy).notices.counts == {"report-only": 1}


REQUEST_FIELDS = [
    ("Cookie", "__hstc=1; consent=necessary"),
    ("If-None-Match", '"x"'),
    ("Range", "bytes=0-9"),
    ("Accept", "text/html"),
    ("Accept-Encoding", "gzip, dcb"),
]


def test_wsgi_app_gets_the_request_as_it_came() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", [])
        return []

    server = Server(WITHDRAWS)
    environ = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in REQUEST_FIELDS}
    consent_middleware.wsgi.ConsentMiddleware(app, WITHDRAWS)(
        {**server.environ, **environ},
        server.start_response,
    )

    assert {key: seen[key] for key in environ} == environ


def test_early_hints_are_sent_and_noted() -> None:
    engine = Engine(POLICY)
    hints = [(b"link", b"<https://js.hs-scripts.com>; rel=preconnect"), (b"link", b"</a.css>; rel=preload; as=style")]
    exchange = exchange_for(engine, RequestHead("GET", "/", "", []))

    assert exchange.filter_early_hints(hints) is hints
    assert engine.notices.counts["report-only.link"] == 1


async def test_asgi_sends_the_apps_own_messages() -> None:
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
    body = {"type": "http.response.body", "body": page(LOADER)}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send(body)

    middleware = consent_middleware.asgi.ConsentMiddleware(app, POLICY)

    sent = await asgi_driver.call(middleware, asgi_driver.full_scope("GET", "/", []))

    assert sent == [start, body]


def test_head_and_body_are_the_very_objects() -> None:
    exchange = exchange_for(Engine(POLICY), RequestHead("GET", "/", "", []))
    head, body = [(b"content-type", b"text/html")], page(LOADER)

    got = respond(exchange, 200, head, body)

    assert got[0] is head
    assert got[1] is body
