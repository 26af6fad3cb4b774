"""Check the properties of the rewriter on a document, under the default policy and before consent."""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from consent_middleware import Consent, Policy, State
from consent_middleware.blocking import TagBlocker
from consent_middleware.consent import OPTIONAL_CATEGORIES
from consent_middleware.html.rewriter import Edit, HTMLRewriter, StartTag
from tests.engines import engine_for

from .parse5 import Judge, Live, Verdict
from .soup import Document

POLICY: Final = Policy(contact_url="/contact")
BEFORE: Final = POLICY.decide(Consent())
GRANTED: Final = POLICY.decide(Consent(dict.fromkeys(OPTIONAL_CATEGORIES, State.GRANTED)))

#: The chunk sizes besides the whole document. Single bytes take the most time, so only every eighth document does.
SIZES: Final = (1, 64, 7, 64, 7, 64, 7, 64)
#: A longer document is fed in chunks of `LONG_SIZE`.
LONG: Final = 4000
LONG_SIZE: Final = 64

#: The most bytes of end tags before the facade.
LONGEST_CLOSING: Final = 2000

#: Added to an output without a facade: if it is an element in a valid place, there could have been a facade.
PROBE: Final = b"<script data-conf></script>"

#: Elements in which a facade does not work.
NO_PLACE: Final = re.compile(r"(?:^| )(?:select|frameset|svg:\S+|MathML:\S+)(?: |$)")


class Problem(NamedTuple):
    """A problem: the property that fails, what distinguishes it from others of that property, and details."""

    property: str
    sort: str
    detail: str


