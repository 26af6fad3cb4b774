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
from tests.order import regroup

from .faults import known_fault
from .gateway import HTML, Gateway, SeenByApp
from .servers import COMMANDS, Running, running


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Group the tests by server, so that few processes start it; with `pytest --dist loadgroup`, one does."""
    regroup(items, Path(__file__).parent, "server", COMMANDS)
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and callspec.params.get("server") in COMMANDS:
            item.add_marker(pytest.mark.xdist_group(callspec.params["server"]))


class ServerPool:
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
def server_pool() -> Iterator[ServerPool]:
    """Yield the servers of this process."""
    pool = ServerPool()
    yield pool
    pool.close()


@pytest.fixture(params=COMMANDS)
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Running:
    """Return a real server with the conformance site: each in turn, or those that `parametrize` names.

    A test that fails because of a known fault of the server is an expected failure. It is not run where the site
    without the middleware shows the fault. Otherwise it is run, and the summary shows XPASS if it passes: then the
    table of faults needs a change.
    """
    name: str = request.param
    if COMMANDS[name].behind_nginx:
        need("nginx")
    server = server_pool.get(name)
    fault = known_fault(name, request.node.originalname)
    if fault is not None:
        request.applymarker(pytest.mark.xfail(reason=fault.reason, strict=False))
        if fault.shown_by(server):
            pytest.xfail(fault.reason)
    return server


@pytest.fixture
def policy() -> Policy:
    """Return a policy of the test's own, so that its counters begin at zero."""
    return Policy(contact_url="/contact", guard="auto")


@pytest.fixture(params=["wsgi", "asgi"])
def gateway_name(request: pytest.FixtureRequest) -> str:
    """Return the name of the gateway that a test goes through: each test goes through each once."""
    name: str = request.param
    return name


@pytest.fixture
def gateway(gateway_name: str, policy: Policy) -> Gateway:
    """Return a function from a request and the app's answer to what the client gets."""
    own = policy

    def through(request: Request, reply: Reply, policy: Policy = own) -> Result:
        return GATEWAYS[gateway_name](policy, request, reply)

    return through


@pytest.fixture
def seen_by_app(gateway_name: str, policy: Policy) -> SeenByApp:
    """Return a function from a request to the fields that the app sees, with names in lower case."""

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

        if gateway_name == "wsgi":
            run_wsgi(consent_middleware.wsgi.ConsentMiddleware(wsgi_app, policy), request)
        else:
            run_asgi(consent_middleware.asgi.ConsentMiddleware(asgi_app, policy), request)
        return seen

    return through


@pytest.fixture
def shared_folder(tmp_path: Path) -> Path:
    """Return a folder that nginx and Varnish can enter under users of their own."""
    tmp_path.chmod(0o755)
    return tmp_path
