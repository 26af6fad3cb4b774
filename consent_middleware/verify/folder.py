"""Writes the folder: report.html, report.json, the files of the browser, and a manifest with their hashes."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from . import report
from .document import LIMITS, Result, as_json
from .record import SessionName
from .scrub import scrub_har, scrub_trace

MANIFEST = "manifest.json"
REPORT = "report.html"


def write_folder(result: Result, raw: Path, command: Sequence[str]) -> None:
    """Write everything into the folder that the settings name.

    Args:
        result: the result.
        raw: the folder with the raw files of the browser.
        command: the command line.

    Raises:
        OSError: The folder cannot be written.
    """
    folder = result.settings.folder
    folder.mkdir(parents=True, exist_ok=True)
    pictures = _copy_browser_files(result, raw, folder)
    _write_sources(result, folder)
    _write_json(folder / "report.json", as_json(result))
    names = [*_names(folder), REPORT]
    (folder / REPORT).write_text(report.page(result, pictures, sorted(names)), "utf-8")
    _write_json(folder / MANIFEST, _manifest(result, folder, command))


def _copy_browser_files(result: Result, raw: Path, folder: Path) -> dict[str, bytes]:
    """Write the HARs and traces without what must not be kept, and the screenshots. Return the screenshots."""
    pictures: dict[str, bytes] = {}
    redactor = result.measurement.redactor
    for name in ("har", "trace", "screenshots"):
        (folder / name).mkdir()
    for session in SessionName:
        har, trace = raw / f"{session}.har", raw / f"{session}.zip"
        if har.exists():
            scrub_har(har, folder / "har" / har.name, redactor)
        if trace.exists():
            scrub_trace(trace, folder / "trace" / trace.name, redactor)
        picture = result.records[session].screenshot
        if picture:
            pictures[picture] = (raw / f"{session}.png").read_bytes()
            (folder / picture).write_bytes(pictures[picture])
    return pictures


def _write_sources(result: Result, folder: Path) -> None:
    """Write the pages as they were sent. The name ends in .txt, so that opening a file does not run its scripts."""
    (folder / "source").mkdir()
    for number, body in enumerate(result.measurement.sources.values(), 1):
        (folder / "source" / f"{number}.html.txt").write_bytes(result.measurement.redactor.body(body))


def _manifest(result: Result, folder: Path, command: Sequence[str]) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "command": list(command),
        "started": result.started,
        "ended": result.ended,
        "versions": {
            "consent-middleware": as_json(result)["package"],
            "chromium": result.measurement.browser,
            "playwright": _playwright_version(),
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        "settings": {
            "wait": result.settings.wait,
            "timeout": result.settings.timeout,
            "sessions": list(result.settings.sessions),
            "browser_arguments": list(result.settings.browser_arguments),
        },
        "sources": {f"source/{number}.html.txt": url for number, url in enumerate(result.measurement.sources, 1)},
        "notes": [
            (
                "source/ has the pages as the server sent them in the untouched session, hidden fields included. Only "
                "the values of cookies are replaced."
            ),
            "har/ and trace/ have no bodies, no queries, no data that was sent, and no values of cookies.",
        ],
        "limits": list(LIMITS),
        "files": {
            name: {
                "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
                "bytes": (folder / name).stat().st_size,
            }
            for name in _names(folder)
        },
    }


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _playwright_version() -> str:
    try:
        return version("playwright")
    except PackageNotFoundError:  # it was installed in another way
        return "unknown"


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")
