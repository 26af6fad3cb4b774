"""Fetch the JSON schema of SARIF 2.1.0, a part of sarif-om's source distribution, into `.cache/`.

Run it as `python -m tests.audit.fetch_sarif_schema`; it does nothing if the file is there. Nothing of it is committed.

pip runs the setup.py of a source distribution to read its metadata, and that one needs pbr. So pip works in a temporary
environment with it.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path
from typing import Final

SHA256: Final = "cd5f416b3083e00d402a92e449a7ff67af46f11241073eea0461802a3b5aef98"
ARCHIVE: Final = "sarif_om-1.0.4.tar.gz"
INSIDE: Final = "sarif_om-1.0.4/sarif-2.1.0-rtm.4.json"
SCHEMA: Final = Path(__file__).resolve().parents[2] / ".cache" / "sarif" / "sarif-2.1.0.json"


def fetch() -> Path:
    """Return the file of the schema, and fetch it first if it is missing."""
    if SCHEMA.is_file():
        return SCHEMA
    with tempfile.TemporaryDirectory() as folder:
        take(_download(Path(folder)))
    return SCHEMA


def take(archive: Path) -> None:
    """Write the schema in a source distribution to its place, if the distribution is the one that is expected."""
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{archive.name} has the SHA-256 {found}, expected {SHA256}")
    with tarfile.open(archive) as members:
        source = members.extractfile(INSIDE)
        assert source
        SCHEMA.parent.mkdir(parents=True, exist_ok=True)
        partial = SCHEMA.with_suffix(".partial")
        partial.write_bytes(source.read())
        partial.rename(SCHEMA)


def _download(folder: Path) -> Path:
    """Download the source distribution with pip."""
    venv.EnvBuilder(with_pip=True).create(folder / "venv")
    python = next(path for name in ("bin/python", "Scripts/python.exe") if (path := folder / "venv" / name).exists())
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "setuptools<70", "wheel", "pbr"], check=True)
    options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--dest", str(folder)]
    subprocess.run([*pip, "download", *options, "sarif-om==1.0.4"], check=True)
    return folder / ARCHIVE


if __name__ == "__main__":
    sys.stdout.write(f"{fetch()}\n")
