"""The gate: whether a document, or one tag, can hold what is looked for, however it is written.

Knows that a needle may hide behind character references, percent-encoding, tabs and newlines inside a URL and
characters that a browser maps to ASCII. Knows nothing of the state in which a tag stands: what the gate lets through
is only worth reading, what it keeps out is certain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from consent_middleware.urls import IGNORED

from . import grammar
from .charset import decode_text
from .script_text import foreign_text
from .tags import decode_references

# A reference that may stand for something in a URL's host: not the usual ones of running text, and no query parameter.
# By number, only dashes, quotation marks, daggers and the bullet: beside them stand spaces and joiners, which a host
# drops, and leaders, which are dots in it.
REFERENCE: Final = re.compile(
    rb"&(?!(?:amp|quot|lt|gt|nbsp|[lr]aquo|[lr][sd]quo|[mn]dash|copy|reg|bull|middot|times"
    rb"|#0?3[489]|#82(?:1[0-46-9]|2[0-6]));)"
    rb"(?:\#(?:[xX][0-9a-fA-F]++|[0-9]++);?|[a-zA-Z][a-zA-Z0-9]*+(?:;|(?![=a-zA-Z0-9])))"
)
# A percent-encoded letter, digit, "-" or ".", which nothing that writes URLs encodes, or a byte beyond ASCII.
ENCODED: Final = re.compile(rb"%(?:2[dDeE]|3[0-9]|[46][1-9a-fA-F]|[57][0-9aA]|[89a-fA-F])")
ASCII: Final = bytes(range(0x80))
# What may bring a document of its own into play.
IFRAME: Final = re.compile(rb"<(?:[^\t\n\f\r />:]*+:)?[iI][fF]")
# By these, a frame may have a document of its own, which holds nothing that could be found from outside.
FRAMED: Final = re.compile(rb"srcdoc|base64")
EVERYTHING: Final = re.compile(rb"(?s:.+)")
NON_ASCII_RUN: Final = re.compile(rb"[\x80-\xff]+")
DOTS: Final = re.compile("[\u3002\uff0e\uff61]")
# Text is normalised in pieces of so many characters: to put a run of combining marks in order takes quadratic time.
PIECE: Final = 256
# What is mapped is kept where it is not longer than this: a longer text is hardly the same in the next page.
SHORT: Final = 64


@lru_cache(maxsize=32)
def candidate_pattern(elements: frozenset[bytes], *, xml: bool) -> re.Pattern[bytes]:
    """Give the pattern of everything that may be a start tag of ``elements``, up to its end as far as it is there.

    The first two letters are tested before the alternatives, because most tags end there. In XML, a name may have a
    prefix.
    """
    words = sorted(word.decode("ascii") for word in elements)
    if xml:
        return grammar.pattern(rf"<(?:{grammar.XML_PREFIX}:)?{grammar.name(*words)}{grammar.XML_REST}")
    return grammar.pattern(
        rf"<{_first_letters(elements)}(?<=<(?:{'|'.join(sorted({_either_case(word[:2]) for word in words}))}))"
        rf"(?:{'|'.join(sorted({_either_case(word[2:]) for word in words}))})(?={grammar.NAME_END})"
        rf"(?:{grammar.QUOTED_ONLY}|{grammar.ATTRIBUTES})"
    )


def _first_letters(words: frozenset[bytes]) -> str:
    """Spell the first two letters of any of the words, in either case, each by itself."""
    spelt = (bytes(sorted({word[at] for word in words})).decode("ascii") for at in (0, 1))
    return "".join(f"[{letters.lower()}{letters.upper()}]" for letters in spelt)


# What may hide a host where nothing is unveiled: a reference to a character that hosts and addresses are made of, and
# an address whose host goes on behind "//" with what a browser decodes or maps.
HIDDEN: Final = re.compile(
    rb"&(?:#(?:[xX]0*+(?:[9aAdD]|2[dDeEfF]|3[0-9aA]|[46][0-9a-fA-F]|[57][0-9aAcC])(?![0-9a-fA-F])"
    rb"|0*+(?:9|1[03]|4[5-9]|5[0-8]|6[4-9]|[78][0-9]|9[027-9]|1[01][0-9]|12[0-2])(?![0-9]))"
    rb"|period;|sol;|bsol;|colon;|percnt;|commat;|hyphen;|dash;|Tab;|NewLine;)"
)
# Everything but an ASCII byte of the host, up to where the host ends; a host may stand behind "@".
_HOST: Final = rb"[/\\]*+[^/\\?#\0\x80-\xff%&]*+[\x80-\xff%&]"
AUTHORITY: Final = re.compile(rb"//" + _HOST)
BACKSLASHES: Final = re.compile(rb"(?:\\[/\\]|/\\)" + _HOST)
# A host may stand behind the scheme itself.
NO_SLASHES: Final = re.compile(rb":(?<=[tT][tT][pP]:|[tT][pP][sS]:)(?!//)")

# What has an SVG script in it, and what may part an address in its text.
PARTED: Final = re.compile(rb"[a-zA-Z0-9./:\-](?:<!--|<!\[CDATA\[)|(?:-->|\]\]>)[a-zA-Z0-9./:\-]")
PARTED_BY_TAG: Final = re.compile(rb"<(?<=[a-zA-Z0-9./:\-]<)[?/a-zA-Z][^>]{0,1024}+>[a-zA-Z0-9./:\-]")
DRAWING: Final = re.compile(rb"<[sS][vV][gG]")
DRAWING_END: Final = re.compile(rb"</[sS][vV][gG]")
# What is a script among candidates: its tag.
SCRIPT: Final = re.compile(rb"<(?:[^\t\n\f\r />:]*+:)?[sS][cC][rR]")
SCRIPT_TAG: Final = re.compile(rb"<[sS][cC][rR][iI][pP][tT]")
# How many tags are looked for one by one; more are counted off in a second sweep.
SEARCHES: Final = 8
Find = Callable[[bytes, int], int]
# What joins the parts of a string in a script, where someone has taken a URL apart.
CONCATENATION: Final = re.compile(rb"""(["'`])[\t\n\r ]*+\+[\t\n\r ]*+\1""")
# A letter, a digit, "-", ".", "/" or ":" of a string that a script, or what writes scripts, spells by its number.
JS_ESCAPE: Final = re.compile(
    rb"\\(?:u00|x|u\{0*+)(2[dDeEfF]|3[0-9aA]|[46][1-9a-fA-F]|[57][0-9aA])(?:(?<=u00..)|(?<=x..)|(?<=[{0]..)\})"
)


@lru_cache(maxsize=32)
def scan_pattern(elements: frozenset[bytes], *, xml: bool) -> re.Pattern[bytes]:
    """Give the pattern that reads, in one scan, what `Prefilter.candidate_spans` has to look at.

    Its groups are a script's tag, from behind its "<", and its text, as far as they are there; the tag of another
    element that is unveiled; the tag of one that is not. The text is taken to end where the first end tag begins.
    """
    prefix = rf"(?:{grammar.XML_PREFIX}:)?+" if xml else ""
    # Two letters decide for most tags of a page; a group or a name that is tried there costs a page several times as
    # much.
    guard = "" if xml else rf"(?={_first_letters(elements | {b'script'})})"
    # In XML no tag holds a "<": one that is not finished does not reach over those behind it.
    tag = rf"(?:{grammar.XML_REST}>?+)" if xml else rf"(?:{grammar.QUOTED_ONLY}|{grammar.ATTRIBUTES}>?+)"
    many = sorted(elements - _FEW)
    return grammar.pattern(
        rf"< {guard} {prefix}"
        rf"(?: ({grammar.name('script')} {tag}) ([^<]*+ (?: < (?! /{prefix}{grammar.name('script')} ) [^<]*+ )*+)"
        rf"| ({grammar.name(*sorted(elements & _FEW))} {tag})"
        + (rf"| ({grammar.name(*many)} {tag})" if many else "| (?!) ()")
        + ")"
    )


@lru_cache(maxsize=32)
def hidden_tags(elements: frozenset[bytes], *, xml: bool) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Give the pattern of what opens one of ``elements``, and the pattern of its tag with the ">" where it is there."""
    opening = grammar.pattern(rf"<(?:{grammar.XML_PREFIX}:)?{grammar.name(*elements)}")
    return opening, re.compile(candidate_pattern(elements, xml=xml).pattern + b">?+", re.VERBOSE)


#: Elements, besides scripts, that are unveiled in any case: they are few, or bring more than their own bytes.
_FEW = frozenset({b"base", b"iframe", b"link"})


def _either_case(letters: str) -> str:
    """Spell a part of a name in either case."""
    return "".join(f"[{letter.lower()}{letter.upper()}]" if letter.isalpha() else letter for letter in letters)


def normalize_urls(raw: bytes, encoding: str) -> bytes:
    """Give ``raw`` as a browser would read its URLs.

    Tabs and newlines are gone, references and percent-encoding decoded, backslashes are slashes, and characters beyond
    ASCII are mapped as in host names.
    """
    # A reference ends before what is taken out.
    seen = REFERENCE.sub(lambda found: _decode_reference(found[0]), raw) if REFERENCE.search(raw) else raw
    seen = seen.translate(None, b"\t\n\r")
    seen = _to_ascii(seen, encoding)
    if ENCODED.search(seen):
        # What is percent-encoded in a host name is UTF-8, whatever the page is in.
        seen = _to_ascii(unquote_to_bytes(seen), "utf-8")
    return seen.replace(b"\\", b"/")


def _decode_reference(reference: bytes) -> bytes:
    """Give what a reference stands for in a host name; what is not ASCII there is no part of a needle."""
    return (_decode_reference_cached if len(reference) <= SHORT else _decode_reference_uncached)(reference)


def _decode_reference_uncached(reference: bytes) -> bytes:
    text = decode_references(reference.decode("ascii"))
    return text.encode("ascii") if text.isascii() else _map_uts46(text).decode("utf-8").encode("ascii", "replace")


_decode_reference_cached = lru_cache(maxsize=1024)(_decode_reference_uncached)


def _to_ascii(seen: bytes, encoding: str) -> bytes:
    """Give the bytes with all characters mapped that a host name maps to ASCII."""
    if seen.isascii():
        return seen
    # In an encoding whose characters have ASCII bytes in them, the bytes beyond ASCII are not whole characters.
    parted = encoding in {"utf-8", "cp1252"}
    if not _needs_uts46(decode_text(seen.translate(None, ASCII) if parted else seen, encoding)):
        return seen
    runs = NON_ASCII_RUN if parted else EVERYTHING
    return runs.sub(lambda found: _map_uts46(decode_text(found[0], encoding)), seen)


def _map_uts46(text: str) -> bytes:
    """Map characters as UTS #46 does in host names."""
    return (_map_uts46_cached if len(text) <= SHORT else _map_uts46_uncached)(text)


def _map_uts46_uncached(text: str) -> bytes:
    """Map a text piece by piece.

    Nothing that becomes ASCII is missed between two pieces, because what a character becomes in ASCII does not depend
    on others: they can only compose with it to something that is no ASCII.
    """
    text = "".join(
        unicodedata.normalize("NFKC", piece).casefold() for piece in _pieces(IGNORED.sub("", text).casefold())
    )
    return DOTS.sub(".", text).encode("utf-8", "replace")


_map_uts46_cached = lru_cache(maxsize=1024)(_map_uts46_uncached)


def _needs_uts46(text: str) -> bool:
    """Say whether a host name maps any of these characters to another."""
    return (
        not all(unicodedata.is_normalized("NFKC", piece) for piece in _pieces(text))
        or IGNORED.search(text) is not None
        or DOTS.search(text) is not None
    )


def _pieces(text: str) -> Iterable[str]:
    """Cut a text into pieces that are short enough to be normalised."""
    return (text[at : at + PIECE] for at in range(0, len(text), PIECE)) if len(text) > PIECE else (text,)


def fold_strings(text: bytes) -> bytes:
    """Give a script's text with its strings as they are read: joined, and without escapes of what addresses are of."""
    return CONCATENATION.sub(b"", decode_js_escapes(text)).replace(b"\\/", b"/")


def decode_js_escapes(text: bytes) -> bytes:
    """Give a script's text with those characters as they are that addresses are made of."""
    if b"\\u" not in text and b"\\x" not in text:
        return text
    # Some frameworks write every slash of a page's data so.
    text = text.replace(b"\\u002F", b"/")
    return JS_ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), text)


