"""The main front-end frameworks in Firefox: the tag waits and loads once."""

from __future__ import annotations

import pytest

from tests.browser.app import App
from tests.browser.firefox import Run

from .cases import LOADER, path_of, put
from .conftest import ALL


@pytest.mark.parametrize("name", ["helmet", "helmet-18", "document", "effect", "before", "after", "lazy", "head"])
def test_tag_waits_and_loads_once_in_firefox(run: Run, guarded: App, name: str) -> None:
    put(guarded, name)
    before, after, came = run(
        f"""
        await page.goto("{guarded.url}{path_of(name)}");
        await quiet();
        const before = [...urls];
        await page.evaluate(() => {{ document.cookie = "consent={ALL}; path=/" }});
        await there("window.came");
        await quiet();
        await page.click("#count");
        await there("document.getElementById('count').textContent === '1'");
        return [before, urls, await page.evaluate(() => came)];
        """
    )
    assert before == []
    assert after.count(LOADER) == 1
    assert came.count(LOADER) == 1
