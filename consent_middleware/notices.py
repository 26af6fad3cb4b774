"""Notices about what could not be done as asked: counted every time, logged the first time.

A notice has the name of an event and a message, and says on which page it came up first: by its path alone, because a
query may name a visitor. It never contains a cookie's value or a visitor's id.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from contextvars import ContextVar

logger = logging.getLogger("consent_middleware")

#: The path of the page that is being worked on. A notice may come up in code that does not know the page, because what
#: it computes is kept for every page with the same bytes.
current_path: ContextVar[str] = ContextVar("current_path", default="")


def set_current_path(path: str) -> None:
    """Set the path of the page that is being worked on."""
    # Reading it takes less time than setting it again.
    if current_path.get() is not path:
        current_path.set(path)


#: How many characters of a path are logged.
_MAX_PATH = 200


class Notices:
    """Count events by name, and log each only once, so that a busy site is not flooded."""

    __slots__ = ("_counts", "_lock")

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def note(self, event: str, message: str, *, of_page: bool = True, times: int = 1) -> None:
        """Count `event`; the first time, log `message` as a warning, with the path of the current page.

        Args:
            event: the name under which it is counted.
            message: what has happened, in words.
            of_page: whether it is about the current page, and not about the whole site.
            times: how often it has happened.
        """
        with self._lock:
            first = event not in self._counts
            self._counts[event] += times
        if first:
            path = current_path.get() if of_page else ""
            # A client has written the path, so it is escaped: a line break in it must not make a line of the log.
            where = f" (first on the page {path[:_MAX_PATH]!a})" if path else ""
            logger.warning("%s: %s%s", event, message, where)

    @property
    def counts(self) -> dict[str, int]:
        """How often each event has been noted since the gateway was built."""
        with self._lock:
            return dict(self._counts)
