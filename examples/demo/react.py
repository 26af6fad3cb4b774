"""The demo's React page, whose script npm and esbuild build when it is first opened."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).parent / "page" / "react.jsx"
NODE = Path(__file__).parent / "node"
FILES = [NODE / name for name in ("package.json", "package-lock.json", ".npmrc")]
#: In seconds, for each command that needs the network.
TIMEOUT = 300

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Bells</title>
  <link rel="icon" href="data:,">
  <style>body { font: 18px/1.5 system-ui; margin: 2em auto; max-width: 36em; padding: 0 1em }</style>
</head>
<body>
  <div id="root"></div>
  <script src="/_demo/react.js" data-loader="__LOADER__"></script>
</body>
</html>
"""
PAGE_WITHOUT_NPM = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Bells</title></head>
<body><p>This page needs npm, which fetches React: __WHY__</p><p><a href="/">Back to the workshop</a></p></body></html>
"""

_building = Lock()


class ReactError(RuntimeError):
    """The script could not be built; the message says why."""


def script() -> bytes:
    """Return the page's script, built once for each version of its sources.

    Raises:
        ReactError: The script could not be built.
    """
    version = hashlib.sha256(b"".join(file.read_bytes() for file in (*FILES, SOURCE))).hexdigest()[:16]
    built = ROOT / ".cache" / f"demo-react-{version}.js"
    with _building:
        if not built.is_file():
            _build(built)
    return built.read_bytes()


def _build(target: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ReactError("there is no npm.")
    target.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="demo-") as folder:
        for file in (*FILES, SOURCE):
            shutil.copy(file, folder)
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        tool = Path(folder) / "node_modules" / ".bin" / "esbuild"
        options = ["--bundle", "--minify", "--jsx=automatic", '--define:process.env.NODE_ENV="production"']
        _run([str(tool), SOURCE.name, *options, "--outfile=react.js"], folder)
        (Path(folder) / "react.js").rename(target)


def _run(command: list[str], folder: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReactError(str(error)) from error
    if done.returncode != 0:
        raise ReactError(done.stderr.strip()[-300:])
