"""Wagtail Tag Manager: `wtm`, base64 of JSON with the state of each type of tag.

The form before version 2 is read too. The app itself writes a state for every type on the first page and turns some
to "true" on the second, so a state is the visitor's only if the cookie says when it was set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Basis, Category, Consent

from .platform import (
    Ids,
    Platform,
    Values,
    category_ids,
    parse_base64_json,
    parse_timestamp,
    reading,
    states_from_choices,
)

_NAME = "wtm"
#: The form before version 2, which has no time: `functional:true|analytical:unset`.
_OLDER_FORM = re.compile(r"\w+:(?:true|false|unset|pending)(?:\|\w+:(?:true|false|unset|pending))*")


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        if _OLDER_FORM.fullmatch(value):
            state: object = dict(part.split(":") for part in value.split("|"))
            stamp = None
        else:
            found = parse_base64_json(value) or {}
            state, meta = found.get("state"), found.get("meta")
            stamp = parse_timestamp(meta.get("set_timestamp")) if isinstance(meta, dict) else None
        words = state.items() if isinstance(state, dict) else ()
        states = states_from_choices(((name, word == "true") for name, word in words if word in ("true", "false")), ids)
        if states:
            basis = Basis.IMPLIED if stamp is None else Basis.EXPLICIT
            yield reading("wagtail-tag-manager", _NAME, states, basis=basis, chosen_at=stamp)


WAGTAIL_TAG_MANAGER = Platform(
    "wagtail-tag-manager",
    _read,
    cookies=(_NAME,),
    ids=category_ids(preferences=Category.FUNCTIONAL, statistics=Category.ANALYTICS, marketing=Category.MARKETING),
    mappable=True,
)
