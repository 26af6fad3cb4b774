"""Fetch html5lib-tests, a part of html5lib's source distribution, into `.cache/`; nothing of it is committed.

Run it as `python -m tests.html.fetch_html5lib_tests`; it does nothing if the files are there.

pip runs the setup.py of a source distribution to read its metadata, and that of html5lib 1.1 needs setuptools before
70. So pip works in a temporary environment with such a setuptools.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path, PurePosixPath
from typing import Final

SHA256: Final = "b2e5b40261e20f354d198eae92afc10d750afb487ed5e50f9c4eaf07c184146f"
ARCHIVE: Final = "html5lib-1.1.tar.gz"
INSIDE: Final = "html5lib-1.1/html5lib/tests/testdata"
FOLDER: Final = Path(__file__).resolve().parents[2] / ".cache" / "html5lib-tests"


def fetch() -> Path:
    """Return the folder of the test files, and fetch it first if it is missing."""
    if FOLDER.is_dir():
        return FOLDER
    with tempfile.TemporaryDirectory() as folder:
        archive = _download(Path(folder))
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != SHA256:
            raise SystemExit(f"{archive.name} has the SHA-256 {found}, expected {SHA256}")
        _extract(archive)
    return FOLDER


def _download(folder: Path) -> Path:
    """Download the source distribution with pip."""
    builder = venv.EnvBuilder(with_pip=True)
    builder.create(folder / "venv")
    python = next(path for name in ("bin/python", "Scripts/python.exe") if (path := folder / "venv" / name).exists())
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "setuptools<70", "wheel"], check=True)
    options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--dest", str(folder)]
    subprocess.run([*pip, "download", *options, "html5lib==1.1"], check=True)
    return folder / ARCHIVE


def _extract(archive: Path) -> None:
    """Write the test files, and them alone; the folder appears when it is complete."""
    partial = FOLDER.with_name(FOLDER.name + ".partial")
    with tarfile.open(archive) as members:
        for member in members:
            path = PurePosixPath(member.name)
            if member.isfile() and path.is_relative_to(INSIDE) and (source := members.extractfile(member)):
                target = partial / path.relative_to(INSIDE)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read())
    partial.rename(FOLDER)


if __name__ == "__main__":
    sys.stdout.write(f"{fetch()}\n")
