"""Which character encoding a browser reads a document in, and how a reader of bytes can read it too.

Knows the encoding sniffing of the HTML standard (13.2.3.2), the labels of the Encoding standard
(https://encoding.spec.whatwg.org/) and the two families of encodings whose bytes do not agree with ASCII. Knows
nothing about tokens, edits or what is looked for.

The rule: a document in an encoding that agrees with ASCII is read and written as the bytes it is, valid or not.
UTF-16 and ISO-2022-JP are read through a *view*, in which every byte of markup is its ASCII byte, and which turns back
into exactly the bytes that it was made of.
"""

from __future__ import annotations

import codecs
import re
from functools import cache
from typing import Final, Protocol

from . import grammar

SNIFFED: Final = 1024
"""How many bytes of a document a browser searches for a declaration (13.2.3.2, step 4)."""

# Encoding standard, 4.2: the encoding as Python calls it (or the marker of a view), and its labels.
_LABELS: Final = """
utf-8: unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8
cp866: 866 cp866 csibm866 ibm866
iso8859-2: csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2
iso8859-3: csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3
iso8859-4: csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4
iso8859-5: csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988
iso8859-6: arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i
iso8859-6: iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987
iso8859-7: csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7
iso8859-7: iso_8859-7:1987 sun_eu_greek
iso8859-8: csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8
iso8859-8: iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical
iso8859-10: csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6
iso8859-13: iso-8859-13 iso8859-13 iso885913
iso8859-14: iso-8859-14 iso8859-14 iso885914
iso8859-15: csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9
iso8859-16: iso-8859-16
koi8-r: cskoi8r koi koi8 koi8-r koi8_r
koi8-u: koi8-ru koi8-u
mac-roman: csmacintosh mac macintosh x-mac-roman
cp874: dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874
cp1250: cp1250 windows-1250 x-cp1250
cp1251: cp1251 windows-1251 x-cp1251
cp1252: ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1
cp1252: iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252
cp1253: cp1253 windows-1253 x-cp1253
cp1254: cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254
cp1254: x-cp1254
cp1255: cp1255 windows-1255 x-cp1255
cp1256: cp1256 windows-1256 x-cp1256
cp1257: cp1257 windows-1257 x-cp1257
cp1258: cp1258 windows-1258 x-cp1258
mac-cyrillic: x-mac-cyrillic x-mac-ukrainian
gb18030: chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030
big5hkscs: big5 big5-hkscs cn-big5 csbig5 x-x-big5
euc-jp: cseucpkdfmtjapanese euc-jp x-euc-jp
iso-2022-jp: csiso2022jp iso-2022-jp
cp932: csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis
cp949: cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949
replacement: csiso2022kr hz-gb-2312 iso-2022-cn iso-2022-cn-ext iso-2022-kr replacement
utf-16-be: unicodefffe utf-16be
utf-16-le: csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le
latin-1: x-user-defined
"""
LABELS: Final = {
    label: encoding
    for encoding, _, labels in (line.partition(": ") for line in _LABELS.split("\n") if line)
    for label in labels.split()
}
DEFAULT: Final = "cp1252"

BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF16_LE, "utf-16-le"))

# 13.2.3.2, step 3 of the prescan: "<?x" in two bytes each.
UTF16_DECLARATIONS: Final = {b"<\0?\0x\0": "utf-16-le", b"\0<\0?\0x": "utf-16-be"}
ENCODING_DEPENDENT: Final = re.compile(rb"[\x1b\x80-\xff]")

PRESCAN: Final = grammar.pattern(
    rf"""
    {grammar.COMMENT}
    | < ([mM][eE][tT][aA]) (?= {grammar.SPACE} | / ) ({grammar.ATTRIBUTES})
    | < /? {grammar.TAG_NAME} {grammar.ATTRIBUTES}
    | < [!/?] [^>]*+
    """
)
META_CHARSET: Final = re.compile(
    rb"[cC][hH][aA][rR][sS][eE][tT][\t\n\f\r ]*=[\t\n\f\r ]*(?:\"([^\"]*)\"|'([^']*)'|([^\t\n\f\r ;\"']+))"
)
XML_ENCODING: Final = re.compile(rb"""<\?xml[^>]*?[\t\n\r ]encoding[\t\n\r ]*=[\t\n\r ]*(?:"([^">]*)"|'([^'>]*)')""")


