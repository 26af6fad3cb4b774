"""Which module may import which, what the core must not use, where a vendor may be named, and what the docs name.

The layers are a contract of import-linter in pyproject.toml.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import consent_middleware
from consent_middleware.vendor import Vendor
from consent_middleware.vendors import KNOWN_VENDORS

PACKAGE = Path(consent_middleware.__file__).parent

#: `coding` also looks for optional packages, by name.
ALLOWED_IMPORTS = {
    "audit": {"html5lib"},
    "aiohttp": {"aiohttp", "multidict"},
    "django": {"asgiref", "django"},
    "flask": {"click", "flask", "markupsafe"},
    "pytest_plugin": {"pytest"},
    "starlette": {"starlette"},
    "verify": {"playwright"},
}
#: Modules that do I/O, or read the time or the environment; `commands` is a package of them.
WITH_IO = {"asgi", "__main__", "engine", "commands", "environment", "find_policy", "audit", "verify"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Return every absolute module name that a file imports, without the package's own."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
    return {name for name in found if name.partition(".")[0] != "consent_middleware"}


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_architecture_page_names_each_module(path: Path) -> None:
    module = path.relative_to(PACKAGE)
    # The page names the packages of the sources and of their writers, and not each source.
    own_lines = {"platform.py", "reader.py", "writer.py"}
    is_source = module.parts[0] in {"sources", "writers"} and module.name not in own_lines
    names_a_folder = module.name == "__init__.py" and (
        module.parts[0] in {"html", "scripts", "facade", "commands"}
        or module.parent.name in {"templatetags", "management", "commands"}
    )
    if is_source or names_a_folder:
        return
    page = (PACKAGE.parent / "docs" / "ARCHITECTURE.md").read_text("utf-8")

    assert f"| `{module.as_posix()}` |" in page


def test_imports_follow_the_layers() -> None:
    # In a process of its own, because it configures logging.
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"

    subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, check=True)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_module_imports_only_the_standard_library(path: Path) -> None:
    outside = {name.partition(".")[0] for name in imports(path)} - sys.stdlib_module_names
    typing_only = {"_typeshed"}

    assert outside - typing_only <= ALLOWED_IMPORTS.get(name_of(path).partition(".")[0], set())


@pytest.mark.parametrize(
    "path", [path for path in modules() if name_of(path).partition(".")[0] not in WITH_IO], ids=name_of
)
def test_core_has_no_loop_socket_clock_or_environment(path: Path) -> None:
    assert not {"asyncio", "socket", "time", "os", "sys", "subprocess", "urllib.request"} & imports(path)


def test_no_gateway_imports_the_writers() -> None:
    gateways = ("asgi", "django.middleware", "flask", "wsgi")
    code = f"import sys, {', '.join(f'consent_middleware.{name}' for name in gateways)}; print(' '.join(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()

    assert "consent_middleware.sources" in loaded
    assert not [name for name in loaded if name.startswith("consent_middleware.writers")]


def test_package_imports_no_adapter_or_framework() -> None:
    code = "import consent_middleware, sys; print(' '.join(sys.modules))"

    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    )

    assert not {
        name for name in loaded if name.partition(".")[0] in {"django", "flask", "starlette", "werkzeug", "asyncio"}
    }
    assert not {"consent_middleware.wsgi", "consent_middleware.asgi", "consent_middleware.flask"} & loaded


#: The vendors' names, domains, cookies and globals.
VENDOR_WORDS = re.compile(
    "|".join(
        [
            r"\b_hs[qp]\b|\bhbspt\b|\bhs-script",
            *(re.escape(vendor.id) for vendor in KNOWN_VENDORS),
            *(re.escape(domain) for vendor in KNOWN_VENDORS for domain in sorted(vendor.domains)),
            *(re.escape(rule.name) for vendor in KNOWN_VENDORS for rule in vendor.cookie_rules),
        ]
    ),
    re.IGNORECASE,
)


def words_for_a_vendor(path: Path) -> list[str]:
    """Return the vendor words in a file's code and comments. A docstring may show an operator what to write."""
    code = re.sub(r'"""[\s\S]*?"""|``[^`]*``', "", path.read_text("utf-8"))
    return VENDOR_WORDS.findall(code)


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in PACKAGE.rglob("*")
        if path.suffix not in {"", ".pyc"}
        and path.relative_to(PACKAGE).parts[0] != "vendors"
        # HubSpot's banner is a consent platform among the others.
        and path.name != "hubspot_banner.py"
    ),
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_only_vendor_modules_name_a_vendor(path: Path) -> None:
    # The settings are described with examples.
    if path == PACKAGE / "settings.py":
        return
    # The tuple of consent platforms names that module once and its constant twice; that of the writers names the module
    # twice.
    allowed = {PACKAGE / "sources" / "__init__.py": 3, PACKAGE / "writers" / "__init__.py": 2}.get(path, 0)

    assert [word.lower() for word in words_for_a_vendor(path)] == ["hubspot"] * allowed


@pytest.mark.parametrize("vendor", KNOWN_VENDORS, ids=lambda vendor: vendor.id)
def test_vendor_files_name_no_other_vendor(vendor: Vendor) -> None:
    others = {other.id for other in KNOWN_VENDORS} - {vendor.id}

    folder = PACKAGE / "vendors"
    modules = sorted((folder / vendor.id).glob("*.py")) or [folder / f"{vendor.id}.py"]
    for path in (*modules, folder / f"{vendor.id}.js"):
        text = path.read_text("utf-8").lower()
        assert vendor.id in text
        assert not [other for other in others if other in text]
