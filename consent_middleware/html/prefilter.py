"""The prefilter: the fast test whether a page, or one tag, may name a vendor's host.

It has no false negatives: what it rejects cannot name such a host, however spelled. What it accepts must still be
parsed.
"""

# How it works
# ============
#
# Most pages, and most tags of the others, have nothing to do with a vendor. To ask about each tag by itself would cost
# more than all other work on a page, because each question is a call of a Python function. So all tags are tested by a
# few calls, whose number does not depend on the number of tags:
#
# 1. One regular expression (`scan_pattern`) collects from the page everything that may load something: tags of scripts,
#    the texts of scripts, and tags of the other elements that can (`img`, `link`, `iframe`, ...).
# 2. Each kind is joined to one bytes object, with NUL bytes between the parts.
# 3. Each joined object is normalized (normalize.py: references, percent-encoding, full-width letters, ...) and searched
#    for the vendors' hosts, the needles. Tags of common elements are normalized only where they contain something that
#    normalizing would change (`Prefilter._needs_normalizing`). For most pages this is the end: no tag matches.
# 4. A match is mapped back: the number of NULs before it is the number of its tag (`_Matches`). The spans of these tags
#    are the candidates, which the tokenizer then reads in their context.
#
# An example
# ----------
#
#     <img src="/a.png"><script src="//js.vend&#111;r.example/1.js"></script><img src="/b.png">
#
# The scan finds three tags and puts each in the column of its kind:
#
#     number   script tag                                    script text   always normalized   other tag
#     0                                                                                        img src="/a.png">
#     1        script src="//js.vend&#111;r.example/1.js">
#     2                                                                                        img src="/b.png">
#
# The first column, joined, is `\0script src="//js.vend&#111;r.example/1.js">\0`, and normalized
# `\0script src="//js.vendor.example/1.js">\0`. The needle is found in it after one NUL: tag 1 is a candidate. The last
# column has no reference and no encoded host. It is searched as it is, and nothing is found.
#
# Why nothing is missed
# ---------------------
#
# - A needle has no NUL in it, so no match reaches from one part into the next.
# - Normalizing neither adds nor removes a NUL between two parts. A part may contain a NUL itself, or `%00`; then the
#   NULs are not as many as expected, and every tag is a candidate.
# - The scan does not know the context of a tag. A tag in a comment is only a candidate too many. But a `<script>`
#   may not be a script to the parser (in a `textarea`, in SVG), and real tags may then start in what was taken for its
#   text. So tags in these texts are tested too, whenever a text contains one that could matter.
# - What looks like one tag may hide another one inside it. So a tag with a "<" in it is a candidate, and where a
#   candidate turns out not to be a tag, its span is searched for others (`Candidates.advance`).
# - A `base` changes what other tags load, and an `iframe` may contain a document of its own. Both are candidates where
#   that can matter, even without a needle.

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from consent_middleware.patterns import any_case, decimal_codes, hex_codes

from . import grammar
from .normalize import HOST_CHARACTERS, decode_js_escapes, normalize_urls
from .script_text import foreign_text

_Tag = tuple[bytes, bytes, bytes, bytes]
"""What the scan gives for a tag: the tag of a script, its text, a tag that is always normalized, any other tag."""
_Find = Callable[[bytes, int], int]
"""Returns where something is found first in some bytes, from a position on, or -1."""

# Elements other than scripts whose tags are always normalized: they are few, or load more than their own content.
_ALWAYS_NORMALIZED: Final = frozenset({b"base", b"iframe", b"link"})
# Where so many tags match, their spans are taken from a second scan; fewer are searched one by one.
MAX_SEARCHES: Final = 8

