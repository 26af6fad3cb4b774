"""The US Privacy string: four characters. The third says whether the visitor has opted out of sale.

It is read bare and inside iubenda's JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from .platform import Ids, Platform, Values, parse_json, reading

_SHAPE = re.compile(r"1[YNyn-]([YNyn-])[YNyn-]")


def opts_out(text: str) -> bool:
    """Return whether a US Privacy string refuses sale. Any other text does not."""
    match = _SHAPE.fullmatch(text)
    return match is not None and match[1] in "Yy"


def _read(values: Values, _: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            wrapped = (parse_json(value) or {}).get("uspString")
            if opts_out(wrapped if isinstance(wrapped, str) else value):
                yield reading("us-privacy", name, {Category.MARKETING: State.DENIED})


US_PRIVACY = Platform("us-privacy", _read, cookies=("usprivacy", "us_privacy", "__cmpccpausps"))
