"""The site that real servers are tested with: one answer for each path, as a WSGI app and as an ASGI app.

Below `/bare` is the same site without the middleware, to show that a fault is the server's own. A stream waits between
its chunks for a file that the test makes, so that no test depends on time.
"""

from __future__ import annotations

import asyncio
import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import consent_middleware.asgi
import consent_middleware.wsgi
from consent_middleware import Policy
from tests.pages import LOADER, page

FOLDER = Path(os.environ.get("CONFORMANCE_FOLDER", "."))
POLICY = Policy(contact_url="/contact", guard="auto")
TAGGED = page(LOADER)
HTML = ("Content-Type", "text/html; charset=utf-8")
COOKIES = [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "__hstc=1; Path=/"), ("Set-Cookie", "b=2; Path=/")]
EARLY = "<https://js.hs-scripts.com>; rel=preconnect"
OURS = "</a.css>; rel=preload; as=style"
PICTURE = bytes(range(256)) * 1024

#: By name, the number of streams that were begun and of those that were closed. The name is the query of a request.
counts: dict[str, list[int]] = {}

Answer = tuple[int, list[tuple[str, str]], bytes]


def answer(path: str, query: str, field: Any) -> Answer | None:
    """Return the whole answer for a path, or None for a path that differs between the gateways.

    `field` returns a field of the request by its name in lower case, or None.
    """
    match path:
        case "/page" | "/wrong-length" | "/error-page":
            length = "7" if path == "/wrong-length" else str(len(TAGGED))
            tag = [("ETag", '"v1"'), ("Cache-Control", "public, max-age=60"), ("Content-Length", length)]
            return (404 if path == "/error-page" else 200), [HTML, *tag], TAGGED
        case "/clean":
            return 200, [HTML, ("Content-Length", str(len(page())))], page()
        case "/unsized":
            return 200, [HTML], TAGGED
        case "/gzip":
            body = gzip.compress(TAGGED)
            return 200, [HTML, ("Content-Encoding", "gzip"), ("Content-Length", str(len(body)))], body
        case "/json":
            return 200, [("Content-Type", "application/json"), ("Content-Length", "2"), *COOKIES], b"{}"
        case "/redirect":
            return 302, [("Location", "/page"), ("Content-Length", "0"), *COOKIES], b""
        case "/empty":
            return 204, COOKIES, b""
        case "/conditional":
            if '"v1"' in (field("if-none-match") or ""):
                return 304, [("ETag", '"v1"')], b""
            return 200, [HTML, ("ETag", '"v1"'), ("Content-Length", str(len(TAGGED)))], TAGGED
        case "/picture":
            return 200, [("Content-Type", "image/png"), ("Content-Length", str(len(PICTURE)))], PICTURE
        case "/echo":
            said = (field("cookie") or "").encode("latin-1", "replace")
            return 200, [("Content-Type", "text/plain"), ("Content-Length", str(len(said)))], said
        case "/counts":
            said = "{} {}".format(*counts.get(query, (0, 0))).encode()
            return 200, [("Content-Type", "text/plain"), ("Content-Length", str(len(said)))], said
    return None


def gate(name: str) -> Path:
    """Return the file that lets a stream go on."""
    return FOLDER / name.strip("/").replace("/", "-")


class Stream:
    """An iterable that counts in `counts` when it begins and when it is closed."""

    def __init__(self, name: str, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.counts = counts.setdefault(name, [0, 0])
        self.counts[0] += 1

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def close(self) -> None:
        self.counts[1] += 1


def two_pieces(name: str) -> Iterator[bytes]:
    yield TAGGED[:180]
    # Longer than a client waits for an answer, so that it gets the second chunk only after it has made the file.
    for _ in range(8000):
        if gate(name).exists():
            break
        time.sleep(0.005)
    yield TAGGED[180:]


def endless() -> Iterator[bytes]:
    for _ in range(20_000):
        yield b"<p>words and words</p>\n" * 400
        time.sleep(0.001)


def broken() -> Iterator[bytes]:
    yield TAGGED[:180]
    raise RuntimeError("meant to fail, in the middle")


def wsgi_site(environ: Any, start_response: Any) -> Any:
    path = environ.get("PATH_INFO", "/")
    query = environ.get("QUERY_STRING", "")
    whole = answer(path, query, lambda name: environ.get("HTTP_" + name.upper().replace("-", "_")))
    if whole is not None:
        status, headers, body = whole
        start_response(f"{status} Status", list(headers))
        # As Flask does; the ASGI site leaves it to the server to drop the body, as Starlette does.
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]
    match path:
        case "/stream":
            start_response("200 OK", [HTML])
            return Stream(query, two_pieces(query))
        case "/endless":
            start_response("200 OK", [HTML])
            return Stream(query, endless())
        case "/broken":
            start_response("200 OK", [HTML])
            return Stream(query, broken())
        case "/raises":
            raise RuntimeError("meant to fail, before the head")
        case "/events":
            start_response("200 OK", [("Content-Type", "text/event-stream")])
            return Stream(query, two_pieces(query))
        case "/late":
            return _late(start_response)
        case "/late-redirect":
            return _late_redirect(start_response)
        case "/sizeless":
            start_response("200 OK", [HTML])
            return iter([b""])
        case "/written":
            write = start_response("200 OK", [HTML])
            write(TAGGED[:180])
            return [TAGGED[180:]]
        case "/twice":
            start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3"), ("X-First", "1")])
            try:
                raise ValueError("the first head")
            except ValueError as error:
                start_response("500 Oops", [HTML], (type(error), error, error.__traceback__))
            return [TAGGED]
        case "/file":
            (FOLDER / "picture").write_bytes(PICTURE)
            wrap = environ.get("wsgi.file_wrapper") or (lambda file, size: iter(lambda: file.read(size), b""))
            start_response("200 OK", [("Content-Type", "image/png"), ("Content-Length", str(len(PICTURE)))])
            return wrap((FOLDER / "picture").open("rb"), 8192)
        case "/hints":
            if "wsgi.early_hints" in environ:
                environ["wsgi.early_hints"]([("Link", OURS), ("Link", EARLY)])
            start_response("200 OK", [HTML])
            return [TAGGED]
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"nothing here"]


