"""A server on loopback for one WSGI app, which records the requests and can send informational responses."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Pairs = list[tuple[str, str]]


class Seen(NamedTuple):
    """One request that a site got."""

    path: str
    headers: dict[str, str]


class Site:
    """A server for one WSGI app. An app may append heads to `environ["early"]`, which are sent as 103 first."""

    def __init__(self, app: Any, context: ssl.SSLContext | None = None) -> None:
        seen = self.seen = list[Seen]()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append(Seen(self.path, dict(self.headers)))
                path, _, query = self.path.partition("?")
                early: list[Pairs] = []
                environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query}
                for name, value in self.headers.items():
                    environ["HTTP_" + name.upper().replace("-", "_")] = value
                heads: list[tuple[str, Pairs]] = []
                body = b"".join(
                    app({**environ, "early": early}, lambda status, pairs, *_: heads.append((status, pairs)))
                )
                for pairs in early:
                    self.send_response_only(103)
                    self._send(pairs)
                self.send_response_only(int(heads[-1][0][:3]))
                self._send([pair for pair in heads[-1][1] if pair[0].lower() != "content-length"])
                self.wfile.write(body)

            def _send(self, pairs: Pairs) -> None:
                for name, value in pairs:
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
