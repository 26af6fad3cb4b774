"""insites/cookieconsent, Osano's open-source banner: `cookieconsent_status`, one word.

"dismiss" means yes in one of the banner's modes and no in another. The cookie does not say which, so it counts as no
answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Consent, State

from .platform import Ids, Platform, Values, all_categories, reading, states_from_choices

_NAME = "cookieconsent_status"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        if value == "allow":
            yield reading("insites", _NAME, all_categories(State.GRANTED))
        elif value == "deny":
            yield reading("insites", _NAME, all_categories(State.DENIED))
        elif value == "dismiss":
            states = states_from_choices([(value, True)], ids)
            yield reading("insites", _NAME, states, basis=Basis.EXPLICIT if states else Basis.IMPLIED)


INSITES = Platform("insites", _read, cookies=(_NAME,), mappable=True)
