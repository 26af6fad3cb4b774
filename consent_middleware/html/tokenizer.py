"""The tokenizer of HTML: bytes in, tokens out, at any chunking. Joined together, the tokens are the bytes.

It reads bytes of any encoding that agrees with ASCII.

Theory of operation
===================

Idea. `feed` adds bytes, and each `next` reads one token: a start tag, an end tag, or anything else as text (13.2.5).
Constructs are read with the patterns of `grammar`, each in one match. `Tree` then follows the tag as the tree
construction stage does (13.2.6), and says whether text follows, as in `<title>`, or markup.

A tag may be read in two ways, and which one applies is not in the bytes:

- `noscript` has text for a browser that runs scripts, and markup for one that does not (13.2.6.4.4, .7). The tokenizer
  reads such a *dual element* as markup, up to the end tag at which its text ends. Inside, `tree` is the tree of a
  browser without scripts; behind the element it is the outer tree again, as that was before.
- In SVG, `<script>` has markup in it and `href` is its address; in HTML it has text, and `src` is its address. Where an
  end tag in foreign content may close an element of the page around it, or where browsers differ about `select`, both
  readings are possible. The tokenizer continues with one of them and says so: `tree.maybe_foreign` means that a tag may
  be an element of either, `tree.lost_track` that even the places where tags begin differ.

Invariant. The tokens do not depend on the chunks: a token is read only when no further byte can change it, or at the
end of the document. What is not decided stays in the buffer, and the retry budget of `InputBuffer` keeps the work
linear. Only tags may be longer than the buffer allows; then `LongTag` follows their bytes without keeping them.

Example. The tokens of

    <noscript><p title="</noscript>"></p><img src=/a>

    <noscript>                  a start tag; the dual element begins, and as text it ends at the first "</noscript"
    <p title="                  text: for the browser without scripts a tag goes on beyond that place, so
                                `lost_track_without_scripts` is set
    </noscript>                 an end tag; the dual element ends, and `tree` is the outer tree again
    "></p><img src=/a>          text, an end tag and a start tag for a browser with scripts; for the other, the `img` is
                                a tag too, and whoever looks for tags now looks at every "<"
"""

from __future__ import annotations

import re
from enum import Enum
from typing import ClassVar, Final

from . import grammar
from .buffer import NEVER, InputBuffer
from .long_tag import LongTag
from .script_text import next_escape_state
from .tags import StartTag
from .tree import Tree


class Kind(Enum):
    """Name the kinds of tokens. Everything but tags is text, because only tags are edited."""

    TEXT = "text"
    START = "start tag"
    END = "end tag"


_CONSTRUCT_ENDS: Final = {
    b"<!--": grammar.COMMENT_END,
    b"<![CDATA[": grammar.CDATA_END,
    b"<!": grammar.DECLARATION_END,
}


class DualElement:
    """Find where a noscript element ends that is text for a browser with scripts and markup for one without.

    Attributes:
        name: the name of the element.
        end: where its text ends, or -1 if that has not arrived.
        searched: up to where its end was looked for.
    """

    __slots__ = ("end", "name", "searched")

    def __init__(self, name: bytes, begin: int) -> None:
        self.name = name
        self.end = -1
        self.searched = begin

    def find_end(self, source: bytes, pos: int) -> bool:
        """Look for the end of the text from an offset on, and return whether it has arrived."""
        if found := grammar.RAW_END[self.name].search(source, max(self.searched, pos)):
            self.end = found.start()
            return True
        self.searched = max(pos, len(source) - len(self.name) - 2)
        return False

    def move(self, dropped: int) -> None:
        """Take note that so many bytes were dropped from the source."""
        self.searched = max(0, self.searched - dropped)
        if self.end >= 0:
            self.end -= dropped


