"""docs/start.md followed to the letter in a new folder, for each framework: its files, its commands, what it shows.

Two things differ from what a reader does: another port, because the page's own may be taken, and no network: pip finds
the frameworks already there, and this project's package in a folder.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from consent_middleware import Texts
from tests.conformance.servers import free_port

from . import shell
from .blocks import ROOT, START, Block, blocks

pytestmark = [pytest.mark.servers, pytest.mark.slow]

FRAMEWORKS = ["Flask", "Django", "Starlette", "FastAPI"]
BLOCKS = blocks(START)
#: The port that the page names.
PORT = "8000"


def steps(framework: str) -> list[Block]:
    """Return the blocks that a reader with this framework follows."""
    return [block for block in BLOCKS if block.section == framework or block.section not in FRAMEWORKS]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with this project's wheel."""
    folder = tmp_path_factory.mktemp("wheels")
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(words, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the packages of the test environment, without this project's and without pip."""
    folder = tmp_path_factory.mktemp("packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.match(r"_?(?:consent_middleware|pip|__pycache__)\b|_editable|\w+\.pth", path.name):
            (folder / path.name).symlink_to(path)
    return folder


@dataclass
class Reader:
    """Follows the page in a shell.

    Attributes:
        folder: where the reader begins.
        packages: what pip finds installed.
        wheels: where pip finds this project's package.
        port: the port that stands for the page's.
        followed: the blocks that have been followed.
    """

    folder: Path
    packages: Path
    wheels: Path
    port: int = field(default_factory=free_port)
    followed: list[Block] = field(default_factory=list)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run commands in the shell, whose place and variables are kept for the next ones."""
        return subprocess.run(
            ["/bin/bash", "-c", self._session(command)],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def write(self, block: Block) -> None:
        """Write a block into the file that the line before it names."""
        (name,) = re.findall(r"Write this file as `([\w.]+)`", block.before)
        (self.place / name).write_text(block.code, "utf-8")

    @contextmanager
    def serving(self, command: str) -> Iterator[None]:
        """Run the command that starts a server, and end it with the block."""
        log = self.folder / "log"
        with log.open("wb") as output:
            words = ["/bin/bash", "-c", self._session(f"exec {command.strip()}")]
            server = subprocess.Popen(words, cwd=self.folder, env=self._environment, stdout=output, stderr=output)
        try:
            while self.run(f"curl -s http://127.0.0.1:{PORT}/").returncode != 0:
                assert server.poll() is None, log.read_text("utf-8")
                time.sleep(0.1)
            yield
        finally:
            server.terminate()
            server.wait()

    @property
    def place(self) -> Path:
        """The folder in which the shell stands."""
        return Path(self.run("pwd").stdout.strip())

    @property
    def _environment(self) -> dict[str, str]:
        python = self.folder / "bin" / "python3"
        if not python.exists():
            python.parent.mkdir()
            python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
            python.chmod(0o755)
        return {
            "PATH": f"{python.parent}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(self.packages),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "STATE": str(self.folder / "state"),
        }

    def _session(self, command: str) -> str:
        return (
            'if [ -e "$STATE" ]; then . "$STATE"; cd "$PLACE"; fi\nset -eo pipefail\n'
            'trap \'PLACE="$PWD"; export PLACE; export -p >"$STATE"\' EXIT\n'
            + re.sub(rf"\b{PORT}\b", str(self.port), command)
        )


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_start_page_works_when_followed(framework: str, tmp_path: Path, packages: Path, wheels: Path) -> None:
    reader = Reader(tmp_path, packages, wheels)
    *preparing, last = [block for block in steps(framework) if block.language in {"sh", "python"}]
    shown = [block for block in steps(framework) if block.language == "console"]
    for block in preparing:
        if block.language == "python":
            reader.write(block)
        else:
            done = reader.run(block.code)
            assert done.returncode == 0, done.stdout

    with reader.serving(last.code):
        for block in shown:
            for command, output in shell.sessions(block.code):
                printed = reader.run(command).stdout
                assert shell.matches(output, printed), f"{command} prints:\n{printed}"
        page = reader.run(f"curl -s http://127.0.0.1:{PORT}/").stdout
        script = re.findall(r'<script src="(/_consent/facade\.\w+\.js)"', page)
        asset = reader.run(f"curl -s --compressed http://127.0.0.1:{PORT}{script[0]}").stdout
        contact = reader.run(f"curl -s http://127.0.0.1:{PORT}/contact").stdout

    assert "data-consent-facade" in page
    assert Texts().button in asset
    assert f'a button, "{Texts().button}"' in START.read_text("utf-8")
    assert "hello@example.com" in contact


def test_environment_has_the_wheel_and_not_the_sources(tmp_path: Path, packages: Path, wheels: Path) -> None:
    reader = Reader(tmp_path, packages, wheels)
    for block in steps("Flask")[:2]:
        reader.run(block.code)

    where = reader.run("python -c 'import consent_middleware; print(consent_middleware.__file__)'").stdout

    assert where.startswith(str(tmp_path))


def test_each_block_belongs_to_some_reader() -> None:
    assert {block for framework in FRAMEWORKS for block in steps(framework)} == set(BLOCKS)
    assert {block.language for block in BLOCKS} == {"sh", "python", "console"}
    assert not [block for block in BLOCKS if block.reason]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_file_of_the_start_page_is_the_example(framework: str) -> None:
    (code,) = (block.code for block in BLOCKS if block.section == framework and block.language == "python")

    assert code == (ROOT / "examples" / "quickstart" / f"{framework.lower()}_app.py").read_text("utf-8")
