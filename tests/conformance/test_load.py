"""Many requests at once, and errors in the middle: each client gets its own page, everything is closed once."""

from __future__ import annotations

import asyncio
import gc
import random
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest

from consent_middleware import Policy
from consent_middleware.asgi import ConsentMiddleware as Asgi
from consent_middleware.exchange import Exchange
from consent_middleware.wsgi import ConsentMiddleware as Wsgi
from tests.pages import BLOCKED_LOADER, LOADER, page

from . import soak

CONSENTS = {
    "": (BLOCKED_LOADER, b'"live":{}'),
    "consent=functional": (BLOCKED_LOADER, b'"live":{"chat":1}'),
    "consent_chat=1": (BLOCKED_LOADER, b'"live":{"chat":1}'),
    "consent=necessary": (BLOCKED_LOADER, b'"live":{}'),
    "consent=functional,analytics,marketing": (LOADER, b"</html>"),
}
HTML = [("Content-Type", "text/html")]
PAGE = page(LOADER)


def visitors(count: int) -> list[str]:
    order = list(CONSENTS) * (count // len(CONSENTS))
    random.Random(3).shuffle(order)  # noqa: S311 - an order, no secret
    return order


def is_own(consent: str, number: int, body: bytes) -> bool:
    return all(part in body for part in CONSENTS[consent]) and body.endswith(b"<!--%d-->" % number)


def pieces(number: int) -> Iterator[bytes]:
    for at in range(0, len(PAGE), 60):
        yield PAGE[at : at + 60]
    yield b"<!--%d-->" % number


@pytest.fixture
def policy() -> Policy:
    return Policy(contact_url="/contact", guard="auto")


def test_threads_never_mix(policy: Policy) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", HTML)
        return pieces(int(environ["PATH_INFO"][1:]))

    wrapped = Wsgi(app, policy)

    def visit(number: int, consent: str) -> bool:
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/{number}", "HTTP_COOKIE": consent}
        return is_own(consent, number, b"".join(wrapped(environ, lambda *_: lambda data: None)))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(visit, *zip(*enumerate(visitors(500)), strict=True)))


async def test_tasks_never_mix(policy: Policy) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        for piece in pieces(int(scope["path"][1:])):
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    wrapped = Asgi(app, policy)

    async def visit(number: int, consent: str) -> bool:
        body = b""

        async def send(message: Any) -> None:
            nonlocal body
            await asyncio.sleep(0)
            body += message.get("body", b"")

        headers = [(b"cookie", consent.encode())]
        await wrapped({"type": "http", "method": "GET", "path": f"/{number}", "headers": headers}, None, send)
        return is_own(consent, number, body)

    assert all(await asyncio.gather(*(visit(number, consent) for number, consent in enumerate(visitors(300)))))


class Watched(Exchange):
    """An exchange that a weak reference can watch."""

    __slots__ = ("__weakref__",)
    alive: ClassVar[weakref.WeakSet[Exchange]] = weakref.WeakSet()

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.alive.add(self)


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before the head", "before the body", "in the body", "at the end"])
@pytest.mark.parametrize("how", ["cancelled", "the client is gone", "the app raises"])
async def test_a_task_that_ends_early_ends_everything(
    policy: Policy, how: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consent_middleware.asgi.Exchange", Watched)
    moments = ["before the head", "before the body", "in the body", "at the end"]
    ended: list[str] = []
    sent: list[Any] = []
    error = {"cancelled": asyncio.CancelledError, "the client is gone": OSError, "the app raises": LookupError}[how]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        messages = [
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]},
            {"type": "http.response.body", "body": PAGE[:200], "more_body": True},
            {"type": "http.response.body", "body": PAGE[200:]},
        ]
        try:
            for moment, message in zip(moments, messages, strict=False):
                await reached(moment)
                await send(message)
            await reached("at the end")
        finally:
            ended.append("app")

    async def reached(moment: str) -> None:
        if moment == when:
            if how == "cancelled":
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                await asyncio.sleep(0)
            raise error

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    # A task for each request, as in a server, because the test's own task must not be cancelled.
    with pytest.raises(error):
        await asyncio.create_task(Asgi(app, policy)(scope, None, send))

    assert ended == ["app"]
    assert len(sent) == moments.index(when)
    await asyncio.sleep(0)  # until its next turn, the loop holds the task that has just ended
    gc.collect()
    assert not Watched.alive


@pytest.mark.slow
@pytest.mark.parametrize("taken", range(5))
def test_lost_client_closes_the_iterable_once(policy: Policy, taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.wsgi.Exchange", Watched)
    closed: list[bool] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return pieces(1)

        def close(self) -> None:
            closed.append(True)

    def app(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", HTML)
        return Body()

    iterable = Wsgi(app, policy)({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_: lambda data: None)
    out = iter(iterable)
    for _ in range(taken):
        next(out)
    iterable.close()  # type: ignore[attr-defined]
    del iterable, out

    assert closed == [True]
    gc.collect()
    assert not Watched.alive


@pytest.mark.slow
@pytest.mark.no_cover
def test_memory_is_flat_and_every_iterable_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    """Property: a request leaves nothing in memory. `make soak` tests it with 100,000 requests."""
    found = soak.soak(6000, samples=10)

    with capsys.disabled():
        first, last = found[1], found[-1]
        print(
            f"\nmemory after {first.requests} requests: {first.blocks} blocks, {first.resident} kB; "
            f"after {last.requests}: {last.blocks} blocks, {last.resident} kB"
        )
    assert soak.growth(found) < 200
