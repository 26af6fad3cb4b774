"""The aiohttp adapter (aiohttp's server, 3.14 and later): passes what aiohttp writes through one `Exchange` a request.

    import consent_middleware.aiohttp

    consent_middleware.aiohttp.setup(app, contact_url="/contact")

`plan_of(request)` is the decision for a request, and `app[ENGINE].notices.counts` returns how often something could not
be done as asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Unpack

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict

from .arguments import check_app_is_given, checked_plan, checked_policy
from .engine import Engine
from .exchange import Exchange, RequestHead
from .headers import Headers
from .plan import Plan
from .policy import Policy, PolicyError, PolicySettings
from .reporting import exchange_for

#: The key of an app under which its engine is.
ENGINE = web.AppKey("consent_middleware.engine", Engine)

_PLAN = web.RequestKey("consent_middleware.plan", Plan)
_EXCHANGE = web.RequestKey("consent_middleware.exchange", Exchange)

#: What aiohttp gives a middleware to call.
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def setup(app: web.Application, policy: Policy | None = None, **settings: Unpack[PolicySettings]) -> None:
    """Make an app wait for consent: its pages, its error pages, its files, and those of its sub-apps.

    Args:
        app: the root app, before it is started.
        policy: the policy; without it, the settings make one.
        settings: the settings of `Policy`, as keywords.

    Raises:
        PolicyError: for wrong settings, for a policy and settings both (CM012), for a second call with one app (CM013),
            for a policy that is none (CM075), a missing app (CM076), and something that is no app of aiohttp's (CM077).
    """
    check_app_is_given(app, "setup(app, policy)")
    if not isinstance(app, web.Application):
        raise PolicyError([("CM077", f"app is of type {type(app).__name__}; it must be an aiohttp Application")])
    if ENGINE in app:
        raise PolicyError([("CM013", "this aiohttp app stands behind consent already; call setup once for an app")])
    engine = app[ENGINE] = Engine(checked_policy(policy, settings))

    @web.middleware
    async def wait_for_consent(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _PLAN in request:
            # An app inside another one is set up too, and the outer one does the work.
            return await handler(request)
        if request.match_info.apps[0] is not app:
            engine.notices.note(
                "behind-route",
                f"a sub-app is set up, which gets no request for {engine.policy.path}: tags wait there, but the button "
                "has no script. Call setup with the root app",
            )
        return await _answer(engine, request, handler)

    app.middlewares.insert(0, wait_for_consent)
    app.on_response_prepare.append(_read_pages_here)


def plan_of(request: web.Request) -> Plan:
    """Return the plan for a request.

    Raises:
        PolicyError: The app is not set up (CM087).
    """
    return checked_plan(request.get(_PLAN), "consent_middleware.aiohttp.setup(app)")


async def _answer(engine: Engine, request: web.Request, handler: Handler) -> web.StreamResponse:
    exchange = exchange_for(engine, RequestHead(request.method, request.path, "", request.raw_headers))
    request[_PLAN], request[_EXCHANGE] = exchange.plan, exchange
    if exchange.answer is not None:
        status, headers, body = exchange.answer
        return web.Response(status=status, headers=_to_aiohttp(headers), body=body)
    # aiohttp gives no other way to what a handler writes: its responses take their writer from the request.
    request._payload_writer = _Writer(exchange, request)  # noqa: SLF001
    if exchange.request_headers is request.raw_headers:
        return await handler(request)
    changed = request.clone(headers=_to_aiohttp(exchange.request_headers))
    response = await handler(changed)
    # aiohttp prepares a response by the request that it has itself, and a file is chosen by the request's conditions.
    vars(response)["prepare"] = lambda _: type(response).prepare(response, changed)
    return response


async def _read_pages_here(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Let aiohttp read a file that is a page. Otherwise the kernel would send it past the writer."""
    exchange = request.get(_EXCHANGE)
    if exchange is not None and isinstance(response, web.FileResponse) and not response.compression:
        exchange.start(response.status, _to_bytes(response.headers))
        if exchange.rewrites:
            response.enable_compression(web.ContentCoding.identity)


def _to_bytes(headers: CIMultiDict[str]) -> Headers:
    return [(name.encode("utf-8"), value.encode("utf-8", "surrogateescape")) for name, value in headers.items()]


