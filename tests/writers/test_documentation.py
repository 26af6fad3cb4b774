"""The page docs/testing-consent.md: its examples run, and its table is that of the tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.writers.signs import ALL_OR_NOTHING, ANY, COMPLETE
from tests.writers.test_round_trips import REFUSED_MARKETING, TC_STRINGS, WITHOUT_FUNCTIONAL, WRITABLE

PAGE = Path(__file__).parents[2] / "docs" / "testing-consent.md"
WORDS = {
    frozenset(ANY): "any",
    frozenset(COMPLETE): "complete",
    frozenset(ALL_OR_NOTHING): "all or nothing",
    frozenset({"---"}): "refuses everything",
    frozenset({"?--"}): "refuses analytics and marketing",
    frozenset(REFUSED_MARKETING): "refuses marketing",
    frozenset(WITHOUT_FUNCTIONAL): "complete, with functional denied",
    frozenset(WRITABLE["trustarc"]["levels"]): "complete, with functional and analytics alike",
    frozenset(WRITABLE["wpconsent"]["json"]): "analytics and marketing, with functional left open",
    frozenset(TC_STRINGS): "complete if functional is granted or all is denied; or functional left open",
}


def row(source: str) -> str:
    """Return the row of the page's table for a source."""
    forms = {form: WORDS[frozenset(states)] for form, states in WRITABLE[source].items()}
    # Without mapped categories Drupal's agreement covers everything; the tests map some.
    if source == "drupal-eucc":
        forms["without-categories"] = WORDS[frozenset(ALL_OR_NOTHING)]
    grouped = {word: [f"`{form}`" for form in forms if forms[form] == word] for word in forms.values()}
    cells = [f"{', '.join(named)}: {word}" for word, named in grouped.items()]
    return f"| {source} | {'; '.join(cells)} |"


def examples() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("source", WRITABLE)
def test_table_has_each_source(source: str) -> None:
    assert row(source) in PAGE.read_text("utf-8").splitlines()


def test_table_has_no_other_source() -> None:
    rows = re.findall(r"^\| (?!source|---)(.+?) \|", PAGE.read_text("utf-8"), re.MULTILINE)

    assert rows == list(WRITABLE)


@pytest.mark.parametrize("example", examples())
def test_example_runs(example: str) -> None:
    names: dict[str, Any] = {"__name__": "example"}

    exec(example, names)  # noqa: S102

    tests: list[Callable[[], None]] = [value for name, value in names.items() if name.startswith("test_")]
    for each in tests:
        each()
    assert ("def test_" in example) is bool(tests)