def encoding_of(label: str) -> str | None:
    """Give the encoding of a label (Encoding standard 4.2, "get an encoding"), or None when there is none."""
    return LABELS.get(label.strip("\t\n\f\r ").lower())


def sniff(head: bytes, declared: str | None, *, complete: bool, xml: bool = False) -> str | None:
    """Determine the encoding as a browser does: byte order mark, then Content-Type, then the document's own words.

    ``head`` is the document so far, ``declared`` the charset parameter of its Content-Type, ``complete`` says that
    there is no more. None means that more bytes are needed, at most SNIFFED of them.
    """
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return encoding
    if not complete and any(bom.startswith(head) for bom, _ in BOMS):
        return None
    if declared is not None and (known := encoding_of(declared)) is not None:
        return known
    for start, encoding in UTF16_DECLARATIONS.items():
        if head.startswith(start):
            return encoding
    found = _xml_declaration(head[:SNIFFED]) if xml else _meta(head[:SNIFFED])
    if found is not None or complete or len(head) >= SNIFFED:
        return found or ("utf-8" if xml else DEFAULT)
    return None


def is_certain(head: bytes, declared: str | None) -> bool:
    """Say whether a browser knows the encoding from the outside, or by the document's first bytes.

    What a document says of itself browsers look for in different places, and where they find nothing they guess.
    """
    outside = declared is not None and encoding_of(declared) is not None
    return outside or head.startswith((*(bom for bom, _ in BOMS), *UTF16_DECLARATIONS))


def common_prefix(head: bytes) -> int:
    """Give how many bytes at the start of a document read alike in every encoding that it may still turn out to be in.

    In the encodings that only the document itself can declare, bytes up to 0x7F are ASCII as long as no escape sequence
    has come; the others show in the first bytes, as a byte order mark or as the zeros of an XML declaration.
    """
    if any(start.startswith(head) for start in UTF16_DECLARATIONS):
        return 0
    found = ENCODING_DEPENDENT.search(head)
    return found.start() if found else len(head)


def _xml_declaration(head: bytes) -> str | None:
    """Read the encoding from an XML declaration (XML 1.0, 4.3.3)."""
    found = XML_ENCODING.match(head)
    encoding = encoding_of((found[1] or found[2] or b"").decode("latin-1")) if found else None
    return "utf-8" if encoding and encoding.startswith("utf-16") else encoding


def _meta(head: bytes) -> str | None:
    """Read the encoding from a meta element ("prescan a byte stream to determine its encoding")."""
    for found in PRESCAN.finditer(head):
        # An element that the sniffed bytes cut off says nothing yet.
        if not found[1] or found.end() == len(head):
            continue
        values: dict[bytes, bytes] = {}
        for attribute in grammar.ATTRIBUTE.finditer(found[2]):
            value = next((group for group in attribute.groups()[1:] if group is not None), b"")
            values.setdefault(attribute[1].lower(), value)
        label = values.get(b"charset")
        if label is None and values.get(b"http-equiv", b"").lower() == b"content-type":
            inside = META_CHARSET.search(values.get(b"content", b""))
            label = next((group for group in inside.groups() if group is not None), None) if inside else None
        if label is not None and (encoding := encoding_of(label.decode("latin-1"))) is not None:
            return {"utf-16-le": "utf-8", "utf-16-be": "utf-8", "latin-1": DEFAULT}.get(encoding, encoding)
    return None


