"""`--policy` and `--app`: where the site's own policy is looked for, and what is said if it is not there."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount

import consent_middleware.asgi
import consent_middleware.wsgi
from consent_middleware import Policy, find_policy
from consent_middleware.commands.main import main
from consent_middleware.flask import Consent
from tests import django_site

POLICY = Policy(contact_url="/help", consent_cookie="ours")


class Site(types.ModuleType):
    """A module of a site."""

    def __init__(self, **content: object) -> None:
        super().__init__("made_up_site")
        vars(self).update(content)


@pytest.fixture(name="site")
def site_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    path = list(sys.path)

    def make(**content: object) -> None:
        monkeypatch.setitem(sys.modules, "made_up_site", Site(**content))

    yield make
    sys.path[:] = path


Found = Callable[..., tuple[int, str]]


@pytest.fixture(name="run")
def run_fixture(capsys: pytest.CaptureFixture[str]) -> Found:
    def run(*arguments: str) -> tuple[int, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run


def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return []


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def outside(app: Any) -> Any:
    """Return a function around an app, as a site's own middleware may be."""

    def wrapped(environ: Any, start_response: Any) -> Any:
        return app(environ, start_response) if environ else later

    if app is None:
        later = app  # never runs, so the variable has no value
    return wrapped


class Router:
    """An app that passes requests on by their protocol, as Channels does."""

    def __init__(self, app: Any) -> None:
        self.application_mapping = {"http": app}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Do nothing."""


def flask_app(**config: object) -> flask.Flask:
    app = flask.Flask("app")
    Consent(app)
    app.config.update(config)
    return app


def starlette_app(cls: type[Starlette] = Starlette, **kwargs: Any) -> Starlette:
    app = cls()
    app.add_middleware(consent_middleware.asgi.ConsentMiddleware, **kwargs)
    app.add_middleware(GZipMiddleware)
    return app


def built_starlette_app() -> Starlette:
    app = starlette_app(policy=POLICY)
    app.middleware_stack = app.build_middleware_stack()
    app.user_middleware = []
    return app


def policy_function() -> Policy:
    return POLICY


APPS = {
    "wsgi": lambda: consent_middleware.wsgi.ConsentMiddleware(wsgi_app, POLICY),
    "asgi": lambda: consent_middleware.asgi.ConsentMiddleware(asgi_app, POLICY),
    "behind a function": lambda: outside(consent_middleware.wsgi.ConsentMiddleware(wsgi_app, POLICY)),
    "behind a partial": lambda: functools.partial(consent_middleware.wsgi.ConsentMiddleware(wsgi_app, POLICY)),
    "its bound method": lambda: consent_middleware.wsgi.ConsentMiddleware(wsgi_app, POLICY).__call__,
    "behind a protocol router": lambda: Router(consent_middleware.asgi.ConsentMiddleware(asgi_app, POLICY)),
    "flask with late settings": lambda: flask_app(CONSENT_CONSENT_COOKIE="ours"),
    "starlette before its first request": lambda: starlette_app(policy=POLICY),
    "starlette with its stack built": built_starlette_app,
    "fastapi": lambda: starlette_app(FastAPI, policy=POLICY),
    "mounted in starlette": lambda: Starlette(
        routes=[Mount("/shop", app=consent_middleware.asgi.ConsentMiddleware(asgi_app, POLICY))]
    ),
    "a function that makes the app": lambda: lambda: flask_app(CONSENT_CONSENT_COOKIE="ours"),
}


@pytest.mark.parametrize("kind", APPS)
def test_policy_is_found_in_the_app(kind: str, site: Callable[..., None], run: Found) -> None:
    site(application=APPS[kind]())

    status, said = run("explain", "--app", "made_up_site:application", "--cookie", "ours=functional")

    assert (status, said.splitlines()[0].partition(":")[0]) == (0, "own cookie (ours)")


@pytest.mark.parametrize("content", [{"policy": POLICY}, {"policy": policy_function}], ids=["object", "function"])
def test_policy_is_found_by_its_name(content: dict[str, object], site: Callable[..., None], run: Found) -> None:
    site(**content)

    status, said = run("explain", "--policy", "made_up_site:policy", "--cookie", "ours=functional")

    assert (status, said.splitlines()[0].partition(":")[0]) == (0, "own cookie (ours)")


def test_attributes_of_attributes_are_found(site: Callable[..., None], run: Found) -> None:
    site(settings=types.SimpleNamespace(consent=POLICY))

    assert run("explain", "--policy", "made_up_site:settings.consent")[0] == 0


def test_starlette_without_policy_has_the_default(site: Callable[..., None], run: Found) -> None:
    site(application=starlette_app())

    assert run("explain", "--app", "made_up_site:application")[0] == 0


def test_django_policy_is_found_in_its_settings(site: Callable[..., None], run: Found) -> None:
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import override_settings

    with override_settings(
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", django_site.MIDDLEWARE], CONSENT=POLICY
    ):
        site(application=outside(WSGIHandler()))
        status, said = run("explain", "--app", "made_up_site:application", "--cookie", "ours=functional")
    with override_settings(MIDDLEWARE=["django.middleware.common.CommonMiddleware"], CONSENT=POLICY):
        site(application=WSGIHandler())
        without, why = run("explain", "--app", "made_up_site:application")

    assert (status, said.splitlines()[0].partition(":")[0]) == (0, "own cookie (ours)")
    assert without == 2
    assert "a django.core.handlers.wsgi.WSGIHandler" in why


def test_django_site_is_found_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "shop_settings.py").write_text(
        f"MIDDLEWARE = [{django_site.MIDDLEWARE!r}]\nCONSENT = {{'contact_url': '/c', 'consent_cookie': 'ours'}}\n",
        "utf-8",
    )
    (tmp_path / "shop_wsgi.py").write_text(
        "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n", "utf-8"
    )
    command = [sys.executable, "-m", "consent_middleware", "explain", "--app", "shop_wsgi:application"]
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}

    def run(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, "--cookie", "ours=functional"],
            cwd=tmp_path,
            env={**variables, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    found, without = run(DJANGO_SETTINGS_MODULE="shop_settings"), run(DJANGO_SETTINGS_MODULE="")

    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("own cookie (ours):")
    assert without.returncode == 2
    assert "ImproperlyConfigured" in without.stderr
    assert "Traceback" not in without.stderr


def fails() -> None:
    raise RuntimeError("no database")


@pytest.mark.parametrize(
    ("place", "numbers", "words"),
    [
        ("made_up_site", "CM095", "write module:name"),
        ("made up:x", "CM095", "write module:name"),
        ("no_such_site:app", "CM095", "ModuleNotFoundError"),
        ("made_up_site:nothing", "CM095", "made_up_site has no nothing; it has number, many"),
        ("made_up_site:number.x", "CM095", "made_up_site.number has no x; it has no public names"),
        ("made_up_site:number", "CM096", "made_up_site:number is an int"),
        ("made_up_site:fails", "CM096", "raised RuntimeError: no database"),
        ("made_up_site:application", "CM096", "use --app"),
        ("made_up_site:types", "CM096", "the module types"),
    ],
)
def test_wrong_policy_says_what_was_found(
    place: str, numbers: str, words: str, site: Callable[..., None], run: Found
) -> None:
    application = consent_middleware.wsgi.ConsentMiddleware(wsgi_app)
    site(number=3, many=4, fails=fails, application=application, types=types)

    status, said = run("explain", "--policy", place)

    assert status == 2
    assert numbers in said
    assert words in said


@pytest.mark.parametrize(
    ("place", "number", "words"),
    [
        ("made_up_site:policy", "CM096", "use --policy made_up_site:policy"),
        ("made_up_site:app", "CM097", "Looked for it in: a starlette.applications.Starlette"),
        ("made_up_site:function", "CM097", "the function tests.test_site_policy.wsgi_app"),
        ("made_up_site:cls", "CM097", "the class tests.test_site_policy.Router"),
    ],
)
def test_app_without_middleware_says_where_it_looked(
    place: str, number: str, words: str, site: Callable[..., None], run: Found
) -> None:
    site(policy=POLICY, app=Starlette(), function=wsgi_app, cls=Router)

    status, said = run("disclosure", "--app", place)

    assert status == 2
    assert number in said
    assert words in said


def test_many_names_of_a_module_are_cut(site: Callable[..., None], run: Found) -> None:
    site(**{f"name_{number}": number for number in range(30)})

    assert "name_19, …" in run("explain", "--app", "made_up_site:x")[1]


def test_module_is_found_in_the_current_folder(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, site: Callable[..., None], run: Found
) -> None:
    (tmp_path / "site_of_this_folder.py").write_text("from consent_middleware import Policy\np = Policy()\n", "utf-8")
    monkeypatch.chdir(tmp_path)

    assert run("explain", "--policy", "site_of_this_folder:p")[0] == 0
    del sys.modules["site_of_this_folder"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("explain", "--regime", "opt-out"), "--regime and --policy"),
        (("rewrite", "--contact-url", "/x"), "--contact-url and --policy"),
        (("disclosure", "--vendor", "hubspot"), "--vendor and --policy"),
    ],
)
def test_settings_beside_a_policy_are_an_error(
    arguments: tuple[str, ...], words: str, site: Callable[..., None], run: Found
) -> None:
    site(policy=POLICY)

    status, said = run(*arguments, "--policy", "made_up_site:policy")

    assert status == 2
    assert f"(CM098) {words} are both given" in said


def test_policy_and_app_together_are_a_usage_error() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explain", "--policy", "a:b", "--app", "a:b"])

    assert caught.value.code == 2


def test_app_that_refers_to_itself_ends() -> None:
    app = Router(None)
    app.application_mapping["http"] = app

    assert find_policy._policy_of(app) is None
