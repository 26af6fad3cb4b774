"""Real pages, where they are at hand: the same at any chunking and outside the edits, and nothing is left to fetch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from consent_middleware.html.rewriter import Edit, HTMLRewriter, StartTag, TagSearch
from consent_middleware.urls import parse_url

from .oracle import ADDRESS, browser_finds

PAGES = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "pages"
HOSTS = (".hs-scripts.com", ".hsforms.net", ".hs-analytics.net", ".hscta.net", ".usemessages.com", ".hubspot.com")
MARK = b"data-held-"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.no_cover,
    pytest.mark.skipif(not PAGES.is_dir(), reason="the folder of real pages is not beside the project"),
]


class Watch:
    """Mark whatever loads from HubSpot before the name of its attribute."""

    search = TagSearch(
        re.compile(
            rb"\.[hHuU][sSuU](?:-[sSaA]|[fF][oO][rR][mM][sS]|[cC][tT][aA]|[bB][sS][pP][oO][tT]|[eE][mM][eE][sS][sS])"
        ),
        frozenset(ADDRESS),
    )

    def __init__(self) -> None:
        self.marked = 0

    def on_root(self, tag: StartTag) -> None:
        """Ignore the root element."""

    def wants_script_text(self, tag: StartTag) -> bool:
        """Return that no script's text matters."""
        return False

    def wants_first_script(self, *, nested: bool) -> bool:
        """Return that the first script does not matter."""
        return False

    @property
    def has_end_markup(self) -> bool:
        """Whether something is marked."""
        return self.marked > 0

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits that mark the address."""
        for attribute in tag.attributes:
            if attribute.name == ADDRESS[tag.name] and fetches(tag.get(attribute.name) or ""):
                self.marked += 1
                return [Edit(attribute.name_span[0], attribute.name_span[0], MARK)]
        return ()

    def end_markup(self) -> bytes:
        """Return the mark, if something is marked."""
        return MARK if self.marked else b""


def fetches(address: str) -> bool:
    """Return whether an address is one of HubSpot's."""
    url = parse_url(address)
    return url is not None and ("." + url.host).endswith(HOSTS)


def pages() -> list[str]:
    """Return the names of the pages."""
    return sorted(page.name for page in PAGES.iterdir()) if PAGES.is_dir() else []


def fed(document: bytes, size: int) -> tuple[bytes, int]:
    """Return a page rewritten in pieces, and how many tags were marked."""
    watch = Watch()
    rewriter = HTMLRewriter(watch)
    pieces = [rewriter.feed(document[at : at + size]) for at in range(0, len(document), size)]
    return b"".join(pieces) + rewriter.close(), watch.marked


@pytest.mark.parametrize("name", pages())
def test_real_page_changes_only_in_its_edits(name: str) -> None:
    document = (PAGES / name).read_bytes()
    whole, _ = fed(document, len(document) or 1)

    assert HTMLRewriter(Watch()).rewrite(document) == whole
    for size in (16_384, 61, 1) if len(document) < 60_000 else (16_384, 61):
        assert fed(document, size)[0] == whole, size
    assert MARK not in document
    assert whole.replace(MARK, b"") == document


@pytest.mark.parametrize("name", pages())
def test_html5lib_finds_nothing_left_to_fetch(name: str) -> None:
    document = (PAGES / name).read_bytes()
    whole, _ = fed(document, len(document) or 1)

    if len(document) <= 250_000 and Watch.search.needles.search(document):
        left = [found for found in browser_finds(whole, scripting=True) if fetches(found[1])]
        assert left == []
