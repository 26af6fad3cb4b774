"""A small site of static pages for the browser tests: it serves what a test puts there, over HTTP and HTTPS.

Knows: sockets and pages as bytes.
Must not know: the facade, HubSpot.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

from examples.standin.certificate import server_context
from examples.standin.connections import CountingServer, settle

#: The names under which the browser knows the site: the first in plain HTTP, the second over TLS.
HOST = "shop.example"
SECURE_HOST = "secure.example"


@dataclass(frozen=True, slots=True)
class Document:
    """What one path answers."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Site:
    """A site on 127.0.0.1; a context manager. `pages` maps a path to what it answers; other paths are 404."""

    def __init__(self) -> None:
        self.pages: dict[str, Document] = {}
        self.asked: list[str] = []
        self._servers = [self._start(None), self._start(server_context([SECURE_HOST]))]

    def _start(self, context: ssl.SSLContext | None) -> CountingServer:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                site.asked.append(path)
                document = site.pages.get(path)
                body = document.body if document else b"nothing here"
                headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
                self.send_response(200 if document else 404)
                for name, value in {**headers, **(document.headers if document else {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

        class Server(CountingServer):
            def finish_request(self, request: Any, client_address: Any) -> None:
                if context is None:
                    super().finish_request(request, client_address)
                else:
                    # The plain socket stays the server's own, which may cut it.
                    with context.wrap_socket(request.dup(), server_side=True) as connection:
                        super().finish_request(connection, client_address)

        return Server(("127.0.0.1", 0), Handler)

    def settle(self) -> None:
        """Wait until nothing that was asked is still to be answered."""
        settle(self._servers)

    def clear(self) -> None:
        """Take every page away."""
        self.pages.clear()
        self.asked.clear()

    @property
    def port(self) -> int:
        """The port of the plain server, for browsers that look no name up here."""
        return self._servers[0].port

    @property
    def resolver_rules(self) -> str:
        """The part of Chromium's `--host-resolver-rules` that brings both names here."""
        plain, secure = (server.port for server in self._servers)
        return f"MAP {HOST} 127.0.0.1:{plain}, MAP {SECURE_HOST} 127.0.0.1:{secure}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.end()
