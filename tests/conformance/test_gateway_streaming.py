"""Streaming, memory and the life cycle of a response, in process, through both gateways."""

from __future__ import annotations

import asyncio
import contextvars
import tracemalloc
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import pytest

import consent_middleware.asgi
import consent_middleware.wsgi
from consent_middleware import Policy
from tests.asgi_driver import body_of, call, chunk, scope, sending, start
from tests.gateways import Chunks, Reply
from tests.pages import page

from .gateway import HTML, START, TAGGED, Gateway, Server, asking, send_all, starting


def test_wsgi_text_leaves_before_the_next_chunk(policy: Policy) -> None:
    """6.1 Each chunk gives one chunk, and text is sent before the next chunk is taken."""
    chunks = Chunks(b"<!doctype html><meta charset=utf-8><p>first</p><scr", b"", b"ipt>1</script>", b"<p>")
    server = Server(policy)
    out = iter(server.call(starting(chunks)))

    first = next(out)
    assert (first.endswith(b"<p>first</p>"), chunks.taken) == (True, 1)
    assert [next(out), next(out), next(out)] == [b"", b"<script>1</script>", b"<p>"]


async def test_asgi_text_leaves_before_the_next_message(policy: Policy) -> None:
    """6.1 Each message gives one message, and text is sent before the next."""
    parts = [b"<!doctype html><meta charset=utf-8><p>first</p><scr", b"", b"ipt>1</script>", b"<p>"]
    sent = await send_all(policy, [START, *(chunk(part, True) for part in parts), chunk(b"")])

    bodies = [message["body"] for message in sent[1:]]
    assert bodies == [parts[0].removesuffix(b"<scr"), b"", b"<script>1</script>", b"<p>", b""]


def test_wsgi_event_stream_is_the_apps_own(policy: Policy) -> None:
    """6.2 An event stream passes event by event, as the app's own object."""
    events = Chunks(b"data: 1\n\n", b"data: 2\n\n")

    assert Server(policy).call(starting(events, ("Content-Type", "text/event-stream"))) is events


async def test_asgi_event_stream_is_the_apps_own(policy: Policy) -> None:
    """6.2 An event stream passes event by event, as the app's own object."""
    messages = [start((b"content-type", b"text/event-stream")), chunk(b"data: 1\n\n", True), chunk(b"")]

    assert all(sent is given for sent, given in zip(await send_all(policy, messages), messages, strict=True))


def test_endless_tag_takes_bounded_memory(gateway: Gateway) -> None:
    """6.3 An endless tag needs bounded memory, and work that grows with its length only."""
    small = Policy(contact_url="/c", limits={"tag_bytes": 65_536})
    parts = [b"<!doctype html><meta charset=utf-8><p>", b"<a title='"] + [b"x" * 4096] * 2000
    tracemalloc.start()
    try:
        result = gateway(asking(), Reply(parts, length=False), policy=small)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert result.body == b"".join(parts)
    assert peak < 4 * len(result.body)  # the whole stands twice in what this test keeps


def test_iterable_is_closed_exactly_once(policy: Policy) -> None:
    """6.4 The app's iterable is closed once: at the end, on an early stop, after an error, before any chunk."""
    for taken, error in ((9, None), (1, None), (0, None), (9, RuntimeError("broken"))):
        chunks = Chunks(TAGGED[:90], TAGGED[90:], error=error)
        iterable = Server(policy).call(starting(chunks))
        out = iter(iterable)
        try:
            for _ in range(taken):
                next(out)
        except (StopIteration, RuntimeError):
            pass
        iterable.close()
        assert chunks.closed == 1


def test_unseen_iterable_is_closed_too(policy: Policy) -> None:
    """6.4 An iterable that the server does not get is closed too."""
    chunks = Chunks(error=RuntimeError("at the first chunk"))

    with pytest.raises(RuntimeError, match="at the first chunk"):
        Server(policy).call(starting(chunks, HTML, ("Content-Length", "9")))

    assert chunks.closed == 1


