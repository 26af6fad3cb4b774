"""The tokenizer: bytes in, tokens out, at any chunking, and joined together the tokens are the bytes.

Knows the grammar and just enough of the tree construction stage (13.2.6) to tell which tags a browser obeys: raw text,
foreign content with its integration points, templates, framesets. Knows nothing of edits, needles, vendors or
encodings: it reads bytes of any encoding that agrees with ASCII.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

from . import grammar
from .charset import decode_text


class Attribute(NamedTuple):
    """One attribute of a start tag. Spans are offsets into ``StartTag.raw``; the value's span leaves out its quotes."""

    name: bytes
    value: bytes
    name_span: tuple[int, int]
    value_span: tuple[int, int]


class StartTag:
    """One start tag, as it stands in the document.

    ``name`` is ASCII-lowercased (as written in XML), ``raw`` the exact bytes from "<" to ">". ``base`` is the value of
    the first ``<base href>`` before this tag. ``svg`` says that the tag is an SVG element, whose address stands in
    ``href`` or ``xlink:href``. ``nested`` says that it stands in the document of a ``srcdoc``, ``certain`` that every
    browser reads a tag here, ``bare`` that it may stand in another's attribute for some, so that no quotation mark may
    be put into it, ``unscripted`` that only a browser reads it which runs no scripts. ``encoding`` is the one
    in which `charset.decode_text` reads the values. ``text`` is what an inline script says, where that was asked for
    and found worth reading; ``script`` are its bytes then.
    """

    __slots__ = (
        *("_attributes", "_first", "bare", "base", "certain", "encoding", "name", "nested", "raw", "script", "svg"),
        *("text", "unscripted", "xml"),
    )

    def __init__(
        self,
        name: bytes,
        raw: bytes,
        *,
        base: str | None = None,
        svg: bool = False,
        nested: bool = False,
        certain: bool = True,
        bare: bool = False,
        unscripted: bool = False,
        xml: bool = False,
        encoding: str = "utf-8",
    ) -> None:
        self.name = name
        self.raw = raw
        self.base = base
        self.svg = svg
        self.nested = nested
        self.certain = certain
        self.bare = bare
        self.unscripted = unscripted
        self.xml = xml
        self.encoding = encoding
        self.text: bytes | None = None
        self.script: bytes = b""
        self._attributes: tuple[Attribute, ...] | None = None
        self._first: dict[bytes, bytes] | None = None

    @property
    def attributes(self) -> Sequence[Attribute]:
        """All attributes in order, duplicates included; a browser obeys the first of a name."""
        if self._attributes is None:
            self._attributes = tuple(self._read_attributes())
        return self._attributes

    def _read_attributes(self) -> list[Attribute]:
        """Read the attributes (13.2.5.32 to .40)."""
        found = []
        named = grammar.TAG_NAME_SPAN.match(self.raw)
        at = named.end() if named else 1
        while match := grammar.ATTRIBUTE.match(self.raw, at):
            at = match.end()
            group = match.lastindex or 1
            name = match[1] if self.xml else match[1].lower()
            value, span = (match[group], match.span(group)) if group > 1 else (b"", (match.end(1), match.end(1)))
            found.append(Attribute(name, value, match.span(1), span))
        return found

    @property
    def has_handler(self) -> bool:
        """Whether an attribute is an event handler's (HTML, section 8.1.8.1)."""
        return any(attribute.name.startswith(b"on") for attribute in self.attributes)

    def get(self, name: bytes) -> str | None:
        """Give the value that a browser obeys for ``name``, character references decoded; None when it is absent."""
        if self._first is None:
            self._first = {attribute.name: attribute.value for attribute in reversed(self.attributes)}
        value = self._first.get(name)
        if value is None:
            return None
        # 13.2.5.36 and on: a NUL becomes U+FFFD.
        return decode_references(decode_text(value, self.encoding).replace("\0", "\ufffd"), xml=self.xml)

    @property
    def self_closing(self) -> bool:
        """Whether the tag ends in "/>" (13.2.5.40), so that the "/" is not part of an unquoted value."""
        attributes = self.attributes
        ends = max(attributes[-1].value_span[1], attributes[-1].name_span[1]) if attributes else 0
        return self.raw.endswith(b"/>") and len(self.raw) - 2 >= ends


def foreign_text(raw: bytes, *, xml: bool) -> bytes:
    """Return the text of a script that is no raw text: what stands directly in it, with its references decoded."""
    text: list[bytes] = []
    within: list[bytes] = []
    at = 0
    for found in (grammar.XML_IN_SCRIPT if xml else grammar.SVG_IN_SCRIPT).finditer(raw):
        if found["begun"]:
            continue
        if not within:
            text += [_decoded(raw[at : found.start()], xml=xml), found["data"] or b""]
        at = found.end()
        if found["name"]:
            _follow(found, within, xml=xml)
    if not within:
        text.append(_decoded(raw[at:], xml=xml))
    return b"".join(text)


def scripts_within(source: bytes, at: int, stop: int, *, xml: bool) -> tuple[dict[int, bytes], int]:
    """Return what scripts say that stand in each other, by where it begins, and where the end tag of the first begins.

    The first begins at ``at``. -1 stands for an end that is not there before ``stop``.
    """
    said: dict[int, bytes] = {}
    scripts: list[tuple[int, list[bytes]]] = [(at, [])]
    for found in (grammar.XML_IN_SCRIPT if xml else grammar.SVG_IN_SCRIPT).finditer(source, at, stop):
        if found["begun"]:
            break
        name = found["name"] or b""
        if (name.rpartition(b":")[2] if xml else name.lower()) != b"script":
            continue
        scripts[-1][1].append(source[at : found.start()])
        at = found.end()
        if found["end"]:
            begin, parts = scripts.pop()
            said[begin] = foreign_text(b"".join(parts), xml=xml)
            if not scripts:
                return said, found.start()
        elif found[0][-2:] != b"/>" or not StartTag(b"script", found[0], xml=xml).self_closing:
            scripts.append((at, []))
    return said, -1


