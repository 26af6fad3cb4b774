"""Every block of code in the README and in `docs/` runs, prints what is shown, or is at least read by its program."""

from __future__ import annotations

import asyncio
import datetime
import inspect
import json
import logging
import re
import shutil
import subprocess
import sys
import tomllib
import unittest
import zoneinfo
from operator import attrgetter
from pathlib import Path
from typing import Any

import html5lib
import jinja2
import pytest
from flask import Flask
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from werkzeug.test import Client

import consent_middleware
from tests import asgi_driver
from tests.needs import need
from tests.pages import LOADER, page

from . import shell
from .blocks import ALL, ROOT, RUN, Block

#: What a block's language is called, and nothing else: the word chooses how the block is checked.
LANGUAGES = {"python", "sh", "console", "html", "js", "css", "json", "toml", "jinja", "django", "nginx", "vcl", "text"}
#: At most so many blocks are not run. One that can be run has no mark.
MOST_MARKED = 7
LIVE_TAG = re.compile(r"<script[^>]* src=\"[^\"]*js\.hs-scripts\.com")
FULL = "consent=functional,analytics,marketing"

#: A block that makes its own app, and one that is about ASGI.
_OWN_APP = re.compile(r"^(?:app|application|site) = (?!ConsentMiddleware\()", re.MULTILINE)
_ASGI = re.compile(r"consent_middleware\.asgi|add_middleware|starlette|fastapi", re.IGNORECASE)


def of(*languages: str) -> pytest.MarkDecorator:
    """Return the blocks in these languages, as the argument `block` of a test."""
    return pytest.mark.parametrize("block", [block for block in RUN if block.language in languages], ids=str)


@pytest.mark.parametrize("block", ALL, ids=str)
def test_block_names_its_language(block: Block) -> None:
    assert block.language in LANGUAGES, "write the language behind the fence; `text` for what is no code"


def test_few_blocks_are_not_run_and_say_why() -> None:
    marked = {str(block): block.reason for block in ALL if block.reason is not None}

    assert len(marked) <= MOST_MARKED
    assert all(reason and len(reason) > 20 for reason in marked.values()), marked


# Python


def given_app(code: str) -> Any:
    """Return an app as a reader of the block has one, with HubSpot's tag in its page."""
    text = page(LOADER).decode()
    if _ASGI.search(code):

        async def home(request: object) -> HTMLResponse:
            return HTMLResponse(text)

        return Starlette(routes=[Route("/", home)])
    app = Flask("site")
    app.add_url_rule("/", "home", lambda: text)
    return app


def asked(app: Any, cookie: str) -> str:
    """Return the home page of an app, WSGI or ASGI, for a visitor with this cookie."""
    if inspect.iscoroutinefunction(getattr(type(app), "__call__", None)):  # noqa: B004 - the function itself
        scope = asgi_driver.full_scope("GET", "/", [(b"host", b"localhost"), (b"cookie", cookie.encode())])
        return asgi_driver.body_of(asyncio.run(asgi_driver.call(app, scope))).decode()
    response = Client(app, use_cookies=False).get("/", headers={"Cookie": cookie})
    assert response.status_code < 500
    return response.get_data(as_text=True)


@pytest.mark.parametrize("path", sorted({b.page for b in RUN if b.language == "python"}), ids=attrgetter("name"))
def test_python_blocks_run_in_order(path: Path) -> None:
    names: dict[str, Any] = {
        "Policy": consent_middleware.Policy,
        "Texts": consent_middleware.Texts,
        "datetime": datetime.datetime,
        "ZoneInfo": zoneinfo.ZoneInfo,
        "log": logging.getLogger("site"),
        "TestCase": unittest.TestCase,
    }
    for block in RUN:
        if block.language != "python" or block.page != path:
            continue
        app = given_app(block.code)
        names |= {"app": app, "application": app, "__name__": "site"}
        # The numbers of the lines in a traceback are those of the page.
        exec(compile("\n" * (block.line - 1) + block.code, str(path), "exec"), names)  # noqa: S102 - our own
        if "ConsentMiddleware(" in block.code or "Consent(" in block.code or "add_middleware" in block.code:
            used = names["application"] if names["application"] is not app else names["app"]
            assert LIVE_TAG.search(asked(used, "")) is None, block
            if not _OWN_APP.search(block.code):
                assert "data-consent-" in asked(used, ""), block
                assert asked(used, FULL).replace("\r", "") == page(LOADER).decode(), block


DJANGO = """
import sys
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from tests.pages import LOADER, page

names = {}
exec(sys.stdin.read(), names)
kept = {name: value for name, value in names.items() if name.isupper()}
for name in ("INSTALLED_APPS", "MIDDLEWARE"):
    kept[name] = [value for value in kept[name] if value is not ...]
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, **kept)
urlpatterns = [path("", lambda request: HttpResponse(page(LOADER)))]

import django
from django.core.management import call_command
from django.test import Client

django.setup()
call_command("check", fail_level="WARNING")
sys.stdout.buffer.write(Client().get("/").content)
"""


