"""mypy and pyright accept every way to put the middleware around an app, and refuse wrong settings.

The files that people copy and the sites in tests/frameworks are checked too: by `make types`, and here by pyright.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from . import npm
from .needs import missing
from .npm import package

ROOT = Path(__file__).parents[1]
FRAMEWORKS = ROOT / "tests" / "frameworks"
#: The rules of pyright about what Bottle, Dash and Pyramid leave without a type.
NOT_OURS = [
    "reportMissingTypeStubs",
    "reportUnknownArgumentType",
    "reportUnknownLambdaType",
    "reportUnknownMemberType",
    "reportUnknownParameterType",
    "reportUnknownVariableType",
    "reportUntypedFunctionDecorator",
    "reportUnusedFunction",
]

#: The files of frameworks without types, in which pyright refuses what is not ours.
UNTYPED = {"bottle_app.py", "django_app.py"}

#: Each way of wrapping in a framework that has types, and what a type checker must refuse: the lines with `# wrong`.
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
    """Return the lines that mypy refuses, and what it says."""
    options: list[str | Path] = ["--strict", "--config-file", os.devnull, "--cache-dir", folder / "cache"]
    command = [sys.executable, "-m", "mypy", *options, *paths]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "MYPYPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    return sorted({int(line.split(":")[1]) for line in errors}), done.stdout


def checked_by_pyright(folder: Path) -> tuple[int, list[tuple[str, int]], str]:
    """Check the files in a folder. Return how many they are, the lines that pyright refuses, and what it says."""
    program = package("pyright") / "index.js"
    node = shutil.which("node")
    if node is None:
        missing("node is missing, which runs pyright")
        raise AssertionError  # pragma: no cover - `missing` raises
    settings = {"extraPaths": [str(ROOT)], "typeCheckingMode": "strict", **dict.fromkeys(NOT_OURS, False)}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    command: list[str | Path] = [node, program, "--outputjson", "--pythonpath", sys.executable, "--project", folder]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    errors = [each for each in found["generalDiagnostics"] if each["severity"] == "error"]
    lines = [(Path(each["file"]).name, each["range"]["start"]["line"] + 1) for each in errors]
    text = "\n".join(f"{name}:{line}: {each['message']}" for (name, line), each in zip(lines, errors, strict=True))
    return found["summary"]["filesAnalyzed"], sorted(set(lines)), text


@pytest.mark.slow
def test_mypy_accepts_each_way_and_refuses_mistakes(ways: Path, tmp_path: Path) -> None:
    lines, text = checked_by_mypy(tmp_path, ways)

    assert lines == WRONG, text


@pytest.mark.slow
def test_pyright_accepts_each_way_and_refuses_mistakes(ways: Path) -> None:
    # pyright checks only what is below the folder of its settings.
    (ways.parent / "frameworks").mkdir()
    quickstart = [path for path in (ROOT / "examples" / "quickstart").glob("*_app.py") if path.name not in UNTYPED]
    copies = {path: ways.parent / path.name for path in quickstart}
    copies |= {path: ways.parent / "frameworks" / path.name for path in FRAMEWORKS.glob("[!t]*.py")}
    for path, copy in copies.items():
        shutil.copy(path, copy)

    count, lines, text = checked_by_pyright(ways.parent)

    assert count == len(copies) + 1
    assert lines == [("ways.py", number) for number in WRONG], text


def test_missing_pyright_is_loud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(npm, "_fetched", lambda lock: "npm is missing")

    with pytest.raises(pytest.fail.Exception, match="npm is missing, and CI must not go without"):
        checked_by_pyright(tmp_path)
