"""The adapter in docs/adapters.md works, and the names that the page promises exist."""

from __future__ import annotations

import inspect
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from consent_middleware import Policy, exchange
from consent_middleware.exchange import Engine, Exchange, RequestHead
from consent_middleware.reporting import exchange_for

PAGE = (Path(__file__).parents[1] / "docs" / "adapters.md").read_text("utf-8")
FULL = "consent=functional,analytics,marketing"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """Return what the page's adapter defines."""
    code = next(block for block in re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL) if "class Handler" in block)
    found: dict[str, Any] = {}
    exec(compile(code, "docs/adapters.md", "exec", dont_inherit=True), found)  # noqa: S102 - the page's own code
    found["Handler"].log_message = lambda *arguments: None
    return found


@pytest.fixture(scope="module")
def address(names: dict[str, Any]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), names["Handler"]) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetched(url: str, cookie: str = "") -> bytes:
    try:
        request = urllib.request.Request(url, headers={"Cookie": cookie})  # noqa: S310 - the server above
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.read()


@pytest.mark.parametrize("path", ["/", "/stream", "/missing"])
def test_adapter_of_the_page_makes_tags_wait(address: str, names: dict[str, Any], path: str) -> None:
    page = fetched(address + path)

    assert b'data-consent-src="//js.hs-scripts.com/12345.js"' in page
    assert page.count(b"<aside data-consent-facade") == 1
    assert fetched(address + path, FULL) == names["PAGE"]


def test_adapter_of_the_page_serves_the_script(address: str) -> None:
    script = fetched(address + "/").partition(b'data-file="')[2].partition(b'"')[0].decode()

    assert fetched(address + script).startswith(b"(")
    assert fetched(f"{address}/plan", "consent=functional") == b"c1t0e0"


def test_names_that_the_page_promises_exist() -> None:
    table = PAGE.partition("## What is stable")[2]
    engine = Engine(Policy(contact_url="/contact"))
    one = Exchange(engine, RequestHead("GET", "/", "", []))
    promised = set(re.findall(r"`(\w+)`", table)) - {"Policy", "RequestHead", "Exchange"}

    assert {name for name in promised if not hasattr(Exchange, name) and not hasattr(one, name)} == {"policy"}
    assert isinstance(exchange_for(engine, RequestHead("GET", "/", "", [])), Exchange)
    assert engine.policy.contact_url == "/contact"
    assert engine.notices.counts == {}
    assert RequestHead._fields == ("method", "path", "mount", "headers")
    assert exchange.__all__ == ["Engine", "Exchange", "RequestHead"]


@pytest.mark.parametrize("name", ["start", "rewrite_whole", "feed", "filter_early_hints"])
def test_promised_methods_describe_their_arguments(name: str) -> None:
    method = getattr(Exchange, name)

    for parameter in list(inspect.signature(method).parameters)[1:]:
        assert f"{parameter}: " in (method.__doc__ or "")
