"""Cookie Notice of WordPress: `cookie_notice_accepted`, `true` or `false` for everything.

Knows: these words. Many other notices use them for "I have read this", and the plugin may write `true` when a visitor
scrolls on: it is no consent of the visitor's. `false` is a refusal.
Must not know: other formats, what follows from consent.
"""

from __future__ import annotations

from collections.abc import Iterator

from consent_middleware.consent import Basis, Consent, State

from .platform import Ids, Platform, Values, all_categories, reading

_NAME = "cookie_notice_accepted"


def _read(values: Values, _: Ids) -> Iterator[Consent]:
    for value in values.get(_NAME, ()):
        if value == "false":
            yield reading("cookie-notice", _NAME, all_categories(State.DENIED))
        elif value == "true":
            yield reading("cookie-notice", _NAME, all_categories(State.GRANTED), basis=Basis.IMPLIED)


COOKIE_NOTICE = Platform("cookie-notice", _read, cookies=(_NAME,))
