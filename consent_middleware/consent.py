"""What a visitor agreed to: categories, their states, and what each state is based on.

Several readings of one request become one consent with `merge`. What follows from it is decided in `decision`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class _Word(StrEnum):
    """An enumeration that hashes like its text, without a call into Python code: its members are looked up often."""

    __hash__ = str.__hash__


class Category(_Word):
    """A group of purposes that a visitor grants or refuses as one."""

    NECESSARY = "necessary"
    FUNCTIONAL = "functional"
    ANALYTICS = "analytics"
    MARKETING = "marketing"


class State(_Word):
    """The state of one category. Unknown is not consent."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Basis(_Word):
    """What a reading is based on: the visitor's own choice, a platform's default, or nothing."""

    EXPLICIT = "explicit"
    IMPLIED = "implied"
    NONE = "none"


class Regime(_Word):
    """Whether a category needs a yes (GDPR, ePrivacy) or counts until a no (CCPA and similar laws)."""

    OPT_IN = "opt-in"
    OPT_OUT = "opt-out"


#: The categories that a visitor can refuse. Necessary is always granted and never read from a cookie.
OPTIONAL_CATEGORIES = (Category.FUNCTIONAL, Category.ANALYTICS, Category.MARKETING)


def _nothing() -> Mapping[Category, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Consent:
    """One reading of a visitor's consent, or the merge of several.

    It never contains a cookie's value, because values identify visitors.

    Attributes:
        states: the states of optional categories. A category that is not there is unknown.
        basis: what the whole reading is based on.
        source: the platform or signal, for the log.
        cookie: the name of the cookie or header that was read.
        chosen_at: when the visitor chose, in seconds since 1970 (UTC), if the source stores it.
        revision: the version of the site's own policy under which the visitor chose.
        only_denies: whether grants in this format count only if the site says so.
        bases: the basis of a category, if it differs from the whole's.
        attributions: who gave a category its state, if it differs from the whole's.
    """

    states: Mapping[Category, State] = field(default_factory=_nothing)
    basis: Basis = Basis.NONE
    source: str = ""
    cookie: str = ""
    chosen_at: float | None = None
    revision: str = ""
    only_denies: bool = False
    bases: Mapping[Category, Basis] = field(default_factory=_nothing)
    attributions: Mapping[Category, str] = field(default_factory=_nothing)

    def state(self, category: Category) -> State:
        """Return the state of one category. Necessary is granted by definition."""
        if category is Category.NECESSARY:
            return State.GRANTED
        return self.states.get(category, State.UNKNOWN)

    def basis_of(self, category: Category) -> Basis:
        """Return what the state of one category is based on: nothing if it is unknown."""
        if category is Category.NECESSARY or self.state(category) is State.UNKNOWN:
            return Basis.NONE
        return self.bases.get(category, self.basis)

    def attribution(self, category: Category) -> str:
        """Return who gave a category its state, as `source (cookie)`; empty if the source has no name."""
        return self.attributions.get(category) or (f"{self.source} ({self.cookie})" if self.source else "")

    def grants(self, category: Category) -> bool:
        """Return whether the category is granted. Unknown is not consent."""
        return self.state(category) is State.GRANTED

    def refuses(self, category: Category) -> bool:
        """Return whether the visitor has said no. A platform's default of no is denied too, but nobody chose it."""
        return self.state(category) is State.DENIED and self.basis_of(category) is not Basis.IMPLIED

    @property
    def granted(self) -> frozenset[Category]:
        """Every category that is granted, necessary included."""
        return frozenset(category for category in Category if self.grants(category))

    @property
    def is_known(self) -> bool:
        """Whether at least one optional category is granted or denied."""
        return any(state is not State.UNKNOWN for state in self.states.values())

    @property
    def says_anything(self) -> bool:
        """Whether anything is recorded: the state of a category, or a choice or a default that names none."""
        return self.basis is not Basis.NONE or self.is_known

    def restricted_to(self, *kept: State) -> Consent:
        """Return this reading with every state that is not in `kept` made unknown."""
        left = {category: state for category, state in self.states.items() if state in kept}
        return self if len(left) == len(self.states) else replace(self, states=MappingProxyType(left))


UNKNOWN = Consent()


def merge(readings: Iterable[Consent]) -> Consent:
    """Return one consent for several readings: for each category, denied over granted over unknown.

    Readings disagree if a site has changed its platform and the old cookie lives on, or if two domains set one cookie.
    The order of cookies in a request means nothing (RFC 6265bis, section 5.8.3), so no reading can be preferred, and
    the one that protects the visitor counts.

    The basis of a category is the best among the readings that give it its state. The basis of the whole is the weakest
    of these, so an explicit whole contains nothing that nobody chose. A reading may record a choice and yet name no
    category that is known here; then it adds its basis and its name.
    """
    telling = [reading for reading in readings if reading.says_anything]
    if not telling:
        return UNKNOWN
    if len(telling) == 1:
        return telling[0]
    states: dict[Category, State] = {}
    bases: dict[Category, Basis] = {}
    # The inner dictionary is an ordered set: a visitor may write many names.
    origins: dict[Category, dict[str, None]] = {}
    for reading in telling:
        whole, own, names = reading.basis, reading.bases, reading.attributions
        label = f"{reading.source} ({reading.cookie})" if reading.source else ""
        for category, state in reading.states.items():
            if state is State.UNKNOWN:
                continue
            before = states.get(category)
            stronger = before is None or (state is State.DENIED and before is State.GRANTED)
            if stronger or (state is before and bases[category] is Basis.IMPLIED):
                states[category] = state
                bases[category] = own.get(category, whole)
            name = names.get(category, label)
            if stronger:
                origins[category] = {}
            if name and (stronger or state is before):
                origins[category][name] = None
    weighed = set(bases.values()) if bases else {reading.basis for reading in telling}
    implied = Basis.IMPLIED in weighed if bases else Basis.EXPLICIT not in weighed
    stamps = [reading.chosen_at for reading in telling if reading.chosen_at is not None]
    return Consent(
        states=MappingProxyType(states),
        basis=Basis.IMPLIED if implied else Basis.EXPLICIT,
        source=", ".join(dict.fromkeys(reading.source for reading in telling)),
        cookie=", ".join(dict.fromkeys(reading.cookie for reading in telling)),
        chosen_at=min(stamps, default=None),
        bases=MappingProxyType(bases),
        attributions=MappingProxyType({category: ", ".join(named) for category, named in origins.items()}),
    )
