"""Compare what the middleware adds to a request with what others add: `python -m benchmarks.http`.

Every stack gets the same requests, in turn, in one run. The table shows the CPU time of a request in microseconds, and
how much of it the middleware adds to the bare app. Each figure is the best of many rounds. The others are Starlette's
GZipMiddleware, its BaseHTTPMiddleware with a function that does nothing, and django-cookie-consent's middleware in a
Django site with one view. Real sites have pages that stay the same, which the middleware caches, and pages that change
each time, so both kinds are timed.

With `--server` it also prints the requests per second of uvicorn and gunicorn, over eight connections.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import io
import json
import platform
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import consent_middleware.asgi
import consent_middleware.wsgi
from consent_middleware import Policy
from consent_middleware.blocking import TagBlocker
from consent_middleware.engine import Engine
from consent_middleware.html.rewriter import HTMLRewriter

HERE = Path(__file__).resolve().parent
#: How many requests, or other repetitions, a job makes.
TIMES = 20
TAG = b'<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>\n'
ROW = b'<div class="row"><a href="/item">An item</a><p>Some words about it, and a few more.</p></div>\n'
REQUEST = [
    (b"host", b"www.example.com"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (b"accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"accept-language", b"en-US,en;q=0.5"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"referer", b"https://www.example.com/"),
    (b"cookie", b"_ga=GA1.1.1234567890.1700000000; session=eyJ1c2VyIjoxMjN9.ZXhhbXBsZQ.c2lnbmF0dXJl; theme=dark"),
    (b"sec-fetch-dest", b"document"),
    (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-site", b"same-origin"),
    (b"priority", b"u=0, i"),
]


def page(size: int, tail: bytes = b"") -> bytes:
    """Return a page of about `size` bytes of ordinary markup."""
    head = b'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title></head><body>\n'
    return head + ROW * (size // len(ROW)) + tail + b"</body></html>\n"


CLEAN = page(40_000)
TAGGED = page(40_000, TAG)
HTML = (b"content-type", b"text/html; charset=utf-8")
Answer = tuple[list[tuple[bytes, bytes]], Callable[[], bytes]]


def answer(body: bytes, *headers: tuple[bytes, bytes], make: Callable[[], bytes] | None = None) -> Answer:
    """Return the headers of a response and the function that makes its body."""
    length = (b"content-length", b"%d" % len(body))
    return [*headers, length, (b"cache-control", b"no-cache"), (b"server", b"x")], make or (lambda: body)


def changing(body: bytes) -> Callable[[], bytes]:
    """Return a function that makes a different page each time, by eight digits in its first half."""
    at = body.index(b"An item", len(body) // 3)
    before, after, numbers = body[:at], body[at + 8 :], count()
    return lambda: b"%b%08d%b" % (before, next(numbers), after)


ANSWERS: dict[str, Answer] = {
    "JSON, 200 bytes": answer(json.dumps({"items": list(range(50))}).encode(), (b"content-type", b"application/json")),
    "clean page, 40 kB": answer(CLEAN, HTML),
    "clean page, 40 kB, changing": answer(CLEAN, HTML, make=changing(CLEAN)),
    "tagged page, 40 kB": answer(TAGGED, HTML),
    "tagged page, 40 kB, changing": answer(TAGGED, HTML, make=changing(TAGGED)),
    "clean page, gzip": answer(gzip.compress(CLEAN), HTML, (b"content-encoding", b"gzip")),
}


def asgi_app(given: Answer) -> Any:
    """Return an ASGI app with one answer."""
    headers, make = given

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": make()})

    return app


def wsgi_app(given: Answer) -> Any:
    """Return a WSGI app with one answer."""
    headers = [(name.decode().title(), value.decode()) for name, value in given[0]]
    make = given[1]

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", list(headers))
        return [make()]

    return app


def base_http(app: Any) -> Any:
    """Return an app with Starlette's BaseHTTPMiddleware around it, with a function that does nothing."""
    from starlette.middleware.base import BaseHTTPMiddleware

    async def dispatch(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    return BaseHTTPMiddleware(app, dispatch=dispatch)


def gzipped(app: Any) -> Any:
    """Return an app with Starlette's GZipMiddleware around it."""
    from starlette.middleware.gzip import GZipMiddleware

    return GZipMiddleware(app)


def django(given: Answer, *middleware: str) -> Any:
    """Return a Django WSGI application with one view and the given middleware."""
    import django as package
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            SECRET_KEY="benchmark",  # noqa: S106 - nothing is signed
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF="benchmarks.http_urls",
            INSTALLED_APPS=["cookie_consent"],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
            MIDDLEWARE=[],
        )
        package.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
    from django.core.handlers.wsgi import WSGIHandler
    from django.test.utils import override_settings

    import benchmarks.http_urls

    with override_settings(MIDDLEWARE=list(middleware)):
        handler = WSGIHandler()

    def app(environ: Any, start_response: Any) -> Any:
        benchmarks.http_urls.ANSWER = given
        return handler(environ, start_response)

    return app


