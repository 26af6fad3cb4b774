"""Run the browser tests repeatedly on a busy machine: `python -m tests.under_load --runs 10 --loops 4 -- -n 2`.

The arguments after `--` go to pytest, in addition to `-m browser`. No test may depend on the speed of the machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: The folder with the output of each run.
FOLDER = ROOT / ".cache" / "under_load"
#: Ends when its parent ends, because that closes its standard input.
LOOP = "import sys, threading; threading.Thread(target=lambda: (sys.stdin.read(), __import__('os')._exit(0))).start()"


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep this many processors busy."""
    with ExitStack() as stack:
        for _ in range(loops):
            words = [sys.executable, "-c", f"{LOOP}\nwhile True: pass"]
            process = stack.enter_context(subprocess.Popen(words, stdin=subprocess.PIPE))
            stack.callback(process.kill)
        yield


def run(number: int, arguments: list[str]) -> tuple[bool, str]:
    """Run the browser tests once. Return whether they passed, and the last lines of pytest."""
    log = FOLDER / f"{number}.txt"
    words = [sys.executable, "-bb", "-m", "pytest", "-m", "browser", "-p", "no:cacheprovider", "-q", *arguments]
    with log.open("wb") as file:
        done = subprocess.run(words, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, check=False)
    lines = log.read_text("utf-8", "replace").splitlines()
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return done.returncode == 0, "\n  ".join([*lines[-1:], *failed])


def main() -> int:
    """Run the tests several times with busy processes beside them. Return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--loops", type=int, default=4, help="busy processes beside each run")
    options.add_argument("arguments", nargs="*", help="further arguments for pytest, after --")
    chosen = options.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    passed, began = 0, time.monotonic()
    with busy(chosen.loops):
        for number in range(1, chosen.runs + 1):
            start = time.monotonic()
            good, said = run(number, chosen.arguments)
            passed += good
            print(
                f"run {number}: {'passed' if good else 'FAILED'} in {time.monotonic() - start:.0f} s: {said}",
                flush=True,
            )
    minutes = (time.monotonic() - began) / 60
    print(f"{passed} of {chosen.runs} runs passed, with {chosen.loops} busy loops, in {minutes:.0f} minutes")
    return 0 if passed == chosen.runs else 1


if __name__ == "__main__":
    sys.exit(main())
