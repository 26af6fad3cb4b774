"""Complianz: one `cmplz_…` cookie for each category, and one for services accepted one by one.

Complianz calls strictly necessary cookies "functional".
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent

from .platform import Ids, Platform, Values, boolean_items, category_ids, parse_json, reading, states_from_choices

#: The second is that of a multisite's main site.
_PREFIXES = ("cmplz_", "cmplz_rt_")
_CATEGORIES = ("preferences", "statistics", "marketing")
_OWN = category_ids(preferences=Category.FUNCTIONAL, statistics=Category.ANALYTICS, marketing=Category.MARKETING)


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for prefix in _PREFIXES:
        revision = next(iter(values.get(prefix + "policy_id", ())), "")
        # Where a region asks for no banner, Complianz writes the categories by itself.
        basis = Basis.EXPLICIT if "dismissed" in values.get(prefix + "banner-status", ()) else Basis.IMPLIED
        for name in _CATEGORIES:
            for value in values.get(prefix + name, ()):
                if value in {"allow", "deny"}:
                    states = states_from_choices([(name, value == "allow")], _OWN)
                    yield reading("complianz", prefix + name, states, basis=basis, revision=revision)
        services = prefix + "consented_services"
        for value in values.get(services, ()):
            states = states_from_choices(boolean_items(parse_json(value)), ids)
            if states:
                # The visitor has agreed to each of these, one by one.
                yield reading("complianz", services, states, revision=revision)


COMPLIANZ = Platform(
    "complianz",
    _read,
    cookies=tuple(
        prefix + name
        for prefix in _PREFIXES
        for name in (*_CATEGORIES, "policy_id", "banner-status", "consented_services")
    ),
    mappable=True,
)
