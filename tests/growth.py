"""How work grows with its input: a sample is doubled several times, and each doubling may cost little more than twice.

What is measured is this thread's own processor time, the least of several tries, so that other programs on the machine
disturb it little. What takes too short a time to be measured passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from consent_middleware import other_tools, urls
from consent_middleware.html import normalize
from consent_middleware.scripts import loads
from tests.engines import forget_matches

Input = TypeVar("Input")

#: What one doubling may cost. Linear work costs 2, quadratic work 4.
MOST = 3.0
#: A time below this, in seconds, says nothing.
NOTICEABLE = 0.02
TRIES = 3
#: What the package has read is read again each time.
CACHES = (
    normalize._map_uts46_cached,
    normalize._decode_reference_cached,
    loads.scan,
    other_tools.asks_for_consent,
    urls._parse_cached,
    urls._parse_base,
)


def assert_linear(
    prepare: Callable[[int], Input], run: Callable[[Input], object], *, start: int = 4096, doublings: int = 3
) -> None:
    """Fail where `run(prepare(size))` grows faster than its input over so many doublings of `start`.

    The whole way counts, so that one disturbed measurement is not taken for growth, and what looks too dear is tried
    again.
    """
    small, large = prepare(start), prepare(start << doublings)
    # The first try warms up what is made once, and is cheap.
    first, last = min(_timed(run, small) for _ in range(TRIES)), _timed(run, large)
    allowed = MOST**doublings
    for _ in range(TRIES):
        if last <= max(first * allowed, NOTICEABLE):
            return
        first, last = max(first, _timed(run, small)), min(last, _timed(run, large))
    raise AssertionError(
        f"{start << doublings} takes {last / first:.1f} times as long as {start}, {last:.3f} s; at most {allowed:.0f}"
    )


def _timed(run: Callable[[Input], object], given: Input) -> float:
    for cache in CACHES:
        cache.cache_clear()
    forget_matches()
    begin = time.thread_time()
    run(given)
    return time.thread_time() - begin
