"""IAB GPP: `__gpp`, one string that contains a TC string, a US Privacy string and the sections of US states.

Source: IAB Tech Lab, "Global Privacy Platform String", and the specifications of its sections 2, 6, 7, 8, 9 and 16.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from consent_middleware.consent import Category, Consent, State

from . import tcf
from .platform import Ids, Platform, Values, decodings, reading
from .us_privacy import opts_out

_NAME = "__gpp"
_APPLICABLE = "__gpp_sid"

_TCF_EU = 2
_US_PRIVACY = 6
#: By section, the positions of the two-bit fields in which 1 is an opt-out of sale, of sharing, or of targeted ads:
#: national, California, Virginia, Texas.
_OPT_OUTS = {7: (18, 20, 22), 8: (12, 14), 9: (12, 14), 16: (12, 14)}

_LETTERS = re.compile(r"[A-Za-z0-9_-]+")
#: The most sections that are read: far more than there are ids.
_MOST_SECTIONS = 64
#: The bits of a code word for a number of more than four digits, which no section has.
_LONGEST_WORD = 24


def _bits(text: str) -> str:
    """Return the bits of base64 letters, six for each letter, or "" for other text."""
    if not _LETTERS.fullmatch(text):
        return ""
    data = base64.urlsafe_b64decode(text + "A" * (-len(text) % 4))
    return bin(int.from_bytes(b"\1" + data))[3 : 3 + 6 * len(text)]


def sections(text: str) -> dict[int, str] | None:
    """Return the sections of a GPP string by id, or None if its header or the number of sections is wrong."""
    header, *found = text.split("~")
    bits = _bits(header)
    if len(found) > _MOST_SECTIONS or not bits.startswith("000011000001"):
        return None
    ids = _range(bits[12:])
    return dict(zip(ids, found, strict=True)) if ids is not None and len(ids) == len(found) else None


def _range(bits: str) -> list[int] | None:
    """Return the ids of a range in Fibonacci coding: the number of items, then for each a range bit and offsets."""
    if len(bits) < 12:
        return None
    ids: list[int] = []
    position, last = 12, 0
    for _ in range(int(bits[:12], 2)):
        is_range = bits[position : position + 1]
        position += 1
        ends: list[int] = []
        for _ in range(2 if is_range == "1" else 1):
            # Every code word ends in its first pair of ones.
            end = bits.find("11", position, position + _LONGEST_WORD)
            if end < 0:
                return None
            last += _fibonacci(bits[position : end + 1])
            ends.append(last)
            position = end + 2
        if ends[-1] - ends[0] > _MOST_SECTIONS or len(ids) > _MOST_SECTIONS:
            return None
        ids += range(ends[0], ends[-1] + 1)
    return ids


def _fibonacci(word: str) -> int:
    value, this, following = 0, 1, 2
    for bit in word:
        value += this * (bit == "1")
        this, following = following, this + following
    return value


def _read(values: Values, _: Ids) -> Iterator[Consent]:
    applicable = {
        int(number)
        for value in values.get(_APPLICABLE, ())
        for form in decodings(value)
        for number in re.findall(r"-?[0-9]{1,3}", form if re.fullmatch(r"[-0-9_,]+", form) else "")
    }
    for value in values.get(_NAME, ()):
        found = next((parts for form in decodings(value) if (parts := sections(form))), {})
        for number, section in found.items():
            if applicable and number not in applicable:
                continue
            if number == _TCF_EU:
                states = tcf.states_from_tc_string(section)
                if states:
                    yield reading("gpp", _NAME, states[0], chosen_at=states[1] or None, only_denies=True)
            elif opts_out(section) if number == _US_PRIVACY else number > _US_PRIVACY and _is_opt_out(number, section):
                yield reading("gpp", _NAME, {Category.MARKETING: State.DENIED})


def _is_opt_out(number: int, section: str) -> bool:
    core, *others = section.split(".")
    bits = _bits(core)
    if any(bits[start : start + 2] == "01" for start in _OPT_OUTS.get(number, ())):
        return True
    # A sub-section of type 1 repeats the browser's Global Privacy Control.
    return any(_bits(other).startswith("011") for other in others)


GPP = Platform("gpp", _read, cookies=(_NAME, _APPLICABLE))
