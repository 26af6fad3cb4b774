"""A limited run of the fuzzer over always the same documents, and tests of its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.html.oracle import html5lib_tests
from tests.needs import missing
from tests.npm import NpmError

from .kinds import LIMITS, Difference, kinds, smallest
from .parse5 import Judge
from .properties import Outcome, Problem, examined, marks_of, outcomes_of, receive, send
from .soup import LOADER, Document, Soup


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    html5lib_tests("tree-construction", ".dat", required=False)
    try:
        process = Judge()
    except NpmError as error:
        missing(str(error))
        raise
    with process:
        yield process


#: The same documents in every run, without real pages, because these may be missing. `make fuzz` tries more.
SEED = 20_000_000
DOCUMENTS = 2500
#: The documents are examined in so many parts, which run in different processes.
PARTS = 5
BATCH = 100


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("part", range(PARTS))
def test_built_documents_keep_every_property(judge: Judge, part: int, capsys: pytest.CaptureFixture[str]) -> None:
    count = DOCUMENTS // PARTS
    begin = SEED + part * count
    differences: list[Difference] = []
    blocked = 0
    before: list[Outcome] = []
    for first in [*range(begin, begin + count, BATCH), None]:
        outcomes = [] if first is None else [examined(Soup(first + n).document()) for n in range(BATCH)]
        if before:
            receive(before, judge)
            blocked += sum(bool(outcome.blocked) for outcome in before)
            differences += [smallest(outcome, problem, judge) for outcome in before for problem in outcome.problems]
        send(outcomes, judge)
        before = outcomes
    receive(before, judge)
    known = Counter(difference.limit for difference in differences if difference.limit)
    left = kinds([difference for difference in differences if difference.limit is None])
    with capsys.disabled():
        print(f"\nparse5: {count} documents, {blocked} with blocked tags, {len(left)} kinds of differences")
        print(f"  with a known reason: {dict(known)}")
    assert [(kind, found[0].text, found[0].number) for kind, found in left] == []
    assert blocked > count / 2


#: What the judge must report for documents that are not rewritten.
LIVE = {
    "<script src=//js.hs-scripts.com/1.js></script>": "html script by src",
    "<base href=//js.hs-scripts.com><script src=/1.js></script>": "html script by src",
    "<script src=//js.hs-scripts.com/1.js></script><frameset>": "html script by src",
    "<p><table><script src=//js.hs-scripts.com/1.js></script><frameset>": "html script by src",
    "<svg><script xlink:href=//js.hs-scripts.com/1.js></script>": "svg script by href",
    "<svg><script src=x href=//js.hs-scripts.com/1.js></script>": "svg script by href",
    "<svg><desc><![CDATA[><img>]]><img src=//track.hubspot.com/1>": "html img by src",
    "<template><table><template></table></template></template><img src=//track.hubspot.com/1>": "html img by src",
    "<template shadowrootmode=open><img src=//track.hubspot.com/1></template>": "html img by src",
    "<noscript><img src=//track.hubspot.com/1></noscript>": "html img by src [no scripts]",
    "<select><noscript><script src=//js.hs-scripts.com/1.js></script>": "html script by src [scripts, older select]",
    "<select><svg><script href=//js.hs-scripts.com/1.js></script>": "svg script by href",
    "<img srcset='x 1x, //track.hubspot.com/1 2x'>": "html img by srcset",
    "<iframe srcdoc='<img src=\"//track.hubspot.com/1\">'></iframe>": "html img by src",
    "<link rel='x preconnect' href=https://js.hs-scripts.com>": "html link by href",
    f"<script>{LOADER % 1}</script>": "html script by text",
    f"<svg><script>{LOADER % 1}</script>": "svg script by text",
    "<img src='/\\track.%68ubspot.com./1'>": "html img by src",
}
#: Documents for which it must report nothing.
DEAD = (
    "<!--<script src=//js.hs-scripts.com/1.js></script>-->",
    f"<script>{LOADER % 1}",
    f"<svg><script>{LOADER % 1}</svg></script>",
    f"<svg><script>{LOADER % 1}<g></script>",
    "<script type=text/plain src=//js.hs-scripts.com/1.js></script>",
    "<template><script src=//js.hs-scripts.com/1.js></script></template>",
    "<svg><img-x src=//js.hs-scripts.com/1.js></svg>",
    "<svg><desc><![CDATA[<img src=//track.hubspot.com/1>]]>",
    "<script>'document.head.append(//js.hs-scripts.com/1.js)'</script>",
    "<noscript><script src=//js.hs-scripts.com/1.js></script></noscript>",
    "<script src=//js.hs-scripts.com.example/1.js></script><img src=//js.usemessages.com/x>",
    "<link rel='preconnect stylesheet' href=//js.hs-scripts.com/1.css>",
)


@pytest.mark.parametrize("source", LIVE)
def test_judge_reports_an_element_that_loads(judge: Judge, source: str) -> None:
    outcome = Outcome(Document(0, "", "utf-8", source.encode()), output=source.encode())
    send([outcome], judge)
    receive([outcome], judge)

    assert [problem[:2] for problem in outcome.problems] == [("live", LIVE[source])]


def test_judge_survives_a_rejected_promise(judge: Judge) -> None:
    source = b"<script>new Promise((a, b) => b(1)); host = 'hubspot'</script>"

    for _ in range(3):
        assert judge.judge([("utf-8", source)])[0].live == []


@pytest.mark.parametrize("source", DEAD)
def test_judge_ignores_an_element_that_does_not_load(judge: Judge, source: str) -> None:
    assert judge.judge([("utf-8", source.encode())])[0].live == []


def test_judge_reports_the_position_of_a_facade(judge: Judge) -> None:
    tail = b"<script data-conf></script>"
    places = {
        tail: [("conf", "html head")],
        b"<p>" + tail: [("conf", "html body p")],
        b"<svg><g>" + tail: [("conf", "in http://www.w3.org/2000/svg: html body svg:svg svg:g")],
        b"<template>" + tail: [("conf", "template")],
        b"<title>" + tail: [],
        b"<frameset>" + tail: [],
    }

    verdicts = judge.judge([("utf-8", source) for source in places])

    assert [verdict.facade for verdict in verdicts] == list(places.values())


def test_judge_decodes_a_document_by_its_encoding(judge: Judge) -> None:
    source = "<p>日本<img src=//track.hubspot.com/1>"

    verdicts = judge.judge([(name, source.encode(name)) for name in ("utf-16le", "iso-2022-jp", "gb18030")])

    assert [len(verdict.live) for verdict in verdicts] == [1, 1, 1]


def test_same_number_makes_the_same_document(judge: Judge) -> None:
    made = [Soup(number).document() for number in range(200)]

    assert made == [Soup(number).document() for number in range(200)]
    assert len(set(made)) == 200
    assert {document.maker for document in made} >= {"suite", "soup", "foreign", "raw text", "spelling", "built"}


def test_difference_is_reduced_to_smallest_document(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.properties.rewritten", lambda document, encoding: document)
    monkeypatch.setattr("tests.fuzz.properties.HTMLRewriter", Careless)
    source = b"<!doctype html><p>text<svg><b><table><td><script src=//js.hs-scripts.com/1.js></script></table>more"
    outcome = outcomes_of([Document(0, "", "utf-8", source)], judge)[0]

    small = smallest(outcome, Problem("live", "html script by src", ""), judge)

    # An element without an end tag is in the tree as well.
    assert small.text == "<script src=//js.hs-scripts.com/1.js>"
    assert small.kind == "live html script by src: <script src=NEEDLE>"
    assert small.limit is None


class Careless:
    """A rewriter that changes nothing."""

    def __init__(self, watch: object, *, charset: str) -> None:
        pass

    def rewrite(self, document: bytes) -> bytes:
        return document

    feed = rewrite

    def close(self) -> bytes:
        return b""


@pytest.mark.parametrize(
    ("feed", "problem"),
    [
        (lambda piece: piece[:-1], ("chunks", "lost")),
        (lambda piece: piece.replace(b"\1", b"\1 "), ("chunks", "different")),
        (lambda piece: 1 // (not piece), ("raises", "ZeroDivisionError: integer division or modulo by zero")),
    ],
    ids=["loses", "differs", "raises"],
)
def test_fault_in_chunked_output_is_reported(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, feed: object, problem: tuple[str, str]
) -> None:
    from consent_middleware.html.rewriter import HTMLRewriter

    original = HTMLRewriter.feed
    monkeypatch.setattr(HTMLRewriter, "feed", lambda self, piece: feed(original(self, piece)))  # type: ignore[operator]

    outcome = outcomes_of([Document(1, "", "utf-8", b"<p><img src=//track.hubspot.com/1.gif>text")], judge)[0]

    assert [found[:2] for found in outcome.problems] == [problem]


def test_every_known_limit_has_a_reason() -> None:
    assert all(len(limit.reason) > 20 for limit in LIMITS.values())


@pytest.mark.parametrize("name", ["live", "chunks", "lost", "raises", "again", "granted"])
def test_only_facade_problems_have_known_limits(name: str) -> None:
    document = Document(0, "", "utf-8", b"<svg></a><select><math>")

    assert Difference(Problem(name, "", ""), document, 0).limit is None
    assert Difference(Problem("facade", "misplaced", ""), document, 0).limit == "open at the end"
    assert Difference(Problem("facade", "missing", ""), document._replace(source=b"<p>"), 0).limit is None
    unfinished = document._replace(source=b"<noscript><iframe srcdoc='></noscript><p>")
    assert Difference(Problem("facade", "missing", ""), unfinished, 0).limit == "unfinished tag"
    frameset = document._replace(source=b"<template></template><frameset>")
    assert Difference(Problem("facade", "lost", ""), frameset, 0).limit == "frameset"


@pytest.mark.parametrize(
    "source",
    [
        b"<svg></h><iframe e='<script>' src=//track.hubspot.com/6 / >",
        b"<math></option><image src=//js.hs-scripts.com/2.js></body><script>",
    ],
    ids=["a blocked script", "a script behind the guard"],
)
def test_extra_edit_in_second_pass_is_a_known_limit(source: bytes) -> None:
    document = Document(0, "", "utf-8", source)

    assert Difference(Problem("again", "", ""), document, 0).limit == "markup in a script"


def test_page_that_keeps_changing_is_no_known_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.kinds.rewritten", lambda page, _: page + b"<p>")
    document = Document(0, "", "utf-8", b"<svg><p>x")

    assert Difference(Problem("again", "", ""), document, 0).limit is None


@pytest.mark.parametrize(
    ("marked", "loses"),
    [
        (b"a\1new\2old\3b", False),
        (b"a\1new\2other\3b", True),
        (b"a\1new\2old\3", True),
        (b"aoldb\4tail\5", False),
        (b"aold\4tail\5b", False),
        (b"aold</svg></template>\4tail\5b", False),
        (b"aold</svg>x\4tail\5b", True),
        (b"aol\4tail\5b", True),
        (b"aold</svg>b", True),
        (b"aol</svg>\4tail\5d</g>\4tail\5b", False),
        (b"aol</svg>\4tail\5dx\4tail\5b", True),
    ],
)
def test_bytes_lost_between_edits_are_reported(marked: bytes, loses: bool) -> None:
    assert marks_of("utf-8").loses(marked, b"aoldb") is loses
    utf16 = marked.decode().encode("utf-16le")
    assert marks_of("utf-16le").loses(utf16, "aoldb".encode("utf-16le")) is loses


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16le"])
def test_guarded_code_of_the_site_is_known(encoding: str) -> None:
    code = LOADER % 2
    source = f"<script>{code.replace('script', 'éscript', 1)}</script>".encode(encoding)
    problem = Problem("live", "html script by text", "")

    assert Difference(problem, Document(0, "", encoding, source), 0).limit == "code of the site's own"
