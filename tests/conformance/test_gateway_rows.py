"""Each row of the gateways' requirements has a test, and each test of a gateway or a server names its row."""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).parent
#: How many rows each section has.
SECTIONS = {1: 5, 2: 9, 3: 6, 4: 8, 5: 8, 6: 8, 7: 6, 8: 8, 9: 1}
ROWS = {f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)}


def rows_of(kind: str) -> dict[str, str]:
    """Return the number that the docstring of each test in the files `test_KIND_*.py` begins with."""
    found = {}
    for path in sorted(FOLDER.glob(f"test_{kind}_*.py")):
        if path.samefile(__file__):
            continue
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found[f"{path.name}::{node.name}"] = (ast.get_docstring(node) or "").partition(" ")[0]
    return found


def test_every_row_has_a_gateway_test() -> None:
    assert set(rows_of("gateway").values()) == ROWS


def test_every_server_test_names_a_row() -> None:
    rows = rows_of("servers")

    assert rows
    assert not {test: row for test, row in rows.items() if row not in ROWS}