def _is_open(text: bytes) -> bool:
    """Say whether a tag may not be whole at the end of a script's text, so that the end tag may stand in it."""
    return text.rfind(b"<") > text.rfind(b">")


def _is_drawn(source: bytes) -> bool:
    """Say whether a script may stand in a drawing: where one begins before the drawing ends."""
    at = 0
    while found := DRAWING.search(source, at):
        end = DRAWING_END.search(source, found.end())
        at = end.end() if end else len(source)
        if SCRIPT_TAG.search(source, found.end(), at):
            return True
        if source.find(b"<!", found.end(), at) >= 0:
            # The end may stand in a comment or a CDATA section.
            return SCRIPT_TAG.search(source, at) is not None
    return False


class TagSearch:
    """What is looked for in documents, made once for many of them.

    ``needles`` is what a start tag must hold to be asked about, in its own bytes or in what a browser makes of them:
    references and percent-encoding decoded, tabs and newlines taken out, characters mapped as in host names, ``\\`` as
    ``/``. Tags of a document with a ``base`` element are asked about in any case.

    ``elements`` are the lower-case names of the only start tags that are ever asked about. ``img`` covers ``image``,
    which is the same element for a browser. In SVG, only ``script`` and ``base`` are asked about.

    ``script_words`` are what the start tag of a script may hold instead, as it stands. ``text_needles`` is what an
    inline script's text must hold to be shown, None where no text is to be shown.
    """

    def __init__(
        self,
        needles: re.Pattern[bytes],
        elements: frozenset[bytes],
        *,
        script_words: Sequence[bytes] = (),
        text_needles: re.Pattern[bytes] | None = None,
    ) -> None:
        self.needles = needles
        self.elements = elements
        self.script_words = script_words
        self.text_needles = text_needles
        self._gates: dict[bool, Prefilter] = {}

    def gate(self, *, xml: bool) -> Prefilter:
        """Give the gate for documents that a browser parses as XML, or as HTML."""
        if xml not in self._gates:
            self._gates[xml] = Prefilter(self, xml=xml)
        return self._gates[xml]


