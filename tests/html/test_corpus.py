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


def pages() -> list[Path]:
    """Return the pages; skip loudly without them."""
    if not PAGES.is_dir():
        pytest.skip(f"the real pages are not here: {PAGES}")
    return sorted(PAGES.iterdir())


def fed(document: bytes, size: int) -> tuple[bytes, int]:
    """Return a page rewritten in pieces, and how many tags were marked."""
    watch = Watch()
    rewriter = HTMLRewriter(watch)
    pieces = [rewriter.feed(document[at : at + size]) for at in range(0, len(document), size)]
    return b"".join(pieces) + rewriter.close(), watch.marked


def test_real_pages_change_only_in_their_edits(capsys: pytest.CaptureFixture[str]) -> None:
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


def test_html5lib_finds_nothing_left_to_fetch() -> None:
    for page in pages():
        document = page.read_bytes()
        if not Watch.search.needles.search(document) or len(document) > 250_000:
            continue
        whole, _ = fed(document, len(document))
        left = [found for found in browser_finds(whole, scripting=True) if fetches(found[1])]
        assert left == [], page.name
