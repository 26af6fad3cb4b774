"""The table of the servers' known faults: it names tests and servers that exist, and the documentation agrees."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import test_servers_fields, test_servers_pages, test_servers_streaming
from .faults import KNOWN_FAULTS, Fault
from .servers import COMMANDS

DOCS = Path(__file__).parents[2] / "docs" / "http.md"
MODULES = (test_servers_fields, test_servers_pages, test_servers_streaming)

by_test = pytest.mark.parametrize("fault", KNOWN_FAULTS, ids=lambda fault: f"{fault.server} {fault.test}")


@by_test
def test_fault_names_a_server_and_one_test(fault: Fault) -> None:
    assert fault.server in COMMANDS
    assert [hasattr(module, fault.test) for module in MODULES].count(True) == 1


@by_test
def test_documentation_names_the_release(fault: Fault) -> None:
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| ")]

    assert [row for row in rows if row.endswith(f" | {fault.package} {fault.version} |")]