class Prefilter:
    """Knows which start tags are worth asking about.

    ``base`` is always looked at, because its address counts for all that follow, and ``iframe``, because it may hold a
    document.
    """

    def __init__(self, search: TagSearch, *, xml: bool) -> None:
        self.elements = search.elements
        self.needles = search.needles
        self.script_words = search.script_words
        self.text_needles = search.text_needles
        asked = self.elements | {b"base", b"iframe"}
        self.asked = asked | {b"image"} if b"img" in asked else asked
        self.pattern = candidate_pattern(self.asked, xml=xml)
        self._xml = xml
        self._needle = _finder(self.needles)
        self._text_needle = None if self.text_needles is None else _finder(self.text_needles)
        self._sweep = scan_pattern(self.asked - {b"script"}, xml=xml)
        self.opening, self._hidden = hidden_tags(self.asked, xml=xml)
        self.script, _ = hidden_tags(frozenset({b"script"}), xml=xml)
        #: What may be the first script, or event handler, or a policy for scripts before it.
        prefix = rf"(?:{grammar.XML_PREFIX}:)?" if xml else ""
        policy = r"(?= [^>]*? [pP][oO][lL][iI][cC][yY] )"
        handler = r"[a-zA-Z] [^<>]*? [\t\n\f\r\x20/\"'] [oO][nN][a-zA-Z]++ [\t\n\f\r\x20]*+ ="
        self.first = grammar.pattern(
            rf"<{prefix}(?: {grammar.name('script')} | {grammar.name('meta')} {policy} | {handler} )"
        )

    def candidate_spans(self, source: bytes, encoding: str, *, alone: bool) -> list[tuple[int, int]]:
        """Give the spans of what may be a start tag worth reading, or hide one: [] for nearly all pages without one.

        Worth reading is what `holds`, a script whose text holds a needle, and an address that counts for those that
        follow. ``alone`` says that these are all bytes of the document, so that such an address counts for nothing
        where nothing else is found.
        """
        groups: list[tuple[bytes, bytes, bytes, bytes]] = self._sweep.findall(source)
        if not groups:
            return []
        # Everything is tested together, because most pages end here.
        scripts, texts, few, many = map(b"\0".join, zip(*groups, strict=True))
        hits = self._hits(len(groups), scripts, few, many, encoding)
        if self._text_needle is not None:
            hits.add(texts, self._text_needle)
            if (said := decode_js_escapes(texts)) != texts:
                hits.add(said, self._text_needle)
            is_written = b"<!--" in texts or b"<![CDATA[" in texts or HIDDEN.search(texts)
            parted = (
                PARTED_BY_TAG.search(texts) or self.script.search(texts) or any(_is_open(group[1]) for group in groups)
            )
            if (is_written and (self._xml or not alone or DRAWING.search(source))) or (parted and _is_drawn(source)):
                hits.numbers.update(number for number, group in enumerate(groups) if self._may_say(group[1]))
        opens = False
        if self.opening.search(texts):
            if self._text_needle is not None:
                hits.numbers.update(number for number, group in enumerate(groups) if _may_go_on(group[1]))
            # The text of a script that is none may be that of another, which opens in it.
            opens = self._is_opened(texts, encoding) or any(self.opening.search(groups[n][1]) for n in hits.numbers)
        if hits.numbers or opens or not alone:
            hits.numbers.update(number for number, group in enumerate(groups) if group[2][:1] in {b"b", b"B"})
        if opens or self._xml or len(hits.numbers) > SEARCHES:
            return list(self._places(source, hits.numbers, opens=opens))
        return _occurrences(source, {groups[number] for number in hits.numbers})

    def _hits(self, count: int, scripts: bytes, few: bytes, many: bytes, encoding: str) -> _Hits:
        """Give which of so many groups, whose tags are joined by kind, are worth reading, or may hide others."""
        hits = _Hits(count)
        seen = normalize_urls(scripts, encoding)
        hits.add(seen, self._needle)
        for word in self.script_words:
            if word in seen:
                hits.add(seen, _finder(word))
        hits.add(scripts, _finder(b"<"))
        hits.add(normalize_urls(few, encoding), self._needle)
        hits.add(few, _finder(b"<"))
        hits.add(few.lower(), _finder(FRAMED))
        if self._may_be_sought(many):
            hits.add(normalize_urls(many, encoding), self._needle)
            hits.add(many, _finder(b"<"))
        return hits

    def _is_opened(self, texts: bytes, encoding: str) -> bool:
        """Say whether a tag that begins in these texts may be worth reading, where what seems a script is none."""
        tags = self._hidden.findall(texts)
        if not all(tag.endswith(b">") and b"<" not in tag[1:] and b"\0" not in tag for tag in tags):
            # It reaches further, or hides another.
            return True
        joined = b"\0".join(tags)
        seen = normalize_urls(joined, encoding)
        return bool(
            self.needles.search(seen)
            or FRAMED.search(joined.lower())
            or any(word in seen for word in self.script_words)
        )

    def _places(self, source: bytes, numbers: Container[int], *, opens: bool) -> Iterator[tuple[int, int]]:
        """Give the spans of the sweep's tags that have these numbers and, where it ``opens``, those in the texts."""
        for number, found in enumerate(self._sweep.finditer(source)):
            stop = found.end(1) if found.end(1) > 0 else found.end()
            if number in numbers:
                yield found.start(), stop
            if opens and self.opening.search(source, stop, found.end()):
                for hidden in self.pattern.finditer(source, stop):
                    if hidden.start() >= found.end():
                        break
                    yield hidden.span()

    def is_candidate(self, name: bytes) -> bool:
        """Say whether start tags of this name are asked about."""
        return name in self.asked

    def script_text(self, text: bytes) -> bytes | None:
        """Give a script's text, or None where it holds no needle."""
        if self.text_needles is None or not (
            self.text_needles.search(text) or self.text_needles.search(decode_js_escapes(text))
        ):
            return None
        return text

    def _may_say(self, text: bytes) -> bool:
        """Say whether a script whose text is no raw text holds a needle, or goes on behind the first end tag."""
        if self.script.search(text):
            return True
        if _is_open(text):
            return True
        if b"<!" in text:
            if text.rfind(b"<!--") > text.rfind(b"-->") or text.rfind(b"<![CDATA[") > text.rfind(b"]]>"):
                return True
            written = PARTED.search(text) or HIDDEN.search(text)
        else:
            written = HIDDEN.search(text) or PARTED_BY_TAG.search(text)
        return written is not None and self.script_text(foreign_text(text, xml=self._xml)) is not None

    def may_match(self, raw: bytes, encoding: str) -> bool:
        """Say whether these bytes of a tag hold a needle, a word that is looked for in scripts, or a document."""
        seen = normalize_urls(raw, encoding)
        return bool(
            self.needles.search(seen)
            or (IFRAME.match(raw) and FRAMED.search(raw.lower()))
            or (SCRIPT.match(raw) and any(word in seen for word in self.script_words))
        )

    def _may_be_sought(self, tags: bytes) -> bool:
        """Say whether tags without a document or an address for others, less their "<", are worth being unveiled."""
        if HIDDEN.search(tags):
            return True
        tags = tags.translate(None, b"\t\n\r")
        return bool(
            self.needles.search(tags)
            or AUTHORITY.search(tags)
            or NO_SLASHES.search(tags)
            or (b"\\" in tags and BACKSLASHES.search(tags))
            or b"<" in tags
        )