@pytest.mark.parametrize("block", [b for b in RUN if b.language == "python" and "INSTALLED_APPS =" in b.code], ids=str)
def test_django_settings_block_makes_tags_wait(block: Block) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DJANGO], input=block.code, cwd=ROOT, capture_output=True, check=False, text=True
    )

    assert done.returncode == 0, done.stderr
    assert LIVE_TAG.search(done.stdout) is None
    assert "data-consent-facade" in done.stdout


# Commands


@of("sh")
def test_shell_block_runs(block: Block, tmp_path: Path) -> None:
    shell.prepare(tmp_path)

    done = shell.run(block.code, tmp_path)

    assert done.returncode == 0, done.stdout


@of("console")
def test_console_block_prints_what_it_shows(block: Block, tmp_path: Path) -> None:
    shell.prepare(tmp_path)

    for command, shown in shell.sessions(block.code):
        done = shell.run(command, tmp_path)

        assert shell.matches(shown, done.stdout), f"{command} prints:\n{done.stdout}"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a\nb\n", True),
        ("a", "a\nb\n", False),
        ("a\n…", "a\nb\n", True),
        ("…\nb", "b\n", True),
        ("…\na", "b\n", False),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_shown_output_is_compared_by_line(shown: str, printed: str, same: bool) -> None:
    assert shell.matches(shown, printed) is same


def test_console_block_is_cut_into_commands() -> None:
    assert shell.sessions("$ a \\\n  b\nc\n$ d\n") == [("a \\\n  b", "c"), ("d", "")]


# Languages of browsers and templates


@of("html")
def test_html_block_is_well_formed(block: Block) -> None:
    html5lib.HTMLParser(strict=True).parseFragment(block.code)


@of("js")
def test_js_block_is_read_by_node(block: Block, tmp_path: Path) -> None:
    need("node")
    (tmp_path / "block.mjs").write_text(block.code)

    done = subprocess.run(["node", "--check", str(tmp_path / "block.mjs")], capture_output=True, text=True, check=False)  # noqa: S607

    assert done.returncode == 0, done.stderr


@of("css")
def test_css_block_has_rules_of_declarations(block: Block) -> None:
    assert re.fullmatch(r"(?:\s*[^{}]+\{(?:\s*[\w-]+:[^:;{}]+;?)+\s*\})+\s*", block.code)


@of("jinja")
def test_jinja_block_is_a_template(block: Block) -> None:
    jinja2.Environment(autoescape=True).parse(block.code)


@of("django")
def test_django_block_is_a_template(block: Block) -> None:
    code = (
        "import sys, django; from django.conf import settings; from django.template import engines\n"
        "settings.configure(INSTALLED_APPS=['consent_middleware.django'],\n"
        "  TEMPLATES=[{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True}])\n"
        "django.setup(); engines['django'].from_string(sys.stdin.read())"
    )

    subprocess.run([sys.executable, "-c", code], input=block.code, cwd=ROOT, text=True, check=True)


def test_data_blocks_are_read() -> None:
    readers = {"json": json.loads, "toml": tomllib.loads}

    for block in RUN:
        if block.language in readers:
            readers[block.language](block.code)


# Servers


@pytest.mark.caches
@of("nginx")
def test_nginx_block_passes_its_check(block: Block, tmp_path: Path) -> None:
    need("nginx")
    outside = re.compile(r"^(?:server|upstream|map|proxy_cache_path|split_clients)\b", re.MULTILINE)
    code = block.code if outside.search(block.code) else f"server {{ listen 127.0.0.1:8000;\n{block.code}\n}}"
    temporary = "".join(
        f"{name}_temp_path {tmp_path}/{name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = tmp_path / "nginx.conf"
    code = re.sub(r"(?<=proxy_cache_path )\S+", f"{tmp_path}/cache", code)
    configuration.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{ {temporary}\n{code}\n}}\n")
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert program

    done = subprocess.run(
        [program, "-t", "-p", str(tmp_path), "-c", str(configuration), "-e", str(tmp_path / "log")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.caches
@of("vcl")
def test_vcl_block_compiles(block: Block, tmp_path: Path) -> None:
    need("varnishd")
    head = "" if "vcl 4" in block.code else "vcl 4.1;\n"
    backend = "" if re.search(r"^backend ", block.code, re.MULTILINE) else 'backend default { .host = "127.0.0.1"; }\n'
    recipe = tmp_path / "default.vcl"
    recipe.write_text(head + backend + block.code)
    program = shutil.which("varnishd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    assert program

    words = [program, "-j", "none", "-C", "-f", str(recipe), "-n", str(tmp_path / "work")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
