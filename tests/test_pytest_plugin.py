"""The pytest plugin: a page that loads something from a vendor fails a test, with every client."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import django.http
import django.test
import django.urls
import pytest
from django.test.utils import override_settings
from flask import Flask, Response
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

import consent_middleware.asgi
import consent_middleware.wsgi
import tests.django_site  # noqa: F401 - it configures Django
from consent_middleware import pytest_plugin
from consent_middleware.pytest_plugin import check_pages
from tests.pages import LOADER, page

TAGGED = page(LOADER)
# The fixtures of the plugin, which this project's own tests do not load.
consent_check, consent_verify = pytest_plugin.consent_check, pytest_plugin.consent_verify


def flask_app() -> Flask:
    app = Flask("site")
    app.add_url_rule("/", "home", TAGGED.decode)
    app.add_url_rule("/stream", "stream", lambda: Response(iter([TAGGED]), mimetype="text/html"))
    app.add_url_rule("/cookie", "cookie", lambda: Response("<p>x</p>", headers={"Set-Cookie": "hubspotutk=1"}))
    return app


def starlette_app() -> Starlette:
    async def home(_: Any) -> HTMLResponse:
        return HTMLResponse(TAGGED)

    return Starlette(routes=[Route("/", home)])


def starlette_client() -> Any:
    """Return the test client of Starlette, which is FastAPI's too."""
    with warnings.catch_warnings():
        # It warns of the version of the package that it uses.
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient
    return TestClient(starlette_app())


def flask_client() -> Any:
    return flask_app().test_client()


CLIENTS: dict[str, Callable[[], Any]] = {
    "Flask's client": flask_client,
    "Starlette's client": starlette_client,
    "a Flask app": flask_app,
    "a Starlette app": starlette_app,
    "a WSGI app": lambda: flask_app().wsgi_app,
}


@pytest.mark.parametrize("name", CLIENTS)
def test_live_tag_fails_with_its_place(name: str) -> None:
    with pytest.raises(AssertionError, match=r"hubspot\.loader(.|\n)*line \d+, column \d+"):
        check_pages(CLIENTS[name](), "/")


@pytest.mark.parametrize(
    "protected",
    [
        lambda: consent_middleware.wsgi.ConsentMiddleware(flask_app().wsgi_app, contact_url="/c"),
        lambda: consent_middleware.asgi.ConsentMiddleware(starlette_app(), contact_url="/c"),
    ],
)
def test_protected_page_passes(protected: Callable[[], Any]) -> None:
    check_pages(protected())


def test_stream_and_cookies_are_read() -> None:
    client = flask_client()

    with pytest.raises(AssertionError, match=r"hubspot\.loader"):
        check_pages(client, "/stream")
    with pytest.raises(AssertionError, match="hubspotutk"):
        check_pages(client, "/cookie")


def test_other_status_fails() -> None:
    client = flask_client()

    with pytest.raises(AssertionError, match="/missing has the status 404, and not 200"):
        check_pages(client, "/missing")
    check_pages(client, "/missing", status=404)


def test_awaited_answers_are_refused() -> None:
    class Client:
        async def get(self, path: str) -> None: ...

    with pytest.raises(TypeError, match="give the app itself"):
        check_pages(Client())


@pytest.fixture
def django_client() -> Iterator[Any]:
    def home(request: Any) -> Any:
        answer = django.http.HttpResponse(b"<p>x</p>")
        answer.set_cookie("hubspotutk", "1")
        return answer

    def stream(request: Any) -> Any:
        return django.http.StreamingHttpResponse([TAGGED])

    views = [django.urls.path("", home), django.urls.path("stream", stream)]
    with override_settings(ROOT_URLCONF=tuple(views)):
        yield django.test.Client()


def test_django_client_is_read(django_client: Any) -> None:
    with pytest.raises(AssertionError, match="hubspotutk"):
        check_pages(django_client, "/")
    with pytest.raises(AssertionError, match=r"hubspot\.loader"):
        check_pages(django_client, "/stream")


def test_fixture_for_pages_is_the_check(consent_check: object) -> None:
    assert consent_check is check_pages


def test_fixture_for_chromium_writes_into_the_tests_folder(
    consent_verify: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytest_plugin, "verify_pages", lambda urls, folder, **settings: (urls, folder, settings))

    assert consent_verify("http://a/", "http://b/", wait=1) == (
        ("http://a/", "http://b/"),
        tmp_path / "verify",
        {"wait": 1},
    )


def test_entry_point_leads_to_the_plugin() -> None:
    assert "consent_middleware.pytest_plugin" in {each.value for each in entry_points(group="pytest11")}


def test_fixture_works_in_a_test_suite(tmp_path: Path) -> None:
    (tmp_path / "test_site.py").write_text(
        "PAGE = b'<script src=//js.hs-scripts.com/12345.js></script>'\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/html')])\n"
        "    return [PAGE]\n"
        "def test_page(consent_check):\n"
        "    consent_check(app, '/')\n"
    )
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:dash"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [*words, "-p", "no:cacheprovider"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "a page does not wait for consent" in done.stdout
    assert "hubspot.loader" in done.stdout
