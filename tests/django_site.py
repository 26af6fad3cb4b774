"""Django, configured once for all tests of one process, and sites made of a few views."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test.utils import override_settings
from django.urls import re_path

if TYPE_CHECKING:
    from tests.gateways import Reply

MIDDLEWARE = "consent_middleware.django.ConsentMiddleware"

if not settings.configured:
    settings.configure(
        SECRET_KEY="tests",
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["django.contrib.sessions", "consent_middleware.django"],
        MIDDLEWARE=[],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": False,
                "OPTIONS": {"context_processors": ["consent_middleware.django.context_processors.consent"]},
            }
        ],
        USE_TZ=True,
    )
    django.setup()


def wsgi_site(views: Sequence[Any], **changed: Any) -> Any:
    """Return a WSGI app: a Django site with these URL patterns, under changed settings."""
    with override_settings(ROOT_URLCONF=tuple(views), **changed):
        handler = WSGIHandler()

    def app(environ: Any, start_response: Any) -> Any:
        with override_settings(ROOT_URLCONF=tuple(views), **changed):
            return handler(environ, start_response)

    return app


def asgi_site(views: Sequence[Any], **changed: Any) -> Any:
    """Return an ASGI app: a Django site with these URL patterns, under changed settings."""
    with override_settings(ROOT_URLCONF=tuple(views), **changed):
        handler = ASGIHandler()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        with override_settings(ROOT_URLCONF=tuple(views), **changed):
            await handler(scope, receive, send)

    return app


class RawCookie:
    """A cookie of a response, as the line that is sent."""

    def __init__(self, line: str) -> None:
        self.line = line

    def output(self, header: str = "") -> str:
        return f"{header} {self.line}"

    def OutputString(self) -> str:  # noqa: N802 - the name is Python's
        return self.line


def response_for(reply: Reply, *, later: bool) -> Any:
    """Return a reply as a response of Django's. A body that is not one chunk with a length streams.

    Args:
        reply: the reply.
        later: whether it streams from an asynchronous iterator.
    """
    response: Any
    if reply.length and len(reply.chunks) == 1:
        response = HttpResponse(reply.chunks[0], status=reply.status)
    else:
        response = StreamingHttpResponse(_later(reply.chunks) if later else iter(reply.chunks), status=reply.status)
    del response.headers["Content-Type"]
    for index, (name, value) in enumerate(reply.all_headers):
        if name == "Set-Cookie":
            dict.__setitem__(response.cookies, str(index), RawCookie(value))
        else:
            # Django has one line for each field (RFC 9110, section 5.3, allows joining them).
            response.headers[name] = f"{response.headers[name]}, {value}" if name in response.headers else value
    return response


def views_for(reply: Reply) -> list[Any]:
    """Return the URL patterns of a site that gives one reply to every request."""

    def view(request: HttpRequest) -> Any:
        return response_for(reply, later=False)

    return [re_path("", view)]


def later_views_for(reply: Reply) -> list[Any]:
    """Return the same with an asynchronous view."""

    async def view(request: HttpRequest) -> Any:
        return response_for(reply, later=True)

    return [re_path("", view)]


async def _later(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
