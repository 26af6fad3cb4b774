"""Civic Cookie Control: `CookieControl`, raw JSON with a word for each of the site's categories."""

from __future__ import annotations

from .writer import EXAMPLE_ID, Choice, Writer, WrittenConsent, cookie, to_json

_DAYS = 90


def _write(choice: Choice) -> WrittenConsent:
    flags = choice.flags(choice.site_ids)
    content = {
        "necessaryCookies": [],
        "optionalCookies": {name: "accepted" if granted else "revoked" for name, granted in flags.items()},
        "statement": {},
        "consentDate": choice.milliseconds,
        "consentExpiry": _DAYS,
        "interactedWith": True,
        "user": EXAMPLE_ID,
    }
    return cookie("CookieControl", to_json(content), days=_DAYS)


WRITER = Writer("civic", {"json": _write})
