"""WPConsent: `wpconsent_preferences`, JSON with yes or no for each category, and for services.

A visitor who allows one video gets its service and its whole category in the cookie. So a yes to a category counts as
the visitor's only where both default categories are there and no service is.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent, State

from .platform import Ids, Platform, Values, boolean_items, category_ids, parse_json, reading, states_from_choices

_NAME = "wpconsent_preferences"
_CATEGORIES = {"essential", "statistics", "marketing"}


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        flags = boolean_items(parse_json(value))
        names = {name for name, _ in flags}
        states = states_from_choices(flags, ids)
        if "essential" not in names or not states:
            continue
        sure = names >= _CATEGORIES and names <= _CATEGORIES | set(ids)
        whole = reading("wpconsent", _NAME, states)
        if sure:
            yield whole
        else:
            yield whole.restricted_to(State.DENIED)
            yield reading("wpconsent", _NAME, states, basis=Basis.IMPLIED).restricted_to(State.GRANTED)


WPCONSENT = Platform(
    "wpconsent",
    _read,
    cookies=(_NAME,),
    ids=category_ids(statistics=Category.ANALYTICS, marketing=Category.MARKETING),
    mappable=True,
)
