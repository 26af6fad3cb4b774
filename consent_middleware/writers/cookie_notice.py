"""Cookie Notice for WordPress: `cookie_notice_accepted`, one word for everything.

Only the refusal can be written: the plugin's yes may come from a visitor who scrolled, so it is no explicit choice.
"""

from __future__ import annotations

from .writer import Choice, Writer, WrittenConsent, cookie


def _write(choice: Choice) -> WrittenConsent:
    return cookie("cookie_notice_accepted", "true" if choice.grants_everything else "false")


WRITER = Writer("cookie-notice", {"word": _write})
