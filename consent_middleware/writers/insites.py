"""insites/cookieconsent, Osano's open-source banner: `cookieconsent_status`, one word for everything."""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent, cookie


def _write(choice: Choice) -> WrittenConsent:
    return cookie("cookieconsent_status", "allow" if choice.grants_everything else "deny")


WRITER = Writer("insites", {"word": _write})
