"""Decisions by the head, and when it is sent, in process, through both gateways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import consent_middleware.asgi
from consent_middleware import Policy
from tests.asgi_driver import chunk, scope
from tests.gateways import Chunks
from tests.pages import BLOCKED_LOADER

from .gateway import HTML, START, TAGGED, Server, exc_of, starting


def test_head_leaves_before_any_chunk_is_taken(policy: Policy) -> None:
    """1.1 The head is sent when the app's call returns, before the first chunk is taken."""
    server, chunks = Server(policy), Chunks(TAGGED)

    server.call(starting(chunks, HTML))

    assert server.order == ["head"]
    assert chunks.taken == 0


def test_error_status_is_sent_when_the_call_returns(policy: Policy) -> None:
    """1.1 A status other than 200 is sent when the app's call returns."""
    server = Server(policy)

    server.call(starting(Chunks(b"gone"), HTML, status="404 Not Found"))

    assert server.heads[0][0] == "404 Not Found"


async def test_asgi_head_without_length_leaves_first(policy: Policy) -> None:
    """1.1 A head without a length is sent before the first chunk of the body."""
    sent: list[Any] = []
    seen: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        seen.append(len(sent))
        await send(chunk(TAGGED))

    async def send(message: Any) -> None:
        sent.append(message)

    await consent_middleware.asgi.ConsentMiddleware(app, policy)(scope(), None, send)

    assert seen == [1]


def test_app_that_starts_when_iterated_is_served(policy: Policy) -> None:
    """1.2 An app that starts only when it is iterated is served."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        yield TAGGED

    assert BLOCKED_LOADER in Server(policy).run(app).body


def test_late_redirect_without_a_body_is_served(policy: Policy) -> None:
    """1.2 An app that starts late and yields nothing is served."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("302 Found", [("Location", "/"), ("Set-Cookie", "__hstc=1")])
        yield from ()

    server = Server(policy).run(app)

    assert server.heads == [("302 Found", [("Location", "/")])]
    assert server.body == b""


def test_second_start_with_exc_info_is_decided_afresh(policy: Policy) -> None:
    """1.3 After a second start with exc_info, the new head decides."""

    def to_html(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        start_response("500 Oops", [HTML], exc_of(RuntimeError("first")))
        return iter([TAGGED])

    def to_text(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [HTML])
        start_response("500 Oops", [("Content-Type", "text/plain")], exc_of(RuntimeError("first")))
        return iter([TAGGED])

    assert BLOCKED_LOADER in Server(policy).run(to_html).body
    assert Server(policy).run(to_text).body == TAGGED


def test_exc_info_after_the_head_is_raised_again(policy: Policy) -> None:
    """1.3 When a head was sent, the server raises exc_info again."""
    error = RuntimeError("late")

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        yield b"<p>" * 2000
        start_response("500 Oops", [HTML], exc_of(error))

    with pytest.raises(RuntimeError) as raised:
        Server(policy).run(app)

    assert raised.value is error


def test_written_bytes_are_rewritten_and_come_first(policy: Policy) -> None:
    """1.4 Bytes given to write() are rewritten and come before those iterated."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [HTML])
        write(TAGGED[:180])
        return [TAGGED[180:]]

    server = Server(policy).run(app)

    assert BLOCKED_LOADER in server.body
    assert server.order[:2] == ["head", "written"]


def test_fields_are_added_once_for_two_starts(policy: Policy) -> None:
    """1.5 No field of a head is added twice, however often the app starts."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        head = [HTML, ("ETag", '"a"')]
        start_response("200 OK", head)
        start_response("200 OK", head, exc_of(RuntimeError()))
        return [TAGGED]

    server = Server(policy).run(app)

    assert server.head("vary") == ["Cookie, Sec-GPC"]
    assert len(server.head("etag")) == len(server.head("content-length")) == 1
