"""What a visitor agreed to: categories, their states, and on what they rest.

Knows: the four categories, the three states, the three bases, how several readings become one.
Must not know: cookies, headers, platforms, vendors, HTML, what follows from consent (that is `policy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class _Word(StrEnum):
    """A word that is looked up often: it hashes as the text it is equal to, without a detour through Python code."""

    __hash__ = str.__hash__


class Category(_Word):
    """A group of purposes that a visitor grants or refuses as one."""

    NECESSARY = "necessary"
    FUNCTIONAL = "functional"
    ANALYTICS = "analytics"
    MARKETING = "marketing"


class State(_Word):
    """What is known of one category. Unknown is not consent."""

    GRANTED = "granted"
    DENIED = "denied"
    UNKNOWN = "unknown"


class Basis(_Word):
    """What a reading rests on: the visitor's own act, a platform's default, or nothing."""

    EXPLICIT = "explicit"
    IMPLIED = "implied"
    NONE = "none"


class Regime(_Word):
    """Whether a category waits for a yes (GDPR, ePrivacy) or counts until a no (CCPA and its like)."""

    OPT_IN = "opt-in"
    OPT_OUT = "opt-out"


#: The categories a visitor can refuse. Necessary is always granted and never read from a cookie.
OPTIONAL_CATEGORIES = (Category.FUNCTIONAL, Category.ANALYTICS, Category.MARKETING)


def _nothing() -> Mapping[Category, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Consent:
    """One reading of a visitor's consent, or the merge of several.

    `states` holds the optional categories that the reading says something about; a category it does not name is
    unknown. `source` names the platform or signal for the log, `cookie` the cookie or header it was read from; neither
    ever holds a value, because values carry visitor ids.

    `stamp` is when the visitor chose, in seconds since 1970 (UTC), where the source says so, and `revision` the version
    of the site's policy that the choice was made under. `only_denies` marks a format whose grants need the site's word
    before they count. `bases` and `origins` hold a category's own basis, and who said so, where it is not the whole's.
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
        """The state of one category; necessary is granted by definition."""
        if category is Category.NECESSARY:
            return State.GRANTED
        return self.states.get(category, State.UNKNOWN)

    def basis_of(self, category: Category) -> Basis:
        """What the state of one category rests on; nothing where it is unknown."""
        if category is Category.NECESSARY or self.state(category) is State.UNKNOWN:
            return Basis.NONE
        return self.bases.get(category, self.basis)

    def attribution(self, category: Category) -> str:
        """Who gives a category its state, as `source (cookie)`; nothing where the source has no name."""
        return self.attributions.get(category) or (f"{self.source} ({self.cookie})" if self.source else "")

    def grants(self, category: Category) -> bool:
        """True only for granted: unknown is not consent."""
        return self.state(category) is State.GRANTED

    def refuses(self, category: Category) -> bool:
        """True for a recorded no. A platform's default of no is denied too, but nobody has said it."""
        return self.state(category) is State.DENIED and self.basis_of(category) is not Basis.IMPLIED

    @property
    def granted(self) -> frozenset[Category]:
        """Every category that is granted, necessary included."""
        return frozenset(category for category in Category if self.grants(category))

    @property
    def is_known(self) -> bool:
        """True when at least one optional category is granted or denied."""
        return any(state is not State.UNKNOWN for state in self.states.values())

    @property
    def says_anything(self) -> bool:
        """True when anything is recorded: a category that is known, or an act or a default that names none."""
        return self.basis is not Basis.NONE or self.is_known

    def restricted_to(self, *kept: State) -> Consent:
        """The reading with every state that is not among `kept` unknown; itself where nothing changes."""
        left = {category: state for category, state in self.states.items() if state in kept}
        return self if len(left) == len(self.states) else replace(self, states=MappingProxyType(left))


UNKNOWN = Consent()


def merge(readings: Iterable[Consent]) -> Consent:
    """One consent from several readings: per category, denied over granted over unknown.

    Readings disagree when a site has changed its platform and the old cookie lives on, or when one cookie stands on
    two domains. The order of cookies in a request says nothing (RFC 6265bis, section 5.8.3), so no reading can be
    preferred; the one that protects the visitor counts.

    A category's basis is the best among the readings that give it its state; the whole's is the weakest of these, so
    that an explicit whole holds nothing that nobody chose. A reading may tell of an act and yet name no category that
    is known here: it then gives its basis and its name.
    """
    telling = [reading for reading in readings if reading.says_anything]
    if not telling:
        return UNKNOWN
    if len(telling) == 1:
        return telling[0]
    states: dict[Category, State] = {}
    bases: dict[Category, Basis] = {}
    # A dictionary for its order: a visitor may write many names.
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
