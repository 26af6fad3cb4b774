"""Cookie Optin for TYPO3 (sg_cookie_optin): `cookie_optin`, 0 or 1 for each of the site's groups."""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent, cookie


def _write(choice: Choice) -> WrittenConsent:
    flags = {"essential": True, **choice.flags(choice.site_ids)}
    return cookie("cookie_optin", "|".join(f"{group}:{granted:d}" for group, granted in flags.items()))


WRITER = Writer("typo3-sg-cookie-optin", {"groups": _write})
