"""Cookie Optin for TYPO3 (sg_cookie_optin): `cookie_optin`, 0 or 1 for each of the site's groups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import Ids, Platform, Values, decodings, reading, states_from_choices

_NAME = "cookie_optin"
_GROUP = re.compile(r"([^:|]+):([01])")


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        parts = next((form for form in decodings(value) if ":" in form), "").split("|")
        groups = [match for part in parts if (match := _GROUP.fullmatch(part))]
        # A list that is cut off may end in a malformed part. With any other, the cookie is another program's.
        if groups and len(groups) >= len(parts) - 1:
            choices = ((group[1], group[2] == "1") for group in groups)
            yield reading("typo3-sg-cookie-optin", _NAME, states_from_choices(choices, ids))


TYPO3 = Platform("typo3-sg-cookie-optin", _read, cookies=(_NAME,), mappable=True, aliases=("typo3",))