# The beginning of a tag that may have a document of its own, and the attribute or the kind of URL which gives it one.
IFRAME_BEGIN: Final = re.compile(rb"<(?:[^\t\n\f\r />:]*+:)?[iI][fF]")
FRAME_DOCUMENT: Final = re.compile(rb"srcdoc|base64")
# The beginning of a script's tag among candidates, with a prefix as in XML, and in HTML.
SCRIPT_BEGIN: Final = re.compile(rb"<(?:[^\t\n\f\r />:]*+:)?[sS][cC][rR]")
HTML_SCRIPT_BEGIN: Final = re.compile(rb"<[sS][cC][rR][iI][pP][tT]")
SVG_BEGIN: Final = re.compile(rb"<[sS][vV][gG]")
SVG_END: Final = re.compile(rb"</[sS][vV][gG]")

# Characters that a URL consists of up to the end of its host, with those that a browser removes there.
_URL_CHARACTERS: Final = HOST_CHARACTERS + "/:@\\\t\n\r"
URL_CHARACTER_NAMES: Final = (
    *("period", "sol", "bsol", "colon", "percnt", "commat", "hyphen", "dash", "Tab", "NewLine"),
)
# A reference that may hide any part of a URL up to the end of its host.
URL_REFERENCE: Final = re.compile(
    (
        rf"&(?:#(?:[xX]0*+{hex_codes(_URL_CHARACTERS)}(?![0-9a-fA-F])|0*+{decimal_codes(_URL_CHARACTERS)}(?![0-9]))"
        rf"|(?:{'|'.join(URL_CHARACTER_NAMES)});)"
    ).encode("ascii")
)
# From the slashes on: a host (user information may precede it) with a byte that a browser decodes or maps.
_ENCODED_HOST: Final = rb"[/\\]*+[^/\\?#\0\x80-\xff%&]*+[\x80-\xff%&]"
ENCODED_HOST: Final = re.compile(rb"//" + _ENCODED_HOST)
ENCODED_HOST_AFTER_BACKSLASH: Final = re.compile(rb"(?:\\[/\\]|/\\)" + _ENCODED_HOST)
# A scheme that a host may follow without slashes.
SCHEME_WITHOUT_SLASHES: Final = re.compile(rb":(?<=[tT][tT][pP]:|[tT][pP][sS]:)(?!//)")

# A URL in the text of an SVG script that is interrupted by a comment or a CDATA section, or by a tag.
SPLIT_BY_COMMENT: Final = re.compile(rb"[a-zA-Z0-9./:\-](?:<!--|<!\[CDATA\[)|(?:-->|\]\]>)[a-zA-Z0-9./:\-]")
SPLIT_BY_TAG: Final = re.compile(rb"<(?<=[a-zA-Z0-9./:\-]<)[?/a-zA-Z][^>]{0,1024}+>[a-zA-Z0-9./:\-]")


@lru_cache(maxsize=32)
def candidate_pattern(elements: frozenset[bytes], *, xml: bool) -> re.Pattern[bytes]:
    """Return the pattern of anything that may be a start tag of `elements`, up to the end of its attributes.

    A tag whose end has not arrived is matched as far as it has. In XML, a name may have a prefix.
    """
    words = sorted(word.decode("ascii") for word in elements)
    if xml:
        return grammar.pattern(rf"<(?:{grammar.XML_PREFIX}:)?{grammar.name(*words)}{grammar.XML_REST}")
    # The first two letters are tested before the names, because most tags are ruled out by them.
    beginnings = "|".join(sorted({any_case(word[:2]) for word in words}))
    remainders = "|".join(sorted({any_case(word[2:]) for word in words}))
    return grammar.pattern(
        rf"<{_first_letters(elements)}(?<=<(?:{beginnings}))(?:{remainders})(?={grammar.NAME_END})"
        rf"(?:{grammar.QUOTED_ONLY}|{grammar.ATTRIBUTES})"
    )


def _first_letters(words: frozenset[bytes]) -> str:
    """Return a pattern for the first letters of all words, and for their second letters, each in either case."""
    pairs = (bytes(sorted({word[at] for word in words})).decode("ascii") for at in (0, 1))
    return "".join(f"[{letters.lower()}{letters.upper()}]" for letters in pairs)


