"""Asking the watch about the tags of one document, and what its answers depend on: the base address, earlier edits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from consent_middleware.urls import absolute, parse_url

from . import charset as charsets
from .prefilter import Prefilter
from .tags import StartTag, decode_references
from .token_reader import TokenReader
from .tokenizer import Tokenizer
from .watch import Edit, TagWatch

MAX_SRCDOC_DEPTH: Final = 8
"""How many documents may be nested in each other's `srcdoc`."""

_BYTE_REFERENCE: Final = re.compile(rb"&(?:#(?:[xX][0-9a-fA-F]+|[0-9]+);?|[a-zA-Z][a-zA-Z0-9]*;?)")


class DocumentBase:
    """Follow the base address of a document: that of the first `base` element.

    Where browsers may read another element as the first one, a later base that may match counts too. A base that only
    a browser without scripts may read counts only for the tags that are found by looking at every "<".

    Attributes:
        address: the base address, or None.
        counts: whether an address of the document may match because of its base.
        swept_address: the base address for tags found by looking at every "<", if it is another one.
    """

    def __init__(self, outer: str | None) -> None:
        self.address = outer
        self.counts = outer is not None
        self.swept_address: str | None = None
        self._outer = outer
        self._is_set = False
        self._is_uncertain = False

    def take(self, tag: StartTag, tokens: TokenReader, gate: Prefilter, *, swept: bool) -> None:
        """Take the address of a base element, if it counts.

        Args:
            tag: the start tag of the element.
            tokens: the tokenizer, at that tag.
            gate: the prefilter for addresses.
            swept: whether the tag was found by looking at every "<".
        """
        href = tag.get(b"href")
        if href is None:
            return
        tree = tokens.tree
        url = parse_url(href, self._outer)
        may_match = url is not None and url.host != "" and gate.may_match(tag.raw, tag.encoding)
        if swept and not tree.lost_track:
            if may_match and self.swept_address is None:
                self.swept_address = absolute(href, self._outer)
            return
        replaces = not self._is_set or (may_match and (tree.lost_track or self._is_uncertain))
        if replaces and tokens.dual_element is None:
            self._is_uncertain = tree.maybe_foreign
            self.address, self.counts, self._is_set = absolute(href, self._outer), True, True


class EndMarkup:
    """Decide when to ask the watch for its markup for the end of the document.

    After the markup is added, the watch is asked only once more, at the end of the document, and not before each
    further `</body>`: otherwise a page with many of them would take quadratic time.

    Attributes:
        edited: whether anything in the document was edited.
    """

    def __init__(self, watch: TagWatch, *, nested: bool) -> None:
        self.edited = False
        self._watch = watch
        self._nested = nested
        self._is_added = nested
        self._edited_since = False

    def note_edit(self) -> None:
        """Record that a tag was edited."""
        self.edited = True
        self._edited_since = self._is_added and not self._nested

    @property
    def is_pending(self) -> bool:
        """Whether the watch has markup for edits that it was not asked for yet."""
        return self.edited and self._watch.has_end_markup and (not self._is_added or self._edited_since)

    def before_body_end(self, at: int, closing: bytes) -> Iterator[Edit]:
        """Yield the edit that adds the markup before an end tag of a body.

        Args:
            at: the offset of the end tag.
            closing: the end tags to add before the markup.
        """
        if self.edited and not self._is_added and (markup := self._watch.end_markup()):
            self._is_added = True
            yield Edit(at, at, closing + markup)

    def at_end(self) -> bytes:
        """Return the markup for the end of the document."""
        if not self.is_pending:
            return b""
        self._is_added, self._edited_since = True, False
        return self._watch.end_markup()