def test_untouched_body_is_the_apps_own_object(policy: Policy, tmp_path: Path) -> None:
    """6.5 An unchanged body is the app's own object, with its length and the server's file."""
    (tmp_path / "a.png").write_bytes(b"png")
    with (tmp_path / "a.png").open("rb") as file:
        for given in ([b"a", b"b"], (b"a",), FileWrapper(file), Chunks(b"a")):
            assert Server(policy).call(starting(given, ("Content-Type", "image/png"))) is given
    clean = [page()]
    assert Server(policy).call(starting(clean)) is clean
    assert len(Server(policy).call(starting([TAGGED, b""]))) == 1


async def test_asgi_app_runs_in_the_servers_task(policy: Policy) -> None:
    """6.6 The app runs in the server's own task, with its context, and gets its receive."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        variable.set("by the app")
        seen.append((asyncio.current_task(), receive))
        await send(START)
        await send(chunk(TAGGED))
        seen.append("after the response")

    async def receive() -> Any:
        return {}  # pragma: no cover

    async def send(message: Any) -> None:
        seen.append(asyncio.current_task())

    await consent_middleware.asgi.ConsentMiddleware(app, policy)(scope(), receive, send)

    assert seen == [(asyncio.current_task(), receive), asyncio.current_task(), asyncio.current_task(), seen[3]]
    assert variable.get() == "by the app"
    assert len(asyncio.all_tasks()) == 1
    assert seen[3] == "after the response"


async def test_asgi_messages_wait_for_the_server(policy: Policy) -> None:
    """6.6 The server sets the pace: no message is sent before the last one has been taken."""
    running = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in (START, chunk(TAGGED[:99], True), chunk(TAGGED[99:], True), chunk(b"")):
            await send(message)

    async def send(message: Any) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        running -= 1

    await consent_middleware.asgi.ConsentMiddleware(app, policy)(scope(), None, send)


async def test_asgi_error_leaves_the_page_unfinished(policy: Policy) -> None:
    """6.7 An error before the head sends nothing, one in the body leaves the page unfinished."""

    async def early(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(chunk(TAGGED[:-30], True))
        raise LookupError

    sent: list[Any] = []
    with pytest.raises(LookupError):
        await call(consent_middleware.asgi.ConsentMiddleware(early, policy), sent=sent)
    assert sent == []
    with pytest.raises(LookupError):
        await call(consent_middleware.asgi.ConsentMiddleware(late, policy), sent=sent)
    assert sent[-1]["more_body"] is True
    assert b"<aside" not in body_of(sent)


def test_wsgi_error_leaves_the_page_unfinished(policy: Policy) -> None:
    """6.7 An error before the head sends nothing, one in the body leaves the page unfinished."""

    def early(environ: Any, start_response: Any) -> Any:
        raise LookupError

    for app, heads in ((early, 0), (starting(Chunks(TAGGED[:-30], error=LookupError())), 1)):
        server = Server(policy)
        with pytest.raises(LookupError):
            server.run(app)
        assert len(server.heads) == heads
        assert b"<aside" not in server.body


def test_wsgi_keeps_nothing_of_a_request(policy: Policy) -> None:
    """6.8 Nothing of a request stays on the middleware, and the app's lists stay as they were."""
    pairs = [HTML, ("Set-Cookie", "__hstc=1"), ("ETag", '"a"')]
    body = [TAGGED]
    before = (list(pairs), list(body))

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", pairs)
        return body

    outside = consent_middleware.wsgi.ConsentMiddleware(app, policy)
    attributes = dict(vars(outside))
    for _ in range(2):
        outside({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, Server(policy).start_response)

    assert (pairs, body) == before
    assert vars(outside) == attributes


async def test_asgi_keeps_nothing_of_a_request(policy: Policy) -> None:
    """6.8 Nothing of a request stays on the middleware, and the app's messages stay as they were."""
    headers = [(b"content-type", b"text/html"), (b"set-cookie", b"__hstc=1"), (b"etag", b'"a"')]
    message, body = {**START, "headers": headers}, chunk(TAGGED)
    before = ({**message, "headers": list(headers)}, dict(body))
    outside = consent_middleware.asgi.ConsentMiddleware(sending([message, body]), policy)
    # At its first call, it looks where in the app it stands.
    await call(outside)
    attributes = dict(vars(outside))
    for _ in range(2):
        await call(outside)

    assert (message, body) == before
    assert message["headers"] is headers
    assert vars(outside) == attributes
