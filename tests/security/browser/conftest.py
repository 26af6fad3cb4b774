"""The fixtures of the browser tests, for pages under attack."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import browser, context, example_sites, fresh, page, shared_site, site, standin

__all__ = ["browser", "context", "example_sites", "fresh", "page", "shared_site", "site", "standin"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder with `browser`."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
