"""Calls an ASGI application as a server does, and collects the messages that it sends.

`call` is for `async def` tests. Synchronous code (for WSGI and ASGI alike, or called by Hypothesis) uses
`tests.gateways.run_asgi`, which is built on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Message = dict[str, Any]
Scope = dict[str, Any]
Pairs = Iterable[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[Message]]
#: An ASGI application. Its arguments are `Any`, because each framework has its own types.
App = Callable[[Any, Any, Any], Awaitable[None]]


def scope(*headers: tuple[bytes, bytes], **extra: Any) -> Scope:
    """Return an HTTP scope with no more than the middleware needs."""
    return {"type": "http", "method": "GET", "path": "/", "headers": list(headers), **extra}


def full_scope(method: str, path: str, headers: Pairs, **extra: Any) -> Scope:
    """Return an HTTP scope with everything that frameworks look for, as servers make it."""
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
    """Return the message that begins a response."""
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def chunk(body: bytes, more: bool = False) -> Message:
    """Return a message with a chunk of the body; without `more`, the last."""
    return {"type": "http.response.body", "body": body, "more_body": more}


def sending(messages: Iterable[Any]) -> App:
    """Return an application that sends `messages` and reads nothing."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def one_request(body: bytes = b"", ended: asyncio.Event | None = None) -> Receive:
    """Return a `receive` that gives the request's body once, and the client's end once the response has ended.

    Without `ended`, it waits for ever like an idle client.
    """
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await (ended or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    return receive


async def unread() -> Message:
    """Fail: a `receive` for applications that do not read the request's body."""
    raise AssertionError("the application has read the request's body")  # pragma: no cover


async def call(
    app: App, given: Scope | None = None, *, receive: Receive | None = None, sent: list[Message] | None = None
) -> list[Message]:
    """Make one request; return the messages that the application has sent.

    If the application raises, the caller gets the error, and a list given as `sent` has the messages before it.
    """
    messages: list[Message] = [] if sent is None else sent
    ended = asyncio.Event()

    async def send(message: Message) -> None:
        messages.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            ended.set()

    await app(scope() if given is None else given, receive or one_request(ended=ended), send)
    return messages


def body_of(messages: Iterable[Message]) -> bytes:
    """Return the body in the messages."""
    return b"".join(message.get("body", b"") for message in messages)


def types_of(messages: Iterable[Message]) -> list[str]:
    """Return the types of the messages, without their common beginning."""
    return [message["type"].removeprefix("http.response.") for message in messages]
