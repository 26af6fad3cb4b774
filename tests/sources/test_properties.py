"""Laws of all platforms together, on headers made of real shapes, of pieces of them, and of any bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_middleware import Basis, Category, Consent, Policy, Purpose, Regime, Signals, State
from consent_middleware.consent import OPTIONAL_CATEGORIES
from consent_middleware.cookies import Cookies
from consent_middleware.engine import Engine
from consent_middleware.explain import as_json, as_text, plan_of
from consent_middleware.sources import SOURCES
from tests.engines import engine_for

NAMES = [name for platform in SOURCES for name in platform.cookies]
NAMES += [prefix + "123" for platform in SOURCES for prefix in platform.prefixes]
WORDS = [
    *("true", "false", "yes", "no", "allow", "deny", "dismiss", "1", "0", "-1", "2:", "permit 1,2", "1YYN", "wait"),
    *("{", "}", "[", "]", ":", ",", "=", "&", "!", "|", "%", "%22", "%2C", "%E0%A4", '"', "'", "+", "~", ".", "\\"),
    *(
        "groups=C0002%3A1",
        "necessary:true",
        "marketing",
        '"categories"',
        '"level"',
        '"purposes"',
        '"consents"',
        "c.necessary:1",
    ),
    *(
        '{"a":true}',
        '{"1":true,"2":false}',
        '["a"]',
        "consent:yes,action:yes",
        "a=2024-01-01T00:00:00",
        "DBABM~",
        "_iub_cs-1",
    ),
]
MAPPING = {"a": "analytics", "1": ["functional", "marketing"], "marketing": "marketing"}

texts = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=8).map("".join)
pairs = st.tuples(st.sampled_from(NAMES), texts).map(lambda pair: f"{pair[0]}={pair[1]}".encode("utf-8", "replace"))
headers = (
    st.lists(pairs, max_size=5).map(b"; ".join) | st.lists(pairs, max_size=3).map(b",".join) | st.binary(max_size=200)
)

states = st.dictionaries(st.sampled_from(OPTIONAL_CATEGORIES), st.sampled_from([State.GRANTED, State.DENIED]))
some_readings = st.lists(
    st.builds(
        Consent,
        states,
        st.sampled_from(Basis),
        st.sampled_from(["one", "gpc", "orestbida-v3"]),
        st.just("c"),
        st.none() | st.sampled_from([0.0, 10.0 * 86_400]),
        st.sampled_from(["", "1", "2"]),
        st.booleans(),
    ),
    max_size=4,
)
policies = st.builds(
    Policy,
    contact_url=st.just("/c"),
    gpc=st.sampled_from(["always", "opt-out"]),
    tcf_grants=st.booleans(),
    max_age_days=st.none() | st.just(5),
    revisions=st.none() | st.just({"orestbida": "1"}),
    click_after_refusal=st.booleans(),
)
NOW = 11.0 * 86_400


@cache
def engine_under(regime: Regime) -> Engine:
    """Return one engine for all requests under a regime, because an engine takes longer to make than a plan."""
    return Engine(Policy(contact_url="/c", mapping=MAPPING, regime=regime, ignore=()))


MORE_EXAMPLES = settings(max_examples=4 * settings().max_examples)


@pytest.mark.slow
@pytest.mark.no_cover
@MORE_EXAMPLES
@given(st.lists(headers, max_size=3), st.sampled_from(Regime), st.binary(max_size=8))
def test_no_request_raises(lines: list[bytes], regime: Regime, signal: bytes) -> None:
    """Law: any bytes are a Cookie header, and a platform's reader raises for none of them."""
    engine = engine_under(regime)

    plan = engine.plan(Signals(Cookies(lines), [(b"sec-gpc", signal), (b"dnt", signal)]))

    assert engine.notices.counts == {}
    json.dumps(as_json(plan))
    json.dumps(plan.record())
    as_text(plan)


@pytest.mark.slow
@pytest.mark.no_cover
@MORE_EXAMPLES
@given(st.lists(headers, max_size=3), st.sampled_from(Regime))
def test_merge_grants_only_what_a_source_grants(lines: list[bytes], regime: Regime) -> None:
    """Law: what counts is a part of what is said, and a grant that counts stands alone in some reading."""
    plan = engine_under(regime).plan(Signals(Cookies(lines)))

    for category in OPTIONAL_CATEGORIES:
        if plan.consent.grants(category):
            assert any(reading.grants(category) for reading in plan.readings)
            assert all(reading.state(category) is not State.DENIED for reading in plan.readings)
        if regime is Regime.OPT_IN and plan.consent.grants(category):
            assert any(reading.grants(category) and reading.basis is not Basis.IMPLIED for reading in plan.readings)


def without_denials(readings: Sequence[Consent], category: Category) -> list[Consent]:
    return [
        replace(reading, states={c: s for c, s in reading.states.items() if not (c is category and s is State.DENIED)})
        for reading in readings
    ]


@pytest.mark.slow
@pytest.mark.no_cover
@given(policies, some_readings, st.sampled_from(OPTIONAL_CATEGORIES), st.booleans(), st.sampled_from(Regime))
def test_removing_a_denial_never_blocks_more(
    policy: Policy, readings: list[Consent], category: Category, clicked: bool, regime: Regime
) -> None:
    """Law: monotonicity, for tags, for cookies and for the button."""
    before = policy.plan_from_readings(readings, clicked=clicked, regime=regime, now=NOW)
    after = policy.plan_from_readings(without_denials(readings, category), clicked=clicked, regime=regime, now=NOW)

    for purpose in Purpose:
        assert after.allows(purpose) >= before.allows(purpose)
        assert (after.decisions[purpose].action == "block") <= (before.decisions[purpose].action == "block")
    assert engine_for(policy).cookies.blocked(after) <= engine_for(policy).cookies.blocked(before)
    assert engine_for(policy).cookies.refused(after) <= engine_for(policy).cookies.refused(before)


