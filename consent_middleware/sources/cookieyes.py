"""CookieYes: `cookieyes-consent`, pairs of words joined by commas.

`action:yes` says that the visitor has acted.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent

from .platform import Ids, Platform, Values, category_ids, decodings, reading, states_from_choices

_NAME = "cookieyes-consent"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        pairs = next((found for form in decodings(value) if (found := _pairs(form))), None)
        if pairs is None:
            continue
        # "performance" is analytics on sites that have no category of that name.
        skipped = "performance" if "analytics" in pairs else ""
        choices = [(name, word == "yes") for name, word in pairs.items() if word in {"yes", "no"} and name != skipped]
        states = states_from_choices(choices, ids)
        if pairs["action"] == "yes":
            yield reading("cookieyes", _NAME, states)
        elif states:  # the region's defaults, before the visitor acts
            yield reading("cookieyes", _NAME, states, basis=Basis.IMPLIED)


def _pairs(text: str) -> dict[str, str] | None:
    pairs: dict[str, str] = {}
    for part in text.split(","):
        name, colon, word = part.partition(":")
        if colon and pairs.get(name) != "no":  # of two values under one name the no counts
            pairs[name] = word
    return pairs if pairs.keys() >= {"consent", "action"} else None


COOKIEYES = Platform(
    "cookieyes",
    _read,
    cookies=(_NAME,),
    ids=category_ids(
        functional=Category.FUNCTIONAL,
        analytics=Category.ANALYTICS,
        performance=Category.ANALYTICS,
        advertisement=Category.MARKETING,
    ),
)
