"""Finds the messages in the package's source: the numbered errors, and the notices by their event.

A message is shown as it stands in the source, with `…` for each value that is put into it.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from textwrap import fill

import consent_middleware

NUMBER = re.compile(r"CM\d{3}")
_PACKAGE = Path(consent_middleware.__file__).parent


def numbers() -> set[str]:
    """Return every number of an error that the package's source names, in code or in a docstring."""
    return {number for path in _PACKAGE.rglob("*.py") for number in NUMBER.findall(path.read_text("utf-8"))}


@cache
def errors() -> Mapping[str, Sequence[str]]:
    """Return the texts of each number: what stands right behind the number in a tuple or a call.

    A system check of Django names its number by the keyword `id`. Its text is the first argument, with the hint.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for node in _nodes():
        if isinstance(node, ast.Tuple | ast.Call):
            values = node.elts if isinstance(node, ast.Tuple) else node.args
            for first, second in pairwise(values):
                _add(found, _constant(first), _text(second))
        if isinstance(node, ast.Call):
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            number = keywords.get("id")
            if isinstance(number, ast.Call) and node.args:
                hint = _text(keywords.get("hint"))
                _add(found, _constant(number.args[0]), " ".join(filter(None, [_text(node.args[0]), hint])))
    return found


@cache
def notices() -> Mapping[str, Sequence[str]]:
    """Return the texts of each event. An event that is named by a value has `…` in its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for node in _nodes():
        if isinstance(node, ast.Call) and _name(node.func) == "note" and len(node.args) == 2:
            event, text = _text(node.args[0]), _text(node.args[1])
            if event and text and text not in found[event]:
                found[event].append(text)
    return found


def shown(message: str) -> str:
    """Return a message as a paragraph of a page."""
    fence = "``" if "`" in message else "`"
    return filled(f"{fence}{message}{fence}")


def filled(paragraph: str) -> str:
    """Return a paragraph in lines of a page."""
    return fill(paragraph, 120, break_long_words=False, break_on_hyphens=False)


def _nodes() -> Iterator[ast.AST]:
    for path in sorted(_PACKAGE.rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text("utf-8")))


def _add(found: dict[str, list[str]], number: str, text: str) -> None:
    if NUMBER.fullmatch(number) and text and text not in found[number]:
        found[number].append(text)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _constant(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _text(node: ast.expr | None) -> str:
    if isinstance(node, ast.JoinedStr):
        return re.sub("…+", "…", "".join(_constant(part) or "…" for part in node.values))
    return _constant(node)
