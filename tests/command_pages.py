"""Runs the examples of docs/commands.md and docs/troubleshooting.md, and writes what they print into the pages.

`make docs` runs it. A block of the kind `console` is a command after "$ " and its output. The commands run in a folder
with the site that docs/commands.md shows, and the hosts in them are servers on loopback.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.loopback import Site

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "docs" / "commands.md", ROOT / "docs" / "troubleshooting.md"]
_BLOCK = re.compile(r"^```console\n\$ (.*)\n([\s\S]*?)```$", re.MULTILINE)
_SHIM = f'#!/bin/sh\nexec "{sys.executable}" -m consent_middleware "$@"\n'


def updated(pages: list[str]) -> list[str]:
    """Return the pages with the output of their commands."""
    site = re.search(r"```python\n# mysite.py\n([\s\S]*?)```", pages[0])
    assert site is not None
    names: dict[str, Any] = {}
    exec(site[1], names)  # noqa: S102 - the page is ours
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as servers:
        here = Path(folder)
        (here / "mysite.py").write_text(site[1], "utf-8")
        (here / "page.html").write_bytes(names["PAGE"])
        (here / "consent-middleware").write_text(_SHIM, "utf-8")
        (here / "consent-middleware").chmod(0o755)
        hosts = {
            "https://www.example.com/": names["app"],
            "https://shop.example.com/": _without_vary(names["app"]),
        }
        urls = {name: servers.enter_context(contextlib.closing(Site(app))).url for name, app in hosts.items()}

        def run(found: re.Match[str]) -> str:
            return f"```console\n$ {found[1]}\n{_output(found[1], here, urls)}```"

        return [_BLOCK.sub(run, page) for page in pages]


def _output(command: str, folder: Path, urls: dict[str, str]) -> str:
    asked = command
    for name, url in urls.items():
        asked = asked.replace(name, url)
    asked = asked.replace(" doctor ", " doctor --wait 0 ")
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", asked],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = done.stdout
    for name, url in urls.items():
        said = said.replace(url, name)
    return said.replace(str(folder), "/srv/mysite")


def _without_vary(app: Any) -> Callable[..., Any]:
    """Return the site behind a server that drops `Vary`."""

    def changed(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [pair for pair in headers if pair[0] != "Vary"], *more)

        return app(environ, start)

    return changed


if __name__ == "__main__":
    for page, text in zip(PAGES, updated([page.read_text("utf-8") for page in PAGES]), strict=True):
        page.write_text(text, "utf-8")
