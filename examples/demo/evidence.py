"""Measure both sites of the demo with `verify`, before and after: `python -m examples.demo --verify FOLDER`."""

from __future__ import annotations

from pathlib import Path

from consent_middleware.commands.main import main as consent_middleware

from . import SIDES, Demo


def measure(folder: str, *more: str) -> int:
    """Write a report for each site into a folder. Return the status of the protected one.

    Args:
        folder: the folder.
        more: further arguments of `verify`.
    """
    status = 0
    with Demo(port=0) as demo:
        origins = demo.standin.origins if demo.standin else {}
        proxied = [f"--proxied={host}={origin}" for host, origin in origins.items()]
        for side in SIDES:
            print(f"The {side} site:", flush=True)
            page = f"http://127.0.0.1:{demo.ports[side]}/"
            status = consent_middleware(["verify", page, "--folder", str(Path(folder, side)), *proxied, *more])
    return status
