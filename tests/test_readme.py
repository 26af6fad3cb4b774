"""The README: short, its links lead somewhere, and an index of packages gets a text without them.

Its code is run by `tests/documentation/test_blocks.py`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from consent_middleware.sources import SOURCES
from hatch_build import description
from tests.conformance.servers import COMMANDS
from tests.documentation.blocks import code_of

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
#: Sources of the package that are signals, not platforms.
SIGNALS = {"tcf", "gpp", "us-privacy", "gpc", "dnt"}


def test_readme_fits_two_screens() -> None:
    lines = README.splitlines()

    assert len(lines) <= 100
    assert max(map(len, lines)) <= 82


@pytest.mark.parametrize("link", re.findall(r"\]\(([^):]+)\)", README))
def test_every_relative_link_exists(link: str) -> None:
    assert (ROOT / link).exists()


def test_use_has_a_block_for_each_kind_of_app() -> None:
    code = "\n".join(code_of("README.md", "python"))

    for name in ("flask", "django", "asgi", "wsgi"):
        assert f"consent_middleware.{name}" in code


def test_counts_in_words_are_those_of_the_project() -> None:
    text = " ".join(README.split())

    assert "some thirty consent platforms" in text
    assert 28 <= len({source.id for source in SOURCES} - SIGNALS) <= 34
    assert "under seven servers, and behind nginx and Varnish" in text
    assert len({re.split("[ .]", command.words)[0] for command in COMMANDS.values()} - {"tests"}) + 2 == 7


@pytest.mark.parametrize(
    ("readme", "text"),
    [
        ("a [page](docs/a.md) b", "a page (`docs/a.md`) b"),
        ("a [site](https://example.com/) b", "a [site](https://example.com/) b"),
        ("a\n\n![picture](docs/a.png)\n\nb", "a\n\nb"),
        ("![picture](https://example.com/a.png)\n", "![picture](https://example.com/a.png)\n"),
    ],
)
def test_description_has_no_files_beside_it(readme: str, text: str) -> None:
    assert description(readme) == text


def test_description_renders_without_dead_links() -> None:
    shown = MarkdownIt().render(description(README))

    assert "<h1>" in shown
    assert not re.findall(r"(?:href|src)=\"(?!https?:|#)", shown)


@pytest.mark.slow
def test_wheel_has_the_description(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(words, check=True, capture_output=True)
    (path,) = tmp_path.glob("*.whl")

    with zipfile.ZipFile(path) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        head, _, body = wheel.read(name).decode().partition("\n\n")

    assert "Description-Content-Type: text/markdown" in head
    assert body == description(README)
