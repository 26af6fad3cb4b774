"""The report of `make test-latest`: the changed packages, and the tests that fail with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import latest

LOCK = "flask==3.1.3 \\\n    --hash=sha256:00\ndjango==5.2.1 ; python_full_version < '3.12' \\\n    --hash=sha256:01\n"
LOCK += "django==6.1.3 ; python_full_version >= '3.12' \\\n    --hash=sha256:02\n"
REPORT = """<testsuites><testsuite>
<testcase file="tests/test_a.py" classname="tests.test_a" name="test_good"/>
<testcase file="tests/test_a.py" classname="tests.test_a" name="test_bad"><failure message="no&#10;more"/></testcase>
<testcase file="tests/test_b.py" classname="tests.test_b.TestClass" name="test_broken"><error message="why"/></testcase>
<testcase file="tests/test_a.py" classname="tests.test_a" name="test_known"><skipped type="pytest.xfail"/></testcase>
</testsuite></testsuites>"""


def test_differences_lists_changed_versions() -> None:
    frozen = "Flask==3.2.0\ndjango==5.2.1\nNew_One==1.0\n-e git+x#egg=consent_middleware\n"

    assert latest.differences(frozen, LOCK) == ["Flask 3.2.0 (locked: 3.1.3)", "New_One 1.0 (locked: none)"]


def test_outcomes_are_keyed_by_pytest_ids(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT, "utf-8")

    assert latest.outcomes(report) == {
        "tests/test_a.py::test_bad": "no",
        "tests/test_b.py::TestClass::test_broken": "why",
    }


def test_report_separates_upstream_faults_from_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = iter([{"tests/test_a.py::test_up": "changed", "tests/test_a.py::test_ours": "broken"}])
    monkeypatch.setattr(latest, "install", lambda python: None)
    monkeypatch.setattr(latest, "frozen", lambda python: "flask==3.2.0\n")
    monkeypatch.setattr(latest, "run", lambda *words: next(runs, {"tests/test_a.py::test_ours": "broken"}))

    assert latest.main([]) == 0

    output = capsys.readouterr().out
    assert "flask 3.2.0 (locked: 3.1.3)" in output
    upstream, ours = output.split("fail as locked, too")
    assert "test_up: changed" in upstream
    assert "test_ours" not in upstream
    assert "test_ours: broken" in ours
