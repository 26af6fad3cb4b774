"""Real servers and caches for the tests of this folder: each is started once and ends with its tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import consent_middleware.asgi
import consent_middleware.wsgi
from consent_middleware import Policy
from tests import asgi_driver
from tests.gateways import GATEWAYS, Reply, Request, Result, run_asgi, run_wsgi
from tests.needs import need

from .faults import known_fault
from .gateway import HTML, Door, SeenByApp
from .servers import COMMANDS, Running, running


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Group the tests by server, so that `pytest --dist loadgroup` runs them in one process and starts it once."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and callspec.params.get("server") in COMMANDS:
            item.add_marker(pytest.mark.xdist_group(callspec.params["server"]))


class Farm:
    """The servers that tests have asked for. Each is started once and runs until all tests are over."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}
        self._ends = ExitStack()

    def get(self, name: str) -> Running:
        """Return the server of that name, started unless it runs."""
        if name not in self._running:
            self._running[name] = self._ends.enter_context(running(name))
        return self._running[name]

    def close(self) -> None:
        """End all servers."""
        self._ends.close()


@pytest.fixture(scope="session")
def farm() -> Iterator[Farm]:
    """The servers of this process."""
    farm = Farm()
    yield farm
    farm.close()


@pytest.fixture(params=COMMANDS)
def server(request: pytest.FixtureRequest, farm: Farm) -> Running:
    """A real server with the conformance site: each test once with each, or with those that `parametrize` names.

    Where the server is known to do wrong, and does on the site without the middleware, the test is an expected failure
    and is not run. Where the fault is gone, it is run, and the summary shows it as XPASS: the table wants a new entry.
    """
    name: str = request.param
    if COMMANDS[name].behind_nginx:
        need("nginx")
    server = farm.get(name)
    fault = known_fault(name, request.node.originalname)
    if fault is not None:
        request.applymarker(pytest.mark.xfail(reason=fault.reason, strict=False))
        if fault.shown_by(server):
            pytest.xfail(fault.reason)
    return server


@pytest.fixture
def policy() -> Policy:
    """The policy of a test, with counters of its own."""
    return Policy(contact_url="/contact", guard="auto")


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
        return GATEWAYS[gateway](policy, request, reply)

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
