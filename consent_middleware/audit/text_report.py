"""The report as text, for a developer and for a data-protection officer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from .contacts import Load
from .pages import Judged, PageReport
from .result import LIMITS, Result, described, fate, printable, rule_text
from .states import STATES


def as_text(result: Result) -> str:
    """Return the report as lines of text. Nothing from a page reaches a terminal unescaped."""
    lines: list[str] = []
    for page in result.pages:
        if page.error or page.findings or page.unseen or page.disagreements:
            lines += [*_page(page, result), ""]
    return "\n".join(map(printable, [*lines, *_summary(result)])) + "\n"


def _page(page: PageReport, result: Result) -> Iterator[str]:
    yield page.name
    if page.error:
        yield f"  could not be read: {page.error}"
    by_rule: dict[str, list[Judged]] = defaultdict(list)
    for judged in page.findings:
        by_rule[judged.finding.rule].append(judged)
    for rule, found in sorted(by_rule.items(), key=lambda item: not any(each.counts for each in item[1])):
        yield f"  {rule}: {rule_text(rule, result.vendors)[0]} (purpose: {found[0].finding.purpose})"
        for judged in found:
            yield from _finding(judged)
    for each in page.unseen:
        yield f"  cannot be seen: {each.kind} {each.what} (line {each.line}, column {each.column})"
    for text in page.disagreements:
        yield f"  html5lib and the engine differ: {text}"


def _finding(judged: Judged) -> Iterator[str]:
    finding = judged.finding
    place = f"line {finding.line}, column {finding.column}" if finding.line else "response head"
    mark = "KNOWN" if judged.known and judged.counts else "FAULT" if judged.counts else "note"
    yield f"    {mark:5}  {place}: {described(judged)}: {fate(finding)}"
    if judged.outcomes:
        words = {Load.AT_ONCE: "loads", Load.LATER: "loads later", Load.GUARDED: "guarded", Load.HELD: "held"}
        parts = [
            f"{state}: {words.get(outcome.load, 'waits')}{' TOO EARLY' * (outcome.is_early and judged.counts)}"
            for state in STATES
            if (outcome := judged.outcomes.get(state))
        ]
        yield f"           with the policy: {', '.join(parts)}"


def _summary(result: Result) -> Iterator[str]:
    count = len(result.counted)
    fault = "loads before the policy allows it" if result.has_policy else "loads without asking for consent"
    yield f"pages: {len(result.pages)}, not read: {len(result.unread)}"
    yield f"faults: {count}" + (f" (a fault {fault})" if count else "")
    if result.has_baseline:
        known = sum(each.known and each.counts for page in result.pages for each in page.findings)
        yield f"known from the baseline: {known}, vanished: {len(result.vanished)}"
        yield from (f"  vanished: {text}" for text in result.vanished.values())
    yield f"what cannot be seen: {sum(len(page.unseen) for page in result.pages)}"
    yield f"engine and html5lib differ: {sum(len(page.disagreements) for page in result.pages)}"
    yield "What this audit cannot prove:"
    yield from (f"- {limit}" for limit in LIMITS)