class AsciiView(Protocol):
    """A document's bytes as bytes that agree with ASCII, and back; nothing is lost either way."""

    def read(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Give the view of the next bytes of the document."""
        ...

    def write(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Give the document's bytes for the next bytes of the view."""
        ...


def ascii_view(encoding: str) -> AsciiView | None:
    """Give the view that an encoding needs, or None where its bytes agree with ASCII."""
    if encoding in {"utf-16-le", "utf-16-be"}:
        return UTF16View(encoding)
    return ISO2022JPView() if encoding == "iso-2022-jp" else None


class UTF16View:
    """UTF-16 seen as UTF-8. Lone surrogates pass as they are; a last odd byte is kept aside and put back."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._encoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
        self._encoding = encoding
        self._rest = b""

    def read(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Give UTF-8 for UTF-16."""
        text = self._decoder.decode(chunk)
        if last:
            # What is left is an odd byte, or a high surrogate that nothing follows.
            self._rest = self._decoder.getstate()[0]
            if len(self._rest) >= 2:
                text += self._rest[:2].decode(self._encoding, "surrogatepass")
                self._rest = self._rest[2:]
        return text.encode("utf-8", "surrogatepass")

    def write(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Give UTF-16 for UTF-8."""
        out = self._encoder.decode(chunk, last).encode(self._encoding, "surrogatepass")
        return out + self._rest if last else out


@cache
def _byte_map() -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """Give the view of each byte that is no ASCII character where it stands, and the way back."""
    there = {bytes([byte]): chr(0xE000 + byte).encode("utf-8") for byte in range(256)}
    return there, {seen: byte for byte, seen in there.items()}


class ISO2022JPView:
    """ISO-2022-JP seen byte for byte (Encoding standard 12.2): what is not in ASCII becomes private-use characters.

    So a "<" that is half of a kanji is never markup, and each byte finds its way back, valid or not.
    """

    _ESCAPE: Final = re.compile(rb"\x1b(?:\([BJI]|\$[@B])")
    _RUN: Final = re.compile(rb"[^\x1b\x80-\xff]+")
    _SEEN: Final = re.compile(rb"\xee[\x80-\x83][\x80-\xbf]")
    _BEGUN: Final = re.compile(rb"\xee[\x80-\x83]?\Z")

    def __init__(self) -> None:
        self._ascii = True
        self._wait = b""
        self._begun = b""

    def read(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Give the view; an escape sequence that the chunk cuts waits for its rest."""
        there, _ = _byte_map()
        source, at, out = self._wait + chunk, 0, []
        self._wait = b""
        while at < len(source):
            if found := self._ESCAPE.match(source, at):
                self._ascii = found[0] in {b"\x1b(B", b"\x1b(J"}
                out += [there[bytes([byte])] for byte in found[0]]
                at = found.end()
            elif source[at] == 0x1B and len(source) - at < 3 and not last:
                self._wait = source[at:]
                break
            elif self._ascii and (found := self._RUN.match(source, at)):
                out.append(found[0])
                at = found.end()
            else:
                out.append(there[source[at : at + 1]])
                at += 1
        return b"".join(out)

    def write(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return the document's bytes. Bytes of an edit that are not ASCII must be character references.

        A character that the chunk cuts waits for its rest.
        """
        _, back = _byte_map()
        chunk = self._begun + chunk
        self._begun = b""
        if not last and (begun := self._BEGUN.search(chunk)):
            self._begun = begun[0]
            chunk = chunk[: begun.start()]
        return self._SEEN.sub(lambda found: back[found[0]], chunk)


_JIS_PARTS: Final = re.compile(rb"\x1b(\([BJI]|\$[@B])|((?:(?!\x1b(?:\([BJI]|\$[@B]))(?s:.))+)")


def decode_text(raw: bytes, encoding: str) -> str:
    """Return what bytes of a document say, as a browser reads them; those of ISO-2022-JP are given as its view."""
    if encoding != "iso-2022-jp":
        return raw.decode(encoding, "replace")
    text, state = [], b"(B"
    for found in _JIS_PARTS.finditer(ISO2022JPView().write(raw, last=True)):
        if found[1]:
            state = found[1]
        elif state == b"(I":
            text += [chr(0xFF40 + byte) if 0x20 < byte < 0x60 else "\ufffd" for byte in found[2]]
        elif state in {b"$@", b"$B"}:
            text.append(_shifted(found[2]).decode("cp932", "replace"))
        else:
            # Not ASCII is here only what a reference in an outer document stood for.
            text.append(found[2].decode("utf-8", "replace"))
    return "".join(text)


def encode_text(text: str, encoding: str) -> bytes:
    """Return bytes of markup that say this text: `decode_text` reads it in them, or a reference to what is not encoded.

    A question mark in its place would make another host of ``hs&shy;-scripts.com``.
    """
    return text.encode("utf-8" if encoding == "iso-2022-jp" else encoding, "xmlcharrefreplace")


def _shifted(pairs: bytes) -> bytes:
    """Return Shift_JIS for pairs of bytes of JIS X 0208, whose table there has the rows that vendors added."""
    out = bytearray()
    for row, cell in zip(pairs[::2], pairs[1::2], strict=False):
        if not (0x20 < row < 0x7F and 0x20 < cell < 0x7F):
            out += b"?"
            continue
        lead = ((row - 0x21) >> 1) + 0x81
        out.append(lead if lead < 0xA0 else lead + 0x40)
        out.append(cell + 0x7E if row % 2 == 0 else cell + (0x1F if cell < 0x60 else 0x20))
    return bytes(out)
