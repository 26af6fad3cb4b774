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
  browser without scripts; after the element it is the outer tree again, as that was before.
- In SVG, `<script>` has markup in it and `href` is its address; in HTML it has text, and `src` is its address. Where an
  end tag in foreign content may close an element of the page around it, or where browsers differ about `select`, both
  readings are possible. The tokenizer continues with one of them and says so: `tree.maybe_foreign` means that a tag may
  be an element of either, `tree.lost_track` that even the places where tags begin differ.

Invariant. The tags do not depend on the chunks, and text is at most divided differently: a token is read only when no
further byte can change it, or at the end of the document. What is not decided stays in the buffer, and the retry
budget of `InputBuffer` keeps the work linear. Only tags may be longer than the buffer allows; then `LongTag` follows
their bytes without keeping them.

Example. The tokens of

    <noscript><p title="</noscript>"></p><img src=/a>

    <noscript>                  a start tag; the dual element begins, and as text it ends at the first "</noscript"
    <p title="                  text: for the browser without scripts a tag goes on beyond that place, so
                                `lost_track_without_scripts` is set
    </noscript>                 an end tag; the dual element ends, and `tree` is the outer tree again
    "></p><img src=/a>          text, an end tag and a start tag for a browser with scripts; for the other, the `img` is
                                a tag too, and the caller now has to look at every "<"
"""

from __future__ import annotations

import re
from typing import Final

from . import grammar
from .dual_element import DualElement
from .long_tag import LongTag
from .script_text import next_escape_state
from .tags import StartTag
from .token_reader import Kind, TokenReader

_CONSTRUCT_ENDS: Final = {
    b"<!--": grammar.COMMENT_END,
    b"<![CDATA[": grammar.CDATA_END,
    b"<!": grammar.DECLARATION_END,
}


class Tokenizer(TokenReader):
    """Read the tokens of an HTML document; see the theory of operation above."""

    @property
    def in_svg_content(self) -> bool:
        """Whether the next byte is in SVG content, outside of integration points."""
        tree = self.tree
        return (
            bool(tree.open)
            and tree.open[-1].namespace == b"svg"
            and not (tree.open[-1].is_integration_point or self.raw_construct or self.dual_element)
            and not (tree.frameset_ok or self._long_tag)
        )

    def _join(self, chunk: bytes = b"") -> int:
        dropped = super()._join(chunk)
        if self.dual_element is not None:
            self.dual_element.move(dropped)
        return dropped

    # -- Tokens -------------------------------------------------------------------------------------------------------

    def _run_pattern(self) -> re.Pattern[bytes]:
        """Return the pattern of constructs that change nothing here."""
        if self.tree.open:
            return grammar.SVG_RUN
        if self.tree.frameset_ok:
            return grammar.HEAD_RUN
        return grammar.SELECT_RUN if self.tree.in_select else grammar.BODY_RUN

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
        """Wait for more bytes, or read what an end has cut off.

        A tag that continues beyond the end of a dual element is text for a browser with scripts, and a longer tag for a
        browser without.
        """
        if self._ends_dual_element(end):
            tree = self.tree
            tree.lost_track_without_scripts = tree.lost_track_without_scripts or end - self.pos > 1
            self.pos = end
            return Kind.TEXT
        return self._wait_or_finish()

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

    def _tag_name(self, name: bytes) -> bytes:
        """Return the name of a tag as the tree knows it."""
        return name.lower()

    def _follow_long_tag(self, tag: LongTag) -> bytes:
        """Follow a long tag in the tree, and return how it ends."""
        if not tag.is_start:
            self.raw_construct, self.escape_state = b"", 0
            self.tree.follow_end_tag(tag.name)
        elif content := self.tree.follow_start_tag(tag.name, self.source[self.start : self.pos], is_whole=False):
            self._begin_text(content)
        return b">"

    def has_foreign_content(self) -> bool:
        """Return whether the start tag just read, if it is a script's, has content that is not raw text."""
        return self.tree.is_svg and not StartTag(self.name, self.source[self.start : self.pos]).self_closing

    def _undo_start_tag(self) -> None:
        """Take back what the start tag just read has changed in the tree."""
        if self.tree.is_svg:
            self.tree.open.pop()


def _may_be_cdata(opening: bytes) -> bool:
    """Return whether these bytes begin a CDATA section, or may with more bytes."""
    return b"<![CDATA[".startswith(opening)
