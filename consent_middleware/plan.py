"""The decision for one request as a value: what may load, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .consent import OPTIONAL_CATEGORIES, Category, Consent, Regime, State, merge
from .purpose import Action, Purpose

#: The letter of each action in a plan's variant.
_VARIANT_CODE = {Action.ALLOW: "1", Action.FACADE: "0", Action.BLOCK: "-"}


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to the tags of one purpose.

    Attributes:
        reasons: why, in sentences for a person.
        rules: the stable name of each reason, for logs that count them.
    """

    purpose: Purpose
    action: Action
    reasons: tuple[str, ...]
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiscardedState:
    """A state that a reading reports and a rule discards, with the rule's name."""

    category: Category
    rule: str
    source: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision for one request. It is made before the app is called and never changes.

    Neither `consent` nor `readings` contain a cookie's value or a visitor's id.

    Attributes:
        consent: the consent that counts under the policy and the regime.
        clicked: whether the visitor has clicked to chat in this visit.
        decisions: what happens to each purpose.
        readings: the readings of the request's cookies and signals, before any rule.
        forwards: whether the page tells the vendors' scripts what the visitor has agreed to.
        variant: a short name of what the plan allows. Two plans with one variant give the same bytes.
        opened: the vendors for whose chat the visitor has clicked in this visit, on a site with chats of several
            vendors. Their chats load by the facade's script, and the tags of all chats wait.
        cookies_to_expire: the vendors' cookies of the request that a page in its response expires, by name: refused
            ones, and those of a past visit.
        touches_html: whether anything has to wait. If not, bodies are sent as they are.
    """

    consent: Consent
    clicked: bool
    decisions: Mapping[Purpose, Decision]
    regime: Regime = Regime.OPT_IN
    readings: tuple[Consent, ...] = ()
    forwards: bool = False
    opened: tuple[str, ...] = ()
    cookies_to_expire: tuple[bytes, ...] = ()
    variant: str = field(init=False, repr=False, compare=False)
    touches_html: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute the attributes that every response needs."""
        decisions = self.decisions
        chat = decisions[Purpose.CHAT].action
        tracking = decisions[Purpose.TRACKING].action
        embeds = decisions[Purpose.EMBEDS].action
        variant = f"c{_VARIANT_CODE[chat]}t{int(tracking is Action.ALLOW)}e{_VARIANT_CODE[embeds]}"
        if self.forwards:
            variant += "f" + "".join(str(int(category in self.agreed)) for category in OPTIONAL_CATEGORIES)
        variant = ".".join((variant, *self.opened))
        object.__setattr__(self, "variant", variant)
        object.__setattr__(self, "touches_html", {chat, tracking, embeds} != {Action.ALLOW})

    def allows(self, purpose: Purpose) -> bool:
        """Return whether everything that serves `purpose` may load."""
        return self.decisions[purpose].action is Action.ALLOW

    def allows_cookies(self, purpose: Purpose) -> bool:
        """Return whether cookies that serve `purpose` may be set: also those of a chat that the visitor has opened."""
        return self.allows(purpose) or (purpose is Purpose.CHAT and bool(self.opened))

    @property
    def agreed(self) -> frozenset[Category]:
        """The categories that the visitor has granted and, under opt-out, those that the visitor has not refused."""
        counted = {State.GRANTED, State.UNKNOWN} if self.regime is Regime.OPT_OUT else {State.GRANTED}
        return frozenset(category for category in OPTIONAL_CATEGORIES if self.consent.state(category) in counted)

    @property
    def merged(self) -> Consent:
        """All readings as one, before the regime and every other rule: denied over granted over unknown."""
        return merge(self.readings)

    def record(self) -> dict[str, Any]:
        """Return the decision for a site's log, ready for JSON, with every reading, its basis and its time.

        It names platforms and cookies, and gives the time of the choice (seconds since 1970, UTC) if the platform
        stores it. It never contains a value or an id.
        """
        return {
            "regime": self.regime,
            "clicked": self.clicked,
            "readings": [
                {
                    "source": reading.source,
                    "cookie": reading.cookie,
                    "basis": reading.basis,
                    "chosen_at": reading.chosen_at,
                    "states": {category: reading.state(category) for category in OPTIONAL_CATEGORIES},
                }
                for reading in self.readings
            ],
            "consent": {category: self.consent.state(category) for category in Category},
            "plan": {
                purpose: {
                    "action": decision.action,
                    "rules": list(decision.rules),
                    "reasons": list(decision.reasons),
                }
                for purpose, decision in self.decisions.items()
            },
        }
