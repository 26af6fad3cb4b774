"""The style and the types of the browser's script, and the check for them."""

from __future__ import annotations

import pytest

from . import style_js
from .needs import missing
from .npm import NpmError


@pytest.mark.slow
def test_script_has_no_style_or_type_problems() -> None:
    try:
        found = style_js.problems()
    except NpmError as error:
        missing(str(error))
        raise
    assert found == ""


@pytest.mark.parametrize(("environment", "status"), [({}, 0), ({"CI": "true"}, 1)])
def test_missing_npm_is_loud_and_fails_in_ci(
    environment: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> str:
        raise NpmError("npm is missing")

    monkeypatch.setattr(style_js, "problems", fail)
    monkeypatch.delenv("CI", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert style_js.main() == status
    assert "NOT CHECKED: the browser's script; npm is missing" in capsys.readouterr().err


@pytest.mark.parametrize(("found", "status"), [("", 0), ("guard.js: 1 problem", 1)])
def test_problems_set_the_exit_status(found: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style_js, "problems", lambda: found)

    assert style_js.main() == status
