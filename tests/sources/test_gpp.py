"""IAB GPP: the header's ranges, and the opt-outs of its sections."""

from __future__ import annotations

import base64
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.sources import gpp
from tests.sources.read_header import NOTHING, readings, said
from tests.sources.test_tcf import core


def letters(bits: str) -> str:
    bits += "0" * (-len(bits) % 24)
    return base64.urlsafe_b64encode(int(bits, 2).to_bytes(len(bits) // 8)).decode().rstrip("A") or "A"


def fibonacci(number: int) -> str:
    """Return the code word of a number: its Zeckendorf digits from the smallest, followed by a one."""
    numbers = [1, 2]
    while numbers[-1] <= number:
        numbers.append(numbers[-1] + numbers[-2])
    word = ""
    for candidate in reversed(numbers[:-1]):
        word = str(int(candidate <= number)) + word
        number -= candidate * (candidate <= number)
    return word.rstrip("0") + "1"


def header(*items: int | tuple[int, int]) -> str:
    """Return a header that lists single ids and ranges of them."""
    bits = "000011" + "000001" + f"{len(items):012b}"
    last = 0
    for item in items:
        first, final = item if isinstance(item, tuple) else (item, item)
        bits += ("1" if isinstance(item, tuple) else "0") + fibonacci(first - last)
        if isinstance(item, tuple):
            bits += fibonacci(final - first)
        last = final
    return letters(bits)


def national(at: int, value: int = 1) -> str:
    """Return a section of US states with one two-bit field set."""
    return letters("000001" + "0" * (at - 6) + f"{value:02b}" + "0" * 30)


def cookie(text: str, applicable: str | None = None) -> bytes:
    return f"__gpp={text}".encode() + (f"; __gpp_sid={applicable}".encode() if applicable is not None else b"")


TC = core(frozenset()).rstrip("=")


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        pytest.param(cookie(f"DBABM~{TC}"), "--- explicit", id="a TC string"),
        pytest.param(cookie(f"DBABMA~{TC}"), "--- explicit", id="a header with padding"),
        pytest.param(cookie(f"DBABM~{core()}"), "+++ explicit", id="a TC string that agrees"),
        pytest.param(cookie("DBABM~true"), NOTHING, id="no TC string"),
        pytest.param(cookie(f"DBACNY~{TC}~1YYN"), "--- explicit", id="a TC string and a US Privacy string"),
        pytest.param(cookie(f"{header(6)}~1YYN"), "??- explicit", id="a US Privacy string"),
        pytest.param(cookie(f"{header(6)}~1YNN"), NOTHING, id="a US Privacy string without an opt-out"),
        pytest.param(cookie(f"{header(7)}~{national(18)}"), "??- explicit", id="national: sale"),
        pytest.param(cookie(f"{header(7)}~{national(20)}"), "??- explicit", id="national: sharing"),
        pytest.param(cookie(f"{header(7)}~{national(22)}"), "??- explicit", id="national: targeted advertising"),
        pytest.param(cookie(f"{header(7)}~{national(16)}"), NOTHING, id="national: a notice"),
        pytest.param(cookie(f"{header(7)}~{national(18, 2)}"), NOTHING, id="national: did not opt out"),
        pytest.param(cookie(f"{header(8)}~{national(12)}"), "??- explicit", id="California: sale"),
        pytest.param(cookie(f"{header(8)}~{national(14)}"), "??- explicit", id="California: sharing"),
        pytest.param(cookie(f"{header(9)}~{national(12)}"), "??- explicit", id="Virginia: sale"),
        pytest.param(cookie(f"{header(16)}~{national(14)}"), "??- explicit", id="Texas: targeted advertising"),
        pytest.param(cookie(f"{header(99)}~{national(12)}"), NOTHING, id="a section that is not known"),
        pytest.param(
            cookie(f"{header(12)}~BAAAAAAA.YA"), "??- explicit", id="a sub-section repeats the browser's signal"
        ),
        pytest.param(cookie(f"{header(12)}~BAAAAAAA.QA"), NOTHING, id="a sub-section without the signal"),
        pytest.param(cookie(f"{header((7, 8))}~BAAAA~{national(12)}"), "??- explicit", id="a range of sections"),
        pytest.param(cookie(f"DBABM~{TC}", "2"), "--- explicit", id="a section that applies"),
        pytest.param(cookie(f"DBABM~{TC}", "7"), NOTHING, id="a section that does not apply"),
        pytest.param(cookie(f"DBACNY~{TC}~1YYN", "6"), "??- explicit", id="one of two applies"),
        pytest.param(cookie(f"DBACNY~{TC}~1YYN", "2_6"), "--- explicit", id="both apply"),
        pytest.param(cookie(f"DBABM~{TC}", "x"), "--- explicit", id="what applies cannot be read, so everything does"),
        pytest.param(cookie(f"DBABM%7E{TC}"), "--- explicit", id="percent-encoded"),
        pytest.param(cookie(f"DBABM~{TC}~{TC}"), NOTHING, id="a section too many"),
        pytest.param(cookie("DBABM"), NOTHING, id="a section too few"),
        pytest.param(cookie(f"CBABM~{TC}"), NOTHING, id="another type"),
        pytest.param(cookie(f"DCABM~{TC}"), NOTHING, id="another version"),
        pytest.param(cookie(f"DB~{TC}"), NOTHING, id="a header without a range"),
        pytest.param(cookie(f"DBAB~{TC}"), NOTHING, id="a range that is cut off"),
        pytest.param(cookie("true"), NOTHING, id="another word"),
        pytest.param(cookie("DBABM" + "~x" * 70), NOTHING, id="more sections than there are"),
    ],
)
def test_the_reading_of_a_string(given_: bytes, expected: str) -> None:
    assert said(given_, by="gpp") == expected


def test_tc_string_inside_only_denies() -> None:
    (reading,) = readings(cookie(f"DBABM~{core()}"))

    assert (reading.only_denies, reading.chosen_at) == (True, 1735787045)


@given(st.sets(st.integers(1, 90), min_size=1, max_size=10))
def test_a_header_lists_the_ids_that_were_put_in(ids: set[int]) -> None:
    """Law: reading undoes writing, for single ids."""
    listed = sorted(ids)

    found = gpp.sections("~".join([header(*listed), *("A" for _ in listed)]))

    assert found is not None
    assert list(found) == listed


@pytest.mark.parametrize("item", [(2, 300), (1, 2**40)])
def test_a_range_that_is_too_long_is_not_spelled_out(item: tuple[int, int]) -> None:
    assert gpp.sections(f"{header(item)}~A") is None


@pytest.mark.parametrize(
    "items",
    [
        pytest.param([(1 + 40_000 * number, 40_000 * (number + 1)) for number in range(25)], id="long ranges"),
        pytest.param([(1 + 60 * number, 60 * (number + 1)) for number in range(4_000)], id="many short ranges"),
    ],
)
def test_many_ids_are_not_kept_in_memory(items: list[tuple[int, int]]) -> None:
    text = f"{header(*items)}~A"

    tracemalloc.start()
    try:
        found = gpp.sections(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found is None
    # The ids take several megabytes; the bits of the header take a byte each, in a few copies.
    assert peak < 1_000_000


@given(st.text(alphabet="DBACMNYabz019-_~.=%", max_size=80) | st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    """Law: any text is a cookie's value."""
    gpp.sections(text)
