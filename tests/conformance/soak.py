"""Sends many requests of every kind, and measures the memory that stays: `python -m tests.conformance.soak`.

Each request is from another visitor. Pages are clean, tagged, compressed and streamed, some clients go away in the
middle, some apps raise. Memory is counted in allocated blocks of the interpreter, which do not depend on the system's
allocator; the resident size is printed beside them. Each page comes a few times and then never again, and in one kind a
token and the nonce are others each time, so that the caches of pages evict too. The exit status is 1 when the last
tenth of the run used more than the second.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import gzip
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent_middleware import Policy
from consent_middleware.asgi import ConsentMiddleware as Asgi
from consent_middleware.page_cache import RewriteCache
from consent_middleware.recordings import Recordings
from consent_middleware.second_chance import SecondChanceStore
from consent_middleware.wsgi import ConsentMiddleware as Wsgi
from tests.engines import engine_for
from tests.pages import BLOCKED_SCRIPT, LOADER, page

TAGGED = page(b"<p>words and words</p>\n" * 40 + LOADER)
CLEAN = page(b"<p>words and words</p>\n" * 40)
CHANGING = page(b"<p>words and words</p>\n" * 60 + b"<input value=TOKEN>" + b"<p>words</p>\n" * 60 + LOADER)
FULL = "consent=functional,analytics,marketing"
CONSENTS = ["", FULL, "consent=functional", "consent=necessary; __hstc=1", "consent_chat=1", "messagesUtk=0123456789"]
HTML = ("Content-Type", "text/html; charset=utf-8")
GZIP = ("Content-Encoding", "gzip")

#: The kinds of responses: the fields of the head, and the chunks of the body.
KINDS: list[tuple[list[tuple[str, str]], list[bytes]]] = [
    ([("Content-Type", "application/json"), ("Set-Cookie", "__hstc=1")], [b"{}"]),
    ([HTML, ("Content-Length", str(len(CLEAN)))], [CLEAN]),
    ([HTML, ("Content-Length", str(len(TAGGED))), ("ETag", '"a"')], [TAGGED]),
    ([HTML], [TAGGED[:500], TAGGED[500:1100], TAGGED[1100:]]),
    ([HTML, GZIP], [gzip.compress(TAGGED)]),
    ([HTML, GZIP], [gzip.compress(TAGGED)[:90], gzip.compress(TAGGED)[90:]]),
    ([HTML, GZIP], [b"no gzip"]),
    (
        [HTML, ("Content-Security-Policy", "script-src 'nonce-TOKEN'")],
        [CHANGING.replace(b"<p>", b"<p nonce=TOKEN>", 9)],
    ),
    ([HTML], [b"<a " + b"x" * 3000, b"y" * 3000, b">" + LOADER]),
]


def kind(number: int) -> tuple[list[tuple[str, str]], list[bytes]]:
    """Return the head and the body for a request. Every 64 requests, pages that are not compressed change."""
    headers, pieces = KINDS[number % len(KINDS)]
    token = f"token{number:09}"
    return (
        [(name, value.replace("TOKEN", token)) for name, value in headers],
        [piece.replace(b"words and", b"%09d" % (number // 64)).replace(b"TOKEN", token.encode()) for piece in pieces],
    )


class Body:
    """The iterable of a WSGI app, which counts those that are open and may raise in its middle."""

    open = 0

    def __init__(self, pieces: list[bytes], raises: bool) -> None:
        self.pieces = pieces
        self.raises = raises
        Body.open += 1

    def __iter__(self) -> Iterator[bytes]:
        for index, piece in enumerate(self.pieces):
            if self.raises and index:
                raise LookupError("meant to fail")
            yield piece

    def close(self) -> None:
        Body.open -= 1


def wsgi_request(app: Any, number: int) -> None:
    """Make the request with this number. Every 13th client goes away after the first chunk."""
    headers, pieces = kind(number)
    consent = CONSENTS[number % len(CONSENTS)]
    environ = {
        "REQUEST_METHOD": "HEAD" if number % 29 == 0 else "GET",
        "PATH_INFO": f"/{number}",
        "SCRIPT_NAME": "",
        "HTTP_HOST": "www.shop.example",
        "HTTP_COOKIE": f"visitor={number}; {consent}",
        "HTTP_ACCEPT": "text/html",
        "HTTP_ACCEPT_ENCODING": "gzip, br",
        "HTTP_IF_NONE_MATCH": f'"{number}"',
        "soak": (headers, pieces, number % 17 == 0),
    }
    iterable = app(environ, lambda status, head, exc_info=None: lambda data: None)
    body = b""
    try:
        for piece in iterable:
            body += piece
            if number % 13 == 0:
                break
    except LookupError:
        pass
    finally:
        getattr(iterable, "close", lambda: None)()
    if number % len(KINDS) == 2 and number % 13 and number % 17 and environ["REQUEST_METHOD"] == "GET":
        assert (BLOCKED_SCRIPT in body) is (consent != FULL), number


def wsgi_app(environ: Any, start_response: Any) -> Any:
    headers, pieces, raises = environ["soak"]
    start_response("200 OK", list(headers))
    return Body(pieces, raises)


async def asgi_request(app: Any, number: int) -> None:
    """Make the request over ASGI. For a client that goes away, `send` raises or the task is cancelled."""
    headers, pieces = kind(number)
    consent = CONSENTS[number % len(CONSENTS)]
    pairs = [(b"host", b"www.shop.example"), (b"cookie", f"visitor={number}; {consent}".encode())]
    pairs += [(b"accept", b"text/html"), (b"accept-encoding", b"gzip, br")]
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": f"/{number}", "headers": pairs}
    scope |= {"soak": (headers, pieces), "raises": number % 17 == 0}
    body = b""

    async def send(message: Any) -> None:
        nonlocal body
        body += message.get("body", b"")
        if number % 13 == 0 and message["type"] == "http.response.body":
            raise (OSError if number % 2 else asyncio.CancelledError)()

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    with suppress(LookupError, OSError, asyncio.CancelledError):
        await app(scope, receive, send)
    if number % len(KINDS) == 2 and number % 13 and number % 17:
        assert (BLOCKED_SCRIPT in body) is (consent != FULL), number


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    headers, pieces = scope["soak"]
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": 200, "headers": pairs})
    for index, piece in enumerate(pieces):
        if scope["raises"] and index:
            raise LookupError("meant to fail")
        await send({"type": "http.response.body", "body": piece, "more_body": index + 1 < len(pieces)})


@dataclass
class Sample:
    """The memory that the process used after so many requests."""

    requests: int
    blocks: int
    resident: int


def resident() -> int:
    """Return the resident size in kB, or the highest so far where the system does not tell it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii", "replace").splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def soak(requests: int, samples: int = 20, tell: Callable[[Sample], object] = lambda sample: None) -> list[Sample]:
    """Make `requests`, half through each gateway, and look at the memory `samples` times, evenly."""
    policy = Policy(contact_url="/contact", limits={"tag_bytes": 2048})
    # A small store, so that it is full long before the end.
    store = SecondChanceStore(100_000, max_entries=64)
    engine_for(policy).pages, engine_for(policy).recordings = RewriteCache(store), Recordings(store)
    wsgi, asgi = Wsgi(wsgi_app, policy), Asgi(asgi_app, policy)
    wsgi.engine = asgi.engine = engine_for(policy)
    found: list[Sample] = []
    loop = asyncio.new_event_loop()

    async def some(numbers: range) -> None:
        for number in numbers:
            await asgi_request(asgi, number)

    try:
        step = requests // samples
        for begin in range(0, requests, step):
            for number in range(begin, begin + step, 2):
                wsgi_request(wsgi, number)
            loop.run_until_complete(some(range(begin + 1, begin + step, 2)))
            # The plans of past visitors are cached up to a limit, so they are not counted.
            engine_for(policy)._plans.clear()
            gc.collect()
            found.append(Sample(begin + step, sys.getallocatedblocks(), resident()))
            tell(found[-1])
    finally:
        loop.close()
    assert Body.open == 0, "every iterable of the app is closed"
    return found


def growth(found: list[Sample]) -> int:
    """Return the growth in blocks from the second tenth of the run to the last; the first is for warming up."""
    tenth = max(len(found) // 10, 1)
    return max(sample.blocks for sample in found[-tenth:]) - max(sample.blocks for sample in found[tenth : 2 * tenth])


def main() -> int:
    """Print the measurements and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    options = parser.parse_args()
    began = time.monotonic()
    print(f"{'requests':>10} {'blocks':>10} {'resident kB':>12}")
    found = soak(options.requests, tell=lambda s: print(f"{s.requests:10} {s.blocks:10} {s.resident:12}", flush=True))
    grown = growth(found)
    print(f"{grown:+d} blocks over {options.requests} requests in {time.monotonic() - began:.0f} s")
    return 1 if grown > 200 else 0


if __name__ == "__main__":
    sys.exit(main())
