"""The command line: bytes in, bytes out, a summary beside them, and the exit status."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from consent_middleware import Policy
from consent_middleware.commands.closed_pipe import CLOSED_PIPE
from consent_middleware.commands.main import main
from consent_middleware.commands.site import add_site_commands, run_for_site
from consent_middleware.version import __version__
from tests.pages import BLOCKED_SCRIPT, CHAT, HINT, LOADER, page


def rewrite(*arguments: str, document: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "consent_middleware", "rewrite", *arguments],
        input=document,
        capture_output=True,
        check=False,
    )


def test_standard_input_is_rewritten_with_a_summary() -> None:
    done = rewrite(document=page(LOADER + CHAT, head=HINT))

    assert done.returncode == 0
    assert BLOCKED_SCRIPT in done.stdout
    assert done.stderr.decode().splitlines() == [
        "blocked: 3 tags",
        "  hint (waits for tracking)",
        "  hubspot.loader (waits for tracking)",
        "  hubspot.chat (waits for chat)",
        "chat: facade, because functional consent is unknown, and unknown is not consent",
        (
            "tracking: block, because analytics consent is unknown, and unknown is not consent; "
            "marketing consent is unknown, and unknown is not consent"
        ),
        (
            "embeds: facade, because functional consent is unknown, and unknown is not consent; "
            "marketing consent is unknown, and unknown is not consent"
        ),
        (
            "no consent platform: If HubSpot's own banner is the site's consent platform, it waits with its loader and "
            "nobody is asked: set banner='hubspot'"
        ),
    ]


@pytest.mark.slow
def test_file_and_chunk_size_give_the_same_page(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(page(LOADER))

    outputs = {rewrite("--chunk", size, str(path)).stdout for size in ("1", "7", "100000")}

    assert len(outputs) == 1
    assert BLOCKED_SCRIPT in outputs.pop()


def test_visitor_cookies_count() -> None:
    document = page(LOADER)

    done = rewrite("--cookie", "a=b; consent=functional,analytics,marketing", document=document)

    assert done.stdout == document


def test_summary_as_json() -> None:
    done = rewrite("--json", "--header", "Cookie: consent=necessary", document=page(LOADER))

    summary = json.loads(done.stderr)
    assert summary["blocked"] == [{"rule": "hubspot.loader", "purpose": "tracking"}]
    assert summary["plan"]["chat"] == {
        "action": "facade",
        "reasons": ["functional consent is refused by own cookie (consent)"],
    }
    assert summary["notices"] == {}


def test_summary_as_json_of_a_file_in_chunks(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(page(LOADER))

    assert main(["rewrite", "--json", "--chunk", "7", str(path)]) == 0
    out, said = capsysbinary.readouterr()
    assert BLOCKED_SCRIPT in out
    assert [tag["rule"] for tag in json.loads(said)["blocked"]] == ["hubspot.loader"]


def summary(capsysbinary: pytest.CaptureFixture[bytes], path: Path, document: bytes, *arguments: str) -> list[str]:
    """Return the lines about what was not read."""
    path.write_bytes(document)
    assert main(["rewrite", *arguments, str(path)]) == 0
    lines = capsysbinary.readouterr().err.decode().splitlines()
    return [line.partition(": ")[2] for line in lines if line.startswith("not read: ")]


def test_other_content_type_passes_unchanged() -> None:
    document = page(LOADER)

    done = rewrite("--content-type", "text/plain", document=document)

    assert done.stdout == document
    assert b"not read: the page: text/plain is not the type of an HTML page" in done.stderr


LONG_TAG = b'<script src="//js.hs-scripts.com/1.js" data-x="' + b"x" * (1 << 21) + b'">'


@pytest.mark.parametrize(
    ("document", "arguments", "unread"),
    [
        (page(LOADER), (), []),
        (page(LOADER), ("--content-type", "text/html; charset=euc-jp"), []),
        (
            page(LOADER),
            ("--content-type", "text/css"),
            ["the page: text/css is not the type of an HTML page"],
        ),
        (
            page(LOADER),
            ("--cookie", "consent=functional,analytics,marketing"),
            ["the page: nothing has to wait for this visitor, so it is sent as it is"],
        ),
        (
            page(LOADER),
            ("--content-type", "text/html; charset=utf-7"),
            ["the charset 'utf-7': browsers do not know it, so the page is read without it"],
        ),
        (
            page(LOADER),
            ("--content-type", "text/html; charset=iso-2022-kr"),
            ["the charset 'iso-2022-kr': browsers show nothing of such a page"],
        ),
        (
            page(b"<script>" + b"x" * 70_000 + b"</script><p>" + b"x" * 70_000),
            (),
            ["1 inline script is longer than 65,536 bytes"],
        ),
        (
            page(
                b"<script>" + b"x" * 70_000 + b"</script><script src=a></script><script>" + b"x" * 70_000 + b"</script>"
            ),
            (),
            ["2 inline scripts are longer than 65,536 bytes"],
        ),
        (
            page(LONG_TAG),
            (),
            ["a tag that is longer than the limit tag_bytes (1,048,576 bytes); see the setting on_long_tag"],
        ),
    ],
    ids=["nothing", "known charset", "type", "consent", "charset", "replaced charset", "script", "scripts", "tag"],
)
def test_summary_says_what_was_not_read(
    document: bytes,
    arguments: tuple[str, ...],
    unread: list[str],
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert summary(capsysbinary, tmp_path / "page.html", document, *arguments) == unread


def test_closed_pipe_ends_the_program_silently() -> None:
    command = [sys.executable, "-m", "consent_middleware", "rewrite"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write(page(LOADER))
        process.stdin.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (CLOSED_PIPE, b"")


def test_output_into_a_closed_pipe_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as closed:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stdout", closed)
        status = main(["explain"])

    assert (status, capsys.readouterr().err) == (CLOSED_PIPE, "")


def test_closed_pipe_is_no_error_for_frameworks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(page(LOADER))
    parser = argparse.ArgumentParser()
    add_site_commands(parser.add_subparsers(dest="command"))
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as closed:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stdout", closed)
        output = run_for_site(Policy(contact_url="/c"), parser.parse_args(["rewrite", str(path)]))

    assert output == ""


def test_output_to_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        status = main(["explain"])
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            full.close()

    assert (status, capsys.readouterr().err) == (1, "consent-middleware explain: No space left on device\n")


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f"consent-middleware {__version__}\n"


@pytest.mark.parametrize("command", ["explain", "rewrite", "disclosure", "doctor"])
def test_help_describes_the_command_and_its_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])

    said = " ".join(capsys.readouterr().out.split())
    assert caught.value.code == 0
    assert said.startswith(f"usage: consent-middleware {command} ")
    assert "--policy MODULE:NAME the site's policy" in said
    assert "Example: " in said


def test_installed_program_is_this_main() -> None:
    scripts = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]

    module, _, name = scripts.pop("consent-middleware").partition(":")

    assert not scripts
    assert getattr(importlib.import_module(module), name) is main


def test_program_starts_without_frameworks_or_sockets() -> None:
    code = "import sys, consent_middleware.commands.main; print(' '.join(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()

    assert not {"asyncio", "django", "flask", "http.client", "ssl", "starlette"} & {*loaded}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("unknown",),
        ("rewrite", "--chunk", "0"),
        ("rewrite", "--chunk", "x"),
        ("rewrite", "--header", "no colon"),
        ("rewrite", "--header", ": no name"),
        ("rewrite", "--no-such-option"),
        ("rewrite", "one", "two"),
    ],
    ids=" ".join,
)
def test_usage_error_exits_with_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_missing_file_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rewrite", str(tmp_path / "missing.html")]) == 1
    assert "missing.html" in capsys.readouterr().err


def test_one_blocked_tag_is_in_the_singular(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(page(LOADER))

    assert main(["rewrite", "--contact-url", "/help", str(path)]) == 0
    captured = capsysbinary.readouterr()
    assert b"blocked: 1 tag\n" in captured.err
    assert b'href="/help"' in captured.out


def test_module_has_the_programs_main() -> None:
    assert importlib.import_module("consent_middleware.__main__").main is main
