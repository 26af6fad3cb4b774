"""The rewriter: a document streams through, and the watch's edits are all that changes in it.

Knows when a document need not be read at all, which tags to ask the watch about, how to emit before it commits, and
what it does when something is too long to hold. Knows nothing about vendors, consent or HTTP: what is looked for, and
what is put in its place, is the watch's.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from operator import attrgetter
from typing import Final, Literal, NamedTuple, Protocol

from consent_middleware.urls import absolute, parse_url

from . import charset as charsets
from . import grammar
from .double_reading import PARTIAL_ESCAPE, Change, DoubleReading, EscapeFinder, KnownTags
from .prefilter import Candidates, Prefilter, TagSearch
from .subset import SubsetFilter
from .tokens import (
    NEVER,
    Attribute,
    Kind,
    StartTag,
    Tokenizer,
    decode_references,
    foreign_text,
    script_end,
    scripts_within,
)

__all__ = ["MAX_HOLD", "MAX_TEXT", "Attribute", "BailOut", "Edit", "HTMLRewriter", "StartTag", "TagSearch", "TagWatch"]

MAX_HOLD: Final = 1 << 20
"""How many bytes of one unfinished tag are kept, by default. The longest start tags of real pages hold pictures as
``data:`` URLs; they seldom pass half of this."""

MAX_TEXT: Final = 1 << 16
"""How many bytes an inline script may have, with its start tag, to be read before it leaves. A loader has a few
thousand at most; what is longer is a site's own program."""

MAX_NESTED: Final = 16
"""How many tags and scripts may overlap where it is not certain where tags begin."""

MAX_DEPTH: Final = 8
"""How many documents may stand inside each other's ``srcdoc``."""

BYTE_REFERENCE: Final = re.compile(rb"&(?:#(?:[xX][0-9a-fA-F]+|[0-9]+);?|[a-zA-Z][a-zA-Z0-9]*;?)")

LONGEST_NAME: Final = 64
"""How many letters the name of an element that is asked about has at most, with its "<"."""

_span = attrgetter("start", "end")
#: A tag's name behind its prefix, and what ends a script's text.
_NAME: Final = re.compile(rb"<(?:[^\t\n\f\r />:]*+:)?([^\t\n\f\r />]++)")
_END_OF_SCRIPT: Final = re.compile(rb"</[sS][cC][rR]")

#: References to entities, and the attributes by which a tag loads something.
_ENTITY: Final = re.compile(rb"&([^#&;\t\n\r ][^&;\t\n\r ]*+);")
_BY_ADDRESS: Final = frozenset({b"src", b"href", b"srcset", b"srcdoc", b"imagesrcset"})

BailOut = Literal["withhold", "pass"]


class Edit(NamedTuple):
    """Replace ``raw[start:end]`` by ``replacement``."""

    start: int
    end: int
    replacement: bytes


