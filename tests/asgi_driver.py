"""Run an ASGI application as a server does, with one request, and collect the messages that it sends.

`call` is for `async def` tests. Synchronous code, such as tests for both WSGI and ASGI, uses `tests.gateways.run_asgi`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Message = dict[str, Any]
Scope = dict[str, Any]
Pairs = Iterable[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[Message]]
#: An ASGI application. Its arguments are `Any`, because every framework has its own types for them.
App = Callable[[Any, Any, Any], Awaitable[None]]


def scope(*headers: tuple[bytes, bytes], **extra: Any) -> Scope:
    """Return an HTTP scope with only what the middleware needs."""
    return {"type": "http", "method": "GET", "path": "/", "headers": list(headers), **extra}


def full_scope(method: str, path: str, headers: Pairs, **extra: Any) -> Scope:
    """Return an HTTP scope with everything that frameworks read, as servers make it."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in headers],
        **extra,
    }


def start(*headers: Any, status: int = 200) -> Message:
    """Return the message that starts a response."""
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def chunk(body: bytes, more: bool = False) -> Message:
    """Return a message with a chunk of the body. Without `more` it is the last one."""
    return {"type": "http.response.body", "body": body, "more_body": more}


def sending(messages: Iterable[Any]) -> App:
    """Return an application that sends `messages` and receives nothing."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def one_request(body: bytes = b"") -> Receive:
    """Return a `receive` that returns the request body once and then waits, as for a client that stays connected."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop()

    return receive


async def unread() -> Message:
    """Fail, as the `receive` of applications that must not read the request body."""
    raise AssertionError("the application reads the request body")  # pragma: no cover


async def call(
    app: App, given: Scope | None = None, *, receive: Receive | None = None, sent: list[Message] | None = None
) -> list[Message]:
    """Make one request. Return the messages that the application sends.

    An exception of the application is passed on; the list `sent` then has the messages before it.
    """
    messages: list[Message] = [] if sent is None else sent

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope() if given is None else given, receive or one_request(), send)
    return messages


def body_of(messages: Iterable[Message]) -> bytes:
    """Return the body that the messages contain."""
    return b"".join(message.get("body", b"") for message in messages)


def types_of(messages: Iterable[Message]) -> list[str]:
    """Return the types of the messages, without their common prefix."""
    return [message["type"].removeprefix("http.response.") for message in messages]
