"""Notices about what could not be done as asked: counted every time, logged the first time.

A notice has the name of an event and a message. It never contains a cookie's value or a visitor's id.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter

logger = logging.getLogger("consent_middleware")


class Notices:
    """Count events by name, and log each only once, so that a busy site is not flooded."""

    __slots__ = ("_counts", "_lock")

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def note(self, event: str, message: str) -> None:
        """Count `event`; the first time, log `message` as a warning."""
        with self._lock:
            self._counts[event] += 1
            first = self._counts[event] == 1
        if first:
            logger.warning("%s: %s", event, message)

    @property
    def counts(self) -> dict[str, int]:
        """How often each event has been noted since the gateway was built."""
        with self._lock:
            return dict(self._counts)
