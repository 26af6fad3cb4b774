"""A limited run of generated documents in Chromium, always the same ones."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.html.fuzz import Builder

from .fuzz import judge

#: The documents of one part. The parts run in different processes.
DOCUMENTS = 50
TRIES = 200


@pytest.mark.no_cover
@pytest.mark.parametrize("first", [0, DOCUMENTS])
@pytest.mark.parametrize("scripting", [True, False], ids=["with scripts", "without scripts"])
def test_chromium_requests_no_planted_address(
    browser: Browser, scripting: bool, first: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = ahead = 0
    wrong = []
    with judge(browser, scripting=scripting) as chromium:
        for seed in range(first, first + DOCUMENTS):
            document = Builder(seed).document()
            verdict = chromium.judge(document.encode("utf-8", "replace"))
            before += len(verdict.before)
            ahead += len(verdict.ahead)
            if verdict.after:
                wrong.append((seed, sorted(verdict.after), document))
    with capsys.disabled():
        print(
            f"\nChromium {'with' if scripting else 'without'} scripts: {DOCUMENTS} documents, {before} requests as "
            f"built, {len(wrong)} documents that ask rewritten, {ahead} requests by the lookahead alone"
        )
    assert wrong == []
    assert before > DOCUMENTS / 2
    assert ahead <= DOCUMENTS / 20


@pytest.mark.parametrize(
    "document",
    [
        "<frameset><img src=//held.example/a><script src=//held.example/b></script></frameset>",
        "<math><svg><script href=//held.example/a></script></svg></math>",
        "<svg><script href=//held.example/a></script></svg>",
        "<noscript><img src=//held.example/a></noscript>",
        "<select><img src=//held.example/a></select>",
        "<table><tr><script src=//held.example/a></script></table>",
    ],
)
def test_address_seen_only_by_lookahead_is_blocked(browser: Browser, document: str) -> None:
    with judge(browser, scripting="noscript" not in document) as chromium:
        # The lookahead depends on how busy Chromium is, so try until it happens, and at least six times.
        verdicts = [chromium.judge(document.encode()) for _ in range(6)]
        while not any(verdict.before for verdict in verdicts) and len(verdicts) < TRIES:
            verdicts.append(chromium.judge(document.encode()))
    assert any(verdict.before for verdict in verdicts)
    assert not any(verdict.after | verdict.ahead for verdict in verdicts)
