"""The Django middleware: passes requests and responses between Django and one `Exchange` for each request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterator
from contextlib import contextmanager
from http.cookies import Morsel
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpResponse

from consent_middleware.endpoint import Answer
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.headers import Headers
from consent_middleware.plan import Plan
from consent_middleware.reporting import exchange_for
from consent_middleware.wsgi import PLAN_KEY, environ_key, header_fields

from .conf import site_policy

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from consent_middleware.policy import Policy

_SET_COOKIE = b"set-cookie"

#: The field that stays changed when the response goes out, because a page that streams is still being made then.
_COOKIE_KEY = environ_key(b"cookie")


class ConsentMiddleware:
    """A Django middleware that makes the site wait for consent. Django calls it with or without an event loop.

    Place it first in `MIDDLEWARE`, behind `GZipMiddleware` if there is one. Then it covers every page of the site:
    those of other middleware and error pages too.

    Args:
        get_response: the rest of the site.
        policy: the policy; without it, the setting `CONSENT` and those that begin with `CONSENT_` make one.

    Attributes:
        engine: the engine, which views find as `request.consent_engine`; `engine.notices.counts` returns how often
            something could not be done as asked.

    Raises:
        PolicyError: for wrong settings.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any], policy: Policy | None = None) -> None:
        self.get_response = get_response
        self.engine = Engine(policy or site_policy())
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer one request; return a coroutine if Django runs in an event loop."""
        if self._is_async:
            return self._answer_later(request)
        exchange = self._exchange(request)
        if exchange is None:
            return self.get_response(request)
        if exchange.answer is not None:
            return _own_response(exchange.answer)
        with _changed_for_app(request, exchange):
            response = self.get_response(request)
        return _with_consent(response, exchange)

    async def _answer_later(self, request: HttpRequest) -> HttpResponseBase:
        exchange = self._exchange(request)
        if exchange is None:
            return await self.get_response(request)
        if exchange.answer is not None:
            return _own_response(exchange.answer)
        with _changed_for_app(request, exchange):
            response = await self.get_response(request)
        return _with_consent(response, exchange)

    def _exchange(self, request: HttpRequest) -> Exchange | None:
        """Return a new exchange, or None if another instance or gateway around this one does the work."""
        plan = plan_of(request)
        if plan is not None:
            request.consent_plan = plan
            return None
        # Django has decoded the mount as UTF-8, and has put the setting FORCE_SCRIPT_NAME in its place.
        mount = quote(request.META.get("SCRIPT_NAME") or "", safe="/!$&'()*+,;=:@~", errors="replace")
        head = RequestHead(request.method, request.path_info, mount, header_fields(request.META))
        exchange = exchange_for(self.engine, head)
        request.consent_plan = exchange.plan
        request.consent_engine = self.engine
        return exchange


def plan_of(request: HttpRequest) -> Plan | None:
    """Return the plan for a request, also if a WSGI or ASGI gateway around Django made it; None if there is none."""
    places = ((vars(request), "consent_plan"), (request.META, PLAN_KEY), (getattr(request, "scope", {}), PLAN_KEY))
    return next((place[key] for place, key in places if key in place), None)


@contextmanager
def _changed_for_app(request: HttpRequest, exchange: Exchange) -> Iterator[None]:
    """Let the app see the header fields that are meant for it, and give the middleware outside its own ones back."""
    # Changed in place, because the app and the middleware outside share what they write into META.
    meta = request.META
    given = {environ_key(name): value.decode("latin-1") for name, value in header_fields(meta)}
    wanted = {environ_key(name): value.decode("latin-1") for name, value in exchange.request_headers}
    changed = [key for key, value in given.items() if wanted.get(key) != value]
    if not changed:
        yield
        return
    original = {key: meta[key] for key in changed}
    _write_meta(request, {key: wanted.get(key) for key in changed})
    try:
        yield
    finally:
        _write_meta(request, {key: value for key, value in original.items() if key != _COOKIE_KEY})


def _write_meta(request: HttpRequest, fields: dict[str, str | None]) -> None:
    """Write header fields into META, and clear what Django has read of the old ones. None removes a field."""
    for key, value in fields.items():
        if value is None:
            del request.META[key]
        else:
            request.META[key] = value
    request.__dict__.pop("headers", None)
    if _COOKIE_KEY in fields:
        request.__dict__.pop("COOKIES", None)


def _own_response(answer: Answer) -> HttpResponseBase:
    status, headers, body = answer
    response = HttpResponse(body, status=status)
    _write_head(response, headers)
    return response


def _with_consent(response: HttpResponseBase, exchange: Exchange) -> HttpResponseBase:
    """Return the app's response with the head and the body that its visitor may get."""
    given = _head_of(response)
    exchange.start(response.status_code, given)
    head = exchange.head
    if exchange.rewrites and response.streaming:
        # A file is now read here, and not by the server.
        chunks = response.streaming_content
        rewrite = _rewritten_later if response.is_async else _rewritten
        response.streaming_content = rewrite(exchange, chunks)
    elif exchange.rewrites:
        body = response.content
        head, changed = exchange.rewrite_whole(body)
        if changed is not body:
            response.content = changed
    if head is not given:
        _write_head(response, head)
    return response


