"""IAB TCF: the bits of a TC string, what they mean, and the same bits as another decoder reads them."""

from __future__ import annotations

import base64
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy, Purpose, Signals
from consent_middleware.cookies import Cookies
from consent_middleware.engine import Engine
from consent_middleware.sources import tcf
from tests.sources.read_header import NOTHING, readings, said

ALL = frozenset(range(1, 25))


def core(
    purposes: frozenset[int] = ALL,
    *,
    version: int = 2,
    policy: int = 4,
    for_this_site: bool = True,
    one_treatment: bool = False,
    created: int = 17_357_870_450,
    updated: int = 17_357_870_450,
    vendors: int = 0,
) -> str:
    """Return a core segment, field by field as the standard lists them; times in tenths of a second."""
    fields = [(version, 6), (created, 36), (updated, 36), (31, 12), (1, 12), (0, 6), (int("000100001101", 2), 12)]
    fields += [(48, 12), (policy, 6), (for_this_site, 1), (0, 1), (0, 12)]
    fields += [(number in purposes, 1) for number in range(1, 25)] + [(0, 24), (one_treatment, 1)]
    fields += [(int("000011000100", 2), 12), (vendors, 16), (0, 1)] + [(1, 1)] * vendors + [(0, 16), (0, 1), (0, 12)]
    bits = "".join(f"{int(value):0{width}b}" for value, width in fields)
    bits += "0" * (-len(bits) % 24)
    return base64.urlsafe_b64encode(int(bits, 2).to_bytes(len(bits) // 8)).decode()


def cookie(text: str, name: str = "euconsent-v2") -> bytes:
    return f"{name}={text}".encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(core(), "+++ explicit", id="every purpose"),
        pytest.param(core(frozenset()), "--- explicit", id="no purpose"),
        pytest.param(core(ALL - {1}), "--- explicit", id="all but storage"),
        pytest.param(core(frozenset({1})), "+-- explicit", id="storage alone"),
        pytest.param(core(frozenset({1, 8, 9})), "++- explicit", id="what analytics needs"),
        pytest.param(core(frozenset({1, 8})), "+-- explicit", id="half of what analytics needs"),
        pytest.param(core(frozenset({1, 3, 4})), "+-+ explicit", id="what marketing needs"),
        pytest.param(core(frozenset({1, 4})), "+-- explicit", id="half of what marketing needs"),
        pytest.param(core(ALL - {1}, one_treatment=True), "?++ explicit", id="storage is not asked about"),
        pytest.param(core(frozenset(), one_treatment=True), "?-- explicit", id="storage is not asked about, refused"),
        pytest.param(core() + ".YAAAAAAAAAAA", "+++ explicit", id="with a second segment"),
        pytest.param(core().rstrip("="), "+++ explicit", id="without padding"),
        pytest.param(core(vendors=40), "+++ explicit", id="with vendors"),
        pytest.param(core()[:39], "+++ explicit", id="just long enough"),
        pytest.param(core()[:38], NOTHING, id="just too short"),
        pytest.param(core().replace("A", "%41", 1), "+++ explicit", id="percent-encoded"),
        pytest.param(core(version=1), NOTHING, id="version 1"),
        pytest.param(core(version=3), NOTHING, id="a version to come"),
        pytest.param(core(policy=3), NOTHING, id="a policy that is no longer valid"),
        pytest.param(core(for_this_site=False), NOTHING, id="a string for all sites"),
        pytest.param("true", NOTHING, id="another word"),
        pytest.param("", NOTHING, id="empty"),
        pytest.param("C" * 60 + "!", NOTHING, id="a letter of another alphabet"),
    ],
)
def test_the_reading_of_a_string(text: str, expected: str) -> None:
    assert said(cookie(text), by="tcf") == expected


@pytest.mark.parametrize("name", ["eupubconsent-v2", "__cmpconsentx17155"])
def test_other_names_for_the_cookie(name: str) -> None:
    (reading,) = readings(cookie(core(), name))

    assert (reading.source, reading.cookie, reading.chosen_at) == ("tcf", name, 1735787045)


@pytest.mark.parametrize("name", ["euconsent", "__cmpconsentx", "__cmpconsentx1_a", "__cmpcc"])
def test_names_that_hold_no_string_of_version_2(name: str) -> None:
    assert said(cookie(core(), name), by="tcf") == NOTHING


def test_tc_string_only_denies_without_tcf_grants() -> None:
    signals = Signals(Cookies([cookie(core())]))

    only_denies = Engine(Policy(contact_url="/c")).plan(signals)
    grants = Engine(Policy(contact_url="/c", tcf_grants=True)).plan(signals)

    assert not only_denies.allows(Purpose.CHAT)
    assert only_denies.decisions[Purpose.CHAT].reasons == (
        "functional consent is unknown: what tcf (euconsent-v2) says is a TC string, which only denies on this site",
    )
    assert grants.allows(Purpose.CHAT)
    assert grants.allows(Purpose.TRACKING)


def test_a_string_denies_what_another_platform_grants() -> None:
    cookies = Cookies([b"cookieconsent_status=allow", cookie(core(frozenset({1})))])

    plan = Engine(Policy(contact_url="/c")).plan(Signals(cookies))

    assert plan.allows(Purpose.CHAT)
    assert not plan.allows(Purpose.TRACKING)


tenths = st.integers(0, 2**36 - 1)


@given(
    st.frozensets(st.integers(1, 24)),
    tenths,
    tenths,
    st.integers(0, 63),
    st.booleans(),
    st.booleans(),
    st.integers(0, 50),
)
def test_the_bits_are_those_that_another_decoder_reads(
    purposes: frozenset[int],
    created: int,
    updated: int,
    policy: int,
    for_this_site: bool,
    one_treatment: bool,
    vendors: int,
) -> None:
    """Law: every field that is read has the value that the package iab-tcf reads."""
    iab_tcf = pytest.importorskip("iab_tcf", reason="the other decoder, iab-tcf-bitarray, is not installed")
    text = core(
        purposes,
        created=created,
        updated=updated,
        policy=policy,
        for_this_site=for_this_site,
        one_treatment=one_treatment,
        vendors=vendors,
    )

    ours = tcf.decode(text)
    theirs = iab_tcf.decode_v2(text)

    assert ours is not None
    assert ours.purposes == {number for number, given_ in theirs.purposes_consent.items() if given_}
    assert ours.policy_version == theirs.tcf_policy_version
    assert ours.is_service_specific is theirs.is_service_specific
    assert ours.purpose_one_treatment is theirs.purpose_one_treatment
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it reads dates in a way that Python warns of
        assert int(ours.created) == int(theirs.created.timestamp() - _local_offset(theirs.created))
        assert int(ours.updated) == int(theirs.last_updated.timestamp() - _local_offset(theirs.last_updated))


def _local_offset(naive: object) -> float:
    """How far a naive UTC date's `timestamp` is off on this machine."""
    from datetime import UTC, datetime

    assert isinstance(naive, datetime)
    return naive.timestamp() - naive.replace(tzinfo=UTC).timestamp()


@given(st.text(alphabet="ABCQYZabz019-_.=+/%", max_size=60) | st.text(max_size=60))
def test_any_text_is_safe_and_needs_purpose_one(text: str) -> None:
    """Law: any text is a cookie's value."""
    found = tcf.states_from_tc_string(text)
    string = tcf.decode(text)

    if found and string and 1 not in string.purposes and not string.purpose_one_treatment:
        assert set(found[0].values()) == {"denied"}
