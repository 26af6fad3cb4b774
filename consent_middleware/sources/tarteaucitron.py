"""tarteaucitron: `tarteaucitron`, one `!service=true`, `false` or `wait` after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from consent_middleware.consent import Consent

from .platform import Ids, Platform, Values, decodings, reading, states_from_choices

_SERVICE = re.compile(r"([^=]+)=(true|false)")


def _read(values: Values, ids: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            text = next((form for form in decodings(value) if form.startswith("!") and "=" in form), "")
            services = [match for part in text.split("!") if (match := _SERVICE.fullmatch(part))]
            if services:
                choices = ((service[1], service[2] == "true") for service in services)
                yield reading("tarteaucitron", name, states_from_choices(choices, ids))


TARTEAUCITRON = Platform("tarteaucitron", _read, cookies=("tarteaucitron",), mappable=True, renamable=True)
