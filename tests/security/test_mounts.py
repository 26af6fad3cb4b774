"""A mount from a field that any client can write: an invalid path is left out, and noted once."""

from __future__ import annotations

import logging
import re

import pytest

from consent_middleware import Policy
from consent_middleware import asgi as asgi_door
from consent_middleware import wsgi as wsgi_door
from tests.engines import engine_for
from tests.gateways import Request, run_asgi

PAGE = b'<!doctype html><html><body><script src="//js.hs-scripts.com/1.js"></script></body></html>'
NO_PATHS = [
    "https://evil.example",
    "https:/evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/a//evil.example",
    "evil",
    "/a\tb",
    "/a\nb",
    "/\x00",
    "/a\x7f",
    "javascript:alert(1)",
]
PATHS = {"": "", "/": "", "/shop": "/shop", "/shop/": "/shop", "/a/b": "/a/b", "/caf\u00e9 x": "/caf%C3%A9%20x"}
SOURCE = re.compile(r'<script src="([^"]*)/_consent/facade')


def wsgi(policy: Policy, mount: str) -> str:
    """Return the mount in the page that the WSGI gateway sends."""

    def app(_: object, start_response: object) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])  # type: ignore[operator]
        return [PAGE]

    environ = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": mount.encode().decode("latin-1"), "PATH_INFO": "/"}
    middleware = wsgi_door.ConsentMiddleware(app, policy)
    middleware.engine = engine_for(policy)
    body = b"".join(middleware(environ, lambda *_: lambda _: None))
    return _mount(body.decode())


def _mount(page: str) -> str:
    found = SOURCE.search(page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("mount", NO_PATHS)
def test_invalid_mount_is_left_out(mount: str, caplog: pytest.LogCaptureFixture) -> None:
    policy = Policy(contact_url="/contact")
    with caplog.at_level(logging.WARNING, "consent_middleware"):
        assert [wsgi(policy, mount) for _ in range(2)] == ["", ""]
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["mount"]
    assert "evil" not in caplog.text
    assert engine_for(policy).notices.counts["mount"] == 2


@pytest.mark.parametrize("mount", PATHS)
def test_valid_mount_stays(mount: str) -> None:
    policy = Policy(contact_url="/contact")
    assert wsgi(policy, mount) == PATHS[mount]
    assert "mount" not in engine_for(policy).notices.counts


@pytest.mark.parametrize("mount", [*NO_PATHS, *PATHS])
def test_both_gateways_read_a_mount_alike(mount: str) -> None:
    async def app(_scope: object, _receive: object, send: object) -> None:
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": PAGE})  # type: ignore[operator]

    policy = Policy(contact_url="/contact")
    reply = run_asgi(asgi_door.ConsentMiddleware(app, policy), Request(), root_path=mount)
    assert _mount(reply.body.decode()) == wsgi(policy, mount)
