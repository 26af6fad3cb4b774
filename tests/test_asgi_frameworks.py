"""Where in a Starlette, FastAPI or Litestar app the ASGI middleware stands, and what the app can still do."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Host, Mount, Route, Router

from consent_middleware import Policy, asgi_frameworks
from consent_middleware.asgi import ConsentMiddleware
from tests.asgi_driver import body_of, call, full_scope
from tests.gateways import Request, run_asgi
from tests.pages import BLOCKED_SCRIPT, LOADER, page

POLICY = Policy(contact_url="/contact")
CONSENT = Middleware(ConsentMiddleware, policy=POLICY)


async def home(request: Any) -> HTMLResponse:
    return HTMLResponse(page(LOADER))


async def own_error_page(request: Any, error: Exception) -> HTMLResponse:
    return HTMLResponse(page(LOADER), 500)


async def fail(request: Any) -> HTMLResponse:
    raise ZeroDivisionError


def of_app(body: bytes) -> ConsentMiddleware:
    """Return the middleware around an app that answers with a page."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await HTMLResponse(body)(scope, receive, send)

    return ConsentMiddleware(app, POLICY)


def script_status(app: Any, path: str) -> int:
    """Return the status with which the app serves the script that its page at a path names."""
    src = run_asgi(app, Request(path=path)).body.partition(b'data-file="')[2].partition(b'"')[0].decode()
    assert src
    return run_asgi(app, Request(path=src)).status


def mounted(app: FastAPI, inner: Any) -> FastAPI:
    app.mount("/shop", inner)
    return app


# A wrapped app has the attributes of its framework


def test_wrapped_starlette_app_is_used_as_before() -> None:
    app = ConsentMiddleware(Starlette(routes=[Route("/", home)]), POLICY)
    seen: list[str] = []

    async def dispatch(request: Any, call_next: Any) -> Any:
        seen.append(request.app.state.name)
        return await call_next(request)

    app.state.name = "shop"
    app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)
    app.mount("/sub", Starlette(routes=[Route("/", home)]))

    for path in ("/", "/sub/"):
        assert BLOCKED_SCRIPT in run_asgi(app, Request(path=path)).body
    assert seen == ["shop", "shop"]


def test_wrapped_fastapi_app_is_used_as_before() -> None:
    app = ConsentMiddleware(FastAPI(), POLICY)

    def name() -> str:
        return "real"

    @app.get("/", response_class=PlainTextResponse)  # type: ignore[untyped-decorator]
    def view(name: str = Depends(name)) -> str:
        return name

    assert run_asgi(app, Request()).text == "real"
    app.dependency_overrides = {name: lambda: "false"}
    assert run_asgi(app, Request()).text == "false"
    assert app.app.dependency_overrides is app.dependency_overrides  # type: ignore[attr-defined]


async def test_wrapped_app_runs_its_lifespan() -> None:
    order: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        order.append("begin")
        yield
        order.append("end")

    wanted = [{"type": "lifespan.shutdown"}, {"type": "lifespan.startup"}]

    async def receive() -> Any:
        return wanted.pop()

    app = ConsentMiddleware(Starlette(lifespan=lifespan), POLICY)
    sent = await call(app, {"type": "lifespan", "asgi": {"version": "3.0"}}, receive=receive)

    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert order == ["begin", "end"]


def test_wrapped_app_can_be_mounted() -> None:
    inner = ConsentMiddleware(Starlette(routes=[Route("/", home)]), POLICY)
    app = Starlette(routes=[Mount("/shop", inner)])

    assert BLOCKED_SCRIPT in run_asgi(app, Request(path="/shop/")).body
    assert script_status(app, "/shop/") == 200
    assert "behind-route" not in inner.engine.notices.counts


def test_own_attributes_stay_the_middlewares() -> None:
    app = ConsentMiddleware(Starlette(), POLICY)
    engine, other = app.engine, FastAPI()

    app.engine = ConsentMiddleware(other, POLICY).engine
    app.app = other

    assert app.engine is not engine
    assert vars(app)["app"] is other


def test_other_apps_do_not_lend_their_attributes() -> None:
    class App:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

        def run(self) -> None:
            raise AssertionError("the app runs without the middleware")  # pragma: no cover

    app = ConsentMiddleware(App(), POLICY)
    app.note = "mine"

    with pytest.raises(AttributeError, match="'ConsentMiddleware' object has no attribute 'run'"):
        app.run()
    assert app.note == "mine"
    assert not hasattr(app.app, "note")


def test_middleware_can_be_copied() -> None:
    app = ConsentMiddleware(Starlette(), POLICY)

    assert copy.copy(app).app is app.app


# On a route


def test_middleware_on_a_route_says_what_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    app = Starlette(routes=[Route("/", home, middleware=[CONSENT])])

    for _ in range(2):
        assert BLOCKED_SCRIPT in run_asgi(app, Request()).body

    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["behind-route"]
    assert "app = ConsentMiddleware(app, policy)" in caplog.text
    assert script_status(app, "/") == 404


