"""The demo's React page: what it is made of, fetched and put together at the first look, where there is npm.

Knows: npm, esbuild, and where the page's source lies.
Must not know: the middleware, HubSpot.
"""

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
#: Seconds until the network counts as gone.
PATIENCE = 300

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
WITHOUT = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Bells</title></head>
<body><p>This page needs npm, which fetches React: __WHY__</p><p><a href="/">Back to the workshop</a></p></body></html>
"""

_turn = Lock()


class ReactError(RuntimeError):
    """The script could not be made; the message says why."""


def script() -> bytes:
    """Return the page's script. It is made at the first need, and kept. Raises: ReactError."""
    known = hashlib.sha256(b"".join(file.read_bytes() for file in (*FILES, SOURCE))).hexdigest()[:16]
    made = ROOT / ".cache" / f"demo-react-{known}.js"
    with _turn:
        if not made.is_file():
            _make(made)
    return made.read_bytes()


def _make(made: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ReactError("there is no npm.")
    made.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=made.parent, prefix="demo-") as folder:
        for file in (*FILES, SOURCE):
            shutil.copy(file, folder)
        _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        tool = Path(folder) / "node_modules" / ".bin" / "esbuild"
        options = ["--bundle", "--minify", "--jsx=automatic", '--define:process.env.NODE_ENV="production"']
        _run([str(tool), SOURCE.name, *options, "--outfile=react.js"], folder)
        (Path(folder) / "react.js").rename(made)


def _run(command: list[str], folder: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReactError(str(error)) from error
    if done.returncode != 0:
        raise ReactError(done.stderr.strip()[-300:])
