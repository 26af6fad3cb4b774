"""Sphinx builds the documentation without a warning, and a broken link is one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
pytestmark = pytest.mark.slow


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build a folder of pages as `make docs` does."""
    rule = re.search(
        r"^\t\$\(BIN\)/python -m sphinx (.*) docs build/docs$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert rule, "the Makefile builds the pages of docs/"
    words = [sys.executable, "-m", "sphinx", *rule[1].split(), str(source), str(target)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Return a folder with two small pages and the settings of docs/."""
    folder = tmp_path / "project" / "docs"
    folder.mkdir(parents=True)
    (tmp_path / "project" / "consent_middleware").mkdir()
    shutil.copy(ROOT / "consent_middleware" / "version.py", tmp_path / "project" / "consent_middleware")
    shutil.copy(DOCS / "conf.py", folder)
    shutil.copytree(DOCS / "_static", folder / "_static")
    (folder / "index.md").write_text("# One\n\n[two](two.md#a-heading)\n\n```{toctree}\ntwo\n```\n")
    (folder / "two.md").write_text("# Two\n\n## A heading\n\n[one](index.md)\n")
    return folder


def test_pages_build_without_warnings(tmp_path: Path) -> None:
    done = build(DOCS, tmp_path / "built")

    assert (done.returncode, done.stderr) == (0, "")
    for page in DOCS.glob("*.md"):
        assert (tmp_path / "built" / f"{page.stem}.html").exists()


def test_small_pages_build_without_warnings(pages: Path, tmp_path: Path) -> None:
    done = build(pages, tmp_path / "built")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "text",
    ["[a](three.md)", "[a](index.md#no-such-heading)", "[a](#no-such-heading)", "![a](no.png)", "```{nothing}\n```"],
)
def test_broken_link_fails_the_build(pages: Path, tmp_path: Path, text: str) -> None:
    with (pages / "two.md").open("a") as page:
        page.write(f"\n{text}\n")

    assert build(pages, tmp_path / "built").returncode != 0


def test_page_outside_the_contents_fails_the_build(pages: Path, tmp_path: Path) -> None:
    (pages / "three.md").write_text("# Three\n")

    assert build(pages, tmp_path / "built").returncode != 0


def test_built_pages_request_nothing_from_elsewhere(tmp_path: Path) -> None:
    build(DOCS, tmp_path / "built")

    loaded = re.compile(
        r"<(?:script|img|iframe)\b[^>]*\ssrc=\"(?:https?:)?//|<link\b(?![^>]*canonical)[^>]*\shref=\"(?:https?:)?//"
    )
    for page in (tmp_path / "built").glob("*.html"):
        assert not loaded.search(page.read_text("utf-8")), page.name


def test_contents_page_links_to_each_page() -> None:
    index = (DOCS / "index.md").read_text("utf-8")

    missing = {path.name for path in DOCS.glob("*.md")} - {"index.md"} - set(re.findall(r"\]\(([\w-]+\.md)\)", index))
    assert not missing, "add a line for each of these to docs/index.md, and its name to a toctree there"