def _rewritten(exchange: Exchange, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield exchange.feed(chunk)
    yield exchange.close()


async def _rewritten_later(exchange: Exchange, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        yield exchange.feed(chunk)
    yield exchange.close()


# Django keeps the fields of a response in a mapping, and its cookies in another one.


def _head_of(response: HttpResponseBase) -> Headers:
    fields = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    return [*fields, *((b"Set-Cookie", _line_of(cookie)) for cookie in response.cookies.values())]


def _line_of(cookie: Morsel[str]) -> bytes:
    return cookie.OutputString().encode("latin-1", "replace")


def _write_head(response: HttpResponseBase, head: Headers) -> None:
    """Give the response this head. Fields and cookies that it has already stay the same objects."""
    lines = [value for name, value in head if name.lower() == _SET_COOKIE]
    fields = {
        # An `Exchange` writes the names of its own fields in lower case, as ASGI requires.
        (name.title() if name.islower() else name).decode("ascii"): value.decode("latin-1")
        for name, value in head
        if name.lower() != _SET_COOKIE
    }
    own_line = response.headers.get("Set-Cookie")  # a site may set one line so, besides its cookies
    if own_line is not None and own_line.encode("latin-1") in lines:
        lines.remove(own_line.encode("latin-1"))
        fields["Set-Cookie"] = own_line
    kept = {name.lower() for name in fields}
    for name in [name for name in response.headers if name.lower() not in kept]:
        del response.headers[name]
    for name, text in fields.items():
        if response.headers.get(name) != text:
            response.headers[name] = text
    for key, cookie in list(response.cookies.items()):
        line = _line_of(cookie)
        if line in lines:
            lines.remove(line)
        else:
            del response.cookies[key]
    for line in lines:
        added = CookieLine(line.decode("latin-1"))
        # Django has one cookie for each name, but a name may expire on several domains.
        response.cookies[added.line if added.key in response.cookies else added.key] = added


class CookieLine(Morsel[str]):
    """A cookie of a response whose `Set-Cookie` line is sent as it is.

    Its name, value and attributes can be read as those of Django's own cookies.

    Args:
        line: the value of the field. Its name need not be one that `http.cookies` allows.
    """

    def __init__(self, line: str) -> None:
        super().__init__()
        pair, *attributes = line.split("; ")
        key, _, value = pair.partition("=")
        self.__setstate__({"key": key, "value": value, "coded_value": value, "line": line})
        for attribute in attributes:
            name, _, value = attribute.partition("=")
            self[name.lower()] = value

    def OutputString(self, attrs: Container[str] | None = None) -> str:  # noqa: ARG002, N802 - as Python declares it
        """Return the line."""
        return self.line

    # Django's cache pickles responses.

    def __getstate__(self) -> dict[str, Any]:
        return {"key": self.key, "value": self.value, "coded_value": self.coded_value, "line": self.line}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[misc]  # typeshed leaves it out
        self.line: str = state["line"]
