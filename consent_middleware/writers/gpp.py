"""IAB GPP: `__gpp` with one section, and `__gpp_sid` with the section's id.

Source: IAB Tech Lab, "Global Privacy Platform String", and the specifications of its sections 2, 6, 7, 8, 9 and 16.
"""

from __future__ import annotations

from collections.abc import Callable

from .tcf import tc_string
from .us_privacy import OPTED_OUT
from .writer import Choice, Writer, WrittenConsent, base64url_bits, bit_fields, cookies

_TCF_EU = 2
_US_PRIVACY = 6
#: For each section of the US: how many notices stand before the opt-outs, how many opt-outs there are, and how many
#: fields about other data follow them. All fields have two bits. The three fields of the MSPA end the section.
_US_SECTIONS = {7: (6, 3, 20), 8: (3, 2, 12), 9: (3, 2, 9), 16: (3, 2, 10)}
#: Virginia's section has no part that repeats the browser's Global Privacy Control.
_WITHOUT_GPC = 9
_YES, _NO = 1, 2


def _write(number: int, section: str) -> WrittenConsent:
    header = bit_fields((3, 6), (1, 6), (1, 12), (0, 1)) + _fibonacci(number)
    return cookies({"__gpp": f"{base64url_bits(header)}~{section}", "__gpp_sid": str(number)}, days=395)


def _fibonacci(number: int) -> str:
    """Return the Fibonacci code of a number: its Zeckendorf digits from the smallest, followed by a one."""
    numbers = [1, 2]
    while numbers[-1] <= number:
        numbers.append(numbers[-1] + numbers[-2])
    word = "1"
    for each in reversed(numbers[:-1]):
        digit = int(each <= number)
        number -= each * digit
        word = f"{digit}{word}"
    return word


def _write_tcf(choice: Choice) -> WrittenConsent:
    return _write(_TCF_EU, tc_string(choice))


def _write_us_privacy(_: Choice) -> WrittenConsent:
    return _write(_US_PRIVACY, OPTED_OUT)


def _us(number: int) -> Callable[[Choice], WrittenConsent]:
    def write_section(_: Choice) -> WrittenConsent:
        notices, opt_outs, others = _US_SECTIONS[number]
        fields = [_YES] * notices + [_YES] * opt_outs + [0] * others + [_YES, _NO, _NO]
        core = base64url_bits(bit_fields((1, 6), *((value, 2) for value in fields)))
        return _write(number, core if number == _WITHOUT_GPC else f"{core}.{base64url_bits('010')}")

    return write_section


WRITER = Writer(
    "gpp",
    {
        "tcf": _write_tcf,
        "us-privacy": _write_us_privacy,
        "us-national": _us(7),
        "us-california": _us(8),
        "us-virginia": _us(9),
        "us-texas": _us(16),
    },
)
