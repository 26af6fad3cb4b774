"""The Flask extension: settings, factories, and what stands behind it."""

from __future__ import annotations

from typing import Any

import flask
import pytest

from consent_middleware import Policy, PolicyError, Purpose
from consent_middleware.flask import Consent
from consent_middleware.wsgi import PLAN_KEY
from tests.pages import BLOCKED_SCRIPT, LOADER, page


def create_app(**config: Any) -> flask.Flask:
    app = flask.Flask("site")
    app.config.update(config)

    @app.get("/")
    def home() -> bytes:
        return page(LOADER)

    @app.get("/plan")
    def plan() -> dict[str, bool]:
        return {purpose: flask.request.environ[PLAN_KEY].allows(purpose) for purpose in Purpose}

    @app.errorhandler(404)
    def missing(error: Exception) -> tuple[bytes, int]:
        return page(LOADER), 404

    return app


def test_extension_covers_error_pages_too() -> None:
    app = create_app()
    Consent(app)
    client = app.test_client()

    for path in ("/", "/missing"):
        response = client.get(path)

        assert BLOCKED_SCRIPT in response.data
        assert response.headers["Content-Length"] == str(len(response.data))


def test_settings_come_from_app_config() -> None:
    app = create_app(CONSENT_CONTACT_URL="/help", CONSENT_CONSENT_COOKIE="agreed")
    consent = Consent()
    consent.init_app(app)
    client = app.test_client()

    assert b'href="/help"' in client.get("/").data
    client.set_cookie("agreed", "functional,analytics,marketing")
    assert client.get("/").data == page(LOADER)


def test_cookie_set_by_flask_is_read() -> None:
    app = create_app(CONSENT_CONTACT_URL="/help")
    Consent(app)

    @app.get("/choose")
    def choose() -> flask.Response:
        response = flask.make_response("ok")
        response.set_cookie("consent", "functional,analytics,marketing")
        return response

    client = app.test_client()
    client.get("/choose")

    assert client.get("/").data == page(LOADER)


def test_given_policy_is_used() -> None:
    app = create_app()
    policy = Policy(contact_url="/talk")
    Consent(app, policy)

    assert b'href="/talk"' in app.test_client().get("/").data
    assert app.extensions["consent_middleware"].policy is policy
    assert app.extensions["consent_middleware"].notices.counts == {}


def test_one_extension_serves_several_apps() -> None:
    consent = Consent(policy=Policy(contact_url="/c"))
    for app in (create_app(), create_app()):
        consent.init_app(app)

        assert BLOCKED_SCRIPT in app.test_client().get("/").data


def test_app_reads_the_plan_of_its_request() -> None:
    app = create_app(CONSENT_CONTACT_URL="/c")
    Consent(app)
    client = app.test_client()
    client.set_cookie("consent_chat", "1")

    assert client.get("/plan").json == {"chat": True, "tracking": False, "embeds": False}


@pytest.mark.parametrize(
    ("number", "config", "policy"),
    [
        ("CM012", {"CONSENT_CONTACT_URL": "/a"}, Policy(contact_url="/b")),
        ("CM011", {"CONSENT_CONTACT": "/a"}, None),
        ("CM008", {"CONSENT_CONTACT_URL": "javascript:x"}, None),
    ],
)
def test_wrong_settings_raise_when_built(number: str, config: dict[str, str], policy: Policy | None) -> None:
    with pytest.raises(PolicyError, match=number):
        Consent(create_app(**config), policy)


def test_second_extension_on_one_app_raises() -> None:
    app = create_app()
    Consent(app)

    with pytest.raises(PolicyError, match="CM013"):
        Consent(app)
