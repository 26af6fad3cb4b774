"""The middleware among others: frameworks around and inside it, compressors, static files, mounts, validators.

Every stack serves `/page` (a page with the tag), `/stream` (the same in pieces), `/json` and `/away` (a redirect), with
the vendor's cookie set on each, and some serve `/static/a.css`.
"""

from __future__ import annotations

import gzip
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from asgiref.wsgi import WsgiToAsgi
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.lint import LintMiddleware
from whitenoise import WhiteNoise

from consent_middleware import Policy
from consent_middleware.asgi import ConsentMiddleware as Asgi
from consent_middleware.flask import Consent
from consent_middleware.wsgi import ConsentMiddleware as Wsgi
from tests import django_site
from tests.gateways import Request, Result, run_asgi, run_wsgi
from tests.pages import BLOCKED_LOADER, LOADER, page

POLICY = Policy(contact_url="/contact", guard="auto")
BIG = page(b"<p>words and words, enough of them for a compressor</p>\n" * 100 + LOADER)
HELD = BIG.replace(LOADER, BLOCKED_LOADER)
STYLE = b"a { color: red }\n" * 100
COOKIE = "__hstc=1; Path=/"
FULL = "consent=functional,analytics,marketing"


def pieces() -> Iterator[bytes]:
    for at in range(0, len(BIG), 700):
        yield BIG[at : at + 700]


async def later() -> AsyncIterator[bytes]:
    for piece in pieces():
        yield piece


# One site for each framework


def django_urls() -> list[Any]:
    from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
    from django.urls import path

    def baked(response: Any) -> Any:
        response["Set-Cookie"] = COOKIE
        return response

    return [
        path("page", lambda request: baked(HttpResponse(BIG))),
        path(
            "stream", lambda request: baked(StreamingHttpResponse(later() if hasattr(request, "scope") else pieces()))
        ),
        path("json", lambda request: baked(JsonResponse({"a": "<script>"}))),
        path("away", lambda request: baked(HttpResponseRedirect("/page"))),
    ]


def django_wsgi(*middleware: str, **changed: Any) -> Any:
    return django_site.wsgi_site(django_urls(), MIDDLEWARE=middleware, **changed)


def django_asgi(*middleware: str, **changed: Any) -> Any:
    return django_site.asgi_site(django_urls(), MIDDLEWARE=middleware, **changed)


def protected_django(make: Any, *behind: str, in_front: tuple[str, ...] = (), **changed: Any) -> Any:
    """Return a Django site with our middleware in MIDDLEWARE."""
    return make(*in_front, django_site.MIDDLEWARE, *behind, CONSENT=POLICY, **changed)


def whitenoise_settings(folder: Path) -> dict[str, Any]:
    return {"STATIC_URL": "/static/", "STATIC_ROOT": str(folder), "WHITENOISE_AUTOREFRESH": True}


DJANGO_GZIP = "django.middleware.gzip.GZipMiddleware"
DJANGO_WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
#: The middleware of a new project, and what many sites add.
USUAL = (
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)


def blueprint() -> flask.Blueprint:
    blue = flask.Blueprint("blue", __name__)

    def baked(response: flask.Response) -> flask.Response:
        response.headers["Set-Cookie"] = COOKIE
        return response

    blue.add_url_rule("/page", "page", lambda: baked(flask.Response(BIG)))
    blue.add_url_rule("/stream", "stream", lambda: baked(flask.Response(pieces())))
    blue.add_url_rule("/json", "json", lambda: baked(flask.jsonify(a="<script>")))
    blue.add_url_rule("/away", "away", lambda: baked(flask.redirect("http://localhost/page")))  # type: ignore[arg-type]
    return blue


def flask_app(prefix: str = "") -> flask.Flask:
    app = flask.Flask(__name__)
    app.register_blueprint(blueprint(), url_prefix=prefix)
    return app


