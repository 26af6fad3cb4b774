"""Each framework's site behind the middleware: pages, streams, error pages, cookies and the plan in a view."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple
from wsgiref.util import setup_testing_defaults

import litestar
import pytest
from fastapi import Depends, FastAPI
from litestar.middleware import DefineMiddleware
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from consent_middleware import Plan, PolicyError, asgi, wsgi
from consent_middleware.starlette import plan_of
from tests import aiohttp_driver, asgi_driver
from tests.gateways import Request, Result, run_asgi, run_wsgi
from tests.pages import BLOCKED_SCRIPT

from . import apps, pyramid_app
from .site import CHUNKS, PAGE, events

FULL = "consent=functional,analytics,marketing"


def through_aiohttp(app: Any, request: Request) -> Result:
    return Result(*asyncio.run(aiohttp_driver.call(app, request.method, request.path, request.headers)))


class Framework(NamedTuple):
    """A framework: what makes its site, and how a request is sent to it."""

    make: Callable[[], Any]
    ask: Callable[[Any, Request], Result]


FRAMEWORKS = {
    "aiohttp": Framework(apps.aiohttp_site, through_aiohttp),
    "bottle": Framework(apps.bottle_site, run_wsgi),
    "dash": Framework(apps.dash_site, run_wsgi),
    "falcon": Framework(apps.falcon_site, run_wsgi),
    "falcon-asgi": Framework(apps.falcon_asgi_site, run_asgi),
    "litestar": Framework(apps.litestar_site, run_asgi),
    "pyramid": Framework(pyramid_app.pyramid_site, run_wsgi),
    "quart": Framework(apps.quart_site, run_asgi),
}

Ask = Callable[..., Result]


@pytest.fixture(params=FRAMEWORKS)
def ask(request: pytest.FixtureRequest) -> Ask:
    """Return a function that asks the site of a framework for a path."""
    make, send = FRAMEWORKS[request.param]
    events.clear()

    def ask(path: str, cookie: str = "") -> Result:
        return send(make(), Request(path=path, headers=[("Host", "localhost"), ("Cookie", cookie)]))

    return ask


def test_tag_waits_and_the_button_stands_in(ask: Ask) -> None:
    result = ask("/")

    assert result.status == 200
    assert BLOCKED_SCRIPT in result.body
    assert result.body.count(b"<aside data-consent-facade") == 1
    assert b'href="/contact"' in result.body
    assert "Cookie" in result.all("vary")[0]


def test_page_with_consent_keeps_its_tag(ask: Ask) -> None:
    result = ask("/", FULL)

    assert BLOCKED_SCRIPT not in result.body
    assert CHUNKS[0] in result.body


def test_script_of_the_page_is_served(ask: Ask) -> None:
    address = ask("/").body.partition(b'data-file="')[2].partition(b'"')[0].decode()

    script = ask(address)

    assert address.startswith("/_consent/")
    assert script.status == 200
    assert "javascript" in script.all("content-type")[0]


@pytest.mark.parametrize(("path", "status"), [("/missing", 404), ("/error", 500)])
def test_error_pages_of_the_site_wait_too(ask: Ask, path: str, status: int) -> None:
    result = ask(path)

    assert result.status == status
    assert BLOCKED_SCRIPT in result.body


def test_streamed_page_is_rewritten(ask: Ask) -> None:
    result = ask("/stream")

    assert BLOCKED_SCRIPT in result.body
    assert result.body.endswith(b"</html>\n")
    assert not result.all("content-length")
    assert events == ["made 0", "made 1"]


def test_vendor_cookies_are_filtered(ask: Ask) -> None:
    names = [line.partition("=")[0] for line in ask("/cookies").all("set-cookie")]
    allowed = [line.partition("=")[0] for line in ask("/cookies", FULL).all("set-cookie")]

    assert names == ["session"]
    assert sorted(allowed) == ["__hstc", "session"]


def test_view_reads_the_plan_of_its_request(ask: Ask) -> None:
    assert [ask("/plan", cookie).text for cookie in ("", "consent=functional", FULL)] == ["c0t0e0", "c1t0e0", "c1t1e1"]


# A stream arrives while it is made


@pytest.mark.parametrize("name", [name for name, each in FRAMEWORKS.items() if each.ask is run_wsgi])
def test_wsgi_stream_arrives_while_it_is_made(name: str) -> None:
    events.clear()
    environ: dict[str, Any] = {"PATH_INFO": "/stream"}
    setup_testing_defaults(environ)

    body = iter(FRAMEWORKS[name].make()(environ, lambda status, headers, exc_info=None: None))
    first = next(chunk for chunk in body if chunk)

    assert BLOCKED_SCRIPT in first
    assert events == ["made 0"]
    assert b"".join(body).endswith(b"</html>\n")


@pytest.mark.parametrize("name", [name for name, each in FRAMEWORKS.items() if each.ask is run_asgi])
async def test_asgi_stream_arrives_while_it_is_made(name: str) -> None:
    events.clear()

    class Sent(list[Any]):
        def append(self, message: Any) -> None:
            super().append(message)
            if message.get("body"):
                events.append("sent")

    sent = Sent()
    await asgi_driver.call(FRAMEWORKS[name].make(), asgi_driver.full_scope("GET", "/stream", []), sent=sent)

    assert events[:3] == ["made 0", "sent", "made 1"]
    assert asgi_driver.body_of(sent).endswith(b"</html>\n")


# On a route, and without the middleware


@pytest.mark.parametrize("place", ["app", "route"])
def test_litestar_middleware_says_what_is_missing(place: str, caplog: pytest.LogCaptureFixture) -> None:
    given = [DefineMiddleware(asgi.ConsentMiddleware, contact_url="/contact")]

    @litestar.get("/", media_type=litestar.MediaType.HTML, middleware=given if place == "route" else None)
    async def home() -> bytes:
        return PAGE

    site = litestar.Litestar(
        [home], middleware=given if place == "app" else None, logging_config=None, openapi_config=None
    )
    body = run_asgi(site, Request()).body
    address = body.partition(b'data-file="')[2].partition(b'"')[0].decode()

    assert BLOCKED_SCRIPT in body
    assert run_asgi(site, Request(path=address)).status == 404
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["behind-route"]


def test_plan_without_the_middleware_is_an_error() -> None:
    with pytest.raises(
        PolicyError, match=r"\(CM087\) the request has no plan, .*; write app = ConsentMiddleware\(app\)"
    ):
        wsgi.plan_of({})
    with pytest.raises(PolicyError, match="CM087"):
        asgi.plan_of({"type": "http"})


@pytest.mark.parametrize("is_wrapped", [True, False])
@pytest.mark.parametrize("framework", [Starlette, FastAPI])
def test_starlette_view_reads_the_plan(framework: type[Starlette], is_wrapped: bool) -> None:
    async def view(request: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse(plan_of(request).variant)

    app = framework(routes=[Route("/", view)])
    if not is_wrapped:
        with pytest.raises(PolicyError, match="CM087"):
            run_asgi(app, Request())
        return

    app.add_middleware(asgi.ConsentMiddleware, contact_url="/contact")
    assert run_asgi(app, Request.with_cookie(FULL)).text == "c1t1e1"


def test_fastapi_takes_the_plan_as_a_dependency() -> None:
    app = FastAPI()
    app.add_middleware(asgi.ConsentMiddleware, contact_url="/contact")

    async def view(plan: Annotated[Plan, Depends(plan_of)]) -> str:
        return plan.variant

    app.add_api_route("/", view, response_class=PlainTextResponse)
    bare = FastAPI()
    bare.add_api_route("/", view)

    assert run_asgi(app, Request.with_cookie(FULL)).text == "c1t1e1"
    assert list(app.openapi()["paths"]["/"]["get"]) == ["summary", "operationId", "responses"]
    with pytest.raises(PolicyError, match="CM087"):
        run_asgi(bare, Request())
