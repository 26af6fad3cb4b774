"""What could not be done as asked: logged once, counted always.

Knows: the package's logger.
Must not know: what went wrong in particular; never sees a cookie's value or a visitor's id.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter

logger = logging.getLogger("consent_middleware")


class Notices:
    """Counts events by name and logs the first of each, so that a busy site is told without being flooded."""

    __slots__ = ("_counts", "_lock")

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def note(self, event: str, message: str) -> None:
        """Count `event`; log `message` as a warning when it is the event's first time."""
        with self._lock:
            self._counts[event] += 1
            first = self._counts[event] == 1
        if first:
            logger.warning("%s: %s", event, message)

    @property
    def counts(self) -> dict[str, int]:
        """How often each event has been noted since the policy was built."""
        with self._lock:
            return dict(self._counts)
