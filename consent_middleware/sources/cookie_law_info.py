"""CookieYes's legacy plugin for WordPress: one `cookielawinfo-checkbox-…` cookie for each category.

The cookie `viewed_cookie_policy` says that the visitor has answered.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent, State

from .platform import Ids, Platform, Values, all_categories, category_ids, reading, states_from_choices

_BOX = "cookielawinfo-checkbox-"
_ANSWERED = "viewed_cookie_policy"
_BOXES = ("functional", "analytics", "performance", "advertisement")
_ALL_BUT_NECESSARY = _BOX + "non-necessary"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    basis = Basis.EXPLICIT if "yes" in values.get(_ANSWERED, ()) else Basis.IMPLIED
    for name in _BOXES:
        if name == "performance" and _BOX + "analytics" in values:
            continue
        for value in values.get(_BOX + name, ()):
            if value in {"yes", "no"}:
                yield reading(
                    "cookie-law-info", _BOX + name, states_from_choices([(name, value == "yes")], ids), basis=basis
                )
    for value in values.get(_ALL_BUT_NECESSARY, ()):
        if value in {"yes", "no"}:
            state = State.GRANTED if value == "yes" else State.DENIED
            yield reading("cookie-law-info", _ALL_BUT_NECESSARY, all_categories(state), basis=basis)


COOKIE_LAW_INFO = Platform(
    "cookie-law-info",
    _read,
    cookies=(_ANSWERED, _ALL_BUT_NECESSARY, *(_BOX + name for name in _BOXES)),
    ids=category_ids(
        functional=Category.FUNCTIONAL,
        analytics=Category.ANALYTICS,
        performance=Category.ANALYTICS,
        advertisement=Category.MARKETING,
    ),
)
