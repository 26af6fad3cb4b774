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
_YES, _NO, _NOT_APPLICABLE = 1, 2, 0
#: For each section of the US: the notices that stand before the opt-outs, how many opt-outs there are, and how many
#: fields about sensitive and other data follow them. All fields have two bits.
_US_SECTIONS = {
    7: ((_YES, _YES, _YES, _YES, _NOT_APPLICABLE, _NOT_APPLICABLE), 3, 15),
    8: ((_YES, _YES, _NOT_APPLICABLE), 2, 12),
    9: ((_YES, _YES, _YES), 2, 9),
    16: ((_YES, _YES, _YES), 2, 10),
}
#: The last fields: the transaction is not covered by the MSPA, the industry's contract.
_MSPA = (_NO, _NOT_APPLICABLE, _NOT_APPLICABLE)
#: Virginia's section has no part that repeats the browser's Global Privacy Control.
_WITHOUT_GPC = 9


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
        fields = [*notices, *[_YES] * opt_outs, *[_NOT_APPLICABLE] * others, *_MSPA]
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
