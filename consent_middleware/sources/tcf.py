"""IAB TCF v2: the TC string, in `euconsent-v2` and under the names of two platforms.

Source: IAB Europe and IAB Tech Lab, "Consent string and vendor list formats v2", The Core String.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import NamedTuple

from consent_middleware.consent import Category, Consent, State

from .platform import Ids, Platform, Values, decodings, reading

#: The core's fields up to the vendors end at bit 213; a range or bit field of vendors has 17 bits at the least. That is
#: 39 letters.
_CORE = re.compile(r"[A-Za-z0-9_-]{39,}")
#: How many letters contain the fields that are read: 240 bits.
_LETTER_COUNT = 40

#: Storing and reading information on a device.
_STORE = 1
#: A choice of this project: personalized ads for marketing; measuring content and understanding audiences for
#: analytics. Functional needs the storage alone.
_PURPOSE_NUMBERS = {
    Category.FUNCTIONAL: (),
    Category.ANALYTICS: (8, 9),
    Category.MARKETING: (3, 4),
}


class TCString(NamedTuple):
    """The fields that are read from a TC string's core. Dates are in seconds since 1970, purposes are numbers."""

    created: float
    updated: float
    policy_version: int
    is_service_specific: bool
    purposes: frozenset[int]
    purpose_one_treatment: bool


def decode(text: str) -> TCString | None:
    """Return the core of a TC string of version 2, or None if the text is cut off or something else."""
    core = text.partition(".")[0].rstrip("=")
    if not _CORE.fullmatch(core):
        return None
    head = core[:_LETTER_COUNT]
    bits = int.from_bytes(base64.urlsafe_b64decode(head + "A" * (_LETTER_COUNT - len(head))))

    def field(start: int, width: int) -> int:
        return (bits >> (6 * _LETTER_COUNT - start - width)) & ((1 << width) - 1)

    if field(0, 6) != 2:
        return None
    return TCString(
        created=field(6, 36) / 10,
        updated=field(42, 36) / 10,
        policy_version=field(132, 6),
        is_service_specific=bool(field(138, 1)),
        purposes=frozenset(number for number in range(1, 25) if field(151 + number, 1)),
        purpose_one_treatment=bool(field(200, 1)),
    )


def states_from_tc_string(text: str) -> tuple[dict[Category, State], float] | None:
    """Return the states of a TC string and the time of its last update, or None if it is not valid.

    A string that is not specific to this site is invalid since TCF 2.0, and one under a policy older than version 4
    since 30 September 2023.
    """
    string = decode(text)
    if string is None or not string.is_service_specific or string.policy_version < 4:
        return None
    states: dict[Category, State] = {}
    for category, needed in _PURPOSE_NUMBERS.items():
        if _STORE not in string.purposes:
            if not string.purpose_one_treatment:
                states[category] = State.DENIED
                continue
            # The publisher's country does not ask about storage, so the string is silent on it.
            if not needed:
                continue
        states[category] = State.GRANTED if string.purposes >= set(needed) else State.DENIED
    return states, string.updated


def _read(values: Values, _: Ids) -> Iterator[Consent]:
    for name, copies in values.items():
        for value in copies:
            found = next((states for form in decodings(value) if (states := states_from_tc_string(form))), None)
            if found:
                yield reading("tcf", name, found[0], chosen_at=found[1] or None, only_denies=True)


TCF = Platform(
    "tcf",
    _read,
    cookies=("euconsent-v2", "eupubconsent-v2"),  # the second is OneTrust's name for it
    prefixes=("__cmpconsentx",),  # consentmanager's, with the site's number
    prefixed_names=re.compile(r"__cmpconsentx[0-9]+"),
)
