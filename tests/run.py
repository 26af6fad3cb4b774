"""Runs all tests in two processes, one for what needs a browser, so that two cores have work: `python -m tests.run`.

Knows: which folders need a browser, and how coverage is put together.
Must not know: what the tests do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTEST = [sys.executable, "-bb", "-m", "pytest", "--cov", "--cov-report="]
CACHES = "tests/conformance/test_caches_browser.py"
SHARES = {
    "browser": ["tests/browser", "examples", CACHES],
    "others": ["tests", "--ignore=tests/browser", f"--ignore={CACHES}"],
}


def main(arguments: list[str]) -> int:
    """Run both shares with the same further arguments; print one after the other. Returns the exit status."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        data = {name: str(Path(folder, name)) for name in SHARES}
        logs = {name: Path(folder, f"{name}.txt") for name in SHARES}
        running = {}
        for name, share in SHARES.items():
            with logs[name].open("wb") as log:
                running[name] = subprocess.Popen(
                    # Each has its own cache, so that neither takes the other's failures for its own.
                    [*PYTEST, "-o", f"cache_dir=.pytest_cache/{name}", *share, *arguments],
                    cwd=ROOT,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, "COVERAGE_FILE": data[name]},
                )
        statuses = []
        for name, process in running.items():
            statuses.append(process.wait())
            print(f"--- {name}, after {time.monotonic() - began:.0f} s", flush=True)
            print(logs[name].read_text("utf-8", "replace"), flush=True)
        coverage = [sys.executable, "-m", "coverage"]
        subprocess.run([*coverage, "combine", "--quiet", *data.values()], cwd=ROOT, check=False)
        statuses.append(subprocess.run([*coverage, "report"], cwd=ROOT, check=False).returncode)
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
