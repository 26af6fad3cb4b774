"""The ASGI adapter (ASGI 3.0, HTTP 2.5): passes messages between an ASGI server, an app and one `Exchange`.

from consent_middleware.asgi import ConsentMiddleware

app = ConsentMiddleware(app, contact_url="/contact")           # any ASGI app
app.add_middleware(ConsentMiddleware, contact_url="/contact")  # Starlette, FastAPI: the app stays the same object
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any, Unpack
from urllib.parse import quote

from .arguments import Interface, checked_arguments, checked_plan
from .asgi_frameworks import cover_error_pages, is_behind_route, is_starlette
from .engine import Engine
from .exchange import Exchange, RequestHead
from .plan import Plan
from .policy import Policy, PolicySettings
from .reporting import exchange_for

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
#: An ASGI app. Each framework has types of its own for the arguments, so any are accepted.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

#: The key in the scope under which an app finds the plan for its request.
PLAN_KEY = "consent_middleware.plan"

#: How many bytes of a file are read at once if its HTML must be rewritten.
_FILE_CHUNK_SIZE = 65_536


class ConsentMiddleware:
    """An ASGI app that makes another ASGI app wait for consent.

    Around a Starlette or FastAPI app, it has that app's attributes too, so `app.state`, `app.add_middleware` and the
    decorators for routes work as before. Added to such an app by `add_middleware`, it also covers the pages of the
    app's handler for unhandled exceptions, which Starlette calls outside all middleware.

    Args:
        app: the app to wrap.
        policy: the policy; without it, the settings make one.
        settings: the settings of `Policy`, as keywords; the defaults protect the visitor.

    Attributes:
        app: the wrapped app.
        engine: the engine; `engine.notices.counts` returns how often something could not be done as asked.

    Raises:
        PolicyError: for wrong settings, for a policy and settings both (CM012), for a policy that is none (CM075), a
            missing app (CM076), something that is no app (CM077), and a WSGI app (CM078).
    """

    app: ASGIApp
    engine: Engine
    _knows_place: bool

    def __init__(self, app: ASGIApp, policy: Policy | None = None, **settings: Unpack[PolicySettings]) -> None:
        policy = checked_arguments(app, policy, settings, Interface.ASGI)
        # The app's attributes are set on the app.
        vars(self).update(app=app, engine=Engine(policy), _knows_place=False)

    def __getattr__(self, name: str) -> Any:
        app = vars(self).get("app")
        # Other frameworks' apps have methods that run them, which would run the app without the middleware.
        if not is_starlette(app):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(app, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name in vars(self) or not is_starlette(self.app):
            object.__setattr__(self, name, value)
        else:
            setattr(self.app, name, value)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; scopes of other protocols go to the app as they are."""
        await self._serve(self.app, scope, receive, send)

    async def _serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request by `app`: the wrapped one, or a response that is made outside the middleware."""
        if PLAN_KEY in scope:
            # The app is wrapped twice, and the outer instance does the work.
            await app(scope, receive, send)
            return
        if not self._knows_place:
            self._find_place(scope)
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request = _request_head(scope)
        exchange = exchange_for(self.engine, request)
        if exchange.answer is not None:
            status, headers, body = exchange.answer
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        inner: Scope = dict(scope)
        inner[PLAN_KEY] = exchange.plan
        if exchange.request_headers is not request.headers:
            inner["headers"] = exchange.request_headers
        # Starlette shows this as `request.state.consent_plan`.
        inner.setdefault("state", {})["consent_plan"] = exchange.plan
        sender = _Sender(exchange, send)
        await app(inner, receive, sender)
        if sender.waiting is not None:
            await sender.send_waiting()

    def _find_place(self, scope: Scope) -> None:
        """Find out where in a framework's app the middleware stands, and note what that place leaves out."""
        self._knows_place = True
        note = self.engine.notices.note
        if is_behind_route(scope, self):
            note(
                "behind-route",
                f"the middleware stands behind a router and gets no request for {self.engine.policy.path}: tags wait "
                "there, but the button has no script, and the router's own pages, such as 404, are left out. Put the "
                "middleware around the whole app: app = ConsentMiddleware(app, policy)",
                of_page=False,
            )
        app = scope.get("app")
        if is_starlette(app) and not cover_error_pages(app, self, lambda response: partial(self._serve, response)):
            note(
                "error-pages",
                "the app's pages for unhandled exceptions do not pass the middleware. Put it around the whole app: "
                "app = ConsentMiddleware(app, policy)",
                of_page=False,
            )


def plan_of(scope: Mapping[str, Any]) -> Plan:
    """Return the plan for a request, from its scope.

    Raises:
        PolicyError: The middleware is not around the app, or the scope is not one of an HTTP request (CM087).
    """
    return checked_plan(scope.get(PLAN_KEY), "app = ConsentMiddleware(app)")


def _request_head(scope: Scope) -> RequestHead:
    """Return the request that a scope describes."""
    root: str = scope.get("root_path") or ""
    path: str = scope["path"]
    if root:
        # By the standard, the path begins with the mount. Some servers leave it out.
        path = path.removeprefix(root) if path.startswith(root.rstrip("/") + "/") else path
        root = quote(root, safe="/!$&'()*+,;=:@~")
    headers = scope.get("headers")
    # Any iterable of pairs (HTTP 2.5, "HTTP Connection Scope").
    return RequestHead(scope["method"], path, root, headers if isinstance(headers, list) else list(headers or ()))


