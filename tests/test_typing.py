"""mypy and pyright accept every way to put the middleware around an app, and refuse wrong settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .needs import missing
from .npm import package

ROOT = Path(__file__).parents[1]
#: The files that people copy, the tests' sites, and every call of each gateway.
CHECKED = ["examples/quickstart", "tests/frameworks/apps.py", "tests/frameworks/pyramid_app.py"]

#: Each way of wrapping, and after it what a type checker must refuse: the lines with `# wrong`.
WAYS = """
from typing import Annotated

from fastapi import Depends, FastAPI
from flask import Flask
from litestar import Litestar
from litestar.middleware import DefineMiddleware
from starlette.applications import Starlette
from starlette.middleware import Middleware

from consent_middleware import Plan, Policy, Signals, asgi, wsgi
from consent_middleware.exchange import Engine, Exchange, RequestHead
from consent_middleware.flask import Consent
from consent_middleware.starlette import plan_of


def is_open(signals: Signals) -> bool:
    return signals.path != "/closed"


policy = Policy(contact_url="/contact", vendors=["hubspot"], chat_when=is_open)
starlette = Starlette(middleware=[Middleware(asgi.ConsentMiddleware, contact_url="/contact", guard="auto")])
starlette.add_middleware(asgi.ConsentMiddleware, policy=policy)
fastapi = FastAPI(middleware=[Middleware(asgi.ConsentMiddleware, policy=policy)])
fastapi.add_middleware(asgi.ConsentMiddleware, contact_url={"en": "/contact"}, max_age_days=180)
around = [asgi.ConsentMiddleware(starlette), asgi.ConsentMiddleware(fastapi, policy)]
twice = asgi.ConsentMiddleware(asgi.ConsentMiddleware(Litestar([]), cacheable=True))
litestar = Litestar([], middleware=[DefineMiddleware(asgi.ConsentMiddleware, contact_url="/contact")])
flask = Flask(__name__)
Consent(flask, contact_url="/contact", requires={"chat": ["functional"]})
Consent(policy=policy).init_app(Flask(__name__))
outside = wsgi.ConsentMiddleware(Flask(__name__), policy)
variable = Policy.from_environ(prefix="SHOP_", chat_when=is_open)
exchange = Exchange(Engine(policy), RequestHead("GET", "/", "", []))


@fastapi.get("/")
async def view(plan: Annotated[Plan, Depends(plan_of)]) -> str:
    return plan.variant


Policy(contct_url="/contact")  # wrong
Policy(cacheable="yes")  # wrong
asgi.ConsentMiddleware(starlette, guard="sometimes")  # wrong
wsgi.ConsentMiddleware(flask, contct_url="/contact")  # wrong
starlette.add_middleware(asgi.ConsentMiddleware, contct_url="/contact")  # wrong
Consent(flask, contct_url="/contact")  # wrong
wsgi.ConsentMiddleware(starlette)  # wrong
asgi.ConsentMiddleware(flask)  # wrong
"""
WRONG = [number for number, line in enumerate(WAYS.splitlines(), 1) if line.endswith("# wrong")]


@pytest.fixture
def ways(tmp_path: Path) -> Path:
    path = tmp_path / "ways.py"
    path.write_text(WAYS, "utf-8")
    return path


def checked_by_mypy(folder: Path, *paths: str | Path) -> tuple[list[int], str]:
    """Return the lines that mypy refuses, and what it says. Only the project's list of untyped packages is used."""
    settings = folder / "mypy.ini"
    settings.write_text("[mypy]\nstrict = True\n[mypy-bottle,pyramid.*]\nignore_missing_imports = True\n")
    command = [sys.executable, "-m", "mypy", "--config-file", settings, "--cache-dir", folder / "cache", *paths]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    return sorted({int(line.split(":")[1]) for line in errors}), done.stdout


def checked_by_pyright(folder: Path, *paths: Path) -> tuple[list[int], str]:
    """Return the lines that pyright refuses, and what it says."""
    program = package("pyright") / "index.js"
    node = shutil.which("node")
    if node is None:
        missing("node is missing, which runs pyright")
        raise AssertionError  # pragma: no cover - `missing` raises
    settings = {
        "include": [str(path) for path in paths],
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        # What Bottle, Dash, Pyramid and aiohttp leave without a type is not ours.
        **dict.fromkeys(
            [
                "reportMissingTypeStubs",
                "reportUnknownArgumentType",
                "reportUnknownLambdaType",
                "reportUnknownMemberType",
                "reportUnknownParameterType",
                "reportUnknownVariableType",
                "reportUntypedFunctionDecorator",
                "reportUnusedFunction",
                "reportUnusedExpression",
            ],
            False,
        ),
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    command = [node, program, "--outputjson", "--pythonpath", sys.executable, "--project", folder]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = [each for each in json.loads(done.stdout)["generalDiagnostics"] if each["severity"] == "error"]
    text = "\n".join(f"{each['file']}:{each['range']['start']['line'] + 1}: {each['message']}" for each in found)
    return sorted({each["range"]["start"]["line"] + 1 for each in found}), text


@pytest.mark.slow
def test_mypy_accepts_each_way_and_refuses_mistakes(ways: Path, tmp_path: Path) -> None:
    lines, text = checked_by_mypy(tmp_path, ways)

    assert lines == WRONG, text


@pytest.mark.slow
def test_pyright_accepts_each_way_and_refuses_mistakes(ways: Path, tmp_path: Path) -> None:
    lines, text = checked_by_pyright(tmp_path, ways)

    assert lines == WRONG, text


@pytest.mark.slow
def test_pyright_accepts_the_sites_of_all_frameworks(tmp_path: Path) -> None:
    lines, text = checked_by_pyright(tmp_path, *(ROOT / path for path in CHECKED))

    assert lines == [], text
