"""Faults of servers, each shown by the site without the middleware, and the release that it was seen with.

The table in `docs/http.md` names the same releases; `test_known_faults.py` compares them.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

from .clients import Answer, Connection, ask
from .servers import Running


@dataclass(frozen=True)
class Fault:
    """A fault of a server, and the test that it fails."""

    #: The server's name in `COMMANDS`.
    server: str
    test: str
    #: The package with the fault, and the newest release that it was seen with.
    package: str
    version: str
    says: str
    shown_by: Callable[[Running], bool]

    @property
    def reason(self) -> str:
        """The reason in the summary of a test run."""
        is_python = self.package == "Python"
        here = platform.python_version() if is_python else metadata.version(self.package)
        return f"a fault of {self.server}, seen with {self.package} {self.version}, here is {here}: {self.says}"


def bare(server: Running, path: str) -> Answer:
    """Return the answer of the site without the middleware."""
    return ask(server.port, f"/bare{path}")


def breaks_off_as_if_whole(server: Running) -> bool:
    """Return whether a page whose app raises in its middle looks whole."""
    try:
        return bare(server, "/broken").complete
    except ConnectionError:
        return False


def sends_stray_bytes(server: Running) -> bool:
    """Return whether the end mark of a chunked body comes behind a HEAD answer."""
    with Connection(server.port) as connection:
        connection.send("/bare/sizeless", method="HEAD", close=False)
        connection.head()
        return connection.some(5) == b"0\r\n\r\n"


KNOWN_FAULTS = [
    Fault(
        "granian wsgi",
        "test_late_start_keeps_its_status",
        "granian",
        "2.8.9",
        "it reads the status when the app's call returns, and takes 200 where the app starts only when it is iterated",
        lambda server: bare(server, "/late").status == 200,
    ),
    Fault(
        "granian wsgi",
        "test_written_bytes_are_rewritten",
        "granian",
        "2.8.9",
        "its start_response returns no write()",
        lambda server: bare(server, "/written").status == 500,
    ),
    Fault(
        "granian wsgi",
        "test_error_in_the_body_looks_broken",
        "granian",
        "2.8.7",
        "it ends a body whose app has raised as if it were whole",
        breaks_off_as_if_whole,
    ),
    Fault(
        "wsgiref",
        "test_error_in_the_body_looks_broken",
        "Python",
        "3.11",
        "it speaks HTTP/1.0, where a body without a length ends with the connection, whole or not",
        breaks_off_as_if_whole,
    ),
    Fault(
        "waitress",
        "test_one_connection_carries_all_kinds",
        "waitress",
        "3.0.2",
        "it sends the end mark of a chunked body after a HEAD answer without a length, and then ends the connection",
        sends_stray_bytes,
    ),
]


def known_fault(server: str, test: str) -> Fault | None:
    """Return the known fault of a server that fails a test, if there is one."""
    return next((fault for fault in KNOWN_FAULTS if (fault.server, fault.test) == (server, test)), None)
