"""Clients that show everything that comes over the socket, with informational responses and cut-off bodies."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO

import h2.config
import h2.connection
import h2.events

Pairs = list[tuple[str, str]]

#: A server that hangs fails the test after so many seconds.
TIMEOUT = 20


@dataclass
class Answer:
    """A response as it came. Names are in lower case; `complete` says whether the framing shows a whole body."""

    status: int
    headers: Pairs
    body: bytes = b""
    complete: bool = True
    #: The heads of 1xx responses that came before.
    hints: list[tuple[int, Pairs]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


class Connection:
    """An HTTP/1.1 connection without a library in between."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.file: BinaryIO = self.socket.makefile("rb")
        self.method = "GET"

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def send(self, path: str, headers: Pairs = [], method: str = "GET", *, close: bool = True) -> None:  # noqa: B006
        self.method = method
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: www.shop.example",
            *(f"{name}: {value}" for name, value in headers),
        ]
        lines += ["Connection: close"] if close else []
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def head(self) -> Answer:
        """Return the next head, with the 1xx heads before it."""
        hints: list[tuple[int, Pairs]] = []
        while True:
            first = self.file.readline()
            if not first:
                raise ConnectionError("the server has closed the connection without an answer")
            status = int(first.split()[1])
            headers: Pairs = []
            while (line := self.file.readline()) not in {b"\r\n", b"\n", b""}:
                name, _, value = line.decode("latin-1").partition(":")
                headers.append((name.lower(), value.strip()))
            if status >= 200:
                return Answer(status, headers, hints=hints)
            hints.append((status, headers))

    def body(self, answer: Answer) -> Answer:
        """Read the body of an answer whose head has been read."""
        if self.method == "HEAD" or answer.status in {204, 304}:
            return answer
        if "chunked" in "".join(answer.all("transfer-encoding")).lower():
            answer.complete = False
            while line := self.file.readline():
                size = int(line.split(b";")[0] or b"0", 16)
                piece = self.file.read(size)
                answer.body += piece
                if len(piece) < size:
                    break
                self.file.readline()
                if size == 0:
                    answer.complete = True
                    break
        elif answer.all("content-length"):
            length = int(answer.all("content-length")[0])
            answer.body = self.file.read(length)
            answer.complete = len(answer.body) == length
        else:
            answer.body = self.file.read()
        return answer

    def some(self, size: int = 1) -> bytes:
        """Return bytes of a body as they come, with their framing."""
        return self.file.read(size)

    def ask(self, path: str, headers: Pairs = [], method: str = "GET", *, close: bool = True) -> Answer:  # noqa: B006
        self.send(path, headers, method, close=close)
        return self.body(self.head())


def ask(port: int, path: str, headers: Pairs = [], method: str = "GET") -> Answer:  # noqa: B006
    """Make one request on a new connection."""
    with Connection(port) as connection:
        return connection.ask(path, headers, method)


def ask_h2(port: int, path: str, headers: Pairs = [], method: str = "GET") -> Answer:  # noqa: B006
    """Make one request over HTTP/2 in the clear, with prior knowledge. Each `Cookie` is sent as its own field."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        state = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="latin-1"))
        state.initiate_connection()
        pseudo = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "www.shop.example")]
        state.send_headers(1, [*pseudo, *((name.lower(), value) for name, value in headers)], end_stream=True)
        answer = Answer(0, [], complete=False)
        while not answer.complete:
            connection.sendall(state.data_to_send())
            received = connection.recv(65_536)
            if not received:
                break
            for event in state.receive_data(received):
                if isinstance(event, h2.events.InformationalResponseReceived):
                    pairs = [(str(name), str(value)) for name, value in event.headers or []]
                    answer.hints.append((int(dict(pairs)[":status"]), pairs))
                elif isinstance(event, h2.events.ResponseReceived):
                    answer.headers = [(str(name), str(value)) for name, value in event.headers or []]
                    answer.status = int(dict(answer.headers)[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    answer.body += event.data or b""
                    state.acknowledge_received_data(event.flow_controlled_length or 0, 1)
                elif isinstance(event, h2.events.StreamEnded):
                    answer.complete = True
                elif isinstance(event, h2.events.StreamReset):
                    return answer
        return answer
