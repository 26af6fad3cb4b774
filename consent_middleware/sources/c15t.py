"""c15t: `c15t`, short pairs joined by commas. Refused categories are left out."""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from .platform import Ids, Platform, Values, category_ids, decodings, parse_timestamp, reading, states_from_accepted


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            pairs = next(
                (found for form in decodings(value) if (found := _pairs(form)).get("c.necessary") == "1"), None
            )
            if pairs is None:
                continue
            flags = {key[2:]: word for key, word in pairs.items() if key.startswith("c.")}
            states = states_from_accepted((key for key, word in flags.items() if word == "1"), ids)
            for key, word in flags.items():
                if word == "0":
                    states.update(dict.fromkeys(ids.get(key, ()), State.DENIED))
            yield reading("c15t", name, states, chosen_at=parse_timestamp(pairs.get("i.t")))


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in text.split(","):
        name, colon, word = part.partition(":")
        if colon and pairs.get(name) != "0":  # of two values under one name the no counts
            pairs[name] = word
    return pairs


C15T = Platform(
    "c15t",
    _read,
    cookies=("c15t",),
    ids=category_ids(
        functionality=Category.FUNCTIONAL,
        experience=Category.FUNCTIONAL,
        measurement=Category.ANALYTICS,
        marketing=Category.MARKETING,
    ),
    renamable=True,
)
