"""What a gateway may be given: wrong apps and policies are numbered errors at construction, odd valid apps are not."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import flask
import pytest
from asgiref.wsgi import WsgiToAsgi
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Route
from werkzeug.debug import DebuggedApplication
from whitenoise import WhiteNoise

from consent_middleware import Policy, PolicyError
from consent_middleware.arguments import is_async
from consent_middleware.asgi import ConsentMiddleware as Asgi
from consent_middleware.flask import Consent
from consent_middleware.wsgi import ConsentMiddleware as Wsgi
from tests.gateways import Request, run_asgi
from tests.pages import LOADER, page

POLICY = Policy(contact_url="/contact")


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    return []


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    pass


def plain_asgi_app(scope: Any, receive: Any, send: Any) -> Any:
    return asgi_app(scope, receive, send)


async def with_a_prefix(prefix: str, scope: Any, receive: Any, send: Any) -> None:
    pass


def make_app() -> Any:
    return wsgi_app


def hidden(*arguments: Any) -> Any:
    return None


class Response:
    """A WSGI app whose instances are responses (PEP 3333, "The Application/Framework Side")."""

    def __init__(self, environ: Any, start_response: Any) -> None:
        pass

    def __iter__(self) -> Any:
        return iter(())


class Made:
    """A class that returns an app of its own from a call."""

    def __new__(cls, *arguments: Any) -> Any:
        return list(arguments)


class MadeByItsType(type):
    """A metaclass whose classes return an app of their own from a call."""

    def __call__(cls, *arguments: Any) -> Any:
        return list(arguments)


class View(HTTPEndpoint):
    """A Starlette view as a class, which is an ASGI app by itself."""


class Called:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        pass


class Odd:
    """An app whose signature cannot be read."""

    __signature__ = "unknown"

    def __call__(self, *arguments: Any) -> Any:
        return list(arguments)


@functools.wraps(make_app)
def decorated(environ: Any, start_response: Any) -> list[bytes]:
    return []


# Made without settings, which are global.
DJANGO_WSGI = WSGIHandler.__new__(WSGIHandler)
DJANGO_ASGI = ASGIHandler.__new__(ASGIHandler)

VALID: list[tuple[type, Any]] = [
    (Wsgi, wsgi_app),
    (Wsgi, flask.Flask("a")),
    (Wsgi, flask.Flask("a").wsgi_app),
    (Wsgi, DJANGO_WSGI),
    (Wsgi, WhiteNoise(wsgi_app)),
    (Wsgi, DebuggedApplication(wsgi_app)),
    (Wsgi, Response),
    (Wsgi, Made),
    (Wsgi, MadeByItsType("A", (), {})),
    (Wsgi, hidden),
    (Wsgi, decorated),
    (Wsgi, MagicMock()),
    (Wsgi, Odd()),
    (Asgi, Odd()),
    (Wsgi, Wsgi(wsgi_app, POLICY)),
    (Asgi, asgi_app),
    (Asgi, plain_asgi_app),
    (Asgi, functools.partial(with_a_prefix, "/a")),
    (Asgi, Starlette()),
    (Asgi, FastAPI()),
    (Asgi, DJANGO_ASGI),
    (Asgi, WsgiToAsgi(wsgi_app)),
    (Asgi, View),
    (Asgi, Called()),
    (Asgi, Called().__call__),
    (Asgi, Made),
    (Asgi, hidden),
    (Asgi, MagicMock()),
    (Asgi, Asgi(asgi_app, POLICY)),
]


@pytest.mark.parametrize(("gateway", "app"), VALID, ids=lambda value: getattr(value, "__name__", type(value).__name__))
def test_valid_app_is_accepted(gateway: Any, app: Any) -> None:
    assert gateway(app, POLICY).app is app


ALONE = r"\(CM076\) the app is missing, and the policy stands in its place; write ConsentMiddleware\(app, policy\)"
#: Each wrong call, the number of its error, and what the message says.
WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "WSGI: a dict": (lambda: Wsgi(wsgi_app, {"contact_url": "/"}), r"\(CM075\) policy is a dict; write Policy\("),  # type: ignore[arg-type]
    "ASGI: a dict": (lambda: Asgi(asgi_app, {}), r"\(CM075\) policy is a dict; write Policy\("),  # type: ignore[arg-type]
    "Flask: a dict": (lambda: Consent(flask.Flask("a"), {}), r"\(CM075\) policy is a dict; write Policy\("),  # type: ignore[arg-type]
    "WSGI: the class": (lambda: Wsgi(wsgi_app, Policy), r"\(CM075\) policy is the class Policy; write Policy\("),  # type: ignore[arg-type]
    "ASGI: a path": (lambda: Asgi(asgi_app, "/contact"), r"\(CM075\) policy is a str; it must be a Policy"),  # type: ignore[arg-type]
    "Flask: false": (lambda: Consent(policy=False), r"\(CM075\) policy is a bool"),  # type: ignore[arg-type]
    "WSGI: the policy alone": (lambda: Wsgi(POLICY), ALONE),  # type: ignore[arg-type]
    "ASGI: the policy alone": (lambda: Asgi(POLICY), ALONE),  # type: ignore[arg-type]
    "ASGI: swapped": (lambda: Asgi(POLICY, asgi_app), ALONE),  # type: ignore[arg-type]
    "WSGI: swapped, the class": (lambda: Wsgi(Policy, wsgi_app), ALONE),  # type: ignore[arg-type]
    "Flask: the policy alone": (lambda: Consent(POLICY), r"\(CM076\) .*; write Consent\(app, policy\), or Consent\("),  # type: ignore[arg-type]
    "Flask: swapped": (lambda: Consent(POLICY, flask.Flask("a")), r"\(CM076\) .*; write Consent\(app, policy\)"),  # type: ignore[arg-type]
    "Flask: late": (lambda: Consent().init_app(POLICY), r"\(CM076\) .*; write Consent\(app, policy\)"),  # type: ignore[arg-type]
    "WSGI: policy and keywords": (
        lambda: Wsgi(wsgi_app, POLICY, guard="auto", cacheable=True),
        r"\(CM012\) the policy is given and also cacheable, guard; use one or the other",
    ),
    "ASGI: policy and keywords": (lambda: Asgi(asgi_app, policy=POLICY, contact_url="/"), r"\(CM012\)"),
    "Flask: policy and keywords": (lambda: Consent(None, POLICY, contact_url="/"), r"\(CM012\)"),
    "WSGI: unknown keyword": (
        lambda: Wsgi(wsgi_app, contct_url="/"),  # type: ignore[call-arg]
        r"\(CM011\) contct_url is not a setting; did you mean contact_url\?",
    ),
    "ASGI: unknown keyword": (
        lambda: Asgi(asgi_app, polcy=POLICY, language="de"),  # type: ignore[call-arg]
        r"\(CM011\) polcy is not a setting; ",
    ),
    "Flask: unknown keyword": (
        lambda: Consent(flask.Flask("a"), vendor=["hubspot"]),  # type: ignore[call-arg]
        r"\(CM011\) vendor is not a setting; did you mean vendors\?",
    ),
    "ASGI: wrong keyword": (lambda: Asgi(asgi_app, contact_url="javascript:x"), r"\(CM008\)"),
    "WSGI: None": (lambda: Wsgi(None, POLICY), r"\(CM077\) app is None, which cannot be called"),  # type: ignore[arg-type]
    "ASGI: a name": (lambda: Asgi("site:app"), r"\(CM077\) app is a str, which cannot be called"),  # type: ignore[arg-type]
    "WSGI: a module": (lambda: Wsgi(sys), r"\(CM077\) app is the module sys; pass the WSGI app in it, such as sys.app"),  # type: ignore[arg-type]
    "ASGI: a class": (lambda: Asgi(Starlette), r"\(CM077\) app is the class Starlette; pass an instance"),  # type: ignore[arg-type]
    "WSGI: a class": (lambda: Wsgi(flask.Flask), r"\(CM077\) app is the class Flask; pass an instance"),  # type: ignore[arg-type]
    "WSGI: a function that makes the app": (
        lambda: Wsgi(get_wsgi_application),
        r"\(CM077\) .*get_wsgi_application, which cannot be called with environ, .*; if it makes the app, pass what",
    ),
    "ASGI: a function that makes the app": (lambda: Asgi(make_app), r"\(CM077\) .* with scope, receive, send;"),  # type: ignore[arg-type]
    "WSGI: an entry of Django's MIDDLEWARE": (
        lambda: Wsgi(convert_exception_to_response(lambda request: None)),
        r"\(CM077\) app is the function .*, which cannot be called",
    ),
    "ASGI: an object that takes one argument": (
        lambda: Asgi(functools.partial(make_app)),
        r"\(CM077\) app is a partial, .* pass the ASGI app$",
    ),
    "WSGI: FastAPI": (
        lambda: Wsgi(FastAPI()),  # type: ignore[arg-type]
        r"\(CM078\) app is a FastAPI, which is no WSGI app but one for ASGI; use consent_middleware.asgi",
    ),
    "WSGI: Django's ASGI handler": (lambda: Wsgi(DJANGO_ASGI), r"\(CM078\) app is an ASGIHandler"),
    "WSGI: an async function": (lambda: Wsgi(asgi_app), r"\(CM078\) app is the function asgi_app"),  # type: ignore[arg-type]
    "WSGI: our ASGI gateway": (lambda: Wsgi(Asgi(asgi_app, POLICY)), r"\(CM078\)"),  # type: ignore[arg-type]
    "WSGI: three parameters": (lambda: Wsgi(plain_asgi_app), r"\(CM078\)"),  # type: ignore[arg-type]
    "ASGI: Flask": (
        lambda: Asgi(flask.Flask("a")),  # type: ignore[arg-type]
        r"\(CM078\) app is a Flask, which is no ASGI app but one for WSGI; use consent_middleware.wsgi",
    ),
    "ASGI: Django's WSGI handler": (lambda: Asgi(DJANGO_WSGI), r"\(CM078\)"),
    "ASGI: our WSGI gateway": (lambda: Asgi(Wsgi(wsgi_app, POLICY)), r"\(CM078\)"),  # type: ignore[arg-type]
    "Flask: FastAPI": (
        lambda: Consent(FastAPI()),  # type: ignore[arg-type]
        r"\(CM079\) app is of type FastAPI and no Flask app; use ConsentMiddleware",
    ),
    "Flask: our WSGI gateway": (lambda: Consent(Wsgi(flask.Flask("a"), POLICY)), r"\(CM079\)"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG)
def test_wrong_argument_is_an_error_at_once(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        call()


def test_all_wrong_arguments_are_named_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        Asgi(flask.Flask("a"), {})  # type: ignore[arg-type]

    assert caught.value.numbers == ("CM078", "CM075")
    with pytest.raises(PolicyError) as caught:
        Wsgi(None, guard="no", x=1)  # type: ignore[arg-type, call-arg]

    assert caught.value.numbers == ("CM077", "CM011", "CM040")


def test_error_does_not_show_a_value() -> None:
    with pytest.raises(PolicyError) as caught:
        Wsgi(wsgi_app, {"key": "secret"})  # type: ignore[arg-type]

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "policy",
    [
        Wsgi(wsgi_app, contact_url="/talk").engine.policy,
        Asgi(asgi_app, contact_url="/talk").engine.policy,
        Asgi(Starlette(), contact_url="/talk").engine.policy,
    ],
)
def test_keywords_are_the_settings_of_the_policy(policy: Policy) -> None:
    assert policy.contact_url == "/talk"


@pytest.mark.parametrize("framework", [Starlette, FastAPI])
def test_keywords_reach_added_middleware(framework: Any) -> None:
    async def home(request: Any) -> HTMLResponse:
        return HTMLResponse(page(LOADER))

    late = framework(routes=[Route("/", home)])
    late.add_middleware(Asgi, contact_url="/talk")
    early = framework(routes=[Route("/", home)], middleware=[Middleware(Asgi, contact_url="/talk")])

    for app in (late, early):
        assert b'href="/talk"' in run_asgi(app, Request()).body


async def test_wrong_policy_added_to_starlette_raises_at_start() -> None:
    app = Starlette()
    app.add_middleware(Asgi, {"contact_url": "/contact"})  # type: ignore[arg-type]

    with pytest.raises(PolicyError, match="CM075"):
        await app({"type": "lifespan"}, None, None)  # type: ignore[arg-type]


def test_extension_accepts_a_proxy_of_the_app() -> None:
    app = flask.Flask("a")

    with app.app_context():
        Consent(flask.current_app, POLICY)

    assert isinstance(app.wsgi_app, Wsgi)


@pytest.mark.parametrize(
    ("function", "expected"),
    [(asgi_app, True), (Called(), True), (functools.partial(asgi_app), True), (wsgi_app, False), (None, False)],
)
def test_is_async_sees_through_partials_and_objects(function: object, expected: bool) -> None:
    assert is_async(function) is expected
