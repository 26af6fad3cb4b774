"""Real Cookie Banner for WordPress: `real_cookie_banner…`, JSON with the accepted services of each group, by number.

The numbers are the site's own, so without a mapping every category stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import Ids, Platform, Values, decodings, parse_json, parse_timestamp, reading, states_from_accepted

#: time:uuid:hash:JSON
_SHAPE = re.compile(r"([0-9]{9,13}):[0-9A-Za-z-]*:[0-9A-Za-z-]*:(\{.*\})", re.DOTALL)


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    # In a mapping for several platforms at once, only numbers can be groups of this one.
    groups = {name: meant for name, meant in ids.items() if name.isdecimal()}
    for name, copies in values.items():
        for value in copies:
            match = next((found for form in decodings(value) if (found := _SHAPE.fullmatch(form))), None)
            accepted = parse_json(match[2]) if match else None
            if match and accepted is not None:
                given = [group for group, services in accepted.items() if isinstance(services, list) and services]
                yield reading(
                    "real-cookie-banner", name, states_from_accepted(given, groups), chosen_at=parse_timestamp(match[1])
                )


REAL_COOKIE_BANNER = Platform(
    "real-cookie-banner",
    _read,
    prefixes=("real_cookie_banner",),
    prefixed_names=re.compile(r"real_cookie_banner(?:-[a-z]+:[0-9A-Za-z]+(?:_[a-z]+:[0-9A-Za-z]+)*)?"),
    mappable=True,
)
