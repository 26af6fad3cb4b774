"""Every gateway under one interface: from a request and the app's answer to the head and body for the client.

The same table of cases runs through the core, WSGI, ASGI, Flask, Starlette, FastAPI, Django and aiohttp.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import aiohttp.web
import flask
from fastapi import FastAPI
from multidict import CIMultiDict
from starlette.applications import Starlette

import consent_middleware.aiohttp
import consent_middleware.asgi
import consent_middleware.flask
import consent_middleware.wsgi
from consent_middleware import Policy
from consent_middleware.exchange import RequestHead
from consent_middleware.reporting import exchange_for
from tests import aiohttp_driver, asgi_driver
from tests.engines import engine_for
from tests.exchanges import respond

Pairs = list[tuple[str, str]]


@dataclass
class Request:
    """A request; header names as a client writes them."""

    method: str = "GET"
    path: str = "/"
    headers: Pairs = field(default_factory=list)

    @classmethod
    def with_cookie(cls, cookie: str | None) -> Request:
        return cls(headers=[("Cookie", cookie)] if cookie is not None else [])


class Chunks:
    """The iterable of an app, which counts the chunks taken and the calls of `close`."""

    def __init__(self, *chunks: bytes, error: BaseException | None = None) -> None:
        self.chunks = chunks
        self.error = error
        self.taken = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.taken += 1
            yield chunk
        if self.error:
            raise self.error

    def close(self) -> None:
        self.closed += 1


@dataclass
class Reply:
    """What the app answers. A body of one chunk with `length` carries its Content-Length, as most frameworks do."""

    chunks: list[bytes]
    status: int = 200
    headers: Pairs = field(default_factory=lambda: [("Content-Type", "text/html; charset=utf-8")])
    length: bool = True

    @property
    def all_headers(self) -> Pairs:
        if not self.length:
            return self.headers
        return [*self.headers, ("Content-Length", str(sum(map(len, self.chunks))))]


@dataclass
class Result:
    """What the client gets: header names in lower case, in order."""

    status: int
    headers: Pairs
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def text(self) -> str:
        return self.body.decode("latin-1")


Gateway = Callable[[Policy, Request, Reply], Result]


def through_core(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run the `Exchange` itself, driven as an adapter drives it."""
    raw = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in request.headers]
    exchange = exchange_for(engine_for(policy), RequestHead(request.method, request.path, "", raw))
    if exchange.answer is not None:
        status, headers, body = exchange.answer
        return Result(status, _lower(headers), body)
    given = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in reply.all_headers]
    if reply.length and len(reply.chunks) == 1:
        headers, body = respond(exchange, reply.status, given, reply.chunks[0])
        return Result(reply.status, _lower(headers), body)
    exchange.start(reply.status, given)
    body = b"".join([*map(exchange.feed, reply.chunks), exchange.close()])
    return Result(reply.status, _lower(exchange.head), body)


