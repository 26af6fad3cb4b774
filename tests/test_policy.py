"""The policy: settings checked when built, and decisions with their reasons."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import (
    Action,
    Basis,
    Category,
    Consent,
    Plan,
    Policy,
    PolicyError,
    Purpose,
    Regime,
    State,
    Texts,
)
from consent_middleware.consent import OPTIONAL_CATEGORIES
from consent_middleware.cookies import Cookies
from consent_middleware.engine import Engine
from consent_middleware.sources import Signals
from consent_middleware.vendor import Vendor
from consent_middleware.vendors.hubspot import HUBSPOT
from tests.engines import engine_for

POLICY = Policy(contact_url="/contact")
states = st.dictionaries(st.sampled_from(OPTIONAL_CATEGORIES), st.sampled_from(State))


def granting(*categories: Category) -> Consent:
    return Consent(dict.fromkeys(categories, State.GRANTED), source="test", cookie="c")


def plan(cookie: bytes, policy: Policy = POLICY) -> Plan:
    return engine_for(policy).plan(Signals(Cookies([cookie])))


@pytest.mark.parametrize("chat", [False, True])
@pytest.mark.parametrize("analytics", [False, True])
@pytest.mark.parametrize("marketing", [False, True])
@pytest.mark.parametrize("clicked", [False, True])
def test_default_requirements_of_each_purpose(chat: bool, analytics: bool, marketing: bool, clicked: bool) -> None:
    chosen = [c for c, given_ in zip(OPTIONAL_CATEGORIES, (chat, analytics, marketing), strict=True) if given_]

    decided = POLICY.decide(granting(*chosen), clicked=clicked)

    assert decided.allows(Purpose.CHAT) is (chat or clicked)
    assert decided.allows(Purpose.TRACKING) is (analytics and marketing)
    assert decided.allows(Purpose.EMBEDS) is (chat and marketing)
    assert decided.touches_html is not all(decided.allows(purpose) for purpose in Purpose)


@given(states, st.sampled_from(OPTIONAL_CATEGORIES), st.booleans())
def test_granting_more_never_blocks_more(given_states: dict[Category, State], more: Category, clicked: bool) -> None:
    """Property: monotonicity, for tags and for cookies."""
    before = POLICY.decide(Consent(given_states), clicked=clicked)
    after = POLICY.decide(Consent({**given_states, more: State.GRANTED}), clicked=clicked)

    for purpose in Purpose:
        assert after.allows(purpose) >= before.allows(purpose)
    assert engine_for(POLICY).cookies.blocked(after) <= engine_for(POLICY).cookies.blocked(before)
    assert engine_for(POLICY).cookies.refused(after) <= engine_for(POLICY).cookies.refused(before)


@given(states, st.booleans())
def test_only_refused_and_blocked_cookies_expire(given_states: dict[Category, State], clicked: bool) -> None:
    """Property: unknown expires nothing; what may be set is never expired."""
    decided = POLICY.decide(Consent(given_states), clicked=clicked)

    assert engine_for(POLICY).cookies.refused(decided) <= engine_for(POLICY).cookies.blocked(decided)
    if State.DENIED not in given_states.values():
        assert not engine_for(POLICY).cookies.refused(decided)


def test_reasons_name_the_source_and_the_rule() -> None:
    decided = plan(b"consent=functional")

    assert decided.decisions[Purpose.CHAT].reasons == ("functional consent is given by own cookie (consent)",)
    assert decided.decisions[Purpose.TRACKING].reasons == (
        "analytics consent is refused by own cookie (consent)",
        "marketing consent is refused by own cookie (consent)",
    )
    assert decided.decisions[Purpose.TRACKING].action is Action.BLOCK


def test_unknown_consent_is_the_reason_to_wait() -> None:
    decided = plan(b"")

    assert decided.decisions[Purpose.CHAT].reasons == ("functional consent is unknown, and unknown is not consent",)
    assert decided.decisions[Purpose.CHAT].action is Action.FACADE


def test_click_is_a_reason_only_without_consent() -> None:
    assert plan(b"consent_chat=1").decisions[Purpose.CHAT].reasons == (
        "the visitor has clicked to chat in this visit (cookie consent_chat)",
    )
    assert (
        "functional consent is given" in plan(b"consent_chat=1; consent=functional").decisions[Purpose.CHAT].reasons[0]
    )


@pytest.mark.parametrize("cookie", [b"consent_chat=0", b"consent_chat=", b"consent_chat=11", b"x=1,consent_chat=1"])
def test_click_cookie_needs_the_exact_value(cookie: bytes) -> None:
    assert not plan(cookie).clicked


def test_own_cookie_names_replace_the_defaults() -> None:
    policy = Policy(contact_url="/c", consent_cookie="agreed", click_cookie="talk")

    assert plan(b"agreed=functional", policy).allows(Purpose.CHAT)
    assert plan(b"talk=1", policy).allows(Purpose.CHAT)
    assert not plan(b"consent=functional; consent_chat=1", policy).allows(Purpose.CHAT)


def test_requires_replaces_the_categories() -> None:
    policy = Policy(contact_url="/c", requires={"chat": ["marketing"], "tracking": ["functional", Category.ANALYTICS]})

    assert plan(b"consent=marketing", policy).allows(Purpose.CHAT)
    assert not plan(b"consent=marketing,analytics", policy).allows(Purpose.TRACKING)
    assert plan(b"consent=functional,analytics", policy).allows(Purpose.TRACKING)


def test_purpose_without_requirements_is_allowed() -> None:
    decided = plan(b"", Policy(contact_url="/c", requires={"chat": []}))

    assert decided.decisions[Purpose.CHAT].reasons == ("no consent is given",)
    assert decided.allows(Purpose.CHAT)


def test_own_source_is_read() -> None:
    policy = Policy(contact_url="/c", sources=[lambda _: [granting(Category.FUNCTIONAL)]])

    assert plan(b"", policy).decisions[Purpose.CHAT].reasons == ("functional consent is given by test (c)",)
    assert not plan(b"consent=necessary", policy).allows(Purpose.CHAT)


def test_source_that_raises_is_counted_and_skipped(caplog: pytest.LogCaptureFixture) -> None:
    def broken(signals: Signals) -> list[Consent]:
        raise KeyError("secret value")

    policy = Policy(contact_url="/c", sources=[broken])

    with caplog.at_level(logging.WARNING, "consent_middleware"):
        first, second = plan(b"consent=functional", policy), plan(b"", policy)

    assert first.allows(Purpose.CHAT)
    assert not second.allows(Purpose.CHAT)
    assert [record.message for record in caplog.records] == [
        "source-raised: a consent source raised KeyError and was left out (first on the page '/')"
    ]
    assert engine_for(policy).notices.counts == {"source-raised": 2}


@pytest.mark.parametrize("told", [None, ["functional"], [None], 5])
def test_source_without_readings_is_skipped(told: Any) -> None:
    policy = Policy(contact_url="/c", sources=[lambda _: told])

    assert plan(b"consent=functional", policy).allows(Purpose.CHAT)
    assert engine_for(policy).notices.counts == {"source-raised": 1}


def test_missing_contact_url_is_logged_by_the_engine(caplog: pytest.LogCaptureFixture) -> None:
    Engine(Policy())

    assert "no-contact-url" in caplog.text


@pytest.mark.parametrize(
    ("number", "settings"),
    [
        ("CM062", {"requires": "functional"}),
        ("CM062", {"requires": {"chat": "functional"}}),
        ("CM062", {"requires": {"chat": ["fun"]}}),
        ("CM062", {"requires": {"chat": 3}}),
        ("CM062", {"requires": {"tracking": ["analytics", "ads"]}}),
        ("CM062", {"requires": {"forms": ["functional"]}}),
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
        ("CM015", {"on_long_tag": "drop"}),
        ("CM063", {"limits": 1 << 20}),
        ("CM063", {"limits": {"tag_bytes": 10}}),
        ("CM063", {"limits": {"tag_bytes": True}}),
        ("CM063", {"limits": {"tag_bytes": "1 MB"}}),
        ("CM063", {"limits": {"cache_bytes": -1}}),
        ("CM063", {"limits": {"cache_bytes": True}}),
        ("CM063", {"limits": {"cache_bytes": "8 MB"}}),
        ("CM063", {"limits": {"page_bytes": 1024}}),
        ("CM017", {"mapping": ["chat"]}),
        ("CM017", {"mapping": {"chat": "functionnal"}}),
        ("CM017", {"mapping": {"chat": []}}),
        ("CM017", {"mapping": {"chat": 1}}),
        ("CM017", {"mapping": {"chat": ["functional", "x"]}}),
        ("CM017", {"mapping": {1: "functional"}}),
        ("CM017", {"mapping": {"klarro": {"chat": "functional"}}}),
        ("CM017", {"mapping": {"tcf": {"1": "functional"}}}),
        ("CM017", {"mapping": {"klaro": {"chat": "x"}}}),
        ("CM018", {"cookie_names": "klaro"}),
        ("CM018", {"cookie_names": {"cookiebot": "x"}}),
        ("CM018", {"cookie_names": {"klaro": "a b"}}),
        ("CM018", {"cookie_names": {"klaro": 1}}),
        ("CM019", {"ignore": "gpp"}),
        ("CM019", {"ignore": 1}),
        ("CM019", {"ignore": ["gp"]}),
        ("CM019", {"ignore": [["gpp"]]}),
        ("CM020", {"regime": "opt"}),
        ("CM020", {"regime": None}),
        ("CM021", {"gpc": "us"}),
        ("CM021", {"gpc": True}),
        ("CM021", {"gpc": "never"}),
        ("CM032", {"chat_pages": "/support"}),
        ("CM032", {"chat_pages": ["support"]}),
        ("CM032", {"chat_pages": 1}),
        ("CM033", {"chat_accounts": "12345"}),
        ("CM033", {"chat_accounts": 12345}),
        ("CM033", {"chat_accounts": ["12345", None]}),
        ("CM034", {"loading_elements": "lazy-script"}),
        ("CM034", {"loading_elements": ["script"]}),
        ("CM034", {"loading_elements": ["Lazy-Script"]}),
        ("CM023", {"tcf_grants": "yes"}),
        ("CM024", {"max_age_days": 0}),
        ("CM024", {"max_age_days": True}),
        ("CM024", {"max_age_days": float("nan")}),
        ("CM024", {"max_age_days": "180"}),
        ("CM025", {"revisions": "3"}),
        ("CM025", {"revisions": {"nobody": "3"}}),
        ("CM025", {"revisions": {"complianz": 1.5}}),
        ("CM025", {"revisions": {"complianz": True}}),
        ("CM026", {"click_after_refusal": None}),
        ("CM027", {"on_decision": "log"}),
        ("CM029", {"vary": "CF-IPCountry"}),
        ("CM029", {"vary": 1}),
        ("CM040", {"guard": "sometimes"}),
        ("CM041", {"privacy_url": "javascript:x"}),
        ("CM054", {"withdrawal": "never"}),
        ("CM060", {"vendors": ["nobody"]}),
        ("CM009", {"texts": {"de": {"buton": "Chat"}}}),
        ("CM009", {"texts": {"d e": {"button": "Chat"}}}),
        ("CM029", {"vary": ["CF IPCountry"]}),
    ],
)
def test_wrong_setting_raises_with_its_number(number: str, settings: dict[str, Any]) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(**{"contact_url": "/c", **settings})

    (name,) = settings
    assert caught.value.numbers == (number,)
    assert f"({number}) {name}" in str(caught.value)
    assert "must be" in str(caught.value)


def test_error_lists_every_wrong_setting() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy(requires={"chat": "x"}, path="y", language="z z", proxied={"a": "b", "c.example": "d"})

    assert caught.value.numbers == ("CM062", "CM007", "CM007", "CM014", "CM006")
    assert "proxied['c.example'] is 'd'; it must be an origin" in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "/contact",
        "/",
        "~/c",
        "https://example.com/a?b=c#d",
        "mailto:a@b.example?subject=A b",
        "tel:+123",
        "sms:1",
        "?a",
        "#x:y",
    ],
)
def test_contact_url_allows_safe_links(url: str) -> None:
    assert Engine(Policy(contact_url=url)).facade.contact_url == url


def test_long_tags_have_a_limit_and_an_action() -> None:
    policy = Policy(contact_url="/c", on_long_tag="pass", limits={"tag_bytes": 4096})

    assert (policy.on_long_tag, policy.limits) == ("pass", {"tag_bytes": 4096, "cache_bytes": 1 << 23})
    assert Policy(contact_url="/c").on_long_tag == "withhold"


def test_texts_may_be_a_mapping_or_texts() -> None:
    assert Engine(Policy(contact_url="/c", texts={"button": "Hi"})).facade.texts == {"en": Texts(button="Hi")}
    assert Engine(Policy(contact_url="/c", texts=Texts(button="Hi"))).facade.texts == {"en": Texts(button="Hi")}


def test_from_mapping_reads_prefixed_keys() -> None:
    policy = Policy.from_mapping(
        {"CONSENT_CONTACT_URL": "/help", "CONSENT_REQUIRES": {"chat": ["marketing"]}, "OTHER": 1}
    )

    assert engine_for(policy).facade.contact_url == "/help"
    assert policy.requires[Purpose.CHAT] == {Category.MARKETING}


def test_from_mapping_rejects_mistaken_names() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping({"CONSENT_CONTACT": "/help", "CONSENT_VENDOR": 1, "CONSENT_X": 1})

    assert caught.value.numbers == ("CM011", "CM011")
    assert "CONSENT_CONTACT is not a setting; did you mean CONSENT_CONTACT_URL?" in str(caught.value)


def test_proxied_origin_maps_both_ways() -> None:
    policy = Policy(contact_url="/c", proxied={"JS.hs-scripts.com": "HTTPS://HS.example.com:443"})

    assert engine_for(policy).proxied_origin("js.hs-scripts.com") == "https://hs.example.com:443"
    assert engine_for(policy).proxied_origin("js.usemessages.com") == "https://js.usemessages.com"
    assert list(engine_for(policy).hosts_proxied_by("hs.example.com", None)) == ["js.hs-scripts.com"]
    assert list(engine_for(policy).hosts_proxied_by("hs.example.com", 443)) == ["js.hs-scripts.com"]
    assert list(engine_for(policy).hosts_proxied_by("hs.example.com", 8443)) == []


def test_fingerprint_changes_with_page_settings() -> None:
    same = {Engine(Policy(contact_url="/c")).fingerprint for _ in range(3)}
    others = {
        Engine(Policy(contact_url="/d")).fingerprint,
        Engine(Policy(contact_url="/c", path="/x")).fingerprint,
        Engine(Policy(contact_url="/c", language="de")).fingerprint,
        Engine(Policy(contact_url="/c", requires={"chat": ["marketing"]})).fingerprint,
        Engine(Policy(contact_url="/c", texts={"button": "x"})).fingerprint,
        Engine(Policy(contact_url="/c", proxied={"a.example": "https://b.example"})).fingerprint,
    }

    assert len(same) == 1
    assert len(same | others) == 7


def changed(**parts: Any) -> Vendor:
    rule = replace(HUBSPOT.tag_rules[0], **parts)
    return replace(HUBSPOT, tag_rules=(rule, *HUBSPOT.tag_rules[1:]))


@pytest.mark.parametrize(
    "vendor",
    [
        pytest.param(changed(path=re.compile("/new")), id="a pattern"),
        pytest.param(changed(any_host_path=re.compile("/new", re.IGNORECASE)), id="a pattern's flags"),
        pytest.param(changed(any_host_path=re.compile("/new")), id="another pattern"),
        pytest.param(changed(hosts=()), id="hosts"),
        pytest.param(changed(purposes=(Purpose.EMBEDS,)), id="a purpose"),
        pytest.param(changed(elements=frozenset({"img"})), id="elements"),
        pytest.param(changed(attribute_patterns={"new": re.compile("x")}), id="marks"),
        pytest.param(replace(HUBSPOT, text_rules=HUBSPOT.text_rules[1:]), id="a rule for texts"),
        pytest.param(replace(HUBSPOT, host_purposes={**HUBSPOT.host_purposes, "a.example": Purpose.CHAT}), id="a hint"),
        pytest.param(replace(HUBSPOT, cookie_rules=HUBSPOT.cookie_rules[1:]), id="a cookie"),
        pytest.param(replace(HUBSPOT, tag_markers=HUBSPOT.tag_markers | {"new"}), id="a word"),
    ],
)
def test_fingerprint_changes_with_vendor_rules(vendor: Vendor) -> None:
    assert vendor.fingerprint != HUBSPOT.fingerprint
    assert Engine(Policy(vendors=[vendor])).fingerprint != Engine(Policy(vendors=[HUBSPOT])).fingerprint
    assert " at 0x" not in vendor.fingerprint


@pytest.mark.parametrize("part", ["__version__", "TAG_MANAGERS_FINGERPRINT"])
def test_fingerprint_changes_with_version_or_managers(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Engine(Policy(contact_url="/c")).fingerprint
    monkeypatch.setattr(f"consent_middleware.engine.{part}", "another")

    assert Engine(Policy(contact_url="/c")).fingerprint != before


def test_fingerprint_is_equal_in_every_process() -> None:
    code = (
        "from consent_middleware import Policy; from consent_middleware.engine import Engine; "
        "print(Engine(Policy(contact_url='/c')).fingerprint)"
    )
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


# Regimes


def test_default_regime_is_opt_in() -> None:
    assert plan(b"x=1").regime is Regime.OPT_IN
    assert not plan(b"x=1").allows(Purpose.CHAT)


def test_opt_out_allows_what_is_not_refused() -> None:
    policy = Policy(contact_url="/c", regime="opt-out")

    silent, refused = plan(b"x=1", policy), plan(b"consent=necessary", policy)

    assert silent.allows(Purpose.CHAT)
    assert silent.allows(Purpose.TRACKING)
    assert silent.decisions[Purpose.TRACKING].reasons == (
        "analytics, marketing consent is not refused, and the regime is opt-out",
    )
    assert silent.decisions[Purpose.TRACKING].rules == ("not-refused",)
    assert not refused.allows(Purpose.CHAT)
    assert refused.decisions[Purpose.TRACKING].rules == ("denied",)


def test_opt_out_names_grants_and_unknowns_apart() -> None:
    policy = Policy(contact_url="/c", regime=Regime.OPT_OUT, sources=[lambda _: [granting(Category.ANALYTICS)]])

    assert plan(b"", policy).decisions[Purpose.TRACKING].reasons == (
        "analytics consent is given by test (c)",
        "marketing consent is not refused, and the regime is opt-out",
    )


@pytest.mark.parametrize(
    ("country", "expected"), [(b"US", Regime.OPT_OUT), (b"DE", Regime.OPT_IN), (None, Regime.OPT_IN)]
)
def test_regime_callable_reads_headers(country: bytes | None, expected: Regime) -> None:
    def by_country(signals: Signals) -> str | None:
        return {"US": "opt-out", "DE": "opt-in"}.get(signals.header("CF-IPCountry") or "")

    policy = Policy(contact_url="/c", regime=by_country, vary=["CF-IPCountry"])
    fields = [(b"cf-ipcountry", country)] if country else []

    assert engine_for(policy).plan(Signals(Cookies([b"a=1"]), fields)).regime is expected
    assert engine_for(policy).page_vary == (b"Cookie", b"Sec-GPC", b"CF-IPCountry")


def test_regime_callable_reads_the_path() -> None:
    policy = Policy(contact_url="/c", regime=lambda head: "opt-out" if head.path.startswith("/us/") else "opt-in")

    assert engine_for(policy).plan(Signals(Cookies(), (), "GET", "/us/x")).allows(Purpose.TRACKING)
    assert not engine_for(policy).plan(Signals(Cookies(), (), "GET", "/de/x")).allows(Purpose.TRACKING)


@pytest.mark.parametrize("broken", [lambda _: 1 / 0, lambda _: "opt out", lambda _: 5])
def test_failing_regime_callable_means_opt_in(broken: Any, caplog: pytest.LogCaptureFixture) -> None:
    policy = Policy(contact_url="/c", regime=broken)

    with caplog.at_level(logging.WARNING, "consent_middleware"):
        plans = [plan(b"x=1", policy), plan(b"x=1", policy)]

    assert {decided.regime for decided in plans} == {Regime.OPT_IN}
    assert engine_for(policy).notices.counts == {"regime-raised": 2}
    assert len(caplog.records) == 1


def test_implied_grant_counts_under_opt_out_only() -> None:
    cookie = b"CookieConsent=-1"

    assert not plan(cookie).allows(Purpose.CHAT)
    assert plan(cookie).merged.grants(Category.FUNCTIONAL)
    assert plan(cookie, Policy(contact_url="/c", regime="opt-out")).decisions[Purpose.CHAT].rules == ("granted",)


def test_implied_denial_blocks_and_expires_nothing() -> None:
    cookie = b"CookieConsent={necessary:true,statistics:false,marketing:false}"

    for regime in Regime:
        policy = Policy(contact_url="/c", regime=regime)
        decided = plan(cookie, policy)
        assert decided.decisions[Purpose.TRACKING].rules == ("denied-by-default",)
        assert "analytics consent is off by default by cookiebot" in decided.decisions[Purpose.TRACKING].reasons[0]
        assert not engine_for(policy).cookies.refused(decided)


# Signals


def signalled(policy: Policy, cookie: bytes = b"consent=functional,analytics,marketing") -> Plan:
    return engine_for(policy).plan(Signals(Cookies([cookie]), [(b"sec-gpc", b"1")]))


@pytest.mark.parametrize("regime", Regime)
def test_gpc_refuses_marketing_under_every_regime(regime: Regime) -> None:
    decided = signalled(Policy(contact_url="/c", regime=regime))

    assert not decided.allows(Purpose.TRACKING)
    assert decided.allows(Purpose.CHAT)
    assert decided.decisions[Purpose.TRACKING].reasons == ("marketing consent is refused by gpc (Sec-GPC)",)


def test_gpc_leaves_the_click_alone() -> None:
    assert signalled(POLICY, b"consent_chat=1").allows(Purpose.CHAT)


def test_gpc_can_be_limited_or_ignored() -> None:
    choices: dict[str, dict[str, Any]] = {"opt-out": {"gpc": "opt-out"}, "ignored": {"ignore": ["gpc"]}}
    limited = {
        (name, regime): signalled(Policy(contact_url="/c", regime=regime, **settings)).allows(Purpose.TRACKING)
        for name, settings in choices.items()
        for regime in Regime
    }

    assert limited == {
        ("opt-out", Regime.OPT_IN): True,
        ("opt-out", Regime.OPT_OUT): False,
        ("ignored", Regime.OPT_IN): True,
        ("ignored", Regime.OPT_OUT): True,
    }


def test_limited_gpc_is_the_reason_if_nothing_else_is() -> None:
    decided = signalled(Policy(contact_url="/c", gpc="opt-out"), b"x=1")

    assert decided.decisions[Purpose.TRACKING].reasons[1] == (
        "marketing consent is unknown: what gpc (Sec-GPC) says counts under opt-out only on this site"
    )


def test_vary_names_every_signal_that_is_read() -> None:
    assert Engine(Policy(contact_url="/c")).page_vary == (b"Cookie", b"Sec-GPC")
    assert Engine(Policy(contact_url="/c", ignore=["gpc", "dnt"])).page_vary == (b"Cookie",)
    assert Engine(Policy(contact_url="/c", ignore=["gpc"])).page_vary == (b"Cookie", b"DNT")


# Age and revision

DAY = 86_400
CHOICE = b"cookiefirst-consent=" + b'{"necessary":true,"functional":true,"advertising":false,"timestamp":1700000000}'


def aged(days: float, **settings: Any) -> Plan:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("consent_middleware.engine.time", lambda: 1700000000 + days * DAY)
        return plan(CHOICE, Policy(contact_url="/c", max_age_days=180, **settings))


def test_choice_that_is_too_old_is_unknown() -> None:
    assert aged(180).allows(Purpose.CHAT)
    assert not aged(181).allows(Purpose.CHAT)
    assert aged(181).decisions[Purpose.CHAT].reasons == (
        "functional consent is unknown: what cookiefirst (cookiefirst-consent) says is older than 180 days",
    )
    assert aged(181).decisions[Purpose.TRACKING].rules == ("unknown", "too-old")
    assert aged(-5).allows(Purpose.CHAT)


def test_old_refusal_still_blocks_under_opt_out() -> None:
    decided = aged(999, regime="opt-out")

    assert decided.allows(Purpose.CHAT)
    assert not decided.allows(Purpose.TRACKING)


def test_choice_without_a_date_does_not_grow_old() -> None:
    assert plan(b"consent=functional", Policy(contact_url="/c", max_age_days=1)).allows(Purpose.CHAT)


def test_age_counts_from_the_present() -> None:
    assert not plan(CHOICE, Policy(contact_url="/c", max_age_days=1)).allows(Purpose.CHAT)
    assert plan(CHOICE, Policy(contact_url="/c", max_age_days=36_500)).allows(Purpose.CHAT)


@pytest.mark.parametrize(("revision", "allowed"), [("16", True), (16, True), ("17", False)])
def test_choice_under_another_revision_is_unknown(revision: str | int, allowed: bool) -> None:
    policy = Policy(contact_url="/c", revisions={"complianz": revision})
    decided = plan(b"cmplz_preferences=allow; cmplz_policy_id=16; cmplz_banner-status=dismissed", policy)

    assert decided.allows(Purpose.CHAT) is allowed
    assert decided.decisions[Purpose.CHAT].rules == (("granted",) if allowed else ("other-revision",))


def test_revisions_accept_every_name_of_a_platform() -> None:
    cookie = b'cc_cookie={"categories":["preferences"],"level":[],"revision":1}'

    for name in ("orestbida", "orestbida-v2"):
        assert plan(cookie, Policy(contact_url="/c", revisions={name: 1})).allows(Purpose.CHAT)
        assert not plan(cookie, Policy(contact_url="/c", revisions={name: 2})).allows(Purpose.CHAT)
    assert plan(cookie, Policy(contact_url="/c", revisions={"orestbida-v3": 2})).allows(Purpose.CHAT)
    for name in ("drupal", "drupal-eucc"):
        agreed = b"cookie-agreed=2; cookie-agreed-version=1.0.0"
        assert plan(agreed, Policy(contact_url="/c", revisions={name: "1.0.0"})).allows(Purpose.CHAT)
        assert not plan(agreed, Policy(contact_url="/c", revisions={name: "2.0.0"})).allows(Purpose.CHAT)


def test_reason_is_the_first_rule_that_discards() -> None:
    decided = plan(
        b"CookieConsent={necessary:true,preferences:true,ver:1}", Policy(contact_url="/c", revisions={"cookiebot": 2})
    )

    assert decided.decisions[Purpose.CHAT].rules == ("implied",)


# The click after a refusal


def test_click_after_refusal_counts_unless_forbidden() -> None:
    cookie = b"consent=necessary; consent_chat=1"
    strict = Policy(contact_url="/c", click_after_refusal=False)

    assert plan(cookie).allows(Purpose.CHAT)
    assert plan(cookie, strict).decisions[Purpose.CHAT].action is Action.BLOCK
    assert plan(cookie, strict).decisions[Purpose.CHAT].reasons == (
        "functional consent is refused by own cookie (consent)",
        "no click can change that on this site",
    )
    assert plan(cookie, strict).decisions[Purpose.CHAT].rules == ("denied", "click-disabled")


def test_click_without_refusal_always_counts() -> None:
    strict = Policy(contact_url="/c", click_after_refusal=False)

    assert plan(b"consent_chat=1", strict).allows(Purpose.CHAT)
    assert plan(b"CookieConsent={necessary:true,preferences:false}; consent_chat=1", strict).allows(Purpose.CHAT)
    assert plan(b"x=1", strict).decisions[Purpose.CHAT].action is Action.FACADE


def test_embeds_have_no_placeholder_after_a_refusal() -> None:
    strict = Policy(contact_url="/c", click_after_refusal=False)

    assert plan(b"x=1").decisions[Purpose.EMBEDS].action is Action.FACADE
    assert plan(b"x=1", strict).decisions[Purpose.EMBEDS].action is Action.FACADE
    assert plan(b"consent=necessary", strict).decisions[Purpose.EMBEDS].action is Action.BLOCK
    assert plan(b"consent=functional,marketing", strict).allows(Purpose.EMBEDS)
    assert "click-disabled" in plan(b"consent=necessary", strict).decisions[Purpose.EMBEDS].rules
    assert len({plan(cookie, strict).variant for cookie in (b"x=1", b"consent=necessary")}) == 2


def test_click_to_chat_shows_no_embeds() -> None:
    assert not plan(b"consent_chat=1").allows(Purpose.EMBEDS)


@pytest.mark.parametrize(
    ("path", "offered"),
    [("/", True), ("/support/a/b", True), ("/support", False), ("/support/a\n", True), ("/x", False)],
)
def test_chat_pages_limit_the_chat(path: str, offered: bool) -> None:
    named = Policy(contact_url="/c", chat_pages=["/", "/support/*"])

    assert named.chat_enabled_on(path) is offered
    assert POLICY.chat_enabled_on(path)


@pytest.mark.parametrize(
    ("pattern", "path", "meant"),
    [
        ("/a/*/b/*/c", "/a/x/b/y/c", True),
        ("/a/*/b/*/c", "/a/x/b/c", False),
        ("/a/*/b/*/c", "/a/x/y/c", False),
        ("/a/*/b/*/c", "/z/x/b/y/c", False),
        ("*/c", "/a/b/c", True),
        ("/a*a", "/a", False),
        ("/a", "/a/b", False),
    ],
)
def test_chat_pages_pattern(pattern: str, path: str, meant: bool) -> None:
    assert Policy(contact_url="/c", chat_pages=[pattern]).chat_enabled_on(path) is meant


def test_fingerprint_changes_with_what_pages_show() -> None:
    policies = [
        POLICY,
        Policy(contact_url="/contact", requires={"embeds": ["marketing"]}),
        Policy(contact_url="/contact", chat_pages=["/"]),
        Policy(contact_url="/contact", chat_accounts=[12345]),
        Policy(contact_url="/contact", loading_elements=["lazy-script"]),
    ]

    assert len({engine_for(policy).fingerprint for policy in policies}) == len(policies)


def test_page_without_button_has_its_own_variant() -> None:
    strict = Policy(contact_url="/c", click_after_refusal=False)

    assert plan(b"consent=necessary", strict).variant != plan(b"x=1", strict).variant
    assert plan(b"consent=necessary").variant == plan(b"x=1").variant == "c0t0e0"


# The log


def test_on_decision_gets_every_plan() -> None:
    seen: list[Plan] = []
    policy = Policy(contact_url="/c", on_decision=seen.append)

    plans = [
        plan(b"consent=functional", policy),
        plan(b"consent=functional", policy),
        engine_for(policy).plan(Signals(Cookies())),
    ]

    assert seen == plans


def test_failing_on_decision_is_counted_and_harmless(caplog: pytest.LogCaptureFixture) -> None:
    def broken(decided: Plan) -> None:
        raise OSError("disk full: secret value")

    policy = Policy(contact_url="/c", on_decision=broken)

    with caplog.at_level(logging.WARNING, "consent_middleware"):
        assert plan(b"consent=functional", policy).allows(Purpose.CHAT)
        plan(b"", policy)

    assert [record.message for record in caplog.records] == [
        "on-decision-raised: on_decision raised OSError; the page went on (first on the page '/')"
    ]
    assert engine_for(policy).notices.counts == {"on-decision-raised": 2}


def test_record_has_sources_bases_and_times() -> None:
    record = json.loads(json.dumps(plan(CHOICE + b"; consent_chat=1").record()))

    assert record == {
        "regime": "opt-in",
        "clicked": True,
        "readings": [
            {
                "source": "cookiefirst",
                "cookie": "cookiefirst-consent",
                "basis": "explicit",
                "chosen_at": 1700000000.0,
                "states": {"functional": "granted", "analytics": "unknown", "marketing": "denied"},
            }
        ],
        "consent": {
            "necessary": "granted",
            "functional": "granted",
            "analytics": "unknown",
            "marketing": "denied",
        },
        "plan": {
            "chat": {
                "action": "allow",
                "rules": ["granted"],
                "reasons": ["functional consent is given by cookiefirst (cookiefirst-consent)"],
            },
            "tracking": {
                "action": "block",
                "rules": ["unknown", "denied"],
                "reasons": [
                    "analytics consent is unknown, and unknown is not consent",
                    "marketing consent is refused by cookiefirst (cookiefirst-consent)",
                ],
            },
            "embeds": {
                "action": "facade",
                "rules": ["denied"],
                "reasons": ["marketing consent is refused by cookiefirst (cookiefirst-consent)"],
            },
        },
    }


# What is kept between requests


def test_plan_is_cached_for_the_same_request_only() -> None:
    first = signalled(POLICY, b"consent=functional,analytics,marketing; a=1")

    assert signalled(POLICY, b"consent=functional,analytics,marketing; a=1") is first
    assert plan(b"consent=functional,analytics,marketing; a=1").allows(Purpose.TRACKING)
    assert signalled(POLICY, b"consent=necessary; a=1").allows(Purpose.CHAT) is False


def test_two_cookie_lines_are_not_one() -> None:
    one = engine_for(POLICY).plan(Signals(Cookies([b"a=1consent=functional"])))
    two = engine_for(POLICY).plan(Signals(Cookies([b"a=1", b"consent=functional"])))

    assert not one.allows(Purpose.CHAT)
    assert two.allows(Purpose.CHAT)


def test_cached_plans_differ_by_regime() -> None:
    policy = Policy(contact_url="/c", regime=lambda head: head.path)

    def at(path: str) -> bool:
        return engine_for(policy).plan(Signals(Cookies([b"a=1"]), (), "GET", path)).allows(Purpose.TRACKING)

    assert (at("opt-in"), at("opt-out"), at("opt-in")) == (False, True, False)


def test_no_plan_is_kept_if_own_sources_or_age_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[granting(Category.FUNCTIONAL)], []])
    asking = Policy(contact_url="/c", sources=[lambda _: next(answers)])
    days = iter([0, 999])
    monkeypatch.setattr("consent_middleware.engine.time", lambda: 1700000000 + next(days) * DAY)
    aging = Policy(contact_url="/c", max_age_days=180)

    assert [plan(b"a=1", asking).allows(Purpose.CHAT) for _ in range(2)] == [True, False]
    assert [plan(CHOICE, aging).allows(Purpose.CHAT) for _ in range(2)] == [True, False]


def test_plan_cache_is_bounded_and_has_no_cookie() -> None:
    policy = Policy(contact_url="/c")
    for number in range(3000):
        plan(b"session=secret%d" % number, policy)

    kept = engine_for(policy)._plans

    assert 0 < len(kept) <= 1024
    assert "secret" not in repr(kept)


def test_explicit_grant_counts_beside_an_implied_one() -> None:
    implied = Consent(dict.fromkeys(OPTIONAL_CATEGORIES, State.GRANTED), Basis.IMPLIED, "default", "d")
    explicit = Consent({Category.FUNCTIONAL: State.GRANTED}, Basis.EXPLICIT, "choice", "c")

    decided = POLICY.plan_from_readings([implied, explicit])

    assert decided.allows(Purpose.CHAT)
    assert not decided.allows(Purpose.TRACKING)
    assert decided.decisions[Purpose.CHAT].reasons == ("functional consent is given by choice (c)",)
    assert decided.merged.basis is Basis.IMPLIED
