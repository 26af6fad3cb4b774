"""Every mutant can be made: its text occurs exactly once in its file, and the tests it names exist.

Without this check a rename could silently disable a mutant.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from .mutants import EVERY, ROOT, Mutant, source_of


def faults(mutant: Mutant) -> list[str]:
    """Return the reasons why a mutant cannot be made or its tests cannot run."""
    found = []
    count = source_of(mutant, ROOT).read_text("utf-8").count(mutant.old)
    if count != 1:
        found.append(f"{mutant.file}: {mutant.old!r} occurs {count} times, not once")
    if mutant.old == mutant.new:
        found.append(f"{mutant.file}: {mutant.old!r} is not changed")
    targets, _, keyword = mutant.tests.partition(" -k ")
    for target in targets.split():
        path, *names = target.split("::")
        place = ROOT / path
        texts = [file.read_text("utf-8") for file in ([place] if place.is_file() else place.glob("**/*.py"))]
        if not texts:
            found.append(f"{mutant.file}: there are no tests in {path}")
        wanted = [rf"^\s*(?:class|(?:async )?def) {re.escape(name)}\b" for name in names]
        if keyword:
            # pytest looks for the keyword in the ids of parameters too, so any mention in the file counts, or in a file
            # beside it from which it may take the parameters.
            wanted.append(re.escape(keyword))
            beside = {
                place.with_name(f"{name}.py") for text in texts for name in re.findall(r"^from \.(\w+) ", text, re.M)
            }
            texts += [file.read_text("utf-8") for file in beside if file.is_file()]
        for pattern in wanted:
            if not any(re.search(pattern, text, re.MULTILINE) for text in texts):
                found.append(f"{mutant.file}: {target} has no test {keyword or names}")
    return found


def collected(targets: set[str]) -> list[str]:
    """Return the ids of all tests in files, folders and classes."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *sorted(targets)]
    environment = {**os.environ, "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "::" in line]


def selected(tests: str, ids: list[str]) -> list[str]:
    """Return the ids that pytest would run for a mutant's `tests`."""
    targets, _, keyword = tests.partition(" -k ")
    start = re.compile("|".join(rf"{re.escape(target)}(?=$|/|::|\[)" for target in targets.split()))
    chosen = [each for each in ids if start.match(each)]
    # pytest looks for the keyword in the names of the file, the classes and the test, not in those of folders.
    names = {each: re.sub(r"^[^:]*/", "", each).lower() for each in chosen}
    return [each for each in chosen if keyword.lower() in names[each]]


def test_every_mutant_can_be_made() -> None:
    assert [fault for mutant in EVERY for fault in faults(mutant)] == []


@pytest.mark.parametrize(
    "mutant",
    [
        Mutant("version.py", "no such text", "", "tests/test_mutants.py"),
        Mutant("version.py", "e", "f", "tests/test_mutants.py"),
        Mutant("version.py", "__version__ = ", "__version__ = ", "tests/test_mutants.py"),
        Mutant("version.py", "__version__ = ", "", "tests/test_no_such_file.py"),
        Mutant("version.py", "__version__ = ", "", "tests/test_mutants.py::TestNone"),
        Mutant("version.py", "__version__ = ", "", "tests/test_lock.py -k no_such_test"),
    ],
)
def test_disarmed_mutant_is_reported(mutant: Mutant) -> None:
    assert len(faults(mutant)) == 1


@pytest.mark.slow
def test_every_mutant_selects_a_test() -> None:
    ids = collected({target for mutant in EVERY for target in mutant.tests.partition(" -k ")[0].split()})
    assert [mutant for mutant in EVERY if not selected(mutant.tests, ids)] == []


@pytest.mark.parametrize(
    ("tests", "count"),
    [
        ("tests/a", 3),
        ("tests/a/test_b.py", 3),
        ("tests/a/test_b.py::TestC", 2),
        ("tests/a/test_b.py::TestC::test_d", 2),
        ("tests/a/test_b.py::test_d", 1),
        ("tests/a/test_b.py -k TEST_D", 3),
        ("tests/a/test_b.py -k f/g", 1),
        ("tests/a -k tests", 0),
        ("tests/a/test_b.py::Test", 0),
        ("tests/test_e.py tests/a/test_b.py::test_d", 2),
    ],
)
def test_selection_follows_pytest(tests: str, count: int) -> None:
    ids = [
        "tests/a/test_b.py::test_d",
        "tests/a/test_b.py::TestC::test_d[e]",
        "tests/a/test_b.py::TestC::test_d[f/g]",
        "tests/test_e.py::test_d",
    ]
    assert len(selected(tests, ids)) == count
