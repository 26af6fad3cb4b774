"""Streams, files and errors with real servers, over sockets. The servers' own faults are in `faults.py`."""

from __future__ import annotations

import re
import secrets
import time

import pytest

from .clients import Answer, Connection
from .served import get, is_rewritten, only_asgi, only_http_1
from .servers import Running
from .site import PICTURE, gate

pytestmark = pytest.mark.servers


def test_pictures_and_files_pass_byte_by_byte(server: Running) -> None:
    """6.5 Pictures and files pass byte by byte."""
    for path in ("/picture", "/file"):
        answer = get(server, path)
        assert answer.body == PICTURE
        assert answer.all("content-length") == [str(len(PICTURE))]
        assert answer.all("vary") == []


@only_asgi
def test_file_of_html_is_rewritten(server: Running) -> None:
    """7.3 A file of HTML is read and rewritten."""
    is_rewritten(get(server, "/html-file"))


def streams(server: Running, path: str, wanted: bytes) -> Answer:
    """Read `wanted` before the app may make the rest."""
    name = secrets.token_hex(8)
    where = server.folder / gate(name).name
    with Connection(server.port) as connection:
        connection.send(f"{path}?{name}")
        answer = connection.head()
        seen = b""
        while wanted not in seen:
            byte = connection.some()
            assert byte, f"the stream has ended after {seen!r}"
            seen += byte
        where.touch()
        rest = connection.file.read()
    answer.body = seen + rest
    return answer


@only_http_1
def test_page_begins_before_the_app_has_ended(server: Running) -> None:
    """6.1 The beginning of a page arrives before the app has made its end."""
    answer = streams(server, "/stream", b"<h1>Welcome</h1>")

    assert b"data-consent-src" in re.sub(rb"\r\n[0-9a-f]+\r\n", b"", answer.body)


@only_http_1
def test_event_arrives_before_the_next_is_made(server: Running) -> None:
    """6.2 An event arrives before the app has made the next."""
    answer = streams(server, "/events", b"<h1>Welcome</h1>")

    assert b"data-consent" not in answer.body


@only_http_1
def test_client_that_leaves_ends_the_stream_once(server: Running) -> None:
    """6.4 When a client goes away, the app's stream is closed once."""
    name = secrets.token_hex(8)
    connection = Connection(server.port)
    connection.send(f"/endless?{name}")
    connection.some(1000)
    connection.close()

    for _ in range(1000):
        begun_and_closed = get(server, f"/counts?{name}").body
        if begun_and_closed == b"1 1":
            break
        time.sleep(0.01)
    assert begun_and_closed == b"1 1"


def test_error_before_the_head_is_the_servers_page(server: Running) -> None:
    """6.7 An error before the head gives the server's error page, without our markup."""
    try:
        answer = get(server, "/raises")
    except ConnectionError:
        return  # as good an end as any
    assert answer.status == 500
    assert b"<aside" not in answer.body
    assert get(server, "/clean").status == 200


def test_error_in_the_body_looks_broken(server: Running) -> None:
    """6.7 A page with an error in its middle looks broken to the client."""
    try:
        answer = get(server, "/broken")
    except ConnectionError:
        pass  # the server has closed the connection before it has sent anything: broken enough
    else:
        assert not answer.complete
        assert b"<aside" not in answer.body
    assert get(server, "/clean").status == 200
