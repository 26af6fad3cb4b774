"""Which responses a browser shows as a page: what their `Content-Type` says, and what their first bytes look like.

Knows: the MIME Sniffing standard (https://mimesniff.spec.whatwg.org/), how Fetch takes a type from a head
(https://fetch.spec.whatwg.org/#concept-header-extract-mime-type), and where browsers read it in another way.
Must not know: consent, vendors, what a page is made of.

Of two readings that browsers have of one head, the one that takes it for a page counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

HTML: Final = b"text/html"
XHTML: Final = b"application/xhtml+xml"

#: Fetch, section 2.2: HTTP tab or space, and HTTP whitespace.
_OWS: Final = b"\t "
_SPACE: Final = b"\t\n\r "
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_QUOTABLE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
#: Fetch, section 2.2.2, "get, decode, and split": commas within quotation marks part nothing.
_MEMBER: Final = re.compile(rb'(?:[^",]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z))*+', re.DOTALL)
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*+)(?:"|(\\?)\Z)', re.DOTALL)

#: MIME Sniffing, section 7, step 1: types that say nothing.
_UNKNOWN: Final = frozenset({b"unknown/unknown", b"application/unknown", b"*/*"})

#: MIME Sniffing, section 5.2: how many bytes of a body a browser looks at.
SNIFFED: Final = 1445
#: White space as browsers skip it, behind a byte order mark, and what markup begins with. The tables of the standard
#: and of browsers differ in the names of elements, so any name counts.
_SPACE_BEFORE: Final = re.compile(rb"(?:\xef\xbb\xbf)?[\t\n\x0b\f\r ]*+")
_MARKUP: Final = re.compile(rb"<[A-Za-z!/?]")
_XML: Final = b"<?xml"
#: What JSON begins with (RFC 8259), if it can hold markup, and the usual guard before it.
_GUARD: Final = b")]}'"
_DATA: Final = re.compile(rb"[{\[\"]|" + re.escape(_GUARD))


@dataclass(frozen=True, slots=True)
class MediaType:
    """A parsed media type: `essence` and the parameters' names are in lower case, values are as they are."""

    essence: bytes
    parameters: Mapping[bytes, bytes] = field(default_factory=dict)

    @property
    def is_xml(self) -> bool:
        """Whether it is an XML MIME type (MIME Sniffing, section 4.6)."""
        return self.essence in {b"text/xml", b"application/xml"} or self.essence.endswith(b"+xml")


class PageType(NamedTuple):
    """How a response is read as a page.

    `essence` is `HTML`, or `XHTML` for everything that a browser parses as XML. `charset` is what the head says of the
    encoding. With `sniffs` only the body's beginning tells whether it is a page; then the essence is that of a page in
    HTML. With `shown` it is one only where the browser shows it as a document of its own. With `fetched` a script has
    asked for it, and takes it for data where it begins like JSON.
    """

    essence: bytes
    charset: str | None = None
    sniffs: bool = False
    shown: bool = False
    fetched: bool = False


def split(values: Sequence[bytes]) -> list[bytes]:
    """Return the members of a field of these lines (Fetch, "get, decode, and split")."""
    joined = b", ".join(values)
    found, at = [], 0
    while True:
        end = _MEMBER.match(joined, at).end()  # type: ignore[union-attr]
        found.append(joined[at:end].strip(_OWS))
        if end == len(joined):
            return found
        at = end + 1


def parse(text: bytes) -> MediaType | None:
    """Return a media type (MIME Sniffing, section 4.4, "parse a MIME type"), or None where the text is none."""
    kind, slash, rest = text.strip(_SPACE).partition(b"/")
    subtype, _, _ = rest.partition(b";")
    subtype = subtype.rstrip(_SPACE)
    if not (slash and _TOKEN.fullmatch(kind) and _TOKEN.fullmatch(subtype)):
        return None
    parameters: dict[bytes, bytes] = {}
    at = rest.find(b";")
    while 0 <= at < len(rest):
        name, value, at = _parameter(rest, at + 1)
        if value is not None and _TOKEN.fullmatch(name) and _QUOTABLE.fullmatch(value):
            parameters.setdefault(name.lower(), value)
    return MediaType((kind + b"/" + subtype).lower(), parameters)


