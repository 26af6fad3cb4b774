"""The WSGI adapter (PEP 3333): passes bytes between a WSGI server, an app and one `Exchange` for each request.

from consent_middleware.wsgi import ConsentMiddleware

application = ConsentMiddleware(application, contact_url="/contact")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from http.client import responses
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import quote

from .arguments import Interface, checked_arguments, checked_plan
from .engine import Engine
from .exchange import Exchange, RequestHead
from .headers import Headers
from .plan import Plan
from .policy import Policy, PolicySettings
from .reporting import exchange_for

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Pairs = list[tuple[str, str]]

#: The key in `environ` under which an app finds the plan for its request.
PLAN_KEY = "consent_middleware.plan"

#: The key of a server's function that sends a 103 response. It writes to the socket, past every middleware.
_EARLY_HINTS = "wsgi.early_hints"


class ConsentMiddleware:
    """A WSGI app that makes another WSGI app wait for consent.

    Args:
        app: the app to wrap.
        policy: the policy; without it, the settings make one.
        settings: the settings of `Policy`, as keywords; the defaults protect the visitor.

    Attributes:
        engine: the engine; `engine.notices.counts` returns how often something could not be done as asked.

    Raises:
        PolicyError: for wrong settings, for a policy and settings both (CM012), for a policy that is none (CM075), a
            missing app (CM076), something that is no app (CM077), and an ASGI app (CM078).
    """

    def __init__(self, app: WSGIApplication, policy: Policy | None = None, **settings: Unpack[PolicySettings]) -> None:
        policy = checked_arguments(app, policy, settings, Interface.WSGI)
        self.app = app
        self.engine = Engine(policy)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if PLAN_KEY in environ:
            # The app is wrapped twice, and the outer instance does the work.
            return self.app(environ, start_response)
        request = _request_head(environ)
        exchange = exchange_for(self.engine, request)
        environ[PLAN_KEY] = exchange.plan
        if exchange.answer is not None:
            status, headers, body = exchange.answer
            start_response(
                f"{status} {responses[status]}",
                [(key.decode("ascii").title(), value.decode("ascii")) for key, value in headers],
            )
            return [body]
        return _Response(exchange, start_response).run(self.app, _for_app(environ, request, exchange))


def plan_of(environ: Mapping[str, Any]) -> Plan:
    """Return the plan for a request, from its `environ`.

    Raises:
        PolicyError: The middleware is not around the app (CM087).
    """
    return checked_plan(environ.get(PLAN_KEY), "app = ConsentMiddleware(app)")


def _request_head(environ: WSGIEnvironment) -> RequestHead:
    """Return the request that `environ` describes."""
    headers = header_fields(environ)
    mount = environ.get("SCRIPT_NAME", "")
    if mount:
        # PEP 3333 has the bytes of a path decoded as latin-1.
        mount = quote(mount.encode("latin-1", "replace"), safe="/!$&'()*+,;=:@~")
    return RequestHead(environ.get("REQUEST_METHOD", "GET"), environ.get("PATH_INFO", ""), mount, headers)


def header_fields(environ: Mapping[str, Any]) -> Headers:
    """Return the header fields of the request that `environ` describes, with names in lower case."""
    return [
        (_field_name(key), value.encode("latin-1", "replace"))
        for key, value in environ.items()
        if key.startswith("HTTP_") and isinstance(value, str)
    ]


@lru_cache(256)  # most requests have the same names
def _field_name(key: str) -> bytes:
    return key[5:].replace("_", "-").lower().encode("latin-1", "replace")


def environ_key(name: bytes) -> str:
    """Return the key in `environ` of the header field `name`."""
    return "HTTP_" + name.decode("latin-1").upper().replace("-", "_")


def _for_app(environ: WSGIEnvironment, request: RequestHead, exchange: Exchange) -> WSGIEnvironment:
    """Return the environ for the app: the server's own, or a copy if something differs."""
    if exchange.request_headers is not request.headers:
        wanted = {environ_key(name): value.decode("latin-1") for name, value in exchange.request_headers}
        given = {environ_key(name) for name, _ in request.headers}
        environ = {key: value for key, value in environ.items() if key not in given} | wanted
    if _EARLY_HINTS in environ:
        environ = {**environ, _EARLY_HINTS: _filtered_hints(exchange, environ[_EARLY_HINTS])}
    return environ


def _filtered_hints(exchange: Exchange, send: Callable[[Pairs], object]) -> Callable[[Pairs], None]:
    """Return the server's function for 103 responses, behind the filter for response heads."""

    def send_early_hints(headers: Pairs) -> None:
        given = [(_bytes(name), _bytes(value)) for name, value in headers]
        left = exchange.filter_early_hints(given)
        if left == given:
            send(headers)
        elif left:
            send(_to_wsgi(left))

    return send_early_hints


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


#: Field names in the usual form of WSGI. An `Exchange` writes them in lower case, as ASGI requires.
_TITLE_CASE = {b"content-length": "Content-Length", b"set-cookie": "Set-Cookie", b"vary": "Vary"}


def _to_wsgi(headers: Iterable[tuple[bytes, bytes]]) -> Pairs:
    return [(_TITLE_CASE.get(key) or key.decode("latin-1"), value.decode("latin-1")) for key, value in headers]


