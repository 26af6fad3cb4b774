"""Cookiebot: `CookieConsent`, a JavaScript literal, or `-1` and `0`.

`0` means that the visitor has not chosen, `-1` that the site does not ask in this region.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent, State

from .platform import (
    Ids,
    Platform,
    Values,
    all_categories,
    category_ids,
    decodings,
    parse_timestamp,
    reading,
    states_from_choices,
)

_NAME = "CookieConsent"

#: One `key:value` of the literal. A half-encoded cookie has `+` for a space.
_PAIR = re.compile(
    r"""[\s+]*+["']?([A-Za-z0-9_]++)["']?[\s+]*+:[\s+]*+"""
    r"""(?:(true|false)|'([^']*+)'|"([^"]*+)"|(-?[0-9]++))[\s+]*+(?:,|\}|$)"""
)


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        if value == "-1":  # a region in which the site does not ask
            yield reading("cookiebot", _NAME, all_categories(State.GRANTED), basis=Basis.IMPLIED)
        elif value == "0":
            yield reading("cookiebot", _NAME, all_categories(State.DENIED))
        else:
            found = next((tokens for form in decodings(value) if (tokens := _tokens(form))), None)
            if found:
                yield _literal(found, ids)


def _tokens(text: str) -> dict[str, str | bool] | None:
    """Return the keys and values of a literal, up to its end or where it is cut off. None: it is not Cookiebot's."""
    if not text.startswith("{"):
        return None
    tokens: dict[str, str | bool] = {}
    end = 1
    while match := _PAIR.match(text, end):
        word, quoted, double, number = match.groups()[1:]
        # Of two values under one name the no counts.
        if not (word == "true" and tokens.get(match[1]) is False):
            tokens[match[1]] = word == "true" if word else quoted or double or number or ""
        end = match.end()
    return tokens if isinstance(tokens.get("necessary"), bool) else None


def _literal(tokens: dict[str, str | bool], ids: Ids) -> Consent:
    explicit = tokens.get("method") == "explicit" and tokens.get("stamp") != "-1"
    return reading(
        "cookiebot",
        _NAME,
        states_from_choices(((name, flag) for name, flag in tokens.items() if isinstance(flag, bool)), ids),
        basis=Basis.EXPLICIT if explicit else Basis.IMPLIED,
        chosen_at=parse_timestamp(tokens.get("utc")),
        revision=tokens.get("ver"),
    )


COOKIEBOT = Platform(
    "cookiebot",
    _read,
    cookies=(_NAME,),
    ids=category_ids(preferences=Category.FUNCTIONAL, statistics=Category.ANALYTICS, marketing=Category.MARKETING),
)
