"""The US Privacy string of a visitor who has opted out of sale, bare under three names, or inside iubenda's JSON."""

from __future__ import annotations

from typing import Final

from .writer import Choice, Writer, WrittenConsent, cookie, encode_json

#: Version 1, notice given, opted out, no limited service provider.
OPTED_OUT: Final = "1YYN"


def _write(_: Choice) -> WrittenConsent:
    return cookie("usprivacy", OPTED_OUT)


def _write_underscored(_: Choice) -> WrittenConsent:
    return cookie("us_privacy", OPTED_OUT)


def _write_for_consentmanager(_: Choice) -> WrittenConsent:
    return cookie("__cmpccpausps", OPTED_OUT)


def _write_for_iubenda(choice: Choice) -> WrittenConsent:
    content = {"uspString": "1YY-", "firstAcknowledgeDate": choice.iso, "optOutDate": choice.iso}
    return cookie("usprivacy", encode_json(content))


WRITER = Writer(
    "us-privacy",
    {
        "usprivacy": _write,
        "us_privacy": _write_underscored,
        "consentmanager": _write_for_consentmanager,
        "iubenda": _write_for_iubenda,
    },
)
