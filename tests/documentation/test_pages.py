"""What the pages say in tables agrees with the data that the package uses."""

from __future__ import annotations

import json
import re

from consent_middleware import Policy
from consent_middleware.disclosure import disclosure, to_json
from consent_middleware.settings import SETTINGS

from .blocks import ROOT

OFFICERS = (ROOT / "docs" / "for-data-protection-officers.md").read_text("utf-8")
NOTICE = json.loads(to_json(disclosure(Policy())))


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading, without its head."""
    section = OFFICERS.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")][2:]


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def cookies(purpose: str | None) -> set[str]:
    return {cookie["name"] for cookie in NOTICE["cookies"] if cookie["purpose"] == purpose}


def test_officers_page_names_known_cookies_and_hosts() -> None:
    table = {part: (names(hosts), names(stored)) for part, hosts, stored in rows("Which cookies, hosts and data")}

    for part, exact in (("chat", True), ("tracking", False)):
        hosts, stored = table[part]
        known = " ".join(host["host"] for host in NOTICE["hosts"] if host["purpose"] == part)
        assert stored == cookies(part) if exact else stored < cookies(part)
        assert hosts
        assert [host for host in hosts if host not in known] == []
    assert table["this package"][1] <= cookies(None)


def test_officers_page_names_only_settings_that_exist() -> None:
    settings = {name.partition("=")[0] for cells in rows("Settings that change this page") for name in names(cells[0])}

    assert len(settings) > 5
    assert settings <= SETTINGS.keys()
