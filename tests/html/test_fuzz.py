"""A bounded run of the differential fuzzer, always over the same documents."""

from __future__ import annotations

import pytest

from .fuzz import LIMITS, Builder, chunked_differently, disagreement, limit

DOCUMENTS = 3000


@pytest.mark.slow
@pytest.mark.no_cover
def test_html5lib_agrees_about_built_documents(capsys: pytest.CaptureFixture[str]) -> None:
    known = dict.fromkeys(LIMITS, 0)
    wrong = []
    for seed in range(DOCUMENTS):
        document = Builder(seed).document()
        if problem := disagreement(document):
            if reason := limit(document, problem):
                known[reason] += 1
            else:
                wrong.append((seed, problem, document))
    with capsys.disabled():
        print(f"\ndifferential fuzz: {DOCUMENTS} documents, {len(wrong)} differences, with a known reason {known}")
    assert wrong == []


@pytest.mark.slow
@pytest.mark.no_cover
def test_built_documents_are_chunk_invariant() -> None:
    sizes = {seed: chunked_differently(Builder(seed).document()) for seed in range(DOCUMENTS, DOCUMENTS + 300)}
    assert not {seed: size for seed, size in sizes.items() if size}
