"""Error pages of real frameworks: whoever makes the page, no tag in it is live, and its script can be fetched."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import django
import flask
import pytest
import starlette.exceptions
from django.conf import settings
from django.test import override_settings
from fastapi import FastAPI, HTTPException
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from werkzeug.debug import DebuggedApplication

from consent_middleware import Policy
from consent_middleware.asgi import ConsentMiddleware as Asgi
from consent_middleware.flask import Consent
from consent_middleware.wsgi import ConsentMiddleware as Wsgi
from tests import asgi_driver
from tests.gateways import Request, Result, run_asgi, run_wsgi
from tests.pages import BLOCKED_SCRIPT, LOADER, page

POLICY = Policy(contact_url="/contact")
OWN_PAGE = page(LOADER)
#: What the app's code for `/boom` raises.
TEXT = f"this page failed: {LOADER.decode()}"

if not settings.configured:
    settings.configure(SECRET_KEY="tests", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[], USE_TZ=True)
    django.setup()


class PageFailedError(Exception):
    pass


def fail() -> None:
    raise PageFailedError(TEXT)


def parts() -> Iterator[bytes]:
    yield OWN_PAGE
    fail()


async def async_parts() -> AsyncIterator[bytes]:
    yield OWN_PAGE
    fail()


# One app for each framework, with its own pages for 403, 404 and 500


def flask_app(debug: bool) -> Any:
    app = flask.Flask(__name__)
    app.debug = debug
    app.add_url_rule("/boom", "boom", fail)  # type: ignore[arg-type]
    app.add_url_rule("/denied", "denied", lambda: flask.abort(403))
    app.add_url_rule("/stream", "stream", lambda: flask.Response(parts()))
    for status in (403, 404, 500):
        app.register_error_handler(status, lambda error: (OWN_PAGE, error.code))
    return app


def own_page(request: Any, exception: Any = None) -> Any:
    from django.http import HttpResponse

    return HttpResponse(OWN_PAGE, status=500 if exception is None else 404)


handler403 = handler404 = handler500 = f"{__name__}.own_page"


def django_urls() -> list[Any]:
    from django.core.exceptions import PermissionDenied
    from django.http import StreamingHttpResponse
    from django.urls import path

    def deny(request: Any) -> Any:
        raise PermissionDenied

    def stream(request: Any) -> Any:
        return StreamingHttpResponse(async_parts() if hasattr(request, "scope") else parts())

    return [path("boom", lambda request: fail()), path("denied", deny), path("stream", stream)]


urlpatterns = django_urls()


def django_wsgi() -> Any:
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()


def django_asgi() -> Any:
    from django.core.handlers.asgi import ASGIHandler

    return ASGIHandler()


async def starlette_page(request: Any, error: Exception) -> Response:
    return HTMLResponse(OWN_PAGE, getattr(error, "status_code", 500))


def page_in_thread(request: Any, error: Exception) -> Response:
    return HTMLResponse(OWN_PAGE, 500)


def starlette_app(debug: bool, **settings: Any) -> Starlette:
    async def boom(request: Any) -> Response:
        fail()
        return Response()  # pragma: no cover

    async def denied(request: Any) -> Response:
        raise starlette.exceptions.HTTPException(403)

    async def stream(request: Any) -> Response:
        return StreamingResponse(async_parts(), media_type="text/html")

    routes = [Route("/boom", boom), Route("/denied", denied), Route("/stream", stream)]
    handlers = {starlette.exceptions.HTTPException: starlette_page, Exception: starlette_page}
    return Starlette(debug, routes, exception_handlers=handlers, **settings)


def fastapi_app(debug: bool) -> FastAPI:
    app = FastAPI(debug=debug)

    @app.get("/boom", response_class=HTMLResponse)
    def boom() -> None:
        fail()

    @app.get("/denied", response_class=HTMLResponse)
    async def denied() -> None:
        raise HTTPException(403)

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(async_parts(), media_type="text/html")

    app.add_exception_handler(500, page_in_thread)
    app.add_exception_handler(starlette.exceptions.HTTPException, starlette_page)
    return app


def added(app: Any) -> Any:
    app.add_middleware(Asgi, policy=POLICY)
    return app


def added_below_gzip(app: Any) -> Any:
    app.add_middleware(Asgi, policy=POLICY)
    app.add_middleware(GZipMiddleware)
    return app


def extended(app: Any) -> Any:
    Consent(app, POLICY)
    return app


APPS: dict[str, Callable[[bool], Any]] = {
    "Flask, extension": lambda debug: extended(flask_app(debug)),
    "Flask, wrapped": lambda debug: Wsgi(flask_app(debug), POLICY),
    "Django over WSGI": lambda debug: Wsgi(django_wsgi(), POLICY),
    "Django over ASGI": lambda debug: Asgi(django_asgi(), POLICY),
    "Starlette, wrapped": lambda debug: Asgi(starlette_app(debug), POLICY),
    "Starlette, added": lambda debug: added(starlette_app(debug)),
    "Starlette, given": lambda debug: starlette_app(debug, middleware=[Middleware(Asgi, POLICY)]),
    "Starlette, added below a compressor": lambda debug: added_below_gzip(starlette_app(debug)),
    "FastAPI, wrapped": lambda debug: Asgi(fastapi_app(debug), POLICY),
    "FastAPI, added": lambda debug: added(fastapi_app(debug)),
    "a mounted Starlette app, added": lambda debug: Starlette(routes=[Mount("/", added(starlette_app(debug)))]),
}
every_app = pytest.mark.parametrize("make", APPS.values(), ids=APPS)


def ask(app: Any, path: str) -> Result:
    """Return what the client gets before the app raises, if it does."""
    headers = [("Accept", "text/html")]
    if isinstance(app, flask.Flask | Wsgi | DebuggedApplication):
        return ask_wsgi(app, path, headers)
    sent: list[Any] = []
    scope = asgi_driver.full_scope("GET", path, [(b"accept", b"text/html")])
    with contextlib.suppress(PageFailedError):
        asyncio.run(asgi_driver.call(app, scope, sent=sent))
    status = next((message["status"] for message in sent if message["type"] == "http.response.start"), 0)
    return Result(status, [], asgi_driver.body_of(sent))


def ask_wsgi(app: Any, path: str, headers: list[tuple[str, str]]) -> Result:
    def until_it_raises(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("500 Server's own page", [])
        with contextlib.suppress(PageFailedError):
            yield from app({**environ, "wsgi.errors": io.StringIO()}, start_response)

    return run_wsgi(until_it_raises, Request("GET", path, headers))


@pytest.fixture(autouse=True)
def _django() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__, DEBUG_PROPAGATE_EXCEPTIONS=False):
        yield


@pytest.mark.parametrize(("path", "statuses"), [("/missing", {404}), ("/denied", {403, 404}), ("/boom", {500})])
@every_app
def test_own_error_page_is_rewritten(make: Callable[[bool], Any], path: str, statuses: set[int]) -> None:
    app = make(False)

    result = ask(app, path)

    assert result.status in statuses
    assert LOADER not in result.body
    assert BLOCKED_SCRIPT in result.body
    script = result.body.partition(b'data-file="')[2].partition(b'"')[0].decode()
    assert ask(app, script).status == 200
    # The same for the second visitor.
    assert BLOCKED_SCRIPT in ask(app, path).body
    assert LOADER not in ask(app, path).body


# Django leaves the request's file open if a stream raises.
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
@every_app
def test_streamed_page_before_an_error_is_blocked(make: Callable[[bool], Any]) -> None:
    result = ask(make(False), "/stream")
    gc.collect()

    assert result.status == 200
    assert BLOCKED_SCRIPT in result.body
    assert LOADER not in result.body


@every_app
def test_debug_page_shows_a_tag_as_text(make: Callable[[bool], Any]) -> None:
    with override_settings(DEBUG=True):
        result = ask(make(True), "/boom")

    assert LOADER not in result.body


def test_werkzeug_debugger_shows_a_tag_as_text() -> None:
    app = flask_app(debug=True)
    Consent(app, POLICY)

    result = ask(DebuggedApplication(app), "/boom")

    assert result.status == 500
    assert b"this page failed" in result.body
    assert LOADER not in result.body


def test_error_still_reaches_the_server() -> None:
    with pytest.raises(PageFailedError):
        run_asgi(added(starlette_app(False)), Request(path="/boom"))


def test_error_without_own_page_is_starlettes_text() -> None:
    app = starlette_app(False)
    del app.exception_handlers[Exception]

    assert ask(added(app), "/boom").body == b"Internal Server Error"
