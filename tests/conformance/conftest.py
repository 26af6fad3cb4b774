"""Real servers and caches for the tests of this folder: each is started once and ends with its tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from .servers import Running, running


def missing(what: str) -> None:
    """Skip for want of `what`, with a loud reason; in CI this is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and CI must not go without", pytrace=False)
    pytest.skip(f"NOT TESTED BEHIND IT: {what}")


def need(*programs: str) -> None:
    """Skip where one of the programs is not installed."""
    for program in programs:
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None:
            missing(f"{program} is missing; install it (Debian: apt install nginx varnish)")


class Farm:
    """One running server at a time: tests that follow each other with one server share it."""

    def __init__(self) -> None:
        self.current: Running | None = None
        self._ends = ExitStack()

    def get(self, name: str) -> Running:
        """The server of that name, started unless it runs."""
        if self.current is None or self.current.name != name:
            self.close()
            self.current = self._ends.enter_context(running(name))
        return self.current

    def close(self) -> None:
        """End the server that runs."""
        self.current = None
        self._ends.close()


@pytest.fixture(scope="module")
def farm() -> Iterator[Farm]:
    """The servers of a module's tests."""
    farm = Farm()
    yield farm
    farm.close()


@pytest.fixture
def server(request: pytest.FixtureRequest, farm: Farm) -> Running:
    """The server that the test names, with the conformance site."""
    if "nginx" in request.param:
        need("nginx")
    return farm.get(request.param)


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """A folder that a cache's own user can enter."""
    tmp_path.chmod(0o755)
    return tmp_path
