"""Axeptio: `axeptio_cookies`, JSON with yes or no for each of the site's vendors.

Knows: that JSON and Axeptio's own fields in it. The lists beside it (`axeptio_authorized_vendors`) do not say whether
the visitor has answered, so they are not read.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import Ids, Platform, Values, chosen, flags_of, json_of, reading, stamp_of

_NAME = "axeptio_cookies"


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        found = json_of(value)
        if found and found.get("$$completed") is True:
            choices = [(vendor, flag) for vendor, flag in flags_of(found) if not vendor.startswith("$$")]
            yield reading("axeptio", _NAME, chosen(choices, ids), stamp=stamp_of(found.get("$$date")))


AXEPTIO = Platform("axeptio", _read, cookies=(_NAME,), mappable=True)
