"""The html5lib-tests: the engine reads the same tags as html5lib.

In the tokenizer suite every start tag with its attributes and every end tag is compared. To the documents of the
tree-construction suite a script is added at the end; the engine must find it, and every element with an address before
it, if they are in html5lib's tree.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from typing import Any

import pytest

from consent_middleware.html.tags import StartTag
from consent_middleware.html.token_reader import Kind
from consent_middleware.html.tokenizer import Tokenizer

from .oracle import NEEDLE, browser_finds, engine_finds, html5lib_tests, is_uncertain

REQUIRED = "CI" in os.environ

STATES = {
    "Data state": None,
    "RCDATA state": "raw",
    "RAWTEXT state": "raw",
    "Script data state": "script",
    "PLAINTEXT state": "plaintext",
    "CDATA section state": "<![CDATA[",
}


def normalized(text: str) -> str:
    """Return text as a browser changes it before tokenizing and in names (13.2.3.5; NUL in 13.2.5.8, .33 to .38)."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def tags_of(source: str, state: str, last: str) -> list[tuple[Any, ...]]:
    """Return the tags of a source that is tokenized without a tree: the effects of start tags are undone."""
    tokens = Tokenizer()
    raw = STATES[state]
    tokens.raw_construct = last.encode() if raw == "raw" else (raw or "").encode()
    tokens.feed(source.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "surrogatepass"), last=True)
    found: list[tuple[Any, ...]] = []
    while kind := tokens.next():
        name = normalized(tokens.name.decode("utf-8", "surrogatepass"))
        if kind is Kind.START:
            tag = StartTag(tokens.name, tokens.source[tokens.start : tokens.pos])
            attributes: dict[str, str] = {}
            for attribute in tag.attributes:
                key = normalized(attribute.name.decode("utf-8", "surrogatepass"))
                attributes.setdefault(key, normalized(tag.get(attribute.name) or ""))
            found.append(("StartTag", name, attributes, tag.self_closing))
            tokens.raw_construct, tokens.dual_element = b"", None
            tokens.tree.open.clear()
            tokens.tree.in_select = tokens.tree.in_frameset = False
        elif kind is Kind.END:
            found.append(("EndTag", name))
    return found


def expected_tags(output: list[Any]) -> list[tuple[Any, ...]]:
    """Return the tags of a test's output in the same form."""
    tags: list[tuple[Any, ...]] = []
    for token in output:
        if token[0] == "StartTag":
            tags.append(("StartTag", token[1], dict(token[2]), len(token) > 3 and token[3]))
        elif token[0] == "EndTag":
            tags.append(("EndTag", token[1]))
    return tags


def unescaped(value: Any) -> Any:
    """Return a test without its doubled backslashes."""
    if isinstance(value, str):
        return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), value)
    if isinstance(value, list):
        return [unescaped(item) for item in value]
    return {unescaped(key): unescaped(item) for key, item in value.items()} if isinstance(value, dict) else value


def test_tokenizer_suite_has_the_same_tags(capsys: pytest.CaptureFixture[str]) -> None:
    tests = starts = attributes = ends = 0
    wrong = []
    for path in html5lib_tests("tokenizer", ".test", required=REQUIRED):
        content = json.loads(path.read_text("utf-8"))
        for written in content.get("tests", []):
            test = unescaped(written) if written.get("doubleEscaped") else written
            for state in test.get("initialStates", ["Data state"]):
                last = test.get("lastStartTag", "script")
                if STATES[state] == "script" and last != "script":
                    continue  # a script's text ends with a script's end tag; the pair does not occur in documents
                expected = expected_tags(test["output"])
                tests += 1
                starts += sum(tag[0] == "StartTag" for tag in expected)
                attributes += sum(len(tag[2]) for tag in expected if len(tag) > 2)
                ends += sum(tag[0] == "EndTag" for tag in expected)
                if (found := tags_of(test["input"], state, last)) != expected:
                    wrong.append((path.name, test["description"], state, test["input"], found, expected))
    with capsys.disabled():
        print(f"\ntokenizer suite: {tests} tests, {starts} start tags, {attributes} attributes, {ends} end tags")
    assert wrong == []
    assert starts > 400
    assert ends > 40


# Where html5lib 1.1 reads an older standard than browsers do, or the engine reads more than one browser does.
KNOWN = {
    "template": "html5lib 1.1 does not know the template element",
    "svg><td": "html5lib 1.1 lets </td> close an SVG element of that name (namespace-sensitivity.dat)",
    "frameset": "the tree ignores what stands in a frameset; Chromium's look ahead asks for it, and so does the engine",
}


def documents() -> list[tuple[str, str]]:
    """Return the documents of the tree-construction suite, without the fragments."""
    found = []
    for path in html5lib_tests("tree-construction", ".dat", required=REQUIRED):
        for number, test in enumerate(re.split(r"(?:^|\n\n)(?=#data\n)", path.read_text("utf-8"))):
            if "#document-fragment\n" in test or not test.startswith("#data\n"):
                continue
            data = test.removeprefix("#data\n").partition("\n#errors")[0]
            found.append((f"{path.name}:{number}", data))
    return found


@pytest.mark.slow
def test_tree_construction_suite_has_the_same_tags(capsys: pytest.CaptureFixture[str]) -> None:
    compared = planted = 0
    known: dict[str, list[str]] = {reason: [] for reason in KNOWN}
    uncertain = []
    wrong = []
    for name, data in documents():
        document = re.sub(r"(?i)(<(?:script|img|iframe|link|image)\b[^>]*?\s(?:src|href)=)", rf"\1//{NEEDLE}/", data)
        document = f"{document}<script src=//{NEEDLE}/planted></script>"
        wanted = sorted(f for f in browser_finds(document.encode(), scripting=True) if NEEDLE in f[1])
        found = sorted(f for f in engine_finds(document.encode()) if NEEDLE in f[1])
        compared += 1
        planted += ("script", f"//{NEEDLE}/planted") in wanted
        if found != wanted:
            reason = next((reason for reason in KNOWN if f"<{reason}" in document.lower()), None)
            misses = Counter(wanted) - Counter(found)
            if not misses and is_uncertain(document.encode()):
                uncertain.append(name)
            elif reason and not (reason == "frameset" and misses):
                known[reason].append(name)
            else:
                wrong.append((name, document, found, wanted))
    with capsys.disabled():
        print(f"\ntree-construction suite: {compared} documents, the planted script runs in {planted}")
        print(f"  {len(uncertain)} in which the engine edits by more than one reading: {' '.join(uncertain)}")
        for reason, names in known.items():
            print(f"  {len(names)} with <{reason}>: {KNOWN[reason]}: {' '.join(names)}")
    assert wrong == []
