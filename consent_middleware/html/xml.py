"""The tokenizer of XML documents (XML 1.0, 2.4 to 3.1)."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from . import grammar
from .long_tag import LongTag
from .token_reader import Kind, TokenReader

_CONSTRUCT_ENDS: Final = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>", b"<!": b">"}
"""How the constructs without tags begin and end; where one begins like another, the longer one comes first."""


class XMLTokenizer(TokenReader):
    """Read the tokens of an XML document.

    XML has no raw text, no breakout and no second reading. Namespaces are not followed: an element in svg or math may
    be an element of HTML or of SVG, which `tree.maybe_foreign` says. Only the content of what is certainly a template
    of HTML is inert.
    """

    xml: ClassVar[bool] = True

    @property
    def in_svg_content(self) -> bool:
        """Whether shapes may be skipped; in XML they never are, because `run` skips them anyway."""
        return False

    def _run_pattern(self) -> re.Pattern[bytes]:
        return grammar.XML_RUN

    def _read(self, end: int) -> Kind | None:
        """Read one token that is not part of a long tag."""
        source, pos = self.source, self.pos
        if self.raw_construct:
            return self._read_raw(end)
        if source[pos] != 0x3C:
            stop = source.find(b"<", pos, end)
            self.pos = end if stop < 0 else stop
            return Kind.TEXT
        for opening in _CONSTRUCT_ENDS:
            if source.startswith(opening, pos):
                self.raw_construct = opening
                self.pos = pos + len(opening)
                return self._read_raw(end) or Kind.TEXT
            if end - pos < len(opening) and opening.startswith(source[pos:end]):
                return self._wait_or_finish()
        found = grammar.XML_TAG.match(source, pos, end)
        if found is None:
            if grammar.XML_NO_TAG.match(source, pos, end):
                self.pos += 1
                return Kind.TEXT
            return self._wait_or_finish()
        self.pos = found.end()
        self.name = self._tag_name(found[2])
        has_namespace = b":" in found[2] or b"xmlns" in found[0]
        self._follow(is_start=not found[1], is_empty=found[0].endswith(b"/>"), has_namespace=has_namespace)
        return Kind.END if found[1] else Kind.START

    def _read_raw(self, end: int) -> Kind | None:
        """Read a comment, a CDATA section, an instruction or a declaration up to the last byte that is decided."""
        ending = _CONSTRUCT_ENDS[self.raw_construct]
        stop = self.source.find(ending, self.pos, end)
        if stop >= 0:
            self.raw_construct = b""
            self.pos = stop + len(ending)
            return Kind.TEXT
        begin = self.pos
        self.pos = end if self.at_eof else max(begin, end - 2)
        return Kind.TEXT if self.pos > begin else None

    def _tag_name(self, name: bytes) -> bytes:
        """Return the name of a tag without its prefix."""
        return name.rpartition(b":")[2]

    def _follow(self, *, is_start: bool, is_empty: bool, has_namespace: bool) -> None:
        """Follow the tag just read: the elements that decide what a script's address is and whether it loads.

        Args:
            is_start: whether it is a start tag.
            is_empty: whether it is an empty-element tag.
            has_namespace: whether it may name a namespace of its own.
        """
        tree, name = self.tree, self.name
        tree.is_effective = not (tree.open and tree.open[-1].is_inert)
        tree.maybe_foreign = tree.is_svg = any(element.name != b"template" for element in tree.open)
        if name in {b"svg", b"math", b"template"} and not is_empty:
            if is_start:
                tree.open.push(name, name, is_effective=has_namespace or tree.maybe_foreign)
            elif tree.open and tree.open[-1].name == name:
                tree.open.pop()
                tree.maybe_foreign = bool(tree.open)

    def _follow_long_tag(self, tag: LongTag) -> bytes:
        self.name = tag.name
        self._follow(is_start=tag.is_start, is_empty=tag.ends_with_slash, has_namespace=True)
        return b"/>" if tag.ends_with_slash else b">"

    def has_foreign_content(self) -> bool:
        """Return True: XML has no raw text."""
        return True

    def _undo_start_tag(self) -> None:
        """Change nothing: a script is not followed in the tree."""
