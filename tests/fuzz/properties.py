"""What is asked of every document, and what is wrong with one.

Knows: the laws of the engine under the default policy, before consent, and what parse5 has to find in what comes out.
Must not know: how documents are made.
"""

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

#: In which pieces a document comes, besides at once: byte by byte takes most of the time, so every eighth does.
SIZES: Final = (1, 64, 7, 64, 7, 64, 7, 64)
#: A document that is longer comes in longer pieces.
LONG: Final = 4000
LONG_SIZE: Final = 64

#: How many bytes may end what is open, at most.
LONGEST_CLOSING: Final = 2000

#: Put behind an output without a tail: where this is an element in its place, a tail could have been.
PROBE: Final = b"<script data-conf></script>"

#: Elements in which a facade does not work.
NO_PLACE: Final = re.compile(r"(?:^| )(?:select|frameset|svg:\S+|MathML:\S+)(?: |$)")


class Problem(NamedTuple):
    """One thing that is wrong: the law that is broken, what tells it from other breaches, and the particulars."""

    law: str
    sort: str
    detail: str


class Marking(TagBlocker):
    """Page holds that leave what they replace in the document, between marks, so that nothing can be lost unseen."""

    nested = False
    tailed = False

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Give the edits, with what was there before."""
        edits = super().start_tag(tag)
        if edits and tag.nested:
            self.nested = True
        return [Edit(e.start, e.end, b"\1" + e.replacement + b"\2" + tag.raw[e.start : e.end] + b"\3") for e in edits]

    def end_markup(self) -> bytes:
        """Give the tail between marks."""
        tail = super().end_markup()
        self.tailed = self.tailed or bool(tail)
        return b"\4" + tail + b"\5" if tail else tail


def _holds(kind: type[TagBlocker] = TagBlocker) -> TagBlocker:
    return kind(engine_for(POLICY), BEFORE, "/_consent/facade.js", authority="www.shop.example")


def rewritten(document: bytes, encoding: str = "utf-8") -> bytes:
    """Give what the default policy makes of a document before consent."""
    return HTMLRewriter(_holds(), charset=encoding).rewrite(document)


def fed(document: bytes, encoding: str, size: int) -> bytes:
    """Give the same with marks, of a document that comes in pieces."""
    rewriter = HTMLRewriter(_holds(Marking), charset=encoding)
    pieces = [rewriter.feed(document[at : at + size]) for at in range(0, len(document), size)]
    return b"".join(pieces) + rewriter.close()


class Marks:
    """Reads what came out between marks, in one encoding."""

    def __init__(self, encoding: str) -> None:
        one, two, three, four, five = (chr(mark).encode(encoding) for mark in range(1, 6))
        self._edit = re.compile(b"(?s)%b(.*?)%b(.*?)%b" % (one, two, three))
        self._tail = re.compile(b"(?s)%b(.*?)%b" % (four, five))
        # In ISO-2022-JP, what says that ASCII follows may stand there too.
        self._closing = re.compile(r"(?:</[^\t\n\f\r />]+>|<meta>|\x1b\([BJ])*")
        self._encoding = encoding

    def output(self, marked: bytes) -> bytes:
        """Give what a visitor gets."""
        return self._tail.sub(rb"\1", self._edit.sub(rb"\1", marked))

    def loses(self, marked: bytes, source: bytes) -> bool:
        """Say whether anything is not as it was, but for what stands between marks.

        Before a tail there may be tags that end what is open.
        """
        *fronts, behind = self._tail.split(self._edit.sub(rb"\2", marked))[::2]
        ways = {0}
        for front in fronts:
            ways = {at + end for at in ways for end in self._ends(front) if source.startswith(front[:end], at)}
        return all(source[at:] != behind for at in ways)

    def _ends(self, front: bytes) -> list[int]:
        """Give where what stands before a tail may end, and tags that end what is open begin."""
        places = range(max(0, len(front) - LONGEST_CLOSING), len(front) + 1)
        return [at for at in places if self._closing.fullmatch(front[at:].decode(self._encoding, "replace"))]


marks_of = lru_cache(Marks)


@dataclass
class Outcome:
    """What came out of one document, and what is wrong with it."""

    document: Document
    output: bytes = b""
    problems: list[Problem] = field(default_factory=list)
    held: int = 0
    tailed: bool = False
    lacks_tail: bool = False
    size: int = 0

    @property
    def asked(self) -> list[tuple[str, bytes]]:
        """Give what parse5 is asked about: the output, and where the tail is missing, whether there was a place."""
        encoding = self.document.encoding
        probe = [(encoding, self.output + PROBE.decode().encode(encoding))] if self.lacks_tail else []
        return [(encoding, self.output), *probe]

    def judged(self, verdict: Verdict, probed: Verdict | None) -> None:
        """Add what parse5 finds in the output."""
        for live in verdict.live:
            self.problems.append(Problem("live", _sort(live), f"{live.url} in {live.where!r} {live.read}"))
        if probed and any(what == "conf" and _is_place(place) for what, place in probed.facade):
            self.problems.append(Problem("facade", "missing", "there is no tail"))
        facade = [place for what, place in verdict.facade if what == "conf"]
        if self.tailed and not facade:
            self.problems.append(Problem("facade", "lost", "the tail is no element"))
        self.problems += [Problem("facade", "misplaced", place) for place in facade if not _is_place(place)]


def _is_place(place: str) -> bool:
    """Say whether a facade works here."""
    return place != "template" and not place.startswith("in ") and NO_PLACE.search(place) is None


def _sort(live: Live) -> str:
    """Give what tells breaches of the one law apart: the element, and by which readings alone it is live."""
    readings = "" if live.readings & 1 else f" {live.read}"
    return f"{live.space} {live.element} by {live.by}{readings}"


def examined(document: Document) -> Outcome:
    """Rewrite a document in every way, and say what is wrong with what came out, before parse5 has seen it."""
    outcome = Outcome(document)
    source, encoding = document.source, document.encoding
    try:
        holds = _holds(Marking)
        assert isinstance(holds, Marking)
        whole = HTMLRewriter(holds, charset=encoding).rewrite(source)
        marks = marks_of(encoding)
        outcome.output = marks.output(whole)
        outcome.held, outcome.tailed = len(holds.blocked), holds.tailed
        if not holds.nested and marks.loses(whole, source):
            outcome.problems.append(Problem("lost", "whole", f"{whole!r}"))
        outcome.size = SIZES[document.number % len(SIZES)] if len(source) <= LONG else LONG_SIZE
        for size in (outcome.size, len(source) or 1):
            if (streamed := fed(source, encoding, size)) != whole:
                how = "lost" if not holds.nested and marks.loses(streamed, source) else "different"
                outcome.problems.append(Problem("chunks", how, f"in pieces of {size}: {marks.output(streamed)!r}"))
                break
        outcome.lacks_tail = any(held.rule != "hint" for held in holds.blocked) and not holds.tailed
        again = rewritten(outcome.output, encoding)
        if again != outcome.output:
            outcome.problems.append(Problem("again", "", f"{again!r}"))
        if document.number % 16 == 0:
            granted = TagBlocker(engine_for(POLICY), GRANTED, "/_consent/facade.js", authority="www.shop.example")
            if HTMLRewriter(granted, charset=encoding).rewrite(source) != source:
                outcome.problems.append(Problem("granted", "", "something is changed"))
    except Exception:
        # That is what is looked for.
        last = traceback.format_exc().strip().splitlines()
        outcome.problems.append(Problem("raises", last[-1], "\n".join(last[-4:])))
    return outcome


def send(outcomes: Sequence[Outcome], judge: Judge) -> None:
    """Ask parse5 about outcomes."""
    judge.send([asked for outcome in outcomes for asked in outcome.asked])


def receive(outcomes: Sequence[Outcome], judge: Judge) -> None:
    """Take parse5's answer about them."""
    verdicts = iter(judge.receive())
    for outcome in outcomes:
        outcome.judged(next(verdicts), next(verdicts) if outcome.lacks_tail else None)


def outcomes_of(documents: Sequence[Document], judge: Judge) -> list[Outcome]:
    """Give the outcomes of documents, judged."""
    outcomes = [examined(document) for document in documents]
    send(outcomes, judge)
    receive(outcomes, judge)
    return outcomes
