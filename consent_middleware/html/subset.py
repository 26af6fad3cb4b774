"""Remove from the document type declaration of an XML document what could hide a tag or a part of a URL.

In its internal subset (XML 1.0, 2.8 and 4.2), an entity may contain markup or a part of a URL, and a declaration of
attributes may give them values.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from consent_middleware.patterns import decimal_codes, hex_codes

from .buffer import RetryBudget

#: How long a declaration may be, in bytes, if it does not arrive whole.
MAX_LENGTH: Final = 1 << 16

_SPACE: Final = rb"[\t\n\r ]"
_STRING: Final = rb"(?:\"[^\"]*+\"|'[^']*+')"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# Browsers refuse a document with a byte order mark that is not its first character.
_BEFORE: Final = re.compile(rb"(?:" + _BYTE_ORDER_MARK + rb"|" + _SPACE + rb"++|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
#: The beginning of a comment and of a processing instruction, and what ends them.
_ENDS: Final = {b"<!--": b"-->", b"<?": b"?>"}
_UNFINISHED: Final = re.compile(rb"<!--|<\?")
_SUBSET_PART: Final = rb"<!--.*?-->|<\?.*?\?>|<![A-Z](?:[^\"'>]|" + _STRING + rb")*+>"
_DOCTYPE: Final = re.compile(
    rb"<!DOCTYPE(?:[^\"'\[>]|" + _STRING + rb")*+(?:>|\[((?:" + _SUBSET_PART + rb"|[^\]<])*+)\]" + _SPACE + rb"*+>)",
    re.DOTALL,
)
_NAME: Final = b"<!DOCTYPE"
_OPENINGS: Final = (*_ENDS, _NAME, _BYTE_ORDER_MARK)
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
    """Read an XML document up to the end of its document type declaration, and remove what could hide a tag.

    Args:
        give_up: called once for each declaration that could hide a tag; returns whether to remove it.

    Attributes:
        names: the names of the declared entities, which a URL may be made of.
        done: whether the declaration has been read.
    """

    def __init__(self, give_up: Callable[[], bool]) -> None:
        self._give_up = give_up
        self._head = b""
        # What ends the comment or the processing instruction that is being read.
        self._end = b""
        self._retry = RetryBudget()
        self.names: set[bytes] = set()
        self.done = False

    @property
    def needed(self) -> bytes:
        """The bytes that have arrived and have not been returned."""
        return self._head

    def feed(self, chunk: bytes, *, last: bool) -> bytes:
        """Take the next bytes of the document, and return the bytes that are decided.

        What precedes the declaration is returned at once, the declaration after it has been read.
        """
        self._head += chunk
        before = self._take_before()
        if not last and not self._is_worth_a_try(chunk):
            return before
        found = _DOCTYPE.match(self._head)
        if found is None and not last:
            return before if self._may_continue() else before + self._stop()
        self.done = True
        head, self._head = self._head, b""
        if found is None or found[1] is None:
            return before + head
        kept = _DECLARATION.sub(self._filter_declaration, found[1])
        return b"".join((before, head[: found.start(1)], kept, head[found.end(1) :]))

    def _take_before(self) -> bytes:
        """Remove what precedes the declaration from the buffer, and return it."""
        head, at = self._head, 0
        if self._end and (found := head.find(self._end)) >= 0:
            at = found + len(self._end)
            self._end = b""
        if not self._end:
            at = _BEFORE.match(head, at).end()  # type: ignore[union-attr]
            if opening := _UNFINISHED.match(head, at):
                at = opening.end()
                self._end = _ENDS[opening[0]]
        if self._end:
            # The last bytes may begin the end.
            at = max(at, len(head) - len(self._end) + 1)
        self._head = head[at:]
        return head[:at]

    def _is_worth_a_try(self, chunk: bytes) -> bool:
        """Return whether to read what is buffered. An unfinished declaration is not read again for each chunk."""
        length = len(self._head)
        if not self._head.startswith(_NAME):
            return True
        if length <= MAX_LENGTH and not self._retry.is_worth_a_try(length, chunk):
            return False
        self._retry.note_try(length)
        return True

    def _may_continue(self) -> bool:
        """Return whether the declaration, or what precedes it, may continue in bytes that have not arrived."""
        if self._end:
            return True
        if self._head.startswith(_NAME):
            return len(self._head) <= MAX_LENGTH
        return any(opening.startswith(self._head) for opening in _OPENINGS)

    def _stop(self) -> bytes:
        """Return the rest of the bytes. A declaration that is too long is not read: its name is removed.

        Browsers refuse the document then.
        """
        self.done = True
        head, self._head = self._head, b""
        return b"<!" + head[len(_NAME) :] if head.startswith(_NAME) and self._give_up() else head

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