@lru_cache(maxsize=32)
def scan_pattern(elements: frozenset[bytes], *, xml: bool) -> re.Pattern[bytes]:
    """Return the pattern that collects, in one scan, everything that `Prefilter.candidate_spans` has to test.

    Its groups are those of `_Tag`. A tag is matched from after its "<", and as far as it has arrived. The text of a
    script is taken to end where the first end tag begins.
    """
    prefix = rf"(?:{grammar.XML_PREFIX}:)?+" if xml else ""
    # Two letters rule out most tags of a page. To try a group or a name for each of them would take several times as
    # long.
    lookahead = "" if xml else rf"(?={_first_letters(elements | {b'script'})})"
    tag = rf"(?:{grammar.QUOTED_ONLY}|{grammar.ATTRIBUTES}>?+)"
    others = sorted(elements - _ALWAYS_NORMALIZED)
    return grammar.pattern(
        rf"< {lookahead} {prefix}"
        rf"(?: ({grammar.name('script')} {tag}) ([^<]*+ (?: < (?! /{prefix}{grammar.name('script')} ) [^<]*+ )*+)"
        rf"| ({grammar.name(*sorted(elements & _ALWAYS_NORMALIZED))} {tag})"
        + (rf"| ({grammar.name(*others)} {tag})" if others else "| (?!) ()")
        + ")"
    )


@lru_cache(maxsize=32)
def tag_patterns(elements: frozenset[bytes], *, xml: bool) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return the pattern of the beginning of a tag of `elements`, and that of the tag with its ">", if it has one."""
    opening = grammar.pattern(rf"<(?:{grammar.XML_PREFIX}:)?{grammar.name(*elements)}")
    return opening, re.compile(candidate_pattern(elements, xml=xml).pattern + b">?+", re.VERBOSE)


class TagSearch:
    """What to look for in documents. Made once and used for many documents.

    Args:
        needles: what the start tag must contain, after normalizing (`normalize_urls`). In a document with a `base`
            element, tags without a needle are candidates as well.
        elements: lower-case names of the elements to look for. `img` covers `image`, which is the same element to a
            browser. In SVG only `script` and `base` are looked for.
        script_words: what the start tag of a script may contain instead of a needle.
        text_needles: what the text of an inline script must contain; None if no texts are looked for.
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
        self._prefilters: dict[bool, Prefilter] = {}

    def prefilter(self, *, xml: bool) -> Prefilter:
        """Return the prefilter for documents that a browser parses as XML, or as HTML."""
        if xml not in self._prefilters:
            self._prefilters[xml] = Prefilter(self, xml=xml)
        return self._prefilters[xml]


