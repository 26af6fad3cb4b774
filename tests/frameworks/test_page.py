"""Each code block of docs/frameworks.md is a site whose view reads the plan."""

from __future__ import annotations

import asyncio
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web

from tests import aiohttp_driver
from tests.gateways import Request, run_asgi, run_wsgi

PAGE = (Path(__file__).parents[2] / "docs" / "frameworks.md").read_text("utf-8")
FULL = "consent=functional,analytics,marketing"
ASGI = {"Starlette", "FastAPI", "Quart", "Litestar", "Falcon 1"}


def blocks() -> Iterator[tuple[str, str]]:
    """Yield each section's title and code; a second block of a section has a number."""
    for section in PAGE.split("\n## ")[1:]:
        for number, code in enumerate(re.findall(r"```python\n(.+?)```", section, re.DOTALL)):
            title = section.partition("\n")[0]
            yield f"{title} {number}" if number else title, code


BLOCKS = dict(blocks())


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return an empty module, in which frameworks that evaluate annotations find the names of a block."""
    module = ModuleType("site_of_the_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


@pytest.mark.parametrize("title", BLOCKS)
def test_block_is_a_site_that_reads_its_plan(title: str, module: ModuleType) -> None:
    with warnings.catch_warnings():
        # Pyramid imports modules that are deprecated.
        warnings.simplefilter("ignore")
        exec(compile(BLOCKS[title], "docs/frameworks.md", "exec", dont_inherit=True), vars(module))  # noqa: S102 - the page's own code
    app: Any = module.app

    def variant(cookie: str) -> str:
        request = Request(path="/plan", headers=[("Host", "localhost"), ("Cookie", cookie)])
        if isinstance(app, web.Application):
            return asyncio.run(aiohttp_driver.call(app, path="/plan", headers=request.headers))[2].decode()
        return (run_asgi if title in ASGI else run_wsgi)(app, request).text

    assert variant(FULL) == "c1t1e1"


def test_every_framework_of_the_tests_has_a_block() -> None:
    titles = {title.partition(" ")[0].lower() for title in BLOCKS}

    assert titles == {
        *("starlette", "fastapi", "quart", "litestar", "falcon", "bottle", "pyramid", "dash", "aiohttp"),
    }
    assert sum(title.startswith("Falcon") for title in BLOCKS) == 2