class _Response:
    """One response of the app: takes its head and body, and passes them on to the server.

    The head waits until the app's call has returned. Then a list has its whole body, and the head gets an exact
    length. It waits no longer than that, because some servers read the head when the call returns.
    """

    def __init__(self, exchange: Exchange, start_response: StartResponse) -> None:
        self._exchange = exchange
        self._server_start = start_response
        self._server_write: Callable[[bytes], object] | None = None
        self._head: tuple[str, Pairs] | None = None
        self._exc_info: OptExcInfo | None = None
        #: Whether the app's call has not returned yet.
        self._waits = True

    def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> Iterable[bytes]:
        """Call the app; return the body for the server."""
        iterable = app(environ, self._start_response)
        self._waits = False
        if self._server_write is not None or self._head is None:
            # The app has used `write`, or it is a generator, which starts its response when it is iterated.
            return _RewrittenBody(self._exchange, iter(iterable), iterable)
        if isinstance(iterable, list | tuple):
            return self._whole(iterable)
        try:
            return self._streamed(iterable)
        except BaseException:
            # The server does not get this iterable, so it cannot close it.
            _close(iterable)
            raise

    def _start_response(
        self, status: str, headers: Pairs, exc_info: OptExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        if self._head is not None and exc_info is None:
            raise AssertionError("start_response was called again without exc_info (PEP 3333)")
        self._head, self._exc_info = (status, list(headers)), exc_info
        if not self._waits or self._server_write is not None:
            self._send_head()
        return self._write

    def _write(self, data: bytes) -> None:
        if self._server_write is None:
            self._send_head()
        assert self._server_write is not None  # noqa: S101 - set by _send_head
        self._server_write(self._exchange.feed(data))

    def _send_head(self) -> None:
        given = self._start_exchange()
        self._forward(self._exchange.head, given)

    def _start_exchange(self) -> Headers:
        """Give the app's head to the exchange, and return it."""
        assert self._head is not None  # noqa: S101 - called only where the app has started
        status, headers = self._head
        code = int(status[:3]) if status[:3].isdigit() else 500
        given = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers]
        self._exchange.start(code, given)
        return given

    def _forward(self, head: Headers, given: Headers) -> None:
        """Send `head` to the server. If it is the `given` head, send the app's own pairs."""
        assert self._head is not None  # noqa: S101 - called only where the app has started
        status, headers = self._head
        headers = headers if head is given else _to_wsgi(head)
        try:
            if self._exc_info is None:
                self._server_write = self._server_start(status, headers)
            else:
                # A server that has sent a head already raises this exception again.
                self._server_write = self._server_start(status, headers, self._exc_info)
        finally:
            self._exc_info = None  # a traceback keeps its frames alive

    def _whole(self, chunks: list[bytes] | tuple[bytes, ...]) -> Iterable[bytes]:
        """Send the head for a body that is there as a whole; return the body for the server."""
        given = self._start_exchange()
        if not self._exchange.rewrites:
            self._forward(self._exchange.head, given)
            return chunks
        # Apps may return a bytearray or a memoryview. For bytes, `bytes` returns the same object.
        body = bytes(chunks[0]) if len(chunks) == 1 else b"".join(chunks)
        head, changed = self._exchange.rewrite_whole(body)
        self._forward(head, given)
        if not body and head is not given:
            # The response to HEAD: with a list of one empty value, the server would add a length of 0.
            return _RewrittenBody(None, iter(chunks), chunks)
        return chunks if changed is body else [changed]

    def _streamed(self, iterable: Iterable[bytes]) -> Iterable[bytes]:
        """Send the head for a body that comes in chunks; return the body for the server."""
        given = self._start_exchange()
        if not self._exchange.rewrites:
            self._forward(self._exchange.head, given)
            return iterable
        chunks = iter(iterable)
        length = self._exchange.length
        if length is None:
            self._forward(self._exchange.head, given)
            return _RewrittenBody(self._exchange, chunks, iterable)
        # A body with a declared length is usually one chunk. Then its new length can be declared as well.
        first = bytes(next(chunks, b""))
        if length.strip() != b"%d" % len(first):
            self._forward(self._exchange.head, given)
            return _RewrittenBody(self._exchange, chunks, iterable, self._exchange.feed(first))
        head, changed = self._exchange.rewrite_whole(first)
        self._forward(head, given)
        return _RewrittenBody(None, chunks, iterable, changed)


# PEP 3333, "Middleware Handling of Block Boundaries": middleware must not wait for further chunks of the app before it
# yields one itself. For each chunk of the app it yields one, an empty one if there is nothing to send yet. So a page
# streams as fast as the app makes it, and the server gets control back at every chunk. Bytes that are still buffered
# when the app has ended are one more chunk.
#
# The body is a class, because a server may close it before it takes the first chunk. A generator that was never started
# would not run its `finally`, so the app's iterable would stay open.


class _RewrittenBody:
    """The body that the server iterates: one chunk for each of the app's, and the rest.

    Args:
        exchange: rewrites the chunks; None if they are sent as they are.
        chunks: the app's chunks that are left.
        iterable: the app's iterable, which is closed with this one.
        ready: the first chunk to send, if it was taken from `chunks` already.
    """

    def __init__(
        self, exchange: Exchange | None, chunks: Iterator[bytes], iterable: Iterable[bytes], ready: bytes | None = None
    ) -> None:
        self._exchange = exchange
        self._chunks = chunks
        self._iterable = iterable
        self._ready = ready
        self._ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._ready is not None:
            ready, self._ready = self._ready, None
            return ready
        if self._ended:
            raise StopIteration
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self._ended = True
            rest = self._exchange.close() if self._exchange else b""
            if rest:
                return rest
            raise
        return self._exchange.feed(chunk) if self._exchange else chunk

    def close(self) -> None:
        _close(self._iterable)


def _close(iterable: Any) -> None:
    close = getattr(iterable, "close", None)
    if close is not None:
        close()
