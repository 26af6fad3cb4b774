"""Packages from npm that the tests need: fetched once into the cache, by a lock with a hash of each.

`tests/node/` is the lock of nearly everything; what is large has a lock of its own. What the tests build of packages is
kept in the cache in the same way.

Knows: where the locks are, and how npm is called.
Must not know: what a package is for.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

from .needs import missing

ROOT = Path(__file__).parents[1]
CACHE = (ROOT / ".cache").resolve()
#: The names and versions that are wanted, what they depend on with a hash of each, and npm's settings.
FILES = ["package.json", "package-lock.json", ".npmrc"]
#: Seconds until the network counts as gone.
PATIENCE = 600


class NpmError(RuntimeError):
    """The packages could not be had; the message says why."""


def once(name: str, files: Iterable[Path], make: Callable[[Path], str]) -> Path:
    """Return a folder of the cache that `make` fills at the first need, and again when one of the files has changed.

    `make` is given an empty folder and returns why it cannot be filled, or "". Raises: NpmError.
    """
    known = hashlib.sha256()
    for file in files:
        known.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    folder = CACHE / f"{name}-{known.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    CACHE.mkdir(exist_ok=True)
    # Of several processes of the tests one fills it and the others wait for it.
    with (CACHE / f"{name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=CACHE, prefix=f"{name}-") as begun:
                complete = Path(begun) / "complete"
                complete.mkdir()
                if trouble := make(complete):
                    raise NpmError(trouble)
                # It appears only once it is complete.
                complete.rename(folder)
    return folder


def run(command: list[str | Path], folder: Path, what: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a program in a folder. Returns why it did not do `what`, or ""."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} could not {what} within {PATIENCE} s"
    if done.returncode != 0:
        return f"{command[0]} could not {what}: {(done.stderr.strip() or done.stdout.strip())[-300:]}"
    return ""


def fetch(name: str, lock: str = "node") -> Path:
    """Return the folder of a package. All that the lock names is fetched at the first need. Raises: NpmError."""
    return modules(lock) / name


def modules(lock: str = "node") -> Path:
    """Return the `node_modules` of a lock, the folder of that name beside this file. Raises: NpmError."""
    folder = _fetched(lock)
    if isinstance(folder, str):
        raise NpmError(folder)
    return folder / "node_modules"


@cache
def _fetched(lock: str) -> Path | str:
    """Return the folder with everything, or why it cannot be had, which is tried once."""
    files = [Path(__file__).parent / lock / name for name in FILES]

    def install(folder: Path) -> str:
        npm = shutil.which("npm")
        if npm is None:
            return "npm is missing, which fetches what the tests need"
        for file in files:
            shutil.copy(file, folder)
        command: list[str | Path] = [npm, "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"]
        return run(command, folder, "fetch the packages")

    try:
        return once(lock, files, install)
    except NpmError as error:
        return str(error)


def package(name: str, lock: str = "node") -> Path:
    """Return the folder of a package; the test is skipped, or fails in CI, where it cannot be had."""
    try:
        return fetch(name, lock)
    except NpmError as error:
        missing(str(error))
        raise
