"""Lock the environments: `make lock` runs `python -m tests.lock` and writes `requirements/*.txt`.

Each lock has the exact version and the hashes of every package that one environment installs, for every Python and
system that the project supports. So `make demo`, `make test` and CI install the same files. `uv pip compile` resolves
them. The first lines of a lock have a digest of its declarations in `pyproject.toml`, by which `tests/test_lock.py`
notices an outdated lock.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "requirements"


class Environment(NamedTuple):
    """The dependency groups and the extras of the package that one environment installs."""

    groups: tuple[str, ...]
    extras: tuple[str, ...]


ENVIRONMENTS = {
    "demo": Environment(("examples", "build"), ("flask",)),
    "test": Environment(("test", "build"), ("flask", "audit", "compression")),
    "bench": Environment(("test", "build", "bench"), ("flask", "audit", "compression")),
}


def project() -> dict[str, Any]:
    """Return the content of `pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def requirements(environment: Environment, declared: dict[str, Any]) -> list[str]:
    """Return the direct requirements of an environment, sorted: of its groups (PEP 735), its extras and the package."""
    groups = declared["dependency-groups"]
    found: set[str] = set(declared["project"]["dependencies"])
    waiting = list(environment.groups)
    while waiting:
        for entry in groups[waiting.pop()]:
            if isinstance(entry, str):
                found.add(entry)
            else:
                waiting.append(entry["include-group"])
    for extra in environment.extras:
        found.update(declared["project"]["optional-dependencies"][extra])
    return sorted(found)


def digest(environment: Environment, declared: dict[str, Any]) -> str:
    """Return a digest of everything in `pyproject.toml` that a lock depends on."""
    inputs = {"python": declared["project"]["requires-python"], "requirements": requirements(environment, declared)}
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def header(environment: Environment, declared: dict[str, Any]) -> str:
    """Return the first lines of a lock."""
    return f"# Made by `make lock` from pyproject.toml; do not edit.\n# inputs: {digest(environment, declared)}\n"


def main() -> int:
    """Write every lock, with the newest versions that the declarations allow. Return the exit status."""
    declared = project()
    lowest = declared["project"]["requires-python"].removeprefix(">=")
    FOLDER.mkdir(exist_ok=True)
    for name, environment in ENVIRONMENTS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", lowest]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "-"]
        wanted = "\n".join(requirements(environment, declared))
        done = subprocess.run(command, input=wanted, stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
        if done.returncode:
            return done.returncode
        (FOLDER / f"{name}.txt").write_text(header(environment, declared) + done.stdout, "utf-8")
        print(f"requirements/{name}.txt: {done.stdout.count('==')} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
