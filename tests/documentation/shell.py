"""Runs the commands that a page shows, in a folder with a site, and compares what they print.

Some programs are replaced: `curl` prints a page with HubSpot's tag, because the tests have no network; `make` says what
it would do; `pip` only checks that what it is asked for exists. `test_start.py` calls the real ones.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.pages import LOADER, page

from .blocks import ROOT

FLASK_SITE = """
from flask import Flask
from consent_middleware.flask import Consent

app = Flask(__name__)
Consent(app, contact_url="/contact")
"""
DJANGO_SITE = """
import sys
from django.conf import settings
from django.core.management import execute_from_command_line

settings.configure(
    INSTALLED_APPS=["consent_middleware.django"],
    MIDDLEWARE=["consent_middleware.django.ConsentMiddleware"],
    CONSENT={"contact_url": "/contact"},
)
execute_from_command_line(sys.argv)
"""
PROGRAMS = {
    "python": f'exec {shlex.quote(sys.executable)} "$@"',
    "consent-middleware": f'exec {shlex.quote(sys.executable)} -m consent_middleware "$@"',
    "flask": f'exec {shlex.quote(sys.executable)} -m flask "$@"',
    "curl": "exec cat {page}",
    "make": f'exec /usr/bin/env -u MAKEFLAGS PATH="$REAL_PATH" make -n -C {shlex.quote(str(ROOT))} "$@" >/dev/null',
    "pip": f'exec {shlex.quote(sys.executable)} -m tests.documentation.shell "$@"',
}


def prepare(folder: Path) -> None:
    """Write the site and the replaced programs into an empty folder."""
    (folder / "page.html").write_bytes(page(LOADER))
    (folder / "app.py").write_text(FLASK_SITE)
    (folder / "manage.py").write_text(DJANGO_SITE)
    (folder / "bin").mkdir()
    answer = folder / "bin" / "answer.html"
    answer.write_bytes(page(LOADER))
    for name, code in PROGRAMS.items():
        program = folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{code.replace('{page}', shlex.quote(str(answer)))}\n")
        program.chmod(0o755)


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with bash and return the result; what it prints and its errors are one text."""
    path = os.environ.get("PATH", "")
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}:{path}",
        "REAL_PATH": path,
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "120",
    }
    return subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def sessions(console: str) -> list[tuple[str, str]]:
    """Return the commands of a `console` block, each with the output below it."""
    parts = re.split(r"^\$ ", console, flags=re.MULTILINE)
    assert parts[0] == "", "a console block begins with a command: $ …"
    found: list[tuple[str, str]] = []
    for part in parts[1:]:
        lines = part.splitlines()
        count = next(index for index, line in enumerate(lines, 1) if not line.endswith("\\"))
        found.append(("\n".join(lines[:count]), "\n".join(lines[count:])))
    return found


def matches(shown: str, printed: str) -> bool:
    """Return whether a command prints what is shown; a line of `…` stands for any lines, or for none."""
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else re.escape(line) + r"\n" for line in shown.strip().splitlines())
    return re.fullmatch(pattern, printed.strip() + "\n" if printed.strip() else "") is not None


def _check_packages(words: list[str]) -> None:
    """Check the words of `pip install`: known packages, extras that exist."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    known = {
        re.split(r"[<>=\[;]", line)[0].lower()
        for group in project["dependency-groups"].values()
        for line in group
        if isinstance(line, str)
    }
    assert words[0] == "install", words
    for word in words[1:]:
        found = re.fullmatch(r"([\w.-]+)(?:\[([\w,]+)\])?", word)
        assert found, word
        assert found[1] == "consent-middleware" or found[1] in known, word
        assert set(filter(None, (found[2] or "").split(","))) <= project["project"]["optional-dependencies"].keys(), (
            word
        )


if __name__ == "__main__":
    _check_packages(sys.argv[1:])
