"""A threading server that knows which of its connections are open, and can wait until none is.

Knows sockets and threads, and nothing of what is asked or answered.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterable
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

#: Seconds between the two looks at the connections. A browser that has been told to close a page may begin one more.
_PAUSE = 0.02


def settle(servers: Iterable[CountingServer], seconds: float = 5) -> None:
    """Wait until nothing is on its way to any of these: no connection is open, and none waits to be accepted.

    What is still open after `seconds` is cut, so that what was asked before this call is never answered, or written
    down, after it.
    """
    servers = list(servers)
    for pause in (_PAUSE, 0):
        for server in servers:
            server.drain(seconds)
        time.sleep(pause)


class CountingServer(ThreadingMixIn, TCPServer):
    """One port on 127.0.0.1, one thread that accepts, and one thread for each connection."""

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
        """The port it listens on."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Write the connection down before its thread begins, so that none is between the queue and the list."""
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection, and strike it off the list when it has ended."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._open.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of an error, unless a browser dropped the connection, or it was cut here."""
        if not isinstance(sys.exception(), OSError | ValueError):
            super().handle_error(request, client_address)

    def drain(self, seconds: float) -> None:
        """Wait until what was begun before now has ended; cut what is still open after `seconds`."""
        self._accept_all()
        with self._changed:
            if not self._changed.wait_for(lambda: not self._open, seconds):
                self._cut()
                self._changed.wait_for(lambda: not self._open, seconds)

    def end(self, seconds: float = 5) -> None:
        """Accept no more, cut what is open, wait until its threads have ended, and free the port."""
        self.shutdown()
        self._accepting.join(seconds)
        with self._changed:
            self._cut()
            self._changed.wait_for(lambda: not self._open, seconds)
        self.server_close()

    def _accept_all(self) -> None:
        """Wait until every connection that was begun before now is accepted: they are taken in their order."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as last:
            last.shutdown(socket.SHUT_WR)
            last.recv(1)

    def _cut(self) -> None:
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
