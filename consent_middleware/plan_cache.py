"""A bounded cache of plans, by a digest of the request's cookies and headers that they were read from.

A visitor sends the same cookies with every request, and may write anything into them. So the cache keeps no cookie,
only a digest under a key of this process, and it has a limit in bytes.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from hashlib import blake2b
from secrets import token_bytes

from .consent import Regime
from .plan import Plan
from .sources import Signals

#: How many plans are kept, how many bytes they may take, and how many bytes one may take. A plan from a few readings,
#: as sites have them, takes two or three kilobytes.
MAX_PLANS = 1024
MAX_BYTES = 1 << 22
MAX_PLAN_BYTES = 1 << 13

#: What a plan takes in bytes, roughly: by itself, for each reading, and for each letter of its texts. States are few
#: objects that all plans share.
_PLAN_BYTES = 2048
_READING_BYTES = 768
_LETTER_BYTES = 2

PlanKey = tuple[Regime, bytes]


class PlanCache(dict[PlanKey, Plan]):
    """Plans by the requests' cookies and headers. When it is full, it is cleared.

    Args:
        headers: the names of the headers that the consent sources read.
    """

    def __init__(self, headers: AbstractSet[bytes]) -> None:
        super().__init__()
        self._headers = headers
        self._digest = blake2b(key=token_bytes(16), digest_size=16)
        self._left = MAX_BYTES

    def key(self, regime: Regime, signals: Signals, names: Collection[bytes]) -> PlanKey:
        """Return the key for a request: a digest of everything that its plan is read from.

        Args:
            regime: the regime of the request.
            signals: the request.
            names: the names of its header fields, in lower case.
        """
        digest = self._digest.copy()
        for header in signals.cookies.raw:
            # The length stands before the value, so two lines are never taken for one.
            digest.update(b"%d:%b" % (len(header), header))
        if not self._headers.isdisjoint(names):
            for name, value in signals.headers:
                if name in self._headers:
                    digest.update(b"%b=%d:%b" % (name, len(value), value))
        return regime, digest.digest()

    def put(self, key: PlanKey, plan: Plan) -> None:
        """Keep a plan, unless it takes more than its share."""
        size = _size(plan)
        if size > MAX_PLAN_BYTES:
            return
        if len(self) >= MAX_PLANS or size > self._left:
            self.clear()
        self._left -= size
        self[key] = plan

    def clear(self) -> None:
        """Remove every plan."""
        super().clear()
        self._left = MAX_BYTES


def _size(plan: Plan) -> int:
    """Return about how many bytes a plan takes; rather too many than too few."""
    letters = sum(len(reading.source + reading.cookie + reading.revision) for reading in (*plan.readings, plan.consent))
    letters += sum(map(len, plan.consent.attributions.values()))
    letters += sum(map(len, plan.cookies_to_expire))
    letters += sum(len(reason) for decision in plan.decisions.values() for reason in decision.reasons)
    return _PLAN_BYTES + _READING_BYTES * len(plan.readings) + _LETTER_BYTES * letters
