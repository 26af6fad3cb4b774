"""ISO-2022-JP, the one encoding of the web in which a byte below 0x80 need not be an ASCII character.

Escape sequences switch between ASCII and Japanese character sets, in which two bytes below 0x80 are one character
(Encoding standard, 12.2: https://encoding.spec.whatwg.org/#iso-2022-jp).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

#: An escape sequence; its group is the state to which it switches.
ESCAPE: Final = re.compile(rb"\x1b(\([BJI]|\$[@B])")
#: The states in which text is ASCII, and those in which two bytes are one character.
ASCII_STATES: Final = frozenset({b"(B", b"(J"})
TWO_BYTE_STATES: Final = frozenset({b"$@", b"$B"})
KATAKANA_STATE: Final = b"(I"
INITIAL_STATE: Final = b"(B"

_PARTS: Final = re.compile(rb"\x1b(\([BJI]|\$[@B])|((?:(?!\x1b(?:\([BJI]|\$[@B]))(?s:.))+)")


@cache
def _byte_map() -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """Return the private-use character for each byte that is not part of ASCII text, and the reverse."""
    to_view = {bytes([byte]): chr(0xE000 + byte).encode("utf-8") for byte in range(256)}
    return to_view, {character: byte for byte, character in to_view.items()}


class ISO2022JPView:
    """A view of ISO-2022-JP (see `charset.AsciiView`) in which every byte that is not ASCII is a private-use character.

    So a "<" that is half of a kanji is never taken for markup, and every byte can be restored, valid or not.
    """

    _ASCII_RUN: Final = re.compile(rb"[^\x1b\x80-\xff]+")
    _CHARACTER: Final = re.compile(rb"\xee[\x80-\x83][\x80-\xbf]")
    _PARTIAL_CHARACTER: Final = re.compile(rb"\xee[\x80-\x83]?\Z")

    def __init__(self) -> None:
        self._is_ascii = True
        self._partial_escape = b""
        self._partial_character = b""

    def read(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return the view of the next bytes. An escape sequence that the chunk cuts is kept for the next call."""
        to_view, _ = _byte_map()
        source, at, out = self._partial_escape + chunk, 0, []
        self._partial_escape = b""
        while at < len(source):
            if found := ESCAPE.match(source, at):
                self._is_ascii = found[1] in ASCII_STATES
                out += [to_view[bytes([byte])] for byte in found[0]]
                at = found.end()
            elif source[at] == 0x1B and len(source) - at < 3 and not last:
                self._partial_escape = source[at:]
                break
            elif self._is_ascii and (found := self._ASCII_RUN.match(source, at)):
                out.append(found[0])
                at = found.end()
            else:
                out.append(to_view[source[at : at + 1]])
                at += 1
        return b"".join(out)

    def write(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return the document's bytes. A character that the chunk cuts is kept for the next call.

        An edit must spell characters that are not ASCII as references.
        """
        _, from_view = _byte_map()
        chunk = self._partial_character + chunk
        self._partial_character = b""
        if not last and (partial := self._PARTIAL_CHARACTER.search(chunk)):
            self._partial_character = partial[0]
            chunk = chunk[: partial.start()]
        return self._CHARACTER.sub(lambda found: from_view[found[0]], chunk)


def decode_view(view: bytes) -> str:
    """Return the text of bytes of a view, as a browser reads the bytes of the document."""
    text, state = [], INITIAL_STATE
    for found in _PARTS.finditer(ISO2022JPView().write(view, last=True)):
        if found[1]:
            state = found[1]
        elif state == KATAKANA_STATE:
            text += [chr(0xFF40 + byte) if 0x20 < byte < 0x60 else "\ufffd" for byte in found[2]]
        elif state in TWO_BYTE_STATES:
            text.append(_to_shift_jis(found[2]).decode("cp932", "replace"))
        else:
            # Bytes beyond ASCII come only from references that an outer document has decoded.
            text.append(found[2].decode("utf-8", "replace"))
    return "".join(text)


def _to_shift_jis(pairs: bytes) -> bytes:
    """Return pairs of bytes of JIS X 0208 in Shift_JIS, for which Python has the table with the vendors' extensions."""
    out = bytearray()
    for row, cell in zip(pairs[::2], pairs[1::2], strict=False):
        if not (0x20 < row < 0x7F and 0x20 < cell < 0x7F):
            out += b"?"
            continue
        lead = ((row - 0x21) >> 1) + 0x81
        out.append(lead if lead < 0xA0 else lead + 0x40)
        out.append(cell + 0x7E if row % 2 == 0 else cell + (0x1F if cell < 0x60 else 0x20))
    return bytes(out)
