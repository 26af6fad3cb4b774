"""The locks in `requirements/` match `pyproject.toml`, are complete, and name no package index."""

from __future__ import annotations

import re
from copy import deepcopy

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .lock import ENVIRONMENTS, FOLDER, digest, header, project, requirements


def pinned(lock: str) -> list[tuple[str, str, str]]:
    """Return the name, the version and the rest of each line of a lock, continued lines joined."""
    lines = lock.replace("\\\n", "").splitlines()
    found = []
    for line in lines:
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)(.*)", line)
            assert match, line
            found.append((match[1], match[2], match[3]))
    return found


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_lock_matches_pyproject(name: str) -> None:
    lock = (FOLDER / f"{name}.txt").read_text("utf-8")

    assert lock.startswith(header(ENVIRONMENTS[name], project())), "run `make lock`"


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_locked_package_has_hashes(name: str) -> None:
    lock = (FOLDER / f"{name}.txt").read_text("utf-8")

    assert all("--hash=sha256:" in rest for _, _, rest in pinned(lock))
    assert "://" not in lock


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_declared_requirement_is_locked(name: str) -> None:
    lock = (FOLDER / f"{name}.txt").read_text("utf-8")
    versions: dict[str, list[str]] = {}
    for package, version, _ in pinned(lock):
        versions.setdefault(canonicalize_name(package), []).append(version)

    for line in requirements(ENVIRONMENTS[name], project()):
        wanted = Requirement(line)
        locked = versions[canonicalize_name(wanted.name)]
        assert all(wanted.specifier.contains(version, prereleases=True) for version in locked)


@pytest.mark.parametrize("change", ["a new requirement", "a higher floor", "another Python"])
def test_digest_changes_with_the_declarations(change: str) -> None:
    before, declared = digest(ENVIRONMENTS["test"], project()), deepcopy(project())
    if change == "a new requirement":
        declared["dependency-groups"]["test"].append("a-new-one")
    elif change == "a higher floor":
        declared["project"]["optional-dependencies"]["flask"] = ["flask>=99"]
    else:
        declared["project"]["requires-python"] = ">=3.99"

    assert digest(ENVIRONMENTS["test"], declared) != before
