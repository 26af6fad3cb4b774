"""One engine for each policy, for tests that give one policy to several exchanges and look at its notices or caches."""

from __future__ import annotations

from consent_middleware import Policy
from consent_middleware.engine import Engine

_ENGINES: dict[Policy, Engine] = {}


def engine_for(policy: Policy) -> Engine:
    """Return the engine that all exchanges of a test with this policy share."""
    if policy not in _ENGINES:
        _ENGINES[policy] = Engine(policy)
    return _ENGINES[policy]


def forget_matches() -> None:
    """Clear what every engine has recognized, so that it is computed again."""
    for engine in _ENGINES.values():
        engine._functions.clear()
