"""A bounded store of entries that are evicted by second chance. The caches of pages share one.

The entries form a queue. When the store is full, the entry at the front leaves. If it was used since it was last at the
front, it goes to the back instead and gets a second chance. An example with room for two entries:

    add(A), add(B)              queue: A B
    A is used                   queue: A* B
    add(C)                      C needs room. A is at the front and used: it goes to the back without its mark.
                                B is next and not used: it leaves                               queue: A C

Reading takes no lock. Writing takes one that nobody waits for: a thread that cannot have it at once stores nothing.
"""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import Any, Final

#: How many entries there may be. Most are small: of pages that have come once.
MAX_ENTRIES: Final = 2048


class Entry:
    """One entry.

    Attributes:
        size: how many bytes it takes, as its cache counts them.
        referenced: whether it was used since it was last at the front of the queue.
    """

    __slots__ = ("referenced", "size")

    def __init__(self, size: int = 0) -> None:
        self.size = size
        self.referenced = False


class SecondChanceStore:
    """Entries by key, up to a number of bytes. Any number of threads may use it.

    Args:
        limit: the most bytes.
        max_entries: the most entries.

    Attributes:
        entries: the entries in the order of the queue, each of the class of its cache.
        left: how many bytes are left.
        lock: what a thread takes before it writes. If it is not free, the thread does not write.
    """

    def __init__(self, limit: int, max_entries: int = MAX_ENTRIES) -> None:
        self.limit = limit
        self.left = limit
        self.entries: dict[Hashable, Any] = {}
        self._max_entries = max_entries
        self.lock = Lock()

    def put(self, key: Hashable, entry: Entry) -> None:
        """Add an entry, or replace the one with the key, which keeps its place. The caller has the lock."""
        before = self.entries.get(key)
        self.left += (before.size if before else 0) - entry.size
        self.entries[key] = entry
        self._evict()

    def grow(self, entry: Entry, size: int) -> None:
        """Count more bytes for an entry. The caller has the lock."""
        entry.size += size
        self.left -= size
        self._evict()

    def _evict(self) -> None:
        while self.left < 0 or len(self.entries) > self._max_entries:
            key = next(iter(self.entries))
            entry = self.entries.pop(key)
            if entry.referenced:
                entry.referenced = False
                self.entries[key] = entry
            else:
                self.left += entry.size
