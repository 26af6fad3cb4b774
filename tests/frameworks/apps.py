"""One small site for each framework, wrapped as docs/frameworks.md says.

Each has a page at `/`, the same page as a stream at `/stream`, with two cookies at `/cookies`, and as its own page for
an exception (`/error`) and for an unknown address. `/plan` shows the variant of the request's plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bottle
import dash
import falcon
import falcon.asgi
import flask
import litestar
import quart
from aiohttp import web
from litestar.datastructures import State
from litestar.response import Stream
from litestar.status_codes import HTTP_404_NOT_FOUND, HTTP_500_INTERNAL_SERVER_ERROR

import consent_middleware.aiohttp
from consent_middleware import asgi, wsgi
from consent_middleware.flask import Consent

from .site import COOKIES, HTML, PAGE, PageFailedError, chunks, chunks_later

# Bottle


def bottle_stream() -> Iterable[bytes]:
    return chunks()


def bottle_cookies() -> bytes:
    for name, value in COOKIES.items():
        bottle.response.set_cookie(name, value)
    return PAGE


def bottle_plan() -> str:
    return wsgi.plan_of(bottle.request.environ).variant


def bottle_error() -> bytes:
    raise PageFailedError


def bottle_site() -> wsgi.ConsentMiddleware:
    app = bottle.Bottle()
    app.route("/", callback=lambda: PAGE)
    app.route("/stream", callback=bottle_stream)
    app.route("/cookies", callback=bottle_cookies)
    app.route("/plan", callback=bottle_plan)
    app.route("/error", callback=bottle_error)
    for status in (404, 500):
        app.error(status, callback=lambda error: PAGE)
    return wsgi.ConsentMiddleware(app, contact_url="/contact")


# Dash, whose server is a Flask app


def dash_site() -> flask.Flask:
    app = dash.Dash(
        __name__, index_string=PAGE.decode().replace("</body>", "{%app_entry%}{%config%}{%scripts%}{%renderer%}</body>")
    )
    app.layout = dash.html.H1("Welcome")
    server: flask.Flask = app.server
    Consent(server, contact_url="/contact")

    @server.get("/stream")
    def stream() -> flask.Response:
        return flask.Response(chunks())

    @server.get("/cookies")
    def cookies() -> flask.Response:
        response = flask.Response(PAGE)
        for name, value in COOKIES.items():
            response.set_cookie(name, value)
        return response

    @server.get("/plan")
    def plan() -> str:
        return wsgi.plan_of(flask.request.environ).variant

    @server.get("/error")
    def fail() -> str:
        raise PageFailedError

    @server.get("/missing")
    def missing() -> str:
        # Dash shows its own page at every other address.
        flask.abort(404)

    @server.errorhandler(404)
    @server.errorhandler(500)
    def own_page(error: Exception) -> tuple[bytes, int]:
        return PAGE, getattr(error, "code", None) or 500

    return server


# Falcon


class FalconPages:
    def on_get(self, request: falcon.Request, response: falcon.Response) -> None:
        response.content_type, response.data = HTML, PAGE

    def on_get_stream(self, request: falcon.Request, response: falcon.Response) -> None:
        response.content_type, response.stream = HTML, chunks()

    def on_get_cookies(self, request: falcon.Request, response: falcon.Response) -> None:
        self.on_get(request, response)
        for name, value in COOKIES.items():
            response.set_cookie(name, value)

    def on_get_plan(self, request: falcon.Request, response: falcon.Response) -> None:
        response.text = wsgi.plan_of(request.env).variant

    def on_get_error(self, request: falcon.Request, response: falcon.Response) -> None:
        raise PageFailedError


def falcon_page(request: falcon.Request, response: falcon.Response, error: Exception, params: dict[str, Any]) -> None:
    response.status = getattr(error, "status", falcon.HTTP_500)
    response.content_type, response.data = HTML, PAGE


def falcon_site() -> wsgi.ConsentMiddleware:
    app = falcon.App()
    pages = FalconPages()
    app.add_route("/", pages)
    for suffix in ("stream", "cookies", "plan", "error"):
        app.add_route(f"/{suffix}", pages, suffix=suffix)
    app.add_error_handler(PageFailedError, falcon_page)
    app.add_error_handler(falcon.HTTPError, falcon_page)
    return wsgi.ConsentMiddleware(app, contact_url="/contact")


class FalconAsyncPages:
    async def on_get(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        response.content_type, response.data = HTML, PAGE

    async def on_get_stream(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        response.content_type, response.stream = HTML, chunks_later()

    async def on_get_cookies(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        await self.on_get(request, response)
        for name, value in COOKIES.items():
            response.set_cookie(name, value)

    async def on_get_plan(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        response.text = asgi.plan_of(request.scope).variant

    async def on_get_error(self, request: falcon.asgi.Request, response: falcon.asgi.Response) -> None:
        raise PageFailedError


async def falcon_async_page(
    request: falcon.asgi.Request, response: falcon.asgi.Response, error: Exception, params: dict[str, Any]
) -> None:
    response.status = getattr(error, "status", falcon.HTTP_500)
    response.content_type, response.data = HTML, PAGE


def falcon_asgi_site() -> asgi.ConsentMiddleware:
    app = falcon.asgi.App()
    pages = FalconAsyncPages()
    app.add_route("/", pages)
    for suffix in ("stream", "cookies", "plan", "error"):
        app.add_route(f"/{suffix}", pages, suffix=suffix)
    app.add_error_handler(PageFailedError, falcon_async_page)
    app.add_error_handler(falcon.HTTPError, falcon_async_page)
    return asgi.ConsentMiddleware(app, contact_url="/contact")


# Litestar


@litestar.get("/", media_type=litestar.MediaType.HTML)
async def litestar_home() -> bytes:
    return PAGE


@litestar.get("/stream")
async def litestar_stream() -> Stream:
    return Stream(chunks_later(), media_type=litestar.MediaType.HTML)


@litestar.get("/cookies")
async def litestar_cookies() -> litestar.Response[bytes]:
    response = litestar.Response(PAGE, media_type=litestar.MediaType.HTML)
    for name, value in COOKIES.items():
        response.set_cookie(name, value)
    return response


@litestar.get("/plan", media_type=litestar.MediaType.TEXT)
async def litestar_plan(request: litestar.Request[object, object, State]) -> str:
    return asgi.plan_of(request.scope).variant


@litestar.get("/error")
async def litestar_error() -> None:
    raise PageFailedError


def litestar_page(request: object, error: Exception) -> litestar.Response[bytes]:
    status = getattr(error, "status_code", HTTP_500_INTERNAL_SERVER_ERROR)
    return litestar.Response(PAGE, status_code=status, media_type=litestar.MediaType.HTML)


def litestar_site() -> asgi.ConsentMiddleware:
    app = litestar.Litestar(
        [litestar_home, litestar_stream, litestar_cookies, litestar_plan, litestar_error],
        exception_handlers={HTTP_404_NOT_FOUND: litestar_page, HTTP_500_INTERNAL_SERVER_ERROR: litestar_page},
        logging_config=None,
        openapi_config=None,
    )
    return asgi.ConsentMiddleware(app, contact_url="/contact")


# Quart


def quart_site() -> quart.Quart:
    app = quart.Quart(__name__)
    app.asgi_app = asgi.ConsentMiddleware(app.asgi_app, contact_url="/contact")  # type: ignore[method-assign]

    @app.get("/")
    async def home() -> bytes:
        return PAGE

    @app.get("/stream")
    async def stream() -> quart.Response:
        return quart.Response(chunks_later())

    @app.get("/cookies")
    async def cookies() -> quart.Response:
        response = quart.Response(PAGE)
        for name, value in COOKIES.items():
            response.set_cookie(name, value)
        return response

    @app.get("/plan")
    async def plan() -> str:
        return asgi.plan_of(quart.request.scope).variant

    @app.get("/error")
    async def fail() -> str:
        raise PageFailedError

    @app.errorhandler(404)
    @app.errorhandler(500)
    async def own_page(error: Exception) -> tuple[bytes, int]:
        return PAGE, getattr(error, "code", None) or 500

    return app


# aiohttp


async def aiohttp_home(request: web.Request) -> web.Response:
    return web.Response(body=PAGE, content_type="text/html")


async def aiohttp_stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": HTML})
    await response.prepare(request)
    async for chunk in chunks_later():
        await response.write(chunk)
    return response


async def aiohttp_cookies(request: web.Request) -> web.Response:
    response = await aiohttp_home(request)
    for name, value in COOKIES.items():
        response.set_cookie(name, value)
    return response


async def aiohttp_plan(request: web.Request) -> web.Response:
    return web.Response(text=consent_middleware.aiohttp.plan_of(request).variant)


async def aiohttp_error(request: web.Request) -> web.Response:
    raise PageFailedError


@web.middleware
async def aiohttp_pages(request: web.Request, handler: consent_middleware.aiohttp.Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPNotFound, PageFailedError) as error:
        return web.Response(body=PAGE, status=getattr(error, "status", 500), content_type="text/html")


def aiohttp_site() -> web.Application:
    app = web.Application(middlewares=[aiohttp_pages])
    app.add_routes(
        [
            web.get("/", aiohttp_home),
            web.get("/stream", aiohttp_stream),
            web.get("/cookies", aiohttp_cookies),
            web.get("/plan", aiohttp_plan),
            web.get("/error", aiohttp_error),
        ]
    )
    consent_middleware.aiohttp.setup(app, contact_url="/contact")
    return app
