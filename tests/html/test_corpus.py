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

pytestmark = [pytest.mark.corpus, pytest.mark.no_cover]


class Watch:
    """Holds whatever loads from HubSpot, by putting a mark before the attribute's name."""

    search = TagSearch(
        re.compile(
            rb"\.[hHuU][sSuU](?:-[sSaA]|[fF][oO][rR][mM][sS]|[cC][tT][aA]|[bB][sS][pP][oO][tT]|[eE][mM][eE][sS][sS])"
        ),
        frozenset(ADDRESS),
    )

    def __init__(self) -> None:
        self.held = 0

    def on_root(self, tag: StartTag) -> None:
        """The root element says nothing here."""

    def wants_script_text(self, tag: StartTag) -> bool:
        """No script's text counts."""
        return False

    def wants_first_script(self, *, nested: bool) -> bool:
        """No script counts by itself."""
        return False

    @property
    def has_end_markup(self) -> bool:
        """There is a tail where something is marked."""
        return self.held > 0

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Mark the address."""
        for attribute in tag.attributes:
            if attribute.name == ADDRESS[tag.name] and fetches(tag.get(attribute.name) or ""):
                self.held += 1
                return [Edit(attribute.name_span[0], attribute.name_span[0], MARK)]
        return ()

    def end_markup(self) -> bytes:
        """Mark the end."""
        return MARK if self.held else b""


def fetches(address: str) -> bool:
    """Say whether an address is one of HubSpot's."""
    url = parse_url(address)
    return url is not None and ("." + url.host).endswith(HOSTS)


def pages() -> list[Path]:
    """Give the pages; skip loudly without them."""
    if not PAGES.is_dir():
        pytest.skip(f"the real pages are not here: {PAGES}")
    return sorted(PAGES.iterdir())


def fed(document: bytes, size: int) -> tuple[bytes, int]:
    """Rewrite a page in pieces, and say how many tags were held."""
    watch = Watch()
    rewriter = HTMLRewriter(watch)
    pieces = [rewriter.feed(document[at : at + size]) for at in range(0, len(document), size)]
    return b"".join(pieces) + rewriter.close(), watch.held


def test_real_pages_change_in_their_edits_only_and_alike_at_any_chunking(capsys: pytest.CaptureFixture[str]) -> None:
    held = touched = 0
    for page in pages():
        document = page.read_bytes()
        whole, count = fed(document, len(document) or 1)
        assert HTMLRewriter(Watch()).rewrite(document) == whole, page.name
        assert fed(document, 16_384)[0] == whole, page.name
        assert fed(document, 61)[0] == whole, page.name
        if len(document) < 60_000:
            assert fed(document, 1)[0] == whole, page.name
        assert MARK not in document
        assert whole.replace(MARK, b"") == document, page.name
        held += count
        touched += count > 0
    with capsys.disabled():
        print(f"\nreal pages: {len(pages())}, {held} tags held in {touched} of them")


def test_html5lib_finds_nothing_left_that_a_browser_would_fetch() -> None:
    for page in pages():
        document = page.read_bytes()
        if not Watch.search.needles.search(document) or len(document) > 250_000:
            continue
        whole, _ = fed(document, len(document))
        left = [found for found in browser_finds(whole, scripting=True) if fetches(found[1])]
        assert left == [], page.name
