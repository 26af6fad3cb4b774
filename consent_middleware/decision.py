"""The decision: what may load, from what the readings of a request say. Pure functions of a policy's settings.

It takes two steps. `consent_from_readings` discards what does not count on this site (a state that is too old, or that
nobody chose) and merges the rest into one consent. `decisions_for` compares that consent with what each purpose
requires, and says why in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from .consent import Basis, Category, Consent, Regime, State, merge
from .plan import Decision, DiscardedState, Plan
from .purpose import Action, Purpose
from .sources.reader import UNREAD_COPIES

#: Why a state that a reading reports does not count, by the rule that discards it.
_DISCARDED = {
    "tcf-only-denies": "is a TC string, which only denies on this site",
    "implied": "is a default that nobody chose, which does not count under opt-in",
    "gpc-limited": "counts under opt-out only on this site",
    "too-old": "is older than {days} days",
    "other-revision": "was said to another revision of the site's policy",
}


class DecisionSettings(Protocol):
    """The settings that a decision depends on. A `Policy` has them."""

    requires: Mapping[Purpose, frozenset[Category]]
    click_cookie: str
    click_after_refusal: bool
    tcf_grants: bool
    gpc: str
    max_age_days: float | None
    revisions: Mapping[str, str]
    forward_consent: bool


def plan_from_readings(
    settings: DecisionSettings, readings: Sequence[Consent], *, clicked: bool, regime: Regime, now: float
) -> Plan:
    """Return the plan that follows from readings under a regime, at a time in seconds since 1970."""
    consent, discarded = consent_from_readings(settings, readings, regime, now)
    decisions = decisions_for(settings, consent, clicked=clicked, regime=regime, discarded=discarded)
    return Plan(consent, clicked, decisions, regime, tuple(readings), settings.forward_consent)


def consent_from_readings(
    settings: DecisionSettings, readings: Sequence[Consent], regime: Regime, now: float
) -> tuple[Consent, list[DiscardedState]]:
    """Return the consent that counts, and the states that do not.

    The rules apply to each reading by itself, before all become one. So no reading can make another count for less.
    """
    discarded: list[DiscardedState] = []
    counted: list[Consent] = []
    for reading in readings:
        for rule, kept in _discarding_rules(settings, reading, regime, now):
            left = reading.restricted_to(*kept)
            discarded += [
                DiscardedState(category, rule, reading.source, reading.cookie)
                for category in reading.states
                if reading.state(category) is not left.state(category)
            ]
            reading = left  # noqa: PLW2901 - each rule takes its share
        counted.append(reading)
    return merge(counted), discarded


def _discarding_rules(
    settings: DecisionSettings, reading: Consent, regime: Regime, now: float
) -> list[tuple[str, tuple[State, ...]]]:
    """Return the rules that apply to a reading, each with the states that it keeps."""
    # A refusal that has lapsed blocks as well as an unknown under opt-in; under opt-out it must stay.
    lapsed = (State.DENIED,) if regime is Regime.OPT_OUT else ()
    rules: list[tuple[str, tuple[State, ...]]] = []
    if reading.only_denies and not settings.tcf_grants:
        rules.append(("tcf-only-denies", (State.DENIED,)))
    if reading.basis is Basis.IMPLIED and regime is Regime.OPT_IN:
        rules.append(("implied", (State.DENIED,)))
    if reading.source == "gpc" and settings.gpc == "opt-out" and regime is Regime.OPT_IN:
        rules.append(("gpc-limited", ()))
    age = now - reading.chosen_at if reading.chosen_at is not None else 0.0
    if settings.max_age_days is not None and age > settings.max_age_days * 86_400:
        rules.append(("too-old", lapsed))
    wanted = settings.revisions.get(reading.source)
    if wanted is not None and reading.revision != wanted:
        rules.append(("other-revision", lapsed))
    return rules


def decisions_for(
    settings: DecisionSettings, consent: Consent, *, clicked: bool, regime: Regime, discarded: Sequence[DiscardedState]
) -> Mapping[Purpose, Decision]:
    """Return what happens to each purpose under `consent`.

    A click counts for the chat alone. It is later and more particular than a refusal, so it counts beside one unless
    the site says otherwise (`click_after_refusal`).
    """
    decisions = {purpose: _by_consent(settings, purpose, consent, regime, discarded) for purpose in Purpose}
    for purpose in (Purpose.CHAT, Purpose.EMBEDS):
        decision = decisions[purpose]
        if decision.action is Action.ALLOW:
            continue
        if not settings.click_after_refusal and any(map(consent.refuses, settings.requires[purpose])):
            reasons = (*decision.reasons, "no click can change that on this site")
            decisions[purpose] = Decision(purpose, Action.BLOCK, reasons, (*decision.rules, "click-disabled"))
        elif clicked and purpose is Purpose.CHAT:
            reason = f"the visitor has clicked to chat in this visit (cookie {settings.click_cookie})"
            decisions[purpose] = Decision(purpose, Action.ALLOW, (reason,), ("click",))
    return MappingProxyType(decisions)


def _by_consent(
    settings: DecisionSettings, purpose: Purpose, consent: Consent, regime: Regime, discarded: Sequence[DiscardedState]
) -> Decision:
    """Return the decision for one purpose without regard to clicks."""
    required = sorted(settings.requires[purpose])
    given = [category for category in required if consent.grants(category)]
    missing = [category for category in required if not consent.grants(category)]
    unanswered: list[Category] = []
    if regime is Regime.OPT_OUT:
        unanswered = [category for category in missing if consent.state(category) is State.UNKNOWN]
        missing = [category for category in missing if category not in unanswered]
    if missing:
        action = Action.BLOCK if purpose is Purpose.TRACKING else Action.FACADE
        why = [_reason_against(settings, consent, category, discarded) for category in missing]
        rules = dict.fromkeys(rule for _, rule in why)
        return Decision(purpose, action, tuple(reason for reason, _ in why), tuple(rules))
    reasons: list[str] = []
    names: list[str] = []
    if given or not unanswered:
        by_origin: dict[str, list[str]] = {} if given else {"": ["no"]}
        for category in given:
            by_origin.setdefault(consent.attribution(category), []).append(category)
        reasons += [
            f"{', '.join(each)} consent is given{_attribution_text(origin)}" for origin, each in by_origin.items()
        ]
        names.append("granted")
    if unanswered:
        reasons.append(f"{', '.join(unanswered)} consent is not refused, and the regime is opt-out")
        names.append("not-refused")
    return Decision(purpose, Action.ALLOW, tuple(reasons), tuple(names))


def _reason_against(
    settings: DecisionSettings, consent: Consent, category: Category, discarded: Sequence[DiscardedState]
) -> tuple[str, str]:
    """Return why a category is not granted: in words, and as the name of a rule."""
    if consent.state(category) is State.DENIED:
        origin = consent.attribution(category)
        if consent.refuses(category):
            return f"{category} consent is refused{_attribution_text(origin)}", "denied"
        if UNREAD_COPIES in origin:
            return f"{category} consent is unknown: not every copy of a consent cookie is read", "unread-copies"
        return f"{category} consent is off by default{_attribution_text(origin)}", "denied-by-default"
    found = next((each for each in discarded if each.category is category), None)
    if found is None:
        return f"{category} consent is unknown, and unknown is not consent", "unknown"
    why = _DISCARDED[found.rule].format(days=settings.max_age_days)
    return f"{category} consent is unknown: what {found.source} ({found.cookie}) says {why}", found.rule


def _attribution_text(origin: str) -> str:
    return f" by {origin}" if origin else ""