def asgi_job(app: Any) -> Callable[[], None]:
    """Return a job that sends `TIMES` requests through an ASGI app."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": REQUEST,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        pass

    loop = asyncio.new_event_loop()

    async def many() -> None:
        for _ in range(TIMES):
            await app(dict(scope), receive, send)

    return lambda: loop.run_until_complete(many())


def wsgi_job(app: Any) -> Callable[[], None]:
    """Return a job that sends `TIMES` requests through a WSGI app."""
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{"HTTP_" + name.decode().upper().replace("-", "_"): value.decode() for name, value in REQUEST},
    }

    def write(data: bytes) -> None:
        pass

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        return write

    def many() -> None:
        for _ in range(TIMES):
            iterable = app(dict(environ), start_response)
            for _ in iterable:
                pass
            close = getattr(iterable, "close", None)
            if close:
                close()

    return many


def jobs(policy: Policy) -> dict[str, dict[str, Callable[[], None]]]:
    """Return the jobs of each stack, by response. The first of each family is the bare app."""
    found: dict[str, dict[str, Callable[[], None]]] = {}
    for name, given in ANSWERS.items():
        bare, plain = asgi_app(given), wsgi_app(given)
        found[name] = {
            "asgi bare": asgi_job(bare),
            "asgi consent-middleware": asgi_job(consent_middleware.asgi.ConsentMiddleware(bare, policy)),
            "asgi GZipMiddleware": asgi_job(gzipped(bare)),
            "asgi BaseHTTPMiddleware": asgi_job(base_http(bare)),
            "wsgi bare": wsgi_job(plain),
            "wsgi consent-middleware": wsgi_job(consent_middleware.wsgi.ConsentMiddleware(plain, policy)),
            "django bare": wsgi_job(django(given)),
            "django django-cookie-consent": wsgi_job(django(given, "cookie_consent.middleware.CleanCookiesMiddleware")),
            "django consent-middleware": wsgi_job(consent_middleware.wsgi.ConsentMiddleware(django(given), policy)),
        }
    return found


def parts(policy: Policy) -> dict[str, Callable[[], None]]:
    """Return jobs for parts of the middleware's work: reading a page, and decoding it."""
    engine = Engine(policy)
    plan = engine.shared_page_plan
    coded = ANSWERS["clean page, gzip"][1]()

    def scan() -> None:
        for _ in range(TIMES):
            HTMLRewriter(TagBlocker(engine, plan, "/f.js"), charset="utf-8").rewrite(CLEAN)

    def decode() -> None:
        for _ in range(TIMES):
            zlib.decompressobj(31).decompress(coded)

    return {"the engine alone, clean page": scan, "zlib alone, clean page": decode}


