"""A bounded cache of rewrite results for bodies that recur byte for byte.

It admits a body on its second hit, and evicts by second chance. Both are standard and need little bookkeeping:

- A body that comes for the first time leaves its key (its length and 32 of its bytes) and its hash. The body itself is
  stored when the same hash comes again. So a page that was made for one visitor takes no space.
- The entries form a queue. When the cache is full, the entry at the front leaves. If it was used since it was last at
  the front, it goes to the back instead and gets a second chance.

An example with room for two bodies:

    put(A)            A is new: only its hash is stored
    put(A)            A comes again: A and its result are stored       queue: A
    put(B), put(B)                                                     queue: A B
    get(A)            a hit: A is marked as used                       queue: A* B
    put(C), put(C)    C needs room. A is at the front and used: it goes to the back without its mark.
                      B is next and not used: it leaves                queue: C A

A result is returned for the very same bytes and the same context only; the key and the hash just save comparisons. A
lookup takes no lock: it reads one dictionary entry, and an entry whose body changes is replaced by a new object. If one
thread wants to store a result while another is storing one, it does not wait, and stores nothing.
"""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Result = TypeVar("Result")

#: What differs between most bodies, found without reading all of their bytes.
_Key = tuple[int, bytes, bytes]

#: How many entries there may be. Most are bodies that have come once.
MAX_ENTRIES = 1024
#: What a result takes in bytes, besides those of its page.
ENTRY_OVERHEAD = 1024
#: A body that needs more than this part of the cache (one fourth) is not stored.
MAX_SHARE = 4


class _Page(Generic[Result]):
    """One entry: the hash of a body that has come once, or a body that has come again with its results."""

    __slots__ = ("body", "last_hash", "referenced", "results", "size")

    def __init__(self, body: bytes | None, last_hash: int) -> None:
        self.body = body
        #: The hash of the last body that came under this key and is not stored.
        self.last_hash = last_hash
        self.size = len(body or b"")
        #: The results by context.
        self.results: dict[Hashable, Result] = {}
        #: Whether there was a hit since the entry was last at the front of the queue.
        self.referenced = False


class RewriteCache(Generic[Result]):
    """Rewrite results of bodies that have come more than once. Any number of threads may use it.

    Args:
        limit: the most bytes to store; 0 turns the cache off.
        max_entries: the most entries, those of bodies that have come once included.
    """

    def __init__(self, limit: int, max_entries: int = MAX_ENTRIES) -> None:
        self._limit = limit
        self._max_entries = max_entries
        self._left = limit
        self._pages: dict[_Key, _Page[Result]] = {}
        self._lock = Lock()

    def get(self, context: Hashable, body: bytes) -> Result | None:
        """Return the result for this body in this context, or None."""
        page = self._pages.get(_key_of(body))
        # If both are one object, Python does not compare the bytes.
        if page is None or page.body != body:
            return None
        page.referenced = True
        return page.results.get(context)

    def put(self, context: Hashable, body: bytes, result: Result, size: int) -> None:
        """Store the result for a body if it has come before.

        Args:
            context: all that the result depends on besides the body.
            body: the body as the app sent it.
            result: the result to store.
            size: what the result and the context take, in bytes.
        """
        if len(body) + size > self._limit // MAX_SHARE:
            return
        # A request must not wait for the cache.
        if self._lock.acquire(blocking=False):
            try:
                self._write(context, body, result, size)
            finally:
                self._lock.release()

    def _write(self, context: Hashable, body: bytes, result: Result, size: int) -> None:
        key = _key_of(body)
        page = self._pages.get(key)
        if page is None or page.body != body:
            body_hash = hash(body)
            if page is None:
                self._pages[key] = _Page(None, body_hash)
                if len(self._pages) > self._max_entries:
                    self._evict()
                return
            if page.last_hash != body_hash:
                page.last_hash = body_hash
                return
            # A new object, because another thread may be reading the old one.
            self._left += page.size
            page = self._pages[key] = _Page(body, body_hash)
            self._left -= page.size
        if context not in page.results:
            page.results[context] = result
            page.size += size + ENTRY_OVERHEAD
            self._left -= size + ENTRY_OVERHEAD
        while self._left < 0:
            self._evict()

    def _evict(self) -> None:
        """Remove the entry at the front, or move it to the back if it was used."""
        key = next(iter(self._pages))
        page = self._pages.pop(key)
        if page.referenced:
            page.referenced = False
            self._pages[key] = page
        else:
            self._left += page.size


def _key_of(body: bytes) -> _Key:
    """Return the length, some bytes from the middle, and the last ones, where a compressed body has its checksum."""
    middle = len(body) // 2
    return len(body), body[middle : middle + 16], body[-16:]
