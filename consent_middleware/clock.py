"""The one clock of the core: what time it is, for a site that lets consent grow old.

Knows: the time.
Must not know: anything else; everything that decides is given the time as a number.
"""

from __future__ import annotations

from time import time


def now() -> float:
    """Seconds since 1970 (UTC)."""
    return time()
