"""What a test needs besides Python: it is skipped with a reason where that is missing, and fails in CI."""

from __future__ import annotations

import os
import shutil

import pytest


def missing(what: str) -> None:
    """Skip for want of `what`. In CI this is a failure, so that nothing goes untested unseen."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI must not go without", pytrace=False)
    pytest.skip(f"NOT TESTED: {what}")


def need(*programs: str) -> None:
    """Skip where one of the programs is not installed."""
    for program in programs:
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
            missing(f"{program} is missing; install it (Debian: apt install nginx varnish)")
