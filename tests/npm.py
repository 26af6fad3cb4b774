"""Fetch the npm packages of the tests once into the cache, by a lock with the hash of each.

`tests/node/` is the lock of most packages; large ones have a separate lock. The cache also keeps what the tests build
from packages.
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
#: The wanted names and versions, all dependencies with their hashes, and the settings of npm.
FILES = ["package.json", "package-lock.json", ".npmrc"]
#: Seconds until a command is given up.
PATIENCE = 600


class NpmError(RuntimeError):
    """The packages are not available; the message says why."""


def once(name: str, files: Iterable[Path], make: Callable[[Path], str]) -> Path:
    """Return a folder of the cache that `make` fills at the first call, and again when one of the files has changed.

    Args:
        name: The name of the folder.
        files: The files on which its content depends.
        make: Fills an empty folder. It returns the reason if it fails, or "".

    Raises:
        NpmError: If `make` fails.
    """
    known = hashlib.sha256()
    for file in files:
        known.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    folder = CACHE / f"{name}-{known.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    CACHE.mkdir(exist_ok=True)
    # If tests run in several processes, one of them fills the folder and the others wait.
    with (CACHE / f"{name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=CACHE, prefix=f"{name}-") as begun:
                complete = Path(begun) / "complete"
                complete.mkdir()
                if trouble := make(complete):
                    raise NpmError(trouble)
                # The folder must appear only when it is complete.
                complete.rename(folder)
    return folder


def run(command: list[str | Path], folder: Path, what: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a program in a folder. Return why it could not do `what`, or ""."""
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
    """Return the folder of a package. The first call fetches everything in the lock.

    Raises:
        NpmError: If the packages are not available.
    """
    return modules(lock) / name


def modules(lock: str = "node") -> Path:
    """Return the `node_modules` of a lock, which is a folder beside this file.

    Raises:
        NpmError: If the packages are not available.
    """
    folder = _fetched(lock)
    if isinstance(folder, str):
        raise NpmError(folder)
    return folder / "node_modules"


@cache
def _fetched(lock: str) -> Path | str:
    """Return the folder with all packages of a lock, or why they are not available. Each lock is tried once."""
    files = [Path(__file__).parent / lock / name for name in FILES]

    def install(folder: Path) -> str:
        npm = shutil.which("npm")
        if npm is None:
            return "npm is missing, which fetches packages of the tests"
        for file in files:
            shutil.copy(file, folder)
        command: list[str | Path] = [npm, "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"]
        return run(command, folder, "fetch the packages")

    try:
        return once(lock, files, install)
    except NpmError as error:
        return str(error)


def package(name: str, lock: str = "node") -> Path:
    """Return the folder of a package. If it is not available, skip the test, or fail in CI."""
    try:
        return fetch(name, lock)
    except NpmError as error:
        missing(str(error))
        raise
