"""The pages that are made from the source: `make docs` writes them, and a test compares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from . import errors_page, notices_page, settings_page

DOCS = Path(__file__).parents[2] / "docs"
PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page.page,
    "errors.md": errors_page.page,
    "notices.md": notices_page.page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), "utf-8")
