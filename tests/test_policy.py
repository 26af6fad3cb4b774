"""The policy: settings checked when built, and decisions with their reasons."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Action, Category, Consent, Plan, Policy, PolicyError, Purpose, State, Texts
from consent_middleware.consent import OPTIONAL_CATEGORIES
from consent_middleware.cookies import Cookies
from consent_middleware.sources import Signals

POLICY = Policy(contact_url="/contact")
states = st.dictionaries(st.sampled_from(OPTIONAL_CATEGORIES), st.sampled_from(State))


def granting(*categories: Category) -> Consent:
    return Consent(dict.fromkeys(categories, State.GRANTED), source="test", cookie="c")


def plan(cookie: bytes, policy: Policy = POLICY) -> Plan:
    return policy.plan(Signals(Cookies([cookie])))


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("analytics", [False, True])
@pytest.mark.parametrize("marketing", [False, True])
@pytest.mark.parametrize("clicked", [False, True])
def test_the_chat_needs_functional_or_a_click_and_tracking_needs_both(
    chat: bool, analytics: bool, marketing: bool, clicked: bool
) -> None:
    chosen = [c for c, given_ in zip(OPTIONAL_CATEGORIES, (chat, analytics, marketing), strict=True) if given_]

    decided = POLICY.decide(granting(*chosen), clicked=clicked)

    assert decided.allows(Purpose.CHAT) is (chat or clicked)
    assert decided.allows(Purpose.TRACKING) is (analytics and marketing)
    assert decided.touches_html is not (decided.allows(Purpose.CHAT) and decided.allows(Purpose.TRACKING))


@given(states, st.sampled_from(OPTIONAL_CATEGORIES), st.booleans())
def test_granting_more_never_blocks_more(given_states: dict[Category, State], more: Category, clicked: bool) -> None:
    """Law: monotonicity, for tags and for cookies."""
    before = POLICY.decide(Consent(given_states), clicked=clicked)
    after = POLICY.decide(Consent({**given_states, more: State.GRANTED}), clicked=clicked)

    for purpose in Purpose:
        assert after.allows(purpose) >= before.allows(purpose)
    assert POLICY.withheld_cookies(after) <= POLICY.withheld_cookies(before)
    assert POLICY.refused_cookies(after) <= POLICY.refused_cookies(before)


@given(states, st.booleans())
def test_only_a_refusal_expires_and_only_what_is_withheld(given_states: dict[Category, State], clicked: bool) -> None:
    """Law: unknown expires nothing; what may be set is never expired."""
    decided = POLICY.decide(Consent(given_states), clicked=clicked)

    assert POLICY.refused_cookies(decided) <= POLICY.withheld_cookies(decided)
    if State.DENIED not in given_states.values():
        assert not POLICY.refused_cookies(decided)


def test_reasons_name_the_source_and_the_rule() -> None:
    decided = plan(b"consent=functional")

    assert decided.decisions[Purpose.CHAT].reasons == ("functional consent is given by own cookie (consent)",)
    assert decided.decisions[Purpose.TRACKING].reasons == (
        "analytics consent is refused by own cookie (consent)",
        "marketing consent is refused by own cookie (consent)",
    )
    assert decided.decisions[Purpose.TRACKING].action is Action.BLOCK


def test_reasons_say_that_unknown_is_not_consent() -> None:
    decided = plan(b"")

    assert decided.decisions[Purpose.CHAT].reasons == ("functional consent is unknown, and unknown is not consent",)
    assert decided.decisions[Purpose.CHAT].action is Action.FACADE


def test_a_click_is_a_reason_only_where_consent_is_none() -> None:
    assert plan(b"consent_chat=1").decisions[Purpose.CHAT].reasons == (
        "the visitor has clicked to chat in this visit (cookie consent_chat)",
    )
    assert (
        "functional consent is given" in plan(b"consent_chat=1; consent=functional").decisions[Purpose.CHAT].reasons[0]
    )


@pytest.mark.parametrize("cookie", [b"consent_chat=0", b"consent_chat=", b"consent_chat=11", b"x=1,consent_chat=1"])
def test_only_the_exact_cookie_is_a_click(cookie: bytes) -> None:
    assert not plan(cookie).clicked


def test_other_names_for_the_cookies() -> None:
    policy = Policy(contact_url="/c", consent_cookie="agreed", click_cookie="talk")

    assert plan(b"agreed=functional", policy).allows(Purpose.CHAT)
    assert plan(b"talk=1", policy).allows(Purpose.CHAT)
    assert not plan(b"consent=functional; consent_chat=1", policy).allows(Purpose.CHAT)


def test_other_categories_for_the_purposes() -> None:
    policy = Policy(contact_url="/c", chat=["marketing"], tracking=["functional", Category.ANALYTICS])

    assert plan(b"consent=marketing", policy).allows(Purpose.CHAT)
    assert not plan(b"consent=marketing,analytics", policy).allows(Purpose.TRACKING)
    assert plan(b"consent=functional,analytics", policy).allows(Purpose.TRACKING)


def test_a_purpose_may_need_nothing() -> None:
    decided = plan(b"", Policy(contact_url="/c", chat=[]))

    assert decided.decisions[Purpose.CHAT].reasons == ("no consent is given",)
    assert decided.allows(Purpose.CHAT)


def test_a_source_of_the_site_s_own_is_asked() -> None:
    policy = Policy(contact_url="/c", sources=[lambda _: [granting(Category.FUNCTIONAL)]])

    assert plan(b"", policy).decisions[Purpose.CHAT].reasons == ("functional consent is given by test (c)",)
    assert not plan(b"consent=necessary", policy).allows(Purpose.CHAT)


def test_a_source_that_raises_is_noted_once_and_grants_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(signals: Signals) -> list[Consent]:
        raise KeyError("secret value")

    policy = Policy(contact_url="/c", sources=[broken])

    with caplog.at_level(logging.WARNING, "consent_middleware"):
        first, second = plan(b"consent=functional", policy), plan(b"", policy)

    assert first.allows(Purpose.CHAT)
    assert not second.allows(Purpose.CHAT)
    assert [record.message for record in caplog.records] == [
        "source-raised: a consent source raised KeyError and was left out"
    ]
    assert policy.notices.counts == {"source-raised": 2}


def test_a_missing_contact_url_is_said_when_built(caplog: pytest.LogCaptureFixture) -> None:
    Policy()

    assert "no-contact-url" in caplog.text


@pytest.mark.parametrize(
    ("number", "settings"),
    [
        ("CM001", {"chat": "functional"}),
        ("CM001", {"chat": ["fun"]}),
        ("CM001", {"chat": 3}),
        ("CM002", {"tracking": ["analytics", "ads"]}),
        ("CM003", {"consent_cookie": "my cookie"}),
        ("CM003", {"consent_cookie": ""}),
        ("CM003", {"consent_cookie": None}),
        ("CM004", {"click_cookie": "a=b"}),
        ("CM005", {"click_cookie": "consent"}),
        ("CM006", {"path": "_consent"}),
        ("CM006", {"path": "/"}),
        ("CM006", {"path": "/a/"}),
        ("CM006", {"path": "/a b"}),
        ("CM007", {"proxied": {"js.hs-scripts.com": "hs.example.com"}}),
        ("CM007", {"proxied": {"js.hs-scripts.com": "https://hs.example.com/path"}}),
        ("CM007", {"proxied": {"js.hs-scripts.com": "https://user@hs.example.com"}}),
        ("CM007", {"proxied": {"js.hs-scripts.com": "https://hs.example.com:no"}}),
        ("CM007", {"proxied": {"js.hs-scripts.com": "ftp://hs.example.com"}}),
        ("CM007", {"proxied": {"js.hs-scripts.com": 1}}),
        ("CM007", {"proxied": {"nodot": "https://hs.example.com"}}),
        ("CM007", {"proxied": ["js.hs-scripts.com"]}),
        ("CM008", {"contact_url": "javascript:alert(1)"}),
        ("CM008", {"contact_url": "data:text/html,x"}),
        ("CM008", {"contact_url": ""}),
        ("CM008", {"contact_url": " /contact"}),
        ("CM008", {"contact_url": "/a\nb"}),
        ("CM008", {"contact_url": 5}),
        ("CM009", {"texts": {"buton": "Chat"}}),
        ("CM009", {"texts": {"button": 1}}),
        ("CM009", {"texts": {"button": "a\x00b"}}),
        ("CM009", {"texts": "Chat"}),
        ("CM010", {"sources": [1]}),
        ("CM010", {"sources": 1}),
        ("CM014", {"language": "english language"}),
        ("CM014", {"language": 1}),
        ("CM015", {"on_bail_out": "drop"}),
        ("CM016", {"max_hold": 10}),
        ("CM016", {"max_hold": True}),
        ("CM016", {"max_hold": "1 MB"}),
    ],
)
def test_a_wrong_setting_has_its_number_and_says_what_is_allowed(number: str, settings: dict[str, Any]) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(**{"contact_url": "/c", **settings})

    (name,) = settings
    assert caught.value.numbers == (number,)
    assert f"({number}) {name}" in str(caught.value)
    assert "must be" in str(caught.value)


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(chat="x", path="y", language="z z")

    assert caught.value.numbers == ("CM001", "CM006", "CM014")


@pytest.mark.parametrize(
    "url", ["/contact", "contact.html", "https://example.com/a?b=c#d", "mailto:a@b.example", "tel:+123", "?a", "#x:y"]
)
def test_links_that_a_page_may_hold(url: str) -> None:
    assert Policy(contact_url=url).facade.contact_url == url


def test_what_is_too_long_to_hold_is_a_setting() -> None:
    policy = Policy(contact_url="/c", on_bail_out="pass", max_hold=4096)

    assert (policy.on_bail_out, policy.max_hold) == ("pass", 4096)
    assert Policy(contact_url="/c").on_bail_out == "withhold"


def test_texts_may_be_given_as_a_mapping_or_as_texts() -> None:
    assert Policy(contact_url="/c", texts={"button": "Hi"}).facade.texts == Texts(button="Hi")
    assert Policy(contact_url="/c", texts=Texts(button="Hi")).facade.texts == Texts(button="Hi")


def test_settings_from_a_mapping() -> None:
    policy = Policy.from_mapping({"CONSENT_CONTACT_URL": "/help", "CONSENT_CHAT": ["marketing"], "OTHER": 1})

    assert policy.facade.contact_url == "/help"
    assert policy.requires[Purpose.CHAT] == {Category.MARKETING}


def test_an_unknown_setting_in_a_mapping_is_told_with_the_known_ones() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping({"CONSENT_CONTACT": "/help", "CONSENT_X": 1})

    assert caught.value.numbers == ("CM011", "CM011")
    assert "CONSENT_CONTACT_URL" in str(caught.value)


def test_an_origin_of_the_site_s_own_stands_in_for_a_host() -> None:
    policy = Policy(contact_url="/c", proxied={"JS.hs-scripts.com": "HTTPS://HS.example.com:443"})

    assert policy.origin_of("js.hs-scripts.com") == "https://hs.example.com:443"
    assert policy.origin_of("js.usemessages.com") == "https://js.usemessages.com"
    assert list(policy.hosts_behind("hs.example.com", None)) == ["js.hs-scripts.com"]
    assert list(policy.hosts_behind("hs.example.com", 443)) == ["js.hs-scripts.com"]
    assert list(policy.hosts_behind("hs.example.com", 8443)) == []


def test_the_fingerprint_follows_what_a_page_depends_on() -> None:
    same = {Policy(contact_url="/c").fingerprint for _ in range(3)}
    others = {
        Policy(contact_url="/d").fingerprint,
        Policy(contact_url="/c", path="/x").fingerprint,
        Policy(contact_url="/c", language="de").fingerprint,
        Policy(contact_url="/c", chat=["marketing"]).fingerprint,
        Policy(contact_url="/c", texts={"button": "x"}).fingerprint,
        Policy(contact_url="/c", proxied={"a.example": "https://b.example"}).fingerprint,
    }

    assert len(same) == 1
    assert len(same | others) == 7


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    code = "from consent_middleware import Policy; print(Policy(contact_url='/c').fingerprint)"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }

    assert len(found) == 1
