"""Run the tests with the newest release of every package: `make test-latest` runs `python -m tests.latest`.

The report shows upstream changes before the lock is renewed, so it does not fail. A separate environment has the newest
packages that `pyproject.toml` allows. A test that fails there runs again with the locked packages: if it passes, the
cause is an upstream change, otherwise the fault is ours.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from xml.etree import ElementTree

from .lock import ENVIRONMENTS, FOLDER, ROOT, project, requirements

LATEST = ROOT / ".venv-latest"
REPORT = ROOT / ".cache" / "latest.xml"


def install(python: Path) -> None:
    """Install the newest packages and the project into the environment of `python`."""
    if not python.exists():
        venv.create(LATEST, with_pip=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    wanted = requirements(ENVIRONMENTS["test"], project())
    subprocess.run([*pip, "--upgrade", "--upgrade-strategy", "eager", *wanted], check=True, cwd=ROOT)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", "."], check=True, cwd=ROOT)


def locked_versions(lock: str) -> dict[str, set[str]]:
    """Return the versions of each package in the text of a lock; a package may have one for each Python."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


def differences(frozen: str, lock: str) -> list[str]:
    """Return a line for each package of `pip freeze` whose version is not in the lock."""
    locked = locked_versions(lock)
    lines = []
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", frozen, re.MULTILINE):
        known = locked.get(re.sub(r"[._-]+", "-", name).lower(), set())
        if version not in known:
            lines.append(f"{name} {version} (locked: {', '.join(sorted(known)) or 'none'})")
    return lines


def outcomes(report: Path) -> dict[str, str]:
    """Return the first line of each failure in a JUnit report, by the id of the test."""
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314  (our own pytest wrote it)
        for kind in ("failure", "error"):
            problem = case.find(kind)
            if problem is not None:
                why = (problem.get("message") or kind).strip().splitlines()[0]
                module = (case.get("file") or "").removesuffix(".py").replace("/", ".")
                classes = (case.get("classname") or "").removeprefix(module).strip(".").split(".")
                found["::".join([case.get("file") or "", *filter(None, classes), case.get("name") or ""])] = why
    return found


def run(python: Path, *arguments: str) -> dict[str, str]:
    """Run pytest in an environment. Return its failures (see `outcomes`)."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    command = [str(python), "-m", "pytest", "-rfEX", "-o", "junit_family=xunit1", f"--junit-xml={REPORT}"]
    subprocess.run([*command, *arguments], check=False, cwd=ROOT, env=dict(os.environ))
    return outcomes(REPORT)


def frozen(python: Path) -> str:
    """Return the output of `pip freeze` for an environment."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "freeze"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(arguments: list[str]) -> int:
    """Install, run, compare and report. The arguments go to pytest. Return 0 if the tests could run."""
    python = LATEST / "bin" / "python"
    install(python)
    newer = differences(frozen(python), (FOLDER / "test.txt").read_text("utf-8"))
    failed = run(python, "--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", *arguments)
    ours = run(Path(sys.executable), *failed) if failed else {}
    print("\n=== with the newest of everything")
    print(f"{len(newer)} packages differ from the lock")
    for line in newer:
        print(f"  {line}")
    for title, names in (
        ("changed upstream (fail with the newest, pass as locked)", failed.keys() - ours.keys()),
        ("fail as locked, too", failed.keys() & ours.keys()),
    ):
        print(f"{len(names)} tests {title}")
        for name in sorted(names):
            print(f"  {name}: {failed[name]}")
    print("Known faults of others that are gone are listed above as XPASS.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
