"""A site that the audit's tests ask: an HTTP server on loopback, and apps with HubSpot's tag."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from consent_middleware import Policy
from consent_middleware import asgi as asgi_gateway
from consent_middleware import wsgi as wsgi_gateway

PAGE = b"<!doctype html><title>x</title>\n<script src=//js.hs-scripts.com/12345.js></script>\n"

Answer = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A running server: its origin, its answers by path, and the requests that it has had."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.answers: dict[str, Answer] = {"/": html(PAGE)}
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, without robots.txt."""
        return [path for _, path, _ in self.requests if path != "/robots.txt"]


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    """Return what sends one response."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return send


def html(body: bytes, **headers: str) -> Answer:
    """Return what sends a page."""
    return answer(200, body, Content_Type="text/html; charset=utf-8", **headers)


@contextmanager
def serving() -> Iterator[Site]:
    """Run a server until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.requests.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            site.answers.get(self.path.partition("?")[0], answer(404))(self)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Site(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# Apps


HEADERS = [("content-type", "text/html; charset=utf-8"), ("set-cookie", "hubspotutk=SECRET")]


def wsgi_app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer "/" with the page, "/other" with a redirect, raise at "/broken", and exit at "/exit"."""
    if environ["PATH_INFO"] == "/exit":
        raise SystemExit(0)
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError("SECRET")
    if environ["PATH_INFO"] == "/other":
        start_response("302 Found", [("location", "/")])
        return []
    assert "HTTP_COOKIE" not in environ
    start_response("200 OK", HEADERS)
    return [PAGE, environ["HTTP_HOST"].encode(), environ["QUERY_STRING"].encode()]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    """Answer every path with the page, as ASGI."""
    assert scope["type"] == "http"
    assert (await receive())["type"] == "http.request"
    headers = [(name.encode(), value.encode()) for name, value in HEADERS]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE, "more_body": True})
    await send({"type": "http.response.body", "body": scope["query_string"]})


POLICY = Policy(contact_url="/contact")
WRAPPED_WSGI = wsgi_gateway.ConsentMiddleware(wsgi_app, POLICY)
WRAPPED_ASGI = asgi_gateway.ConsentMiddleware(asgi_app, POLICY)