class Marking(TagBlocker):
    """A tag blocker that marks each edit and keeps the replaced bytes, so that lost bytes are noticed."""

    nested = False
    tailed = False

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits, each with the bytes that it replaces."""
        edits = super().start_tag(tag)
        if edits and tag.nested:
            self.nested = True
        return [Edit(e.start, e.end, b"\1" + e.replacement + b"\2" + tag.raw[e.start : e.end] + b"\3") for e in edits]

    def end_markup(self) -> bytes:
        """Return the tail between marks."""
        tail = super().end_markup()
        self.tailed = self.tailed or bool(tail)
        return b"\4" + tail + b"\5" if tail else tail


def _blocker(kind: type[TagBlocker] = TagBlocker) -> TagBlocker:
    return kind(engine_for(POLICY), BEFORE, "/_consent/facade.js", authority="www.shop.example")


def rewritten(document: bytes, encoding: str = "utf-8") -> bytes:
    """Return the document as the default policy rewrites it before consent."""
    return HTMLRewriter(_blocker(), charset=encoding).rewrite(document)


def fed(document: bytes, encoding: str, size: int) -> bytes:
    """Return the same with marks, for a document in chunks."""
    rewriter = HTMLRewriter(_blocker(Marking), charset=encoding)
    pieces = [rewriter.feed(document[at : at + size]) for at in range(0, len(document), size)]
    return b"".join(pieces) + rewriter.close()


class Marks:
    """Read an output with marks, in one encoding."""

    def __init__(self, encoding: str) -> None:
        one, two, three, four, five = (chr(mark).encode(encoding) for mark in range(1, 6))
        self._edit = re.compile(b"(?s)%b(.*?)%b(.*?)%b" % (one, two, three))
        self._tail = re.compile(b"(?s)%b(.*?)%b" % (four, five))
        # ISO-2022-JP may have the escape sequence for ASCII there.
        self._closing = re.compile(r"(?:</[^\t\n\f\r />]+>|<meta>|\x1b\([BJ])*")
        self._encoding = encoding

    def output(self, marked: bytes) -> bytes:
        """Return the output without marks, as a visitor gets it."""
        return self._tail.sub(rb"\1", self._edit.sub(rb"\1", marked))

    def loses(self, marked: bytes, source: bytes) -> bool:
        """Return whether anything outside the marks differs from the source.

        End tags that close open elements before a tail do not count.
        """
        *fronts, behind = self._tail.split(self._edit.sub(rb"\2", marked))[::2]
        ways = {0}
        for front in fronts:
            ways = {at + end for at in ways for end in self._ends(front) if source.startswith(front[:end], at)}
        return all(source[at:] != behind for at in ways)

    def _ends(self, front: bytes) -> list[int]:
        """Return the positions at which the end tags before a tail may begin."""
        places = range(max(0, len(front) - LONGEST_CLOSING), len(front) + 1)
        return [at for at in places if self._closing.fullmatch(front[at:].decode(self._encoding, "replace"))]


marks_of = lru_cache(Marks)


@dataclass
class Outcome:
    """The output for one document, and its problems."""

    document: Document
    output: bytes = b""
    problems: list[Problem] = field(default_factory=list)
    blocked: int = 0
    tailed: bool = False
    lacks_tail: bool = False
    size: int = 0

    @property
    def asked(self) -> list[tuple[str, bytes]]:
        """Return what parse5 has to judge: the output, and the output with a probe if the tail is missing."""
        encoding = self.document.encoding
        probe = [(encoding, self.output + PROBE.decode().encode(encoding))] if self.lacks_tail else []
        return [(encoding, self.output), *probe]

    def judged(self, verdict: Verdict, probed: Verdict | None) -> None:
        """Add the problems that parse5 finds in the output."""
        for live in verdict.live:
            self.problems.append(Problem("live", _sort(live), f"{live.url} in {live.where!r} {live.read}"))
        if probed and any(what == "conf" and _is_place(place) for what, place in probed.facade):
            self.problems.append(Problem("facade", "missing", "there is no tail"))
        facade = [place for what, place in verdict.facade if what == "conf"]
        if self.tailed and not facade:
            self.problems.append(Problem("facade", "lost", "the tail is no element"))
        self.problems += [Problem("facade", "misplaced", place) for place in facade if not _is_place(place)]


def _is_place(place: str) -> bool:
    """Return whether a facade works in this place."""
    return place != "template" and not place.startswith("in ") and NO_PLACE.search(place) is None


def _sort(live: Live) -> str:
    """Return the element, and the readings if it is live only in some, which distinguish two live elements."""
    readings = "" if live.readings & 1 else f" {live.read}"
    return f"{live.space} {live.element} by {live.by}{readings}"


def examined(document: Document) -> Outcome:
    """Rewrite a document in every way. Return the outcome with the problems that need no parse5."""
    outcome = Outcome(document)
    source, encoding = document.source, document.encoding
    try:
        blocker = _blocker(Marking)
        assert isinstance(blocker, Marking)
        whole = HTMLRewriter(blocker, charset=encoding).rewrite(source)
        marks = marks_of(encoding)
        outcome.output = marks.output(whole)
        outcome.blocked, outcome.tailed = len(blocker.blocked), blocker.tailed
        if not blocker.nested and marks.loses(whole, source):
            outcome.problems.append(Problem("lost", "whole", f"{whole!r}"))
        outcome.size = SIZES[document.number % len(SIZES)] if len(source) <= LONG else LONG_SIZE
        for size in (outcome.size, len(source) or 1):
            if (streamed := fed(source, encoding, size)) != whole:
                how = "lost" if not blocker.nested and marks.loses(streamed, source) else "different"
                outcome.problems.append(Problem("chunks", how, f"in pieces of {size}: {marks.output(streamed)!r}"))
                break
        outcome.lacks_tail = any(tag.rule != "hint" for tag in blocker.blocked) and not blocker.tailed
        again = rewritten(outcome.output, encoding)
        if again != outcome.output:
            outcome.problems.append(Problem("again", "", f"{again!r}"))
        if document.number % 16 == 0:
            granted = TagBlocker(engine_for(POLICY), GRANTED, "/_consent/facade.js", authority="www.shop.example")
            if HTMLRewriter(granted, charset=encoding).rewrite(source) != source:
                outcome.problems.append(Problem("granted", "", "something is changed"))
    except Exception:
        # Any exception is a problem.
        last = traceback.format_exc().strip().splitlines()
        outcome.problems.append(Problem("raises", last[-1], "\n".join(last[-4:])))
    return outcome


def send(outcomes: Sequence[Outcome], judge: Judge) -> None:
    """Send outcomes to parse5."""
    judge.send([asked for outcome in outcomes for asked in outcome.asked])


def receive(outcomes: Sequence[Outcome], judge: Judge) -> None:
    """Add the answer of parse5 to the outcomes."""
    verdicts = iter(judge.receive())
    for outcome in outcomes:
        outcome.judged(next(verdicts), next(verdicts) if outcome.lacks_tail else None)


def outcomes_of(documents: Sequence[Document], judge: Judge) -> list[Outcome]:
    """Return the outcomes of documents, judged by parse5."""
    outcomes = [examined(document) for document in documents]
    send(outcomes, judge)
    receive(outcomes, judge)
    return outcomes
