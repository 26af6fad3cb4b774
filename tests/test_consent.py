"""Consent: categories, states, and how several readings become one."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.consent import OPTIONAL_CATEGORIES, UNKNOWN, Basis, Category, Consent, State, merge

states = st.dictionaries(st.sampled_from(OPTIONAL_CATEGORIES), st.sampled_from(State))
readings = st.builds(Consent, states, st.sampled_from(Basis), st.sampled_from(["a", "b"]), st.just("c"))


def test_only_necessary_is_granted_by_default() -> None:
    assert UNKNOWN.granted == {Category.NECESSARY}
    assert [UNKNOWN.state(category) for category in OPTIONAL_CATEGORIES] == [State.UNKNOWN] * 3
    assert not UNKNOWN.is_known


def test_merge_names_every_source_once() -> None:
    first = Consent({Category.FUNCTIONAL: State.GRANTED}, Basis.EXPLICIT, "one", "a")
    second = Consent({Category.ANALYTICS: State.DENIED}, Basis.IMPLIED, "two", "a")

    merged = merge([first, second, first, UNKNOWN])

    assert (merged.source, merged.cookie, merged.basis) == ("one, two", "a", Basis.IMPLIED)
    assert merged.granted == {Category.NECESSARY, Category.FUNCTIONAL}


def test_merge_of_nothing_known_is_unknown() -> None:
    assert merge([]) is UNKNOWN
    assert merge([UNKNOWN, Consent(source="empty")]) is UNKNOWN


def test_merge_of_one_known_reading_is_that_reading() -> None:
    reading = Consent({Category.FUNCTIONAL: State.GRANTED})

    assert merge([UNKNOWN, reading]) is reading


@pytest.mark.parametrize(("one", "other"), list(combinations(State, 2)))
def test_denied_beats_granted_beats_unknown(one: State, other: State) -> None:
    order = [State.DENIED, State.GRANTED, State.UNKNOWN]
    stronger = min(one, other, key=order.index)
    pair = [Consent({Category.MARKETING: state}) for state in (one, other)]

    assert merge(pair).state(Category.MARKETING) is stronger
    assert merge(pair[::-1]).state(Category.MARKETING) is stronger


@given(st.lists(readings, max_size=5))
def test_merge_never_grants_what_a_reading_denies(found: list[Consent]) -> None:
    """Property: denial wins, and nothing is granted out of thin air."""
    merged = merge(found)

    for category in OPTIONAL_CATEGORIES:
        if merged.grants(category):
            assert any(reading.grants(category) for reading in found)
            assert all(reading.state(category) is not State.DENIED for reading in found)


@pytest.mark.slow
@pytest.mark.no_cover
@given(st.lists(readings, max_size=4), st.randoms())
def test_merge_does_not_depend_on_order(found: list[Consent], random: object) -> None:
    """Property: the order of cookies says nothing."""
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert merge(shuffled).granted == merge(found).granted


def test_category_has_the_basis_of_its_state() -> None:
    explicit = Consent(
        {Category.FUNCTIONAL: State.GRANTED, Category.MARKETING: State.DENIED}, Basis.EXPLICIT, "one", "a"
    )
    implied = Consent(dict.fromkeys(OPTIONAL_CATEGORIES, State.GRANTED), Basis.IMPLIED, "two", "b")

    merged = merge([implied, explicit])

    assert merged.basis is Basis.IMPLIED
    assert [merged.basis_of(category) for category in OPTIONAL_CATEGORIES] == [
        Basis.EXPLICIT,
        Basis.IMPLIED,
        Basis.EXPLICIT,
    ]
    assert [merged.attribution(category) for category in OPTIONAL_CATEGORIES] == [
        "two (b), one (a)",
        "two (b)",
        "one (a)",
    ]


def test_merge_of_explicit_states_is_explicit() -> None:
    default = Consent({Category.FUNCTIONAL: State.GRANTED}, Basis.IMPLIED, "one", "a")
    choice = Consent({Category.FUNCTIONAL: State.DENIED}, Basis.EXPLICIT, "two", "b")

    assert merge([default, choice]).basis is Basis.EXPLICIT


def test_choice_without_category_adds_its_basis() -> None:
    act = Consent(basis=Basis.EXPLICIT, source="one", cookie="a")
    default = Consent(basis=Basis.IMPLIED, source="two", cookie="b")

    assert merge([act]) is act
    assert (merge([act, default]).basis, merge([act, default]).source) == (Basis.EXPLICIT, "one, two")
    assert merge([default, default]).basis is Basis.IMPLIED
    assert not merge([act, default]).is_known


def test_merge_is_as_old_as_its_oldest_part() -> None:
    parts = [Consent({Category.MARKETING: State.DENIED}, Basis.EXPLICIT, chosen_at=stamp) for stamp in (5.0, None, 3.0)]

    assert merge(parts).chosen_at == 3.0


def test_implied_denial_is_not_a_refusal() -> None:
    default = Consent({Category.MARKETING: State.DENIED}, Basis.IMPLIED)
    choice = Consent({Category.MARKETING: State.DENIED}, Basis.EXPLICIT)

    assert not default.refuses(Category.MARKETING)
    assert choice.refuses(Category.MARKETING)
    assert not choice.refuses(Category.ANALYTICS)
    assert choice.basis_of(Category.NECESSARY) is Basis.NONE


def test_restricted_reading_keeps_the_named_states() -> None:
    reading = Consent(
        {Category.FUNCTIONAL: State.GRANTED, Category.MARKETING: State.DENIED}, Basis.EXPLICIT, "one", "a"
    )

    assert reading.restricted_to(State.DENIED).states == {Category.MARKETING: State.DENIED}
    assert reading.restricted_to(State.DENIED).source == "one"
    assert reading.restricted_to(State.DENIED, State.GRANTED) is reading


@given(st.lists(readings, max_size=4))
def test_merge_with_a_default_state_is_implied(found: list[Consent]) -> None:
    """Property: an explicit whole holds no grant that rests on defaults alone."""
    merged = merge(found)

    if merged.basis is Basis.EXPLICIT:
        for category in OPTIONAL_CATEGORIES:
            if merged.grants(category):
                assert any(reading.grants(category) and reading.basis is not Basis.IMPLIED for reading in found)


@pytest.mark.parametrize("word", [*Category, *State, *Basis])
def test_member_hashes_like_its_text(word: str) -> None:
    assert {word: 1}[str(word)] == 1


def test_reading_without_a_source_adds_no_name() -> None:
    nameless = Consent({Category.MARKETING: State.DENIED})
    one = Consent({Category.MARKETING: State.DENIED}, Basis.EXPLICIT, "one", "a")
    two = Consent({Category.MARKETING: State.DENIED}, Basis.EXPLICIT, "two", "b")

    assert merge([nameless, one, one, nameless, two]).attribution(Category.MARKETING) == "one (a), two (b)"
    assert merge([one, merge([nameless, two])]).attribution(Category.MARKETING) == "one (a), two (b)"
    assert merge([nameless, nameless]).attribution(Category.MARKETING) == ""
