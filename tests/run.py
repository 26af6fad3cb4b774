"""Runs all tests in two processes, one for what needs Chromium, so that two cores have work: `python -m tests.run`.

Knows: which files need Chromium, and how coverage is put together.
Must not know: what the tests do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What each process says and counts stays here, to be looked at while it runs.
FOLDER = ROOT / ".cache" / "run"
PYTEST = [sys.executable, "-bb", "-m", "pytest", "--cov", "--cov-report="]
CACHES = "tests/conformance/test_caches_browser.py"
#: The tests with Firefox share nothing with those with Chromium, which take longest.
FIREFOX = "tests/browser/test_firefox.py"
CHROMIUM = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("tests/browser/test_*.py"))]
CHROMIUM.remove(FIREFOX)
SHARES = {
    "browser": [*CHROMIUM, "examples", CACHES],
    "others": ["tests", *(f"--ignore={path}" for path in (*CHROMIUM, CACHES))],
}


def start(name: str, share: list[str]) -> subprocess.Popen[bytes]:
    """Start one share. Each has a cache of its own, so that neither takes the other's failures for its own."""
    with (FOLDER / f"{name}.txt").open("wb") as log:
        return subprocess.Popen(
            [*PYTEST, "-o", f"cache_dir=.pytest_cache/{name}", *share],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "COVERAGE_FILE": str(FOLDER / f"{name}.coverage")},
        )


def main(arguments: list[str]) -> int:
    """Run both shares with the same further arguments; print one after the other. Returns the exit status."""
    began = time.monotonic()
    FOLDER.mkdir(parents=True, exist_ok=True)
    running = {name: start(name, [*share, *arguments]) for name, share in SHARES.items()}
    statuses = []
    for name, process in running.items():
        statuses.append(process.wait())
        print(f"--- {name}, after {time.monotonic() - began:.0f} s", flush=True)
        print((FOLDER / f"{name}.txt").read_text("utf-8", "replace"), flush=True)
    coverage = [sys.executable, "-m", "coverage"]
    data = [str(FOLDER / f"{name}.coverage") for name in SHARES]
    subprocess.run([*coverage, "combine", "--quiet", *data], cwd=ROOT, check=False)
    statuses.append(subprocess.run([*coverage, "report"], cwd=ROOT, check=False).returncode)
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
