"""HubSpot's own cookie banner: `__hs_cookie_cat_pref`, `__hs_opt_out`, `__hs_do_not_track`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from .platform import Ids, Platform, Values, all_categories, category_ids, decodings, reading, states_from_choices

_PREFERENCES = "__hs_cookie_cat_pref"
_OPT_OUT = "__hs_opt_out"
_DO_NOT_TRACK = "__hs_do_not_track"

#: `1:true_2:false_3:true`, with commas before 2024. The last part may be cut off.
_SHAPE = re.compile(r"[0-9]:(?:true|false)(?:[_,].*)?")
_CHOICE = re.compile(r"([0-9]):(true|false)")

ID = "hubspot"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    readable = False
    for value in values.get(_PREFERENCES, ()):
        text = next((form for form in decodings(value) if _SHAPE.fullmatch(form)), None)
        if text is not None:
            parts = [match for part in re.split("[_,]", text) if (match := _CHOICE.fullmatch(part))]
            readable = True
            yield reading(ID, _PREFERENCES, states_from_choices(((part[1], part[2] == "true") for part in parts), ids))
    for value in values.get(_OPT_OUT, ()):
        if value == "yes":
            yield reading(ID, _OPT_OUT, all_categories(State.DENIED))
        # A banner without categories records a yes as "no" (no opt-out). If there are categories, they decide.
        elif value == "no" and not readable:
            yield reading(ID, _OPT_OUT, all_categories(State.GRANTED))
    if "yes" in values.get(_DO_NOT_TRACK, ()):
        refused = {Category.ANALYTICS: State.DENIED, Category.MARKETING: State.DENIED}
        yield reading(ID, _DO_NOT_TRACK, refused)


HUBSPOT_BANNER = Platform(
    ID,
    _read,
    cookies=(_PREFERENCES, _OPT_OUT, _DO_NOT_TRACK),
    ids=category_ids(**{"1": Category.ANALYTICS, "2": Category.MARKETING, "3": Category.FUNCTIONAL}),
)
