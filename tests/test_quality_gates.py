"""The gates of the test run: coverage, types, warnings, and what must not be skipped in CI."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from coverage import Coverage

from . import needs

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def test_coverage_gate_is_set() -> None:
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"), data_file=None)

    assert float(str(coverage.get_option("report:fail_under"))) >= 99.9
    assert coverage.get_option("run:branch") is True


def test_make_test_measures_coverage() -> None:
    rule = re.search(r"^unit:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)

    assert rule
    assert "--cov " in rule[1]
    assert "--no-cov-on-fail" not in rule[1]


def test_types_gate_is_strict_everywhere() -> None:
    assert SETTINGS["mypy"]["strict"] is True
    assert SETTINGS["mypy"]["files"] == ["consent_middleware", "examples", "tests", "benchmarks"]


def test_warnings_are_errors() -> None:
    assert SETTINGS["pytest"]["ini_options"]["filterwarnings"] == [
        "error",
        "ignore:Comparison between bytes:BytesWarning:hypothesis",
    ]


@pytest.mark.parametrize(("in_ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_missing_tool_fails_in_ci(monkeypatch: pytest.MonkeyPatch, in_ci: str, outcome: type[BaseException]) -> None:
    monkeypatch.setenv("CI", in_ci)

    with pytest.raises(outcome, match="no such program"):
        needs.missing("no such program")


def test_ci_script_runs_make_test() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")

    assert "export CI=true" in script
    assert script.rstrip().endswith("exec make test")


def test_workflow_pins_its_actions() -> None:
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8")

    used = re.findall(r"uses: (\S+)", workflow)

    assert used
    assert all(re.fullmatch(r"[\w/.-]+@[0-9a-f]{40}", action) for action in used)
