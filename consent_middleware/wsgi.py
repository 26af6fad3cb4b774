"""The WSGI adapter: `ConsentMiddleware` carries bytes between a WSGI server, an app and one `Exchange` (PEP 3333).

Knows: environ, start_response, iterables and who closes them.
Must not know: consent, HTML, cookies, caching, vendors.

    from consent_middleware.wsgi import ConsentMiddleware

    application = ConsentMiddleware(application)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from http.client import responses
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .engine import Engine
from .exchange import Exchange, RequestHead
from .headers import Headers
from .policy import Policy

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Pairs = list[tuple[str, str]]

#: Where an app finds the plan of its own request.
PLAN_KEY = "consent_middleware.plan"

#: Where a server offers to send 103 responses: it writes them to the socket itself, past every middleware.
_EARLY_HINTS = "wsgi.early_hints"


class ConsentMiddleware:
    """Puts a WSGI app behind consent.

    Args: the app, and the policy; without one, the defaults that protect the visitor apply.
    `engine.notices.counts` says what could not be done as asked.
    """

    def __init__(self, app: WSGIApplication, policy: Policy | None = None) -> None:
        self.app = app
        self.engine = Engine(policy or Policy())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 asks of an application."""
        if PLAN_KEY in environ:
            # Another instance stands outside this one and does the work.
            return self.app(environ, start_response)
        request = _request_head(environ)
        exchange = Exchange(self.engine, request)
        environ[PLAN_KEY] = exchange.plan
        if exchange.answer is not None:
            status, headers, body = exchange.answer
            start_response(
                f"{status} {responses[status]}",
                [(key.decode("ascii").title(), value.decode("ascii")) for key, value in headers],
            )
            return [body]
        return _Response(exchange, start_response).run(self.app, _for_app(environ, request, exchange))


def _request_head(environ: WSGIEnvironment) -> RequestHead:
    headers = [
        (_field(key), value.encode("latin-1", "replace"))
        for key, value in environ.items()
        if key.startswith("HTTP_") and isinstance(value, str)
    ]
    mount = environ.get("SCRIPT_NAME", "")
    if mount:
        # PEP 3333 hands paths over as latin-1 text; a URL needs their bytes.
        mount = quote(mount.encode("latin-1", "replace"), safe="/!$&'()*+,;=:@~")
    return RequestHead(environ.get("REQUEST_METHOD", "GET"), environ.get("PATH_INFO", ""), mount, headers)


@lru_cache(256)  # most requests bear the same names
def _field(key: str) -> bytes:
    return key[5:].replace("_", "-").lower().encode("latin-1", "replace")


def _key(name: bytes) -> str:
    return "HTTP_" + name.decode("latin-1").upper().replace("-", "_")


def _for_app(environ: WSGIEnvironment, request: RequestHead, exchange: Exchange) -> WSGIEnvironment:
    """The environ for the app: the server's own, or a copy where something differs."""
    if exchange.request_headers is not request.headers:
        wanted = {_key(name): value.decode("latin-1") for name, value in exchange.request_headers}
        given = {_key(name) for name, _ in request.headers}
        environ = {key: value for key, value in environ.items() if key not in given} | wanted
    if _EARLY_HINTS in environ:
        environ = {**environ, _EARLY_HINTS: _early_hints(exchange, environ[_EARLY_HINTS])}
    return environ


def _early_hints(exchange: Exchange, send: Callable[[Pairs], object]) -> Callable[[Pairs], None]:
    """The server's callable for 103 responses, behind the same filter as a response's head."""

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


#: The core writes names in lower case, as ASGI asks; WSGI's habit is the other.
_TITLES = {b"content-length": "Content-Length", b"set-cookie": "Set-Cookie", b"vary": "Vary"}


def _to_wsgi(headers: Iterable[tuple[bytes, bytes]]) -> Pairs:
    return [(_TITLES.get(key) or key.decode("latin-1"), value.decode("latin-1")) for key, value in headers]


class _Response:
    """One response on its way from the app to the server.

    The head waits until the app has returned, so that a body that is at hand keeps an exact length; it never waits
    longer than the app's call, because some servers read it then.
    """

    def __init__(self, exchange: Exchange, start_response: StartResponse) -> None:
        self._exchange = exchange
        self._server_start = start_response
        self._server_write: Callable[[bytes], object] | None = None
        self._head: tuple[str, Pairs] | None = None
        self._exc_info: OptExcInfo | None = None
        self._waits = True

    def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> Iterable[bytes]:
        iterable = app(environ, self._start_response)
        self._waits = False
        if self._server_write is not None or self._head is None:
            # The app has written already, or has not started: it may be a generator, which starts when iterated.
            return _Body(self._exchange, iter(iterable), iterable)
        if isinstance(iterable, list | tuple):
            return self._at_hand(iterable)
        try:
            return self._streamed(iterable)
        except BaseException:
            # The server never sees this iterable, so nobody else can close it.
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
        assert self._server_write is not None  # noqa: S101 - _send_head has set it
        self._server_write(self._exchange.feed(data))

    def _send_head(self) -> None:
        given = self._started()
        self._forward(self._exchange.head, given)

    def _started(self) -> Headers:
        """The head as the app has given it, of which the exchange has now been told."""
        assert self._head is not None  # noqa: S101 - called only where the app has started
        status, headers = self._head
        code = int(status[:3]) if status[:3].isdigit() else 500
        given = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers]
        self._exchange.start(code, given)
        return given

    def _forward(self, head: Headers, given: Headers) -> None:
        assert self._head is not None  # noqa: S101 - called only where the app has started
        status, headers = self._head
        headers = headers if head is given else _to_wsgi(head)
        try:
            if self._exc_info is None:
                self._server_write = self._server_start(status, headers)
            else:
                # The server raises this again where it has sent a head already.
                self._server_write = self._server_start(status, headers, self._exc_info)
        finally:
            self._exc_info = None  # a traceback that is kept keeps its frames

    def _at_hand(self, chunks: list[bytes] | tuple[bytes, ...]) -> Iterable[bytes]:
        given = self._started()
        if not self._exchange.rewrites:
            self._forward(self._exchange.head, given)
            return chunks
        # Some apps give what is only like bytes; of bytes, this is the same object.
        body = bytes(chunks[0]) if len(chunks) == 1 else b"".join(chunks)
        head, changed = self._exchange.rewrite_whole(body)
        self._forward(head, given)
        if not body and head is not given:
            # A HEAD request's answer: a list of one empty value would tell the server a length of nothing.
            return _Body(None, iter(chunks), chunks)
        return chunks if changed is body else [changed]

    def _streamed(self, iterable: Iterable[bytes]) -> Iterable[bytes]:
        given = self._started()
        if not self._exchange.rewrites:
            self._forward(self._exchange.head, given)
            return iterable
        chunks = iter(iterable)
        length = self._exchange.length
        if length is None:
            self._forward(self._exchange.head, given)
            return _Body(self._exchange, chunks, iterable)
        # A body of declared length is usually one chunk at hand. Then its new length can be declared as well.
        first = bytes(next(chunks, b""))
        if length.strip() != b"%d" % len(first):
            self._forward(self._exchange.head, given)
            return _Body(self._exchange, chunks, iterable, self._exchange.feed(first))
        head, changed = self._exchange.rewrite_whole(first)
        self._forward(head, given)
        return _Body(None, chunks, iterable, changed)


class _Body:
    """The body that the server iterates: one value for each of the app's, then the rest (PEP 3333, block boundaries).

    A class and not a generator: the server must be able to close it before its first value.
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
