"""insites/cookieconsent, Osano's open-source banner: `cookieconsent_status`, one word.

Knows: these words. "dismiss" is a yes in one of the banner's modes and a no in another; the cookie does not say which.
Must not know: other formats, what follows from consent.
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
