"""The fenced blocks of code in the README and in `docs/`, and the mark of a block that is not run.

A comment right before a block says why it is not run, and shows on no page:

    <!-- not run: it needs an account at HubSpot -->
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_NOT_RUN = re.compile(r"<!--\s*not run:\s*(.*?)\s*-->\s*", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block of code.

    Attributes:
        page: the file that it stands in.
        line: the number of its first line of code.
        language: the word behind the fence; empty if there is none.
        code: its text.
        section: the heading above it.
        before: the paragraph right before it, or the empty text.
        reason: why it is not run; None if it is.
    """

    page: Path
    line: int
    language: str
    code: str
    section: str
    before: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    found: list[Block] = []
    section, before, reason = "", "", None
    opened = ""
    for token in MarkdownIt().parse(page.read_text("utf-8")):
        opened = token.type if token.type.endswith("_open") else opened
        if token.type == "inline":
            before, reason = token.content, None
            section = before if opened == "heading_open" else section
        elif token.type == "html_block":
            mark = _NOT_RUN.fullmatch(token.content)
            reason = mark[1] if mark else None
        elif token.type == "fence":
            assert token.map
            # Words of Sphinx in braces, such as `{toctree}`, are no language.
            if not token.info.startswith("{"):
                place = (page, token.map[0] + 2, token.info.strip())
                found.append(Block(*place, token.content, section, before, reason))
            before, reason = "", None
    return found


def code_of(page: str, language: str) -> list[str]:
    """Return the code in one language on a page: `"README.md"`, or a page of `docs/` by its name."""
    (path,) = (path for path in PAGES if path.name == page)
    return [block.code for block in blocks(path) if block.language == language]


#: The page that `test_start.py` follows, block by block.
START = ROOT / "docs" / "start.md"

ALL = [block for page in PAGES for block in blocks(page)]
#: Pages whose examples `tests/command_pages.py` runs together.
COMMAND_PAGES = {"commands.md", "troubleshooting.md"}
RUN = [block for block in ALL if block.reason is None and block.page != START and block.page.name not in COMMAND_PAGES]
