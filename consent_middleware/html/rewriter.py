"""The rewriter: a document streams through it, and the edits of a `TagWatch` are all that changes.

Most documents contain nothing that the watch is asked about; these are not read beyond one search. The others are read
token by token (`reader`). What is before an edit is emitted as it is, before the edit is made.
"""

from __future__ import annotations

from typing import Final

from . import charset as charsets
from .asking import TagAsker
from .double_reading import PARTIAL_ESCAPE, DoubleReading, EscapeFinder
from .incremental import Recording
from .jis_tags import TagsOfBothReadings
from .prefilter import TagSearch
from .reader import DocumentReader, read_document
from .recording_reader import RecordingReader
from .subset import SubsetFilter
from .tags import Attribute, StartTag
from .token_reader import TokenReader
from .tokenizer import Tokenizer
from .watch import BailOut, Edit, TagWatch
from .xml import XMLTokenizer

__all__ = [
    "MAX_BUFFER",
    "MAX_TEXT",
    "Attribute",
    "BailOut",
    "Edit",
    "HTMLRewriter",
    "Recording",
    "StartTag",
    "TagSearch",
    "TagWatch",
]

MAX_BUFFER: Final = 1 << 20
"""How many bytes of one unfinished tag are buffered by default. The longest start tags of real pages contain pictures
as `data:` URLs; they seldom exceed half of this."""

MAX_TEXT: Final = 1 << 16
"""How many bytes an inline script may have, with its start tag, to be read before it is emitted. A loader has a few
thousand at most; a longer script is a site's own program."""


