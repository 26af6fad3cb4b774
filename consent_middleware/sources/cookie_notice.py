"""Cookie Notice for WordPress: `cookie_notice_accepted`, `true` or `false` for everything.

`false` is a refusal. `true` is not a visitor's consent: many other notices use it for "I have read this", and the
plugin may write it when a visitor scrolls.
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
