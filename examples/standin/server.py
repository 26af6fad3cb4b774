"""The stand-in's servers: listeners on the loopback address, faults, and the log of every request.

The content of the answers is in `answers`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from . import answers
from .certificate import server_context
from .connections import CountingServer, settle
from .hosts import DOMAINS, is_hubspot
from .portal import Portal

Fault = Literal["refuse", "hang", "204", "404", "500"]

# Browsers open connections in advance and may never use them.
_IDLE_SECONDS = 60
_TLS_HANDSHAKE = 0x16  # RFC 8446 section 5.1: the content type that opens a TLS connection


@dataclass(frozen=True, slots=True)
class Record:
    """One request that reached the stand-in, logged before it is answered.

    Attributes:
        time: Seconds since the epoch.
        cookies: The names in the Cookie header.
        local: Whether the request came to an address that `StandIn.origin` returns.
        fault: The fault that was set for the host, or None.
    """

    number: int
    time: float
    method: str
    scheme: str
    host: str
    path: str
    query: str
    referer: str
    origin: str
    cookies: tuple[str, ...]
    local: bool
    fault: str | None

    @property
    def url(self) -> str:
        """Return the address at HubSpot for which the request was meant."""
        return f"{self.scheme}://{self.host}{self.path}" + (f"?{self.query}" if self.query else "")

    @property
    def page(self) -> str:
        """Return the origin of the page that sent the request, or "" if the request does not say.

        The Referer of the chat's window is the window itself, so the window names the page in its query.
        """
        named = parse_qs(self.query).get("url", [self.referer or self.origin])[0]
        parts = urlsplit(named)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


class StandIn:
    """A stand-in for HubSpot on 127.0.0.1, for tests and for the demo; a context manager.

    Args:
        portals: The settings of single accounts; every other number is an account with the default settings.
        https: Whether there is an HTTPS listener; it needs the `openssl` command.
        port: The plain HTTP port, 0 for any free one.
        on_request: Called with each record, on the thread that answers.
    """

    def __init__(
        self,
        *,
        portals: Mapping[int, Portal] | None = None,
        https: bool = True,
        port: int = 0,
        on_request: Callable[[Record], object] | None = None,
    ) -> None:
        self.portals: dict[int, Portal] = dict(portals or {})
        #: The fault of each host name or pattern: `standin.faults["*.hubspot.com"] = "hang"`. "refuse" cuts the
        #: connection without an answer; "hang" sends nothing until the fault is removed or the stand-in ends.
        self.faults: dict[str, Fault] = {}
        self._records: list[Record] = []
        self._count = 0
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._on_request = on_request
        self._origins: dict[str, _Listener] = {}
        self._opening = threading.Lock()
        context = server_context(DOMAINS) if https else None
        self._http = _Listener(self, port=port)
        self._https = _Listener(self, context=context) if context is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cut every connection and free every port. A second call does nothing."""
        if self._ending.is_set():
            return
        self._ending.set()
        for listener in self._listeners():
            listener.end()

    def _listeners(self) -> list[_Listener]:
        with self._opening:
            listeners = [self._http, *self._origins.values()]
        return listeners + ([self._https] if self._https is not None else [])

    @property
    def http_port(self) -> int:
        """Return the plain HTTP port; the Host header says which host is meant."""
        return self._http.port

    @property
    def https_port(self) -> int:
        """Return the HTTPS port, which also accepts plain HTTP, for pages whose script addresses have no scheme."""
        if self._https is None:
            raise RuntimeError("this stand-in was made with https=False")
        return self._https.port

    def origin(self, host: str) -> str:
        """Return a local origin that stands in for one host: `http://127.0.0.1:PORT`.

        It is for browsers that cannot be told to resolve HubSpot's names to this machine. Scripts from such an origin
        load their children from such origins too. The same host always has the same origin.
        """
        with self._opening:
            if self._ending.is_set():
                raise RuntimeError("the stand-in has ended")
            if host not in self._origins:
                self._origins[host] = _Listener(self, host=host)
            return f"http://127.0.0.1:{self._origins[host].port}"

    @property
    def origins(self) -> dict[str, str]:
        """Return the local origin of every host that the loader leads to, in region na1, for `Policy(proxied=...)`."""
        return {host: self.origin(host) for host in answers.CHILD_HOSTS}

    @property
    def resolver_rules(self) -> str:
        """Return a value for Chromium's `--host-resolver-rules` that resolves every HubSpot host to the stand-in."""
        address = f"127.0.0.1:{self.https_port}"
        return ", ".join(f"MAP {name} {address}" for domain in DOMAINS for name in (domain, f"*.{domain}"))

    @property
    def browser_arguments(self) -> list[str]:
        """Return arguments for Chromium: HubSpot's names lead to the stand-in, and its certificate is accepted."""
        return [f"--host-resolver-rules={self.resolver_rules}", "--ignore-certificate-errors"]

    @property
    def requests(self) -> list[Record]:
        """Return a copy of the log, oldest first."""
        with self._changed:
            return list(self._records)

    def clear(self) -> None:
        """Empty the log. The numbers of the records go on."""
        with self._changed:
            self._records.clear()

    def settle(self, seconds: float = 5) -> None:
        """Wait until every request that was begun is answered or given up; use it when pages have been closed.

        A connection that is still open after `seconds` is cut.
        """
        settle(self._listeners(), seconds)

    def wait_for(self, host: str, *, path: str = "*", seconds: float = 60) -> Record:
        """Return the first request in the log whose host and path match the patterns; wait if there is none yet.

        Raises:
            TimeoutError: None arrived within `seconds`.
        """

        def found() -> Record | None:
            matching = (each for each in self._records if fnmatchcase(each.host, host) and fnmatchcase(each.path, path))
            return next(matching, None)

        with self._changed:
            record = self._changed.wait_for(found, timeout=seconds)
            if record is None:
                seen = ", ".join(each.host + each.path for each in self._records) or "nothing"
                raise TimeoutError(f"no request for {host} {path} within {seconds} s; seen: {seen}")
            return record

    @property
    def ending(self) -> bool:
        """Return whether `close` was called."""
        return self._ending.is_set()

    def portal(self, number: int) -> Portal:
        """Return the settings of an account."""
        return self.portals.get(number, Portal())

    def _fault(self, host: str) -> Fault | None:
        return next((fault for pattern, fault in dict(self.faults).items() if fnmatchcase(host, pattern)), None)

    def _record(self, handler: _Handler, host: str, fault: Fault | None) -> None:
        cookies: SimpleCookie = SimpleCookie()
        with contextlib.suppress(CookieError):
            cookies.load(handler.headers.get("Cookie", ""))
        target = urlsplit(handler.path)
        listener = handler.listener
        with self._changed:
            self._count += 1
            record = Record(
                number=self._count,
                time=time.time(),
                method=handler.command,
                scheme="https" if isinstance(handler.connection, ssl.SSLSocket) else "http",
                host=host,
                path=target.path,
                query=target.query,
                referer=handler.headers.get("Referer", ""),
                origin=handler.headers.get("Origin", ""),
                cookies=tuple(cookies),
                local=listener.host is not None,
                fault=fault,
            )
            self._records.append(record)
            self._changed.notify_all()
        if self._on_request is not None:
            self._on_request(record)

    def _hang(self, host: str) -> None:
        while self._fault(host) == "hang" and not self._ending.wait(0.05):
            pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "stand-in"
    sys_version = ""
    timeout = _IDLE_SECONDS

    @property
    def listener(self) -> _Listener:
        assert isinstance(self.server, _Listener)  # noqa: S101 - no other server uses this handler
        return self.server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Print nothing; `StandIn.requests` is the log."""

    def do_GET(self) -> None:
        standin = self.listener.standin
        length = int(self.headers.get("Content-Length") or 0)
        if length:
            self.rfile.read(length)
        host = self.listener.host or (self.headers.get("Host") or "").partition(":")[0].lower()
        target = urlsplit(self.path)
        if not is_hubspot(host):
            self._send(answers.Answer(200, "text/plain; charset=utf-8", self.listener.about()))
            return
        fault = standin._fault(host)  # noqa: SLF001 - the handler is part of StandIn
        standin._record(self, host, fault)  # noqa: SLF001
        if fault == "hang":
            standin._hang(host)  # noqa: SLF001
        if fault in ("refuse", "hang"):
            # With zero linger the browser sees a reset, as from a host that refuses.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        elif fault is not None:
            self._send(answers.Answer(int(fault), "text/plain; charset=utf-8", b""))
        elif self.command == "OPTIONS":
            self._send(answers.Answer(204, "", b""))
        else:
            question = answers.Question(host, target.path, target.query, self._origin_of, standin.portal)
            self._send(answers.answer(question))

    do_HEAD = do_POST = do_OPTIONS = do_GET  # noqa: N815 - the names are the base class's

    def _origin_of(self, host: str) -> str:
        return f"https://{host}" if self.listener.host is None else self.listener.standin.origin(host)

    def _send(self, answer: answers.Answer) -> None:
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        # HubSpot lets browsers cache its loader for a minute, but the log must show every page load.
        self.send_header("Cache-Control", "no-store")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "X-HubSpot-Messages-Uri, Content-Type")
        self.send_header("Access-Control-Max-Age", "0")
        self.send_header("Cross-Origin-Resource-Policy", "cross-origin")
        self.send_header("Timing-Allow-Origin", "*")
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


class _Listener(CountingServer):
    """One of the stand-in's ports.

    Args:
        host: The only host that the port stands in for; without it, the Host header names the host.
    """

    def __init__(
        self, standin: StandIn, *, port: int = 0, host: str | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self.standin = standin
        self.host = host
        self._context = context
        super().__init__(("127.0.0.1", port), _Handler)

    def about(self) -> bytes:
        """Return a text that lists the local origins."""
        standin = self.standin
        lines = ["A stand-in for HubSpot. Addresses of single hosts:"]
        lines += [f"{host:30} {origin}" for host, origin in standin.origins.items()]
        return ("\n".join(lines) + "\n").encode()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection, over TLS if it begins with a TLS handshake."""
        assert isinstance(request, socket.socket)  # noqa: S101 - socketserver leaves the type open
        request.settimeout(_IDLE_SECONDS)
        first = request.recv(1, socket.MSG_PEEK)
        if first and first[0] == _TLS_HANDSHAKE and self._context is not None:
            # TLS gets a duplicate, because `end` cuts the connection at the plain socket.
            with self._context.wrap_socket(request.dup(), server_side=True) as connection:
                _Handler(connection, client_address, self)
        elif first:
            _Handler(request, client_address, self)
