"""Borlabs Cookie, versions 2 and 3: `borlabs-cookie`, JSON with the accepted services of each group.

Knows: that JSON. A group without an accepted service is not in it.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent

from .platform import Ids, Platform, Values, json_of, listed, meaning, reading

_NAME = "borlabs-cookie"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = json_of(value) or {}
        consents = found.get("consents")
        if isinstance(consents, dict) and "version" in found:
            accepted = [group for group, services in consents.items() if isinstance(services, list) and services]
            yield reading("borlabs", _NAME, listed(accepted, ids), revision=found["version"])


BORLABS = Platform(
    "borlabs",
    _read,
    cookies=(_NAME,),
    ids=meaning(
        **{
            "external-media": Category.FUNCTIONAL,  # a choice of this project: there is no group that fits better
            "statistics": Category.ANALYTICS,
            "marketing": Category.MARKETING,
        }
    ),
    mappable=True,
)