class HTMLRewriter:
    """Rewrite one document: `feed` its pieces and `close` it, or `rewrite` it whole.

    At most `max_buffer` bytes of an unfinished tag are buffered (besides the chunk that is fed) and, until the encoding
    is known, the part of the document's first 1024 bytes that encodings read differently. A longer tag that the watch
    may be asked about is treated as `on_bail_out` says, and counted in `bail_outs`. All other long tags pass. A long
    tag that is fed whole is read like any other.

    Args:
        watch: what to look for and what to change.
        charset: the charset of the Content-Type, or None.
        xml: whether a browser parses the document as XML.
        max_buffer: how many bytes of an unfinished tag to buffer.
        on_bail_out: what to do with a longer tag: "withhold" keeps its name and drops its attributes, so that it loads
            nothing; "pass" leaves it as it is.
    """

    def __init__(
        self,
        watch: TagWatch,
        *,
        charset: str | None = None,
        xml: bool = False,
        max_buffer: int = MAX_BUFFER,
        on_bail_out: BailOut = "withhold",
    ) -> None:
        self.bail_outs = 0
        self._declared = charset
        self._xml = xml
        self._max_buffer = max(max_buffer, 64)
        self._on_bail_out: BailOut = on_bail_out
        self._encoding: str | None = None
        self._head = b""
        self._head_read = 0
        self._view: charsets.AsciiView | None = None
        # In a document that is or may be in ISO-2022-JP: finds escape sequences; and the end of a chunk that may begin
        # one.
        self._escapes: EscapeFinder | None = None
        self._begun = b""
        self._doubt: DoubleReading | None = None
        self._subset = SubsetFilter(self._bail_out) if xml else None
        self._tokens: TokenReader = XMLTokenizer() if xml else Tokenizer()
        self._asker = TagAsker(
            watch,
            watch.search.prefilter(xml=xml),
            self._tokens,
            self._bail_out,
            read_document,
            # A tag that waits for its text is never too long to buffer.
            max_text=min(MAX_TEXT, self._max_buffer - 16),
        )
        self._reader = DocumentReader(self._asker)

    @property
    def changed(self) -> bool:
        """Whether the output differs from the input, as far as it was read."""
        return self._asker.end_markup.edited or self.bail_outs > 0

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes that are decided after another piece of the document."""
        if self._encoding is not None:
            return self._take(chunk)
        self._head += chunk
        self._sniff(self._head, complete=False)
        return self._take_head(last=False)

    def close(self) -> bytes:
        """End the document and return the rest."""
        if self._encoding is not None:
            return self._take(b"", last=True)
        self._sniff(self._head, complete=True)
        return self._take_head(last=True)

    def _take_head(self, *, last: bool) -> bytes:
        """Rewrite the head; while the encoding is unknown, the part that all encodings read alike."""
        if self._encoding is not None:
            chunk, self._head = self._head[self._head_read :], b""
            return self._take(chunk, last=last)
        alike = charsets.common_prefix(self._head)
        chunk, self._head_read = self._head[self._head_read : alike], max(alike, self._head_read)
        return self._rewritten(chunk, last=False) if chunk else b""

    def rewrite(self, document: bytes) -> bytes:
        """Return a whole document rewritten; the object itself if there is nothing to edit.

        The result is the same as with `feed` and `close`. This is faster, because nothing behind the last edit is read.
        """
        self._sniff(document, complete=True)
        in_doubt = (self._escapes is not None and b"\x1b" in document) or (self._xml and b"<!DOCTYPE" in document)
        if not in_doubt and self._view is None and not self._reader.expect(document, complete=True):
            return document
        out = self._take(document, last=True)
        return document if in_doubt and not self.changed else out

    def rewrite_and_record(self, document: bytes, nonce: bytes = b"") -> tuple[bytes, Recording | None]:
        """Return a whole document rewritten, and a recording that rewrites similar ones; see `incremental`.

        This takes many times as long as `rewrite`. There is no recording of a document in XML, in an encoding
        that does not agree with ASCII, or in one that may be ISO-2022-JP.

        Args:
            document: the document.
            nonce: the word that stands in it for the nonce of each later document; b"" if there is none.
        """
        self._sniff(document, complete=True)
        if self._xml or self._view is not None or (self._escapes is not None and b"\x1b" in document):
            return self._take(document, last=True), None
        reader = self._reader = RecordingReader(self._asker)
        out = self._take(document, last=True)
        recording = None if self.bail_outs else Recording(document, reader, self._declared, nonce)
        return out if self.changed else document, recording

    def _sniff(self, head: bytes, *, complete: bool) -> None:
        """Determine the encoding, if the head suffices."""
        self._encoding = charsets.sniff_encoding(head, self._declared, complete=complete, xml=self._xml)
        if self._encoding is None:
            return
        self._view = charsets.ascii_view(self._encoding)
        in_jis = self._encoding == "iso-2022-jp"
        if in_jis or not (self._xml or charsets.is_certain(head, self._declared)):
            self._escapes = EscapeFinder(expected=in_jis)
        # A browser runs nothing of a document in an encoding that it replaces, so any reading is right.
        encoding = charsets.DEFAULT if self._encoding == "replacement" else self._encoding
        self._asker.encoding = "utf-8" if encoding.startswith("utf-16") else encoding

    def _take(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Rewrite a piece, and from the first ambiguous escape sequence on in both readings."""
        if self._doubt is not None:
            return self._take_in_doubt(self._doubt, chunk, last=last)
        if self._escapes is None:
            return self._read(chunk, last=last)
        chunk, self._begun = self._begun + chunk, b""
        if not last and (begun := PARTIAL_ESCAPE.search(chunk)):
            chunk, self._begun = chunk[: begun.start()], begun[0]
        if b"\x1b" not in chunk:
            return self._read(chunk, last=last)
        out: list[bytes] = []
        done = 0
        for at in self._escapes.find(chunk):
            # Only after reading up to the escape sequence is it known whether it stands in a withheld tag.
            out.append(self._read(chunk[done:at]))
            done = at
            if not self._tokens.in_withheld_tag:
                out.append(self._begin_doubt(chunk[at:] + self._begun, last=last))
                return b"".join(out)
            # It is withheld with the tag, so both readings still agree behind the tag.
        out.append(self._read(chunk[done:], last=last))
        return b"".join(out)

    def _read(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Rewrite a piece in the encoding of the document."""
        if self._view is None:
            return self._rewritten(chunk, last=last)
        return self._view.write(self._rewritten(self._view.read(chunk, last=last), last=last), last=last)

    def _begin_doubt(self, chunk: bytes, *, last: bool) -> bytes:
        """Read on in both readings, beginning with the bytes that are buffered."""
        tokens = self._tokens
        parts: list[bytes] = []
        for edit in self._reader.sweep.stop():
            parts += (tokens.source[tokens.consumed : edit.start], edit.replacement)
            tokens.consumed = edit.end
        out = b"".join(parts)
        buffered = tokens.needed + (b"" if self._subset is None else self._subset.needed)
        if self._view is not None:
            out = self._view.write(out)
            buffered = self._view.write(buffered + self._view.read(b"", last=True), last=True)
        # What a declaration contains is not read in both readings.
        give_up = None if self._subset is None else self._bail_out
        tags = TagsOfBothReadings(self._asker, give_up)
        self._doubt = DoubleReading(tags.changes, tags.unfinished, self._bail_out, self._max_buffer)
        return out + self._take_in_doubt(self._doubt, buffered + chunk, last=last)

    def _take_in_doubt(self, doubt: DoubleReading, chunk: bytes, *, last: bool) -> bytes:
        """Rewrite a piece in both readings."""
        out = doubt.feed(chunk, last=last)
        # It is unknown what is open at the end, so nothing can be closed before the markup.
        markup = self._asker.end_markup.at_end() if last else b""
        return out + (b"" if doubt.ends_in_ascii or not markup else b"\x1b(B") + markup

    def _rewritten(self, chunk: bytes, *, last: bool) -> bytes:
        """Rewrite a piece in which all markup is ASCII."""
        if self._subset is not None:
            chunk = self._subset.feed(chunk, last=last)
            if self._subset.done:
                self._reader.declared = frozenset(self._subset.names)
                self._subset = None
        tokens, sweep = self._tokens, self._reader.sweep
        out: list[bytes] = []
        reads_on = tokens.feed(chunk, last=last) or tokens.buffered > self._max_buffer
        while reads_on:
            at = tokens.consumed
            for edit in self._reader.edits():
                # What is before the edit leaves as it is.
                out += (tokens.source[at : edit.start], edit.replacement)
                at = edit.end
            tokens.consumed = sweep.limit
            out.append(tokens.source[at : tokens.consumed])
            if reads_on := tokens.buffered > self._max_buffer:
                self._skip_long_tag(out)
        if last:
            out.append(self._reader.markup_at_end())
        return b"".join(out)

    def _skip_long_tag(self, out: list[bytes]) -> None:
        """Read on in a tag that is too long to buffer.

        Args:
            out: the output, to which the tag's beginning is added.
        """
        tokens, asker = self._tokens, self._asker
        if asker.lost_track:
            self._reader.sweep.give_up()
            return
        tag = tokens.skip_long_tag()
        # In a dual element it depends on the reading where the tag ends: it is withheld in any case.
        withholds = tag.is_start and (asker.gate.is_candidate(tag.name) or tokens.dual_element is not None)
        if withholds:
            withholds = self._bail_out()
        tokens.is_withholding = withholds
        out.append(tokens.source[tokens.start : tokens.pos])
        tokens.consumed = tokens.pos
        if withholds and tag.name == b"script":
            # The content of the element must not run either.
            out.append(b' type="text/plain"')

    def _bail_out(self) -> bool:
        """Count a part that could not be read, and return whether to withhold it."""
        self.bail_outs += 1
        return self._on_bail_out == "withhold"
