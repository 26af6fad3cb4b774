"""The site of Pyramid, apart from the others because of its warnings."""

from __future__ import annotations

import warnings

from consent_middleware import wsgi

from .site import COOKIES, PAGE, PageFailedError, chunks

with warnings.catch_warnings():
    # Pyramid and WebOb import `pkg_resources` and `cgi`, which are deprecated.
    warnings.simplefilter("ignore")
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


def home(request: Request) -> Response:
    return Response(PAGE)


def stream(request: Request) -> Response:
    return Response(app_iter=chunks())


def cookies(request: Request) -> Response:
    response = Response(PAGE)
    for name, value in COOKIES.items():
        response.set_cookie(name, value)
    return response


def plan(request: Request) -> Response:
    return Response(wsgi.plan_of(request.environ).variant)


def error(request: Request) -> Response:
    raise PageFailedError


def missing(request: Request) -> Response:
    return Response(PAGE, status=404)


def failed(error: Exception, request: Request) -> Response:
    return Response(PAGE, status=500)


def pyramid_site() -> wsgi.ConsentMiddleware:
    config = Configurator()
    views = {"": home, "stream": stream, "cookies": cookies}
    for path, view in {**views, "plan": plan, "error": error}.items():
        config.add_route(path or "home", f"/{path}")
        config.add_view(view, route_name=path or "home")
    config.add_notfound_view(missing)
    config.add_exception_view(failed)
    return wsgi.ConsentMiddleware(config.make_wsgi_app(), contact_url="/contact")
