"""Consent: categories, states, and how several readings become one."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.consent import OPTIONAL_CATEGORIES, UNKNOWN, Basis, Category, Consent, State, merge

states = st.dictionaries(st.sampled_from(OPTIONAL_CATEGORIES), st.sampled_from(State))
readings = st.builds(Consent, states, st.sampled_from(Basis), st.sampled_from(["a", "b"]), st.just("c"))


def test_necessary_is_granted_and_the_rest_is_unknown_by_default() -> None:
    assert UNKNOWN.granted == {Category.NECESSARY}
    assert [UNKNOWN.state(category) for category in OPTIONAL_CATEGORIES] == [State.UNKNOWN] * 3
    assert not UNKNOWN.is_known


def test_a_merge_names_every_source_once() -> None:
    first = Consent({Category.FUNCTIONAL: State.GRANTED}, Basis.EXPLICIT, "one", "a")
    second = Consent({Category.ANALYTICS: State.DENIED}, Basis.IMPLIED, "two", "a")

    merged = merge([first, second, first, UNKNOWN])

    assert (merged.source, merged.cookie, merged.basis) == ("one, two", "a", Basis.IMPLIED)
    assert merged.granted == {Category.NECESSARY, Category.FUNCTIONAL}


def test_a_merge_of_nothing_known_is_unknown() -> None:
    assert merge([]) is UNKNOWN
    assert merge([UNKNOWN, Consent(source="empty")]) is UNKNOWN


def test_one_known_reading_is_kept_as_it_is() -> None:
    reading = Consent({Category.FUNCTIONAL: State.GRANTED})

    assert merge([UNKNOWN, reading]) is reading


@pytest.mark.parametrize(("one", "other"), list(combinations(State, 2)))
def test_denied_wins_over_granted_and_granted_over_unknown(one: State, other: State) -> None:
    order = [State.DENIED, State.GRANTED, State.UNKNOWN]
    stronger = min(one, other, key=order.index)
    pair = [Consent({Category.MARKETING: state}) for state in (one, other)]

    assert merge(pair).state(Category.MARKETING) is stronger
    assert merge(pair[::-1]).state(Category.MARKETING) is stronger


@given(st.lists(readings, max_size=5))
def test_a_merge_grants_nothing_that_a_reading_denies_or_none_grants(found: list[Consent]) -> None:
    """Law: denial wins, and nothing is granted out of thin air."""
    merged = merge(found)

    for category in OPTIONAL_CATEGORIES:
        if merged.grants(category):
            assert any(reading.grants(category) for reading in found)
            assert all(reading.state(category) is not State.DENIED for reading in found)


@given(st.lists(readings, max_size=4), st.randoms())
def test_a_merge_does_not_depend_on_the_order(found: list[Consent], random: object) -> None:
    """Law: the order of cookies says nothing."""
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert merge(shuffled).granted == merge(found).granted
