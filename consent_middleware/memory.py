"""Pages that come again, byte for byte, and what became of them: the same bytes are not read twice.

Knows: bytes, and how many of them may be kept.
Must not know: HTML, consent, HTTP, what an outcome is.
"""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Outcome = TypeVar("Outcome")

#: What tells most bodies from others without a look at all of their bytes.
_Sample = tuple[int, bytes, bytes]

#: How many samples are known; of most, a body has come once, and nothing else is kept of it.
MANY = 1024
#: What an outcome costs beside its bytes, in bytes.
COST = 1024
#: A body that takes more than this part of all the room is not kept.
PART = 4


class _Page(Generic[Outcome]):
    """What is known of bodies with one sample: the one that has come again, and what became of it."""

    __slots__ = ("body", "outcomes", "seen", "size", "wanted")

    def __init__(self, body: bytes | None, seen: int) -> None:
        self.body = body
        #: The hash of the last body that came and is not kept.
        self.seen = seen
        self.size = len(body or b"")
        #: By what the body came with.
        self.outcomes: dict[Hashable, Outcome] = {}
        #: Whether it has been asked for since it was last considered for leaving.
        self.wanted = False


class PageMemory(Generic[Outcome]):
    """Keeps outcomes of bodies that have come more than once; never more than `limit` bytes, none with 0.

    Besides, it knows at most `many` bodies by their samples.

    A body that comes once leaves a hash and a few of its bytes, so a page that was made for one visitor is not kept. An
    outcome is given for the very same bytes only. Any number of threads may ask.
    """

    def __init__(self, limit: int, many: int = MANY) -> None:
        self._limit = limit
        self._many = many
        self._left = limit
        self._pages: dict[_Sample, _Page[Outcome]] = {}
        self._lock = Lock()

    def recall(self, context: Hashable, body: bytes) -> Outcome | None:
        """What became of this body in this context, or None where that is not known (any more)."""
        page = self._pages.get(_sample(body))
        # Bytes that are one object are not compared.
        if page is None or page.body != body:
            return None
        page.wanted = True
        return page.outcomes.get(context)

    def keep(self, context: Hashable, body: bytes, outcome: Outcome, size: int) -> None:
        """Keep what has become of a body, if it has come before.

        `size` is what the outcome and the context hold, in bytes.
        """
        if len(body) + size > self._limit // PART:
            return
        # Whoever comes while another thread writes does without: nobody waits for a memory.
        if self._lock.acquire(blocking=False):
            try:
                self._write(context, body, outcome, size)
            finally:
                self._lock.release()

    def _write(self, context: Hashable, body: bytes, outcome: Outcome, size: int) -> None:
        sample = _sample(body)
        page = self._pages.get(sample)
        if page is None or page.body != body:
            seen = hash(body)
            if page is None:
                self._pages[sample] = _Page(None, seen)
                if len(self._pages) > self._many:
                    self._let_one_go()
                return
            if page.seen != seen:
                page.seen = seen
                return
            # A new object, because another thread may be about to ask the old one.
            self._left += page.size
            page = self._pages[sample] = _Page(body, seen)
            self._left -= page.size
        if context not in page.outcomes:
            page.outcomes[context] = outcome
            page.size += size + COST
            self._left -= size + COST
        while self._left < 0:
            self._let_one_go()

    def _let_one_go(self) -> None:
        """Drop the page that came first; one that was asked for since gets another turn."""
        sample = next(iter(self._pages))
        page = self._pages.pop(sample)
        if page.wanted:
            page.wanted = False
            self._pages[sample] = page
        else:
            self._left += page.size


def _sample(body: bytes) -> _Sample:
    """The length, some bytes of the middle, and the last: there, a compressed body has its checksum."""
    middle = len(body) // 2
    return len(body), body[middle : middle + 16], body[-16:]
