"""Ask an app object for pages, in this process: a WSGI or an ASGI app, wrapped or not."""

from __future__ import annotations

import asyncio
import inspect
import io
from collections.abc import Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from wsgiref.util import setup_testing_defaults

from consent_middleware.arguments import is_async

from .fetch import AGENT, check_response
from .pages import Page
from .tree import UnreadableError


def ask(app: Any, paths: Iterable[str], host: str) -> Iterable[Page | tuple[str, str]]:
    """Yield the page at each path; a pair of path and reason for one that cannot be read.

    Args:
        app: the app.
        paths: the paths, as in an address; a query may follow.
        host: the host in the request.
    """
    for path in paths:
        try:
            status, headers, body = call(app, path, host)
            check_response(status, headers)
            yield Page(path, body, headers, f"http://{host}{path}", path.partition("?")[0])
        except UnreadableError as error:
            yield path, str(error)
        except (Exception, SystemExit) as error:
            # An app may raise anything, and its message may hold what is private.
            yield path, f"the app raises {type(error).__name__}"


def call(app: Any, path: str, host: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return the status, the header fields and the body of a WSGI or ASGI app's answer.

    Args:
        app: the app.
        path: the path, as in an address.
        host: the host in the request.
    """
    return (_asgi if _is_asgi(app) else _wsgi)(app, path, host)


def _is_asgi(app: Any) -> bool:
    if is_async(app):
        return True
    with suppress(TypeError, ValueError):
        inspect.signature(app).bind("scope", "receive", "send")
        with suppress(TypeError):
            inspect.signature(app).bind("environ", "start_response")
            return False
        return True
    return False


def _wsgi(app: Any, path: str, host: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    before, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "PATH_INFO": before.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": query,
        "HTTP_HOST": host,
        "HTTP_USER_AGENT": AGENT,
        "HTTP_ACCEPT": "text/html",
        "SERVER_NAME": host.partition(":")[0],
        "wsgi.input": io.BytesIO(),
    }
    setup_testing_defaults(environ)
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Any:
        started.append((status, headers))
        return written.append

    result = app(environ, start_response)
    try:
        # An app may call `start_response` as late as with its first chunk.
        written.extend(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    status, headers = started[-1]
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return int(status[:3]), pairs, b"".join(written)


def _asgi(app: Any, path: str, host: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    return asyncio.run(_asgi_request(app, path, host))


async def _asgi_request(app: Any, path: str, host: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    before, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": before,
        "raw_path": before.encode("utf-8", "surrogateescape"),
        "query_string": query.encode("utf-8", "surrogateescape"),
        "root_path": "",
        "headers": [
            (b"host", host.encode("latin-1", "replace")),
            (b"user-agent", AGENT.encode("ascii")),
            (b"accept", b"text/html"),
        ],
        "client": ("127.0.0.1", 0),
        "server": (host, 80),
        "state": {},
    }
    status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
    headers: list[tuple[bytes, bytes]] = []
    body: list[bytes] = []
    waiting = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop()

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers", ())]
        elif message["type"] == "http.response.body":
            body.append(message.get("body", b""))

    await app(scope, receive, send)
    return status, headers, b"".join(body)
