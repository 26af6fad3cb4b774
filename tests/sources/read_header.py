"""Write what one `Cookie` header says in a few letters.

`+-? explicit` means: functional granted, analytics denied, marketing unknown, by the visitor's own choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from consent_middleware import Policy, Signals
from consent_middleware.consent import OPTIONAL_CATEGORIES, Consent, State
from consent_middleware.cookies import Cookies
from tests.engines import engine_for

SIGNS = {State.GRANTED: "+", State.DENIED: "-", State.UNKNOWN: "?"}

#: A header that says nothing at all.
NOTHING = "??? none"


def readings(
    *cookies: bytes,
    mapping: Mapping[str, Any] | None = None,
    headers: Sequence[tuple[bytes, bytes]] = (),
    **settings: Any,
) -> tuple[Consent, ...]:
    """Return the readings of a request's `Cookie` lines and other fields."""
    policy = Policy(contact_url="/c", mapping=mapping, **settings)
    plan = engine_for(policy).plan(Signals(Cookies(cookies), headers))
    assert not engine_for(policy).notices.counts
    return plan.readings


def said(
    *cookies: bytes, by: str, mapping: Mapping[str, Any] | None = None, headers: Sequence[tuple[bytes, bytes]] = ()
) -> str:
    """Return the literal reading of a request, and check that it comes from the platform `by` alone."""
    policy = Policy(contact_url="/c", mapping=mapping, ignore=())
    literal = engine_for(policy).plan(Signals(Cookies(cookies), headers)).merged
    assert not engine_for(policy).notices.counts
    assert literal.source in {by, ""}
    return "".join(SIGNS[literal.state(category)] for category in OPTIONAL_CATEGORIES) + f" {literal.basis}"
