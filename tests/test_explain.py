"""`python -m consent_middleware explain`: the reading, the basis, the source, the plan; and usage errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consent_middleware.commands.main import main


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["explain", "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_json_has_exactly_these_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(capsys, "--cookie", "cookieconsent_status=allow; x=1") == {
        "necessary": "granted",
        "functional": "granted",
        "analytics": "granted",
        "marketing": "granted",
        "basis": "explicit",
        "source": "insites",
        "plan": {
            "chat": {
                "action": "allow",
                "reasons": ["functional consent is given by insites (cookieconsent_status)"],
            },
            "tracking": {
                "action": "allow",
                "reasons": ["analytics, marketing consent is given by insites (cookieconsent_status)"],
            },
            "embeds": {
                "action": "allow",
                "reasons": ["functional, marketing consent is given by insites (cookieconsent_status)"],
            },
        },
    }


def test_no_cookies_are_unknown_from_no_source(capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys)

    assert (found["necessary"], found["functional"], found["basis"], found["source"]) == (
        "granted",
        "unknown",
        "none",
        "none",
    )
    assert found["plan"]["chat"]["action"] == "facade"


def test_categories_are_as_read_and_plan_after_rules(capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, "--cookie", "CookieConsent=-1")

    assert (found["functional"], found["basis"]) == ("granted", "implied")
    assert found["plan"]["chat"] == {
        "action": "facade",
        "reasons": [
            (
                "functional consent is unknown: what cookiebot (CookieConsent) says is a default that nobody chose, "
                "which does not count under opt-in"
            )
        ],
    }


@pytest.mark.parametrize("cookie", ["CookieConsent=-1", "x=1"])
def test_opt_out_allows_what_is_not_refused(cookie: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(capsys, "--cookie", cookie, "--regime", "opt-out")

    assert {purpose: decision["action"] for purpose, decision in found["plan"].items()} == {
        "chat": "allow",
        "tracking": "allow",
        "embeds": "allow",
    }


def test_signal_refuses_marketing_in_each_regime(capsys: pytest.CaptureFixture[str]) -> None:
    for regime in ("opt-in", "opt-out"):
        found = explained(
            capsys, "--cookie", "cookieconsent_status=allow", "--header", "Sec-GPC: 1", "--regime", regime
        )
        assert (found["analytics"], found["marketing"], found["source"]) == ("granted", "denied", "insites, gpc")
        assert found["plan"]["tracking"]["action"] == "block"
        assert found["plan"]["chat"]["action"] == "allow"


def test_cookie_options_and_headers_are_combined(capsys: pytest.CaptureFixture[str]) -> None:
    found = explained(
        capsys, "--cookie", "cookieconsent_status=allow", "--cookie", "a=1", "--header", "Cookie: usprivacy=1YYN"
    )

    assert found["source"] == "insites, us-privacy"


@pytest.mark.parametrize("mapping", [{"chat": "functional"}, {"klaro": {"chat": ["functional"]}}])
def test_mapping_file_gives_ids_a_meaning(
    mapping: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps(mapping), "utf-8")

    assert explained(capsys, "--cookie", 'klaro={"chat":true}', "--mapping", str(path))["functional"] == "granted"
    assert explained(capsys, "--cookie", 'klaro={"chat":true}')["functional"] == "unknown"


def test_text_has_a_line_for_each_fact(capsys: pytest.CaptureFixture[str]) -> None:
    cookie = 'CookieConsent={necessary:true,marketing:true,utc:1705162226478}; cc_cookie={"categories":[],"level":[]}'

    assert main(["explain", "--cookie", cookie]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "cookiebot (CookieConsent): marketing granted, implied, since 2024-01-13",
        "orestbida-v2 (cc_cookie): analytics denied, functional denied, marketing denied, explicit",
        "necessary: granted",
        "functional: denied",
        "analytics: denied",
        "marketing: denied",
        "basis: explicit",
        "regime: opt-in",
        "chat: facade, because functional consent is refused by orestbida-v2 (cc_cookie)",
        (
            "tracking: block, because analytics consent is refused by orestbida-v2 (cc_cookie); "
            "marketing consent is refused by orestbida-v2 (cc_cookie)"
        ),
        (
            "embeds: facade, because functional consent is refused by orestbida-v2 (cc_cookie); "
            "marketing consent is refused by orestbida-v2 (cc_cookie)"
        ),
    ]


def test_text_without_cookies_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--cookie", "osano_consentmanager=aYnRItFYW85ts3NL4TJ5W3"]) == 0
    assert capsys.readouterr().out.startswith("no readable consent cookie or signal\n")


def test_text_lists_reading_without_categories(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--cookie", 'klaro={"chat":true}']) == 0
    assert capsys.readouterr().out.startswith("klaro (klaro): no category, explicit\n")


def test_program_takes_any_bytes() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "consent_middleware",
            "explain",
            "--json",
            "--cookie",
            b"a=\xff; cookieconsent_status=deny",
        ],
        capture_output=True,
        check=True,
    )

    assert json.loads(done.stdout)["functional"] == "denied"
    assert done.stderr == b""


BAD_FILES = {
    "no JSON": "{",
    "another category": '{"chat": "functionnal"}',
    "another platform": '{"klarro": {"chat": "functional"}}',
    "a list": '["chat"]',
    "a depth": "[" * 100_000,
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
def test_invalid_mapping_file_is_a_usage_error(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mapping.json"
    path.write_text(content, "utf-8")

    with pytest.raises(SystemExit) as caught:
        main(["explain", "--mapping", str(path)])

    assert caught.value.code == 2
    assert "mapping.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--regime", "opt"),
        ("--header", "no colon"),
        ("--mapping", "/no/such/file"),
        ("--cookie",),
        ("file",),
        ("--jsn",),
    ],
    ids=" ".join,
)
def test_usage_error_exits_with_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explain", *arguments])

    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


UNREADABLE = "OptanonConsent=secret-1; CookieConsent=secret-2; consent=secret-3; euconsent-v2=secret-4"


def test_unreadable_cookies_are_named_without_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--cookie", UNREADABLE]) == 0
    said = capsys.readouterr().out

    lines = [line for line in said.splitlines() if line.startswith("cookie ")]
    assert [line.partition(":")[0] for line in lines] == [
        "cookie consent (of the site itself)",
        "cookie OptanonConsent (of onetrust)",
        "cookie CookieConsent (of cookiebot)",
        "cookie euconsent-v2 (of tcf)",
    ]
    assert "secret" not in said


def test_json_names_unreadable_cookies(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["consent", "OptanonConsent", "CookieConsent", "euconsent-v2"]

    assert explained(capsys, "--cookie", UNREADABLE)["unread"] == names


def test_unreadable_cookie_is_of_the_platform_that_sets_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--cookie", "cmplz_marketing=perhaps"]) == 0

    assert "cookie cmplz_marketing (of complianz):" in capsys.readouterr().out


@pytest.mark.parametrize("cookie", ["consent=functional", "CookieConsent=-1", "x=1"])
def test_cookie_that_is_read_or_unknown_is_not_named(cookie: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "unread" not in explained(capsys, "--cookie", cookie)
