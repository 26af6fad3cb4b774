"""Recordings of pages, with which later pages of the same route are rewritten; `html.incremental` says how.

Which recording a page is compared with
---------------------------------------
Each page has two keys: its context with its path, and its context with its first bytes. The first finds the page of
last time, in which a token may have changed; the second finds a page of the same template, in which the middle is
another. A page is compared with at most these two recordings, the one of its path first.

When a page is recorded
-----------------------
When one of its keys comes for the second time and has no recording. Recording takes longer than reading, so it is paid
from a credit in bytes: at the beginning there is enough to fill the store once, each page that is read in full adds a
twentieth of its length, and each page that needs no reading adds its length. So pages that are different each time slow
a site down by a few percent at most, and a site whose pages are similar soon has all of its routes.

When a recording is given up
----------------------------
A page that is too different from a recording was compared for nothing. After each such page in a row, twice as many
pages of that key are not compared. The third, sixth and so on is recorded, since the site's template may have changed.

An example, for one path, with the pages A, B and C that differ by a token, and another page X:

    A        the path is new: it is remembered, and A is read in full
    B        the path comes again: B is read in full and recorded
    C        C is compared with B, and rewritten without reading most of it
    X        X is too different: it is read in full, and so is the next page, without a comparison
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

from .html.incremental import Recording
from .nonce import PageNonce
from .rewrite_result import RewriteResult
from .second_chance import Entry, SecondChanceStore

#: How many of a page's first bytes are its second key.
_FIRST_BYTES: Final = 256
#: Shorter pages are read about as fast as they are compared.
MIN_LENGTH: Final = 2048
#: A recording that needs more than this part of the store (one fourth) is not kept.
MAX_SHARE: Final = 4
#: How many times as long as reading a page does recording it take, at most.
RECORDING_COST: Final = 30
#: One part of the length of a page that is read in full is added to the credit.
_CREDIT_SHARE: Final = 20
#: After so many pages in a row that were too different, the next one is recorded.
_MISSES_TO_RECORD: Final = 3
#: The most pages in a row that are not compared, as a power of two.
_MAX_PAUSE_POWER: Final = 8


class RecordedPage(NamedTuple):
    """A page that was recorded.

    Attributes:
        context: everything that its result depends on besides its bytes.
        recording: the recording.
        result: the result, without the bytes of the page.
        words: if the page has the fixed nonce, its words that may have a part of another nonce.
    """

    context: Hashable
    recording: Recording
    result: RewriteResult
    words: bytes = b""

    def rewritten_with_nonce(self, body: bytes, nonce: PageNonce) -> bytes | None:
        """Return a similar page with a nonce as it is sent, or None if it has to be read.

        Args:
            body: the page.
            nonce: the nonce that stands in the page where the recorded page has the fixed one.
        """
        return None if nonce.part in self.words else self.recording.rewritten(body, nonce.own)


class _Route(Entry):
    """What is known of the pages with one key.

    Attributes:
        recorded: the recorded page, or None if a page has come only once.
        misses: how many pages in a row were too different from what was recorded.
        pause: how many of the next pages are not compared.
        is_due: whether the next page is to be recorded.
    """

    __slots__ = ("is_due", "misses", "pause", "recorded")

    def __init__(self, recorded: RecordedPage | None = None, size: int = 0, misses: int = 0) -> None:
        super().__init__(size)
        self.recorded = recorded
        self.misses = misses
        self.pause = 0
        self.is_due = recorded is None

    def note_miss(self) -> None:
        """Note that a page was too different."""
        self.misses += 1
        self.pause = 1 << min(self.misses, _MAX_PAUSE_POWER)
        self.is_due = self.misses % _MISSES_TO_RECORD == 0


class Recordings:
    """The recordings of one gateway. Any number of threads may use it.

    Args:
        store: where the recordings are kept.
    """

    def __init__(self, store: SecondChanceStore) -> None:
        self._store = store
        # Two threads may change it at once; then it is inexact.
        self._credit = self._max_credit = RECORDING_COST * store.limit

    def find(
        self, keys: Sequence[int], context: Hashable, body: bytes, nonce: PageNonce | None = None
    ) -> RewriteResult | None:
        """Return the result for a page that is similar to a recorded one, or None if the page has to be read.

        Args:
            keys: the keys of the page.
            context: everything that the result depends on besides the body; with the fixed nonce.
            body: the page.
            nonce: the page's own nonce, which stands in `body`.
        """
        for key in keys:
            route: _Route | None = self._store.entries.get(key)
            if route is None or route.recorded is None or route.recorded.context != context:
                continue
            if route.pause:
                route.pause -= 1
                continue
            recorded = route.recorded
            page = recorded.recording.rewritten(body) if nonce is None else recorded.rewritten_with_nonce(body, nonce)
            if page is not None:
                route.misses = 0
                route.referenced = True
                self._credit = min(self._credit + len(body), self._max_credit)
                # `_replace` does the same, and is slow.
                return recorded.result if page is body else RewriteResult(page, *recorded.result[1:])
            route.note_miss()
        self._credit = min(self._credit + len(body) // _CREDIT_SHARE, self._max_credit)
        return None

    def wants(self, keys: Sequence[int], length: int) -> bool:
        """Return whether to record a page that has to be read in full. If so, it is paid for.

        Args:
            keys: the keys of the page.
            length: how long it is.
        """
        cost = RECORDING_COST * length
        if length > self._store.limit // MAX_SHARE or cost > self._credit:
            return False
        routes = [self._route(key) for key in keys]
        if None in routes and self._store.lock.acquire(blocking=False):
            try:
                for key, route in zip(keys, routes, strict=True):
                    if route is None:
                        self._store.put(key, _Route())
            finally:
                self._store.lock.release()
        is_due = any(route.is_due for route in routes if route is not None)
        if is_due:
            self._credit -= cost
        return is_due

    def put(self, keys: Sequence[int], recorded: RecordedPage, size: int) -> None:
        """Keep a recorded page, under each of its keys that has none or whose pages have changed.

        Args:
            keys: the keys of the page.
            recorded: the page.
            size: what it takes in bytes.
        """
        if size > self._store.limit // MAX_SHARE or not self._store.lock.acquire(blocking=False):
            return
        try:
            for key in keys:
                route = self._route(key)
                if route is None or route.is_due:
                    self._store.put(key, _Route(recorded, size, route.misses if route else 0))
        finally:
            self._store.lock.release()

    def _route(self, key: int) -> _Route | None:
        return self._store.entries.get(key)


def keys_of(context: Hashable, path: str, body: bytes, nonce: PageNonce | None = None) -> tuple[int, ...]:
    """Return the keys of a page; none if it is too short to be compared.

    They are only hints where to look. A visitor chooses the path, so no more than a number is kept of it.
    """
    if len(body) < MIN_LENGTH:
        return ()
    number = hash(context)
    start = body[:_FIRST_BYTES]
    if nonce is not None:
        start = start.replace(nonce.own, nonce.fixed)
    return hash((number, path)), hash((number, start))
