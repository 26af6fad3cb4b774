"""A bounded cache of rewrite results for bodies that recur byte for byte.

A body that comes for the first time leaves its key (its length and 32 of its bytes) and its checksum. The body itself
is stored when the same checksum comes again. So a page that was made for one visitor takes no space:

    put(A)            A is new: only its checksum is stored
    put(A)            A comes again: A and its result are stored
    get(A)            a hit

A result is returned for the very same bytes and the same context only; key and checksum just save comparisons. A
lookup takes no lock: it reads one dictionary entry, and an entry whose body changes is replaced by a new object. If one
thread wants to store a result while another is storing one, it does not wait, and stores nothing. `second_chance` says
which entries leave when the cache is full.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar
from zlib import crc32

from .second_chance import Entry, SecondChanceStore

Result = TypeVar("Result")

#: What differs between most bodies, found without reading all of their bytes.
_Key = tuple[int, bytes, bytes]

#: What a result takes in bytes, besides those of its page.
ENTRY_OVERHEAD = 1024
#: A body that needs more than this part of the store (one fourth) is not stored.
MAX_SHARE = 4


class _Page(Entry, Generic[Result]):
    """One entry: the checksum of a body that has come once, or a body that has come again with its results."""

    __slots__ = ("body", "checksum", "results")

    def __init__(self, body: bytes | None, checksum: int) -> None:
        super().__init__(len(body or b""))
        self.body = body
        #: The checksum of the last body that came under this key and is not stored.
        self.checksum = checksum
        #: The results by context.
        self.results: dict[Hashable, Result] = {}


class RewriteCache(Generic[Result]):
    """Rewrite results of bodies that have come more than once. Any number of threads may use it.

    Args:
        store: where the entries are kept.
    """

    def __init__(self, store: SecondChanceStore) -> None:
        self._store = store

    def get(self, context: Hashable, body: bytes) -> Result | None:
        """Return the result for this body in this context, or None."""
        page: _Page[Result] | None = self._store.entries.get(_key_of(body))
        # If both are one object, Python does not compare the bytes.
        if page is None or page.body != body:
            return None
        page.referenced = True
        return page.results.get(context)

    def recurs(self, body: bytes, checksum: int) -> bool:
        """Return whether the body that came last under its key was this one.

        Args:
            body: the body as the app sent it.
            checksum: what `checksum_of` returns for it.
        """
        page: _Page[Result] | None = self._store.entries.get(_key_of(body))
        return page is not None and page.checksum == checksum

    def put(self, context: Hashable, body: bytes, checksum: int, result: Result, size: int) -> None:
        """Store the result for a body if it has come before.

        Args:
            context: all that the result depends on besides the body.
            body: the body as the app sent it.
            checksum: what `checksum_of` returns for it.
            result: the result to store.
            size: what the result and the context take, in bytes.
        """
        if len(body) + size > self._store.limit // MAX_SHARE or not self._store.lock.acquire(blocking=False):
            return
        try:
            page = self._page_to_fill(body, checksum)
            if page is not None and context not in page.results:
                page.results[context] = result
                self._store.grow(page, size + ENTRY_OVERHEAD)
        finally:
            self._store.lock.release()

    def _page_to_fill(self, body: bytes, checksum: int) -> _Page[Result] | None:
        """Return the entry with a body, or None if the body comes for the first time. The caller has the lock."""
        key = _key_of(body)
        page: _Page[Result] | None = self._store.entries.get(key)
        if page is not None and page.body == body:
            return page
        if page is None:
            self._store.put(key, _Page(None, checksum))
        elif page.checksum != checksum:
            page.checksum = checksum
        else:
            # A new object, because another thread may be reading the old one.
            page = _Page(body, checksum)
            self._store.put(key, page)
            return page
        return None


def checksum_of(body: bytes) -> int:
    """Return a checksum of a body: a CRC, which takes less time than Python's hash."""
    return crc32(body)


def _key_of(body: bytes) -> _Key:
    """Return the length, some bytes from the middle, and the last ones, where a compressed body has its checksum."""
    middle = len(body) // 2
    return len(body), body[middle : middle + 16], body[-16:]
