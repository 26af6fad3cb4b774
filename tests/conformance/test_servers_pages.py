"""Pages with real servers, over sockets. The servers' own faults are in `faults.py`."""

from __future__ import annotations

import gzip
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.needs import need
from tests.pages import BLOCKED_SCRIPT, page

from .clients import ask
from .served import ASSET, FULL, MARK, get, is_rewritten, only_wsgi
from .servers import Running, free_port, nginx, started
from .site import TAGGED

pytestmark = pytest.mark.servers


def test_tagged_page_is_rewritten_with_its_own_head(server: Running) -> None:
    """2.1 A tagged page is rewritten, with a true length and a head of its own."""
    answer = get(server, "/page")

    is_rewritten(answer)
    assert answer.status == 200
    assert answer.all("etag") == [f'"v1{MARK}"']
    assert answer.all("cache-control") == ["private, max-age=60"]
    assert answer.all("vary") == ["Cookie, Sec-GPC"]


def test_page_with_consent_is_the_apps(server: Running) -> None:
    """1.1 With consent the page is the app's, byte by byte."""
    assert get(server, "/page", FULL).body == TAGGED


def test_clean_page_keeps_bytes_and_length(server: Running) -> None:
    """1.1 A clean page keeps its bytes and its length."""
    answer = get(server, "/clean")

    assert answer.body == page()
    assert answer.all("content-length") == [str(len(page()))]


def test_page_without_a_true_length_arrives_whole(server: Running) -> None:
    """2.1 Pages without a length, or with a wrong one, arrive whole."""
    is_rewritten(get(server, "/unsized"))
    is_rewritten(get(server, "/wrong-length"))


def test_error_page_is_rewritten(server: Running) -> None:
    """2.6 An error page is rewritten."""
    answer = get(server, "/error-page")

    assert answer.status == 404
    is_rewritten(answer)


def test_compressed_page_is_rewritten_compressed(server: Running) -> None:
    """3.1 A compressed page is rewritten and stays compressed."""
    answer = get(server, "/gzip", ("Accept-Encoding", "gzip"))

    assert BLOCKED_SCRIPT in gzip.decompress(answer.body)
    assert answer.all("content-encoding") == ["gzip"]
    assert answer.all("content-length") == [str(len(answer.body))]


@only_wsgi
def test_late_start_keeps_its_status(server: Running) -> None:
    """1.2 An app that starts late keeps its status."""
    answer = get(server, "/late")

    assert answer.status == 404
    is_rewritten(answer)
    assert get(server, "/late-redirect").status == 302


@only_wsgi
def test_written_bytes_are_rewritten(server: Running) -> None:
    """1.4 Bytes given to write() come first, and are rewritten."""
    is_rewritten(get(server, "/written"))


@only_wsgi
def test_second_of_two_heads_counts(server: Running) -> None:
    """1.3 The second of two heads counts."""
    answer = get(server, "/twice")

    assert answer.status == 500
    is_rewritten(answer)
    assert answer.all("vary") == ["Cookie, Sec-GPC"]


def test_script_is_served_to_be_kept_for_ever(server: Running) -> None:
    """8.1 The facade's script is served, and may be stored for ever."""
    answer = get(server, f"/_consent/{ASSET.name}")

    assert answer.body == ASSET.body
    assert answer.all("cache-control") == ["public, max-age=31536000, immutable"]
    assert get(server, f"/_consent/{ASSET.name}", method="HEAD").body == b""


def test_visitors_at_once_get_their_own_pages(server: Running) -> None:
    """6.8 Many visitors at once each get their own page."""

    def visit(number: int) -> bool:
        granted = number % 2 == 0
        answer = get(server, "/page", *([FULL] if granted else [("Cookie", f"visitor={number}")]))
        return (answer.body == TAGGED) is granted

    with ThreadPoolExecutor(8) as visitors:
        assert all(visitors.map(visit, range(80)))


def test_script_below_a_prefix_is_found_behind_nginx(shared_folder: Path) -> None:
    """8.1 The proxy removes a prefix that the server knows, as in usual deployments."""
    need("nginx")
    back, front = free_port(), free_port()
    words = [sys.executable, "-m", "uvicorn", "tests.conformance.site:asgi", "--port", str(back)]
    place = f"location /shop/ {{ proxy_pass http://127.0.0.1:{back}/; }}"
    with (
        started([*words, "--root-path", "/shop", "--log-level", "error"], back, shared_folder / "log"),
        nginx(shared_folder / "nginx", front, place),
    ):
        answer = ask(front, "/shop/page")
        is_rewritten(answer)
        src = answer.body.partition(b'<script src="')[2].partition(b'"')[0].decode()
        assert src == f"/shop/_consent/{ASSET.name}"
        assert ask(front, src).body == ASSET.body
