"""Klaro: `klaro`, a JSON object with yes or no for each of the site's services.

Knows: that object.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import Ids, Platform, Values, chosen, flags_of, json_of, reading


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            found = json_of(value)
            if found and len(services := flags_of(found)) == len(found):
                yield reading("klaro", name, chosen(services, ids))


KLARO = Platform("klaro", _read, cookies=("klaro",), mappable=True, renamable=True)