def _late(start_response: Any) -> Iterator[bytes]:
    start_response("404 Not Found", [HTML])
    yield TAGGED


def _late_redirect(start_response: Any) -> Iterator[bytes]:
    start_response("302 Found", [("Location", "/page"), ("Content-Length", "0")])
    yield from ()


def _head(status: int, *headers: tuple[str, str]) -> dict[str, Any]:
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def _body(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def asgi_site(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    root = scope.get("root_path", "")
    path = scope["path"].removeprefix(root)
    query = scope["query_string"].decode()

    def field(name: str) -> str | None:
        found = [value.decode("latin-1") for key, value in scope["headers"] if key == name.encode()]
        return "; ".join(found) if found else None

    whole = answer(path, query, field)
    if whole is not None:
        status, headers, body = whole
        await send(_head(status, *headers))
        await send(_body(body))
        return
    match path:
        case "/stream" | "/events":
            kind = HTML if path == "/stream" else ("Content-Type", "text/event-stream")
            await send(_head(200, kind))
            await _stream(send, query, two_pieces(query))
        case "/endless":
            await send(_head(200, HTML))
            gone = asyncio.create_task(_until_gone(receive))
            try:
                await _stream(send, query, endless(), gone)
            finally:
                gone.cancel()
        case "/broken":
            await send(_head(200, HTML))
            await _stream(send, query, broken())
        case "/raises":
            raise RuntimeError("meant to fail, before the head")
        case "/file":
            (FOLDER / "picture").write_bytes(PICTURE)
            await send(_head(200, ("Content-Type", "image/png"), ("Content-Length", str(len(PICTURE)))))
            if "http.response.pathsend" in (scope.get("extensions") or {}):
                await send({"type": "http.response.pathsend", "path": str(FOLDER / "picture")})
            else:
                await send(_body(PICTURE))
        case "/html-file":
            (FOLDER / "page.html").write_bytes(TAGGED)
            await send(_head(200, HTML, ("Content-Length", str(len(TAGGED)))))
            if "http.response.pathsend" in (scope.get("extensions") or {}):
                await send({"type": "http.response.pathsend", "path": str(FOLDER / "page.html")})
            else:
                await send(_body(TAGGED))
        case "/hints":
            if "http.response.early_hint" in (scope.get("extensions") or {}):
                await send({"type": "http.response.early_hint", "links": [OURS.encode(), EARLY.encode()]})
            await send(_head(200, HTML))
            await send(_body(TAGGED))
        case "/informational":
            links = [(b"link", OURS.encode()), (b"link", EARLY.encode())]
            await send({"type": "http.response.informational", "status": 103, "headers": links})
            await send(_head(200, HTML))
            await send(_body(TAGGED))
        case _:
            await send(_head(404, ("Content-Type", "text/plain")))
            await send(_body(b"nothing here"))


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stream(send: Any, name: str, pieces: Iterator[bytes], gone: asyncio.Task[None] | None = None) -> None:
    own = counts.setdefault(name, [0, 0])
    own[0] += 1
    try:
        while True:
            piece = await asyncio.to_thread(next, pieces, None)
            if piece is None or (gone is not None and gone.done()):
                break
            await send(_body(piece, True))
        await send(_body(b""))
    finally:
        own[1] += 1


_behind_wsgi = consent_middleware.wsgi.ConsentMiddleware(wsgi_site, POLICY)
_behind_asgi = consent_middleware.asgi.ConsentMiddleware(asgi_site, POLICY)


def wsgi(environ: Any, start_response: Any) -> Any:
    """Serve the WSGI site behind the middleware, and below `/bare` without it."""
    if environ.get("PATH_INFO", "").startswith("/bare/"):
        return wsgi_site({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix("/bare")}, start_response)
    return _behind_wsgi(environ, start_response)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """Serve the ASGI site behind the middleware, and below `/bare` without it."""
    if scope["type"] == "http" and scope["path"].startswith("/bare/"):
        await asgi_site({**scope, "path": scope["path"].removeprefix("/bare")}, receive, send)
    else:
        await _behind_asgi(scope, receive, send)