class Tokenizer(InputBuffer):
    """Read an HTML document piece by piece.

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
    def in_svg_content(self) -> bool:
        """Whether the next byte is in SVG content, outside of integration points, where shapes may stand."""
        tree = self.tree
        return (
            bool(tree.open)
            and tree.open[-1].namespace == b"svg"
            and not (tree.open[-1].is_integration_point or self.raw_construct or self.dual_element)
            and not (tree.frameset_ok or self._long_tag)
        )

    @property
    def closing(self) -> bytes | None:
        """The end tags that close everything open, so that HTML follows; None if nothing does that."""
        return None if self.raw_construct or self.dual_element or self._long_tag else self.tree.closing

    def _join(self, chunk: bytes = b"") -> int:
        dropped = super()._join(chunk)
        if self.dual_element is not None:
            self.dual_element.move(dropped)
        return dropped

    # -- Tokens -------------------------------------------------------------------------------------------------------

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
        return has_moved

    def _run_pattern(self) -> re.Pattern[bytes]:
        """Return the pattern of constructs that change nothing here."""
        if self.tree.open:
            return grammar.DRAWING_RUN
        if self.tree.frameset_ok:
            return grammar.HEAD_RUN
        return grammar.SELECT_RUN if self.tree.in_select else grammar.BODY_RUN

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
        return kind

    def _read(self, end: int) -> Kind | None:
        """Read one token that is not part of a long tag."""
        if (dual := self.dual_element) is not None:
            end = self._find_dual_end(dual, end)
            if dual.end == self.pos and not self.raw_construct:
                return self._read_dual_end_tag()
            if self.pos >= end:
                return None
        if self.raw_construct:
            return self._read_raw(end)
        return self._read_markup(end)

    def _read_markup(self, end: int) -> Kind | None:
        """Read text, a tag, a comment or a declaration in the data state (13.2.5.1, .6)."""
        source, pos = self.source, self.pos
        if source[pos] != 0x3C:
            stop = source.find(b"<", pos, end)
            self.pos = end if stop < 0 else stop
            if self.tree.frameset_ok:
                self.tree.note_text(source, pos, self.pos)
            return Kind.TEXT
        if pos + 1 >= end:
            return self._unfinished(end)
        after = source[pos + 1 : pos + 2]
        if after.isalpha():
            return self._read_start_tag(end)
        if after == b"/":
            if pos + 2 < end and not source[pos + 2 : pos + 3].isalpha():
                return self._read_declaration(end)
            return self._read_end_tag(end)
        if after in b"!?":
            return self._read_declaration(end)
        self.pos += 1
        self.tree.frameset_ok = False
        return Kind.TEXT

    def _unfinished(self, end: int) -> Kind | None:
        """Wait for more bytes, or read what the end of the input has cut off, of which a browser makes no tag.

        A tag that goes on beyond the end of a dual element is none for a browser with scripts; for the other it does.
        """
        if self._ends_dual_element(end):
            tree = self.tree
            tree.lost_track_without_scripts = tree.lost_track_without_scripts or end - self.pos > 1
            self.pos = end
            return Kind.TEXT
        if not self.at_eof:
            self._retry.note_try(len(self.source) - self.pos)
            return None
        # A "<" alone is text whatever follows it, unless that makes a tag of it.
        self.truncated = len(self.source) - self.pos > 1
        self.pos = len(self.source)
        return Kind.TEXT

    def _read_start_tag(self, end: int) -> Kind | None:
        """Read a start tag and follow it in the tree."""
        found = grammar.START_TAG.match(self.source, self.pos, end)
        if found is None:
            return self._unfinished(end)
        self.pos = found.end()
        self.name = found[1].lower()
        if content := self.tree.follow_start_tag(self.name, found[0]):
            self._begin_text(content)
        return Kind.START

    def _begin_text(self, name: bytes) -> None:
        """Enter an element whose content is text, or begin to read a dual element as markup."""
        if name != b"noscript":
            self.raw_construct, self.escape_state = name, 0
        elif self.dual_element is None:
            self.dual_element = DualElement(name, self.pos)
            self.tree = self.tree.without_scripts()

    def _read_end_tag(self, end: int) -> Kind | None:
        """Read an end tag and, outside of raw text, follow it in the tree."""
        found = grammar.END_TAG.match(self.source, self.pos, end)
        if found is None:
            return self._unfinished(end)
        self.pos = found.end()
        self.name = found[1].lower()
        if not self.raw_construct:
            self.tree.follow_end_tag(self.name)
        return Kind.END

    # -- Comments, declarations, CDATA sections and raw text ----------------------------------------------------------

    def _read_declaration(self, end: int) -> Kind | None:
        """Begin a comment, a DOCTYPE, a bogus comment or a CDATA section (13.2.5.42)."""
        source, pos, tree = self.source, self.pos, self.tree
        if source.startswith(b"<!--", pos):
            is_decided = self.at_eof or self._ends_dual_element(end)
            if pos + 6 > end and not is_decided and b"<!--->".startswith(source[pos:end]):
                return None
            if found := grammar.ABRUPT_COMMENT.match(source, pos, end):
                self.pos = found.end()
                return Kind.TEXT
            self.raw_construct = b"<!--"
            self.pos = pos + 4
        elif tree.open and tree.open[-1].namespace != b"html" and _may_be_cdata(source[pos : min(end, pos + 9)]):
            if end - pos < 9:
                return self._unfinished(end)
            if tree.maybe_foreign:
                tree.lose_track()
            self.raw_construct = b"<![CDATA["
            self.pos = pos + 9
        elif end - pos < 4 and b"<!--".startswith(source[pos:end]):
            return self._unfinished(end)
        else:
            if tree.maybe_foreign and _may_be_cdata(source[pos : min(end, pos + 9)]):
                tree.lose_track()
            self.raw_construct = b"<!"
            self.pos = pos + 2
        return self._read_raw(end)

    def _read_raw(self, end: int) -> Kind | None:
        """Read raw text, a comment or a declaration up to the last byte that is decided."""
        source, construct = self.source, self.raw_construct
        if construct == b"plaintext":
            self.pos = end
            return Kind.TEXT
        if construct == b"script":
            return self._read_script(end)
        if construct in grammar.RAW_END:
            found = grammar.RAW_END[construct].search(source, self.pos, end)
            if found and found.start() == self.pos:
                # In "</title" the end tag may still be unfinished.
                kind = self._read_end_tag(end)
                if kind is Kind.END:
                    self.raw_construct = b""
                return kind
            return self._read_content(found.start() if found else -1, end, len(construct) + 2)
        begin = self.pos
        if found := _CONSTRUCT_ENDS[construct].search(source, begin, end):
            self.raw_construct = b""
            self.pos = found.end()
        kind = Kind.TEXT if found else self._read_content(-1, end, 3)
        if construct == b"<![CDATA[" and self.tree.frameset_ok:
            self.tree.note_text(source, begin, found.start() if found else self.pos)
        return kind

    def _read_content(self, stop: int, end: int, undecided: int) -> Kind | None:
        """Read content without tags.

        Args:
            stop: where the content ends, or -1 if its end has not arrived.
            end: where the bytes end.
            undecided: how many of the last bytes may belong to the end of the content.
        """
        if stop < 0:
            stop = end if self.at_eof or self._ends_dual_element(end) else max(self.pos, end - undecided)
            if stop < end:
                found = grammar.MAY_END.search(self.source, stop, end)
                stop = found.start() if found else end
        if stop == self.start:
            return None
        self.pos = stop
        return Kind.TEXT

    def _read_script(self, end: int) -> Kind | None:
        """Read script data with its escaped states (13.2.5.4, .15 to .31)."""
        found = grammar.SCRIPT_EVENT[self.escape_state].search(self.source, self.pos, end)
        if found is None:
            return self._read_content(-1, end, 9)
        if (after := next_escape_state(found, self.escape_state)) is not None:
            self.pos, self.escape_state = after
        elif found.start() == self.pos:
            kind = self._read_end_tag(end)
            if kind is Kind.END:
                self.raw_construct, self.escape_state = b"", 0
            return kind
        else:
            self.pos = found.start()
        return Kind.TEXT

    # -- The dual element ---------------------------------------------------------------------------------------------

    def _ends_dual_element(self, end: int) -> bool:
        """Return whether the text of the dual element ends here."""
        return self.dual_element is not None and end == self.dual_element.end

    def _find_dual_end(self, dual: DualElement, end: int) -> int:
        """Return how far the content of the dual element may be read as markup for now.

        Where its text ends, its markup ends too.
        """
        if dual.end < 0 and not dual.find_end(self.source, self.pos):
            return end if self.at_eof else dual.searched
        if self.pos >= dual.end:
            dual.end = self.pos
            if self.raw_construct or self.tree.leaves_traces():
                self.tree.lost_track_without_scripts = True
            self.raw_construct = b""
            self.escape_state = 0
        return dual.end

    def _read_dual_end_tag(self) -> Kind | None:
        """Read the end tag of the dual element, on which both readings agree."""
        end = len(self.source)
        kind: Kind | None = Kind.END
        if found := grammar.END_TAG.match(self.source, self.pos, end):
            self.pos = found.end()
            self.name = found[1].lower()
        else:
            kind = self._unfinished(end)
        if kind is not None:
            self.dual_element = None
            self.tree = self.tree.leave_noscript()
        return kind

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

    def _tag_name(self, name: bytes) -> bytes:
        """Return the name of a tag as the tree knows it."""
        return name.lower()

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

    def _follow_long_tag(self, tag: LongTag) -> bytes:
        """Follow a long tag in the tree, and return how it ends."""
        if not tag.is_start:
            self.raw_construct, self.escape_state = b"", 0
            self.tree.follow_end_tag(tag.name)
        elif content := self.tree.follow_start_tag(tag.name, self.source[self.start : self.pos], is_whole=False):
            self._begin_text(content)
        return b">"

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

    def has_foreign_content(self) -> bool:
        """Return whether the start tag just read, if it is a script's, has content that is not raw text."""
        return self.tree.is_svg and not StartTag(self.name, self.source[self.start : self.pos]).self_closing

    def _undo_start_tag(self) -> None:
        """Take back what the start tag just read has changed in the tree."""
        if self.tree.is_svg:
            self.tree.open.pop()


def _may_be_cdata(begun: bytes) -> bool:
    """Return whether these bytes begin a CDATA section, or may with more bytes."""
    return b"<![CDATA[".startswith(begun)
