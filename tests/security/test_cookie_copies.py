"""Copies of a consent cookie beyond the limit never grant: another subdomain can set any number of them."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from consent_middleware import Policy, Purpose, Signals
from consent_middleware.consent import Category, Consent, Regime
from consent_middleware.cookies import MAX_HEADER, Cookies
from consent_middleware.engine import Engine
from consent_middleware.plan import Plan
from consent_middleware.sources.reader import MAX_COPIES, MAX_NAMES

MANY = MAX_COPIES + 5


def _json(text: str) -> bytes:
    return quote(text).encode("ascii")


def _cookiebot(flag: str, number: int) -> bytes:
    marks = f"necessary:true,preferences:{flag},statistics:{flag},marketing:{flag},method:'explicit',ver:{number}"
    return b"CookieConsent=" + _json("{stamp:'x'," + marks + "}")


def _orestbida(categories: str, number: int) -> bytes:
    return b"cc_cookie=" + _json(
        f'{{"categories":[{categories}],"revision":{number},"consentId":"{number}","consentTimestamp":"x",'
        '"lastConsentTimestamp":"2026-01-01T00:00:00Z"}'
    )


def _onetrust(flag: int, number: int) -> bytes:
    return (
        b"OptanonConsent="
        + _json(f"v={number}").replace(b"%3D", b"=")
        + (b"&groups=C0001%%3A1%%2CC0002%%3A%d%%2CC0003%%3A%d%%2CC0004%%3A%d" % (flag, flag, flag))
    )


#: One value that grants and one that refuses; a number makes the copies differ.
FORMATS = {
    "cookiebot": (
        lambda number: _cookiebot("true", number),
        lambda number: _cookiebot("false", number),
    ),
    "orestbida": (
        lambda number: _orestbida('"functionality","analytics","ads"', number),
        lambda number: _orestbida("", number),
    ),
    "onetrust": (
        lambda number: b"OptanonAlertBoxClosed=2026-01-01T00:00:00Z; " + _onetrust(1, number),
        lambda number: b"OptanonAlertBoxClosed=2026-01-01T00:00:00Z; " + _onetrust(0, number),
    ),
    "own": (
        lambda number: b"consent=functional,analytics,marketing" + b",necessary" * number,
        lambda number: b"consent=necessary" + b",necessary" * number,
    ),
    "several names": (
        lambda number: b'_iub_cs-%d={"consent":true}' % (1000 + number),
        lambda number: b'_iub_cs-%d={"consent":false}' % (5000 + number),
    ),
}
ONE_BY_ONE = pytest.mark.parametrize("name", FORMATS)


def _plan(*pairs: bytes, regime: Regime = Regime.OPT_IN) -> Plan:
    return Engine(Policy(contact_url="/c", regime=regime)).plan(Signals(Cookies([b"; ".join(pairs)])))


def _grants(consent: Consent) -> bool:
    return any(consent.grants(category) for category in Category if category is not Category.NECESSARY)


@ONE_BY_ONE
def test_one_grant_counts(name: str) -> None:
    assert _plan(FORMATS[name][0](1)).allows(Purpose.TRACKING)


@ONE_BY_ONE
@pytest.mark.parametrize("regime", list(Regime))
def test_refusal_after_many_grants_counts(name: str, regime: Regime) -> None:
    grants, refuses = FORMATS[name]
    tossed = [grants(number) for number in range(MAX_NAMES + 5)]

    plan = _plan(*tossed, refuses(1), regime=regime)

    assert not plan.allows(Purpose.TRACKING)
    assert not plan.allows(Purpose.CHAT)
    assert not _grants(plan.consent)


@ONE_BY_ONE
def test_refusal_among_read_copies_counts(name: str) -> None:
    grants, refuses = FORMATS[name]

    plan = _plan(refuses(1), *(grants(number) for number in range(MAX_NAMES + 5)))

    assert plan.consent.refuses(Category.MARKETING)


@ONE_BY_ONE
def test_many_grants_alone_are_unknown(name: str) -> None:
    plan = _plan(*(FORMATS[name][0](number) for number in range(MAX_NAMES + 5)))

    assert not _grants(plan.consent)
    assert not plan.consent.refuses(Category.MARKETING)
    assert "unread-copies" in plan.decisions[Purpose.TRACKING].rules


@ONE_BY_ONE
def test_unread_copies_stop_other_platforms(name: str) -> None:
    copies = [FORMATS[name][0](number) for number in range(MAX_NAMES + 5)]

    assert not _grants(_plan(*copies, b"cookieconsent_status=allow").consent)


def test_equal_copies_hide_nothing() -> None:
    copies = [b"cookieconsent_status=allow"] * 500

    assert _plan(*copies).allows(Purpose.TRACKING)
    assert _plan(*copies, b"cookieconsent_status=deny").consent.refuses(Category.MARKETING)


def test_refusal_after_a_cut_header_counts() -> None:
    filled = b"a=" + b"x" * MAX_HEADER

    assert not _grants(_plan(b"cookieconsent_status=allow", filled, b"cookieconsent_status=deny").consent)


def test_refusal_in_a_later_header_counts() -> None:
    lines = [b"cookieconsent_status=allow", b"a=" + b"x" * (MAX_HEADER - 28), b"cookieconsent_status=deny"]

    consent = Engine(Policy(contact_url="/c")).plan(Signals(Cookies(lines))).consent

    assert not _grants(consent)


def test_unread_copies_after_commas_grant_nothing() -> None:
    hidden = b"x=1" + b"".join(b",cookieconsent_status=%d" % number for number in range(MANY))

    assert not _grants(_plan(b"consent=functional,analytics,marketing", hidden).consent)


def test_many_doubtful_own_copies_grant_nothing() -> None:
    hidden = b"x=1" + b"".join(b",consent=%d" % number for number in range(MANY))

    assert not _grants(_plan(b"consent=functional", hidden).consent)


def test_click_stands_beside_unread_copies() -> None:
    plan = _plan(*(_cookiebot("true", number) for number in range(MANY)), b"consent_chat=1")

    assert plan.allows(Purpose.CHAT)
    assert not plan.allows(Purpose.TRACKING)
