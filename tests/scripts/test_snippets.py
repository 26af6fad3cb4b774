"""Which scripts wait for an event that a page fires once."""

from __future__ import annotations

import pytest

from consent_middleware.scripts.loads import scan
from consent_middleware.scripts.snippets import waits_for_page


@pytest.mark.parametrize(
    "text",
    [
        "addEventListener('load', start)",
        "document.addEventListener('DOMContentLoaded', start)",
        "window.onload = start",
        "onload = start",
    ],
)
def test_page_event_is_waited_for(text: str) -> None:
    assert waits_for_page(scan(text))


@pytest.mark.parametrize(
    "text",
    [
        "button.addEventListener('click', start)",
        "script.onload = start",
        "document.readyState === 'complete' ? start() : addEventListener('load', start)",
        "addEventListener('load', start);'",
    ],
)
def test_other_script_does_not_wait(text: str) -> None:
    assert not waits_for_page(scan(text))
