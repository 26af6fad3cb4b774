"""The report as JSON (`schema.json` describes it) and as SARIF 2.1.0 for code scanning.

Both are ASCII, and "<" is escaped, so that neither a terminal nor a page that shows them runs anything in them.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from consent_middleware.version import __version__

from .pages import Judged, PageReport
from .result import LIMITS, Result, described, fate, rule_text

SCHEMA_VERSION = 1


def as_json(result: Result) -> str:
    """Return the report as JSON."""
    return _dumped(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "consent-middleware audit", "version": __version__},
            "mode": "policy" if result.has_policy else "as sent",
            "pages": [_page(page) for page in result.pages],
            "summary": {
                "pages": len(result.pages),
                "unread": len(result.unread),
                "faults": len(result.counted),
                "known": sum(each.known and each.counts for page in result.pages for each in page.findings),
                "vanished": sorted(result.vanished.values()),
            },
            "limits": list(LIMITS),
        }
    )


def _page(page: PageReport) -> dict[str, Any]:
    return {
        "page": page.name,
        "error": page.error or None,
        "encoding": page.encoding or None,
        "findings": [_finding(judged) for judged in page.findings],
        "unseen": [each._asdict() for each in page.unseen],
        "disagreements": list(page.disagreements),
    }


def _finding(judged: Judged) -> dict[str, Any]:
    finding = judged.finding
    return {
        "rule": finding.rule,
        "vendor": finding.vendor,
        "purpose": finding.purpose.value,
        "line": finding.line or None,
        "column": finding.column or None,
        "element": finding.element,
        "attribute": finding.attribute or None,
        "host": finding.host or None,
        "load": finding.load.value,
        "live": finding.is_live,
        "without_scripts": finding.without_scripts,
        "nested": finding.nested,
        "fault": judged.counts,
        "known": judged.known,
        "fingerprint": judged.fingerprint,
        "states": {
            state: {"load": outcome.load.value, "allowed": outcome.allowed, "too_early": outcome.is_early}
            for state, outcome in judged.outcomes.items()
        },
    }


def as_sarif(result: Result) -> str:
    """Return the report in the Static Analysis Results Interchange Format (SARIF) 2.1.0."""
    names = sorted({judged.finding.rule for page in result.pages for judged in page.findings})
    return _dumped(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [
                {
                    "tool": {
                        "driver": {
                            "name": "consent-middleware audit",
                            "version": __version__,
                            "rules": [_rule(name, result) for name in names],
                        }
                    },
                    # SARIF counts UTF-16 code units unless this is said.
                    "columnKind": "unicodeCodePoints",
                    "invocations": [
                        {
                            "executionSuccessful": not result.unread,
                            "toolExecutionNotifications": [
                                {
                                    "level": "error",
                                    "message": {"text": f"could not be read: {page.error}"},
                                    "locations": [_location(page)],
                                }
                                for page in result.unread
                            ],
                        }
                    ],
                    "results": [
                        _result(page, judged, names.index(judged.finding.rule), result)
                        for page in result.pages
                        for judged in page.findings
                    ],
                }
            ],
        }
    )


def _rule(name: str, result: Result) -> dict[str, Any]:
    short, long = rule_text(name, result.vendors)
    return {
        "id": name,
        "shortDescription": {"text": f"{short[:1].upper()}{short[1:]}."},
        "help": {"text": long},
        "defaultConfiguration": {"level": "note" if name.endswith(".host") else "error"},
    }


def _result(page: PageReport, judged: Judged, index: int, result: Result) -> dict[str, Any]:
    finding = judged.finding
    text = f"{described(judged)}: {fate(finding)}. Its purpose is {finding.purpose}."
    if judged.counts and judged.early:
        text += f" With the policy it loads too early: {', '.join(judged.early)}."
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": "error" if judged.counts else "note",
        "message": {"text": text},
        "locations": [_location(page, judged)],
        "partialFingerprints": {"consentMiddlewareAudit/v1": judged.fingerprint},
    }
    if result.has_baseline:
        found["baselineState"] = "unchanged" if judged.known else "new"
    return found


def _location(page: PageReport, judged: Judged | None = None) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(page.name)}}
    if judged is not None and judged.finding.line:
        physical["region"] = {"startLine": judged.finding.line, "startColumn": judged.finding.column}
    return {"physicalLocation": physical}


def _uri(name: str) -> str:
    """Return a page's name as a URI reference (RFC 3986)."""
    safe = "/:?=&#%[]@!$'()*+,;~" if "://" in name else "/"
    return quote(name, safe=safe, errors="surrogateescape")


def _dumped(data: object) -> str:
    return json.dumps(data, indent=2).replace("<", "\\u003c") + "\n"
