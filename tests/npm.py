"""Packages from npm that the tests need, each in an exact version, fetched once into the cache folder.

Knows: the versions, and how npm is called.
Must not know: what a package is for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

VERSIONS = {
    "terser": "5.51.2",
    "axe-core": "4.14.1",
    "puppeteer-core": "25.16.0",
    "@hotwired/turbo": "8.0.23",
    "htmx.org": "4.0.1",
    "vanilla-cookieconsent": "3.1.0",
    "klaro": "0.7.22",
    "tarteaucitronjs": "1.34.0",
    "parse5": "8.1.1",
}


def missing(what: str) -> None:
    """Skip for want of `what`, with a loud reason; in CI this is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI must not go without", pytrace=False)
    pytest.skip(f"NOT TESTED: {what}")


class NpmError(RuntimeError):
    """A package could not be had; the message says why."""


def fetch(name: str) -> Path:
    """The folder of a package. Raises: NpmError."""
    version = VERSIONS[name]
    folder = ROOT / ".cache" / f"{name.replace('/', '-').lstrip('@')}-{version}"
    found = folder / "node_modules" / name
    if not (found / "package.json").exists():
        npm = shutil.which("npm")
        if npm is None:
            raise NpmError(f"npm is missing, which fetches {name}")
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run([*command, f"{name}@{version}"], capture_output=True, text=True, check=False, timeout=180)
        if done.returncode != 0:
            raise NpmError(f"npm could not fetch {name}: {done.stderr.strip()[-300:]}")
    return found


def package(name: str) -> Path:
    """The folder of a package; the test is skipped, or fails in CI, where it cannot be had."""
    try:
        return fetch(name)
    except NpmError as error:
        missing(str(error))
        raise
