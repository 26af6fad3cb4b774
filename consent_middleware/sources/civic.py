"""Civic Cookie Control: `CookieControl`, JSON with "accepted" or "revoked" for each of the site's categories."""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Consent

from .platform import Ids, Platform, Values, parse_json, parse_timestamp, reading, states_from_choices

_NAME = "CookieControl"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_json(value) or {}
        optional = found.get("optionalCookies")
        if not isinstance(optional, dict):
            continue
        choices = [(name, word == "accepted") for name, word in optional.items() if word in ("accepted", "revoked")]
        if choices:
            basis = Basis.EXPLICIT if found.get("interactedWith") is True else Basis.IMPLIED
            stamp = parse_timestamp(found.get("consentDate"))
            yield reading("civic", _NAME, states_from_choices(choices, ids), basis=basis, chosen_at=stamp)


CIVIC = Platform("civic", _read, cookies=(_NAME,), mappable=True)