def passed_on(app: Any) -> BaseHTTPMiddleware:
    async def dispatch(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    return BaseHTTPMiddleware(app, dispatch=dispatch)


def routes() -> list[Route]:
    head = {"Set-Cookie": COOKIE}
    done: list[str] = []

    async def html(request: Any) -> Response:
        return HTMLResponse(BIG, headers=head, background=BackgroundTask(done.append, "page"))

    async def stream(request: Any) -> Response:
        return StreamingResponse(pieces(), media_type="text/html", headers=head)

    async def json(request: Any) -> Response:
        return JSONResponse({"a": "<script>"}, headers=head)

    async def away(request: Any) -> Response:
        return RedirectResponse("/page", headers=head)

    return [Route("/page", html), Route("/stream", stream), Route("/json", json), Route("/away", away)]


def starlette_app() -> Starlette:
    return Starlette(routes=routes())


def fastapi_app() -> FastAPI:
    app = FastAPI()

    @app.get("/page", response_class=HTMLResponse)
    def html(response: Response) -> HTMLResponse:
        return HTMLResponse(BIG, headers={"Set-Cookie": COOKIE})

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(pieces(), media_type="text/html", headers={"Set-Cookie": COOKIE})

    @app.get("/json")
    async def json(response: Response) -> dict[str, str]:
        response.headers["Set-Cookie"] = COOKIE
        return {"a": "<script>"}

    @app.get("/away")
    async def away() -> RedirectResponse:
        return RedirectResponse("/page", headers={"Set-Cookie": COOKIE})

    return app


def protected_flask(prefix: str = "") -> flask.Flask:
    app = flask_app(prefix)
    Consent(app, POLICY)
    return app


def added(app: Any) -> Any:
    app.add_middleware(Asgi, policy=POLICY)
    return app


def with_static(app: Any, folder: Path) -> Any:
    return WhiteNoise(app, root=str(folder), prefix="static/")


def starlette_with_static(folder: Path) -> Starlette:
    return Starlette(routes=[Mount("/static", StaticFiles(directory=folder)), *routes()])


def nowhere(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError("nobody asks for this")


#: By name: a function that builds the stack for a folder of static files, and the prefix of the site.
STACKS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "Django over WSGI": (lambda folder: Wsgi(django_wsgi(), POLICY), ""),
    "Django over ASGI": (lambda folder: Asgi(django_asgi(), POLICY), ""),
    "Django's MIDDLEWARE over WSGI": (lambda folder: protected_django(django_wsgi, *USUAL), ""),
    "Django's MIDDLEWARE over ASGI": (lambda folder: protected_django(django_asgi, *USUAL), ""),
    "Django's MIDDLEWARE at the end": (lambda folder: protected_django(django_wsgi, in_front=USUAL), ""),
    "Django's MIDDLEWARE at the end, over ASGI": (lambda folder: protected_django(django_asgi, in_front=USUAL), ""),
    "Django's MIDDLEWARE twice": (lambda folder: protected_django(django_wsgi, django_site.MIDDLEWARE), ""),
    "Django's MIDDLEWARE behind our WSGI gateway": (lambda folder: Wsgi(protected_django(django_wsgi), POLICY), ""),
    "Django's MIDDLEWARE behind our ASGI gateway": (lambda folder: Asgi(protected_django(django_asgi), POLICY), ""),
    "Django's GZipMiddleware in front": (lambda folder: protected_django(django_wsgi, in_front=(DJANGO_GZIP,)), ""),
    "Django's GZipMiddleware in front, over ASGI": (
        lambda folder: protected_django(django_asgi, in_front=(DJANGO_GZIP,)),
        "",
    ),
    "Django's GZipMiddleware behind": (lambda folder: protected_django(django_wsgi, DJANGO_GZIP), ""),
    "Django's GZipMiddleware behind, over ASGI": (lambda folder: protected_django(django_asgi, DJANGO_GZIP), ""),
    "Django with WhiteNoise behind": (
        lambda folder: protected_django(django_wsgi, DJANGO_WHITENOISE, **whitenoise_settings(folder)),
        "",
    ),
    "Django with WhiteNoise in front": (
        lambda folder: protected_django(django_wsgi, in_front=(DJANGO_WHITENOISE,), **whitenoise_settings(folder)),
        "",
    ),
    "a Flask blueprint with a prefix": (lambda folder: protected_flask("/blue"), "/blue"),
    "Flask below a dispatcher": (lambda folder: DispatcherMiddleware(nowhere, {"/shop": protected_flask()}), "/shop"),
    "Flask, validated by Werkzeug inside and outside": (
        lambda folder: LintMiddleware(Wsgi(LintMiddleware(flask_app()), POLICY)),
        "",
    ),
    "Flask under ASGI, behind our ASGI gateway": (lambda folder: Asgi(WsgiToAsgi(flask_app()), POLICY), ""),
    "Flask behind our WSGI gateway, under ASGI": (lambda folder: WsgiToAsgi(Wsgi(flask_app(), POLICY)), ""),
    "WhiteNoise inside": (lambda folder: Wsgi(with_static(flask_app(), folder), POLICY), ""),
    "WhiteNoise outside": (lambda folder: with_static(Wsgi(flask_app(), POLICY), folder), ""),
    "FastAPI": (lambda folder: added(fastapi_app()), ""),
    "Starlette with static files": (lambda folder: added(starlette_with_static(folder)), ""),
    "inside a Starlette mount": (
        lambda folder: Starlette(routes=[Mount("/shop", Asgi(starlette_app(), POLICY))]),
        "/shop",
    ),
    "around a Starlette mount": (lambda folder: added(Starlette(routes=[Mount("/shop", starlette_app())])), "/shop"),
    "GZipMiddleware inside": (lambda folder: Asgi(GZipMiddleware(starlette_app()), POLICY), ""),
    "GZipMiddleware outside": (lambda folder: GZipMiddleware(Asgi(starlette_app(), POLICY)), ""),
    "GZipMiddleware inside and outside": (
        lambda folder: GZipMiddleware(Asgi(GZipMiddleware(starlette_app()), POLICY)),
        "",
    ),
    "BaseHTTPMiddleware inside": (lambda folder: Asgi(passed_on(starlette_app()), POLICY), ""),
    "BaseHTTPMiddleware outside": (lambda folder: passed_on(Asgi(starlette_app(), POLICY)), ""),
    "another instance inside": (lambda folder: Asgi(Asgi(starlette_app(), POLICY), POLICY), ""),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.css").write_bytes(STYLE)
    return tmp_path


def ask(app: Any, path: str, *headers: tuple[str, str], method: str = "GET") -> Result:
    is_asgi = isinstance(app, Starlette | Asgi | BaseHTTPMiddleware | GZipMiddleware | WsgiToAsgi)
    is_asgi = is_asgi or inspect.iscoroutinefunction(app)
    result = (run_asgi if is_asgi else run_wsgi)(app, Request(method, path, list(headers)))
    if result.all("content-encoding") == ["gzip"] and method != "HEAD":
        return Result(result.status, result.headers, gzip.decompress(result.body))
    return result


@pytest.mark.parametrize("offered", ["gzip", "identity"])
@pytest.mark.parametrize("path", ["/page", "/stream"])
@pytest.mark.parametrize(("make", "prefix"), STACKS.values(), ids=STACKS)
def test_page_is_rewritten_and_its_script_is_served(
    make: Callable[[Path], Any], prefix: str, path: str, offered: str, folder: Path
) -> None:
    app = make(folder)

    result = ask(app, prefix + path, ("Accept-Encoding", offered))

    markup = result.body.partition(b"<aside")
    assert (markup[0] + b"</body>\n</html>\n") == HELD
    assert result.body.count(b"<aside") == 1
    assert {"Cookie", "Sec-GPC"} <= {name.strip() for line in result.all("vary") for name in line.split(",")}
    assert not result.all("set-cookie")
    assert offered != "identity" or not result.all("content-encoding")
    src = result.body.partition(b'<script src="')[2].partition(b'"')[0].decode()
    script = ask(app, src)
    assert script.status == 200
    assert script.all("content-type") == ["text/javascript; charset=utf-8"]


@pytest.mark.parametrize(("make", "prefix"), STACKS.values(), ids=STACKS)
def test_with_consent_everything_is_the_site_s(make: Callable[[Path], Any], prefix: str, folder: Path) -> None:
    result = ask(make(folder), prefix + "/page", ("Cookie", FULL))

    assert result.body == BIG
    assert result.all("set-cookie") == [COOKIE]


@pytest.mark.parametrize(("make", "prefix"), STACKS.values(), ids=STACKS)
def test_other_responses_have_cookies_filtered(make: Callable[[Path], Any], prefix: str, folder: Path) -> None:
    app = make(folder)
    json, away = ask(app, prefix + "/json"), ask(app, prefix + "/away")

    assert json.body.replace(b" ", b"").strip() in {b'{"a":"<script>"}', b'{"a":"\\u003cscript\\u003e"}'}
    assert not json.all("set-cookie")
    assert away.status in {302, 307}
    assert not away.all("set-cookie")


@pytest.mark.parametrize(("cookie", "added"), [("", True), (FULL, False)], ids=["blocked", "allowed"])
def test_page_through_other_middleware_has_its_length(cookie: str, added: bool, folder: Path) -> None:
    result = ask(STACKS["BaseHTTPMiddleware inside"][0](folder), "/page", ("Cookie", cookie))

    assert result.all("content-length") == [str(len(result.body))]
    assert (len(result.body) > len(BIG)) is added


#: Stacks whose response to HEAD is no page, with and without the middleware.
NO_HEAD = {
    "FastAPI": "a route for GET answers HEAD with 405",
    "Flask, validated by Werkzeug inside and outside": "the validator takes a length without a body for a fault",
}


@pytest.mark.parametrize("name", sorted(STACKS.keys() - NO_HEAD))
def test_head_has_the_page_s_head(name: str, folder: Path) -> None:
    make, prefix = STACKS[name]
    app = make(folder)

    get, head = ask(app, prefix + "/page"), ask(app, prefix + "/page", method="HEAD")

    assert head.status == 200
    assert head.all("vary") == get.all("vary")
    assert head.all("content-length") in ([], get.all("content-length"))


@pytest.mark.parametrize(
    "name",
    [
        "WhiteNoise inside",
        "WhiteNoise outside",
        "Starlette with static files",
        "Django with WhiteNoise behind",
        "Django with WhiteNoise in front",
    ],
)
def test_static_files_keep_their_caching_and_ranges(name: str, folder: Path) -> None:
    app = STACKS[name][0](folder)

    whole = ask(app, "/static/a.css")
    part = ask(app, "/static/a.css", ("Range", "bytes=2-5"))
    known = ("If-Modified-Since", whole.all("last-modified")[0])

    assert whole.body == STYLE
    assert whole.all("vary") in ([], ["Accept-Encoding"])
    assert (part.status, part.body) == (206, STYLE[2:6])
    assert ask(app, "/static/a.css", known).status == 304


def test_file_response_of_html_is_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(BIG)

    async def view(request: Any) -> Response:
        return FileResponse(path)

    app = added(Starlette(routes=[Route("/page", view)]))

    result = run_asgi(app, Request(path="/page"))
    by_path = run_asgi(app, Request(path="/page"), extensions={"http.response.pathsend": {}})

    assert BLOCKED_LOADER in result.body
    assert BLOCKED_LOADER in by_path.body
    assert not result.all("last-modified")


def test_background_tasks_run_after_the_page() -> None:
    order: list[str] = []

    async def view(request: Any) -> Response:
        return HTMLResponse(BIG, background=BackgroundTask(order.append, "task"))

    result = run_asgi(added(Starlette(routes=[Route("/page", view)])), Request(path="/page"))

    assert BLOCKED_LOADER in result.body
    assert order == ["task"]
