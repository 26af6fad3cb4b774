"""A small static site for the browser tests, over HTTP and HTTPS."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self

from examples.standin.certificate import server_context
from examples.standin.connections import CountingServer, settle

#: The host names of the site in the browser, for plain HTTP and for HTTPS.
HOST = "shop.example"
SECURE_HOST = "secure.example"


@dataclass(frozen=True, slots=True)
class Document:
    """The response of one path."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Site:
    """Serve `pages`, the responses by path, on 127.0.0.1. Other paths are 404. A context manager."""

    def __init__(self) -> None:
        self.pages: dict[str, Document] = {}
        self.asked: list[str] = []
        self._servers = [self._start(None), self._start(server_context([SECURE_HOST]))]

    def _start(self, context: ssl.SSLContext | None) -> CountingServer:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Log nothing."""

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
                    # The server keeps the plain socket, because it may close it.
                    with context.wrap_socket(request.dup(), server_side=True) as connection:
                        super().finish_request(connection, client_address)

        return Server(("127.0.0.1", 0), Handler)

    def settle(self) -> None:
        """Wait until every request has been answered."""
        settle(self._servers)

    def clear(self) -> None:
        """Remove every page."""
        self.pages.clear()
        self.asked.clear()

    @property
    def port(self) -> int:
        """Return the port of the plain server, for browsers without resolver rules."""
        return self._servers[0].port

    @property
    def resolver_rules(self) -> str:
        """Return the part of Chromium's `--host-resolver-rules` that resolves both host names to this site."""
        plain, secure = (server.port for server in self._servers)
        return f"MAP {HOST} 127.0.0.1:{plain}, MAP {SECURE_HOST} 127.0.0.1:{secure}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.end()