def _follow(found: re.Match[bytes], within: list[bytes], *, xml: bool) -> None:
    """Follow a tag in a script that is no raw text: which elements are open in it."""
    name = found["name"] if xml else found["name"].lower()
    if not found["end"]:
        closed = found[0][-2:] == b"/>" and StartTag(name, found[0], xml=xml).self_closing
        # What stands deeper counts as if it stood directly in the script.
        if not closed and len(within) < MAX_DEPTH:
            within.append(name)
    elif name in within:
        while within.pop() != name:
            pass


def _decoded(text: bytes, *, xml: bool) -> bytes:
    return decode_references(text.decode("latin-1"), xml=xml).encode("latin-1", "replace")


REFERENCE: Final = re.compile(r"&(?:#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?|([a-zA-Z][a-zA-Z0-9]*;?))")
LONGEST_NAME: Final = max(map(len, html.entities.html5))


def decode_references(text: str, *, xml: bool = False, after: bytes = b"") -> str:
    """Decode the character references of an attribute value (13.2.5.72 to .80).

    A named reference without a semicolon stays as it is when "=" or a letter or digit follows, which is the rule for
    attributes alone (13.2.5.73), and the reason why ``html.unescape`` does not do. ``after`` is what follows ``text``.
    """
    if "&" not in text:
        return text
    if after == b"=":
        return REFERENCE.sub(_decode, text + "=")[:-1]
    return REFERENCE.sub(_decode_xml if xml else _decode, text)


def _decode(match: re.Match[str]) -> str:
    """Decode one reference as HTML does."""
    if (name := match[3]) is None:
        return _character(int(match[1][-12:], 16) if match[1] else int(match[2][-12:]), match[1] or match[2])
    for end in range(min(len(name), LONGEST_NAME), 1, -1):
        if (known := html.entities.html5.get(name[:end])) is not None:
            after = name[end:] or match.string[match.end() : match.end() + 1]
            if not name[:end].endswith(";") and (after[:1] == "=" or (after[:1].isascii() and after[:1].isalnum())):
                break
            return known + name[end:]
    return match[0]


def _decode_xml(match: re.Match[str]) -> str:
    """Decode one reference as XML does: numbers, and the names of HTML, which browsers know by the type of XHTML."""
    if (name := match[3]) is None:
        return _character(int(match[1][-12:], 16) if match[1] else int(match[2][-12:]), match[1] or match[2])
    return html.entities.html5.get(name, match[0]) if name.endswith(";") else match[0]


def _character(number: int, digits: str) -> str:
    """Give the character of a numeric reference (13.2.5.80)."""
    if number == 0 or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF or len(digits.lstrip("0")) > 8:
        return "\ufffd"
    if 0x80 <= number <= 0x9F:
        return bytes([number]).decode("cp1252", "ignore") or chr(number)
    return chr(number)


class Kind(Enum):
    """What a token is. Everything that is neither a start tag nor an end tag is text for whoever edits tags."""

    TEXT = "text"
    START = "start tag"
    END = "end tag"


class Element(NamedTuple):
    """An open element at or below the outermost svg, math or template element."""

    space: bytes  # b"html", b"svg" or b"math"; in XML the name
    name: bytes
    integration: bool  # an HTML integration point (13.2.6)
    inert: bool  # a template that is no shadow tree, or in one
    bounds: int  # how many of it and those around it bound scopes, as integration points do (13.2.4.2)
    table: bool  # a table or a template, or in one
    svg: bool  # an element that is called svg, or in one
    mode: str = ""  # of a template: what its first start tag has decided (13.2.6.4.17)


NEVER: Final = 1 << 62
"""A length that no input reaches."""

MAX_DEPTH: Final = 256
"""How far an end tag looks for its start tag in foreign content, so that no nesting makes it slow. Browsers have such a
bound too (512 elements in Blink)."""


def _end(run: re.Pattern[bytes], source: bytes, start: int, stop: int) -> int:
    """Give where a run that may be empty ends."""
    found = run.match(source, start, stop)
    return found.end() if found else start


def _outlasts(element: Element) -> bool:
    """Say whether an element that noscript leaves open changes how what follows is read."""
    return element.space != b"html" or element.name == b"template" or element.bounds > 0


def _escaped(found: re.Match[bytes], escape: int) -> tuple[int, int] | None:
    """Give where to read on, and in which state, after an event in a script; None when it is the script's end tag."""
    event = found[0]
    if event == b"<!--":
        return found.start() + 2, 1  # the dashes may be those of "-->"
    if event == b"-->":
        return found.end(), 0
    if escape == 2:
        return found.end(), 1
    return None if event[1:2] == b"/" else (found.end(), 2)


def script_end(source: bytes, at: int, limit: int) -> int:
    """Return where the end tag of a script begins whose text begins at ``at``; -1 where it is not before ``limit``."""
    escape = 0
    while found := grammar.SCRIPT_EVENT[escape].search(source, at, limit):
        if (after := _escaped(found, escape)) is None:
            return found.start()
        at, escape = after
    return -1