class TagWatch(Protocol):
    """What the rewriter asks while it reads. It is asked about one document and may keep state."""

    search: TagSearch
    """What is looked for: besides scripts that `wants_first_script` asks for, nothing else is ever asked about."""

    @property
    def has_end_markup(self) -> bool:
        """Whether `tail` would give something for what was edited so far."""
        ...

    def wants_first_script(self, *, nested: bool) -> bool:
        """Return whether the document's next script is asked about, whatever it holds, or that of one in a ``srcdoc``.

        So is then what may be a policy in the page: a ``meta`` element that speaks of one. Asked when a document begins
        and behind each of these.
        """
        ...

    def on_root(self, tag: StartTag) -> None:
        """Be told the ``html`` start tag, where it is the first."""
        ...

    def wants_script_text(self, tag: StartTag) -> bool:
        """Say whether the text of this script counts. If so, the tag is held until its element ends or ``MAX_TEXT``
        is reached, and ``start_tag`` is asked with ``tag.text``."""
        ...

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Give the edits of a start tag, sorted and without overlap; () leaves the tag as it is."""
        ...

    def end_markup(self) -> bytes:
        """Give what to add before ``</body>`` or at the end of the document; b"" when there is nothing to add.

        Asked before each ``</body>`` that follows an edit and at the end of input, until it gives something; once more
        at the end of input where edits follow that. Never in raw text, comment, tag, template or foreign content, which
        are closed before it at the end of input. In XML never behind the root element.
        """
        ...


class HTMLRewriter:
    """Rewrites one document: ``feed`` its pieces and ``close`` it, or ``rewrite`` it whole.

    ``charset`` is the Content-Type's, or None. ``xml`` is for documents that a browser parses as XML.

    At most ``max_hold`` bytes of an unfinished tag are kept (besides the chunk that is fed), and until the encoding is
    known, what does not read alike in all encodings of the document's first 1024 bytes. When a tag is longer,
    ``on_bail_out`` says what becomes of it, if it is one that the watch may be asked about: with "withhold" (the
    default) it keeps its name and loses its attributes, so that it loads nothing; with "pass" it goes through as it
    is. Either is counted in ``bail_outs``, for whoever drives the rewriter to tell. All other long tags go through.
    Where the whole of a long tag is fed at once, it is read as any other.
    """

    def __init__(
        self,
        watch: TagWatch,
        *,
        charset: str | None = None,
        xml: bool = False,
        max_hold: int = MAX_HOLD,
        on_bail_out: BailOut = "withhold",
    ) -> None:
        self.bail_outs = 0
        self._declared = charset
        self._xml = xml
        self._max_hold = max(max_hold, 64)
        self._on_bail_out: BailOut = on_bail_out
        self._encoding: str | None = None
        self._head = b""
        self._head_read = 0
        self._view: charsets.AsciiView | None = None
        # Where the document may be in ISO-2022-JP, or is: what looks for escape sequences, and the end of a chunk that
        # may begin one.
        self._escapes: EscapeFinder | None = None
        self._begun = b""
        self._doubt: DoubleReading | None = None
        gate = watch.search.prefilter(xml=xml)
        self._subset = SubsetFilter(self._bail_out) if xml else None
        # What is held for its text is never too long to hold.
        max_text = min(MAX_TEXT, self._max_hold - 16)
        self._reader = _Reader(watch, gate, Tokenizer(xml=xml), self._bail_out, max_text=max_text)

    @property
    def changed(self) -> bool:
        """Whether the output differs from the input as far as it was read."""
        return self._reader.edited or self.bail_outs > 0

    def feed(self, chunk: bytes) -> bytes:
        """Take a piece of the document and give what is decided."""
        if self._encoding is not None:
            return self._take(chunk)
        self._head += chunk
        self._sniffed(self._head, complete=False)
        return self._undecided(last=False)

    def close(self) -> bytes:
        """End the document and give the rest."""
        if self._encoding is not None:
            return self._take(b"", last=True)
        self._sniffed(self._head, complete=True)
        return self._undecided(last=True)

    def _undecided(self, *, last: bool) -> bytes:
        """Read on in the head; while the encoding is not known, as far as it does not matter."""
        if self._encoding is not None:
            chunk, self._head = self._head[self._head_read :], b""
            return self._take(chunk, last=last)
        alike = charsets.common_prefix(self._head)
        chunk, self._head_read = self._head[self._head_read : alike], max(alike, self._head_read)
        return self._rewritten(chunk, last=False) if chunk else b""

    def rewrite(self, document: bytes) -> bytes:
        """Rewrite a whole document at once: the object itself where there is nothing to edit.

        Gives what ``feed`` and ``close`` give, and faster, because what follows the last edit is not read.
        """
        self._sniffed(document, complete=True)
        in_doubt = (self._escapes is not None and b"\x1b" in document) or (self._xml and b"<!DOCTYPE" in document)
        if not in_doubt and self._view is None and not self._reader.expect(document, complete=True):
            return document
        out = self._take(document, last=True)
        return document if in_doubt and not self.changed else out

    def _sniffed(self, head: bytes, *, complete: bool) -> None:
        """Find out the encoding, if that is possible yet."""
        self._encoding = charsets.sniff(head, self._declared, complete=complete, xml=self._xml)
        if self._encoding is None:
            return
        self._view = charsets.ascii_view(self._encoding)
        in_jis = self._encoding == "iso-2022-jp"
        if in_jis or not (self._xml or charsets.is_certain(head, self._declared)):
            self._escapes = EscapeFinder(expected=in_jis)
        # A browser runs nothing of a document in an encoding that it replaces, so any reading will do.
        encoding = charsets.DEFAULT if self._encoding == "replacement" else self._encoding
        self._reader.encoding = "utf-8" if encoding.startswith("utf-16") else encoding

    def _take(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Read a piece and give what is decided."""
        if self._doubt is not None:
            return self._doubted(chunk, last=last)
        if self._escapes is not None:
            chunk, self._begun = self._begun + chunk, b""
            if not last and (begun := PARTIAL_ESCAPE.search(chunk)):
                chunk, self._begun = chunk[: begun.start()], begun[0]
            at = self._escapes.find(chunk) if b"\x1b" in chunk else -1
            if at >= 0 and not self._reader.tokens.withholding:
                return self._read(chunk[:at]) + self._begin_doubt(chunk[at:] + self._begun, last=last)
        return self._read(chunk, last=last)

    def _read(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Read a piece in the encoding that the document is known to have."""
        if self._view is None:
            return self._rewritten(chunk, last=last)
        return self._view.write(self._rewritten(self._view.read(chunk, last=last), last=last), last=last)

    def _begin_doubt(self, chunk: bytes, *, last: bool) -> bytes:
        """Read on in two ways, from where what has been read waits."""
        waiting = self._reader.tokens.unread
        if self._view is not None:
            waiting = self._view.write(waiting + self._view.read(b"", last=True), last=True)
        self._doubt = DoubleReading(self._reader.changes, self._reader.unfinished, self._bail_out, self._max_hold)
        return self._doubted(waiting + chunk, last=last)

    def _doubted(self, chunk: bytes, *, last: bool) -> bytes:
        assert self._doubt is not None  # noqa: S101 - called only in doubt
        out = self._doubt.feed(chunk, last=last)
        tail = self._reader.tail_in_doubt() if last else b""
        return out + (b"" if self._doubt.ends_in_ascii or not tail else b"\x1b(B") + tail

    def _rewritten(self, chunk: bytes, *, last: bool) -> bytes:
        """Read a piece in which all markup is ASCII."""
        if self._subset is not None:
            chunk = self._subset.feed(chunk, last=last)
            if not self._subset.done:
                return b""
            self._reader.declared = frozenset(self._subset.names)
            self._subset = None
        tokens = self._reader.tokens
        out: list[bytes] = []
        ready = tokens.feed(chunk, last=last) or tokens.held > self._max_hold
        while ready:
            at = tokens.done
            for edit in self._reader.edits():
                # Emit before, commit after: what stands before the edit leaves as it is.
                out += (tokens.source[at : edit.start], edit.replacement)
                at = edit.end
            tokens.done = self._reader.limit()
            out.append(tokens.source[at : tokens.done])
            ready = tokens.held > self._max_hold and self._give_up(out)
        if last:
            out.append(self._reader.last_tail())
        return b"".join(out)

    def _give_up(self, out: list[bytes]) -> bool:
        """Go on in a tag that is too long to hold, by the rule of the class."""
        tokens = self._reader.tokens
        if self._reader.everywhere:
            self._reader.give_up()
            return True
        name = tokens.skip_long_tag()
        # In an element that is read twice, where the tag ends depends on the reading: it goes in any case.
        withhold = tokens.is_start and (self._reader.gate.is_candidate(name) or bool(tokens.twice))
        if withhold:
            withhold = self._bail_out()
        tokens.withholding = withhold
        out.append(tokens.source[tokens.start : tokens.pos])
        tokens.done = tokens.pos
        if withhold and name == b"script":
            # What stands in the element must not run either.
            out.append(b' type="text/plain"')
        return True

    def _bail_out(self) -> bool:
        """Count what could not be read; whether it is to be withheld."""
        self.bail_outs += 1
        return self._on_bail_out == "withhold"


class _Reader:
    """Reads a document, or a srcdoc within one, and gives its edits as spans of the tokenizer's source."""

    def __init__(
        self,
        watch: TagWatch,
        gate: Prefilter,
        tokens: Tokenizer,
        bail_out: Callable[[], bool],
        *,
        max_text: int,
        outer: str | None = None,
        encoding: str = "utf-8",
        depth: int = 0,
    ) -> None:
        self.watch = watch
        self.gate = gate
        self.tokens = tokens
        self.encoding = encoding
        self._bail_out = bail_out
        self._max_text = max_text
        self._base = self._outer = outer
        # An address may count for every one that follows.
        self._based = outer is not None
        self._has_base = False
        self._base_in_doubt = False  # the base that counts may be none
        # Whether a tag is asked about that was only looked for, and the base that counts for such tags alone.
        self._looking = False
        self._looked_base: str | None = None
        self._depth = depth
        #: The entities with which an XML document may put an address together.
        self.declared: frozenset[bytes] = frozenset()
        self.edited = False
        self._tailed = depth > 0
        # Whether edits have come behind the tail. They are told of once more at the document's end, and not before each
        # further end tag of a body, so that a page with many does not grow with their square.
        self._edited_behind = False
        self._seeks_root = depth == 0
        self._seeks_script = watch.wants_first_script(nested=depth > 0)
        self._next_script = -1  # where it begins in the source, when that is known
        self._source = b""
        self._candidates = Candidates(gate, b"", 0, encoding)
        # Where it is not certain where tags begin, as offsets in the document: up to where tags were looked for, which
        # one has to come whole first, edits that wait for what stands before them, ends of bodies that wait likewise,
        # and where those end that others may stand in.
        self._looked = 0
        self._fence = NEVER
        self._opening = -1
        self._opening_in = b""
        self._certain = True
        self._pending: list[Edit] = []
        self._bodies: deque[tuple[int, bytes]] = deque()
        self._ends: list[int] = []

    @property
    def everywhere(self) -> bool:
        """Whether tags are looked for everywhere, because it is not certain where they begin."""
        return self.tokens.lost or self.tokens.unscripted

    def expect(self, source: bytes, *, complete: bool = False) -> bool:
        """Look for candidates in what is about to be read; whether there are any."""
        every = self._based or bool(self.declared)
        self._candidates = Candidates(self.gate, source, 0, self.encoding, every=every, complete=complete)
        self._source = source
        self._next_script = -1
        return self._candidate(0) < len(source)

    def _candidate(self, pos: int) -> int:
        """Give where the next start tag may be, from ``pos`` on, that is asked about; the source's end without one."""
        start = self._candidates.advance(pos)
        if not self._seeks_script:
            return start
        if self._next_script < pos:
            found = self.gate.first.search(self._source, pos)
            self._next_script = found.start() if found else len(self._source)
        return min(start, self._next_script)

    def edits(self) -> Iterator[Edit]:
        """Read as far as the bytes go and give the edits in order."""
        tokens = self.tokens
        if self._source is not tokens.source:
            self.expect(tokens.source)
        end = len(tokens.source)
        while True:
            if tokens.lost:
                everywhere = True
                done = tokens.closed and self._candidate(tokens.pos) == end
                # What stands before has been read, and may still be to be asked about.
                if done and self._look(tokens.pos) and self._needs_no_tail():
                    tokens.skip()
            elif ((tokens.in_html_data and not tokens.doubtful) or tokens.in_svg_content) and not self._seeks_root:
                everywhere = tokens.unscripted
                start = self._candidate(tokens.pos)
                done = tokens.closed and start == end
                if done and (not everywhere or self._look(tokens.pos)) and self._needs_no_tail():
                    tokens.skip()
                tokens.run(start)
            else:
                everywhere = tokens.unscripted
            if everywhere and not self._look(tokens.pos):
                break
            lost = tokens.lost
            kind = tokens.next()
            begins = (not everywhere and self.everywhere) or (tokens.lost and not lost)
            if kind is None:
                if begins:
                    self._looked = tokens.offset + tokens.pos
                break
            if begins:
                # What was just read is looked at like all that follows.
                self._looked = tokens.offset + tokens.start
                self._opening = -1
                self._look(tokens.start)
            if kind is Kind.START:
                if self._seeks_root:
                    self._take_root()
                if tokens.live and not self.everywhere:
                    yield from self._start_tag()
                elif tokens.live and not tokens.lost and tokens.name in {b"base", b"script"}:
                    self._pend(tokens.offset, self._start_tag())
                if tokens.waiting:
                    break
            elif kind is Kind.END:
                if tokens.name == b"body" and tokens.in_html_data and tokens.closing is not None:
                    if self.everywhere:
                        self._bodies.append((tokens.offset + tokens.start, tokens.closing))
                    else:
                        yield from self._tail(tokens.start, tokens.closing)
            elif tokens.withheld:
                edit = Edit(tokens.start, tokens.pos, tokens.remnant)
                if self.everywhere:
                    self._pend(tokens.offset, [edit])
                else:
                    yield edit
        if self.everywhere:
            self._look(tokens.pos - 1)
            yield from self._due()

    def _take_root(self) -> None:
        """Tell the watch of the root element, where the first start tag is that."""
        tokens = self.tokens
        self._seeks_root = False
        if tokens.name == b"html":
            raw = tokens.source[tokens.start : tokens.pos]
            self.watch.on_root(StartTag(b"html", raw, xml=tokens.xml, encoding=self.encoding))

    def _start_tag(self) -> Iterator[Edit]:
        """Ask about the start tag just read."""
        tokens = self.tokens
        name = tokens.name
        # A base of SVG is none, but what fetches ahead of the parser takes it for one.
        asks = self.gate.is_candidate(name) or (self._seeks_script and (name == b"meta" or self._has_handler()))
        if not asks or (tokens.svg and name not in {b"script", b"base"} and not tokens.doubtful):
            return
        if name == b"script" and tokens.twice == b"noscript":
            # Whoever reads this as markup runs no scripts.
            return
        raw = tokens.source[tokens.start : tokens.pos]
        if self.declared and (hidden := list(self._put_together(raw))):
            for edit in hidden:
                yield Edit(tokens.start + edit.start, tokens.start + edit.end, edit.replacement)
            return
        kinds = (False, True) if tokens.doubtful and name == b"script" else (tokens.svg and not tokens.doubtful,)
        tags = [self._tag(name, raw, svg=svg) for svg in kinds]
        text = None
        if name == b"script" and self.gate.text_needles is not None and any(map(self.watch.wants_script_text, tags)):
            text = tokens.look_ahead(self._max_text)
            if tokens.waiting:
                return
        for edit in self._asked(tags, [text] * len(tags)):
            yield Edit(tokens.start + edit.start, tokens.start + edit.end, edit.replacement)

    def _has_handler(self) -> bool:
        """Say whether the start tag just read may have an event handler's attribute."""
        return self.gate.first.match(self.tokens.source, self.tokens.start, self.tokens.pos) is not None

    def _tag(self, name: bytes, raw: bytes, *, svg: bool) -> StartTag:
        """Give a start tag as it is shown to the watch."""
        return StartTag(
            b"img" if name == b"image" and not self.tokens.xml else name,
            raw,
            base=self._looked_base if self._looking and self._looked_base is not None else self._base,
            svg=svg,
            nested=self._depth > 0,
            certain=self._certain,
            bare=self.everywhere or self.tokens.doubtful,
            unscripted=bool(self.tokens.twice),
            xml=self.tokens.xml,
            encoding=self.encoding,
        )

    def _asked(self, tags: Sequence[StartTag], texts: Sequence[bytes | None]) -> Sequence[Edit]:
        """Ask about a start tag that may be one of these, until one is edited itself, and not only what goes before."""
        found: list[Edit] = []
        for tag, text in zip(tags, texts, strict=True):
            if text is not None and self.watch.wants_script_text(tag):
                tag.text = self.gate.script_text(text)
                tag.script = text
            if edits := self._ask(tag):
                self.edited = True
                self._edited_behind = self._tailed and self._depth == 0
                found += edits
                if any(edit.end for edit in edits):
                    break
            if tag.text is not None and not any(tag.get(name) for name in (b"href", b"xlink:href")):
                # It says the same as HTML's and as SVG's.
                break
        return found

    def _ask(self, tag: StartTag) -> Sequence[Edit]:
        """Give the edits of a start tag."""
        name = tag.name
        sought = self._seeks_script and (name in {b"script", b"meta"} or tag.has_handler)
        based = self._based or (self._looking and self._looked_base is not None)
        if not (
            sought or tag.text is not None or based or name == b"base" or self.gate.may_match(tag.raw, self.encoding)
        ):
            return ()
        if name == b"base" and not tag.svg:
            self._take_base(tag)
        edits = (
            list(self.watch.start_tag(tag)) if name not in {b"base", b"iframe"} or name in self.gate.elements else []
        )
        if sought:
            self._seeks_script = self.watch.wants_first_script(nested=self._depth > 0)
        if name == b"iframe":
            inner = [e for e in self._srcdoc(tag) if all(e.end <= o.start or o.end <= e.start for o in edits)]
            edits = sorted(edits + inner)
        return edits

    def _take_base(self, tag: StartTag) -> None:
        """Resolve addresses from here on against the first base; where it may be none, against one that counts."""
        tokens = self.tokens
        href = tag.get(b"href")
        url = None if href is None else parse_url(href, self._outer)
        leads = url is not None and url.host != "" and self.gate.may_match(tag.raw, self.encoding)
        if self._looking and not tokens.lost:
            # It counts at most for who runs no scripts, and so for nothing but what is looked for with it.
            if href is not None and leads and self._looked_base is None:
                self._looked_base = absolute(href, self._outer)
            return
        counts = not self._has_base or (leads and (tokens.lost or self._base_in_doubt))
        if href is not None and counts and not tokens.twice:
            self._base_in_doubt = tokens.doubtful
            self._base, self._based, self._has_base = absolute(href, self._outer), True, True
            self._candidates = Candidates(self.gate, tokens.source, tokens.pos, self.encoding, every=True)

    def _put_together(self, raw: bytes) -> Iterator[Edit]:
        """Take from a tag the addresses of which nobody here knows what they say."""
        for attribute in StartTag(self.tokens.name, raw, xml=True, encoding=self.encoding).attributes:
            name = attribute.name.rpartition(b":")[2]
            said = set(_ENTITY.findall(attribute.value))
            if name in _BY_ADDRESS and said & self.declared and self._bail_out():
                yield Edit(*attribute.name_span, b"data-withheld-" + name)

    def _needs_no_tail(self) -> bool:
        """Return whether nothing was edited that has a tail, or everything that was has been told of."""
        return not self.edited or not self.watch.has_end_markup or (self._tailed and not self._edited_behind)

    def _tail(self, at: int, closing: bytes) -> Iterator[Edit]:
        """Ask for the tail before an end tag."""
        if self.edited and not self._tailed and (tail := self.watch.end_markup()):
            self._tailed = True
            yield Edit(at, at, closing + tail)

    def last_tail(self) -> bytes:
        """Ask for the tail at the end of the input."""
        tokens = self.tokens
        closing = tokens.closing
        # What may be a tag that does not end is made none by the end, unless something is put behind it.
        if self._needs_no_tail() or closing is None or tokens.cut or tokens.xml or NEVER in self._ends:
            return b""
        self._tailed, self._edited_behind = True, False
        tail = self.watch.end_markup()
        return tail and closing + tail

    # -- where it is not certain where tags begin -------------------------------------------------------------------

    def limit(self) -> int:
        """Give how far the source is decided."""
        limit = min(self.tokens.pos, self._fence - self.tokens.offset)
        return min(limit, self._pending[0].start - self.tokens.offset) if self._pending else limit

    def give_up(self) -> None:
        """Stop waiting for the end of what may be a tag, which is withheld, or of what the tokenizer reads."""
        if self._fence == NEVER:
            self.tokens.skip_long_tag()
            return
        self._withhold(self._fence)
        self._looked = self._fence + 1
        self._fence = NEVER

    def _withhold(self, at: int) -> None:
        """Make text of what may be a tag."""
        if self._bail_out():
            self._pend(0, [Edit(at, at + 1, b"&lt;")])

    def _pend(self, offset: int, edits: Iterable[Edit]) -> None:
        """Keep edits until everything before them is decided; of those that overlap, the first."""
        for edit in edits:
            moved = Edit(edit.start + offset, edit.end + offset, edit.replacement)
            # None of them overlap, so that only its neighbors can.
            at = bisect(self._pending, moved[:2], key=_span)
            before, behind = self._pending[max(at - 1, 0) : at], self._pending[at : at + 1]
            if all(edit.end <= moved.start for edit in before) and all(moved.end <= edit.start for edit in behind):
                self._pending.insert(at, moved)
            self.edited = True

    def _due(self) -> Iterator[Edit]:
        """Give the edits that everything before is decided of."""
        offset = self.tokens.offset
        limit = min(self.tokens.pos + offset, self._fence)
        count = 0
        for edit in self._pending:
            if edit.end > limit:
                break
            count += 1
            yield Edit(edit.start - offset, edit.end - offset, edit.replacement)
        del self._pending[:count]

    def _look(self, upto: int) -> bool:
        """Ask about everything that may be a tag and begins at or before ``upto``; False where one is not whole yet."""
        tokens = self.tokens
        while (at := self._next_opening()) <= upto:
            self._end_bodies(tokens.offset + at)
            if not self._decides(at):
                self._fence = tokens.offset + at
                tokens.hold()
                return False
            self._looked = tokens.offset + at + 1
        self._end_bodies(tokens.offset + upto + 1)
        return True

    def _next_opening(self) -> int:
        """Give where the next tag may begin; a number beyond the source where none does."""
        tokens = self.tokens
        at = max(0, self._looked - tokens.offset)
        if self._opening < self._looked or self._opening_in is not tokens.source:
            found = self.gate.opening.search(tokens.source, at)
            if found is None and not tokens.closed:
                found = grammar.TAG_BEGUN.search(tokens.source, max(at, len(tokens.source) - LONGEST_NAME))
            self._opening = NEVER if found is None else tokens.offset + found.start()
            self._opening_in = tokens.source
            if self._fence != self._opening:
                self._fence = NEVER
        return self._opening - tokens.offset

    def _end_bodies(self, before: int) -> None:
        """Ask for the tail before the end tags of bodies that stand before this."""
        while self._bodies and self._bodies[0][0] < before:
            at, closing = self._bodies.popleft()
            self._pend(0, list(self._tail(at, closing)))

    def _decides(self, at: int) -> bool:
        """Ask about what may be a start tag; False where more bytes are needed to tell."""
        tokens = self.tokens
        here = tokens.offset + at
        while self._ends and self._ends[0] <= here:
            heappop(self._ends)
        # The tokenizer's own reading is that of the newest browsers.
        self._certain = at == tokens.pos and not tokens.raw
        if len(self._ends) >= MAX_NESTED:
            # So much may stand inside each other that it would be read too often.
            self._withhold(here)
            return True
        found = grammar.START_TAG.match(tokens.source, at)
        if found is None:
            if tokens.closed and self.gate.opening.match(tokens.source, at):
                heappush(self._ends, NEVER)
            return tokens.closed
        name = found[1].lower()
        texts: list[bytes | None] = [None]
        if name == b"script":
            if not tokens.lost:
                return True
            spoken = self._texts(found[0], at, found.end())
            if spoken is None:
                return False
            texts, stop = spoken
        else:
            stop = found.end()
        heappush(self._ends, tokens.offset + stop)
        self._looking = True
        tags = [self._tag(name, found[0], svg=svg) for svg in (False, True)[: len(texts)]]
        self._pend(here, self._asked(tags, texts))
        self._looking = False
        return True

    def _texts(self, raw: bytes, at: int, begin: int) -> tuple[list[bytes | None], int] | None:
        """Give what a script says, as HTML's and as SVG's, and up to where; None where more bytes are needed."""
        texts: list[bytes | None] = [None, None]
        reads = [self.watch.wants_script_text(self._tag(b"script", raw, svg=svg)) for svg in (False, True)]
        if self.gate.text_needles is None or not any(reads):
            return texts, begin
        source = self.tokens.source
        foreign = grammar.SVG_SCRIPT.match(source, begin, at + self._max_text)
        end = foreign.end() if foreign else -1
        if foreign and source[end + 1] != 0x2F:
            # Another script begins in it.
            _, end = scripts_within(source, begin, at + self._max_text, xml=False)
        ends = [script_end(source, begin, at + self._max_text + len("</script>")), end]
        if min(ends) < 0 and not self.tokens.closed and len(source) - at <= self._max_text + len("</script"):
            return None
        within = [end if end <= at + self._max_text else -1 for end in ends]
        if within[0] >= 0:
            texts[0] = source[begin : within[0]]
        if within[1] >= 0:
            texts[1] = foreign_text(source[begin : within[1]], xml=False)
        # Where an end was looked for in vain, all of that counts as read.
        return texts, max(begin, *within) if min(within) >= 0 else min(len(source), at + self._max_text)

    def tail_in_doubt(self) -> bytes:
        """Ask for the tail at the end of a document of which nobody knows what is open there."""
        if self._needs_no_tail():
            return b""
        self._tailed, self._edited_behind = True, False
        return self.watch.end_markup()

    def changes(self, source: bytes, places: list[int] | None, known: KnownTags) -> Iterator[Change]:
        """Ask about everything in some bytes that may be a start tag, wherever it stands, but those ``known``."""
        for found in self.gate.pattern.finditer(source):
            begin, end = found.span()
            place = begin if places is None else places[begin]
            raw = found[0] + b">"
            opening = _NAME.match(raw)
            if (place, raw) in known or opening is None:
                continue
            known.add((place, raw))
            name = opening[1] if self.tokens.xml else opening[1].lower()
            name = b"img" if name == b"image" else name
            for svg in (False, True) if name == b"script" else (False,):
                tag = StartTag(
                    name,
                    raw,
                    base=self._base,
                    svg=svg,
                    certain=False,
                    bare=not self.tokens.xml,
                    xml=self.tokens.xml,
                    encoding=self.encoding,
                )
                if name == b"base" and self._base is None:
                    self._base = tag.get(b"href")
                edits = self._edits_in_doubt(tag, source[end : end + self._max_text])
                for edit in edits:
                    self.edited = True
                    yield _placed(edit, begin, places)
                if edits:
                    break

    def unfinished(self, source: bytes) -> int:
        """Give where the first tag stands that has no end, or the length of the bytes."""
        cut = (found.start() for found in self.gate.pattern.finditer(source) if source[found.end() :][:1] != b">")
        return next(cut, len(source))

    def _edits_in_doubt(self, tag: StartTag, behind: bytes) -> Sequence[Edit]:
        if tag.name == b"script" and self.gate.text_needles is not None and self.watch.wants_script_text(tag):
            tag.text = self.gate.script_text(_END_OF_SCRIPT.split(behind, maxsplit=1)[0])
        if not (tag.text is not None or self._base is not None or self.gate.may_match(tag.raw, self.encoding)):
            return ()
        edits = list(self.watch.start_tag(tag)) if tag.name in self.gate.elements else []
        return edits + (self._srcdoc(tag) if tag.name == b"iframe" and not edits else [])

    def _srcdoc(self, tag: StartTag) -> list[Edit]:
        """Rewrite the document in an iframe's srcdoc; the edits are spans of the tag."""
        found = next((a for a in tag.attributes if a.name == b"srcdoc"), None)
        if found is None or not found.value:
            return []
        begin, end = found.value_span
        if self._depth >= MAX_DEPTH:
            withhold = self._bail_out()
            return [Edit(begin, end, b"")] if withhold else []
        inner, places = _unescaped(found.value, self.encoding, xml=tag.xml)
        tokens = Tokenizer()
        tokens.feed(inner, last=True)
        reader = _Reader(
            self.watch,
            self.gate,
            tokens,
            self._bail_out,
            max_text=self._max_text,
            outer=self._base,
            encoding=self.encoding,
            depth=self._depth + 1,
        )
        return [
            Edit(begin + places[edit.start], begin + places[edit.end], _escaped(edit.replacement))
            for edit in reader.edits()
        ]


def _placed(edit: Edit, begin: int, places: list[int] | None) -> Change:
    """Give an edit of a tag as a change of the source, in which the tag's bytes have these places.

    What is put behind a byte stands directly behind it, and not behind what changes the encoding's state there.
    """
    start, end = begin + edit.start, begin + edit.end
    if places is not None:
        behind = places[end - 1] + 1 if edit.end else places[end]
        start, end = (places[start], behind) if edit.end > edit.start else (behind, behind)
    return Change(start, end, edit.replacement)


def _unescaped(value: bytes, encoding: str, *, xml: bool) -> tuple[bytes, list[int]]:
    """Decode the references of an attribute value; also give where each byte stands in the value."""
    out = bytearray()
    places: list[int] = []
    at = 0
    for found in BYTE_REFERENCE.finditer(value):
        text = decode_references(found[0].decode("ascii"), xml=xml, after=value[found.end() : found.end() + 1])
        out += value[at : found.start()]
        places += range(at, found.start())
        # Of a reference that stays in part, such as "&ampx", each byte stands where the reference does.
        decoded = charsets.encode_text(text, encoding)
        out += decoded
        places += [found.start()] * len(decoded)
        at = found.end()
    out += value[at:]
    places += range(at, len(value) + 1)
    return bytes(out), places


def _escaped(fragment: bytes) -> bytes:
    """Write a piece of markup so that it can stand in an attribute value of any quoting."""
    for char in b"&\"'<>= \t\n\f\r`":
        fragment = fragment.replace(bytes([char]), b"\0%d;" % char)
    return fragment.replace(b"\0", b"&#")
