"""Settings from environment variables: how each form is written, what is an error, and what is left alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from consent_middleware import Policy, PolicyError
from consent_middleware.checks import Form
from consent_middleware.environment import settings_from_environ
from consent_middleware.settings import SETTINGS

PAGE = (Path(__file__).parents[1] / "docs" / "environment.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("contact_url", "/contact", "/contact"),
        ("contact_url", ' {"en": "/contact", "de": "/kontakt"} ', {"en": "/contact", "de": "/kontakt"}),
        ("path", " /_chat\n", "/_chat"),
        ("guard", "auto", "auto"),
        ("language", "de", "de"),
        ("cacheable", "true", True),
        ("cacheable", "Yes", True),
        ("cacheable", "1", True),
        ("click_after_refusal", "off", False),
        ("max_age_days", "180", 180),
        ("max_age_days", "0.5", 0.5),
        ("vendors", "hubspot, intercom", ["hubspot", "intercom"]),
        ("vendors", '["intercom"]', ["intercom"]),
        ("ignore", "[]", []),
        ("chat_pages", "/,/support/*,", ["/", "/support/*"]),
        ("chat_accounts", "[12345]", [12345]),
        ("requires", '{"chat": ["marketing"]}', {"chat": ["marketing"]}),
        ("limits", '{"cache_bytes": 0}', {"cache_bytes": 0}),
        ("texts", '{"button": "Ask us"}', {"button": "Ask us"}),
        ("mapping", '{"klaro": {"crm": "marketing"}}', {"klaro": {"crm": "marketing"}}),
    ],
)
def test_text_is_read_as_its_setting_is_declared(name: str, text: str, value: object) -> None:
    variables = {f"CONSENT_{name.upper()}": text}

    assert settings_from_environ(variables, "CONSENT_", {}) == {name: value}
    assert getattr(Policy.from_environ(variables), name) == getattr(Policy(**{name: value}), name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("cacheable", "maybe", "true or false"),
        ("max_age_days", "a year", "a number"),
        ("limits", "cache_bytes=0", "a mapping in JSON"),
        ("limits", "[1]", "a mapping in JSON"),
        ("chat_accounts", "[1", "a list, separated by commas or in JSON"),
        ("contact_url", "{de}", "the text itself, or a mapping in JSON"),
    ],
)
def test_text_of_another_form_is_an_error(name: str, text: str, form: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_environ({f"CONSENT_{name.upper()}": text})

    assert str(caught.value) == f"(CM085) CONSENT_{name.upper()} is {text!r}; it must be written as {form}"


def test_all_variables_that_are_wrong_are_named() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_environ({"CONSENT_CHAT_WHEN": "shop.open", "CONSENT_SOURCES": "a", "CONSENT_CACHEABLE": "2"})

    assert sorted(caught.value.numbers) == ["CM085", "CM086", "CM086"]
    assert "give it in code: Policy.from_environ(chat_when=…)" in str(caught.value)


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.check.form is Form.NONE])
def test_callables_are_given_in_code(name: str) -> None:
    value: Any = [lambda signals: ()] if name == "sources" else lambda signals: True

    policy = Policy.from_environ({"CONSENT_LANGUAGE": "de"}, **{name: value})

    assert policy.language == "de"
    assert getattr(policy, name) in (value, tuple(value) if name == "sources" else None)


def test_setting_in_code_and_environment_is_an_error() -> None:
    with pytest.raises(PolicyError, match=r"\(CM012\) CONSENT_LANGUAGE is set and also language in code"):
        Policy.from_environ({"CONSENT_LANGUAGE": "de"}, language="fr")


@pytest.mark.parametrize(
    "variables",
    [
        {"CONSENT_LANGUAGE": "", "CONSENT_CACHEABLE": " "},
        {"CONSENT_BANNER_COLOR": "red", "CONSENT_SERVICE_HOST": "10.0.0.1", "PATH": "/bin", "CONSENT_CONTACT": ""},
    ],
)
def test_empty_and_other_variables_are_left_alone(variables: Mapping[str, str]) -> None:
    assert settings_from_environ(variables, "CONSENT_", {}) == {}


def test_similar_variable_is_an_error() -> None:
    with pytest.raises(PolicyError, match=r"\(CM011\) SHOP_LANGUAG is not a setting; did you mean SHOP_LANGUAGE\?"):
        Policy.from_environ({"SHOP_LANGUAG": "de"}, "SHOP_")


def test_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSENT_CONTACT_URL", "/talk")

    assert Policy.from_environ().contact_url == "/talk"


def test_page_shows_variables_that_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.search(r"```sh\n(.+?)```", PAGE, re.DOTALL)
    code = re.search(r"```python\n(.+?)```", PAGE, re.DOTALL)
    assert shown
    assert code
    for line in shown[1].splitlines():
        name, _, text = line.partition("=")
        monkeypatch.setenv(name, text.strip("'"))
    names: dict[str, Any] = {"app": lambda environ, start_response: []}

    exec(code[1], names)  # noqa: S102 - the page's own code

    policy = names["app"].engine.policy
    assert policy.contact_url == "/contact"
    assert [vendor.id for vendor in policy.vendors] == ["hubspot", "intercom"]
    assert policy.forward_consent is True
    assert policy.limits["cache_bytes"] == json.loads('{"cache_bytes": 0}')["cache_bytes"]
    assert policy.chat_when is names["is_open"]
