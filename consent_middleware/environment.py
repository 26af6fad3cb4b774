"""Settings from environment variables: text becomes what each setting is declared to be."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from .checks import Form, PolicyError
from .settings import SETTINGS, from_prefixed

_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def settings_from_environ(
    environ: Mapping[str, str] | None, prefix: str, settings: Mapping[str, object]
) -> dict[str, Any]:
    """Return the settings by name that stand in environment variables with a prefix, and those that are given.

    Args:
        environ: the variables; `os.environ` if it is None. An empty one counts as not set.
        prefix: the prefix.
        settings: further settings.

    Raises:
        PolicyError: for a name that is similar to a setting's (CM011), for a setting that is given twice (CM012), for a
            variable that cannot be read (CM085), and for a setting that text cannot describe (CM086).
    """
    given = {key: text for key, text in (os.environ if environ is None else environ).items() if text.strip()}
    found: dict[str, Any] = {}
    problems: list[tuple[str, str]] = []
    for name, text in from_prefixed(given, prefix).items():
        variable, form = prefix + name.upper(), SETTINGS[name].check.form
        if name in settings:
            problems.append(("CM012", f"{variable} is set and also {name} in code; use one or the other"))
        elif form is Form.NONE:
            how = f"give it in code: Policy.from_environ({name}=…)"
            problems.append(("CM086", f"{variable} is set, but no text can say what {name} is; {how}"))
        else:
            try:
                found[name] = _READERS[form](text.strip())
            except ValueError:
                problems.append(("CM085", f"{variable} is {text!r}; it must be written as {form.value}"))
    if problems:
        raise PolicyError(problems)
    return {**found, **settings}


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[text.lower()]


def _number(text: str) -> float:
    return int(text) if text.isdecimal() else float(text)


def _list(text: str) -> list[Any]:
    if not text.startswith("["):
        return [item.strip() for item in text.split(",") if item.strip()]
    found: list[Any] = json.loads(text)
    return found


def _mapping(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError
    return found


def _text_or_mapping(text: str) -> str | dict[str, Any]:
    return _mapping(text) if text.startswith("{") else text


_READERS: dict[Form, Callable[[str], Any]] = {
    Form.TEXT: str,
    Form.BOOLEAN: _boolean,
    Form.NUMBER: _number,
    Form.LIST: _list,
    Form.MAPPING: _mapping,
    Form.TEXT_OR_MAPPING: _text_or_mapping,
}