class Prefilter:
    """Rule out tags and whole documents that cannot match a search.

    In addition to the elements of the search, it looks for `base`, because its URL counts for all tags that follow,
    and for `iframe`, because it may contain a document.
    """

    def __init__(self, search: TagSearch, *, xml: bool) -> None:
        self.elements = search.elements
        self.needles = search.needles
        self._script_words = re.compile(b"|".join(map(re.escape, search.script_words)) or b"(?!)")
        self.text_needles = search.text_needles
        names = self.elements | {b"base", b"iframe"}
        self.names = names | {b"image"} if b"img" in names else names
        self.pattern = candidate_pattern(self.names, xml=xml)
        self._xml = xml
        self._find_needle = _finder(self.needles)
        self._find_text_needle = None if self.text_needles is None else _finder(self.text_needles)
        self._scan = scan_pattern(self.names - {b"script"}, xml=xml)
        self.opening, self._whole_tag = tag_patterns(self.names, xml=xml)
        self._script_opening, _ = tag_patterns(frozenset({b"script"}), xml=xml)
        #: What may be the first script or event handler of a page, or a `meta` element with a policy for scripts.
        prefix = rf"(?:{grammar.XML_PREFIX}:)?" if xml else ""
        policy = r"(?= [^>]*? [pP][oO][lL][iI][cC][yY] )"
        handler = r"[a-zA-Z] [^<>]*? [\t\n\f\r\x20/\"'] [oO][nN][a-zA-Z]++ [\t\n\f\r\x20]*+ ="
        self.first = grammar.pattern(
            rf"<{prefix}(?: {grammar.name('script')} | {grammar.name('meta')} {policy} | {handler} )"
        )

    def candidate_spans(self, source: bytes, encoding: str, *, complete: bool) -> list[tuple[int, int]]:
        """Return the spans of the tags that must be parsed; an empty list for most pages without a vendor.

        These are the tags for which `may_match` is true, scripts whose text has a needle, every `base` if its URL can
        matter, and what may hide another tag.

        Args:
            source: bytes of a document, from a place where no tag is open.
            encoding: the encoding in which a browser reads them.
            complete: whether this is the whole document. A `base` then does not matter where no other tag matches.
        """
        tags: list[_Tag] = self._scan.findall(source)
        if not tags:
            return []
        # All tags of a kind are tested together, because most pages end here.
        scripts, texts, always, others = map(b"\0".join, zip(*tags, strict=True))
        matches = self._matching_tags(len(tags), scripts, always, others, encoding)
        if self._find_text_needle is not None:
            matches.add(texts, self._find_text_needle)
            if (decoded := decode_js_escapes(texts)) != texts:
                matches.add(decoded, self._find_text_needle)
            if self._may_have_foreign_script(source, tags, texts, complete=complete):
                matches.numbers.update(number for number, tag in enumerate(tags) if self._may_match_as_foreign(tag[1]))
        opens = False
        if self.opening.search(texts):
            if self._find_text_needle is not None:
                matches.numbers.update(number for number, tag in enumerate(tags) if _may_be_double_escaped(tag[1]))
            # This may not be a script to the parser; a real tag may then start inside its text.
            opens = self._text_has_candidate(texts, encoding) or any(
                self.opening.search(tags[number][1]) for number in matches.numbers
            )
        if matches.numbers or opens or not complete:
            matches.numbers.update(number for number, tag in enumerate(tags) if tag[2][:1] in {b"b", b"B"})
        if opens or self._xml or len(matches.numbers) > MAX_SEARCHES:
            return list(self._spans(source, matches.numbers, opens=opens))
        return _find_all(source, {tags[number] for number in matches.numbers})

    def _matching_tags(self, count: int, scripts: bytes, always: bytes, others: bytes, encoding: str) -> _Matches:
        """Return which tags must be parsed because of their own text, or because they may hide other tags.

        Args:
            count: the number of all tags.
            scripts: the tags of scripts, joined with NULs, as are the others.
            always: the tags of elements that are always normalized.
            others: all other tags.
            encoding: that of the document.
        """
        matches = _Matches(count)
        normalized = normalize_urls(scripts, encoding)
        matches.add(normalized, self._find_needle)
        matches.add(normalized, _finder(self._script_words))
        matches.add(scripts, _finder(b"<"))
        matches.add(normalize_urls(always, encoding), self._find_needle)
        matches.add(always, _finder(b"<"))
        matches.add(always.lower(), _finder(FRAME_DOCUMENT))
        if self._needs_normalizing(others):
            matches.add(normalize_urls(others, encoding), self._find_needle)
            matches.add(others, _finder(b"<"))
        return matches

    def _needs_normalizing(self, tags: bytes) -> bool:
        """Return whether these tags (no iframe, base or link; leading "<" removed) need to be normalized."""
        if URL_REFERENCE.search(tags):
            return True
        tags = tags.translate(None, b"\t\n\r")
        return bool(
            self.needles.search(tags)
            or ENCODED_HOST.search(tags)
            or SCHEME_WITHOUT_SLASHES.search(tags)
            or (b"\\" in tags and ENCODED_HOST_AFTER_BACKSLASH.search(tags))
            or b"<" in tags
        )

    def _may_have_foreign_script(self, source: bytes, tags: Sequence[_Tag], texts: bytes, *, complete: bool) -> bool:
        """Return whether a script may be in SVG or XML, where its text is markup and may be spelled as such."""
        has_markup = b"<!--" in texts or b"<![CDATA[" in texts or URL_REFERENCE.search(texts)
        if has_markup and (self._xml or not complete):
            return True
        has_tags = (
            has_markup
            or SPLIT_BY_TAG.search(texts)
            or self._script_opening.search(texts)
            or any(_ends_inside_tag(tag[1]) for tag in tags)
        )
        # Only this reads the whole document, so it is last and done once.
        svg = SVG_BEGIN.search(source) if has_tags else None
        return svg is not None and (bool(has_markup) or _has_svg_script(source, svg))

    def _may_match_as_foreign(self, text: bytes) -> bool:
        """Return whether the text of a script in SVG or XML has a needle, or may continue after the first end tag."""
        if self._script_opening.search(text):
            return True
        if _ends_inside_tag(text):
            return True
        if b"<!" in text:
            if text.rfind(b"<!--") > text.rfind(b"-->") or text.rfind(b"<![CDATA[") > text.rfind(b"]]>"):
                return True
            has_markup = SPLIT_BY_COMMENT.search(text) or URL_REFERENCE.search(text)
        else:
            has_markup = URL_REFERENCE.search(text) or SPLIT_BY_TAG.search(text)
        return has_markup is not None and self.script_text(foreign_text(text, xml=self._xml)) is not None

    def _text_has_candidate(self, texts: bytes, encoding: str) -> bool:
        """Return whether these texts contain a start tag to check, in case their `<script>` is not parsed as one."""
        tags = self._whole_tag.findall(texts)
        if not all(tag.endswith(b">") and b"<" not in tag[1:] and b"\0" not in tag for tag in tags):
            # The tag continues after the text, or hides another one.
            return True
        joined = b"\0".join(tags)
        normalized = normalize_urls(joined, encoding)
        return bool(
            self.needles.search(normalized)
            or FRAME_DOCUMENT.search(joined.lower())
            or self._script_words.search(normalized)
        )

    def _spans(self, source: bytes, numbers: Container[int], *, opens: bool) -> Iterator[tuple[int, int]]:
        """Yield the spans of the tags with these numbers and, if `opens`, of all tags inside the texts of scripts."""
        for number, found in enumerate(self._scan.finditer(source)):
            stop = found.end(1) if found.end(1) > 0 else found.end()
            if number in numbers:
                yield found.start(), stop
            if opens and self.opening.search(source, stop, found.end()):
                for nested in self.pattern.finditer(source, stop):
                    if nested.start() >= found.end():
                        break
                    yield nested.span()

    def is_candidate(self, name: bytes) -> bool:
        """Return whether start tags of this name can be candidates."""
        return name in self.names

    def script_text(self, text: bytes) -> bytes | None:
        """Return the text of a script, or None if it has no needle."""
        if self.text_needles is None or not (
            self.text_needles.search(text) or self.text_needles.search(decode_js_escapes(text))
        ):
            return None
        return text

    def may_match(self, raw: bytes, encoding: str) -> bool:
        """Return whether a tag contains a needle, a word that is looked for in scripts, or a document."""
        normalized = normalize_urls(raw, encoding)
        return bool(
            self.needles.search(normalized)
            or (IFRAME_BEGIN.match(raw) and FRAME_DOCUMENT.search(raw.lower()))
            or (SCRIPT_BEGIN.match(raw) and self._script_words.search(normalized))
        )


