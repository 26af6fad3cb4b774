"""Do Not Track: the request header `DNT: 1`. No law requires it, so it is read only if a site's settings ask for it.

Source: W3C, Tracking Preference Expression (DNT), section 5.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from .gpc import is_set
from .platform import Ids, Platform, Values, reading

_FIELD = "dnt"


def _read(values: Values, _: Ids) -> Iterator[Consent]:
    if is_set(values, _FIELD):
        yield reading("dnt", "DNT", {Category.ANALYTICS: State.DENIED, Category.MARKETING: State.DENIED})


DNT = Platform("dnt", _read, headers=(_FIELD,))
