"""IAB TCF v2: a TC string with the purposes of each category, under the names of three platforms.

Source: IAB Europe and IAB Tech Lab, "Consent string and vendor list formats v2", The Core String and Disclosed Vendors.
"""

from __future__ import annotations

from consent_middleware.consent import Category

from .writer import Choice, Writer, WrittenConsent, base64url_bits, bit_fields, cookie

_DAYS = 395
#: The framework's eleven purposes by category. The first is storage; without it no other counts.
_PURPOSES = {
    Category.FUNCTIONAL: (1, 5, 6, 11),
    Category.ANALYTICS: (8, 9, 10),
    Category.MARKETING: (2, 3, 4, 7),
}
#: Examples: the numbers of the consent platform and of the vendor list, and how many vendors are asked about.
_PLATFORM = 31
_VENDOR_LIST = 48
_VENDORS = 20
_POLICY = 4
_DECISECONDS_OF_A_DAY = 864_000


def tc_string(choice: Choice) -> str:
    """Return a TC string: the core with the purposes and the vendors' consent, and the disclosed vendors.

    Where functional is left open, the publisher's country does not ask about storage (Purpose One Treatment). Both
    times are the start of the day: the specification asks for no finer ones.
    """
    purposes = {number for category in choice.state if choice.grants(category) for number in _PURPOSES[category]}
    day = int(choice.now * 10) // _DECISECONDS_OF_A_DAY * _DECISECONDS_OF_A_DAY
    vendors = [(int(bool(purposes)), 1)] * _VENDORS
    core = bit_fields(
        *((2, 6), (day, 36), (day, 36), (_PLATFORM, 12), (1, 12), (0, 6), *_letters("EN"), (_VENDOR_LIST, 12)),
        (_POLICY, 6),
        *((1, 1), (0, 1), (0, 12)),  # specific to this site, standard texts, no special features
        *((int(number in purposes), 1) for number in range(1, 25)),
        (0, 24),  # no legitimate interests
        *((int(Category.FUNCTIONAL not in choice.state), 1), *_letters("DE")),
        *((_VENDORS, 16), (0, 1), *vendors),
        *((0, 16), (0, 1), (0, 12)),  # no legitimate interests of vendors, no restrictions
    )
    disclosed = bit_fields((1, 3), (_VENDORS, 16), (0, 1), *([(1, 1)] * _VENDORS))
    return f"{base64url_bits(core)}.{base64url_bits(disclosed)}"


def _letters(text: str) -> list[tuple[int, int]]:
    """Return letters as numbers of six bits, from A as 0."""
    return [(ord(letter) - ord("A"), 6) for letter in text]


def _write(choice: Choice) -> WrittenConsent:
    return cookie("euconsent-v2", tc_string(choice), days=_DAYS)


def _write_for_onetrust(choice: Choice) -> WrittenConsent:
    return cookie("eupubconsent-v2", tc_string(choice), days=_DAYS)


def _write_for_consentmanager(choice: Choice) -> WrittenConsent:
    return cookie("__cmpconsentx12345", tc_string(choice), days=_DAYS)


WRITER = Writer(
    "tcf", {"standard": _write, "onetrust": _write_for_onetrust, "consentmanager": _write_for_consentmanager}
)
