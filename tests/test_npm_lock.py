"""The npm packages of the tests, the benchmark and the demo are locked: exact versions with hashes, no registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ["tests/node", "tests/node-next", "tests/node-astro", "benchmarks/node", "examples/demo/node"]


def read(folder: str, name: str) -> Any:
    return json.loads((ROOT / folder / name).read_text("utf-8"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_locked_package_has_a_hash(folder: str) -> None:
    packages = read(folder, "package-lock.json")["packages"]
    assert [name for name, found in packages.items() if name and "integrity" not in found] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_npm_lock_names_no_registry(folder: str) -> None:
    packages = read(folder, "package-lock.json")["packages"]
    assert [name for name, found in packages.items() if "resolved" in found] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_npm_lock_matches_package_json(folder: str) -> None:
    wanted = read(folder, "package.json")["dependencies"]
    packages = read(folder, "package-lock.json")["packages"]
    assert packages[""]["dependencies"] == wanted
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