class _Sender:
    """The `send` that the app calls for its response.

    The head waits for the first chunk of the body in two cases. Where the app has declared a length, the chunk is
    usually the whole body, and its new length can be declared. Where the app has declared no type, the chunk may tell
    whether it is a page. The app's messages are copied before they are changed, because apps send them again.
    """

    __slots__ = ("_exchange", "_rewrites", "_send", "waiting")

    def __init__(self, exchange: Exchange, send: Send) -> None:
        self._exchange = exchange
        self._send = send
        self._rewrites = False
        #: A copy of the app's message with a head that has not been sent yet.
        self.waiting: Message | None = None

    async def __call__(self, message: Message) -> None:
        # A plain function that returns a coroutine would be faster, but asgiref checks for a coroutine function.
        kind = message["type"]
        if kind == "http.response.body":
            if not self._rewrites:
                await self._send(message)
            elif self.waiting is not None and self._is_whole(message):
                start, body = self._rewritten(message, self.waiting)
                await self._send(start)
                await self._send(body)
            else:
                await self._chunk(message)
        elif kind == "http.response.start":
            given = message.get("headers")
            # Any iterable of pairs, and optional (HTTP 2.5, "Response Start").
            given = given if isinstance(given, list) else list(given or ())
            exchange = self._exchange
            exchange.start(message["status"], given)
            self._rewrites = exchange.rewrites
            if exchange.head_depends_on_body:
                # A copy, because an app may use the same dictionary for its next message.
                self.waiting = dict(message)
                return
            head = exchange.head
            await self._send(message if head is given else {**message, "headers": head})
        else:
            await self.send_waiting()
            if kind in _FILES and self._rewrites:
                await self._file(message)
            elif kind in _HINT_FIELDS:
                await self._hint(message)
            else:
                await self._send(message)

    async def send_waiting(self) -> None:
        """Send a head that still waits, because the body will not be one chunk, or there is none."""
        if self.waiting is not None:
            start, self.waiting = self.waiting, None
            start["headers"] = self._exchange.head
            await self._send(start)

    def _is_whole(self, message: Message) -> bool:
        """Return whether the first message with a part of the body has all of it."""
        # Another middleware often ends a body with an empty message of its own.
        return not message.get("more_body", False) or self._exchange.length == b"%d" % len(message.get("body", b""))

    def _rewritten(self, message: Message, start: Message) -> tuple[Message, Message]:
        """Return the two messages to send for a whole body.

        Args:
            message: the app's message with the body.
            start: the message with the head that waits.
        """
        self.waiting = None
        self._rewrites = False
        given = bytes(message.get("body", b""))
        start["headers"], body = self._exchange.rewrite_whole(given)
        return start, message if body is given else {**message, "body": body}

    async def _chunk(self, message: Message) -> None:
        """Send a chunk of the body, as far as it is decided."""
        await self.send_waiting()
        more = message.get("more_body", False)
        body = self._exchange.feed(bytes(message.get("body", b"")))
        await self._send({**message, "body": body if more else body + self._exchange.close()})

    async def _hint(self, message: Message) -> None:
        """Send an early hint (RFC 8297) without the links that must wait, or nothing if no link is left."""
        field = _HINT_FIELDS[message["type"]]
        hints = list(message.get(field) or ())
        given = [(b"link", bytes(link)) for link in hints] if field == "links" else hints
        left = self._exchange.filter_early_hints(given)
        if left or not hints:
            await self._send({**message, field: [link for _, link in left] if field == "links" else left})

    async def _file(self, message: Message) -> None:
        """Send the file that the app wants the server to send, chunk by chunk, because its HTML must be rewritten."""
        more = message.get("more_body", False)
        async for chunk in _FILES[message["type"]](message):
            await self._send({"type": "http.response.body", "body": self._exchange.feed(chunk), "more_body": True})
        last = b"" if more else self._exchange.close()
        await self._send({"type": "http.response.body", "body": last, "more_body": more})


#: The messages for early hints, and the key of their fields: the extension of ASGI has values of `Link`, gunicorn's own
#: has a head. Some servers take them before the response's start, some after it, so they keep the app's order.
_HINT_FIELDS = {"http.response.early_hint": "links", "http.response.informational": "headers"}


async def _path_chunks(message: Message) -> AsyncIterator[bytes]:
    """Yield the file of `http.response.pathsend`."""
    with await _in_thread(Path(message["path"]).open, "rb") as file:
        while chunk := await _in_thread(file.read, _FILE_CHUNK_SIZE):
            yield chunk


async def _descriptor_chunks(message: Message) -> AsyncIterator[bytes]:
    """Yield the part of a file that `http.response.zerocopysend` names.

    It begins at `offset`, or at the file's position, and has `count` bytes, or ends with the file.
    """
    descriptor = message["file"] if isinstance(message["file"], int) else message["file"].fileno()
    if message.get("offset") is not None:
        os.lseek(descriptor, message["offset"], os.SEEK_SET)
    left = message.get("count")
    while left is None or left > 0:
        size = _FILE_CHUNK_SIZE if left is None else min(left, _FILE_CHUNK_SIZE)
        chunk = await _in_thread(os.read, descriptor, size)
        if not chunk:
            return
        left = left and left - len(chunk)
        yield chunk


#: The messages by which an app has the server send a file.
_FILES: dict[str, Callable[[Message], AsyncIterator[bytes]]] = {
    "http.response.pathsend": _path_chunks,
    "http.response.zerocopysend": _descriptor_chunks,
}


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the function's result without blocking the event loop of asyncio; any other loop is blocked meanwhile."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return function(*arguments)
    return await asyncio.to_thread(function, *arguments)
