"""Real servers and caches for the tests of this folder: each is started once and ends with its tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import consent_middleware.asgi
import consent_middleware.wsgi
from consent_middleware import Policy
from tests import asgi_driver
from tests.doors import DOORS, Reply, Request, Result, run_asgi, run_wsgi

from .gateway import HTML, Door, SeenByApp
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
def policy() -> Policy:
    """The policy of a test, with counters of its own."""
    return Policy(contact_url="/contact")


@pytest.fixture(params=["wsgi", "asgi"])
def gateway(request: pytest.FixtureRequest) -> str:
    """The gateway that a test runs through: each test once through each."""
    name: str = request.param
    return name


@pytest.fixture
def door(gateway: str, policy: Policy) -> Door:
    """A request and an app's answer go in, what the client gets comes out."""
    own = policy

    def through(request: Request, reply: Reply, policy: Policy = own) -> Result:
        return DOORS[gateway](policy, request, reply)

    return through


@pytest.fixture
def seen_by_app(gateway: str, policy: Policy) -> SeenByApp:
    """A request goes in, the fields that the app sees of it come out, names in lower case."""

    def through(request: Request) -> dict[str, str]:
        seen: dict[str, str] = {}

        def wsgi_app(environ: Any, start_response: Any) -> list[bytes]:
            names = [name for name in environ if name.startswith("HTTP_")]
            seen.update({name[5:].lower().replace("_", "-"): environ[name] for name in names})
            start_response("200 OK", [HTML])
            return [b""]

        async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
            seen.update({name.decode(): value.decode("latin-1") for name, value in scope["headers"]})
            await send(asgi_driver.start((b"content-type", b"text/html")))
            await send(asgi_driver.chunk(b""))

        if gateway == "wsgi":
            run_wsgi(consent_middleware.wsgi.ConsentMiddleware(wsgi_app, policy), request)
        else:
            run_asgi(consent_middleware.asgi.ConsentMiddleware(asgi_app, policy), request)
        return seen

    return through


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """A folder that a cache's own user can enter."""
    tmp_path.chmod(0o755)
    return tmp_path
