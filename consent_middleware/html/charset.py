"""Find out in which encoding a browser reads a document, and make the document readable as ASCII-compatible bytes.

Detection follows the encoding sniffing of the HTML standard (13.2.3.2), labels the Encoding standard
(https://encoding.spec.whatwg.org/). In nearly all encodings, markup is ASCII: such a document is read and written as
the bytes it is, valid or not. UTF-16 and ISO-2022-JP are read through a view (`AsciiView`), in which markup is ASCII,
and which is turned back into exactly the bytes it was made from.
"""

from __future__ import annotations

import codecs
import re
from typing import Final, Protocol

from . import grammar
from .iso2022jp import ISO2022JPView, decode_view

# How many bytes of a document a browser searches for a declaration (13.2.3.2, step 4).
PRESCAN_LENGTH: Final = 1024

# Encoding standard, 4.2: the encodings by their Python names, each with its labels. Python does not know "replacement".
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

# 13.2.3.2, step 3 of the prescan: "<?x" in UTF-16.
UTF16_DECLARATIONS: Final = {b"<\0?\0x\0": "utf-16-le", b"\0<\0?\0x": "utf-16-be"}
# A byte whose meaning depends on the encoding: ESC begins an escape sequence in ISO-2022-JP.
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


def encoding_for_label(label: str) -> str | None:
    """Return the encoding that has this label (Encoding standard 4.2, "get an encoding"), or None."""
    return LABELS.get(label.strip("\t\n\f\r ").lower())


def sniff_encoding(head: bytes, declared: str | None, *, complete: bool, xml: bool = False) -> str | None:
    """Return the encoding as a browser determines it: by byte order mark, Content-Type, then the document itself.

    Args:
        head: the document as far as it has arrived.
        declared: the charset parameter of its Content-Type.
        complete: whether `head` is the whole document.
        xml: whether it is parsed as XML.

    Returns:
        None if more bytes are needed; never for a head of `PRESCAN_LENGTH`.
    """
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return encoding
    if not complete and any(bom.startswith(head) for bom, _ in BOMS):
        return None
    if declared is not None and (known := encoding_for_label(declared)) is not None:
        return known
    for start, encoding in UTF16_DECLARATIONS.items():
        if head.startswith(start):
            return encoding
    found = _xml_encoding(head[:PRESCAN_LENGTH]) if xml else _meta_encoding(head[:PRESCAN_LENGTH])
    if found is not None or complete or len(head) >= PRESCAN_LENGTH:
        return found or ("utf-8" if xml else DEFAULT)
    return None


def is_certain(head: bytes, declared: str | None) -> bool:
    """Return whether the Content-Type or the first bytes of the document determine the encoding.

    Otherwise browsers differ: they look for a declaration in different places, and guess where they find none.
    """
    outside = declared is not None and encoding_for_label(declared) is not None
    return outside or head.startswith((*(bom for bom, _ in BOMS), *UTF16_DECLARATIONS))


# A browser may need PRESCAN_LENGTH bytes to determine the encoding. A visitor should not wait for all of them: earlier
# bytes can be rewritten and sent, as far as they mean the same in every encoding that the document may still have.
# These encodings are of three kinds:
#
# - UTF-8 and the other encodings that extend ASCII. They differ only from the first byte above 0x7F on, even those in
#   which a byte below 0x80 can be the second half of a character: the first half is above 0x7F.
# - ISO-2022-JP. It is ASCII up to the first escape sequence, which begins with ESC.
# - UTF-16. No `meta` element can declare it (13.2.3.2 reads such a declaration as UTF-8). The first bytes show it: a
#   byte order mark, which is above 0x7F, or an XML declaration with a zero byte next to each letter.
#
# So the prefix ends before the first ESC or byte above 0x7F. It is empty as long as the document may yet become an XML
# declaration in UTF-16.
#
# Example: of `<p>caf\xe9`, the 6 bytes `<p>caf` are common. The next byte is a whole character in windows-1252, and a
# part of one in UTF-8. Of `<` alone nothing is common, because `<\0?\0x\0` may follow.
def common_prefix(head: bytes) -> int:
    """Return the length of the prefix that is the same in every encoding still possible."""
    if any(start.startswith(head) for start in UTF16_DECLARATIONS):
        return 0
    found = ENCODING_DEPENDENT.search(head)
    return found.start() if found else len(head)


def _xml_encoding(head: bytes) -> str | None:
    """Return the encoding that an XML declaration names (XML 1.0, 4.3.3), or None."""
    found = XML_ENCODING.match(head)
    encoding = encoding_for_label((found[1] or found[2] or b"").decode("latin-1")) if found else None
    return "utf-8" if encoding and encoding.startswith("utf-16") else encoding


def _meta_encoding(head: bytes) -> str | None:
    """Return the encoding that a meta element names ("prescan a byte stream to determine its encoding"), or None."""
    for found in PRESCAN.finditer(head):
        # Skip an element that is cut off: its attributes are not complete.
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
        if label is not None and (encoding := encoding_for_label(label.decode("latin-1"))) is not None:
            return {"utf-16-le": "utf-8", "utf-16-be": "utf-8", "latin-1": DEFAULT}.get(encoding, encoding)
    return None


class AsciiView(Protocol):
    """Convert a document to bytes in which all markup is ASCII, and back without loss."""

    def read(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return the view of the next bytes of the document."""
        ...

    def write(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return the document's bytes for the next bytes of the view."""
        ...


def ascii_view(encoding: str) -> AsciiView | None:
    """Return a view for an encoding, or None for an encoding that needs none."""
    if encoding in {"utf-16-le", "utf-16-be"}:
        return UTF16View(encoding)
    return ISO2022JPView() if encoding == "iso-2022-jp" else None


class UTF16View:
    """A view of UTF-16 as UTF-8. Lone surrogates are kept, and so is an odd byte at the end."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._view_decoder = codecs.getincrementaldecoder("utf-8")("surrogatepass")
        self._encoding = encoding
        self._rest = b""

    def read(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return UTF-8 for UTF-16."""
        text = self._decoder.decode(chunk)
        if last:
            # The rest is an odd byte, or a high surrogate at the end.
            self._rest = self._decoder.getstate()[0]
            if len(self._rest) >= 2:
                text += self._rest[:2].decode(self._encoding, "surrogatepass")
                self._rest = self._rest[2:]
        return text.encode("utf-8", "surrogatepass")

    def write(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return UTF-16 for UTF-8."""
        out = self._view_decoder.decode(chunk, last).encode(self._encoding, "surrogatepass")
        return out + self._rest if last else out


def decode_text(raw: bytes, encoding: str) -> str:
    """Return the text of bytes of a document (in ISO-2022-JP, of its view) as a browser reads it."""
    return decode_view(raw) if encoding == "iso-2022-jp" else raw.decode(encoding, "replace")


def encode_text(text: str, encoding: str) -> bytes:
    """Return markup for this text in an encoding, with references for characters that the encoding does not have.

    A question mark for such a character would change a host in which a browser drops the character: a soft hyphen, say.
    """
    return text.encode("utf-8" if encoding == "iso-2022-jp" else encoding, "xmlcharrefreplace")
