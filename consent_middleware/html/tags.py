"""A start tag with its attributes, and the character references in their values.

Offsets in a tag count from its "<", so that an edit of an attribute is a span of the tag.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from . import grammar
from .charset import decode_text

_CHARACTER_REFERENCE: Final = re.compile(r"&(?:#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?|([a-zA-Z][a-zA-Z0-9]*;?))")
_LONGEST_ENTITY_NAME: Final = max(map(len, html.entities.html5))


class Attribute(NamedTuple):
    """Hold one attribute of a start tag.

    Spans are offsets into `StartTag.raw`. The span of the value does not include its quotes.
    """

    name: bytes
    value: bytes
    name_span: tuple[int, int]
    value_span: tuple[int, int]


class StartTag:
    """Hold one start tag as it is written in the document.

    Attributes:
        name: the ASCII-lowercased name; in XML the name as written.
        raw: the exact bytes from "<" to ">".
        base: the value of the first `<base href>` before this tag.
        svg: whether the tag is an SVG element, whose address is in `href` or `xlink:href`.
        nested: whether the tag is in the document of a `srcdoc`.
        certain: whether every browser reads a tag here.
        bare: whether some browsers may read the tag inside another tag's attribute. No quotation mark may then be
            added to it.
        unscripted: whether only a browser that runs no scripts reads the tag.
        xml: whether the document is XML.
        encoding: the encoding in which `charset.decode_text` reads the values.
        text: the normalized text of an inline script, if the watch asked for it and it may match; else None.
        script: the bytes of that text.
    """

    __slots__ = (
        *("_attributes", "_values", "bare", "base", "certain", "encoding", "name", "nested", "raw", "script", "svg"),
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
        self._values: dict[bytes, bytes] | None = None

    @property
    def attributes(self) -> Sequence[Attribute]:
        """All attributes in order, including duplicates; a browser uses the first of each name."""
        if self._attributes is None:
            self._attributes = tuple(self._read_attributes())
        return self._attributes

    def _read_attributes(self) -> list[Attribute]:
        """Return the attributes of the tag (13.2.5.32 to .40)."""
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
        """Whether an attribute is an event handler (HTML, section 8.1.8.1)."""
        return any(attribute.name.startswith(b"on") for attribute in self.attributes)

    def get(self, name: bytes) -> str | None:
        """Return the value that a browser uses for an attribute, with character references decoded.

        Args:
            name: the ASCII-lowercased name of the attribute.

        Returns:
            The value, or None if the tag has no such attribute.
        """
        if self._values is None:
            self._values = {attribute.name: attribute.value for attribute in reversed(self.attributes)}
        value = self._values.get(name)
        if value is None:
            return None
        # 13.2.5.36 and on: a NUL becomes U+FFFD.
        return decode_references(decode_text(value, self.encoding).replace("\0", "\ufffd"), xml=self.xml)

    @property
    def self_closing(self) -> bool:
        """Whether the tag ends in "/>" and the "/" is not part of an unquoted value (13.2.5.40)."""
        attributes = self.attributes
        ends = max(attributes[-1].value_span[1], attributes[-1].name_span[1]) if attributes else 0
        return self.raw.endswith(b"/>") and len(self.raw) - 2 >= ends


def decode_references(text: str, *, xml: bool = False, after: bytes = b"") -> str:
    """Decode the character references of an attribute value (13.2.5.72 to .80).

    In attributes, a named reference without a semicolon stays as it is if "=", a letter or a digit follows (13.2.5.73).
    `html.unescape` does not apply this rule.

    Args:
        text: the value.
        xml: whether to decode as XML does.
        after: the byte that follows `text` in the document.

    Returns:
        The decoded value.
    """
    if "&" not in text:
        return text
    if after == b"=":
        return _CHARACTER_REFERENCE.sub(_decode, text + "=")[:-1]
    return _CHARACTER_REFERENCE.sub(_decode_xml if xml else _decode, text)


def _decode(match: re.Match[str]) -> str:
    """Return the text of one reference as HTML decodes it."""
    if (name := match[3]) is None:
        return _character(int(match[1][-12:], 16) if match[1] else int(match[2][-12:]), match[1] or match[2])
    for end in range(min(len(name), _LONGEST_ENTITY_NAME), 1, -1):
        if (known := html.entities.html5.get(name[:end])) is not None:
            after = name[end:] or match.string[match.end() : match.end() + 1]
            if not name[:end].endswith(";") and (after[:1] == "=" or (after[:1].isascii() and after[:1].isalnum())):
                break
            return known + name[end:]
    return match[0]


def _decode_xml(match: re.Match[str]) -> str:
    """Return the text of one reference as XML decodes it.

    XML knows numbers, and in XHTML also the names of HTML.
    """
    if (name := match[3]) is None:
        return _character(int(match[1][-12:], 16) if match[1] else int(match[2][-12:]), match[1] or match[2])
    return html.entities.html5.get(name, match[0]) if name.endswith(";") else match[0]


def _character(number: int, digits: str) -> str:
    """Return the character of a numeric reference (13.2.5.80)."""
    if number == 0 or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF or len(digits.lstrip("0")) > 8:
        return "\ufffd"
    if 0x80 <= number <= 0x9F:
        return bytes([number]).decode("cp1252", "ignore") or chr(number)
    return chr(number)
