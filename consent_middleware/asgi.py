"""The ASGI adapter: `ConsentMiddleware` carries messages between an ASGI server, an app and one `Exchange`.

Knows: scopes, the messages of the HTTP protocol and of its extensions (ASGI 3.0, HTTP 2.5).
Must not know: consent, HTML, cookies, caching, vendors.

    from consent_middleware.asgi import ConsentMiddleware

    app = ConsentMiddleware(app)                        # any ASGI app
    app.add_middleware(ConsentMiddleware)               # Starlette, FastAPI
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .engine import Engine
from .exchange import Exchange, RequestHead
from .policy import Policy

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Where an app finds the plan of its own request.
PLAN_KEY = "consent_middleware.plan"

#: How much of a file is read at once where its HTML must be rewritten, in bytes.
_FILE_PIECE = 65_536


class ConsentMiddleware:
    """Puts an ASGI app behind consent.

    Args: the app, and the policy; without one, the defaults that protect the visitor apply.
    `engine.notices.counts` says what could not be done as asked.
    """

    def __init__(self, app: ASGIApp, policy: Policy | None = None) -> None:
        self.app = app
        self.engine = Engine(policy or Policy())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; every scope that is not HTTP goes to the app as it is."""
        if scope["type"] != "http" or PLAN_KEY in scope:
            # No HTTP, or another instance stands outside this one and does the work.
            await self.app(scope, receive, send)
            return
        request = _request_head(scope)
        exchange = Exchange(self.engine, request)
        if exchange.answer is not None:
            status, headers, body = exchange.answer
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        inner: Scope = dict(scope)
        inner[PLAN_KEY] = exchange.plan
        if exchange.request_headers is not request.headers:
            inner["headers"] = exchange.request_headers
        # Where Starlette's `request.state` looks; the request's own dictionary, where the server has made one.
        inner.setdefault("state", {})["consent_plan"] = exchange.plan
        response = _Response(exchange, send)
        await self.app(inner, receive, response)
        if response.waiting is not None:
            await response.finish()


def _request_head(scope: Scope) -> RequestHead:
    root: str = scope.get("root_path") or ""
    path: str = scope["path"]
    if root:
        # The path holds the mount by the standard; some servers leave it out.
        path = path.removeprefix(root) if path.startswith(root.rstrip("/") + "/") else path
        root = quote(root, safe="/!$&'()*+,;=:@~")
    headers = scope.get("headers")
    # Any iterable of pairs (HTTP 2.5, "HTTP Connection Scope").
    return RequestHead(scope["method"], path, root, headers if isinstance(headers, list) else list(headers or ()))


class _Response:
    """One response on its way from the app to the server: the `send` that the app calls.

    The head waits for the first piece of body only where the app has declared a length, because then that piece is at
    hand and usually the whole, or no type, because then that piece may tell. The app's messages are never changed in
    place: apps send them again.
    """

    __slots__ = ("_exchange", "_rewrites", "_send", "waiting")

    def __init__(self, exchange: Exchange, send: Send) -> None:
        self._exchange = exchange
        self._send = send
        self._rewrites = False
        #: The app's own start of a response whose head has not been sent.
        self.waiting: Message | None = None

    async def __call__(self, message: Message) -> None:
        # A plain function would be faster, but asgiref asks for what is marked as a coroutine.
        kind = message["type"]
        if kind == "http.response.body":
            await (self._body(message) if self._rewrites else self._send(message))
        elif kind == "http.response.start":
            if (ready := self._started(message)) is not None:
                await self._send(ready)
        else:
            await self.finish()
            if kind in _FILES and self._rewrites:
                await self._file(message)
            elif kind in _HINTS:
                await self._hint(message)
            else:
                await self._send(message)

    async def finish(self) -> None:
        """Send a head that still waits: another message comes before the whole of a body, or none comes at all."""
        if self.waiting is not None:
            message, self.waiting = self.waiting, None
            await self._send({**message, "headers": self._exchange.head})

    def _started(self, message: Message) -> Message | None:
        """The start to send for the app's, or None where it waits."""
        given = message.get("headers")
        # They may be missing, and any iterable of pairs (HTTP 2.5, "Response Start").
        self._exchange.start(message["status"], given if isinstance(given, list) else list(given or ()))
        self._rewrites = self._exchange.rewrites
        if self._exchange.head_depends_on_body:
            # A copy: an app may use the same dictionary for its next message.
            self.waiting = dict(message)
            return None
        head = self._exchange.head
        return message if head is given else {**message, "headers": head}

    async def _body(self, message: Message) -> None:
        given = bytes(message.get("body", b""))
        more = message.get("more_body", False)
        # An app behind another middleware often says only with an empty message that its body was whole.
        if self.waiting is not None and (not more or self._exchange.length == b"%d" % len(given)):
            start, self.waiting = self.waiting, None
            self._rewrites = False
            headers, body = self._exchange.rewrite_whole(given)
            await self._send({**start, "headers": headers})
            await self._send(message if body is given else {**message, "body": body})
            return
        await self.finish()
        body = self._exchange.feed(given)
        await self._send({**message, "body": body if more else body + self._exchange.close()})

    async def _hint(self, message: Message) -> None:
        """Send what may be sent of an early hint (RFC 8297); nothing where nothing is left."""
        field = _HINTS[message["type"]]
        hints = list(message.get(field) or ())
        given = [(b"link", bytes(link)) for link in hints] if field == "links" else hints
        left = self._exchange.filter_early_hints(given)
        if left or not hints:
            await self._send({**message, field: [link for _, link in left] if field == "links" else left})

    async def _file(self, message: Message) -> None:
        """Read a file that the app wants the server to send, because its HTML must be rewritten."""
        more = message.get("more_body", False)
        async for piece in _FILES[message["type"]](message):
            await self._send({"type": "http.response.body", "body": self._exchange.feed(piece), "more_body": True})
        last = b"" if more else self._exchange.close()
        await self._send({"type": "http.response.body", "body": last, "more_body": more})


#: Early hints by the message's type: the standard's extension, which holds `Link` values, and gunicorn's own, which
#: holds a head. Servers take them before the response's start, after it, or both, so they keep the app's order.
_HINTS = {"http.response.early_hint": "links", "http.response.informational": "headers"}


async def _path_pieces(message: Message) -> AsyncIterator[bytes]:
    """The pieces of `http.response.pathsend`: a path."""
    with await _in_thread(Path(message["path"]).open, "rb") as file:
        while piece := await _in_thread(file.read, _FILE_PIECE):
            yield piece


async def _descriptor_pieces(message: Message) -> AsyncIterator[bytes]:
    """The pieces of `http.response.zerocopysend`: a file, from `offset` or where it stands, `count` bytes or all."""
    descriptor = message["file"] if isinstance(message["file"], int) else message["file"].fileno()
    if message.get("offset") is not None:
        os.lseek(descriptor, message["offset"], os.SEEK_SET)
    left = message.get("count")
    while left is None or left > 0:
        piece = await _in_thread(os.read, descriptor, _FILE_PIECE if left is None else min(left, _FILE_PIECE))
        if not piece:
            return
        left = left and left - len(piece)
        yield piece


_FILES: dict[str, Callable[[Message], AsyncIterator[bytes]]] = {
    "http.response.pathsend": _path_pieces,
    "http.response.zerocopysend": _descriptor_pieces,
}


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """The function's result, without blocking the event loop where it is asyncio's; trio's is blocked for a piece."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return function(*arguments)
    return await asyncio.to_thread(function, *arguments)
