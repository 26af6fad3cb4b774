"""Reduce documents with problems (delta debugging), group the problems by kind, and list the known limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from consent_middleware.rules import PageElement
from consent_middleware.vendors.hubspot import HUBSPOT

from .parse5 import Judge
from .properties import Outcome, Problem, outcomes_of, rewritten
from .soup import TOKEN, Document

#: The most rounds of removals for one document.
ROUNDS: Final = 40

_ADDRESS = re.compile(
    r"""(["']?)(?:https?:)?//(?:js(?:-eu1)?\.hs-scripts\.com|track\.hubspot\.com)/[0-9]*(?:\.js)?\1""", re.IGNORECASE
)
#: A planted element in its original form.
_PLANT = re.compile(
    r"<script src=NEEDLE></script>|<script>LOADER</script>|<(?:img|image|link rel=preconnect) (?:src|href)=NEEDLE>"
    r"|<iframe src=NEEDLE></iframe>|<img srcset=\"NEEDLE 2x\">|<svg><script href=NEEDLE></script></svg>"
    r"|<iframe srcdoc='&lt;img src=NEEDLE&gt;'></iframe>"
)
#: Tags and texts that a reduction keeps whole, because they make requests.
_WHOLE = re.compile(r"\.hs-scripts\.com/|track\.hubspot\.com/|www\.googletagmanager\.com/")
_LOADER = re.compile(r"\(function\(\)\{var s=document\.createElement.*?\}\)\(\)", re.DOTALL)
_TAG_MANAGER = re.compile(r"\(function\(w,d\)\{.*?\}\)\(window,document\)", re.DOTALL)
_NAME = re.compile(r"(?<=[</])[a-zA-Z][a-zA-Z0-9-]*")

#: Elements that the tree construction rules treat alike: the first name stands for all of them.
_ALIKE: Final = {
    name: words.split()[0]
    for words in (
        "b a big code em font i nobr s small strike strong tt u",
        "span abbr audio bdi bdo canvas cite data del dfn ins kbd label mark q samp slot sub sup var video",
        "foo x-y dummy menuitem",
        "div address article aside blockquote center details dialog dir dl fieldset figcaption figure footer header",
        "div hgroup main menu nav ol search section summary ul h1 h2 h3 h4 h5 h6 pre listing hr",
        "td th",
        "tbody thead tfoot",
        "style xmp noframes noembed",
        "title textarea",
        "mi mo mn ms mtext",
        "dd dt",
        "object applet marquee",
        "img area embed keygen wbr image",
        "meta basefont bgsound",
        "param source track",
    )
    for name in words.split()
}


class Difference(NamedTuple):
    """A problem and the smallest document that shows it."""

    problem: Problem
    document: Document
    number: int

    @property
    def text(self) -> str:
        """Return the document as text."""
        return self.document.source.decode(self.document.encoding, "replace")

    @property
    def kind(self) -> str:
        """Return the property and the document without irrelevant details, which are equal for all of a kind."""
        text = _LOADER.sub("LOADER", _TAG_MANAGER.sub("GTM", self.text))
        text = _ADDRESS.sub("NEEDLE", text)
        if self.problem.property != "live":
            text = _PLANT.sub("PLANT", text)
        text = _NAME.sub(lambda name: _ALIKE.get(name[0].lower(), name[0].lower()), text)
        encoding = "" if self.document.encoding == "utf-8" else f"{self.document.encoding}: "
        return f"{self.problem.property} {self.problem.sort}: {encoding}{text}"

    @property
    def limit(self) -> str | None:
        """Return the name of the known limit that explains it, if there is one."""
        return next((name for name, limit in LIMITS.items() if limit.matches(self)), None)


class Limit(NamedTuple):
    """A difference that is known and accepted: the reason, and the test that recognizes it."""

    reason: str
    matches: Callable[[Difference], bool]


#: What a second rewriting may add: the attributes of a blocked script, the guard, and the facade.
_ADDED = re.compile(
    r' type="?text/x-consent"? data-consent="?[a-z]+"?'
    r"|<script src=\"[^\"]*\" data-file=\"[^\"]*\"(?: data-offers=\"[^\"]*\")? data-guard='[^']*'></script>"
    r"|(?:</[a-z]+>|<meta>)*(?:<aside data-consent-facade.*?</aside>)?"
    r"<script src=\"[^\"]*/facade\.js\"(?! data-file).*?</script>",
    re.DOTALL,
)


def _blocks_more_in_second_pass(found: Difference) -> bool:
    """Return whether a second rewriting only blocks another script, and a third one changes nothing."""
    encoding = found.document.encoding
    once = rewritten(found.document.source, encoding)
    twice = rewritten(once, encoding)
    before, after = (_ADDED.sub("", text.decode(encoding, "replace")) for text in (once, twice))
    return once != twice and before == after and rewritten(twice, encoding) == twice


def _runs_guarded(found: Difference) -> bool:
    """Return whether no script that loads is a snippet any more, and the page has the guard."""
    encoding = found.document.encoding
    out = rewritten(found.document.source, encoding).decode(encoding, "replace")
    said = re.findall(r"<script[^>]*>(.*?)(?:</script|$)", found.text, re.IGNORECASE | re.DOTALL)
    known = [rule for text in said if (rule := HUBSPOT.recognize(PageElement("script", text=text)))]
    return " data-guard=" in out and bool(known) and all(rule.text is None for rule in known)


#: Only differences that no current browser shows or that the guard blocks. An early load is never accepted.
LIMITS: Final = {
    "code of the site's own": Limit(
        "a mutated loader that is not a snippet any more: it runs, and the guard blocks what it inserts",
        lambda found: (
            found.problem.property == "live" and found.problem.sort.endswith("script by text") and _runs_guarded(found)
        ),
    ),
    "markup in a script": Limit(
        "a script with tags in its text, which only some parsers read as a script and which is not valid JavaScript:"
        " with those tags blocked, its text looks like a loader, so the second rewriting blocks it;"
        " or a script that exists only after the end of an open <math>",
        lambda found: (
            found.problem.property == "again"
            and re.search(r"<(?:svg|math|select)", found.text) is not None
            and _blocks_more_in_second_pass(found)
        ),
    ),
    "unfinished tag": Limit(
        "a quotation mark that opens a value only for some parsers and is not closed: markup added after it could close"
        " the value and create a tag, so there is no facade",
        lambda found: (
            found.problem[:2] == ("facade", "missing")
            and re.search(r"""<noscript.*=\s*["']""", found.text, re.IGNORECASE | re.DOTALL) is not None
        ),
    ),
    "frameset": Limit(
        "a frameset after a template in the head, which has no place for a facade: everything is blocked",
        lambda found: found.problem.property == "facade" and "<frameset" in found.text,
    ),
    "open at the end": Limit(
        "a page that leaves svg, math or select open at its end, as no real page does: everything is blocked,"
        " but the facade is invisible or missing",
        lambda found: (
            found.problem.property == "facade"
            and re.search(r"<(?:svg|math|select)", found.text, re.IGNORECASE) is not None
        ),
    ),
}


def _has(outcome: Outcome, problem: Problem) -> Problem | None:
    return next((found for found in outcome.problems if found[:2] == problem[:2]), None)


def smallest(outcome: Outcome, problem: Problem, judge: Judge) -> Difference:
    """Remove everything from a document that the problem does not need: tags and texts first, then characters."""
    document = outcome.document
    text = document.source.decode(document.encoding, "replace")
    best = Difference(problem, document, document.number)
    rounds = 0
    for cut in (_tokens, _characters):
        parts: Sequence[str] = cut(text)
        size = max(len(parts) // 2, 1)
        while rounds < ROUNDS:
            rounds += 1
            found = _smaller(document, parts, size, problem, judge)
            if found is None:
                if size == 1:
                    break
                size = max(size // 2, 1)
                continue
            parts, smaller, still = found
            best = Difference(still, smaller, document.number)
        text = "".join(parts)
    return best


def _tokens(text: str) -> list[str]:
    return TOKEN.findall(text)


def _characters(text: str) -> list[str]:
    return [part for token in _tokens(text) for part in ([token] if _WHOLE.search(token) else token)]


def _smaller(
    document: Document, parts: Sequence[str], size: int, problem: Problem, judge: Judge
) -> tuple[Sequence[str], Document, Problem] | None:
    """Try to remove `size` parts at each position. Return the first result that still has the problem."""
    tries = list(_without(parts, size))
    made = [document._replace(source="".join(left).encode(document.encoding, "xmlcharrefreplace")) for left in tries]
    for at in range(0, len(made), 24):
        for left, outcome in zip(tries[at:], outcomes_of(made[at : at + 24], judge), strict=False):
            if still := _has(outcome, problem):
                return left, outcome.document, still
    return None


def _without(parts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for at in range(0, len(parts), size):
        yield [*parts[:at], *parts[at + size :]]


def kinds(differences: list[Difference]) -> list[tuple[str, list[Difference]]]:
    """Group differences by kind, the largest groups first and the shortest document of each kind first."""
    sorted_by_kind: dict[str, list[Difference]] = {}
    for difference in sorted(differences, key=lambda found: len(found.document.source)):
        sorted_by_kind.setdefault(difference.kind, []).append(difference)
    return sorted(sorted_by_kind.items(), key=lambda item: (-len(item[1]), item[0]))
