"""Parts of the tests under real servers: requests, checks of pages, and the servers that a test is for."""

from __future__ import annotations

import pytest

from tests.engines import engine_for
from tests.pages import BLOCKED_SCRIPT

from .clients import Answer, ask, ask_h2
from .servers import COMMANDS, Running
from .site import POLICY

FULL = ("Cookie", "consent=functional,analytics,marketing")
NAVIGATION = ("Accept", "text/html")
ASSET = engine_for(POLICY).facade.asset("en")
MARK = f"--consent-{engine_for(POLICY).shared_page_plan.variant}-{engine_for(POLICY).fingerprint}"

WSGI = [name for name, command in COMMANDS.items() if command.gateway == "wsgi"]
ASGI = [name for name, command in COMMANDS.items() if command.gateway == "asgi"]
HTTP_1 = [name for name, command in COMMANDS.items() if not command.h2]
only_wsgi = pytest.mark.parametrize("server", WSGI, indirect=True)
only_asgi = pytest.mark.parametrize("server", ASGI, indirect=True)
only_http_1 = pytest.mark.parametrize("server", HTTP_1, indirect=True)


def get(server: Running, path: str, *headers: tuple[str, str], method: str = "GET") -> Answer:
    """Return the answer to one request, in the protocol that the server is tested with."""
    return (ask_h2 if server.command.h2 else ask)(server.port, path, list(headers), method)


def is_rewritten(answer: Answer) -> None:
    """Assert that a page has arrived whole, with its tag blocked and with one facade."""
    assert answer.complete
    assert BLOCKED_SCRIPT in answer.body
    assert answer.body.count(b"<aside") == 1
    assert len(answer.all("content-length")) <= 1
    if answer.all("content-length"):
        assert answer.all("content-length") == [str(len(answer.body))]


def cookies_of(answer: Answer) -> list[str]:
    """Return the cookies that an answer sets, without their attributes."""
    return [value.partition(";")[0] for value in answer.all("set-cookie")]
