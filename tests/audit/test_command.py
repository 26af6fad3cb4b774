"""The command: its inputs, its exit status, its baseline and its errors."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from consent_middleware.audit import command, run
from consent_middleware.audit.pages import PageReport
from consent_middleware.commands.main import main

from .site import PAGE, html, serving

SITE = "tests.audit.site"
CLEAN = b"<!doctype html><p>nothing"


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_bytes(PAGE)
    (tmp_path / "clean.html").write_bytes(CLEAN)
    (tmp_path / "exits.py").write_text("raise SystemExit(0)")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.fixture(autouse=True)
def no_handlers_stay() -> Any:
    logger = logging.getLogger("consent_middleware")
    before = list(logger.handlers)
    yield
    logger.handlers[:] = before


def audit(*arguments: str) -> int:
    return main(["audit", *arguments])


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["clean.html"], 0),
        (["page.html"], 1),
        (["clean.html", "page.html"], 1),
        (["missing.html"], 3),
        (["page.html", "missing.html"], 3),
        (["page.html", "--policy", f"{SITE}:POLICY"], 0),
        (["--app", f"{SITE}:wsgi_app"], 1),
        (["--app", f"{SITE}:asgi_app"], 1),
        (["--app", f"{SITE}:WRAPPED_WSGI"], 0),
        (["--app", f"{SITE}:wsgi_app", "--policy", f"{SITE}:POLICY"], 0),
        (["--app", f"{SITE}:wsgi_app", "--path", "/broken"], 3),
        (["--app", f"{SITE}:wsgi_app", "--path", "/exit"], 3),
        (["--app", "exits:app"], 2),
        ([], 2),
        (["--policy", f"{SITE}:POLICY"], 2),
        (["page.html", "--path", "/"], 2),
        (["--app", f"{SITE}:wsgi_app", "--path", "relative"], 2),
        (["ftp://shop.example/"], 2),
        (["http://shop.example/"] * 51, 2),
        (["page.html", "--policy", "nocolon"], 2),
        (["page.html", "--policy", "no_such_module:x"], 2),
        (["page.html", "--policy", f"{SITE}:missing.name"], 2),
        (["page.html", "--policy", f"{SITE}:PAGE"], 2),
        (["page.html", "--baseline", "missing.json"], 2),
        (["page.html", "--baseline", "page.html"], 2),
        (["page.html", "--output", "no/such/folder"], 2),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else value,
)
def test_exit_status(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(*arguments) == status

    out, err = capsys.readouterr()
    if status == 2:
        assert out == ""
        assert re.match(r"consent-middleware audit: \(CM(095|096|10[0-9])\) ", err)
    else:
        assert err == ""
        assert "What this audit cannot prove" in out


@pytest.mark.parametrize("arguments", [["--format", "html"], ["--jobs", "0"], ["--jobs", "x"], ["--no-such"]])
def test_wrong_option_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        audit("page.html", *arguments)

    assert caught.value.code == 2
    capsys.readouterr()


def test_missing_html5lib_is_named_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda _: None)

    assert audit("page.html") == 2

    assert "(CM100) html5lib is missing; install it: pip install consent-middleware[audit]" in capsys.readouterr().err


def test_command_line_starts_without_html5lib() -> None:
    code = "import sys; sys.modules['html5lib'] = None; from consent_middleware.commands.main import main; main(['-h'])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_folder_is_read_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site" / "sub").mkdir(parents=True)
    for name in ("b.html", "a.htm", "sub/c.xhtml", "sub/no.txt", "sub/d.tpl"):
        (tmp_path / "site" / name).write_bytes(PAGE)

    audit("site", "--format", "json")
    usual = [page["page"] for page in json.loads(capsys.readouterr().out)["pages"]]
    audit("site", "--format", "json", "--glob", "*.tpl", "--glob", "*.txt")
    others = [page["page"] for page in json.loads(capsys.readouterr().out)["pages"]]

    assert usual == ["site/a.htm", "site/b.html", "site/sub/c.xhtml"]
    assert others == ["site/sub/d.tpl", "site/sub/no.txt"]


def test_folder_without_pages_is_not_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()

    assert audit("empty") == 3

    assert "no file in this folder fits *.html, *.htm, *.xhtml" in capsys.readouterr().out


@pytest.mark.slow
def test_processes_find_the_same_and_log_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site").mkdir()
    for number in range(12):
        (tmp_path / "site" / f"{number:02}.html").write_bytes(PAGE if number % 2 else CLEAN)

    outputs = set()
    for jobs in ("1", "2"):
        assert audit("site", "--format", "json", "--jobs", jobs, "--policy", f"{SITE}:POLICY") == 0
        outputs.add(capfd.readouterr())

    assert len(outputs) == 1
    assert outputs.pop().err == ""


class Pool:
    """Stands in for the processes: their functions run here, and one of them ends."""

    def __init__(self, _jobs: int, _context: object, begin: Any, arguments: tuple[Any, ...]) -> None:
        begin(*arguments)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        run._auditors.clear()

    def submit(self, function: Any, file: Path) -> Any:
        class Future:
            def result(self) -> PageReport:
                if file.name == "03.html":
                    raise BrokenProcessPool
                return function(file)  # type: ignore[no-any-return]

        return Future()


@pytest.mark.parametrize("policy", [[], ["--policy", f"{SITE}:POLICY"]], ids=["as sent", "policy"])
def test_process_that_ends_is_named(
    policy: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "ProcessPoolExecutor", Pool)
    (tmp_path / "site").mkdir()
    for number in range(9):
        (tmp_path / "site" / f"{number:02}.html").write_bytes(PAGE)

    assert audit("site", "--format", "json", "--jobs", "2", *policy) == 3

    pages = json.loads(capsys.readouterr().out)["pages"]
    assert [page["page"] for page in pages if page["error"]] == ["site/03.html"]
    assert sum(each["fault"] for page in pages for each in page["findings"]) == (0 if policy else 8)


def test_addresses_are_asked_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as site:
        site.answers["/clean"] = html(CLEAN)

        assert audit(f"{site.origin}/clean") == 0
        assert audit(f"{site.origin}/", f"{site.origin}/missing") == 3

        assert site.paths == ["/clean", "/", "/missing"]
    assert "could not be read: the answer has the status 404" in capsys.readouterr().out


def test_host_and_paths_reach_the_app(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--path", "/", "--path", "/?a=b", "--host", "shop.example"]

    assert audit("--app", f"{SITE}:wsgi_app", *arguments, "--format", "json") == 1

    assert [page["page"] for page in json.loads(capsys.readouterr().out)["pages"]] == ["/", "/?a=b"]


def test_strict_option_counts_files_on_a_vendor_host(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.html").write_bytes(b"<link rel=stylesheet href=//js.hubspot.com/a.css>")

    assert (audit("page.html"), audit("page.html", "--strict")) == (0, 1)
    capsys.readouterr()


def test_known_findings_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("page.html", "--write-baseline", "known.json") == 1
    assert audit("page.html", "--baseline", "known.json") == 0
    # A tag that moves is the same.
    (tmp_path / "page.html").write_bytes(b"\n\n" + PAGE)
    assert audit("page.html", "--baseline", "known.json") == 0
    # A second one is new.
    (tmp_path / "page.html").write_bytes(PAGE * 2)
    assert audit("page.html", "--baseline", "known.json") == 1
    (tmp_path / "page.html").write_bytes(CLEAN)
    capsys.readouterr()
    assert audit("page.html", "--baseline", "known.json") == 0
    assert "vanished: page.html: hubspot.loader" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"schema_version": 2, "findings": {}}', '{"schema_version": 1, "findings": {"a": 1}}', "[" * 100_000],
    ids=range(5),
)
def test_other_file_is_no_baseline(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "known.json").write_text(text)

    assert audit("page.html", "--baseline", "known.json") == 2

    assert "(CM103) the baseline known.json cannot be used: it is no baseline" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_report_is_written_to_a_file(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("page.html", "--format", form) == 1
    shown = capsys.readouterr().out
    assert audit("page.html", "--format", form, "--output", "report") == 1

    assert capsys.readouterr().out == ""
    assert (tmp_path / "report").read_text("utf-8") == shown


def test_progress_is_shown_in_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    audit("page.html", "clean.html")
    assert capsys.readouterr().err == ""

    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    audit("page.html", "clean.html")

    assert capsys.readouterr().err == "\r1 of 2 pages\r2 of 2 pages\n"


def test_file_that_cannot_be_opened_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit("a\0b.html") == 3

    assert "could not be read: it cannot be read" in capsys.readouterr().out


def test_other_stdout_encoding_gets_escapes(tmp_path: Path) -> None:
    (tmp_path / "ä.html").write_bytes(PAGE)

    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-m", "consent_middleware", "audit", "ä.html"],
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(command.__file__).parents[2]), "LC_ALL": "C.UTF-8"},
    )

    assert (done.returncode, done.stdout.splitlines()[0]) == (1, b"\\xe4.html")
