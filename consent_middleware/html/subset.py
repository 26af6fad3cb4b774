"""Remove from the document type declaration of an XML document what could hide a tag or a part of a URL.

In its internal subset (XML 1.0, 2.8 and 4.2), an entity may contain markup or a part of a URL, and a declaration of
attributes may give them values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from consent_middleware.patterns import decimal_codes, hex_codes

#: How long a declaration may be, together with what precedes it, in bytes.
MAX_LENGTH: Final = 1 << 16

_SPACE: Final = rb"[\t\n\r ]"
_STRING: Final = rb"(?:\"[^\"]*+\"|'[^']*+')"
_BEFORE: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:" + _SPACE + rb"++|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
_SUBSET_PART: Final = rb"<!--.*?-->|<\?.*?\?>|<![A-Z](?:[^\"'>]|" + _STRING + rb")*+>"
_DOCTYPE: Final = re.compile(
    rb"<!DOCTYPE(?:[^\"'\[>]|" + _STRING + rb")*+(?:>|\[((?:" + _SUBSET_PART + rb"|[^\]<])*+)\]" + _SPACE + rb"*+>)",
    re.DOTALL,
)
_OPENINGS: Final = (b"<!--", b"<?", b"<!DOCTYPE", b"\xef\xbb\xbf")
_DECLARATION: Final = re.compile(_SUBSET_PART, re.DOTALL)
_ENTITY_DECLARATION: Final = re.compile(
    rb"<!ENTITY" + _SPACE + rb"++(%?)" + _SPACE + rb"*+([^\t\n\r \"'>]++)" + _SPACE + rb"++(" + _STRING + rb")"
)
#: Attributes that make an element load something. A longer name may end with one of these.
URL_ATTRIBUTES: Final = ("src", "href", "srcset", "srcdoc", "rel")
_SETS_URL: Final = re.compile(
    rb"<!ATTLIST.*?(?:%|(?:" + "|".join(URL_ATTRIBUTES).encode("ascii") + rb")" + _SPACE + rb")", re.DOTALL
)
#: The predefined entities, and the characters that begin markup or a reference, or end a value.
PREDEFINED: Final = ("amp", "lt", "gt", "quot", "apos")
_MARKUP_CHARACTERS: Final = '"%&<'
# The apostrophe is stricter than necessary.
_MARKUP_IN_HEX: Final = _MARKUP_CHARACTERS + "'"
#: What may become markup or refer to an entity: `<`, `%`, and every reference except those to predefined entities and,
#: by number, to other characters.
_ACTIVE: Final = re.compile(
    (
        rf"[<%]|&(?!(?:{'|'.join(PREDEFINED)});|\#0*+(?!{decimal_codes(_MARKUP_CHARACTERS)};)[0-9]++;"
        rf"|\#x0*+(?!{hex_codes(_MARKUP_IN_HEX)};)[0-9a-fA-F]++;)"
    ).encode("ascii")
)


class SubsetFilter:
    """Read an XML document up to the end of its document type declaration, and removes what could hide a tag.

    Args:
        give_up: called once for each declaration that could hide a tag; returns whether to remove it.

    Attributes:
        names: the names of the declared entities, which a URL may be made of.
        done: whether the declaration has been read.
    """

    def __init__(self, give_up: Callable[[], bool]) -> None:
        self._give_up = give_up
        self._head = b""
        self.names: set[bytes] = set()
        self.done = False

    def feed(self, chunk: bytes, *, last: bool) -> bytes:
        """Take the next bytes of the document. Return nothing until the declaration has been read, then all of it."""
        self._head += chunk
        at = _BEFORE.match(self._head).end()  # type: ignore[union-attr]
        found = _DOCTYPE.match(self._head, at)
        if found is None and not last and self._may_continue(at):
            return b""
        if found is None and not last:
            return self.stop()
        self.done = True
        head, self._head = self._head, b""
        if found is None or found[1] is None:
            return head
        kept = _DECLARATION.sub(self._filter_declaration, found[1])
        return head[: found.start(1)] + kept + head[found.end(1) :]

    def stop(self) -> bytes:
        """Return all bytes so far. The declaration, if it has begun, is not read to its end, so its name is removed.

        Browsers refuse the document then.
        """
        self.done = True
        head, self._head = self._head, b""
        at = _BEFORE.match(head).end()  # type: ignore[union-attr]
        has_begun = head.startswith(b"<!DOCTYPE", at)
        return head[:at] + b"<!" + head[at + 9 :] if has_begun and self._give_up() else head

    def _may_continue(self, at: int) -> bool:
        """Return whether the declaration, or what precedes it, may continue in bytes that have not arrived."""
        rest = self._head[at : at + 9]
        undecided = any(opening.startswith(rest) or rest.startswith(opening) for opening in _OPENINGS)
        return undecided and len(self._head) <= MAX_LENGTH

    def _filter_declaration(self, declaration: re.Match[bytes]) -> bytes:
        """Return a declaration, without what could hide a tag."""
        text = declaration[0]
        entity = _ENTITY_DECLARATION.match(text)
        if entity is None:
            return b"" if _SETS_URL.match(text) and self._give_up() else text
        if not entity[1]:
            self.names.add(entity[2])
        if _ACTIVE.search(entity[3]) and self._give_up():
            return text[: entity.start(3)] + b'""' + text[entity.end(3) :]
        return text
