"""Tests of the files that people copy, called in place and run alone in a fresh folder by their own command."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

import consent_middleware
from tests import aiohttp_driver, asgi_driver

ROOT = Path(__file__).parents[2]
WSGI = ["bottle", "dash", "falcon", "flask", "pyramid"]
ASGI = ["fastapi", "litestar", "quart", "starlette"]
FRAMEWORKS = sorted([*WSGI, *ASGI, "aiohttp", "django"])
FULL = "consent=functional,analytics,marketing"
LIVE_TAG = re.compile(r"<script[^>]* src=\"//js\.hs-scripts\.com")
#: How each file's command is told the port. Without `--noreload`, Django would start a second process.
PORT = {
    "aiohttp": "--port {port}",
    "bottle": "--bind 127.0.0.1:{port}",
    "django": "{port} --noreload",
    "falcon": "--bind 127.0.0.1:{port}",
    "pyramid": "--bind 127.0.0.1:{port}",
}
#: Django's settings are global, so the file is called in a process of its own.
DJANGO = """
import sys
import examples.quickstart.django_app
from django.test import Client
response = Client().get("/", headers={"Cookie": sys.argv[1], "Host": "localhost"})
sys.stdout.buffer.write(response.content)
"""


def source(framework: str) -> Path:
    return Path(__file__).with_name(f"{framework}_app.py")


def own_page(framework: str) -> str:
    """Return the page as the file's app makes it, without running the file."""
    tree = ast.parse(source(framework).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PAGE":
            return str(ast.literal_eval(node.value))
    raise AssertionError("the file has no PAGE")


def imported(framework: str) -> Any:
    """Return the module of the file."""
    with warnings.catch_warnings():
        # Pyramid imports modules that are deprecated.
        warnings.simplefilter("ignore")
        return import_module(f"examples.quickstart.{framework}_app")


def called(framework: str, cookie: str) -> str:
    """Return the home page that a visitor with these cookies gets, without a server."""
    if framework == "django":
        command = [sys.executable, "-c", DJANGO, cookie]
        return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    module = imported(framework)
    if framework == "aiohttp":
        _, _, body = asyncio.run(aiohttp_driver.call(module.make([]), headers=[("Cookie", cookie)]))
        return body.decode()
    app = getattr(module, "server", None) or module.app
    if framework in WSGI:
        return Client(app, use_cookies=False).get("/", headers={"Cookie": cookie}).get_data(as_text=True)
    scope = asgi_driver.full_scope("GET", "/", [(b"host", b"localhost"), (b"cookie", cookie.encode())])
    return asgi_driver.body_of(asyncio.run(asgi_driver.call(app, scope))).decode()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_file_is_short_and_names_hubspots_tag(framework: str) -> None:
    text = source(framework).read_text("utf-8")

    assert 15 <= len(text.splitlines()) <= 25
    assert LIVE_TAG.search(own_page(framework))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_file_imports_only_framework_and_package(framework: str) -> None:
    imported = re.findall(r"^(?:from|import) (\w+)", source(framework).read_text("utf-8"), re.MULTILINE)

    assert {framework} <= set(imported) <= {framework, "consent_middleware"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_page_without_consent_gets_the_chat_button(framework: str) -> None:
    page = called(framework, "")

    assert not LIVE_TAG.search(page)
    assert page.count("<aside data-consent-facade") == 1
    assert 'href="/contact"' in page


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_page_with_full_consent_is_unchanged(framework: str) -> None:
    assert is_own(framework, called(framework, FULL))


def is_own(framework: str, page: str) -> bool:
    """Return whether a page is as the site wrote it. Dash puts its own elements into it."""
    before, _, after = own_page(framework).partition("{%app_entry%}")
    return page.startswith(before) and "data-consent" not in page if after else page == before


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which this project's package is installed."""
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "consent_middleware").symlink_to(Path(consent_middleware.__file__).parent)
    return {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}


@pytest.fixture(params=FRAMEWORKS)
def served(request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield a framework and the address of its file, copied to a fresh folder and run there by its own command."""
    framework = request.param
    folder = tmp_path / "fresh"
    folder.mkdir()
    text = source(framework).read_text("utf-8")
    (folder / source(framework).name).write_text(text, "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = re.search(r"Run it with `([^`]+)`", text)
    assert command
    words = shlex.split(f"{command[1]} {PORT.get(framework, '--port {port}').format(port=port)}")
    start = [sys.executable, *(words[1:] if words[0] == "python" else ["-m", *words])]
    output = tmp_path / "output"
    with (
        output.open("wb") as log,
        subprocess.Popen(start, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT) as server,
    ):
        try:
            deadline = time.monotonic() + 60
            while not is_open(port):
                assert server.poll() is None, output.read_text("utf-8")
                assert time.monotonic() < deadline, output.read_text("utf-8")
                time.sleep(0.05)
            yield framework, f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def fetched(address: str, cookie: str = "") -> str:
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Cookie": cookie}), timeout=30) as answer:
        return str(answer.read().decode())


@pytest.mark.servers
def test_copied_file_runs_alone_by_its_command(served: tuple[str, str]) -> None:
    framework, address = served

    page = fetched(f"{address}/")
    assert not LIVE_TAG.search(page)
    assert page.count("<aside data-consent-facade") == 1
    assert is_own(framework, fetched(f"{address}/", FULL))
    assert "hello@example.com" in fetched(f"{address}/contact")
