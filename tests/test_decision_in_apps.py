"""What an app and a site see of the decision: the plan in environ, scope and Flask, the log, the missing button."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import flask
import pytest

from consent_middleware import Plan, Policy, Purpose
from consent_middleware.asgi import ConsentMiddleware
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.flask import Consent
from tests import asgi_driver
from tests.engines import engine_for
from tests.exchanges import respond
from tests.pages import LOADER, page

HTML = [(b"content-type", b"text/html")]


def whole(policy: Policy, *headers: tuple[bytes, bytes]) -> tuple[dict[bytes, bytes], bytes]:
    head, body = respond(Exchange(engine_for(policy), RequestHead("GET", "/", "", headers)), 200, HTML, page(LOADER))
    return dict(head), body


def test_flask_views_and_templates_see_the_plan() -> None:
    app = flask.Flask(__name__)
    Consent(app, Policy(contact_url="/c"))

    @app.get("/")
    def view() -> str:
        assert isinstance(flask.g.consent_plan, Plan)
        return flask.render_template_string("{{ g.consent_plan.allows('chat') }}")

    client = app.test_client(use_cookies=False)

    assert client.get("/", headers={"Cookie": "cookieconsent_status=allow"}).text == "True"
    assert client.get("/").text == "False"


def test_flask_without_middleware_has_no_plan() -> None:
    app = flask.Flask(__name__)
    inner = app.wsgi_app
    Consent(app, Policy(contact_url="/c"))
    app.wsgi_app = inner  # type: ignore[method-assign]

    @app.get("/")
    def view() -> str:
        return repr(flask.g.consent_plan)

    assert app.test_client().get("/").text == "None"


@pytest.mark.parametrize("state", [None, {"kept": 1}], ids=["no state", "a state of the server's"])
async def test_asgi_app_sees_the_plan_in_its_scope(state: dict[str, Any] | None) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["consent_middleware.plan"], scope["state"]))

    scope = asgi_driver.scope(**({"state": state} if state is not None else {}))
    await asgi_driver.call(ConsentMiddleware(app, Policy(contact_url="/c")), scope, receive=asgi_driver.unread)

    ((plan, found),) = seen
    assert found["consent_plan"] is plan
    assert state is None or found is state


def test_failing_log_breaks_no_response() -> None:
    def broken(plan: Plan) -> Iterable[str]:
        raise RuntimeError

    assert b"data-consent-facade" in whole(Policy(contact_url="/c", on_decision=broken))[1]


def test_log_gets_one_plan_for_each_request() -> None:
    seen: list[Plan] = []

    whole(Policy(contact_url="/c", on_decision=seen.append), (b"Cookie", b"cookieconsent_status=deny"))

    assert [plan.consent.source for plan in seen] == ["insites"]


def test_page_has_no_button_if_clicks_do_not_count() -> None:
    strict = Policy(contact_url="/c", click_after_refusal=False)
    refused = (b"Cookie", b"cookieconsent_status=deny")

    assert b"data-consent-facade" not in whole(strict, refused)[1]
    assert b"data-consent-facade" in whole(strict)[1]
    assert b"data-consent-facade" in whole(Policy(contact_url="/c"), refused)[1]
    assert b'data-consent="tracking"' in whole(strict, refused)[1]


def test_pages_with_and_without_button_have_two_etags() -> None:
    strict = Policy(contact_url="/c", click_after_refusal=False)

    def tag(*headers: tuple[bytes, bytes]) -> bytes:
        exchange = Exchange(engine_for(strict), RequestHead("GET", "/", "", headers))
        return dict(respond(exchange, 200, [*HTML, (b"etag", b'"v1"')], page(LOADER))[0])[b"etag"]

    assert tag() != tag((b"Cookie", b"cookieconsent_status=deny"))


def test_page_varies_by_every_signal_that_is_read() -> None:
    assert whole(Policy(contact_url="/c"))[0][b"vary"] == b"Cookie, Sec-GPC"
    assert whole(Policy(contact_url="/c", ignore=["gpc", "dnt"]))[0][b"vary"] == b"Cookie"
    assert whole(Policy(contact_url="/c", ignore=(), vary=["CF-IPCountry"]))[0][b"vary"] == (
        b"Cookie, Sec-GPC, DNT, CF-IPCountry"
    )


def test_callable_sees_the_request_head() -> None:
    seen: list[tuple[str, str, str | None]] = []

    def regime(signals: Any) -> str:
        seen.append((signals.method, signals.path, signals.header("Host")))
        return "opt-out"

    exchange = Exchange(
        Engine(Policy(contact_url="/c", regime=regime)), RequestHead("POST", "/x", "", [(b"Host", b"a.example")])
    )

    assert seen == [("POST", "/x", "a.example")]
    assert exchange.plan.allows(Purpose.TRACKING)
