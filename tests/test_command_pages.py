"""The pages about the commands: their examples print what is shown, and their tables name everything there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import consent_middleware
from consent_middleware import decision
from tests.command_pages import PAGES, updated

PACKAGE = Path(consent_middleware.__file__).parent
COMMANDS, TROUBLESHOOTING = (page.read_text("utf-8") for page in PAGES)


@pytest.mark.servers
def test_examples_print_what_the_pages_show() -> None:
    assert updated([COMMANDS, TROUBLESHOOTING]) == [COMMANDS, TROUBLESHOOTING], "run: make docs"


def rows(page: str, heading: str) -> set[str]:
    """Return the code in the first column of the table after a row with these headings."""
    table = page.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}


def noted_events() -> set[str]:
    """Return the first argument of each call of `note` in the package; "*" for what is put in."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name == "note" and isinstance(first, ast.Constant):
                found.add(str(first.value))
            elif name == "note" and isinstance(first, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "*" for part in first.values]
                found.add("".join(map(str, parts)))
    return found


def test_table_of_reasons_has_every_rule() -> None:
    source = Path(decision.__file__).read_text("utf-8")
    given = {"granted", "not-refused", "click", "denied", "denied-by-default", "unread-copies"}
    assert all(f'"{rule}"' in source for rule in given)

    assert rows(TROUBLESHOOTING, "reason") == given | decision._DISCARDED.keys() | {"no-consent"}


def test_table_of_checks_has_every_check() -> None:
    checks = set(re.findall(r"^(?:ok|problem|not checked) +(\w+(?: \w+)*?)  ", COMMANDS, re.MULTILINE))

    assert len(checks) == 13
    assert rows(COMMANDS, "check") == checks


@pytest.mark.parametrize("page", [COMMANDS, TROUBLESHOOTING], ids=["commands", "troubleshooting"])
def test_links_of_the_page_exist(page: str) -> None:
    for link in re.findall(r"\]\(([^):#]+)[^)]*\)", page):
        assert (PAGES[0].parent / link).exists()