def _parameter(text: bytes, at: int) -> tuple[bytes, bytes | None, int]:
    """Return the parameter that begins here, its value if it has one, and where the next semicolon stands, or -1."""
    stop = text.find(b";", at)
    end = stop if stop >= 0 else len(text)
    equals = text.find(b"=", at, end)
    if equals < 0:
        return b"", None, stop
    name = text[at:equals].lstrip(_SPACE)
    quoted = _QUOTED.match(text, equals + 1)
    if quoted:
        # A backslash that ends the text stands for itself.
        return name, _ESCAPED.sub(rb"\1", quoted[1]) + (quoted[2] or b""), text.find(b";", quoted.end())
    return name, text[equals + 1 : end].rstrip(_SPACE) or None, stop


def extract(values: Sequence[bytes]) -> MediaType | None:
    """Return the type that a head's `Content-Type` lines name (Fetch, "extract a MIME type"); None where it is none."""
    found: MediaType | None = None
    charset = None
    for member in split(values):
        named = parse(member)
        if named is None or named.essence == b"*/*":
            continue
        if found is None or named.essence != found.essence:
            charset = named.parameters.get(b"charset")
        elif b"charset" not in named.parameters and charset is not None:
            named = MediaType(named.essence, {**named.parameters, b"charset": charset})
        found = named
    return found


def _loosely(member: bytes) -> bytes:
    """Return the type as browsers read it that end it at white space or a remark; some take the first of a list."""
    return re.split(rb"[\t\n\r (;,]", member.strip(_SPACE), maxsplit=1)[0].strip(b"\xa0").lower()


@lru_cache(64)  # a site has few different heads
def page_type(values: tuple[bytes, ...], *, nosniff: bool = False) -> PageType | None:
    """Return how a browser reads a response with these `Content-Type` lines as a page; None where it shows none.

    The standards' reading comes first, then what Chromium and WebKit make of lines that the standards refuse, or take
    for something else.
    """
    named = extract(values)
    if named is not None and named.essence == HTML:
        return PageType(HTML, _charset(named))
    loose = [_loosely(member) for line in values for member in (line, *split([line]))]
    if HTML in loose:
        # Of a list, the standard takes the last type, which is another one here; or the only one is misspelt.
        return PageType(HTML, sniffs=named is not None)
    if named is not None and named.is_xml:
        return PageType(XHTML, _charset(named), shown=named.essence != XHTML)
    if XHTML in loose:
        return PageType(XHTML, sniffs=named is not None)
    if (named is None or named.essence in _UNKNOWN) and not nosniff:
        return PageType(HTML, sniffs=True)
    return None


def _charset(named: MediaType) -> str | None:
    charset = named.parameters.get(b"charset")
    return None if charset is None else charset.decode("latin-1")


def forbids_sniffing(values: Sequence[bytes]) -> bool:
    """Return whether these lines of `X-Content-Type-Options` forbid it (Fetch, section 3.6, "determine nosniff")."""
    return bool(values) and split(values)[0].lower() == b"nosniff"


def is_attachment(values: Sequence[bytes]) -> bool:
    """Return whether these lines of `Content-Disposition` make every browser store the response and show nothing."""
    return len(values) == 1 and values[0].partition(b";")[0].strip(_OWS).lower() == b"attachment"


def sniff_data(head: bytes, essence: bytes, *, complete: bool) -> bytes | None:
    """Return b"" where the first bytes of what a script has asked for are those of JSON, else `essence`.

    Apps often leave JSON its framework's type, which is that of a page; it may begin with what keeps other sites from
    running it. None: more bytes are needed. `complete` says that there are none.
    """
    head = head[:SNIFFED]
    rest = head[_SPACE_BEFORE.match(head).end() :]  # type: ignore[union-attr]
    more = not complete and len(head) < SNIFFED
    if more and (_GUARD.startswith(rest) or b"\xef\xbb\xbf".startswith(head)):
        return None
    return b"" if _DATA.match(rest) else essence


def sniff(head: bytes, *, complete: bool) -> bytes | None:
    """Return what the first bytes of a body without a type look like: `HTML`, `XHTML`, or b"" for no page.

    None: more bytes are needed. `complete` says that there are none.
    """
    head = head[:SNIFFED]
    rest = head[_SPACE_BEFORE.match(head).end() :]  # type: ignore[union-attr]
    more = not complete and len(head) < SNIFFED
    if more and (not rest or _XML.startswith(rest) or b"\xef\xbb\xbf".startswith(head)):
        return None
    if rest.startswith(_XML):
        return XHTML
    return HTML if _MARKUP.match(rest) else b""
