"""OneTrust and CookiePro: `OptanonConsent`, and `OptanonAlertBoxClosed` once the visitor has answered."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent

from .platform import (
    Ids,
    Platform,
    Values,
    category_ids,
    decodings,
    parse_timestamp,
    percent_decode,
    reading,
    states_from_choices,
)

_CONSENT = "OptanonConsent"
_CLOSED = "OptanonAlertBoxClosed"

#: The fields that are read; the others are about scripts, hosts and versions.
_FIELD_PATTERN = re.compile(r"(?:^|&)(groups|interactionCount|AwaitingReconsent)=([^&]*)")
_GROUP = re.compile(r"(?:^|,)([A-Za-z0-9_-]+):([01])(?=,|$)")


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    closed = [stamp for text in values.get(_CLOSED, ()) for form in decodings(text) if (stamp := parse_timestamp(form))]
    for value in values.get(_CONSENT, ()):
        fields = _fields(value)
        if ("AwaitingReconsent", "true") in fields:
            continue
        # A closed banner is the visitor's own choice. Without one the groups are the defaults of the visitor's region.
        explicit = bool(closed) and ("interactionCount", "0") not in fields
        groups = _GROUP.findall(",".join(percent_decode(text) for name, text in fields if name == "groups"))
        if groups:
            yield reading(
                "onetrust",
                _CONSENT,
                states_from_choices([(group, flag == "1") for group, flag in groups], ids),
                basis=Basis.EXPLICIT if explicit else Basis.IMPLIED,
                chosen_at=min(closed, default=None),
            )


def _fields(value: str) -> list[tuple[str, str]]:
    """Return the fields with their values still encoded, so that `&` and `=` separate them. Empty without groups."""
    for form in decodings(value):
        fields: list[tuple[str, str]] = _FIELD_PATTERN.findall(form)
        if any(name == "groups" for name, _ in fields):
            return fields
    return []


ONETRUST = Platform(
    "onetrust",
    _read,
    cookies=(_CONSENT, _CLOSED),
    ids=category_ids(
        C0001=Category.NECESSARY,
        C0002=Category.ANALYTICS,
        C0003=Category.FUNCTIONAL,
        C0004=Category.MARKETING,
        C0005=Category.MARKETING,
    ),
    mappable=True,
    aliases=("cookiepro",),
)
