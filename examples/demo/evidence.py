"""Measure both sites of the demo with `verify`, before and after: `python -m examples.demo.evidence FOLDER`.

More arguments are those of `python -m consent_middleware verify`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from consent_middleware.commands.main import main as consent_middleware

from . import SIDES, Demo


def main(arguments: Sequence[str]) -> int:
    """Write a report for each site into a folder. Return the status of the protected one."""
    if not arguments or arguments[0].startswith("-"):
        print("usage: python -m examples.demo.evidence FOLDER [arguments of verify]", file=sys.stderr)
        return 2
    folder, *more = arguments
    status = 0
    with Demo(port=0) as demo:
        origins = demo.standin.origins if demo.standin else {}
        proxied = [f"--proxied={host}={origin}" for host, origin in origins.items()]
        for side in SIDES:
            print(f"The {side} site:", flush=True)
            page = f"http://127.0.0.1:{demo.ports[side]}/"
            status = consent_middleware(["verify", page, "--folder", str(Path(folder, side)), *proxied, *more])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
