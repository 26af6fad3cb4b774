"""What the tokenizers of HTML and XML have in common: tokens, tags too long to buffer, and scripts that wait."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from enum import Enum
from typing import ClassVar

from . import grammar
from .buffer import NEVER, InputBuffer
from .dual_element import DualElement
from .long_tag import LongTag
from .tree import Tree


class Kind(Enum):
    """Name the kinds of tokens. Everything but tags is text, because only tags are edited."""

    TEXT = "text"
    START = "start tag"
    END = "end tag"


class TokenReader(InputBuffer, ABC):
    """Read a document piece by piece.

    Attributes:
        name: the name of the tag just read.
        tree: the simulation of the tree construction stage.
        raw_construct: the construct without tags that is being read: the name of a raw text element, or the beginning
            of a comment, a declaration or a CDATA section. Empty outside of these.
        escape_state: in a script 1 for "script data escaped" (13.2.5.20) and 2 for "double escaped" (13.2.5.27).
        dual_element: the noscript element that is being read as markup, or None.
        is_waiting: whether the start tag just read has been put back until its content has arrived.
        is_withheld: whether the text just read belongs to a long tag that is not to be let through.
        is_withholding: whether the last long tag is not to be let through. The caller sets it.
        replacement: what to write for the withheld text.
        truncated: whether the document ended within a tag.
    """

    #: Whether the document is XML.
    xml: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.name = b""
        self.tree = Tree()
        self.raw_construct = b""
        self.escape_state = 0
        self.dual_element: DualElement | None = None
        self.is_waiting = False
        self.is_withheld = False
        self.is_withholding = False
        self.replacement = b""
        self.truncated = False
        self._long_tag: LongTag | None = None

    @property
    def in_html_data(self) -> bool:
        """Whether the next byte is in the data state, in HTML content that all browsers read alike."""
        return not (self.raw_construct or self.tree.open or self.dual_element or self._long_tag)

    @property
    def in_withheld_tag(self) -> bool:
        """Whether the next byte belongs to a long tag that is not to be let through."""
        return self.is_withholding and self._long_tag is not None

    @property
    @abstractmethod
    def in_svg_content(self) -> bool:
        """Whether the next byte is in SVG content, outside of integration points, where shapes may be skipped."""

    @property
    def closing(self) -> bytes | None:
        """The end tags that close everything open, so that HTML follows; None if nothing does that."""
        return None if self.raw_construct or self.dual_element or self._long_tag else self.tree.closing

    def run(self, stop: int) -> bool:
        """Skip constructs that change nothing.

        May be called in `in_html_data` and `in_svg_content`, which then stay true.

        Args:
            stop: the offset beyond which no construct is skipped.

        Returns:
            Whether anything was skipped.
        """
        if stop > self.pos and (found := self._run_pattern().match(self.source, self.pos, stop)):
            self.pos = found.end()
        has_moved = self.pos > self.start
        self.start = self.pos
        if has_moved:
            # A byte order mark is only at the very beginning of the text.
            self.tree.bom = b""
        return has_moved

    def next(self) -> Kind | None:
        """Read one token.

        Returns:
            Its kind, or None if more bytes are needed or, at the end of the document, everything is read.
        """
        self.start = self.pos
        retry = self._retry
        retry.length_tried = 0
        retry.due_at = NEVER
        self.is_waiting = self.is_withheld = False
        end = len(self.source)
        if self.pos >= end:
            return None
        if self._long_tag is not None:
            return self._read_long_tag(self._long_tag)
        kind = self._read(end)
        if kind is not None:
            retry.bytes_spent = 0
            if self.source.startswith(b"<", self.start):
                self.tree.bom = b""
        return kind

    def _wait_or_finish(self) -> Kind | None:
        """Wait for more bytes, or read the unfinished rest of the document as text, as a browser does."""
        if not self.at_eof:
            self._retry.note_try(len(self.source) - self.pos)
            return None
        # A "<" alone is text whatever follows it, unless that makes a tag of it.
        self.truncated = len(self.source) - self.pos > 1
        self.pos = len(self.source)
        return Kind.TEXT

    @abstractmethod
    def _read(self, end: int) -> Kind | None:
        """Read one token that is not part of a long tag."""

    @abstractmethod
    def _run_pattern(self) -> re.Pattern[bytes]:
        """Return the pattern of constructs that change nothing here."""

    @abstractmethod
    def _tag_name(self, name: bytes) -> bytes:
        """Return the name of a tag as the tree knows it."""

    @abstractmethod
    def _follow_long_tag(self, tag: LongTag) -> bytes:
        """Follow a long tag in the tree, and return how it ends."""

    @abstractmethod
    def has_foreign_content(self) -> bool:
        """Return whether the start tag just read, if it is a script's, has content that is not raw text."""

    @abstractmethod
    def _undo_start_tag(self) -> None:
        """Take back what the start tag of a script has changed in the tree."""

    # -- Tags that are too long to buffer -----------------------------------------------------------------------------

    def skip_long_tag(self) -> LongTag:
        """Read on in the unfinished tag without buffering it.

        Its "<" and name are the token just read. If the caller sets `is_withholding`, the rest is marked as withheld.

        Returns:
            The tag.
        """
        self._retry.length_tried = 0
        self._join()
        opening = grammar.TAG_OPENING.match(self.source, self.pos)
        self.pos = opening.end() if opening else self.pos
        self.name = self._tag_name(opening[2]) if opening else b""
        self._long_tag = LongTag(self.name, is_start=not (opening and opening[1]))
        self.is_withholding = False
        return self._long_tag

    def _read_long_tag(self, tag: LongTag) -> Kind:
        """Read on in a tag whose beginning is gone."""
        self.pos = tag.read(self.source, self.pos)
        self.replacement = b""
        if tag.is_over:
            self._long_tag = None
            self.pos += 1
            self._retry.bytes_spent = 0
            self.replacement = self._follow_long_tag(tag)
        self.is_withheld = self.is_withholding
        return Kind.TEXT

    # -- Putting a script back ----------------------------------------------------------------------------------------

    def put_back(self, *, bytes_read: int, due_at: int) -> None:
        """Put the start tag of a script back until more of the script has arrived.

        Args:
            bytes_read: how many bytes all searches for its end have read.
            due_at: how many bytes to wait for at most.
        """
        self.pos = self.start
        self._undo_start_tag()
        self.raw_construct = b""
        self.is_waiting = True
        retry = self._retry
        retry.length_tried = len(self.source) - self.start
        retry.bytes_spent = bytes_read
        retry.due_at = due_at
