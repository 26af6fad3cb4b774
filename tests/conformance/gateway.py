"""Parts of the gateway tests: requests, answers, and a WSGI server that records what it gets.

Each requirement is a row with a number, so that other tests can refer to it: 1 deciding, 2 length and status, 3 codings
and charsets, 4 caching, 5 cookies, 6 streaming and life cycle, 7 messages, 8 page security and hints, 9 the object
itself. Each section has a file `test_gateway_*.py`, and the docstring of each test begins with its row. Rows about
heads and bodies are tested with both gateways, the others with the one that they are about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

import consent_middleware.asgi
import consent_middleware.wsgi
from consent_middleware import Policy
from tests import asgi_driver
from tests.asgi_driver import Message, Scope
from tests.gateways import Pairs, Reply, Request, Result
from tests.pages import LOADER, page

HTML = ("Content-Type", "text/html; charset=utf-8")
FULL = "consent=functional,analytics,marketing"
TAGGED = page(LOADER)
NAVIGATION = [("Accept", "text/html,*/*;q=0.8")]

#: From a request and the app's answer to what the client gets; with the policy of the test, unless another is given.
Gateway = Callable[..., Result]
#: From a request to the fields that the app sees of it.
SeenByApp = Callable[[Request], dict[str, str]]


def html(body: bytes = TAGGED, *headers: tuple[str, str], **rest: Any) -> Reply:
    """Return an answer of one page."""
    return Reply([body], headers=[HTML, *headers], **rest)


def asking(*headers: tuple[str, str], cookie: str | None = None, method: str = "GET") -> Request:
    """Return a request."""
    return Request(method, headers=[*headers, *([("Cookie", cookie)] if cookie else [])])


class Server:
    """A WSGI server that records what it gets, in order."""

    def __init__(self, policy: Policy, **environ: Any) -> None:
        self.policy = policy
        self.environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/",
            "HTTP_HOST": "a.example",
        } | environ
        self.heads: list[tuple[str, Pairs]] = []
        self.order: list[str] = []
        self.body = b""

    def start_response(self, status: str, headers: Pairs, exc_info: Any = None) -> Callable[[bytes], None]:
        """Take a head; with `exc_info`, raise it if bytes were sent."""
        self.order.append("head")
        if exc_info is not None and self.body:
            raise exc_info[1].with_traceback(exc_info[2])
        self.heads.append((status, list(headers)))
        return self.write

    def write(self, data: bytes) -> None:
        """Take bytes that the app has written."""
        self.order.append("written")
        self.body += data

    def call(self, app: Any) -> Any:
        """Call the app behind the middleware; return its iterable."""
        return consent_middleware.wsgi.ConsentMiddleware(app, self.policy)(dict(self.environ), self.start_response)

    def run(self, app: Any) -> Server:
        """Call the app behind the middleware and take its whole body."""
        iterable = self.call(app)
        try:
            for chunk in iterable:
                self.order.append("chunk")
                self.body += chunk
        finally:
            getattr(iterable, "close", lambda: None)()
        return self

    def head(self, name: str) -> list[str]:
        """Return the values of a field of the last head."""
        return [value for key, value in self.heads[-1][1] if key.lower() == name]


def starting(iterable: Any, *headers: tuple[str, str], status: str = "200 OK") -> Any:
    """Return a WSGI app that answers with `iterable`, a page unless `headers` say otherwise."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, list(headers or [HTML]))
        return iterable

    return app


def exc_of(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """Return what `sys.exc_info` returns while `error` is handled."""
    try:
        raise error
    except BaseException as raised:
        return type(raised), raised, raised.__traceback__


#: The head of a page of unknown length, over ASGI.
START: Message = asgi_driver.start((b"content-type", b"text/html"))


async def send_all(policy: Policy, messages: Iterable[Any], given: Scope | None = None) -> list[Message]:
    """Return what an ASGI server gets when an app sends `messages` behind the middleware."""
    app = consent_middleware.asgi.ConsentMiddleware(asgi_driver.sending(messages), policy)
    return await asgi_driver.call(app, given)