class _Matches:
    """The numbers of the parts that match, among `count` parts that are joined with NULs."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.numbers: set[int] = set()

    def add(self, joined: bytes, find: _Find) -> None:
        """Add the number of every part in which `find` finds something."""
        at = find(joined, 0)
        if at < 0:
            return
        if joined.count(b"\0") != self._count - 1:
            # A part contains a NUL itself, so the parts cannot be told apart.
            self.numbers.update(range(self._count))
            return
        number = begin = 0
        while at >= 0:
            number += joined.count(b"\0", begin, at)
            self.numbers.add(number)
            # One match is enough for a part: go on after it.
            begin = joined.find(b"\0", at)
            at = find(joined, begin + 1) if begin >= 0 else -1


def _finder(needle: bytes | re.Pattern[bytes]) -> _Find:
    """Return the function that finds `needle`."""
    if isinstance(needle, bytes):
        return lambda source, at: source.find(needle, at)
    return lambda source, at: found.start() if (found := needle.search(source, at)) else -1


def _find_all(source: bytes, tags: Iterable[_Tag]) -> list[tuple[int, int]]:
    """Return the spans of every occurrence of these tags in `source`, without the texts of scripts."""
    spans = []
    for script, text, always, other in tags:
        whole = b"<" + script + text + always + other
        at = source.find(whole)
        while at >= 0:
            spans.append((at, at + len(whole) - len(text)))
            at = source.find(whole, at + 1)
    return sorted(spans)


def _ends_inside_tag(text: bytes) -> bool:
    """Return whether a tag may be unfinished at the end of a script's text, so that the end tag may be part of it."""
    return text.rfind(b"<") > text.rfind(b">")


