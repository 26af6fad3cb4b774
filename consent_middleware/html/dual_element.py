"""An element that is text for a browser with scripts and markup for a browser without."""

from __future__ import annotations

from . import grammar


class DualElement:
    """Find where a noscript element ends that is text for a browser with scripts and markup for one without.

    Attributes:
        name: the name of the element.
        end: where its text ends, or -1 if that has not arrived.
        searched: up to where its end was looked for.
    """

    __slots__ = ("end", "name", "searched")

    def __init__(self, name: bytes, begin: int) -> None:
        self.name = name
        self.end = -1
        self.searched = begin

    def find_end(self, source: bytes, pos: int) -> bool:
        """Look for the end of the text from an offset on, and return whether it has arrived."""
        if found := grammar.RAW_END[self.name].search(source, max(self.searched, pos)):
            self.end = found.start()
            return True
        self.searched = max(pos, len(source) - len(self.name) - 2)
        return False

    def move(self, dropped: int) -> None:
        """Adjust the offsets after so many bytes were dropped from the source."""
        self.searched = max(0, self.searched - dropped)
        if self.end >= 0:
            self.end -= dropped
