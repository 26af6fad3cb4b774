"""The result of an audit, and the words that all reports share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from consent_middleware.rules import Rule
from consent_middleware.vendor import Vendor
from consent_middleware.vendors import KNOWN_VENDORS

from .contacts import Load
from .findings import Finding
from .pages import Auditor, Judged, Page, PageReport

#: What an audit of pages cannot prove.
LIMITS = (
    "Only what stands in a page's HTML, and in its head, is seen. What scripts insert in the browser is not.",
    "Inline scripts of more than 64 kB are not read.",
    "Addresses of vendors that the package does not know are not found.",
    "XHTML is read as HTML, as a browser reads it if it is sent as text/html.",
    "A page may differ for other visitors, and tomorrow.",
    "This is technical evidence, and no legal assessment.",
)

#: The words for what becomes of a finding.
WORDS = {
    Load.AT_ONCE: "loads by itself",
    Load.LATER: "is loaded later by a delay plugin, without asking for consent",
    Load.GUARDED: "runs behind the guard, which blocks what it inserts",
    Load.HELD: "is kept back by another tool or the site",
    Load.WAITS: "waits",
}


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an audit.

    Attributes:
        pages: the reports, in the order of the inputs.
        has_policy: whether the effect of a policy was judged; otherwise pages were judged as they are.
        vendors: the vendors whose tags were looked for.
        has_baseline: whether findings were compared with a baseline.
        vanished: the findings of the baseline that are gone.
    """

    pages: Sequence[PageReport]
    has_policy: bool
    vendors: Sequence[Vendor]
    has_baseline: bool = False
    vanished: Mapping[str, str] = field(default_factory=dict)

    @property
    def counted(self) -> list[tuple[PageReport, Judged]]:
        """The findings that are faults, each with its page, without those of the baseline."""
        return [(page, each) for page in self.pages for each in page.findings if each.counts and not each.known]

    @property
    def unread(self) -> list[PageReport]:
        """The pages that could not be read."""
        return [page for page in self.pages if page.error]

    @property
    def status(self) -> int:
        """The exit status: 0 for clean, 1 for findings that count, 3 if something could not be read."""
        return 3 if self.unread else int(bool(self.counted))

    def baseline(self) -> dict[str, str]:
        """Return what a baseline says of the findings that count: a text for each fingerprint."""
        return {
            each.fingerprint: f"{page.name}: {each.finding.rule}"
            for page in self.pages
            for each in page.findings
            if each.counts
        }


def result_of(answers: Iterable[Page | tuple[str, str]]) -> Result:
    """Return the result of an audit of pages as they are.

    Args:
        answers: the pages; a pair of name and reason for one that could not be read.
    """
    auditor = Auditor()
    return Result([auditor.audit_answer(each) for each in answers], False, KNOWN_VENDORS)


def compared(result: Result, baseline: Mapping[str, str]) -> Result:
    """Return a result compared with a baseline: known findings are marked, and vanished ones are named."""
    pages = [
        replace(page, findings=[replace(each, known=each.fingerprint in baseline) for each in page.findings])
        for page in result.pages
    ]
    found = result.baseline()
    vanished = {key: text for key, text in baseline.items() if key not in found}
    return replace(result, pages=pages, has_baseline=True, vanished=vanished)


def printable(text: str) -> str:
    """Return a text with everything escaped that a terminal would not show as it is."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)


def described(judged: Judged) -> str:
    """Return what a finding is, in words."""
    finding = judged.finding
    if finding.element == "Set-Cookie":
        what = f"the cookie {finding.attribute} in Set-Cookie"
    elif not finding.line:
        what = f"the field {finding.element}"
    elif not finding.attribute:
        what = f"the text of <{finding.element}>"
    else:
        what = f"<{finding.element} {finding.attribute}>"
    if finding.host:
        what += f", host {finding.host}"
    if finding.nested:
        what += ", in a nested document"
    if finding.without_scripts:
        what += ", without scripts only"
    return what


def fate(finding: Finding) -> str:
    """Return what becomes of a finding in the page as it is, in words."""
    return "is set" if finding.element == "Set-Cookie" else WORDS[finding.load]


def rule_text(rule: str, vendors: Iterable[Vendor]) -> tuple[str, str]:
    """Return a short text about a rule, and a longer one with what helps."""
    for vendor in vendors:
        kind = rule.removeprefix(f"{vendor.id}.")
        short = {
            "hint": f"a hint by which browsers contact a host of {vendor.name} early",
            "cookie": f"a cookie of {vendor.name} in a response",
            "host": f"a file on a host of {vendor.name}, which fits no rule for tags",
        }
        rules: tuple[Rule, ...] = (*vendor.tag_rules, *vendor.text_rules)
        own = next((each for each in rules if each.id == rule), None)
        if own is not None:
            purposes = " and ".join(own.purposes)
            needed = " and ".join(sorted(vendor.requires.get(own.purpose, ())))
            text = f"a tag of {vendor.name} for {purposes}"
            return text, f"It must wait for {needed} consent. Put the middleware before the app, or remove the tag."
        if rule == f"{vendor.id}.{kind}" and kind in short:
            if kind == "host":
                return short[kind], "The middleware leaves it, as content. Keep the file on a host of the site's own."
            return short[kind], "It must wait for consent. Put the middleware before the app, or remove it."
    return rule, "It must wait for consent."
