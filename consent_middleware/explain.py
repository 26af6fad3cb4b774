"""Why a request's consent is what it is: the reading, the basis, the source and the plan, for a person or a program.

Knows: what a `Plan` holds.
Must not know: arguments, files, streams, gateways.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from .consent import Category, Consent
from .cookies import Cookies
from .engine import Engine
from .headers import values
from .plan import Plan
from .policy import Policy
from .sources import Signals


def plan_of(policy: Policy, headers: Sequence[tuple[bytes, bytes]]) -> Plan:
    """The plan for a request with these header fields (names in lower case), its `Cookie` lines among them."""
    return Engine(policy).plan(Signals(Cookies(values(headers, b"cookie")), headers))


def as_json(plan: Plan) -> dict[str, Any]:
    """The explanation as JSON can hold it.

    The four categories, `basis` and `source` are the literal reading of all cookies and signals; `plan` is what follows
    from it under the policy's regime and its other rules.
    """
    literal = plan.merged
    return {
        **{category: literal.state(category) for category in Category},
        "basis": literal.basis,
        "source": literal.source or "none",
        "plan": decisions_as_json(plan),
    }


def decisions_as_json(plan: Plan) -> dict[str, Any]:
    """What happens to each purpose, and why, as JSON can hold it."""
    return {
        purpose: {"action": decision.action, "reasons": list(decision.reasons)}
        for purpose, decision in plan.decisions.items()
    }


def as_text(plan: Plan) -> str:
    """The explanation as lines: what each cookie says, what it makes together, and what follows."""
    lines = [_line(reading) for reading in plan.readings] or ["no consent cookie or signal that can be read"]
    literal = plan.merged
    lines += [f"{category}: {literal.state(category)}" for category in Category]
    lines += [f"basis: {literal.basis}", f"regime: {plan.regime}"]
    return "\n".join([*lines, *decisions_as_lines(plan)])


def decisions_as_lines(plan: Plan) -> list[str]:
    """What happens to each purpose, and why, a line each."""
    return [
        f"{purpose}: {decision.action}, because {'; '.join(decision.reasons)}"
        for purpose, decision in plan.decisions.items()
    ]


def _line(reading: Consent) -> str:
    said = ", ".join(f"{category} {state}" for category, state in sorted(reading.states.items()))
    since = (
        f", since {datetime.fromtimestamp(reading.chosen_at, UTC):%Y-%m-%d}" if reading.chosen_at is not None else ""
    )
    return f"{reading.source or 'a source'} ({reading.cookie}): {said or 'no category'}, {reading.basis}{since}"
