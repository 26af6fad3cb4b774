"""Which responses a browser shows as a page: by the `Content-Type`, or by the first bytes of the body.

Follows the MIME Sniffing standard (https://mimesniff.spec.whatwg.org/), and Fetch for how a type is taken from a head
(https://fetch.spec.whatwg.org/#concept-header-extract-mime-type). Where browsers differ from the standards or from each
other, a response counts as a page if one of them shows it as a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from .headers import OWS

HTML: Final = b"text/html"
XHTML: Final = b"application/xhtml+xml"

#: Fetch, section 2.2: HTTP whitespace.
_HTTP_WHITESPACE: Final = b"\t\n\r "

#: MIME Sniffing, section 3: HTTP token code points, and HTTP quoted-string token code points.
_HTTP_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_QUOTABLE: Final = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")

#: Fetch, section 2.2.2, "get, decode, and split": a comma within quotation marks belongs to its member.
_FIELD_MEMBER: Final = re.compile(
    rb"""
    (?: [^",]
      | " (?: [^"\\] | \\. )*+ (?: " | \\?\Z )    # a quoted string, with its end or to the end of the field
    )*+
    """,
    re.DOTALL | re.VERBOSE,
)

#: Fetch, section 2.2, "collect an HTTP quoted string": its content, and a backslash that ends the field.
_HTTP_QUOTED_STRING: Final = re.compile(
    rb"""
    " ( (?: [^"\\] | \\. )*+ )
    (?: " | (\\?)\Z )
    """,
    re.DOTALL | re.VERBOSE,
)
_BACKSLASH_PAIR: Final = re.compile(rb"\\(.)", re.DOTALL)

#: MIME Sniffing, section 7, step 1: types that say nothing.
_UNKNOWN: Final = frozenset({b"unknown/unknown", b"application/unknown", b"*/*"})

#: MIME Sniffing, section 5.2: how many bytes of a body a browser looks at.
SNIFF_LENGTH: Final = 1445

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

#: White space that browsers skip, after a byte order mark.
_LEADING_SPACE: Final = re.compile(rb"(?:\xef\xbb\xbf)?[\t\n\x0b\f\r ]*+")

#: The beginning of markup. The standard and browsers have different tables of element names here, so any name counts.
_MARKUP_START: Final = re.compile(rb"<[A-Za-z!/?]")
_XML_DECLARATION: Final = b"<?xml"

#: The usual bytes in front of JSON that keep other sites from running it as a script.
_JSON_GUARD: Final = b")]}'"

#: The beginning of JSON that could contain markup (RFC 8259).
_JSON: Final = re.compile(rb"[{\[\"]|" + re.escape(_JSON_GUARD))


@dataclass(frozen=True, slots=True)
class MediaType:
    """A parsed media type.

    Attributes:
        essence: type and subtype, in lower case.
        parameters: names in lower case, and values as they are written.
    """

    essence: bytes
    parameters: Mapping[bytes, bytes] = field(default_factory=dict)

    @property
    def is_xml(self) -> bool:
        """Whether it is an XML MIME type (MIME Sniffing, section 4.6)."""
        return self.essence in {b"text/xml", b"application/xml"} or self.essence.endswith(b"+xml")


class PageType(NamedTuple):
    """How a browser reads a response as a page.

    Attributes:
        essence: `HTML`, or `XHTML` for everything that a browser parses as XML.
        charset: the encoding that the head names.
        sniffs: whether the first bytes of the body decide whether it is a page. Then `essence` is that of a page in
            HTML.
        shown: whether it is a page only where the browser shows it as a document of its own.
        fetched: whether a script has requested it, and reads it as data if it begins like JSON.
    """

    essence: bytes
    charset: str | None = None
    sniffs: bool = False
    shown: bool = False
    fetched: bool = False


def split_field(values: Sequence[bytes]) -> list[bytes]:
    """Return the members of a field with these lines (Fetch, section 2.2.2, "get, decode, and split")."""
    joined = b", ".join(values)
    found, at = [], 0
    while True:
        end = _FIELD_MEMBER.match(joined, at).end()  # type: ignore[union-attr]
        found.append(joined[at:end].strip(OWS))
        if end == len(joined):
            return found
        at = end + 1


def parse_media_type(text: bytes) -> MediaType | None:
    """Return a media type, or None if the text is not one (MIME Sniffing, section 4.4, "parse a MIME type")."""
    kind, slash, rest = text.strip(_HTTP_WHITESPACE).partition(b"/")
    subtype, _, _ = rest.partition(b";")
    subtype = subtype.rstrip(_HTTP_WHITESPACE)
    if not (slash and _HTTP_TOKEN.fullmatch(kind) and _HTTP_TOKEN.fullmatch(subtype)):
        return None
    parameters: dict[bytes, bytes] = {}
    at = rest.find(b";")
    while 0 <= at < len(rest):
        name, value, at = _parse_parameter(rest, at + 1)
        if value is not None and _HTTP_TOKEN.fullmatch(name) and _QUOTABLE.fullmatch(value):
            parameters.setdefault(name.lower(), value)
    return MediaType((kind + b"/" + subtype).lower(), parameters)


def _parse_parameter(text: bytes, at: int) -> tuple[bytes, bytes | None, int]:
    """Return the parameter that begins at `at`, its value or None, and the position of the next semicolon or -1."""
    stop = text.find(b";", at)
    end = stop if stop >= 0 else len(text)
    equals = text.find(b"=", at, end)
    if equals < 0:
        return b"", None, stop
    name = text[at:equals].lstrip(_HTTP_WHITESPACE)
    quoted = _HTTP_QUOTED_STRING.match(text, equals + 1)
    if quoted:
        # A backslash at the very end stands for itself.
        value = _BACKSLASH_PAIR.sub(rb"\1", quoted[1]) + (quoted[2] or b"")
        return name, value, text.find(b";", quoted.end())
    return name, text[equals + 1 : end].rstrip(_HTTP_WHITESPACE) or None, stop


def extract_media_type(values: Sequence[bytes]) -> MediaType | None:
    """Return the type that these `Content-Type` lines name, or None (Fetch, section 2.2.2, "extract a MIME type")."""
    found: MediaType | None = None
    charset = None
    for member in split_field(values):
        named = parse_media_type(member)
        if named is None or named.essence == b"*/*":
            continue
        if found is None or named.essence != found.essence:
            charset = named.parameters.get(b"charset")
        elif b"charset" not in named.parameters and charset is not None:
            named = MediaType(named.essence, {**named.parameters, b"charset": charset})
        found = named
    return found


def _loose_essence(member: bytes) -> bytes:
    """Return the essence as lenient browsers read it: it ends at white space, at a remark or at the first separator."""
    return re.split(rb"[\t\n\r (;,]", member.strip(_HTTP_WHITESPACE), maxsplit=1)[0].strip(b"\xa0").lower()


@lru_cache(64)  # a site has few different heads
def page_type(values: tuple[bytes, ...], *, nosniff: bool = False) -> PageType | None:
    """Return how a browser reads a response as a page, or None if no browser shows a page.

    The reading of the standards comes first, then the one of Chromium and WebKit for lines that the standards refuse or
    read as another type.

    Args:
        values: the lines of `Content-Type`.
        nosniff: whether `X-Content-Type-Options` forbids sniffing.
    """
    named = extract_media_type(values)
    if named is not None and named.essence == HTML:
        return PageType(HTML, _charset(named))
    loose = [_loose_essence(member) for line in values for member in (line, *split_field([line]))]
    if HTML in loose:
        # The standard takes another type, the last of a list, or finds none because the only one is misspelled.
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
    """Return whether these lines of `X-Content-Type-Options` forbid sniffing (Fetch, section 3.6)."""
    return bool(values) and split_field(values)[0].lower() == b"nosniff"


def is_attachment(values: Sequence[bytes]) -> bool:
    """Return whether these lines of `Content-Disposition` make every browser save the response unseen."""
    return len(values) == 1 and values[0].partition(b";")[0].strip(OWS).lower() == b"attachment"


def sniff_data(head: bytes, essence: bytes, *, complete: bool) -> bytes | None:
    """Return b"" if a body that a script has requested begins like JSON, else `essence`.

    Apps often leave JSON the default type of their framework, which is that of a page.

    Args:
        head: the first bytes of the body.
        essence: the type that the head names.
        complete: whether `head` is the whole body.

    Returns:
        None if more bytes are needed.
    """
    head = head[:SNIFF_LENGTH]
    rest = head[_LEADING_SPACE.match(head).end() :]  # type: ignore[union-attr]
    may_grow = not complete and len(head) < SNIFF_LENGTH
    if may_grow and (_JSON_GUARD.startswith(rest) or _BYTE_ORDER_MARK.startswith(head)):
        return None
    return b"" if _JSON.match(rest) else essence


def sniff(head: bytes, *, complete: bool) -> bytes | None:
    """Return what a body without a type begins like: `HTML`, `XHTML`, or b"" for anything but a page.

    Args:
        head: the first bytes of the body.
        complete: whether `head` is the whole body.

    Returns:
        None if more bytes are needed.
    """
    head = head[:SNIFF_LENGTH]
    rest = head[_LEADING_SPACE.match(head).end() :]  # type: ignore[union-attr]
    may_grow = not complete and len(head) < SNIFF_LENGTH
    if may_grow and (not rest or _XML_DECLARATION.startswith(rest) or _BYTE_ORDER_MARK.startswith(head)):
        return None
    if rest.startswith(_XML_DECLARATION):
        return XHTML
    return HTML if _MARKUP_START.match(rest) else b""
