"""The tags of a document that may or may not be in ISO-2022-JP; `double_reading` makes the two readings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from .asking import TagAsker
from .double_reading import Change, KnownTags
from .tags import StartTag
from .watch import Edit

#: The name of a tag without its prefix, and what ends the text of a script.
_LOCAL_NAME: Final = re.compile(rb"<(?:[^\t\n\f\r />:]*+:)?([^\t\n\f\r />]++)")
_END_OF_SCRIPT: Final = re.compile(rb"</[sS][cC][rR]")
_DECLARATION: Final = re.compile(rb"<!DOCTYPE")


class TagsOfBothReadings:
    """Ask about everything that may be a start tag by one of two readings.

    Args:
        asker: asks the watch about a tag.
        give_up: called for each document type declaration; returns whether to remove its name, so that browsers refuse
            the document. None if no declaration could hide a tag.
    """

    def __init__(self, asker: TagAsker, give_up: Callable[[], bool] | None) -> None:
        self._asker = asker
        self._give_up = give_up

    def changes(self, source: bytes, places: list[int] | None, known: KnownTags) -> Iterator[Change]:
        """Ask about all possible start tags, and about the document type declarations.

        Args:
            source: the bytes by one reading.
            places: the offset of each byte in the document, if the reading has other offsets.
            known: the tags that the watch was asked about; those of this reading are added.

        Yields:
            The changes of the document.
        """
        yield from self._declarations(source, places, known)
        asker = self._asker
        base, xml = asker.base, asker.tokens.xml
        for found in asker.gate.pattern.finditer(source):
            begin, end = found.span()
            place = begin if places is None else places[begin]
            raw = found[0] + b">"
            opening = _LOCAL_NAME.match(raw)
            if (place, raw) in known or opening is None:
                continue
            known.add((place, raw))
            name = opening[1] if xml else opening[1].lower()
            name = b"img" if name == b"image" else name
            for svg in (False, True) if name == b"script" else (False,):
                tag = StartTag(
                    name,
                    raw,
                    base=base.address,
                    svg=svg,
                    certain=False,
                    bare=not xml,
                    xml=xml,
                    encoding=asker.encoding,
                )
                if name == b"base" and base.address is None:
                    base.address = tag.get(b"href")
                edits = self._edits(tag, source[end : end + asker.max_text])
                for edit in edits:
                    asker.end_markup.edited = True
                    yield _placed(edit, begin, places)
                if edits:
                    break

    def _declarations(self, source: bytes, places: list[int] | None, known: KnownTags) -> Iterator[Change]:
        """Yield the changes that remove the names of document type declarations. The arguments are as for `changes`."""
        if self._give_up is None:
            return
        for found in _DECLARATION.finditer(source):
            begin = found.start()
            declaration = (begin if places is None else places[begin], found[0])
            if declaration in known:
                continue
            known.add(declaration)
            if self._give_up():
                yield _placed(Edit(len(b"<!"), len(found[0]), b""), begin, places)

    def unfinished(self, source: bytes) -> int:
        """Return the offset of the first tag that does not end, or the length of the bytes."""
        cut = (
            found.start() for found in self._asker.gate.pattern.finditer(source) if source[found.end() :][:1] != b">"
        )
        return next(cut, len(source))

    def _edits(self, tag: StartTag, following: bytes) -> Sequence[Edit]:
        """Return the edits of a tag.

        Args:
            tag: the tag.
            following: the bytes after it.
        """
        asker = self._asker
        if tag.name == b"script" and asker.gate.text_needles is not None and asker.watch.wants_script_text(tag):
            tag.text = asker.gate.script_text(_END_OF_SCRIPT.split(following, maxsplit=1)[0])
        if not (
            tag.text is not None or asker.base.address is not None or asker.gate.may_match(tag.raw, asker.encoding)
        ):
            return ()
        edits = list(asker.watch.start_tag(tag)) if tag.name in asker.gate.elements else []
        return edits + (asker.srcdoc_edits(tag) if tag.name == b"iframe" and not edits else [])


def _placed(edit: Edit, begin: int, places: list[int] | None) -> Change:
    """Return an edit of a tag as a change of the document.

    Bytes are added directly after the byte before them, and not after an escape sequence that follows it.

    Args:
        edit: the edit.
        begin: the offset of the tag.
        places: the offset of each byte in the document, if the reading has other offsets.
    """
    start, end = begin + edit.start, begin + edit.end
    if places is not None:
        after = places[end - 1] + 1 if edit.end else places[end]
        start, end = (places[start], after) if edit.end > edit.start else (after, after)
    return Change(start, end, edit.replacement)
