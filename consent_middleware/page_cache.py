"""A bounded cache of rewrite results for bodies that recur byte for byte.

A body that comes for the first time leaves its key (its length and 32 of its bytes) and its hash. The body itself is
stored when the same hash comes again. So a page that was made for one visitor takes no space:

    put(A)            A is new: only its hash is stored
    put(A)            A comes again: A and its result are stored
    get(A)            a hit

A result is returned for the very same bytes and the same context only; the key and the hash just save comparisons. A
lookup takes no lock: it reads one dictionary entry, and an entry whose body changes is replaced by a new object. If one
thread wants to store a result while another is storing one, it does not wait, and stores nothing. `second_chance` says
which entries leave when the cache is full.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar, cast

from .second_chance import Entry, SecondChanceStore

Result = TypeVar("Result")

#: What differs between most bodies, found without reading all of their bytes.
_Key = tuple[int, bytes, bytes]

#: What a result takes in bytes, besides those of its page.
ENTRY_OVERHEAD = 1024
#: A body that needs more than this part of the store (one fourth) is not stored.
MAX_SHARE = 4


class _Page(Entry, Generic[Result]):
    """One entry: the hash of a body that has come once, or a body that has come again with its results."""

    __slots__ = ("body", "last_hash", "results")

    def __init__(self, body: bytes | None, last_hash: int) -> None:
        super().__init__(len(body or b""))
        self.body = body
        #: The hash of the last body that came under this key and is not stored.
        self.last_hash = last_hash
        #: The results by context.
        self.results: dict[Hashable, Result] = {}


class RewriteCache(Generic[Result]):
    """Rewrite results of bodies that have come more than once. Any number of threads may use it.

    Args:
        store: where the entries are kept.
    """

    def __init__(self, store: SecondChanceStore) -> None:
        self._store = store

    def _page(self, key: _Key) -> _Page[Result] | None:
        return cast("_Page[Result] | None", self._store.entries.get(key))

    def get(self, context: Hashable, body: bytes) -> Result | None:
        """Return the result for this body in this context, or None."""
        page = self._page(_key_of(body))
        # If both are one object, Python does not compare the bytes.
        if page is None or page.body != body:
            return None
        page.referenced = True
        return page.results.get(context)

    def recurs(self, body: bytes) -> bool:
        """Return whether the body that came last under its key was this one."""
        page = self._page(_key_of(body))
        return page is not None and page.last_hash == hash(body)

    def put(self, context: Hashable, body: bytes, result: Result, size: int) -> None:
        """Store the result for a body if it has come before.

        Args:
            context: all that the result depends on besides the body.
            body: the body as the app sent it.
            result: the result to store.
            size: what the result and the context take, in bytes.
        """
        if len(body) + size > self._store.limit // MAX_SHARE:
            return
        with self._store.writing() as is_writing:
            if is_writing:
                self._write(context, body, result, size)

    def _write(self, context: Hashable, body: bytes, result: Result, size: int) -> None:
        key = _key_of(body)
        page = self._page(key)
        if page is None or page.body != body:
            body_hash = hash(body)
            if page is None:
                self._store.put(key, _Page(None, body_hash))
                return
            if page.last_hash != body_hash:
                page.last_hash = body_hash
                return
            # A new object, because another thread may be reading the old one.
            page = _Page(body, body_hash)
            self._store.put(key, page)
        if context not in page.results:
            page.results[context] = result
            self._store.grow(page, size + ENTRY_OVERHEAD)


def _key_of(body: bytes) -> _Key:
    """Return the length, some bytes from the middle, and the last ones, where a compressed body has its checksum."""
    middle = len(body) // 2
    return len(body), body[middle : middle + 16], body[-16:]
