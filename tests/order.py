"""The order of tests that share something that is made once in each process."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest


def regroup(items: list[pytest.Item], within: Path, name: str, values: Iterable[str]) -> None:
    """Put the tests of a file or folder that have a parameter in the order of its values, in the places of these tests.

    So processes that share the tests make what belongs to a value fewer times. Other tests keep their places.

    Args:
        items: The tests, which are moved.
        within: The file or folder.
        name: The name of the parameter.
        values: The values in their order. Tests with other values keep their places.
    """
    order = {value: number for number, value in enumerate(values)}
    found: dict[int, int] = {}
    for place, item in enumerate(items):
        callspec = getattr(item, "callspec", None)
        if callspec and within in (item.path, *item.path.parents) and name in callspec.params:
            value = callspec.params[name]
            if isinstance(value, str) and value in order:
                found[place] = order[value]
    moved = [items[place] for place in sorted(found, key=found.__getitem__)]
    for place, item in zip(found, moved, strict=True):
        items[place] = item