def _to_aiohttp(headers: Iterable[tuple[bytes, bytes]]) -> CIMultiDict[str]:
    # aiohttp can copy and send UTF-8 only, and a visitor may send anything.
    return CIMultiDict((name.decode("utf-8"), value.decode("utf-8", "replace")) for name, value in headers)


class _Writer(AbstractStreamWriter):
    """The writer of a response: takes its head and body, and passes them on to aiohttp's own writer.

    A head with a length waits for the first chunk, which is usually the whole body, so the new length can be declared.
    For HTTP/1.0, which has no chunks, it waits for the whole body.

    Args:
        exchange: rewrites the response.
        request: the request, whose writer this one stands before.
    """

    def __init__(self, exchange: Exchange, request: web.Request) -> None:
        self._exchange = exchange
        self._inner = request.writer
        self._has_chunks = request.version >= HttpVersion11
        self._is_head = request.method == hdrs.METH_HEAD
        #: The coding in which aiohttp compresses what comes from here, with its strategy.
        self._coding: tuple[str, int | None] | None = None
        #: The status line and the head that still wait.
        self._waiting: tuple[str, CIMultiDict[str]] | None = None
        #: The chunks that wait with them.
        self._chunks: list[bytes] = []
        self._rewrites = False
        self.length = None

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Remember the coding until the head is sent."""
        self._coding = encoding, strategy

    def enable_chunking(self) -> None:
        """Do nothing: the head says whether the body is sent in chunks."""

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        """Take the head of the response; send it, or let it wait."""
        given = _to_bytes(headers)
        if self._coding:
            # What comes here is not compressed yet.
            given = [field for field in given if field[0].lower() != b"content-encoding"]
        self._exchange.start(int(status_line.split(" ", 2)[1]), given)
        self._rewrites = self._exchange.rewrites
        self._waiting, self._chunks = (status_line, headers), []
        if not self._exchange.head_depends_on_body:
            await self._send_head(self._exchange.head)

    def send_headers(self) -> None:
        """Send a head that aiohttp's writer has buffered, unless it waits here."""
        if self._waiting is None:
            self._inner.send_headers()
            # aiohttp asks for this size before it sends a page about an exception.
            self.output_size = self._inner.output_size

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take a chunk of the body."""
        body = bytes(chunk)
        if self._waiting is not None:
            if self._exchange.length == b"%d" % len(body):
                await self._send_whole(body)
                return
            if not self._has_chunks:
                self._chunks.append(body)
                return
            await self._send_head(self._exchange.head)
        await self._send(self._exchange.feed(body) if self._rewrites else body)

    async def write_eof(self, chunk: bytes = b"") -> None:
        """Take the last chunk of the body, and end the response."""
        if self._waiting is not None:
            await self._send_whole(b"".join([*self._chunks, chunk]))
        elif self._rewrites:
            await self._send(self._exchange.feed(bytes(chunk)) + self._exchange.close())
        else:
            await self._send(chunk)
        await self._inner.write_eof()
        self.output_size = self._inner.output_size

    async def drain(self) -> None:
        """Wait until aiohttp's writer takes more."""
        await self._inner.drain()

    async def _send(self, data: bytes) -> None:
        if data:
            await self._inner.write(data)
        self.output_size = self._inner.output_size

    async def _send_whole(self, body: bytes) -> None:
        """Send the head that waits, and the whole body."""
        head, changed = self._exchange.rewrite_whole(body)
        self._rewrites = False
        await self._send_head(head)
        await self._send(changed)

    async def _send_head(self, head: Headers) -> None:
        assert self._waiting is not None  # noqa: S101 - called only where a head waits
        (status_line, _), self._waiting = self._waiting, None
        fields = _to_aiohttp(head)
        if self._coding:
            encoding, strategy = self._coding
            fields[hdrs.CONTENT_ENCODING] = encoding
            fields.popall(hdrs.CONTENT_LENGTH, None)
            self._inner.enable_compression(encoding, strategy)
        length = fields.get(hdrs.CONTENT_LENGTH)
        self._inner.length = None if length is None else int(length)
        if length is None and self._rewrites and self._has_chunks and not self._is_head:
            fields[hdrs.TRANSFER_ENCODING] = "chunked"
        if hdrs.TRANSFER_ENCODING in fields:
            self._inner.enable_chunking()
        await self._inner.write_headers(status_line, fields)
