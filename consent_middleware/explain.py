"""An explanation of a request's consent for a person or a program: what was read, from where, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from .consent import Category, Consent
from .cookies import Cookies
from .engine import Engine, banner_advice
from .headers import values
from .plan import Plan
from .policy import Policy
from .sources import Signals


def plan_of(policy: Policy, headers: Sequence[tuple[bytes, bytes]]) -> Plan:
    """Return the plan for a request with these header fields, `Cookie` included. Names are in lower case."""
    return Engine(policy).plan(_signals(headers))


def text_of(policy: Policy, headers: Sequence[tuple[bytes, bytes]]) -> str:
    """Return `as_text` for a request, the consent cookies that could not be read, and what to do without a platform.

    Args:
        policy: the site's settings.
        headers: the request's header fields, `Cookie` included, with names in lower case.
    """
    engine, signals = Engine(policy), _signals(headers)
    plan = engine.plan(signals)
    unread = [
        f"cookie {cookie} (of {owner}): no consent can be read from it; it counts for nothing"
        for cookie, owner in engine.unread_cookies(signals, plan.readings)
    ]
    return "\n".join([as_text(plan), *unread, *advice(engine)])


def json_of(policy: Policy, headers: Sequence[tuple[bytes, bytes]]) -> dict[str, Any]:
    """Return `as_json` for a request, and, as `unread`, the names of the consent cookies that could not be read."""
    engine, signals = Engine(policy), _signals(headers)
    plan = engine.plan(signals)
    unread = [cookie for cookie, _ in engine.unread_cookies(signals, plan.readings)]
    return {**as_json(plan), **({"unread": unread} if unread else {})}


def _signals(headers: Sequence[tuple[bytes, bytes]]) -> Signals:
    return Signals(Cookies(values(headers, b"cookie")), headers)


def advice(engine: Engine) -> list[str]:
    """Return a line for each vendor with a consent banner, unless this engine has seen a consent platform."""
    vendors = () if engine.has_platform else engine.policy.vendors
    return [f"no consent platform: {banner_advice(vendor)}" for vendor in vendors if vendor.banner is not None]


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the explanation as values for JSON.

    The four categories, `basis` and `source` are those of all readings merged. `plan` is the decision that follows
    under the policy.
    """
    merged = plan.merged
    return {
        **{category: merged.state(category) for category in Category},
        "basis": merged.basis,
        "source": merged.source or "none",
        "plan": decisions_as_json(plan),
    }


def decisions_as_json(plan: Plan) -> dict[str, Any]:
    """Return what happens to each purpose, and why, as values for JSON."""
    return {
        purpose: {"action": decision.action, "reasons": list(decision.reasons)}
        for purpose, decision in plan.decisions.items()
    }


def as_text(plan: Plan) -> str:
    """Return the explanation as lines of text: what each cookie says, what they say together, and what follows."""
    lines = [_line(reading) for reading in plan.readings] or ["no readable consent cookie or signal"]
    merged = plan.merged
    lines += [f"{category}: {merged.state(category)}" for category in Category]
    lines += [f"basis: {merged.basis}", f"regime: {plan.regime}"]
    return "\n".join([*lines, *decisions_as_lines(plan)])


def decisions_as_lines(plan: Plan) -> list[str]:
    """Return what happens to each purpose, and why, as one line for each."""
    return [
        f"{purpose}: {decision.action}, because {'; '.join(decision.reasons)}"
        for purpose, decision in plan.decisions.items()
    ]


def _line(reading: Consent) -> str:
    states = ", ".join(f"{category} {state}" for category, state in sorted(reading.states.items()))
    since = (
        f", since {datetime.fromtimestamp(reading.chosen_at, UTC):%Y-%m-%d}" if reading.chosen_at is not None else ""
    )
    return f"{reading.source or 'a source'} ({reading.cookie}): {states or 'no category'}, {reading.basis}{since}"