class _Hits:
    """The numbers of those parts that something was found in, of so many that are joined by NULs."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.numbers: set[int] = set()

    def add(self, joined: bytes, find: Find) -> None:
        """Add the parts in which ``find`` finds something."""
        at = find(joined, 0)
        if at < 0:
            return
        if joined.count(b"\0") != self._count - 1:
            # A part holds what separates them here.
            self.numbers.update(range(self._count))
            return
        number = begin = 0
        while at >= 0:
            number += joined.count(b"\0", begin, at)
            self.numbers.add(number)
            begin = joined.find(b"\0", at)
            at = find(joined, begin + 1) if begin >= 0 else -1


def _finder(sought: bytes | re.Pattern[bytes]) -> Find:
    """Give what says where ``candidate_spans`` is first found, -1 where it is not."""
    if isinstance(sought, bytes):
        return lambda source, at: source.find(sought, at)
    return lambda source, at: found.start() if (found := sought.search(source, at)) else -1


def _occurrences(source: bytes, groups: Iterable[tuple[bytes, bytes, bytes, bytes]]) -> list[tuple[int, int]]:
    """Give the spans of every tag in ``source`` that is written as one of the sweep's."""
    spans = []
    for script, text, few, many in groups:
        whole = b"<" + script + text + few + many
        at = source.find(whole)
        while at >= 0:
            spans.append((at, at + len(whole) - len(text)))
            at = source.find(whole, at + 1)
    return sorted(spans)


