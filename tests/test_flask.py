"""The Flask extension: settings, factories, and what stands behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask
import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from consent_middleware import Policy, PolicyError, Purpose
from consent_middleware.flask import Consent
from consent_middleware.wsgi import PLAN_KEY
from tests.documentation.blocks import code_of
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


def test_settings_as_keywords_are_used() -> None:
    app = create_app()
    Consent(app, contact_url="/talk")

    assert b'href="/talk"' in app.test_client().get("/").data
    with pytest.raises(PolicyError, match="CM012"):
        Consent(policy=Policy(), contact_url="/talk")
    with pytest.raises(PolicyError, match="CM012"):
        Consent(create_app(CONSENT_CONTACT_URL="/a"), contact_url="/talk")


def test_own_names_of_the_app_are_left_alone() -> None:
    app = create_app(CONSENT_CONTACT_URL="/a", CONSENT_BANNER_COLOR="red")
    Consent(app)
    other = create_app(CONSENT_COOKIE_NAME="similar to cookie_names")
    Consent(other, contact_url="/b")

    assert b'href="/a"' in app.test_client().get("/").data
    assert b'href="/b"' in other.test_client().get("/").data


def test_settings_after_the_extension_are_used() -> None:
    app = create_app(CONSENT_CONTACT_URL="/a")
    Consent(app)
    before = app.extensions["consent_middleware"]
    app.config["CONSENT_CONTACT_URL"] = "/late"

    assert b'href="/late"' in app.test_client().get("/").data
    assert app.extensions["consent_middleware"] is not before
    app.config["CONSENT_CONTACT_URL"] = "/too-late"
    assert b'href="/late"' in app.test_client().get("/").data


def test_engine_stays_if_no_setting_changes() -> None:
    app = create_app(CONSENT_CONTACT_URL="/a")
    Consent(app)
    before = app.extensions["consent_middleware"]

    app.test_client().get("/")

    assert app.extensions["consent_middleware"] is before


def test_wrong_settings_after_the_extension_raise() -> None:
    app = create_app()
    Consent(app, Policy(contact_url="/a"))
    app.config["CONSENT_CONTACT_URL"] = "/late"

    with pytest.raises(PolicyError, match="CM012"):
        app.test_client().get("/")


@pytest.mark.parametrize(
    ("vendor", "link"),
    [
        ("hubspot", '<a href="#hs-chat-open" data-consent-open class="b" aria-label="&#34;">&lt;Chat&gt;</a>'),
        ("intercom", '<button type="button" data-consent-open class="b" aria-label="&#34;">&lt;Chat&gt;</button>'),
    ],
)
def test_templates_have_plan_link_and_disclosure(vendor: str, link: str) -> None:
    app = create_app(CONSENT_CONTACT_URL="/c", CONSENT_VENDORS=[vendor])
    Consent(app)
    names = "{{ consent_plan.variant }} {{ consent_allows.chat }} {{ consent_allows.tracking }}"
    tags = "{{ consent_open_link('<Chat>', class_='b', aria_label='\"') }}{{ consent_disclosure() }}"
    app.add_url_rule("/names", "names", lambda: flask.render_template_string(names))
    app.add_url_rule("/tags", "tags", lambda: flask.render_template_string(tags))
    client = app.test_client()
    client.set_cookie("consent_chat", "1")

    assert vendor == "intercom" or client.get("/names").text == "c1t0e0 True False"
    assert client.get("/tags").text.startswith(f"{link}<section data-consent-disclosure")
    with app.app_context():
        assert flask.render_template_string("{{ consent_allows.chat }}") == "False"


def test_command_uses_the_settings_of_the_app(tmp_path: Path, capfdbinary: Any) -> None:
    app = create_app()
    Consent(app)
    app.config["CONSENT_CONSENT_COOKIE"] = "agreed"
    run = app.test_cli_runner().invoke

    explained = run(args=["consent", "explain", "--cookie", "agreed=functional", "--header", "Sec-GPC: 1"])
    assert "own cookie (agreed): analytics denied, functional granted" in explained.output
    assert "| agreed |" in run(args=["consent", "disclosure"]).output
    missing = run(args=["consent", "rewrite", str(tmp_path / "none.html")])
    assert (missing.exit_code, "none.html: No such file" in missing.output) == (1, True)
    assert run(args=["consent"]).exit_code == 2
    assert "explain" in run(args=["consent", "--help"]).output


def test_command_audits_the_pages_of_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app()
    bare = app.test_cli_runner().invoke(args=["consent", "audit", "/"])
    Consent(app)
    clean = app.test_cli_runner().invoke(args=["consent", "audit", "/"])
    protected = app.test_cli_runner().invoke(args=["consent", "audit", "/", "/none"])
    monkeypatch.setattr("consent_middleware.audit.command.find_spec", lambda _: None)
    without = app.test_cli_runner().invoke(args=["consent", "audit"])

    assert bare.exit_code == 2
    assert (clean.exit_code, "faults: 0" in clean.output) == (0, True)
    assert (protected.exit_code, "the pages are not clean" in protected.output) == (1, True)
    assert "could not be read: the answer has the status 404" in protected.output
    assert "faults: 0" in protected.output
    assert (without.exit_code, "CM100" in without.output) == (1, True)


def test_command_finds_the_policy_behind_other_middleware() -> None:
    app = create_app()
    Consent(app)
    app.config["CONSENT_CONSENT_COOKIE"] = "agreed"
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]

    assert "| agreed |" in app.test_cli_runner().invoke(args=["consent", "disclosure"]).output


def test_examples_of_the_docs_work() -> None:
    blocks = [(language, code) for language in ("python", "jinja") for code in code_of("flask.md", language)]
    for language, code in blocks:
        app = create_app()
        if language == "python":
            exec(code, {"app": app, "Consent": Consent})  # noqa: S102 - our own
        else:
            Consent(app)
            app.add_url_rule("/shown", "shown", lambda code=code: flask.render_template_string(code))
            assert 'class="button">Chat with us</a>' in app.test_client().get("/shown").text
        assert app.test_client().get("/").data.count(b'href="/contact"') == (language == "python")
    assert [language for language, _ in blocks] == ["python", "python", "jinja"]