class TagAsker:
    """Ask the watch about the start tags of one document.

    Attributes:
        watch: the watch.
        gate: the prefilter for tags.
        tokens: the tokenizer of the document.
        base: its base address.
        end_markup: its end markup.
        encoding: its encoding.
        bail_out: counts what could not be read, and returns whether to withhold it.
        max_text: how many bytes an inline script may have to be read.
        wants_script: whether the watch wants to be asked about the next script.
        is_certain: whether every browser reads the current tag as one.
        is_sweeping: whether the current tag was found by looking at every "<".
        asked: how many tags may have changed anything so far, here or in the watch.
    """

    def __init__(
        self,
        watch: TagWatch,
        gate: Prefilter,
        tokens: TokenReader,
        bail_out: Callable[[], bool],
        read_nested: Callable[[TagAsker], Iterator[Edit]],
        *,
        max_text: int,
        outer_base: str | None = None,
        encoding: str = "utf-8",
        depth: int = 0,
    ) -> None:
        self.watch = watch
        self.gate = gate
        self.tokens = tokens
        self.base = DocumentBase(outer_base)
        self.end_markup = EndMarkup(watch, nested=depth > 0)
        self.encoding = encoding
        self.bail_out = bail_out
        self.max_text = max_text
        self.is_certain = True
        self.is_sweeping = False
        self.asked = 0
        self.is_nested = depth > 0
        self.wants_script = watch.wants_first_script(nested=self.is_nested)
        self._read_nested = read_nested
        self._depth = depth

    @property
    def lost_track(self) -> bool:
        """Whether it is unknown where tags begin, at least for a browser without scripts."""
        tree = self.tokens.tree
        return tree.lost_track or tree.lost_track_without_scripts

    def tag(self, name: bytes, raw: bytes, *, svg: bool) -> StartTag:
        """Return a start tag as the watch sees it.

        Args:
            name: its lower-cased name.
            raw: its bytes.
            svg: whether to read it as an SVG element.
        """
        tokens, base = self.tokens, self.base
        return StartTag(
            b"img" if name == b"image" and not tokens.xml else name,
            raw,
            base=base.swept_address if self.is_sweeping and base.swept_address is not None else base.address,
            svg=svg,
            nested=self.is_nested,
            certain=self.is_certain,
            bare=self.lost_track or tokens.tree.maybe_foreign,
            unscripted=tokens.dual_element is not None,
            xml=tokens.xml,
            encoding=self.encoding,
        )

    def ask(self, tags: Sequence[StartTag], texts: Sequence[bytes | None]) -> Sequence[Edit]:
        """Ask about a start tag that may be read in several ways, until the tag itself is edited.

        Args:
            tags: the tag by each reading.
            texts: the text of the script by each reading, if it is one and the text is wanted.

        Returns:
            The edits as spans of the tag.
        """
        found: list[Edit] = []
        for tag, text in zip(tags, texts, strict=True):
            if text is not None and self.watch.wants_script_text(tag):
                tag.text = self.gate.script_text(text)
                tag.script = text
            if edits := self._ask_about(tag):
                self.end_markup.note_edit()
                found += edits
                if any(edit.end for edit in edits):
                    break
            if tag.text is not None and not any(tag.get(name) for name in (b"href", b"xlink:href")):
                # The answer is the same for a script of HTML and of SVG.
                break
        return found

    def _ask_about(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits of a start tag by one reading."""
        name = tag.name
        is_wanted = self.wants_script and (name in {b"script", b"meta"} or tag.has_handler)
        has_base = self.base.counts or (self.is_sweeping and self.base.swept_address is not None)
        if not (
            is_wanted
            or tag.text is not None
            or has_base
            or name == b"base"
            or self.gate.may_match(tag.raw, self.encoding)
        ):
            return ()
        self.asked += 1
        if name == b"base" and not tag.svg:
            self.base.take(tag, self.tokens, self.gate, swept=self.is_sweeping)
        edits = (
            list(self.watch.start_tag(tag)) if name not in {b"base", b"iframe"} or name in self.gate.elements else []
        )
        if is_wanted:
            self.wants_script = self.watch.wants_first_script(nested=self.is_nested)
        if name == b"iframe":
            inner = [e for e in self.srcdoc_edits(tag) if all(e.end <= o.start or o.end <= e.start for o in edits)]
            edits = sorted(edits + inner)
        return edits

    def srcdoc_edits(self, tag: StartTag) -> list[Edit]:
        """Return the edits of the document in an iframe's `srcdoc`, as spans of the tag."""
        found = next((a for a in tag.attributes if a.name == b"srcdoc"), None)
        if found is None or not found.value:
            return []
        begin, end = found.value_span
        if self._depth >= MAX_SRCDOC_DEPTH:
            return [Edit(begin, end, b"")] if self.bail_out() else []
        inner, places = _unescaped(found.value, self.encoding, xml=tag.xml)
        tokens = Tokenizer()
        tokens.feed(inner, last=True)
        asker = TagAsker(
            self.watch,
            self.gate,
            tokens,
            self.bail_out,
            self._read_nested,
            max_text=self.max_text,
            outer_base=self.base.address,
            encoding=self.encoding,
            depth=self._depth + 1,
        )
        return [
            Edit(begin + places[edit.start], begin + places[edit.end], _escaped(edit.replacement))
            for edit in self._read_nested(asker)
        ]


def _unescaped(value: bytes, encoding: str, *, xml: bool) -> tuple[bytes, list[int]]:
    """Return an attribute value with its references decoded, and the place in the value of each byte."""
    out = bytearray()
    places: list[int] = []
    at = 0
    for found in _BYTE_REFERENCE.finditer(value):
        text = decode_references(found[0].decode("ascii"), xml=xml, after=value[found.end() : found.end() + 1])
        out += value[at : found.start()]
        places += range(at, found.start())
        # A reference may be decoded in part, such as "&ampx"; all its bytes get the place of the reference.
        decoded = charsets.encode_text(text, encoding)
        out += decoded
        places += [found.start()] * len(decoded)
        at = found.end()
    out += value[at:]
    places += range(at, len(value) + 1)
    return bytes(out), places


def _escaped(fragment: bytes) -> bytes:
    """Return markup escaped for an attribute value of any quoting."""
    for char in b"&\"'<>= \t\n\f\r`":
        fragment = fragment.replace(bytes([char]), b"\0%d;" % char)
    return fragment.replace(b"\0", b"&#")
