"""The site's policy, from Django's settings.

`CONSENT` is a mapping of settings by name, or a `Policy`. Each setting may also stand alone: `CONSENT_CONTACT_URL` is
`Policy(contact_url=…)`, and so on. Other names that begin with `CONSENT_` are the site's own. A function may be given
as its dotted path, because a module of settings cannot import the site's apps.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from consent_middleware.policy import Policy, PolicyError
from consent_middleware.settings import SETTINGS, from_prefixed, settings_under, unknown_setting

_NAME = "CONSENT"
_PREFIX = "CONSENT_"

#: The settings that may be a function, or a list of functions or other objects.
_FUNCTIONS = frozenset({"regime", "language", "on_decision", "chat_when"})
_LISTS = frozenset({"sources", "vendors"})


@lru_cache(1)
def site_policy() -> Policy:
    """Return the policy that Django's settings describe; the same object until they are overridden in a test.

    Raises:
        PolicyError: for wrong settings, for one that stands in `CONSENT` and alone (CM080), for a `CONSENT` that is
            neither a mapping nor a `Policy` (CM081), and for a dotted path that cannot be imported (CM082).
    """
    every = {name: getattr(settings, name) for name in dir(settings) if name.startswith(_PREFIX)}
    if not hasattr(settings, _NAME):
        return Policy(**_imported(from_prefixed(every, _PREFIX)))
    given, alone = getattr(settings, _NAME), settings_under(_PREFIX, every)
    if isinstance(given, Policy):
        if alone:
            names = ", ".join(_alone(name) for name in sorted(alone))
            raise PolicyError([("CM080", f"{_NAME} is a Policy and there is also {names}")])
        return given
    if not isinstance(given, Mapping):
        raise PolicyError([("CM081", f"{_NAME} is {given!r}; it must be a mapping of settings, or a Policy")])
    return Policy(**_imported(_joined(given, alone)))


def _alone(name: str) -> str:
    """Return how a setting is named that stands alone."""
    return _PREFIX + name.upper()


def _joined(given: Mapping[Any, object], alone: Mapping[str, object]) -> dict[str, object]:
    """Return the settings of the mapping and those that stand alone.

    Raises:
        PolicyError: for an unknown name (CM011), and for a setting in both places (CM080).
    """
    problems = [unknown_setting(f"{_NAME}[{name!r}]", str(name)) for name in given if name not in SETTINGS]
    problems += [
        ("CM080", f"{_NAME}[{name!r}] and {_alone(name)} are both set; keep one") for name in alone if name in given
    ]
    if problems:
        raise PolicyError(problems)
    return {**given, **alone}


def _imported(given: dict[str, Any]) -> dict[str, Any]:
    """Return the settings with the objects that dotted paths name.

    Raises:
        PolicyError: for a path that cannot be imported (CM082).
    """
    problems: list[tuple[str, str]] = []

    def load(name: str, value: object) -> object:
        # No other text that these settings may have contains a dot.
        if not (isinstance(value, str) and "." in value):
            return value
        try:
            return import_string(value)
        except ImportError as error:
            problems.append(("CM082", f"{name} names {value!r}, which cannot be imported: {error}"))
            return value

    found = dict(given)
    for name in found.keys() & _FUNCTIONS:
        found[name] = load(name, found[name])
    for name in found.keys() & _LISTS:
        if isinstance(found[name], list | tuple):
            found[name] = [load(name, each) for each in found[name]]
    if problems:
        raise PolicyError(sorted(problems))
    return found


def _forget_policy(*, setting: str, **_: object) -> None:
    if setting == _NAME or setting.startswith(_PREFIX):
        site_policy.cache_clear()


# Django sends this when a test overrides a setting.
setting_changed.connect(_forget_policy)