@pytest.mark.slow
@pytest.mark.no_cover
@given(policies, some_readings, st.booleans())
def test_opt_out_allows_no_less_than_opt_in(policy: Policy, readings: list[Consent], clicked: bool) -> None:
    """Law: a regime that waits for a yes is the stricter one, where the site reads the same signals under both."""
    told = [reading for reading in readings if reading.source != "gpc" and not reading.states.keys() - reading.granted]
    strict = policy.plan_from_readings(told, clicked=clicked, regime=Regime.OPT_IN, now=NOW)
    lenient = policy.plan_from_readings(told, clicked=clicked, regime=Regime.OPT_OUT, now=NOW)

    for purpose in Purpose:
        assert lenient.allows(purpose) >= strict.allows(purpose)


@pytest.mark.slow
@pytest.mark.no_cover
@given(policies, some_readings, st.sampled_from(Regime))
def test_a_rule_never_grants(policy: Policy, readings: list[Consent], regime: Regime) -> None:
    """Law: every rule takes away, none adds."""
    plan = policy.plan_from_readings(readings, regime=regime, now=NOW)

    for category in OPTIONAL_CATEGORIES:
        if plan.consent.grants(category):
            granting = [reading for reading in readings if reading.grants(category)]
            assert granting
            assert regime is Regime.OPT_OUT or any(reading.basis is not Basis.IMPLIED for reading in granting)


WHOLE = [
    b"__hs_cookie_cat_pref=1:true_2:false_3:true",
    b"OptanonAlertBoxClosed=2025-01-02T03:04:05Z; OptanonConsent=interactionCount=1&groups=C0002%3A1%2CC0003%3A0%2CC0004%3A1",
    b"CookieConsent={stamp:%27x%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:false%2Cmethod:%27explicit%27}",
    b"cookieyes-consent=consent:yes,action:yes,functional:yes,analytics:no,advertisement:yes",
    b'cc_cookie={"categories":["necessary","ads"],"level":["necessary","ads"]}',
    b"_iub_cs-1=%7B%22purposes%22%3A%7B%222%22%3Atrue%2C%224%22%3Afalse%7D%7D",
    b"klaro=%7B%22a%22%3Atrue%2C%22marketing%22%3Afalse%7D",
    b"tarteaucitron=!a=true!marketing=false",
    b"axeptio_cookies={%22$$completed%22:true%2C%22a%22:false}",
    b"didomi_token=eyJwdXJwb3NlcyI6eyJlbmFibGVkIjpbImEiXSwiZGlzYWJsZWQiOlsibWFya2V0aW5nIl19fQ==",
    b'CookieScriptConsent={"action":"accept","categories":"[\\"performance\\"]"}',
    b"c15t=c.necessary:1,c.functionality:1,c.measurement:0",
    b"notice_gdpr_prefs=0,2:; cmapi_cookie_privacy=permit 1,3",
    b"cookie_consent=a=2024-01-01T00:00:00+00:00|marketing=-1",
    b"cookie_optin=a:1|marketing:0",
    b"cookie-agreed=2; cookie-agreed-categories=[%22a%22]",
    b"euconsent-v2=CQEHUQAQEHUQAAHABBENBDFsAAAAAAAAAAAAAAAAAAAA.YAAAAAAAAAAA",
    b"cmplz_preferences=allow; cmplz_marketing=deny; cmplz_banner-status=dismissed",
]


@pytest.mark.parametrize("cookie", WHOLE, ids=lambda cookie: cookie.partition(b"=")[0].decode())
def test_truncated_cookie_grants_no_more(cookie: bytes) -> None:
    """Law: what is missing is unknown. A name that is cut off is another name."""
    policy = Policy(contact_url="/c", mapping=MAPPING)
    whole = engine_for(policy).plan(Signals(Cookies([cookie]))).merged

    assert whole.is_known
    for length in range(len(cookie)):
        assert engine_for(policy).plan(Signals(Cookies([cookie[:length]]))).merged.granted <= whole.granted


#: Samples that this project believes less: TrustArc's levels were there before any choice, and the videos of Borlabs'
#: group may each have been unlocked in their places.
IMPLIED = {"borlabs-functional", "trustarc-all"}
SAMPLES = Path(__file__).parents[3] / "shared" / "facts" / "consent-cookie-samples.json"


@pytest.mark.corpus
@pytest.mark.no_cover
@pytest.mark.skipif(not SAMPLES.is_file(), reason="the file of sample headers is not beside the project")
def test_shared_samples_give_their_readings() -> None:
    for sample in json.loads(SAMPLES.read_bytes())["samples"]:
        fields = [(b"cookie", sample["cookie_header"].encode())]
        fields += [(name.lower().encode(), value.encode()) for name, value in sample["headers"].items()]
        found = as_json(plan_of(Policy(contact_url="/c", mapping=sample["site_mapping"]), fields))
        expected = {**sample["expect"], **({"basis": "implied"} if sample["id"] in IMPLIED else {})}
        assert {key: found[key] for key in expected} == expected, sample["id"]
