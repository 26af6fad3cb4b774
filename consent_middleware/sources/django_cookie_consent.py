"""django-cookie-consent: `cookie_consent`, a version or `-1` for each of the site's cookie groups.

Only the site's database knows whether a version is the group's newest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import Ids, Platform, Values, decodings, reading, states_from_choices

_GROUP = re.compile(r"([A-Za-z0-9_-]+)=(?:(-1)|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.+Z-]+)")


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            parts = next((form for form in decodings(value) if "=" in form), "").split("|")
            groups = [match for part in parts if (match := _GROUP.fullmatch(part))]
            # A list that is cut off may end in a malformed part. With any other, the cookie is another program's.
            if groups and len(groups) >= len(parts) - 1:
                choices = ((group[1], group[2] is None) for group in groups)
                yield reading("django-cookie-consent", name, states_from_choices(choices, ids))


DJANGO_COOKIE_CONSENT = Platform(
    "django-cookie-consent", _read, cookies=("cookie_consent",), mappable=True, renamable=True
)
