"""A bounded cache of decisions about the heads of pages, of which an app sends the same few again and again.

A decision is kept when its key comes for the second time, so a head that comes once takes no more than a number. In an
app whose heads all differ, by the id of a request for example, looking for them would be in vain. So after some heads
in a row that were not found, many are not even looked for:

    8 heads are not found       the next 248 are decided without looking
    1 of the next 8 is found    all are looked for again
"""

from __future__ import annotations

from collections.abc import Hashable
from math import inf
from typing import Final

from .page_context import ResponseHead

#: How many decisions are kept, and how many numbers of keys that came once. When there are more, all are forgotten.
MAX_HEADS: Final = 256
#: After how many heads in a row that were not found there is a pause, and how many heads it lasts.
MAX_MISSES: Final = 8
PAUSE: Final = 248

#: What `hash` raises: an app may give lists as fields, or views of memory that can be changed as values.
_NO_HASH: Final = (TypeError, ValueError)


class HeadCache:
    """Decisions about heads by key. Any number of threads may use it; together they may miss a decision.

    Args:
        is_used: whether any decision may be kept.
    """

    __slots__ = ("_kept", "_misses", "_pause", "_seen")

    def __init__(self, *, is_used: bool) -> None:
        self._kept: dict[Hashable, ResponseHead] = {}
        #: Hashes of keys that came once.
        self._seen: set[int] = set()
        self._misses = 0
        #: How many heads are not looked for now.
        self._pause: float = 0 if is_used else inf

    def __len__(self) -> int:
        return len(self._kept)

    def wants_key(self) -> bool:
        """Return whether the next head is looked for."""
        if self._pause:
            self._pause -= 1
            return False
        return True

    def find(self, key: Hashable) -> ResponseHead | None:
        """Return the decision that is kept under a key, or None."""
        try:
            found = self._kept.get(key)
        except _NO_HASH:
            return None
        if found is not None:
            self._misses = 0
        return found

    def recurs(self, key: Hashable) -> bool:
        """Return whether a key that was not found has come before, or another one with the same hash."""
        self._misses += 1
        if self._misses >= MAX_MISSES:
            self._misses, self._pause = 0, PAUSE
        try:
            number = hash(key)
        except _NO_HASH:
            return False
        if number in self._seen:
            return True
        if len(self._seen) >= MAX_HEADS:
            self._seen.clear()
        self._seen.add(number)
        return False

    def keep(self, key: Hashable, head: ResponseHead) -> None:
        """Keep a decision."""
        if len(self._kept) >= MAX_HEADS:
            self._kept.clear()
        self._kept[key] = head
