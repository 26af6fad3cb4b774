"""Build the small apps of this folder with the real libraries, once, into the cache."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

from tests import npm
from tests.needs import missing

HERE = Path(__file__).parent
APPS = HERE / "apps"
NEXT = HERE / "next"
ASTRO = HERE / "astro"
LOCKS = Path(npm.__file__).parent


def _files(*places: Path) -> list[Path]:
    """Return all files on which a build depends."""
    found = [HERE / "build.py"]
    for place in places:
        found += sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
    return found


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise npm.NpmError("node is missing, which builds the apps of the browser tests")
    return node


def _esbuild(name: str, lock: str, apps: dict[str, str]) -> Path:
    """Return the folder with the built apps, one folder for each, made with the libraries of a lock."""
    tools, modules = npm.modules(), npm.modules(lock)

    def make(folder: Path) -> str:
        wanted = [f"{name}={source}" for name, source in apps.items()]
        command: list[str | Path] = [_node(), HERE / "build.mjs", tools, modules, APPS, folder, *wanted]
        return npm.run(command, HERE, "build the apps")

    return npm.once(name, _files(HERE / "build.mjs", APPS, LOCKS / "node", LOCKS / lock), make)


def _next() -> Path:
    """Return the export of Next.js: its pages, and the folder `_next` with its scripts."""
    modules = npm.modules("node-next")

    def make(folder: Path) -> str:
        work = folder / "work"
        shutil.copytree(NEXT, work)
        (work / "node_modules").symlink_to(modules)
        (work / "package.json").write_text('{"private": true}', "utf-8")
        environment = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1"}
        trouble = npm.run([_node(), modules / "next" / "dist" / "bin" / "next", "build"], work, "build", environment)
        if not trouble:
            (work / "out").rename(folder / "out")
            shutil.rmtree(work)
        return trouble

    return npm.once("next", _files(NEXT, LOCKS / "node-next"), make) / "out"


def _astro() -> Path:
    """Return the static site that Astro builds: its pages, and the folder `_astro` with its scripts."""
    modules = npm.modules("node-astro")

    def make(folder: Path) -> str:
        work = folder / "work"
        shutil.copytree(ASTRO, work)
        shutil.copy(APPS / "counter.js", work / "src")
        (work / "node_modules").symlink_to(modules)
        (work / "package.json").write_text('{"private": true, "type": "module"}', "utf-8")
        environment = {**os.environ, "ASTRO_TELEMETRY_DISABLED": "1"}
        trouble = npm.run([_node(), "node_modules/astro/astro.js", "build"], work, "build", environment)
        if not trouble:
            (work / "dist").rename(folder / "astro")
            shutil.rmtree(work)
        return trouble

    return npm.once("astro", _files(ASTRO, APPS / "counter.js", LOCKS / "node-astro"), make)


@cache
def _built(kind: str) -> Path | str:
    """Return the folder of a build, or why the build failed. Each build is tried once."""
    names = [folder.name for folder in sorted(APPS.iterdir()) if folder.is_dir()]
    try:
        if kind == "next":
            return _next()
        if kind == "astro":
            return _astro()
        if kind == "react18":
            return _esbuild("apps-react18", "node-next", {"helmet-18": "helmet"})
        return _esbuild("apps", "node", {name: name for name in names})
    except npm.NpmError as error:
        return str(error)


def built(kind: str) -> Path:
    """Return the folder of a build: "apps", "react18", "next" or "astro".

    If the build fails, the test is skipped, or fails in CI.
    """
    folder = _built(kind)
    if isinstance(folder, str):
        missing(folder)
        raise npm.NpmError(folder)
    return folder
