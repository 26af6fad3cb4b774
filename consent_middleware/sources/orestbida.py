"""orestbida/cookieconsent, versions 2 and 3: `cc_cookie`, JSON with a list of accepted categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from consent_middleware.consent import Category, Consent

from .platform import (
    Ids,
    Platform,
    Values,
    category_ids,
    parse_json,
    parse_timestamp,
    reading,
    states_from_accepted,
    string_items,
)


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            found = parse_json(value) or {}
            version = _version(found)
            if version and isinstance(found.get("categories"), list):
                yield reading(
                    f"orestbida-{version}",
                    name,
                    states_from_accepted(string_items(found["categories"]), ids),
                    chosen_at=parse_timestamp(found.get("lastConsentTimestamp") or found.get("last_consent_update")),
                    revision=found.get("revision"),
                )


def _version(found: dict[str, Any]) -> str:
    """Return `v3` or `v2` for a cookie that the library itself accepts, or ""."""
    if all(found.get(name) for name in ("consentId", "consentTimestamp", "lastConsentTimestamp")):
        return "v3"
    return "v2" if isinstance(found.get("level"), list) else ""


ORESTBIDA = Platform(
    "orestbida",
    _read,
    cookies=("cc_cookie",),
    ids=category_ids(
        necessary=Category.NECESSARY,
        functionality=Category.FUNCTIONAL,
        functional=Category.FUNCTIONAL,
        preferences=Category.FUNCTIONAL,
        analytics=Category.ANALYTICS,
        marketing=Category.MARKETING,
        advertising=Category.MARKETING,
        ads=Category.MARKETING,
    ),
    mappable=True,
    renamable=True,
    aliases=("orestbida-v2", "orestbida-v3"),
)
