"""ASGI messages and scopes, and the middleware as an object, in process, through both gateways."""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

import consent_middleware.asgi
from consent_middleware import Policy
from tests.asgi_driver import body_of, call, chunk, scope, start, types_of
from tests.pages import BLOCKED_LOADER

from .gateway import FULL, HTML, START, TAGGED, Server, send_all


async def test_optional_keys_and_odd_types_are_accepted(policy: Policy) -> None:
    """7.1 Keys may be missing, heads may be any iterable, bodies any bytes."""
    bare = [{"type": "http.response.start", "status": 200}, {"type": "http.response.body"}]
    assert types_of(await send_all(policy, bare)) == ["start", "body"]
    for headers in (iter([(b"content-type", b"text/html")]), [[b"content-type", b"text/html"]]):
        given = [{**START, "headers": headers}, {"type": "http.response.body", "body": memoryview(TAGGED)}]
        assert BLOCKED_LOADER in body_of(await send_all(policy, given))


async def test_unknown_messages_keep_their_place(policy: Policy) -> None:
    """7.2 Unknown messages are passed on in their order."""
    others: list[dict[str, Any]] = [
        {"type": "http.response.debug", "info": {}},
        {"type": "http.response.push", "path": "/a.css", "headers": []},
        {"type": "http.response.unheard-of"},
        {"type": "http.response.trailers", "headers": [], "more_trailers": False},
    ]
    for length in ([], [(b"content-length", b"%d" % len(TAGGED))]):
        head = start((b"content-type", b"text/html"), *length)
        given = [others[0], head, others[1], others[2], chunk(TAGGED), others[3]]
        sent = await send_all(policy, given)
        assert [message["type"] for message in sent] == [message["type"] for message in given]
        assert [sent[0], sent[2], sent[3], sent[5]] == others


async def test_file_of_html_is_read_any_other_passes(policy: Policy, tmp_path: Path) -> None:
    """7.3 A file passes unless its HTML must be rewritten; then offset and count are obeyed."""
    path = tmp_path / "page.html"
    path.write_bytes(b"--" + TAGGED + b"--")
    picture = {"type": "http.response.pathsend", "path": str(path)}
    assert (await send_all(policy, [start((b"content-type", b"image/png")), picture]))[1] is picture
    assert BLOCKED_LOADER in body_of(await send_all(policy, [START, picture]))
    with path.open("rb") as file:
        parts: list[Any] = [
            chunk(TAGGED[:50], True),
            {"type": "http.response.zerocopysend", "file": file, "offset": 52, "count": 100, "more_body": True},
            {"type": "http.response.zerocopysend", "file": file, "offset": 152, "count": len(TAGGED) - 150},
        ]
        sent = await send_all(policy, [START, *parts])
        assert os.fstat(file.fileno())
    assert BLOCKED_LOADER in body_of(sent)
    assert sent[-1]["more_body"] is False


async def test_asgi_hints_are_filtered_in_their_place(policy: Policy) -> None:
    """7.4 Early hints keep their place, before or behind the start, without links to the vendor."""
    ours, early = b"</a.css>; rel=preload; as=style", b"<https://js.hs-scripts.com>; rel=preconnect"
    hints: dict[str, Callable[..., dict[str, Any]]] = {
        "http.response.early_hint": lambda *links: {"links": list(links)},
        "http.response.informational": lambda *links: {"status": 103, "headers": [(b"link", link) for link in links]},
    }
    for kind, of in hints.items():
        mixed, only_early = {"type": kind, **of(ours, early)}, {"type": kind, **of(early)}
        for given in ([mixed, only_early, START], [START, mixed, only_early]):
            sent = await send_all(policy, [*given, chunk(b"")])
            assert {"type": kind, **of(ours)} in sent
            assert [message["type"] == kind for message in sent].count(True) == 1
            assert (sent[0]["type"] == kind) == (given[0] is mixed)
        allowed = scope((b"cookie", FULL.encode()))
        assert mixed in await send_all(policy, [mixed, START, chunk(b"")], allowed)


def test_wsgi_hints_are_filtered(policy: Policy) -> None:
    """7.4 Hints that a server writes past every middleware are filtered too."""
    hinted: list[Any] = []
    ours, early = ("Link", "</a.css>; rel=preload"), ("Link", "<https://js.hs-scripts.com>; rel=preconnect")

    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.early_hints"]([ours, early])
        environ["wsgi.early_hints"]([(b"Link", b"<//js.hs-scripts.com>; rel=preconnect")])
        environ["wsgi.early_hints"]([("Set-Cookie", "__hstc=1")])
        start_response("200 OK", [HTML])
        return [b""]

    own = {"wsgi.early_hints": hinted.append}
    Server(policy, **own).run(app)
    assert hinted == [[ours]]
    hinted.clear()
    Server(policy, **own, HTTP_COOKIE=FULL).run(app)
    assert len(hinted) == 3


async def test_other_scopes_get_the_servers_own_objects(policy: Policy) -> None:
    """7.5 Scopes of other protocols get the server's own objects, and an error of the app stays an error."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope is given
        assert receive is own[0]
        assert send is own[1]
        raise ConnectionRefusedError

    async def nothing(*_: Any) -> Any:
        return None  # pragma: no cover

    async def nothing_else(*_: Any) -> Any:
        return None  # pragma: no cover

    own = (nothing, nothing_else)
    for kind in ("lifespan", "websocket", "unheard-of"):
        given = {"type": kind, "state": {"a": 1}}
        with pytest.raises(ConnectionRefusedError):
            await consent_middleware.asgi.ConsentMiddleware(app, policy)(given, *own)


async def test_scope_is_copied_with_its_extensions(policy: Policy) -> None:
    """7.6 The app's scope is a copy that keeps extensions, state and TLS."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    given = scope(extensions={"tls": {}, "http.response.pathsend": {}}, state={"a": 1}, client=("a", 1))
    await call(consent_middleware.asgi.ConsentMiddleware(app, policy), given)

    assert seen[0] is not given
    assert {name: seen[0][name] for name in given} == given
    assert seen[0]["state"] is given["state"]
    assert seen[0]["headers"] is given["headers"]


async def test_middleware_is_a_single_async_callable(policy: Policy) -> None:
    """9.1 The middleware is an object with an async `__call__`, as asgiref and Starlette require."""
    from asgiref.compatibility import is_double_callable
    from asgiref.testing import ApplicationCommunicator

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(chunk(TAGGED))

    wrapped = consent_middleware.asgi.ConsentMiddleware(app, policy)
    assert inspect.iscoroutinefunction(wrapped.__call__)
    assert not is_double_callable(wrapped)

    async def talk() -> bytes:
        inside = consent_middleware.asgi.ConsentMiddleware(Through(app), policy)
        out = b""
        for given in (wrapped, inside):
            communicator = ApplicationCommunicator(given, scope())
            await communicator.send_input({"type": "http.request"})
            assert (await communicator.receive_output(1))["type"] == "http.response.start"
            out += (await communicator.receive_output(1))["body"]
            await communicator.wait(1)
        return out

    assert (await talk()).count(BLOCKED_LOADER) == 2


class Through:
    """An app behind asgiref's communicator, message by message."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from asgiref.testing import ApplicationCommunicator

        communicator = ApplicationCommunicator(self.app, dict(scope))
        await communicator.send_input({"type": "http.request"})
        async for message in self._output(communicator):
            await send(message)

    async def _output(self, communicator: Any) -> AsyncIterator[Any]:
        while True:
            message = await communicator.receive_output(1)
            yield message
            if message["type"] == "http.response.body" and not message.get("more_body"):
                return