@pytest.mark.parametrize("key", ["route_handler", "url_route"])
async def test_middleware_behind_another_router_says_so(key: str) -> None:
    # Litestar's middleware is behind its router, and so is an app in a `URLRouter` of Django Channels.
    app = of_app(page(LOADER))

    for _ in range(2):
        sent = await call(app, full_scope("GET", "/", [], app=object(), **{key: object()}))

    assert BLOCKED_SCRIPT in body_of(sent)
    assert app.engine.notices.counts == {"behind-route": 1}


async def test_endless_layers_are_followed_to_a_limit() -> None:
    class Endless:
        @property
        def app(self) -> Endless:
            return self

    app = of_app(page(LOADER))

    assert BLOCKED_SCRIPT in body_of(await call(app, full_scope("GET", "/", [], endpoint=Endless())))


@pytest.mark.parametrize(
    ("app", "path"),
    [
        (Starlette(routes=[Mount("/shop", routes=[Route("/", home)], middleware=[CONSENT])]), "/shop/"),
        (
            Starlette(
                routes=[Mount("/shop", routes=[Route("/", home)], middleware=[Middleware(GZipMiddleware), CONSENT])]
            ),
            "/shop/",
        ),
        (Starlette(routes=[Mount("/shop", Router([Route("/", home)], middleware=[CONSENT]))]), "/shop/"),
        (Starlette(routes=[Mount("/shop", Starlette(routes=[Route("/", home)], middleware=[CONSENT]))]), "/shop/"),
        (Starlette(routes=[Host("localhost", of_app(page(LOADER)))]), "/"),
        (Router([Route("/", home)], middleware=[CONSENT]), "/"),
        (mounted(FastAPI(), ConsentMiddleware(Starlette(routes=[Route("/", home)]), POLICY)), "/shop/"),
        (mounted(FastAPI(), FastAPI(routes=[Route("/", home)], middleware=[CONSENT])), "/shop/"),
    ],
    ids=["mount", "mount, among others", "router", "app", "host", "router alone", "wrapped, in FastAPI", "in FastAPI"],
)
def test_middleware_below_a_prefix_serves_its_script(app: Any, path: str, caplog: pytest.LogCaptureFixture) -> None:
    def ask(path: str) -> Any:
        return run_asgi(app, Request(path=path, headers=[("Host", "localhost")]))

    src = ask(path).body.partition(b'data-file="')[2].partition(b'"')[0].decode()

    assert ask(src).status == 200
    assert not caplog.records


# Error pages


class Outside:
    """Middleware that keeps the next app where nothing finds it."""

    def __init__(self, app: Any) -> None:
        self._next = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._next(scope, receive, send)


@pytest.mark.parametrize(("outermost", "says_so"), [(Outside, True), (lambda app: app, False)])
def test_unknown_stack_says_that_error_pages_are_left_out(
    outermost: Any, says_so: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Custom(Starlette):
        def build_middleware_stack(self) -> Any:
            return outermost(ConsentMiddleware(self.router, POLICY))

    assert BLOCKED_SCRIPT in run_asgi(Custom(routes=[Route("/", home)]), Request()).body

    assert ("error-pages: " in caplog.text) is says_so


async def test_first_request_may_be_the_failing_one() -> None:
    app = Starlette(routes=[Route("/", fail)], middleware=[CONSENT], exception_handlers={500: own_error_page})
    sent: list[Any] = []

    with pytest.raises(ZeroDivisionError):
        await call(app, full_scope("GET", "/", []), sent=sent)

    assert sent[0]["status"] == 500
    assert BLOCKED_SCRIPT in body_of(sent)
    assert dict(sent[0]["headers"])[b"vary"] == b"Cookie, Sec-GPC"


async def test_error_page_with_consent_is_unchanged() -> None:
    app = Starlette(routes=[Route("/", fail)], middleware=[CONSENT], exception_handlers={500: own_error_page})
    sent: list[Any] = []
    cookie = (b"cookie", b"consent=functional,analytics,marketing")

    with pytest.raises(ZeroDivisionError):
        await call(app, full_scope("GET", "/", [cookie]), sent=sent)

    assert body_of(sent) == page(LOADER)


async def test_error_page_of_middleware_outside_is_covered() -> None:
    app = Starlette(routes=[Route("/", home)], middleware=[CONSENT], exception_handlers={500: own_error_page})

    async def broken(request: Any, call_next: Any) -> Any:
        await call_next(request)
        raise ZeroDivisionError

    app.add_middleware(BaseHTTPMiddleware, dispatch=broken)
    sent: list[Any] = []

    with pytest.raises(ZeroDivisionError):
        await call(app, full_scope("GET", "/", []), sent=sent)

    assert sent[0]["status"] == 500
    assert BLOCKED_SCRIPT in body_of(sent)


def test_handler_that_is_not_async_is_protected() -> None:
    handle = asgi_frameworks._protected(lambda request, error: f"{request}, {error}", "safe {}".format)

    assert handle("a page", KeyError(1)) == "safe a page, 1"
