"""Pages that come again, byte for byte, and what became of them: the same bytes are not read twice.

Knows: bytes, and how many of them may be kept.
Must not know: HTML, consent, HTTP, what an outcome is.
"""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Result = TypeVar("Result")

#: What tells most bodies from others without a look at all of their bytes.
_Key = tuple[int, bytes, bytes]

#: How many samples are known; of most, a body has come once, and nothing else is kept of it.
MAX_ENTRIES = 1024
#: What an outcome costs beside its bytes, in bytes.
ENTRY_OVERHEAD = 1024
#: A body that takes more than this part of all the room is not kept.
MAX_SHARE = 4


class _Page(Generic[Result]):
    """What is known of bodies with one sample: the one that has come again, and what became of it."""

    __slots__ = ("body", "last_hash", "referenced", "results", "size")

    def __init__(self, body: bytes | None, seen: int) -> None:
        self.body = body
        #: The hash of the last body that came and is not kept.
        self.last_hash = seen
        self.size = len(body or b"")
        #: By what the body came with.
        self.results: dict[Hashable, Result] = {}
        #: Whether it has been asked for since it was last considered for leaving.
        self.referenced = False


class RewriteCache(Generic[Result]):
    """Keeps outcomes of bodies that have come more than once; never more than `limit` bytes, none with 0.

    Besides, it knows at most `many` bodies by their samples.

    A body that comes once leaves a hash and a few of its bytes, so a page that was made for one visitor is not kept. An
    outcome is given for the very same bytes only. Any number of threads may ask.
    """

    def __init__(self, limit: int, many: int = MAX_ENTRIES) -> None:
        self._limit = limit
        self._many = many
        self._left = limit
        self._pages: dict[_Key, _Page[Result]] = {}
        self._lock = Lock()

    def get(self, context: Hashable, body: bytes) -> Result | None:
        """What became of this body in this context, or None where that is not known (any more)."""
        page = self._pages.get(_key_of(body))
        # Bytes that are one object are not compared.
        if page is None or page.body != body:
            return None
        page.referenced = True
        return page.results.get(context)

    def put(self, context: Hashable, body: bytes, result: Result, size: int) -> None:
        """Keep what has become of a body, if it has come before.

        `size` is what the outcome and the context hold, in bytes.
        """
        if len(body) + size > self._limit // MAX_SHARE:
            return
        # Whoever comes while another thread writes does without: nobody waits for a memory.
        if self._lock.acquire(blocking=False):
            try:
                self._write(context, body, result, size)
            finally:
                self._lock.release()

    def _write(self, context: Hashable, body: bytes, result: Result, size: int) -> None:
        sample = _key_of(body)
        page = self._pages.get(sample)
        if page is None or page.body != body:
            seen = hash(body)
            if page is None:
                self._pages[sample] = _Page(None, seen)
                if len(self._pages) > self._many:
                    self._evict()
                return
            if page.last_hash != seen:
                page.last_hash = seen
                return
            # A new object, because another thread may be about to ask the old one.
            self._left += page.size
            page = self._pages[sample] = _Page(body, seen)
            self._left -= page.size
        if context not in page.results:
            page.results[context] = result
            page.size += size + ENTRY_OVERHEAD
            self._left -= size + ENTRY_OVERHEAD
        while self._left < 0:
            self._evict()

    def _evict(self) -> None:
        """Drop the page that came first; one that was asked for since gets another turn."""
        sample = next(iter(self._pages))
        page = self._pages.pop(sample)
        if page.referenced:
            page.referenced = False
            self._pages[sample] = page
        else:
            self._left += page.size


def _key_of(body: bytes) -> _Key:
    """The length, some bytes of the middle, and the last: there, a compressed body has its checksum."""
    middle = len(body) // 2
    return len(body), body[middle : middle + 16], body[-16:]