def _may_go_on(text: bytes) -> bool:
    """Say whether a script may go on behind the first end tag (13.2.5.27, "script data double escaped")."""
    commented = text.split(b"<!--")[1:]
    return any(b"<script" in part.partition(b"-->")[0].lower() for part in commented)


class Candidates:
    """The start tags of a piece of source that may be worth asking about, found in one scan.

    A candidate need not be a tag: it may stand in a comment or in a script. Its span ends where its attributes do, as
    far as they are there.
    """

    def __init__(
        self, gate: Prefilter, source: bytes, start: int, encoding: str, *, every: bool = False, complete: bool = False
    ) -> None:
        self._gate = gate
        self._source = source
        self._encoding = encoding
        self._every = every
        # In a whole document, an address that holds no needle counts for nothing unless another tag holds one.
        self._complete = complete
        self._next = self._holding(start)
        self._late: list[tuple[int, int]] = []
        self.start, self.stop = next(self._next, (len(source), len(source)))

    def _holding(self, start: int) -> Iterator[tuple[int, int]]:
        """Give the spans that are worth reading, or where an address counts for every one, all."""
        if self._every:
            return (found.span() for found in self._gate.pattern.finditer(self._source, start))
        return iter(self._gate.candidate_spans(self._source, self._encoding, alone=self._complete))

    def advance(self, pos: int) -> int:
        """Give where the next candidate begins that holds a needle, from ``pos`` on; the source's end without one."""
        while self.start < pos:
            if pos < self.stop:
                # The candidate was none, and hid others that begin inside it.
                hidden = [match.span() for match in self._gate.pattern.finditer(self._source, pos, self.stop)]
                self._late += reversed(hidden)
            end = len(self._source)
            self.start, self.stop = self._late.pop() if self._late else next(self._next, (end, end))
        return self.start
