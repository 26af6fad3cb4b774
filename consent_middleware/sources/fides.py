"""Fides: `fides_consent`, JSON with the state of each of the site's notices, and how the choice was made.

Before the visitor acts, the cookie contains the region's defaults.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent

from .platform import Ids, Platform, Values, category_ids, parse_json, parse_timestamp, reading, states_from_choices

_NAME = "fides_consent"
_ACTS = {"accept", "reject", "save"}
#: A notice's state is a flag, or a word.
_WORDS = {True: True, False: False, "opt_in": True, "opt_out": False}


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = parse_json(value) or {}
        consent, meta = found.get("consent"), found.get("fides_meta")
        if not isinstance(consent, dict) or not isinstance(meta, dict):
            continue
        words = ((name, word) for name, word in consent.items() if isinstance(word, bool | str))
        states = states_from_choices(((name, _WORDS[word]) for name, word in words if word in _WORDS), ids)
        if states:
            acted = meta.get("consentMethod") in _ACTS and meta.get("updatedAt")
            basis = Basis.EXPLICIT if acted else Basis.IMPLIED
            yield reading("fides", _NAME, states, basis=basis, chosen_at=parse_timestamp(meta.get("updatedAt")))


FIDES = Platform(
    "fides",
    _read,
    cookies=(_NAME,),
    ids=category_ids(
        functional=Category.FUNCTIONAL,
        analytics=Category.ANALYTICS,
        marketing=Category.MARKETING,
        advertising=Category.MARKETING,
    ),
    mappable=True,
)
