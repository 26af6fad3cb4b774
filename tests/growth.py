"""Check that the time of a function grows linearly with its input, which is doubled several times.

The processor time of this thread counts, the least of several tries, so that other programs disturb it little. Times
too short to measure pass.
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

#: The most that one doubling may multiply the time by. Linear work doubles it, quadratic work multiplies it by four.
MOST = 3.0
#: A shorter time, in seconds, is too short to measure.
NOTICEABLE = 0.02
TRIES = 3
#: The caches that are cleared before each measurement.
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
    """Fail if the time of `run(prepare(size))` grows faster than its input over several doublings of `start`.

    Only the first and the last size are compared, so that one disturbed measurement does not look like growth. A slow
    result is measured again.
    """
    small, large = prepare(start), prepare(start << doublings)
    # The small input also warms up everything that is computed once.
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
