"""The reports: text, JSON by its schema, SARIF by the standard's, and what a hostile page can do to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import html5lib
import jsonschema  # type: ignore[import-untyped]
import pytest

import consent_middleware
from consent_middleware import Policy
from consent_middleware.audit.json_report import as_json, as_sarif
from consent_middleware.audit.pages import Auditor, Page, PageReport
from consent_middleware.audit.result import Result, compared, printable, rule_text
from consent_middleware.audit.text_report import as_text
from consent_middleware.vendors import KNOWN_VENDORS
from tests.needs import missing

from .fetch_sarif_schema import SCHEMA
from .test_findings import GTM_SNIPPET, INSERTS, LOADER, PIXEL, SHEET
from .test_states import CHAT

OWN_SCHEMA = json.loads((Path(consent_middleware.__file__).parent / "audit" / "schema.json").read_bytes())
MARKUP = (
    f"<title>x</title>\n<link rel=preconnect href=//js.hs-scripts.com><link rel=stylesheet href={SHEET}>\n"
    f"<script src={LOADER}></script><script>{GTM_SNIPPET}</script>\n<script type=text/plain src={LOADER}></script>"
    f"<script>{INSERTS}</script><noscript><img src={PIXEL}></noscript>"
    f"<iframe srcdoc='<script src={CHAT}></script>'></iframe><img data-src={PIXEL}>"
)
HEADERS = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"set-cookie", b"hubspotutk=SECRET"),
    (b"link", b"<https://js.hs-scripts.com>; rel=preconnect"),
]
PAGES = [Page("a page.html", MARKUP.encode(), HEADERS), Page("http://127.0.0.1/?a=b", b"<p>")]


def result(policy: Policy | None = None) -> Result:
    auditor = Auditor(policy)
    reports = [*map(auditor.audit, PAGES), PageReport("gone.html", "No such file or directory")]
    return Result(reports, policy is not None, KNOWN_VENDORS)


@pytest.fixture(params=["as sent", "policy", "baseline"])
def any_result(request: pytest.FixtureRequest) -> Result:
    if request.param == "policy":
        return result(Policy(contact_url="/c"))
    if request.param == "baseline":
        whole = result()
        first, *_ = whole.baseline()
        return compared(whole, {first: "x", "0" * 32: "old.html: hubspot.loader"})
    return result()


def test_json_is_valid_by_its_schema(any_result: Result) -> None:
    jsonschema.Draft202012Validator.check_schema(OWN_SCHEMA)

    jsonschema.Draft202012Validator(OWN_SCHEMA).validate(json.loads(as_json(any_result)))


@pytest.mark.parametrize(
    "change",
    [
        lambda report: report.pop("limits"),
        lambda report: report.update(more=1),
        lambda report: report["pages"][0].pop("error"),
        lambda report: report["pages"][0]["findings"][0].update(load="perhaps"),
        lambda report: report["pages"][0]["findings"][0].update(fingerprint="x"),
        lambda report: report["pages"][0]["unseen"][0].update(line=0),
    ],
    ids=range(6),
)
def test_schema_notices_a_changed_report(change: Any) -> None:
    report = json.loads(as_json(result()))
    change(report)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(OWN_SCHEMA).validate(report)


def test_schema_lists_every_member(any_result: Result) -> None:
    report = json.loads(as_json(any_result))

    finding = OWN_SCHEMA["$defs"]["finding"]
    assert all(set(each) == set(finding["properties"]) for page in report["pages"] for each in page["findings"])
    assert set(finding["required"]) == set(finding["properties"])


def test_json_has_findings_states_and_sums() -> None:
    report = json.loads(as_json(result(Policy(contact_url="/c"))))

    found = {(each["rule"], each["element"]): each for each in report["pages"][0]["findings"] if each["live"]}
    loader = found["hubspot.loader", "script"]
    assert loader["states"]["untouched"] == {"load": "waits", "allowed": False, "too_early": False}
    assert loader["states"]["everything"] == {"load": "at once", "allowed": True, "too_early": False}
    assert found["hubspot.cookie", "Set-Cookie"]["line"] is None
    assert report["summary"] == {"pages": 3, "unread": 1, "faults": 0, "known": 0, "vanished": []}
    assert report["pages"][2]["error"] == "No such file or directory"


def sarif_schema() -> Any:
    if not SCHEMA.is_file():
        missing("the schema of SARIF is not here: run python -m tests.audit.fetch_sarif_schema")
    return json.loads(SCHEMA.read_bytes())


def test_sarif_is_valid_by_the_schema_of_the_standard(any_result: Result) -> None:
    validator = jsonschema.Draft7Validator(sarif_schema())

    validator.validate(json.loads(as_sarif(any_result)))


def test_sarif_has_places_rules_and_fingerprints() -> None:
    whole = result()
    (run,) = json.loads(as_sarif(whole))["runs"]

    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    loader = next(each for each in run["results"] if each["ruleId"] == "hubspot.loader" and each["level"] == "error")
    assert loader["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a%20page.html"},
                "region": {"startLine": 3, "startColumn": 1},
            }
        }
    ]
    assert rules[loader["ruleIndex"]] == "hubspot.loader"
    assert loader["partialFingerprints"]["consentMiddlewareAudit/v1"] in whole.baseline()
    cookie = next(each for each in run["results"] if each["ruleId"] == "hubspot.cookie")
    assert "region" not in cookie["locations"][0]["physicalLocation"]
    assert run["columnKind"] == "unicodeCodePoints"
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert "No such file" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"])


def test_sarif_names_the_states_of_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.blocking.TagBlocker._block", lambda *_: ())

    (run,) = json.loads(as_sarif(result(Policy(contact_url="/c"))))["runs"]

    assert any("too early: untouched, click, functional" in each["message"]["text"] for each in run["results"])


def test_sarif_says_what_the_baseline_knows() -> None:
    whole = result()
    first, *_ = whole.baseline()

    (run,) = json.loads(as_sarif(compared(whole, {first: "x"})))["runs"]

    states = {
        each["partialFingerprints"]["consentMiddlewareAudit/v1"]: each["baselineState"] for each in run["results"]
    }
    assert [key for key, state in states.items() if state == "unchanged"] == [first]


def test_text_groups_findings_by_page_and_rule() -> None:
    lines = as_text(result()).splitlines()

    assert lines[0] == "a page.html"
    at = lines.index("  hubspot.loader: a tag of HubSpot for tracking and chat (purpose: tracking)")
    assert lines[at + 1 : at + 3] == [
        "    FAULT  line 3, column 1: <script src>, host js.hs-scripts.com: loads by itself",
        "    note   line 4, column 1: <script src>, host js.hs-scripts.com: is kept back by another tool or the site",
    ]
    assert "    FAULT  response head: the cookie hubspotutk in Set-Cookie: is set" in lines
    assert "    FAULT  response head: the field Link, host js.hs-scripts.com: loads by itself" in lines
    assert any(line.endswith("host track.hubspot.com, without scripts only: loads by itself") for line in lines)
    assert any("in a nested document" in line for line in lines)
    assert any(line.startswith("  cannot be seen: tag manager Google Tag Manager GTM-ABC123 (line 3") for line in lines)
    assert "  could not be read: No such file or directory" in lines
    # A page with nothing to say is only counted.
    assert "http://127.0.0.1/?a=b" not in lines
    assert "pages: 3, not read: 1" in lines
    assert "What this audit cannot prove:" in lines


def test_text_says_what_the_policy_does() -> None:
    text = as_text(result(Policy(contact_url="/c")))

    assert "with the policy: untouched: waits, click: waits, functional: waits, everything: loads\n" in text
    assert "with the policy: untouched: waits, click: waits, functional: waits, everything: loads later\n" in text
    assert "TOO EARLY" not in text
    assert "faults: 0\n" in text


def test_text_names_faults_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.blocking.TagBlocker._block", lambda *_: ())

    text = as_text(result(Policy(contact_url="/c")))

    assert "untouched: loads TOO EARLY, click: loads TOO EARLY, functional: loads TOO EARLY, everything: loads" in text
    assert "html5lib and the engine differ: hubspot.loader: html5lib finds 1, the engine 0" in text
    assert "(a fault loads before the policy allows it)" in text


def test_text_names_what_the_baseline_knows() -> None:
    whole = result()
    first, *_ = whole.baseline()

    text = as_text(compared(whole, {first: "x", "0" * 32: "old.html: hubspot.loader"}))

    assert "    KNOWN  " in text
    assert "known from the baseline: 1, vanished: 1\n  vanished: old.html: hubspot.loader\n" in text


def test_no_report_has_a_value_or_a_query(any_result: Result) -> None:
    for text in (as_text(any_result), as_json(any_result), as_sarif(any_result)):
        assert "SECRET" not in text
        assert "__ptq" not in text


HOSTILE = (
    "<x-\x1b[31m\u202e\x07-\ud7ff'\"`$(id) src=//js.hs-scripts.com/1.js></x-\x1b[31m>"
    "<p onclick\x9b='//js.hs-scripts.com'><script src=//cdn.example/></script><script src='//<b>.example/'></script>"
    "<x-<script>alert(1) data-src=//track.hubspot.com/a.gif>"
)


def test_hostile_page_cannot_break_a_report() -> None:
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"set-cookie", b"hubspotutk=\x1b[2J")]
    name = "</script><script>alert(1)</script>\x1b]0;x\x07\n\u202e\udcff.html"
    whole = Result([Auditor().audit(Page(name, HOSTILE.encode(), headers))], False, KNOWN_VENDORS)
    assert len(whole.counted) >= 2

    text, data, sarif = as_text(whole), as_json(whole), as_sarif(whole)

    assert all(each.isprintable() for each in text.split("\n"))
    for report in (data, sarif):
        assert report.isascii()
        assert all(each.isprintable() for each in report.split("\n"))
        json.loads(report)
        # Put into a page, nothing of it is a tag.
        shown = html5lib.parse(f"<script type=application/json>{report}</script>", namespaceHTMLElements=False)
        assert [each.tag for each in shown.iter()] == ["html", "head", "script", "body"]
    jsonschema.Draft7Validator(sarif_schema()).validate(json.loads(sarif))


def test_very_long_name_is_cut() -> None:
    page = Page("a", f"<x-{'y' * 5000} src={PIXEL}></x-{'y' * 5000}>".encode(), [(b"set-cookie", b"x" * 5000 + b"=1")])

    (found,) = Auditor().audit(page).findings

    assert len(found.finding.element) == 100


@pytest.mark.parametrize(
    ("text", "shown"),
    [("ä €", "ä €"), ("\x1b[0m", "\\x1b[0m"), ("\u202e", "\\u202e"), ("\udcff", "\\udcff"), ("a\nb", "a\\nb")],
)
def test_unprintable_text_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("rule", "short"),
    [
        ("hubspot.loader", "a tag of HubSpot for tracking and chat"),
        ("hubspot.inline-chat", "a tag of HubSpot for chat"),
        ("hubspot.hint", "a hint by which browsers contact a host of HubSpot early"),
        ("intercom.cookie", "a cookie of Intercom in a response"),
        ("intercom.host", "a file on a host of Intercom, which fits no rule for tags"),
        ("own.rule", "own.rule"),
    ],
)
def test_rule_has_a_text(rule: str, short: str) -> None:
    found, help_text = rule_text(rule, KNOWN_VENDORS)

    assert found == short
    assert help_text.endswith(".")


@pytest.mark.parametrize(("reports", "status"), [([], 0), ([PageReport("a", "error")], 3)], ids=["nothing", "not read"])
def test_status_of_a_result(reports: list[PageReport], status: int) -> None:
    assert Result(reports, False, KNOWN_VENDORS).status == status
