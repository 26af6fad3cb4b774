"""Skip tests whose programs are missing; in CI such tests fail."""

from __future__ import annotations

import os
import shutil

import pytest


def missing(what: str) -> None:
    """Skip the test and give the reason `what`. In CI, fail, so that no missing test goes unnoticed."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI must not go without", pytrace=False)
    pytest.skip(f"NOT TESTED: {what}")


def need(*programs: str) -> None:
    """Skip the test if one of the programs is not installed."""
    for program in programs:
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
            missing(f"{program} is missing; install it (Debian: apt install nginx varnish)")
