"""The command line: bytes in, bytes out, a summary beside them, and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from consent_middleware.__main__ import main
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


def test_other_content_type_passes_unchanged() -> None:
    document = page(LOADER)

    assert rewrite("--content-type", "text/plain", document=document).stdout == document


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
