"""Borlabs Cookie, versions 2 and 3: `borlabs-cookie`, JSON with the accepted services of each group.

A group without an accepted service is missing from the JSON. A group with a single service may be one video that the
visitor unlocked in its place before making a choice. That is not consent to the group.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent

from .platform import Ids, Platform, Values, category_ids, parse_json, reading, states_from_accepted, string_items

_NAME = "borlabs-cookie"
#: The group of services that are shown as placeholders, each of which can be allowed alone.
_EMBEDS_GROUP = "external-media"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_json(value) or {}
        consents = found.get("consents")
        if isinstance(consents, dict) and "version" in found:
            groups = {group: string_items(services) for group, services in consents.items() if string_items(services)}
            services = [service for named in groups.values() for service in named]
            several = [group for group, named in groups.items() if group != _EMBEDS_GROUP and len(named) > 1]
            certain = states_from_accepted((*several, *services), ids)
            states = states_from_accepted((*groups, *services), ids).items()
            unlocked = {category: state for category, state in states if state is not certain[category]}
            yield reading("borlabs", _NAME, dict(states - unlocked.items()), revision=found["version"])
            if unlocked:
                yield reading("borlabs", _NAME, unlocked, basis=Basis.IMPLIED, revision=found["version"])


BORLABS = Platform(
    "borlabs",
    _read,
    cookies=(_NAME,),
    ids=category_ids(
        **{
            "external-media": Category.FUNCTIONAL,  # a choice of this project: there is no group that fits better
            "statistics": Category.ANALYTICS,
            "marketing": Category.MARKETING,
        }
    ),
    mappable=True,
)
