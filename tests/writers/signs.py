"""States in three signs, for functional, analytics and marketing: `+-?` is granted, denied, left open."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, Final

from consent_middleware import Policy, Signals
from consent_middleware.consent import OPTIONAL_CATEGORIES, Category, Consent, State
from consent_middleware.cookies import Cookies
from consent_middleware.engine import Engine
from consent_middleware.plan import Plan
from consent_middleware.writers import WrittenConsent
from tests.engines import engine_for

SIGNS: Final = {"+": State.GRANTED, "-": State.DENIED, "?": State.UNKNOWN}

#: Every state in which something is said.
ANY: Final = {"".join(signs) for signs in product("+-?", repeat=3)} - {"???"}
#: Those in which something is said about every category.
COMPLETE: Final = {signs for signs in ANY if "?" not in signs}
ALL_OR_NOTHING: Final = {"+++", "---"}
#: The ids of a site at the platforms that have none of their own.
IDS: Final[Mapping[str, Any]] = {"chat": "functional", "stats": "analytics", "ads": "marketing"}
MAPPING: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("klaro", "tarteaucitron", "didomi", "axeptio", "civic", "django-cookie-consent"), IDS),
    **dict.fromkeys(("typo3", "orejime", "drupal"), IDS),
    "moove": {"thirdparty": "analytics", "advanced": "marketing"},
    "real-cookie-banner": {"60": "necessary", "61": "functional", "62": "analytics", "63": "marketing"},
}
#: A site that reads every platform and signal.
SITE: Final = Policy(contact_url="/c", mapping=MAPPING, ignore=())


def state(signs: str) -> dict[Category, State]:
    """Return the state that three signs stand for."""
    return {category: SIGNS[sign] for category, sign in zip(OPTIONAL_CATEGORIES, signs, strict=True)}


def signs(states: Mapping[Category, State]) -> str:
    """Return a state as three signs."""
    words = {word: sign for sign, word in SIGNS.items()}
    return "".join(words[states.get(category, State.UNKNOWN)] for category in OPTIONAL_CATEGORIES)


def site(**settings: Any) -> Policy:
    """Return the settings of a site that is complete but for these."""
    return Policy(contact_url="/c", **settings)


def plan(written: WrittenConsent, policy: Policy = SITE) -> Plan:
    """Return what a site's engine makes of the request of a browser with this consent."""
    fields = [(name.lower().encode(), value.encode()) for name, value in written.request_headers.items()]
    cookies = [value for name, value in fields if name == b"cookie"]
    engine = engine_for(policy) if policy is SITE else Engine(policy)
    found = engine.plan(Signals(Cookies(cookies), [each for each in fields if each[0] != b"cookie"]))
    assert not engine.notices.counts
    return found


def read(written: WrittenConsent, policy: Policy = SITE) -> Consent:
    """Return what the sources alone say about that request."""
    return plan(written, policy).merged
