"""A threading server that counts its open connections and can wait until all are closed."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterable
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

#: Seconds between the two checks. A browser that closes a page may open one more connection in the meantime.
_PAUSE = 0.02


def settle(servers: Iterable[CountingServer], seconds: float = 5) -> None:
    """Wait until no connection to these servers is open or waits to be accepted.

    A connection that is still open after `seconds` is cut. A request that was sent before this call is therefore never
    answered or logged after it.
    """
    servers = list(servers)
    for pause in (_PAUSE, 0):
        for server in servers:
            server.drain(seconds)
        time.sleep(pause)


class CountingServer(ThreadingMixIn, TCPServer):
    """A server on one port of 127.0.0.1, with one thread that accepts and one for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(*arguments, **options)
        self._accepting = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._accepting.start()

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count the connection before its thread starts, so that `drain` cannot miss it."""
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection, and count it no longer when it has ended."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._open.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error, unless the browser dropped the connection or the server cut it."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)

    def drain(self, seconds: float) -> None:
        """Wait until the present connections have ended; cut those that are still open after `seconds`."""
        self._accept_all()
        with self._changed:
            if not self._changed.wait_for(lambda: not self._open, seconds):
                self._cut()
                self._changed.wait_for(lambda: not self._open, seconds)

    def end(self, seconds: float = 5) -> None:
        """Stop accepting, cut the open connections, wait for their threads, and free the port."""
        self.shutdown()
        self._accepting.join(seconds)
        with self._changed:
            self._cut()
            self._changed.wait_for(lambda: not self._open, seconds)
        self.server_close()

    def _accept_all(self) -> None:
        """Wait until the present connections are accepted: they are accepted in order, so one more is opened last."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as last:
            last.shutdown(socket.SHUT_WR)
            last.recv(1)

    def _cut(self) -> None:
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
