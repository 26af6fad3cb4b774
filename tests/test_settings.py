"""The declared settings: one table that the signature, the help text and the reference page agree with."""

from __future__ import annotations

import inspect
import pydoc

import pytest

from consent_middleware import Policy, PolicyError
from consent_middleware.policy import PolicySettings
from consent_middleware.settings import SETTINGS, TOPICS, check_settings, from_prefixed
from consent_middleware.vendors import VENDORS

PARAMETERS = {
    name: parameter for name, parameter in inspect.signature(Policy.__init__).parameters.items() if name != "self"
}
DEFAULTS = {name: setting.default for name, setting in SETTINGS.items()}


def test_signature_has_the_declared_settings_in_order() -> None:
    assert list(PARAMETERS) == list(SETTINGS)
    assert {parameter.kind for parameter in PARAMETERS.values()} == {inspect.Parameter.KEYWORD_ONLY}


def test_keywords_for_type_checkers_are_the_declared_settings() -> None:
    assert list(PolicySettings.__annotations__) == list(SETTINGS)


def test_signature_has_the_declared_defaults() -> None:
    assert {name: parameter.default for name, parameter in PARAMETERS.items()} == DEFAULTS


def test_policy_has_one_attribute_for_each_setting() -> None:
    assert vars(Policy()).keys() == SETTINGS.keys()
    assert {name for name in Policy.__annotations__ if not name.startswith("_")} == SETTINGS.keys()


def test_there_are_at_most_37_settings() -> None:
    # 35 and two for a site's first days, `report_only` and `debug_header`: either is of use without the other.
    assert len(SETTINGS) == sum(map(len, TOPICS.values())) <= 37


def test_numbers_are_unique_and_never_reused() -> None:
    numbers = [setting.number for setting in SETTINGS.values()]
    past = {"CM001", "CM002", "CM016", "CM022", "CM028", "CM030", "CM031", "CM042", "CM055"}
    others = {f"CM{number:03}" for number in (5, 11, 12, 13, 53, 61, 72, *range(75, 80))}
    others |= {"CM080", "CM081", "CM082", "CM083", "CM084"}  # Django
    others |= {"CM085", "CM086", "CM087"}  # the environment, and a request without a plan

    others |= {"CM095", "CM096", "CM097", "CM098"}  # the command line

    assert len(set(numbers)) == len(numbers)
    assert not past & {*numbers}
    assert not others & {*numbers}


@pytest.mark.parametrize("name", SETTINGS)
def test_default_passes_its_own_check(name: str) -> None:
    assert name in check_settings(DEFAULTS)
    assert from_prefixed({f"X_{name.upper()}": DEFAULTS[name]}, "X_") == {name: DEFAULTS[name]}


def test_default_vendors_are_those_of_the_package() -> None:
    assert Policy().vendors == VENDORS


def test_partial_limits_and_requires_keep_the_defaults() -> None:
    policy = Policy(limits={"cache_bytes": 0}, requires={"chat": ["marketing"]})

    assert policy.limits == {"tag_bytes": 1 << 20, "cache_bytes": 0}
    assert {purpose: sorted(categories) for purpose, categories in policy.requires.items()} == {
        "chat": ["marketing"],
        "tracking": ["analytics", "marketing"],
        "embeds": ["functional", "marketing"],
    }


def test_equal_cookie_names_are_an_error() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(click_cookie="consent")

    assert caught.value.numbers == ("CM005",)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("contct_url", "contct_url is not a setting; did you mean contact_url?"),
        ("Texts", "Texts is not a setting; did you mean texts?"),
        ("x", "x is not a setting; the settings are banner, cacheable, "),
    ],
)
def test_unknown_keyword_names_the_similar_setting(wrong: str, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(**{wrong: "/contact", "guard": "no"})  # type: ignore[arg-type]

    assert caught.value.numbers == ("CM011", "CM040")
    assert hint in str(caught.value)


#: Names that begin with CONSENT_, and whether each is a mistake for a setting.
PREFIXED = {
    "CONTCT_URL": True,
    "contact_url": True,
    "CONTACT": True,
    "LANGUAGES": True,
    "VENDOR": True,
    "BANNER_COLOR": False,
    "VERSION": False,
    "SERVICE_HOST": False,
    "PORT_80_TCP_ADDR": False,
    "DB": False,
    "": False,
}


@pytest.mark.parametrize(("name", "is_mistake"), PREFIXED.items())
def test_prefix_leaves_the_sites_own_names_alone(name: str, is_mistake: bool) -> None:
    given = {f"CONSENT_{name}": "x", "CONSENT_LANGUAGE": "de"}

    if is_mistake:
        with pytest.raises(
            PolicyError, match=f"CM011. CONSENT_{name} is not a setting; did you mean CONSENT_[A-Z_]+.?"
        ):
            from_prefixed(given, "CONSENT_")
    else:
        assert from_prefixed(given, "CONSENT_") == {"language": "de"}


def test_help_names_every_setting_in_short_lines() -> None:
    lines = pydoc.plain(pydoc.render_doc(Policy)).splitlines()

    assert all(any(f" {name}: " in line for line in lines) for name in SETTINGS)
    # A signature is one line.
    assert all(len(line) < (1800 if " -> " in line else 121) for line in lines)