def through_wsgi(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run a plain WSGI app that returns an iterator, with wsgiref's validator inside and outside."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(_status(reply), reply.all_headers)
        return iter(reply.chunks)

    lint = _linted(reply)
    middleware = consent_middleware.wsgi.ConsentMiddleware(lint(app), policy)
    middleware.engine = engine_for(policy)
    return run_wsgi(lint(middleware), request)


def through_wsgi_list(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run a plain WSGI app that returns a list."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(_status(reply), reply.all_headers)
        return list(reply.chunks)

    middleware = consent_middleware.wsgi.ConsentMiddleware(app, policy)
    middleware.engine = engine_for(policy)
    return run_wsgi(_linted(reply)(middleware), request)


def through_flask(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run a Flask app under the extension."""
    app = flask.Flask("app")

    @app.route("/", defaults={"path": ""}, methods=["GET", "HEAD", "POST"])
    @app.route("/<path:path>", methods=["GET", "HEAD", "POST"])
    def view(path: str) -> flask.Response:
        response = flask.Response(iter(reply.chunks), status=reply.status)
        response.headers.clear()
        response.headers.extend(reply.all_headers)
        return response

    consent_middleware.flask.Consent(app, policy)
    return run_wsgi(app, request)


def through_asgi(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run a plain ASGI app."""
    middleware = consent_middleware.asgi.ConsentMiddleware(_asgi_app(reply), policy)
    middleware.engine = engine_for(policy)
    return run_asgi(middleware, request)


def through_starlette(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run a Starlette app with `add_middleware`."""
    app = Starlette()
    app.mount("/", _asgi_app(reply))
    app.add_middleware(consent_middleware.asgi.ConsentMiddleware, policy=policy)
    return run_asgi(app, request)


def through_fastapi(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run a FastAPI app with `add_middleware`."""
    app = FastAPI()
    app.mount("/", _asgi_app(reply))
    app.add_middleware(consent_middleware.asgi.ConsentMiddleware, policy=policy)
    return run_asgi(app, request)


def through_django(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run a Django site with the middleware, over WSGI."""
    from tests import django_site  # sets Django up

    site = django_site.wsgi_site(django_site.views_for(reply), MIDDLEWARE=[django_site.MIDDLEWARE], CONSENT=policy)
    result = run_wsgi(site, request)
    # Django writes a space in front of a cookie, which servers and clients take away (RFC 9110, section 5.5).
    return Result(result.status, [(name, value.strip()) for name, value in result.headers], result.body)


def through_django_asgi(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run a Django site with the middleware, over ASGI, with an asynchronous view."""
    from tests import django_site

    views = django_site.later_views_for(reply)
    site = django_site.asgi_site(views, MIDDLEWARE=[django_site.MIDDLEWARE], CONSENT=policy)
    return run_asgi(site, request)


def through_aiohttp(policy: Policy, request: Request, reply: Reply) -> Result:
    """Run an aiohttp app, over loopback. A reply of one chunk is a `Response`, any other a `StreamResponse`."""
    app = aiohttp.web.Application()

    async def view(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        headers = CIMultiDict(reply.all_headers)
        if reply.length and len(reply.chunks) == 1:
            return aiohttp.web.Response(status=reply.status, headers=headers, body=reply.chunks[0])
        response = aiohttp.web.StreamResponse(status=reply.status, headers=headers)
        await response.prepare(request)
        for chunk in reply.chunks:
            await response.write(chunk)
        return response

    app.router.add_route("*", "/{path:.*}", view)
    consent_middleware.aiohttp.setup(app, policy)
    status, headers, body = asyncio.run(aiohttp_driver.call(app, request.method, request.path, request.headers))
    return Result(status, headers, body)


GATEWAYS: dict[str, Gateway] = {
    "core": through_core,
    "wsgi": through_wsgi,
    "wsgi-list": through_wsgi_list,
    "flask": through_flask,
    "asgi": through_asgi,
    "starlette": through_starlette,
    "fastapi": through_fastapi,
    "django": through_django,
    "django-asgi": through_django_asgi,
    "aiohttp": through_aiohttp,
}

#: Gateways whose responses have one line for each field, `Set-Cookie` excepted, and cookies after the other fields.
WITH_JOINED_FIELDS = {"django", "django-asgi"}

#: Gateways of servers that give every response a type, so that there is nothing to sniff.
WITH_A_TYPE = {"aiohttp"}


def joined(headers: Pairs) -> Pairs:
    """Return a head as Django sends it: lines of one field joined (RFC 9110, section 5.3), sorted by field."""
    fields: dict[str, str] = {}
    for name, value in headers:
        if name != "set-cookie":
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return sorted(fields.items()) + [pair for pair in headers if pair[0] == "set-cookie"]


def run_wsgi(app: Any, request: Request) -> Result:
    """One request through a WSGI app, as a server would make it."""
    environ: dict[str, Any] = {"REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "PATH_INFO": request.path}
    environ["QUERY_STRING"] = ""
    setup_testing_defaults(environ)
    del environ["HTTP_HOST"]
    for name, value in request.headers:
        key = "HTTP_" + name.upper().replace("-", "_")
        # Servers join lines of one name with a comma: CGI has one variable for all of them.
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    sent: list[tuple[str, Pairs]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: Pairs, exc_info: Any = None) -> Callable[[bytes], object]:
        sent[:] = [(status, headers)]
        return written.append

    iterable = app(environ, start_response)
    try:
        body = b"".join(iterable)
    finally:
        close = getattr(iterable, "close", None)
        if close:
            close()
    status, headers = sent[0]
    return Result(int(status[:3]), [(key.lower(), value) for key, value in headers], b"".join(written) + body)


def run_asgi(app: Any, request: Request, **extra: Any) -> Result:
    """One request through an ASGI app, as a server would make it; for callers that are not asynchronous."""
    headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in request.headers]
    scope = asgi_driver.full_scope(request.method, request.path, headers, **extra)
    messages = asyncio.run(asgi_driver.call(app, scope))
    starts = [message for message in messages if message["type"] == "http.response.start"]
    bodies = [message for message in messages if message["type"] == "http.response.body"]
    assert len(starts) == 1, "one head, and one only"
    assert [message.get("more_body", False) for message in bodies].count(False) == 1, "one last message, and one only"
    return Result(starts[0]["status"], _lower(starts[0]["headers"]), asgi_driver.body_of(bodies))


def _asgi_app(reply: Reply) -> Any:
    # A function with a status of its own: asgiref takes a plain lambda for an app of the older, double-call form.
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(key.lower().encode("latin-1"), value.encode("latin-1")) for key, value in reply.all_headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        for index, chunk in enumerate(reply.chunks or [b""]):
            await send({"type": "http.response.body", "body": chunk, "more_body": index + 1 < len(reply.chunks)})

    return app


def _linted(reply: Reply) -> Callable[[Any], Any]:
    # The validator takes an answer without a type for an error; servers and the standard do not.
    typed = any(name == "Content-Type" for name, _ in reply.headers)
    return validator if typed else lambda app: app


def _status(reply: Reply) -> str:
    return f"{reply.status} Status"


def _lower(headers: Iterable[tuple[bytes, bytes]]) -> Pairs:
    return [(key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in headers]