def _has_svg_script(source: bytes, svg: re.Match[bytes]) -> bool:
    """Return whether a script may be in SVG: whether one begins before the SVG ends.

    Args:
        source: the document.
        svg: the first SVG.
    """
    found: re.Match[bytes] | None = svg
    while found:
        end = SVG_END.search(source, found.end())
        at = end.end() if end else len(source)
        if HTML_SCRIPT_BEGIN.search(source, found.end(), at):
            return True
        if source.find(b"<!", found.end(), at) >= 0:
            # This end may be in a comment or a CDATA section, so the SVG may continue.
            return HTML_SCRIPT_BEGIN.search(source, at) is not None
        found = SVG_BEGIN.search(source, at)
    return False


def _may_be_double_escaped(text: bytes) -> bool:
    """Return whether a script may continue after the first end tag (13.2.5.27, "script data double escaped")."""
    after_comments = text.split(b"<!--")[1:]
    return any(b"<script" in part.partition(b"-->")[0].lower() for part in after_comments)


class Candidates:
    """The candidates in a piece of a document, in document order.

    A candidate need not be a tag: it may be in a comment or in a script. Its span ends where its attributes do, or
    where the piece does.

    Attributes:
        start: where the current candidate begins; the end of the piece if there are no more.
        stop: where it ends.
    """

    def __init__(self, prefilter: Prefilter, source: bytes, spans: Iterable[tuple[int, int]]) -> None:
        """Begin with the first candidate.

        Args:
            prefilter: decides which tags are candidates.
            source: the piece of the document.
            spans: the spans of the candidates, in order.
        """
        self._pattern = prefilter.pattern
        self._source = source
        self._spans = iter(spans)
        self._nested: list[tuple[int, int]] = []
        self.start, self.stop = next(self._spans, (len(source), len(source)))

    def advance(self, pos: int) -> int:
        """Return where the first candidate at or after `pos` begins, or the end of the piece."""
        while self.start < pos:
            if pos < self.stop:
                # This was not a tag to the tokenizer. Tags that begin inside it are candidates instead.
                nested = [match.span() for match in self._pattern.finditer(self._source, pos, self.stop)]
                self._nested += reversed(nested)
            end = len(self._source)
            self.start, self.stop = self._nested.pop() if self._nested else next(self._spans, (end, end))
        return self.start