class Tokenizer:
    """Reads a document piece by piece.

    ``feed`` adds bytes, ``next`` reads one token from them: ``source[start:pos]``. Bytes before ``pos`` are read and
    leave with the next ``feed``. ``closed`` says that no more bytes come.

    ``noscript`` is read twice: it is text for a browser that runs scripts and markup for one that does not. Its content
    is read as markup, and it ends where the element ends when it is text.

    The elements that are open in the page around foreign content are not followed, and browsers differ about what a
    select element holds. Where a tag's meaning depends on either, the tokenizer goes on with one reading, and says what
    is not certain any more: ``doubtful`` is what a tag means, ``lost`` is also where tags begin, and ``unscripted`` is
    where they begin for a browser that runs no scripts. Whoever looks for tags must then look everywhere.
    """

    def __init__(self, *, xml: bool = False) -> None:
        self.source = b""
        self.offset = 0  # of the source in the document
        self.done = 0  # what stands before is not needed again
        self.start = 0
        self.pos = 0
        self.closed = False
        self.xml = xml
        self.name = b""  # of the tag just read
        self.live = False  # a browser may load what the start tag just read names: not inert, no unknown namespace
        self.svg = False  # the start tag just read is an SVG element
        self.is_start = False  # the tag that is too long to hold is a start tag
        self.withholding = False  # it is not to be let through
        self.withheld = False  # the text just read belongs to such a tag,
        self.remnant = b""  # of which only this is to be written
        self.cut = False  # the input ended within a tag
        self.raw = b""  # the raw text element, or the construct, whose content is being read
        self.escape = 0  # 13.2.5.20 script data escaped is 1, 13.2.5.27 double escaped is 2
        self.open: list[Element] = []
        self.doubtful = False
        self.lost = False
        self.unscripted = False
        self.select = False
        self.frameset = False
        self.frameset_ok = True
        self.twice: bytes = b""  # the raw text element that is being read as markup
        self._first = (self.open, False, False, True, False)
        self._around: tuple[list[Element], bool] = ([], False)
        self._floor = 0  # how many of the open elements stand around that one
        self._other: list[Element] = []  # what is open where a doubtful end tag has closed nothing
        self._loose = False  # HTML's elements in a template were not closed one by one
        self._bom = b"\xef\xbb\xbf"
        self._limit = -1  # where that element ends, when it is known
        self._searched = 0
        self._parts: list[bytes] = []  # fed, and not worth trying yet
        self._size = 0
        self._tried = 0  # the length of the unfinished tag when it was last tried
        self._slash = False
        self._spent = 0  # how many bytes all tries at the unfinished tag have read
        self.waiting = False  # the start tag just read has been put back until its content is there
        self._try_at = NEVER  # try again at this length in any case
        self._ahead = (0, 0)  # how far behind its "<", and in which state, the end of that content was looked for
        self._looked = 0  # how many bytes all those looks have read
        # What scripts of SVG or XML say that stand in each other, by where in the document it begins, and up to where
        # such scripts have been read.
        self._said: dict[int, bytes] = {}
        self._said_to = 0
        self._tag_state = ""  # inside a tag that is too long to hold

    @property
    def in_html_data(self) -> bool:
        """Whether the next byte is in the data state, in HTML content that browsers obey and all read alike."""
        return not (self.raw or self.open or self.twice or self._tag_state)

    @property
    def closing(self) -> bytes | None:
        """Give what closes everything that is open, so that HTML follows; None where nothing does."""
        if self.raw or self.twice or self.frameset or self._tag_state:
            return None
        # A script that the document leaves open does not run (SVG 2, section 16.2). Closed by us, it would.
        if any(element.name.rpartition(b":")[2] == b"script" for element in self.open):
            return None
        ends = b"".join(b"</%b>" % element.name for element in reversed(self.open))
        # A void element that HTML alone has leaves foreign content.
        leaving = grammar.LEAVING * self.lost + b"<meta>" * (self.doubtful or self.lost)
        return ends + b"</select>" * self.select + leaving

    @property
    def in_svg_content(self) -> bool:
        """Whether the next byte is in SVG's own content, where drawings may stand."""
        return (
            bool(self.open)
            and self.open[-1].space == b"svg"
            and not (self.open[-1].integration or self.raw or self.twice or self.frameset_ok)
            and not (self._tag_state or self.xml)
        )

    @property
    def held(self) -> int:
        """How many bytes are fed and not read."""
        return len(self.source) - self.done + self._size

    @property
    def unread(self) -> bytes:
        """The bytes that are fed and not read."""
        return b"".join((self.source[self.pos :], *self._parts))

    def feed(self, chunk: bytes, *, last: bool = False) -> bool:
        """Add bytes behind those that are not read yet; ``last`` says that no more come.

        False means that it is not worth reading on yet. An unfinished tag is tried again when a ">" came or when it
        has doubled, and never so often that all tries together read more than a fixed multiple of it.
        """
        if self._tried and not last:
            self._parts.append(chunk)
            self._size += len(chunk)
            length = self.held
            if length < min(2 * self._tried, self._try_at) and (b">" not in chunk or self._spent > 16 * length + 512):
                return False
            chunk = b""
        self._join(chunk)
        self.closed = last
        return True

    def _join(self, chunk: bytes) -> None:
        """Put together what is not read yet."""
        if self._parts:
            chunk = b"".join((*self._parts, chunk))
            self._parts.clear()
            self._size = 0
        cut = self.done
        self.source = self.source[cut:] + chunk if cut < len(self.source) else chunk
        self.offset += cut
        self.pos = self.start = self.pos - cut
        self.done = 0
        self._searched = max(0, self._searched - cut)
        if self._limit >= 0:
            self._limit -= cut

    def skip(self) -> None:
        """Leave the rest of the document unread."""
        self.start = self.pos = len(self.source)

    def run(self, stop: int) -> None:
        """Read on in what is ``plain`` or ``drawing`` and stays so, at most to ``stop`` and by whole constructs."""
        if stop <= self.pos:
            return
        if self.xml:
            self.pos = _end(grammar.XML_RUN, self.source, self.pos, stop)
        elif self.open:
            self.pos = _end(grammar.DRAWING_RUN, self.source, self.pos, stop)
        elif self.frameset_ok:
            self.pos = _end(grammar.HEAD_RUN, self.source, self.pos, stop)
        elif self.select:
            self.pos = _end(grammar.SELECT_RUN, self.source, self.pos, stop)
        else:
            self.pos = _end(grammar.BODY_RUN, self.source, self.pos, stop)
        if self.pos > self.start:
            # A script that was waited for may be behind, whole and of no interest.
            self._ahead, self._looked = (0, 0), 0
        self.start = self.pos

    def next(self) -> Kind | None:
        """Read one token. None means that more bytes are needed or, once ``closed``, that everything is read."""
        self.start = self.pos
        self._tried = 0
        self._try_at = NEVER
        self.waiting = self.withheld = False
        end = len(self.source)
        if self.pos >= end:
            return None
        if self._tag_state:
            return self._long_tag(end)
        kind = self._next_xml(end) if self.xml else self._next(end)
        if kind is not None:
            self._spent = 0
        return kind

    def _next(self, end: int) -> Kind | None:
        """Read one token of HTML."""
        if self.twice:
            end = self._inside_end()
            if self._limit == self.pos and not self.raw:
                # The end tag itself, of which the first reading never doubts.
                certain = not self.unscripted
                kind = self._end_tag(len(self.source))
                self.unscripted = not certain
                if kind is not None:
                    self.twice, self._limit, self._floor = b"", -1, 0
                    self.open, self.select, self.frameset, self.frameset_ok, self.doubtful = self._first
                    self._other, self._loose = self._around
                return kind
            if self.pos >= end:
                return None
        if self.raw:
            return self._raw_text(end)
        return self._markup(end)

    # -- data state -----------------------------------------------------------------------------------------------

    def _markup(self, end: int) -> Kind | None:
        """Read text, a tag, a comment or a declaration."""
        source, pos = self.source, self.pos
        if source[pos] != 0x3C:
            cut = source.find(b"<", pos, end)
            self.pos = end if cut < 0 else cut
            if self.frameset_ok:
                self._see(pos, self.pos)
            return Kind.TEXT
        if pos + 1 >= end:
            return self._unfinished(end)
        after = source[pos + 1 : pos + 2]
        if after.isalpha():
            return self._start_tag(end)
        if after == b"/":
            if pos + 2 < end and not source[pos + 2 : pos + 3].isalpha():
                return self._declaration(end)
            return self._end_tag(end)
        if after in b"!?":
            return self._declaration(end)
        self.pos += 1
        self.frameset_ok = False
        return Kind.TEXT

    def _see(self, start: int, stop: int) -> None:
        """Note text that refuses a frameset; a byte order mark is none."""
        while self._bom and start < stop and self.source[start] == self._bom[0]:
            self._bom = self._bom[1:]
            start += 1
        if start < stop:
            self._bom = b""
            if grammar.VISIBLE.search(self.source, start, stop):
                self.frameset_ok = False

    def hold(self) -> None:
        """Read on when it is worth trying again: something behind what is done is not whole yet."""
        self._tried = len(self.source) - self.done
        self._spent += self._tried

    def _unfinished(self, end: int) -> Kind | None:
        """Wait for more bytes, or read what the end of the input cut off: a browser makes no tag of it.

        In a second reading, what runs beyond the element is nothing for the first; for the other it goes on there.
        """
        if self.twice and end == self._limit:
            self.unscripted = self.unscripted or end - self.pos > 1
            self.pos = end
            return Kind.TEXT
        if not self.closed:
            self._tried = len(self.source) - self.pos
            self._spent += self._tried
            return None
        # A "<" alone is text whatever follows it, unless that makes a tag of it.
        self.cut = len(self.source) - self.pos > 1
        self.pos = len(self.source)
        return Kind.TEXT

    # -- a tag that is too long to hold ---------------------------------------------------------------------------

    def skip_long_tag(self) -> bytes:
        """Stop holding the unfinished tag and read on without keeping it. Gives the tag's name.

        Its "<" and name are the token just read; whoever sets ``withholding`` finds the rest marked as ``withheld``.
        """
        self._tried = 0
        self._join(b"")
        opening = grammar.TAG_OPENING.match(self.source, self.pos)
        self.pos = opening.end() if opening else self.pos
        self.is_start = not (opening and opening[1])
        self.name = opening[2] if opening else b""
        self.name = self.name.rpartition(b":")[2] if self.xml else self.name.lower()
        self._tag_state = "tag name"
        self.withholding = False
        return self.name

    def _long_tag(self, end: int) -> Kind | None:
        """Read on in a tag whose beginning is gone (13.2.5.8, .32 to .40)."""
        while self._tag_state != "end" and self.pos < end:
            run, after = grammar.TAG_STATES[self._tag_state]
            self.pos = _end(run, self.source, self.pos, end)
            if self.pos < end:
                byte = self.source[self.pos : self.pos + 1]
                self._tag_state = after.get(byte) or after[b""]
                if self._tag_state == "end":
                    break
                self.pos += 1
        if self.pos > self.start:
            self._slash = self.source[self.pos - 1 : self.pos] == b"/"
        if self._tag_state == "end":
            # The ">" stays, and in XML the "/" before it.
            self._tag_state = ""
            self.pos += 1
            self._spent = 0
            self.remnant = b"/>" if self._slash and self.xml else b">"
            self._end_long_tag()
        else:
            self.remnant = b""
        self.withheld = self.withholding
        return Kind.TEXT

    def _end_long_tag(self) -> None:
        """Do what the tree construction stage would do with a tag that was too long to hold."""
        if self.xml:
            self._follow_xml(self.name, is_start=self.is_start, closed=self._slash)
        elif self.is_start:
            self._construct(self.name, whole=False)
        else:
            self.raw, self.escape = b"", 0
            self._close_element(self.name)

    def _declaration(self, end: int) -> Kind | None:
        """Begin a comment, a DOCTYPE, a bogus comment or a CDATA section (13.2.5.42)."""
        source, pos = self.source, self.pos
        if source.startswith(b"<!--", pos):
            decided = self.closed or (self.twice and end == self._limit)
            if pos + 6 > end and not decided and b"<!--->".startswith(source[pos:end]):
                return None
            if found := grammar.ABRUPT_COMMENT.match(source, pos, end):
                self.pos = found.end()
                return Kind.TEXT
            self.raw = b"<!--"
            self.pos = pos + 4
        elif self.open and self.open[-1].space != b"html" and b"<![CDATA[".startswith(source[pos : min(end, pos + 9)]):
            if end - pos < 9:
                return self._unfinished(end)
            if self.doubtful:
                self._lose()
            self.raw = b"<![CDATA["
            self.pos = pos + 9
        elif end - pos < 4 and b"<!--".startswith(source[pos:end]):
            return self._unfinished(end)
        else:
            if self.doubtful and b"<![CDATA[".startswith(source[pos : min(end, pos + 9)]):
                self._lose()
            self.raw = b"<!"
            self.pos = pos + 2
        return self._raw_text(end)

    def _start_tag(self, end: int) -> Kind | None:
        """Read a start tag and do what the tree construction stage would do with it."""
        found = grammar.START_TAG.match(self.source, self.pos, end)
        if found is None:
            return self._unfinished(end)
        self.pos = found.end()
        self.name = found[1].lower()
        self._construct(self.name)
        return Kind.START

    def _end_tag(self, end: int) -> Kind | None:
        """Read an end tag and do what the tree construction stage would do with it."""
        found = grammar.END_TAG.match(self.source, self.pos, end)
        if found is None:
            return self._unfinished(end)
        self.pos = found.end()
        self.name = found[1].lower()
        self._close_element(self.name)
        return Kind.END

    # -- raw text, comments and the like --------------------------------------------------------------------------

    def _raw_text(self, end: int) -> Kind | None:
        """Read on in a construct that has no tags inside, as far as it is decided."""
        source, raw = self.source, self.raw
        if raw == b"plaintext":
            self.pos = end
            return Kind.TEXT
        if raw == b"script":
            return self._script(end)
        if raw in grammar.RAW_END:
            found = grammar.RAW_END[raw].search(source, self.pos, end)
            if found and found.start() == self.pos:
                # In "</title" the end tag may still be unfinished.
                kind = self._end_tag(end)
                if kind is Kind.END:
                    self.raw = b""
                return kind
            return self._content(found.start() if found else -1, end, len(raw) + 2)
        ending = {b"<!--": grammar.COMMENT_END, b"<![CDATA[": grammar.CDATA_END}.get(raw, grammar.DECLARATION_END)
        begin = self.pos
        if found := ending.search(source, begin, end):
            self.raw = b""
            self.pos = found.end()
        kind = Kind.TEXT if found else self._content(-1, end, 3)
        if raw == b"<![CDATA[" and self.frameset_ok:
            self._see(begin, found.start() if found else self.pos)
        return kind

    def _content(self, stop: int, end: int, undecided: int) -> Kind | None:
        """Read content up to ``stop``, or up to the last bytes that may begin what ends it."""
        if stop < 0:
            stop = end if self.closed or end == self._limit else max(self.pos, end - undecided)
            if stop < end:
                found = grammar.MAY_END.search(self.source, stop, end)
                stop = found.start() if found else end
        if stop == self.start:
            return None
        self.pos = stop
        return Kind.TEXT

    def _script(self, end: int) -> Kind | None:
        """Read script data with its escaped states (13.2.5.4, .15 to .31)."""
        found = grammar.SCRIPT_EVENT[self.escape].search(self.source, self.pos, end)
        if found is None:
            return self._content(-1, end, 9)
        if (after := _escaped(found, self.escape)) is not None:
            self.pos, self.escape = after
        elif found.start() == self.pos:
            kind = self._end_tag(end)
            if kind is Kind.END:
                self.raw, self.escape = b"", 0
            return kind
        else:
            self.pos = found.start()
        return Kind.TEXT

    def look_ahead(self, limit: int) -> bytes | None:
        """Give the content of the script element whose start tag was just read.

        None where there is none to give: when tag and content are longer than ``limit`` bytes, when the input ends
        first (a browser then does not run the script), and where the element is not read as a script. When more bytes
        are needed to tell, the start tag is put back and ``waiting`` is set.
        """
        content = None
        foreign = self.svg and not self._tag().self_closing
        begin = self.offset + self.pos
        if begin < self._said_to and self.raw != b"script":
            content = self._said.pop(begin, None)
        elif (self.raw == b"script" or foreign or self.xml) and not self.twice:
            end = self._script_end()
            if end < 0 and not self.closed and len(self.source) - self.start <= limit + len("</script"):
                self._wait(limit)
                return None
            if 0 <= end <= self.start + limit:
                content = self.source[self.pos : end]
                if self.raw != b"script":
                    content = foreign_text(content, xml=self.xml)
        self._ahead, self._looked = (0, 0), 0
        return content

    def _script_end(self) -> int:
        """Give where the end tag of the script just opened begins; a negative number where it is not there."""
        if self.raw != b"script":
            text = grammar.XML_SCRIPT if self.xml else grammar.SVG_SCRIPT
            closed = self.xml and self.source[self.pos - 2] == 0x2F
            found = None if closed else text.match(self.source, self.pos)
            if found and self.source[found.end() + 1] != 0x2F:
                return self._scripts_within()
            return found.end() if found else -1
        at, escape = max(self.pos, self.start + self._ahead[0]), self._ahead[1]
        while found := grammar.SCRIPT_EVENT[escape].search(self.source, at):
            if (after := _escaped(found, escape)) is None:
                return found.start()
            at, escape = after
        self._ahead = max(at, len(self.source) - len("</script>")) - self.start, escape
        return -1

    def _scripts_within(self) -> int:
        """Give where a script ends that has others in it, and keep what each of those says: what stands directly in it.

        Each byte belongs to one of them, so that however many there are, they are read once.
        """
        said, end = scripts_within(self.source, self.pos, len(self.source), xml=self.xml)
        self._said = {self.offset + begin: text for begin, text in said.items() if begin != self.pos}
        if end >= 0:
            self._said_to = self.offset + end
            return end
        # Of scripts that do not end soon, those in the second half are read once more, with what follows them.
        end = len(self.source)
        self._said_to = self.offset + (end if self.closed else (self.pos + end) // 2)
        return -1

    def _wait(self, limit: int) -> None:
        """Put the start tag back until more has come."""
        self.pos = self.start
        if self.svg and not self.xml:
            self.open.pop()
        self.raw = b""
        self._said_to = 0
        self.waiting = True
        self._tried = len(self.source) - self.start
        self._looked += self._tried
        self._spent = self._looked
        self._try_at = limit + len("</script>")

    def _inside_end(self) -> int:
        """Say where the second reading of a raw text element has to stop for the moment."""
        if self._limit < 0:
            found = grammar.RAW_END[self.twice].search(self.source, max(self._searched, self.pos))
            if found:
                self._limit = found.start()
            else:
                self._searched = max(self.pos, len(self.source) - len(self.twice) - 2)
                return len(self.source) if self.closed else self._searched
        if self.pos >= self._limit:
            self._limit = self.pos = max(self.pos, self._limit)
            if self.raw or self.select != self._first[1] or any(map(_outlasts, self.open[self._floor :])):
                self.unscripted = True
            self.raw = b""
            self.escape = 0
        return self._limit

    # -- what the tree construction stage would do ----------------------------------------------------------------

    def _construct(self, name: bytes, *, whole: bool = True) -> None:
        """Follow a start tag (13.2.6); without the ``whole`` of it, its attributes are gone."""
        self.svg = False
        self.live = not (self.open and self.open[-1].inert)
        if self.open and self.open[-1].name == b"template" and not self._is_in_template(name):
            return
        if not self.open or self._in_html(name):
            if self.doubtful and name in grammar.BREAKOUT:
                self._settle()
        elif name in grammar.BREAKOUT or (name == b"font" and self._font_breaks_out()):
            self._break_out()
        else:
            if self.doubtful and name in grammar.PARTS_READINGS:
                self._lose()
            self._foreign_element(name)
            return
        if self.doubtful and (name in grammar.PARTS_READINGS or (name == b"svg" and not self._nests())):
            self._lose()
        if name == b"frameset" and self.frameset_ok and not (self.open and self.open[-1].table):
            # The tree ignores nearly everything that follows, so that no tail is of use. Read on: what stands there
            # loads nothing, a browser's look ahead asks for it all the same, and the frameset may be none.
            self.frameset = True
        if self.frameset_ok and name in grammar.FRAMESET_NOT_OK:
            self.frameset_ok = name == b"input" and self._tag().get(b"type") == "hidden"
        if name == b"plaintext":
            if self.select:
                self._lose()
            self.raw = name
        elif name in grammar.RAW_TEXT:
            self._begin_raw_text(name)
        elif name in {b"svg", b"math"}:
            if not self._tag().self_closing:
                self._push(name, name)
                # What older browsers ignore in a select is HTML for them.
                self.doubtful = self.doubtful or self.select
        elif name == b"template":
            self._push(b"html", name, live=not whole or self._is_shadow())
        else:
            if name == b"select":
                self.select = not self.select
            if self.open and name not in grammar.VOID:
                self._html_element(name)

    def _is_in_template(self, name: bytes) -> bool:
        """Say whether a start tag counts in the template that is open (13.2.6.4.17)."""
        template = self.open[-1]
        if template.space != b"html" or name == b"template":
            return True
        if not template.mode and name not in grammar.OF_HEAD:
            self.open[-1] = template = template._replace(mode="columns" if name == b"col" else "other")
        return template.mode != "columns"

    def _begin_raw_text(self, name: bytes) -> None:
        """Enter a raw text element, or read noscript as markup."""
        if self.select and name not in {b"script", b"textarea"}:
            # A browser that follows the standard of 2025 reads text, older ones ignore the start tag.
            self._lose()
        if name != b"noscript":
            self.raw, self.escape = name, 0
        elif not self.twice:
            self.twice = name
            self._limit = -1
            self._searched = self.pos
            # The second reading leaves no trace in the first.
            self._first = (self.open, self.select, self.frameset, self.frameset_ok, self.doubtful)
            self._around = self._other, self._loose
            self._other = []
            self.open = self.open[-1:]
            if self.open:
                self._push(b"html", name)
            self._floor = len(self.open)

    def _lose(self) -> None:
        """Note that it is not certain any more where tags begin."""
        if self.twice:
            self.unscripted = True
        else:
            self.lost = True

    def _settle(self) -> None:
        """End a doubt where the same is open by all readings."""
        if not self.open:
            self._other = []
            self.doubtful = False

    def _nests(self) -> bool:
        """Say whether an svg start tag opens one by all readings."""
        around = self.open or self._other
        return not around or around[-1].space == b"svg"

    def _cut(self, at: int) -> None:
        """Close the open elements from this one on."""
        if at < self._floor:
            # It stands around the noscript element.
            self.unscripted = True
        del self.open[max(at, self._floor) :]
        if not self.open:
            self._loose = False

    def _tag(self) -> StartTag:
        """Give the start tag just read."""
        return StartTag(self.name, self.source[self.start : self.pos])

    def _is_shadow(self) -> bool:
        """Say whether the template just read is a shadow tree, whose content is the page's own (13.2.6.4.4).

        Browsers that know no such trees read a template; holding what they do not load is harmless, and so it is where
        the element around it takes no shadow tree.
        """
        return (self._tag().get(b"shadowrootmode") or "").lower() in {"open", "closed"}

    def _in_html(self, name: bytes) -> bool:
        """Say whether the rules for HTML content apply to a start tag (13.2.6, the dispatcher)."""
        current = self.open[-1]
        return (
            current.space == b"html"
            or current.integration
            or (
                current.space == b"math"
                and current.name in grammar.MATHML_TEXT
                and name not in {b"mglyph", b"malignmark"}
            )
            or (current.space == b"math" and current.name == b"annotation-xml" and name == b"svg")
        )

    def _font_breaks_out(self) -> bool:
        """Say whether a font tag has one of the attributes that make it HTML's."""
        return any(a.name in {b"color", b"face", b"size"} for a in self._tag().attributes)

    def _break_out(self) -> None:
        """Leave foreign content up to HTML or an integration point (13.2.6.5)."""
        while self.open and not (
            self.open[-1].space == b"html"
            or self.open[-1].integration
            or (self.open[-1].space == b"math" and self.open[-1].name in grammar.MATHML_TEXT)
        ):
            self.open.pop()
        self._settle()

    def _foreign_element(self, name: bytes) -> None:
        """Open an element of the current foreign namespace; only SVG's are obeyed (13.2.6.5, "any other start tag").

        An ``svg`` in MathML is none, but a browser's look ahead takes it for one.
        """
        space = self.open[-1].space
        self.svg = space == b"svg" or self.open[-1].svg
        self.live = self.live and (self.svg or self.doubtful)
        tag = self._tag()
        if tag.self_closing:
            return
        integration = (space == b"svg" and name in grammar.SVG_INTEGRATION) or (
            space == b"math"
            and name == b"annotation-xml"
            and (tag.get(b"encoding") or "").lower() in {"text/html", "application/xhtml+xml"}
        )
        self._push(space, name, integration=integration)

    def _html_element(self, name: bytes) -> None:
        """Open an HTML element inside an integration point or a template."""
        if name in grammar.IGNORED_IN_BODY:
            return
        if self.open[-1].bounds and not self.lost and not self._is_sure(name):
            self._lose()
        if name in grammar.TABLE_STARTS and not self.open[-1].table:
            # The page's own table goes on (13.2.6.4.15), taken that there is one; outside a table the tag is ignored.
            self._cut(0)
            return
        if name in grammar.CLOSES_P:
            self._pop_html(b"p")
        if name in {b"li", b"option", b"optgroup", b"tr", b"td", b"th"}:
            self._pop_html(name, only_current=True)
        self._push(b"html", name)

    def _inside(self) -> list[bytes]:
        """Give the names of the HTML elements that are open in the innermost foreign element, innermost first."""
        names = []
        for element in reversed(self.open[-MAX_DEPTH:]):
            if element.space != b"html":
                break
            names.append(element.name)
        return names

    def _is_sure(self, name: bytes) -> bool:
        """Say whether a start tag in foreign content opens its element and closes none but the current one."""
        if name in grammar.DEPENDS_ON_PAGE:
            return False
        inside = self._inside()
        if len(inside) == MAX_DEPTH or (name in grammar.CLOSES_P and b"p" in inside[1:]):
            return False
        return not any(name in group and group.intersection(inside) for group in grammar.CLOSE_EACH_OTHER)

    def _push(self, space: bytes, name: bytes, *, integration: bool = False, live: bool = False) -> None:
        """Open an element; a template may be ``live``."""
        above = self.open[-1] if self.open else Element(b"", b"", False, False, 0, False, False)
        html = space in {b"html", b"template"}
        self.open.append(
            Element(
                space,
                name,
                integration,
                inert=above.inert or (html and name == b"template" and not live),
                bounds=above.bounds + (integration or (space == b"math" and name in grammar.MATHML_BOUNDS)),
                table=above.table or (html and name in {b"table", b"template"}),
                svg=above.svg or name == b"svg",
            )
        )

    def _close_element(self, name: bytes) -> None:
        """Follow an end tag (13.2.6)."""
        if self.raw:
            return
        around = self._first[0] if self.twice else ()
        if around and name == b"template" and around[-1].table and not self._is_open_within(name):
            # It stands around the noscript element.
            self.unscripted = True
        if not self.open:
            self.select = self.select and name != b"select"
            if self.doubtful:
                self._close_other(name)
        elif self.open[-1].space == b"html":
            self._close_html(name)
        elif name in {b"br", b"p"}:
            self._break_out()
        else:
            self._close_foreign(name)
            if not (self.open or self._other):
                self.doubtful = False

    def _is_open_within(self, name: bytes) -> bool:
        """Say whether an element of this name is open in the noscript element that is read."""
        return any(element.name == name for element in self.open[self._floor :][-MAX_DEPTH:])

    def _close_other(self, name: bytes) -> None:
        """Follow an end tag in HTML where foreign content may still be open."""
        at = next((at for at in range(len(self._other) - 1, -1, -1) if self._other[at].name == name), -1)
        if name in {b"br", b"p"} or at == 0:
            self._settle()
        elif at > 0:
            del self._other[at:]

    def _close_foreign(self, name: bytes) -> None:
        """Follow an end tag in foreign content (13.2.6.5, "any other end tag")."""
        for at in range(len(self.open) - 1, max(-1, len(self.open) - 1 - MAX_DEPTH), -1):
            if self.open[at].space == b"html":
                self._close_around(name, at)
                return
            if self.open[at].name == name:
                self._cut(at)
                return
        if len(self.open) > MAX_DEPTH:
            self._lose()
        elif name not in grammar.CLOSES_NOTHING:
            self._close_in_page(name)

    def _close_around(self, name: bytes, at: int) -> None:
        """Follow an end tag that no foreign element matches, in the HTML of a template or of foreign content."""
        around = self.open[at]
        if name == b"template":
            self._pop_html(name, at)
        elif around.bounds != self.open[-1].bounds:
            # A special element is between, and bounds all scopes but that of a table's parts.
            if name in grammar.TABLE_PARTS:
                self._lose()
        elif around.name == name:
            # What is neither special nor a bound of scopes, as most of SVG and MathML, closes with it.
            self._cut(at)
        elif name not in grammar.CLOSES_NOTHING and (
            self._loose
            or name in grammar.FORMATTING
            or (around.bounds and name in grammar.DEPENDS_ON_PAGE)
            or at > MAX_DEPTH
            or any(element.name == name or element.name in grammar.HEADINGS for element in self.open[:at])
        ):
            self._lose()
            self._pop_html(name, at)

    def _close_in_page(self, name: bytes) -> None:
        """Follow an end tag that nothing in foreign content matches.

        The open elements of the page around it are not followed: that of an element of HTML is taken to have its start
        tag there, and any other to have none. It closes nothing from inside an integration point, which bounds the
        scope of all but a table's parts (13.2.4.2).
        """
        bounds = self.open[-1].bounds
        if bounds and name not in grammar.TABLE_PARTS:
            return
        if bounds:
            self._lose()
        self.doubtful = True
        if name == b"select":
            self.select = False
        if name in grammar.CLOSES_FOREIGN or (b"-" in name and name not in grammar.NO_CUSTOM_ELEMENT):
            self._other += self.open[self._floor :]
            if len(self._other) > MAX_DEPTH:
                self._lose()
                self._other.clear()
            self._cut(0)

    def _close_html(self, name: bytes) -> None:
        """Follow an end tag in the HTML of a template or of foreign content."""
        current = self.open[-1]
        if current.name == name:
            self._cut(len(self.open) - 1)
            return
        if name in grammar.CLOSES_NOTHING and name != b"template":
            return
        inside = self._inside()
        known = name in inside or (name in grammar.HEADINGS and not grammar.HEADINGS.isdisjoint(inside))
        if current.bounds and name != b"template":
            if known or name in grammar.DEPENDS_ON_PAGE or len(inside) == MAX_DEPTH:
                self._lose()
        elif known:
            self._loose = True
        self._pop_html(name)

    def _pop_html(self, name: bytes, top: int = -1, *, only_current: bool = False) -> None:
        """Close an HTML element, if one of that name is open in scope (13.2.4.2), ``top`` or below."""
        top = len(self.open) - 1 if top < 0 else top
        for at in range(top, max(-1, top - MAX_DEPTH), -1):
            element = self.open[at]
            if element.space == b"html" and element.name == name:
                self._cut(at)
                return
            if only_current or (name != b"template" and (element.space != b"html" or element.name == b"template")):
                return
            if element.space == b"html" and element.name in grammar.SPECIAL and name not in grammar.SPECIAL:
                return

    # -- XML ------------------------------------------------------------------------------------------------------

    def _next_xml(self, end: int) -> Kind | None:
        """Read one token of an XML document (XML 1.0, 2.4 to 3.1)."""
        source, pos = self.source, self.pos
        if self.raw:
            ending = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}.get(self.raw, b">")
            cut = source.find(ending, pos, end)
            if cut >= 0:
                self.raw = b""
                self.pos = cut + len(ending)
                return Kind.TEXT
            self.pos = end if self.closed else max(pos, end - 2)
            return Kind.TEXT if self.pos > pos else None
        if source[pos] != 0x3C:
            cut = source.find(b"<", pos, end)
            self.pos = end if cut < 0 else cut
            return Kind.TEXT
        for opening in (b"<!--", b"<![CDATA[", b"<?", b"<!"):
            if source.startswith(opening, pos):
                self.raw = opening
                self.pos = pos + len(opening)
                return self._next_xml(end) or Kind.TEXT
            if end - pos < len(opening) and opening.startswith(source[pos:end]):
                return self._unfinished(end)
        found = grammar.XML_TAG.match(source, pos, end)
        if found is None:
            if grammar.XML_NO_TAG.match(source, pos, end):
                self.pos += 1
                return Kind.TEXT
            return self._unfinished(end)
        self.pos = found.end()
        self.name = found[2].rpartition(b":")[2]
        namespaced = b":" in found[2] or b"xmlns" in found[0]
        self._follow_xml(self.name, is_start=not found[1], closed=found[0].endswith(b"/>"), namespaced=namespaced)
        return Kind.END if found[1] else Kind.START

    def _follow_xml(self, name: bytes, *, is_start: bool, closed: bool, namespaced: bool = True) -> None:
        """Follow the elements that say what a script's address is, and whether it is obeyed.

        Namespaces are not followed: in svg and math, an element may be HTML's or SVG's. Only what is certainly HTML's
        template holds its content back.
        """
        self.live = not (self.open and self.open[-1].inert)
        self.doubtful = self.svg = any(element.name != b"template" for element in self.open)
        if name in {b"svg", b"math", b"template"} and not closed:
            if is_start:
                self._push(name, name, live=namespaced or self.doubtful)
            elif self.open and self.open[-1].name == name:
                self.open.pop()
                self.doubtful = bool(self.open)
