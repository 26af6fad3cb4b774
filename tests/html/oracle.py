"""Which tags html5lib's tree has, and which ones the engine asks about: what the tests compare."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from xml.etree.ElementTree import Element

import html5lib
import pytest

from consent_middleware.html.rewriter import Edit, HTMLRewriter, StartTag, TagSearch
from consent_middleware.html.token_reader import TokenReader
from consent_middleware.html.tokenizer import Tokenizer

from .fetch_html5lib_tests import FOLDER

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"


@contextmanager
def nothing_closed() -> Iterator[None]:
    """Add no end tags before the end markup, so that a document gets only that besides its edits."""
    closing = vars(TokenReader)["closing"].fget
    with patch.object(TokenReader, "closing", property(lambda tokens: None if closing(tokens) is None else b"")):
        yield


ADDRESS = {b"script": b"src", b"img": b"src", b"iframe": b"src", b"link": b"href"}
"""The elements that the tests plant, and the attribute with their address."""

NEEDLE = "held.example"
NEEDLES = re.compile(rb"[hH][eE][lL][dD]\.[eE][xX][aA][mM][pP][lL][eE]")

SAYS = "says it"
"""Stands for the address of an inline script whose text contains the needle."""


class Everything:
    """Note every planted element, and edit none."""

    search = TagSearch(NEEDLES, frozenset(ADDRESS), text_needles=NEEDLES)

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def on_root(self, tag: StartTag) -> None:
        """Ignore the root element."""

    def wants_script_text(self, tag: StartTag) -> bool:
        """Return whether a script has no address and is not edited yet."""
        names = {b"href", b"xlink:href"} if tag.svg else {b"src"}
        return not any(attribute.name in {*names, b"data-held"} for attribute in tag.attributes)

    def wants_first_script(self, *, nested: bool) -> bool:
        """Return that the first script does not matter."""
        return False

    @property
    def has_end_markup(self) -> bool:
        """Whether there is end markup: always."""
        return True

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Note the name and the address of the tag."""
        if tag.text is not None:
            self.found.append((tag.name.decode(), SAYS))
            return ()
        for name in (b"href", b"xlink:href") if tag.svg else (ADDRESS[tag.name],):
            if (address := tag.get(name)) is not None:
                self.found.append((tag.name.decode(), address))
                break
        return ()

    def end_markup(self) -> bytes:
        """Return no end markup."""
        return b""


class Holding(Everything):
    """Rename the address of every planted element, and add end markup after it."""

    tail_text = b"<!--tail-->"
    told = False

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Rename every address with the needle, and mark a script whose text contains it."""
        if tag.text is not None:
            self.found.append((tag.name.decode(), SAYS))
            at = tag.raw.lower().index(b"script") + len(b"script")
            return [Edit(at, at, b" data-held=''")]
        edits = []
        for attribute in tag.attributes:
            wanted = {b"href", b"xlink:href"} if tag.svg else {ADDRESS[tag.name]}
            value = tag.get(attribute.name) or ""
            if attribute.name in wanted and NEEDLE in re.sub("[\t\n\r]", "", value).lower():
                self.found.append((tag.name.decode(), value))
                edits.append(Edit(*attribute.name_span, b"data-held"))
        return edits

    def end_markup(self) -> bytes:
        """Return the end markup once, if something was edited."""
        if not self.found or self.told:
            return b""
        self.told = True
        return self.tail_text


def engine_finds(document: bytes) -> list[tuple[str, str]]:
    """Return the elements with an address that the engine asks about, in order."""
    watch = Everything()
    HTMLRewriter(watch, charset="utf-8").rewrite(document)
    return watch.found


def is_uncertain(document: bytes) -> bool:
    """Return whether the engine reads a part of the document in more than one way."""
    tokens = Tokenizer()
    tokens.feed(document, last=True)
    while tokens.next():
        tree = tokens.tree
        if tree.maybe_foreign or tree.lost_track or tree.lost_track_without_scripts:
            return True
    return False


def browser_finds(document: bytes, *, scripting: bool) -> list[tuple[str, str]]:
    """Return the elements with an address in html5lib's tree, in tree order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = html5lib.HTMLParser().parse(document, scripting=scripting, transport_encoding="utf-8")
    found = []
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        address = _address(element)
        if address is not None:
            found.append((element.tag.rpartition("}")[2], address))
    return found


def _address(element: Element) -> str | None:
    """Return what an element of the tree loads."""
    if element.tag == SVG + "script":
        return element.get("href", element.get(XLINK + "href"))
    if element.tag.startswith(HTML):
        name = ADDRESS.get(element.tag.removeprefix(HTML).encode())
        if element.tag == HTML + "script" and not {"src", "data-held"} & set(element.keys()):
            return SAYS if NEEDLE in (element.text or "").lower() else None
        return element.get(name.decode()) if name else None
    return None


def rewritten(document: bytes, sizes: int = 0, *, xml: bool = False, charset: str | None = "utf-8") -> bytes:
    """Return a document rewritten by `Holding`, fed in pieces of `sizes` bytes or at once."""
    rewriter = HTMLRewriter(Holding(), charset=charset, xml=xml)
    step = sizes or len(document) or 1
    pieces = [rewriter.feed(document[at : at + step]) for at in range(0, len(document), step)]
    return b"".join(pieces) + rewriter.close()


def html5lib_tests(folder: str, suffix: str, *, required: bool) -> list[Path]:
    """Return the files of html5lib-tests; skip without them, unless they are `required`."""
    if not FOLDER.is_dir():
        reason = "html5lib-tests are not here: run python -m tests.html.fetch_html5lib_tests"
        if required:
            pytest.fail(reason)
        pytest.skip(reason)
    return sorted((FOLDER / folder).glob(f"*{suffix}"))
