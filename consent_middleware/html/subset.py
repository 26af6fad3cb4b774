"""The document type declaration of an XML document: what in its internal subset could make a tag, or an address of one.

Knows the grammar of XML 1.0, 2.8 and 4.2: an entity may hold markup, or a part of an address; a declaration of
attributes may give them values. Knows nothing about what is looked for: what could hide a tag is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

#: How many bytes a declaration may have with what stands before it.
LONGEST: Final = 1 << 16

_SPACE: Final = rb"[\t\n\r ]"
_STRING: Final = rb"(?:\"[^\"]*+\"|'[^']*+')"
_BEFORE: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:" + _SPACE + rb"++|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
_PART: Final = rb"<!--.*?-->|<\?.*?\?>|<![A-Z](?:[^\"'>]|" + _STRING + rb")*+>"
_DOCTYPE: Final = re.compile(
    rb"<!DOCTYPE(?:[^\"'\[>]|" + _STRING + rb")*+(?:>|\[((?:" + _PART + rb"|[^\]<])*+)\]" + _SPACE + rb"*+>)", re.DOTALL
)
_OPENINGS: Final = (b"<!--", b"<?", b"<!DOCTYPE", b"\xef\xbb\xbf")
_DECLARATION: Final = re.compile(_PART, re.DOTALL)
_ENTITY: Final = re.compile(
    rb"<!ENTITY" + _SPACE + rb"++(%?)" + _SPACE + rb"*+([^\t\n\r \"'>]++)" + _SPACE + rb"++(" + _STRING + rb")"
)
_GIVES_ADDRESS: Final = re.compile(rb"<!ATTLIST.*?(?:%|(?:src|href|srcset|srcdoc|rel)" + _SPACE + rb")", re.DOTALL)
#: What may become markup or another entity: but not the five names of XML, nor the number of what is neither.
_ACTIVE: Final = re.compile(
    rb"[<%]|&(?!(?:amp|lt|gt|quot|apos);|\#0*+(?!(?:3[478]|60);)[0-9]++;|\#x0*+(?!(?:2[2567]|3[cC]);)[0-9a-fA-F]++;)"
)


class Subset:
    """Reads an XML document up to the end of its document type declaration, and takes out what could hide a tag.

    ``give_up`` is asked once for each declaration whether it is to be taken out. ``names`` are those of the entities
    that declared, with which an address may be put together.
    """

    def __init__(self, give_up: Callable[[], bool]) -> None:
        self._give_up = give_up
        self._head = b""
        self.names: set[bytes] = set()
        self.done = False

    def feed(self, chunk: bytes, *, last: bool) -> bytes:
        """Take a piece of the document and give what is decided; all of it once the declaration has been read."""
        self._head += chunk
        at = _BEFORE.match(self._head).end()  # type: ignore[union-attr]
        found = _DOCTYPE.match(self._head, at)
        if found is None and not last and self._may_go_on(at):
            return b""
        self.done = True
        head, self._head = self._head, b""
        if found is None:
            # Of one that is too long nothing is known. No browser shows what is left of it then.
            is_long = head.startswith(b"<!DOCTYPE", at) and not last
            return head[:at] + b"<!" + head[at + 9 :] if is_long and self._give_up() else head
        if found[1] is None:
            return head
        left = _DECLARATION.sub(self._without_danger, found[1])
        return head[: found.start(1)] + left + head[found.end(1) :]

    def _may_go_on(self, at: int) -> bool:
        rest = self._head[at : at + 9]
        undecided = any(opening.startswith(rest) or rest.startswith(opening) for opening in _OPENINGS)
        return undecided and len(self._head) <= LONGEST

    def _without_danger(self, declaration: re.Match[bytes]) -> bytes:
        text = declaration[0]
        entity = _ENTITY.match(text)
        if entity is None:
            return b"" if _GIVES_ADDRESS.match(text) and self._give_up() else text
        if not entity[1]:
            self.names.add(entity[2])
        if _ACTIVE.search(entity[3]) and self._give_up():
            return text[: entity.start(3)] + b'""' + text[entity.end(3) :]
        return text