def measure(work: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Return the CPU microseconds per request of each job: the best of `rounds`, with the jobs in turn."""
    best = dict.fromkeys(work, float("inf"))
    for _ in range(rounds):
        for name, job in work.items():
            began = time.process_time_ns()
            job()
            best[name] = min(best[name], (time.process_time_ns() - began) / TIMES / 1000)
    return best


def in_process(rounds: int) -> None:
    """Print the table of microseconds."""
    policy = Policy(contact_url="/contact")
    for name, microseconds in measure(parts(policy), rounds).items():
        print(f"{name:30} {microseconds:8.1f} µs")
    for response, stacks in jobs(policy).items():
        found = measure(stacks, rounds)
        print(f"\n{response}\n  {'stack':30} {'µs':>8} {'added':>8}")
        for name, microseconds in found.items():
            bare = found[f"{name.partition(' ')[0]} bare"]
            print(f"  {name:30} {microseconds:8.1f} {microseconds - bare:8.1f}")
        added = {name: found[name] - found[f"{name.partition(' ')[0]} bare"] for name in found}
        ours = added["asgi consent-middleware"]
        for peer in ("GZipMiddleware", "BaseHTTPMiddleware"):
            print(f"  consent-middleware adds {ours / added[f'asgi {peer}']:.2f} of what {peer} adds")


#: The command that serves each stack. uvicorn uses httptools if it is installed.
SERVED = {
    "uvicorn bare": "uvicorn benchmarks.http_site:bare --port {port}",
    "uvicorn consent-middleware": "uvicorn benchmarks.http_site:ours --port {port}",
    "uvicorn GZipMiddleware": "uvicorn benchmarks.http_site:gzip_middleware --port {port}",
    "uvicorn BaseHTTPMiddleware": "uvicorn benchmarks.http_site:base_http_middleware --port {port}",
    "gunicorn bare": "gunicorn -k gthread -b 127.0.0.1:{port} benchmarks.http_site:wsgi_bare",
    "gunicorn consent-middleware": "gunicorn -k gthread -b 127.0.0.1:{port} benchmarks.http_site:wsgi_ours",
}
CONNECTIONS = 8


def volley(connections: list[socket.socket], request: bytes, times: int) -> float:
    """Return the seconds per request when every connection sends `times` requests, one after another."""
    began = time.perf_counter()
    for _ in range(times):
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            received = connection.recv(262_144)
            while b"\r\n\r\n" not in received:
                received += connection.recv(262_144)
            head, _, body = received.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            left = length - len(body)
            while left > 0:
                left -= len(connection.recv(262_144))
    return (time.perf_counter() - began) / times / len(connections)


def over_servers(rounds: int) -> None:
    """Print the requests per second of each server, with the servers in turn."""
    fields = b"".join(b"%b: %b\r\n" % (name.title(), value) for name, value in REQUEST)
    with ExitStack() as open_ones:
        connections: dict[str, list[socket.socket]] = {}
        for name, command in SERVED.items():
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            words = [sys.executable, "-m", *command.format(port=port).split(), "--log-level", "error"]
            server = subprocess.Popen([*words, *(["--no-access-log"] if "uvicorn" in name else [])], cwd=HERE.parent)
            open_ones.callback(server.wait)
            open_ones.callback(server.terminate)
            for _ in range(500):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.02)
            connections[name] = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(CONNECTIONS)]
            for connection in connections[name]:
                open_ones.callback(connection.close)
        for index, response in enumerate(ANSWERS):
            request = b"GET /%d HTTP/1.1\r\n%b\r\n" % (index, fields)
            best = dict.fromkeys(SERVED, float("inf"))
            for _ in range(rounds):
                for name, sockets in connections.items():
                    best[name] = min(best[name], volley(sockets, request, 20))
            print(f"\n{response}\n  {'served by':30} {'requests/s':>10} {'of bare':>8}")
            for name, seconds in best.items():
                bare = best[f"{name.partition(' ')[0]} bare"]
                print(f"  {name:30} {1 / seconds:10.0f} {bare / seconds:8.2f}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument(
        "--server", action="store_true", help="also print the requests per second of uvicorn and gunicorn"
    )
    options = parser.parse_args()
    print(
        f"Python {platform.python_version()}, Starlette {version('starlette')}, Django {version('django')}, "
        f"django-cookie-consent {version('django-cookie-consent')}"
    )
    in_process(options.rounds)
    if options.server:
        over_servers(options.rounds)


if __name__ == "__main__":
    main()
