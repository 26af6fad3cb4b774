"""Calls an aiohttp app over loopback, as a browser would, and returns what arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from http.client import HTTPResponse
from io import BytesIO

from aiohttp import web
from aiohttp.test_utils import TestServer

Pairs = list[tuple[str, str]]

#: The fields that aiohttp adds to every response, and those of the connection.
_OWN = {"date", "server", "connection", "transfer-encoding"}


class _Received:
    """What a socket has received, as `HTTPResponse` reads it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> BytesIO:
        return BytesIO(self._data)


async def received_by(
    app: web.Application, method: str = "GET", path: str = "/", headers: Pairs | None = None, version: str = "1.1"
) -> bytes:
    """Make one request; return all bytes of the response."""
    given = headers or []
    # aiohttp answers no request without a host.
    fields = {"Host": "localhost", **{name: value for name, value in given if name == "Host"}}
    others = [(name, value) for name, value in given if name != "Host"]
    lines = [f"{name}: {value}" for name, value in [*fields.items(), *others, ("Connection", "close")]]
    async with TestServer(app) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write("\r\n".join([f"{method} {path} HTTP/{version}", *lines, "", ""]).encode("latin-1"))
        try:
            return await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()


async def call(
    app: web.Application,
    method: str = "GET",
    path: str = "/",
    headers: Iterable[tuple[str, str]] = (),
    *,
    version: str = "1.1",
) -> tuple[int, Pairs, bytes]:
    """Make one request; return the status, the head without the connection's fields, and the body."""
    received = await received_by(app, method, path, [*headers], version)
    response = HTTPResponse(_Received(received), method=method)  # type: ignore[arg-type]
    response.begin()
    head = [(name.lower(), value) for name, value in response.getheaders() if name.lower() not in _OWN]
    return response.status, head, response.read()
