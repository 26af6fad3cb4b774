"""Packages from npm that the tests need: `tests/node/` locks them with hashes; they are fetched once into the cache.

Knows: where the lock is, and how npm is called.
Must not know: what a package is for.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from .needs import missing

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache"
#: The names and versions that are wanted, what they depend on with a hash of each, and npm's settings.
FILES = [Path(__file__).parent / "node" / name for name in ("package.json", "package-lock.json", ".npmrc")]
#: Seconds until the network counts as gone.
PATIENCE = 600


class NpmError(RuntimeError):
    """The packages could not be had; the message says why."""


def fetch(name: str) -> Path:
    """Return the folder of a package. All that the lock names is fetched at the first need. Raises: NpmError."""
    folder = _fetched()
    if isinstance(folder, str):
        raise NpmError(folder)
    return folder / "node_modules" / name


@cache
def _fetched() -> Path | str:
    """Return the folder with everything, or why it cannot be had, which is tried once."""
    lock = hashlib.sha256(b"".join(file.read_bytes() for file in FILES)).hexdigest()[:16]
    folder = CACHE / f"node-{lock}"
    if not folder.is_dir():
        CACHE.mkdir(exist_ok=True)
        # Of several processes of the tests one fetches and the others wait for it.
        with (CACHE / "node.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if not folder.is_dir() and (trouble := _install(folder)):
                return trouble
    return folder


def _install(folder: Path) -> str:
    """Fetch everything into `folder`, which appears only once it is complete. Returns why it cannot be had, or ""."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is missing, which fetches what the tests need"
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="node-") as begun:
        for file in FILES:
            shutil.copy(file, begun)
        command = [npm, "ci", "--prefix", begun, "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            done = subprocess.run(command, cwd=begun, capture_output=True, text=True, check=False, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return f"npm could not fetch the packages within {PATIENCE} s"
        if done.returncode != 0:
            return f"npm could not fetch the packages: {done.stderr.strip()[-300:]}"
        complete = Path(begun) / "complete"
        complete.mkdir()
        (Path(begun) / "node_modules").rename(complete / "node_modules")
        complete.rename(folder)
    return ""


def package(name: str) -> Path:
    """Return the folder of a package; the test is skipped, or fails in CI, where it cannot be had."""
    try:
        return fetch(name)
    except NpmError as error:
        missing(str(error))
        raise
