"""The modules of the package: which may import which, what the core may import, and which may name a vendor."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import consent_middleware
from consent_middleware.rules import Vendor
from consent_middleware.vendors import KNOWN_VENDORS

PACKAGE = Path(consent_middleware.__file__).parent

#: An upper row may import any lower one, never the reverse; modules of one row may import each other.
ROWS = [
    {"__main__"},
    {"explain", "disclosure"},
    {"flask"},
    {"wsgi"},
    {"asgi"},
    {"exchange"},
    {"endpoint"},
    {"blocking"},
    {"headers", "html.rewriter", "coding"},
    {"policy"},
    {"checks"},
    {"facade", "facade.markup", "facade.asset", "facade.texts", "notices"},
    {"sources", "sources.own", "sources.reader"},
    {"sources.gpp", "sources.dnt"},
    {
        *(f"sources.{name}" for name in ("axeptio", "borlabs", "c15t", "civic", "complianz", "cookie_information")),
        *(f"sources.{name}" for name in ("cookie_law_info", "cookie_script", "cookiebot", "cookiefirst", "cookieyes")),
        *(f"sources.{name}" for name in ("didomi", "django_cookie_consent", "drupal", "gpc", "hubspot_banner")),
        *(f"sources.{name}" for name in ("insites", "iubenda", "klaro", "moove", "onetrust", "orestbida", "shopify")),
        *(f"sources.{name}" for name in ("real_cookie_banner", "tarteaucitron", "tcf", "trustarc", "typo3")),
        *(f"sources.{name}" for name in ("us_privacy", "wp_consent", "cookie_notice", "cookiehub", "fides", "orejime")),
        *(f"sources.{name}" for name in ("wagtail_tag_manager", "wpconsent")),
    },
    {"sources.platform", "vendors", "vendors.hubspot", "vendors.intercom"},
    {"rules", "cookies", "tag_managers"},
    {"scripts.snippets"},
    {"scripts.loads"},
    {
        "urls",
        "csp",
        "scripts",
        "scripts.markup",
        "scripts.structure",
        "scripts.tokens",
        "html",
        "html.tokens",
        "html.grammar",
        "html.gate",
        "html.charset",
        "html.doubt",
        "html.subset",
        "consent",
        "clock",
        "page_cache",
        "mime",
        "addresses",
        "version",
    },
]
ROW_OF = {name: row for row, names in enumerate(ROWS) for name in names}
#: The adapters never import each other, although they are in two rows.
APART = {("wsgi", "asgi")}

ALLOWED_OUTSIDE = {"flask": {"flask"}}  # besides, `coding` looks for optional packages by name


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path) -> set[str]:
    """Return the full name of every module that a file imports, except imports for type checkers."""
    found: set[str] = set()
    package = ["consent_middleware", *path.relative_to(PACKAGE).parts[:-1]]
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            submodules = {f"{origin}.{alias.name}" for alias in node.names}
            known = {name for name in submodules if name.removeprefix("consent_middleware.") in ROW_OF}
            found |= known or {origin}
    return found


def own(names: set[str]) -> set[str]:
    return {name.removeprefix("consent_middleware.") for name in names if name.startswith("consent_middleware.")}


def test_every_module_is_listed() -> None:
    assert {name_of(path) for path in modules()} - {""} == set(ROW_OF)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_only_go_down(path: Path) -> None:
    name = name_of(path)
    if not name:
        return
    for imported in own(imports(path)):
        assert ROW_OF[imported] >= ROW_OF[name], f"{name} must not import {imported}"
        assert (name, imported) not in APART


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_package_imports_only_the_standard_library(path: Path) -> None:
    outside = {
        name.partition(".")[0]
        for name in imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names | {"consent_middleware"}
    }

    assert outside <= ALLOWED_OUTSIDE.get(name_of(path), set())


@pytest.mark.parametrize(
    "path", [path for path in modules() if name_of(path) not in {"asgi", "__main__", "clock"}], ids=name_of
)
def test_core_imports_no_io_clock_or_environment(path: Path) -> None:
    assert not {"asyncio", "socket", "time", "os", "sys", "subprocess", "urllib.request"} & imports(path)


def test_importing_the_package_loads_no_adapter() -> None:
    code = "import consent_middleware, sys; print(' '.join(sys.modules))"

    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    )

    assert not {name for name in loaded if name.partition(".")[0] in {"flask", "starlette", "werkzeug", "asyncio"}}
    assert not {"consent_middleware.wsgi", "consent_middleware.asgi", "consent_middleware.flask"} & loaded


#: The names, domains and cookies of the vendors, and the names of their objects in pages.
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
    """Return the vendor words in a file's code and comments. Docstrings may have them in examples for operators."""
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
def test_only_vendors_package_names_a_vendor(path: Path) -> None:
    # The tuple of consent platforms names that module once and its constant twice.
    allowed = 3 if path == PACKAGE / "sources" / "__init__.py" else 0

    assert [word.lower() for word in words_for_a_vendor(path)] == ["hubspot"] * allowed


@pytest.mark.parametrize("vendor", KNOWN_VENDORS, ids=lambda vendor: vendor.id)
def test_vendor_files_name_no_other_vendor(vendor: Vendor) -> None:
    others = {other.id for other in KNOWN_VENDORS} - {vendor.id}

    for suffix in (".py", ".js"):
        text = (PACKAGE / "vendors" / f"{vendor.id}{suffix}").read_text("utf-8").lower()
        assert vendor.id in text
        assert not [other for other in others if other in text]
