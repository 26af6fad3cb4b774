"""Every mutant can still be made: its text stands exactly once in its file, and the tests it names exist.

Otherwise a rename would take a mutant out of the list without anybody noticing.
"""

from __future__ import annotations

import re

import pytest

from .mutants import EVERY, ROOT, Mutant, source_of


def faults(mutant: Mutant) -> list[str]:
    """Return what keeps a mutant from being made or its tests from being run."""
    found = []
    count = source_of(mutant, ROOT).read_text("utf-8").count(mutant.old)
    if count != 1:
        found.append(f"{mutant.file}: {mutant.old!r} stands there {count} times, not once")
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
            # pytest looks for the keyword in parameters as well, so any mention in the file counts.
            wanted.append(re.escape(keyword))
        for pattern in wanted:
            if not any(re.search(pattern, text, re.MULTILINE) for text in texts):
                found.append(f"{mutant.file}: {target} has no test {keyword or names}")
    return found


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
