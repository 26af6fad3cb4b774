"""The configurations of docs/caching.md: two processes behind a load balancer, and one page for all behind caches."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.documentation.blocks import code_of
from tests.needs import need
from tests.pages import BLOCKED_SCRIPT

from .clients import Answer, ask
from .replicated_site import PAGE
from .servers import free_port, nginx, started, varnish

pytestmark = pytest.mark.caches

FULL = ("Cookie", "consent=functional,analytics,marketing")
#: The configurations that the page shows.
CACHING, BALANCING = code_of("caching.md", "nginx")
(RECIPE,) = code_of("caching.md", "vcl")


def visit(port: int, path: str = "/", *headers: tuple[str, str]) -> Answer:
    return ask(port, path, [("Accept", "text/html"), *headers])


def script_of(answer: Answer) -> str:
    """Return the address of the middleware's script in a page."""
    (address,) = re.findall(rb'<script src="(/_consent/facade\.[^"]+)"', answer.body)
    return str(address.decode())


def site(stack: ExitStack, app: str, folder: Path, seed: int = 0) -> int:
    """Start a process of the site and return its port."""
    port = free_port()
    words = [sys.executable, "-m", "uvicorn", f"tests.conformance.replicated_site:{app}", "--port", str(port)]
    # Another seed gives sets and dictionaries of texts another order.
    options = ["--log-level", "error", "--lifespan", "off"]
    stack.enter_context(started([*words, *options], port, folder / f"log{port}", PYTHONHASHSEED=str(seed)))
    return port


@pytest.fixture
def balanced(shared_folder: Path) -> Iterator[int]:
    """Yield the port of nginx in front of two processes."""
    need("nginx")
    with ExitStack() as stack:
        first, second = (site(stack, "app", shared_folder, seed) for seed in (1, 2))
        front = free_port()
        text = BALANCING.replace("8001", str(first)).replace("8002", str(second)).replace("8080", str(front))
        stack.enter_context(nginx(shared_folder / "nginx", free_port(), "", text))
        yield front


def test_replicas_send_the_same_page(balanced: int) -> None:
    answers = [visit(balanced) for _ in range(8)]

    assert len({answer.all("x-process")[0] for answer in answers}) == 2
    assert len({answer.body for answer in answers}) == 1
    assert len({answer.all("etag")[0] for answer in answers}) == 1
    assert BLOCKED_SCRIPT in answers[0].body


def test_replicas_serve_each_others_script(balanced: int) -> None:
    address = script_of(visit(balanced))
    scripts = [visit(balanced, address) for _ in range(8)]

    assert {script.status for script in scripts} == {200}
    assert len({script.body for script in scripts}) == 1
    assert {"immutable" in script.all("cache-control")[0] for script in scripts} == {True}


def test_replicas_confirm_each_others_pages(balanced: int) -> None:
    tag = visit(balanced).all("etag")[0]

    confirmed = [visit(balanced, "/", ("If-None-Match", tag)) for _ in range(8)]
    others = [visit(balanced, "/", ("If-None-Match", tag), FULL) for _ in range(8)]

    assert {answer.status for answer in confirmed} == {304}
    assert len({answer.all("x-process")[0] for answer in confirmed}) == 2
    assert {(answer.status, answer.body) for answer in others} == {(200, PAGE)}


@pytest.fixture(params=["nginx", "varnishd"])
def cached(request: pytest.FixtureRequest, shared_folder: Path) -> Iterator[int]:
    """Yield the port of a cache with the page's configuration, in front of a site with one page for all."""
    need(request.param)
    with ExitStack() as stack:
        back, front = site(stack, "shared", shared_folder), free_port()
        if request.param == "nginx":
            text = re.sub(r"(?<=proxy_cache_path )\S+", str(shared_folder / "pages"), CACHING)
            # The tests' nginx does not buffer, and without a buffer it stores nothing.
            text = text.replace("proxy_cache pages;", "proxy_cache pages; proxy_buffering on;")
            text = text.replace("8000", str(back)).replace("8080", str(front))
            stack.enter_context(nginx(shared_folder / "nginx", free_port(), "", text))
        else:
            stack.enter_context(varnish(shared_folder / "varnish", front, back, RECIPE))
        yield front


def test_shown_cache_stores_one_page_for_all(cached: int) -> None:
    plain = visit(cached)
    answers = [visit(cached, "/", FULL), visit(cached, "/", ("Cookie", "consent=necessary"))]

    assert BLOCKED_SCRIPT in plain.body
    assert {answer.body for answer in answers} == {plain.body}
    assert {answer.all("x-made")[0] for answer in answers} == set(plain.all("x-made"))


def test_shown_cache_passes_each_decision(cached: int) -> None:
    path = "/_consent/decision"

    assert b'"tracking":false' in visit(cached, path).body
    assert b'"tracking":true' in visit(cached, path, FULL).body
    assert b'"tracking":false' in visit(cached, path, ("Cookie", "consent=necessary")).body
