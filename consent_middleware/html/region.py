"""Reading a region of a document: from one place at which nothing is open to another.

`tree_after` returns the state in which a region leaves the reading, if the watch would not be asked about anything in
it. Most regions are a few tags, and one regular expression sees that they change nothing. Others are read token by
token. Where the prefilter finds something that may be a tag to ask about, they are read as whole documents are, with a
watch that must not be asked.

Most differences are a word: a token, a name, a number. `AnyWord` is a region in which only that has to be looked at:

    <meta name=csrf-token content="A1B2C3">       all bytes but A1B2C3 have to be the same

In a region that changes nothing, and of which the watch is asked nothing, a word in a text or in a quoted value can be
any other one. It has no byte that ends a text or a value, so the tokenizer reads the same tags, with the same names of
elements and attributes. What the watch may be asked about depends on those, and a region that has such an element is no
`AnyWord`. There is one exception: a `meta` element counts as the first script if its value names a policy.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from . import grammar
from .asking import TagAsker
from .prefilter import HTML_SCRIPT_BEGIN, Prefilter, TagSearch
from .reader import DocumentReader, read_document
from .tags import StartTag
from .token_reader import TokenReader
from .tokenizer import Tokenizer
from .tree import Tree
from .watch import Edit

#: The beginning of an end tag of a body, before which the watch may add markup.
BODY_END: Final = re.compile(rb"</[bB][oO][dD][yY]")
#: The bytes of a word: printable, and neither part of markup nor of a reference, nor a quotation mark.
_WORD: Final = bytes(byte for byte in range(0x20, 0x7F) if byte not in b"<>&\"'`")
#: A tag that everybody reads alike, or a text.
_TAG_OR_TEXT: Final = grammar.pattern(rf"(</?+ [a-zA-Z][a-zA-Z0-9-]*+ {grammar.SIMPLE_ATTRIBUTES}) | [^<]++")
#: A quoted value in such a tag.
_QUOTED: Final = re.compile(rb"\"[^\"]*+\"|'[^']*+'")
_META: Final = re.compile(rb"<meta", re.IGNORECASE)
_FOREIGN: Final = re.compile(rb"<(?:svg|math)", re.IGNORECASE)


class TreeState(NamedTuple):
    """The state of a `Tree` in which nothing is open and nothing doubtful; see there."""

    in_select: bool
    in_frameset: bool
    frameset_ok: bool
    is_misnested: bool
    bom: bytes


class ReadingState(NamedTuple):
    """What determines how the rest of a document is read, at a checkpoint.

    Attributes:
        asked: how many tags the watch was asked about so far.
        edits: how many edits were made so far.
        wants_script: whether the watch wants to be asked about the next script.
        base_counts: whether a base address may turn any other address into a vendor's.
        tree: the state of the simulated tree.
    """

    asked: int
    edits: int
    wants_script: bool
    base_counts: bool
    tree: TreeState


class Questions(NamedTuple):
    """What a watch may be asked about in a document.

    Attributes:
        search: what the watch looks for.
        gate: the prefilter for it.
        encoding: the encoding of the document.
        max_text: how many bytes an inline script may have to be read.
    """

    search: TagSearch
    gate: Prefilter
    encoding: str
    max_text: int

    @classmethod
    def of(cls, asker: TagAsker) -> Questions:
        """Return what this asker may ask its watch about."""
        return cls(asker.watch.search, asker.gate, asker.encoding, asker.max_text)


class AnyWord(NamedTuple):
    """A region in which one text may be any word.

    Attributes:
        before: the bytes before the word.
        after: the bytes after it.
        first: what must not be found in it, in a region with a `meta` element before the first script; otherwise None.
    """

    before: bytes
    after: bytes
    first: re.Pattern[bytes] | None

    @classmethod
    def of(cls, old: bytes, new: bytes, state: ReadingState, questions: Questions) -> AnyWord | None:
        """Return the region whose word differs in two regions, or None if more differs, or the word may matter.

        Args:
            old: the one region, about which the watch was not asked.
            new: the other one.
            state: the reading state before it.
            questions: what the watch may be asked about.
        """
        before = _common_start(old, new).rstrip(_WORD)
        start = len(before)
        after = _common_start(old[start:][::-1], new[start:][::-1])[::-1].lstrip(_WORD)
        end = len(old) - len(after)
        may_be_first = state.wants_script and _META.search(old) is not None
        found = cls(before, after, questions.gate.first if may_be_first else None)
        is_inside = any(first <= start and end <= last for first, last in _texts_and_values(old))
        is_plain = questions.gate.pattern.search(old) is None and _changes_nothing(old, state.tree)
        return found if is_inside and is_plain and found.fits(new) else None

    def fits(self, region: bytes) -> bool:
        """Return whether a region is this one with another word."""
        before, after, first = self
        end = len(region) - len(after)
        return (
            len(before) <= end
            and region.startswith(before)
            and region.endswith(after)
            and not region[len(before) : end].translate(None, _WORD)
            and (first is None or first.search(region) is None)
        )


def _common_start(one: bytes, other: bytes) -> bytes:
    """Return the bytes with which both begin."""
    shorter = range(min(len(one), len(other)))
    return one[: bisect_left(shorter, True, key=lambda index: one[: index + 1] != other[: index + 1])]


def _texts_and_values(region: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the texts and the quoted values of a region begin and end, up to the first tag that is not simple."""
    found = _TAG_OR_TEXT.match(region)
    while found is not None:
        if found[1] is None:
            yield found.span()
        else:
            yield from ((value.start() + 1, value.end() - 1) for value in _QUOTED.finditer(region, *found.span()))
        found = _TAG_OR_TEXT.match(region, found.end())


def is_simple(tokens: TokenReader) -> bool:
    """Return whether nothing is open and nothing doubtful that the next bytes depend on."""
    tree = tokens.tree
    doubtful = tree.maybe_foreign or tree.maybe_open or tree.lost_track or tree.lost_track_without_scripts
    return tokens.in_html_data and not doubtful


def tree_state(tree: Tree) -> TreeState:
    """Return the state of a tree in which nothing is open and nothing doubtful."""
    return TreeState(tree.in_select, tree.in_frameset, tree.frameset_ok, tree.is_misnested, tree.bom)


def tree_after(region: bytes, state: ReadingState, questions: Questions) -> TreeState | None:
    """Return the state of the tree after a region, or None if the watch would be asked about anything in it.

    It is also None if something is open or in doubt after the region.

    Args:
        region: the bytes of the region, without an escape character.
        state: the reading state before it.
        questions: what the watch may be asked about.
    """
    gate = questions.gate
    if BODY_END.search(region) or (state.wants_script and gate.first.search(region)):
        return None
    if gate.pattern.search(region) is not None:
        # With a base address, each address counts.
        if state.base_counts:
            return None
        # The text of a script in foreign content may end behind the region.
        may_be_open = _FOREIGN.search(region) is not None and HTML_SCRIPT_BEGIN.search(region) is not None
        spans = [] if may_be_open else gate.candidate_spans(region, questions.encoding, complete=False)
        if may_be_open or spans:
            return _RegionReader(region, state.tree, questions, spans).tree_after()
    return _tree_after_tokens(region, state.tree)


def _changes_nothing(region: bytes, state: TreeState) -> bool:
    """Return whether a region leaves the tree as it is; false if it takes more than one pattern to tell."""
    runs = grammar.HEAD_RUN if state.frameset_ok else grammar.SELECT_RUN if state.in_select else grammar.BODY_RUN
    # The first token after a byte order mark changes the state.
    return not state.bom and runs.fullmatch(region) is not None


def _tree_after_tokens(region: bytes, state: TreeState) -> TreeState | None:
    """Return the state of the tree after a region without anything to ask about, or None if it is not simple."""
    if _changes_nothing(region, state):
        return state
    end = len(region)
    tokens = _tokenizer(region, state)
    while tokens.pos < end:
        if is_simple(tokens) and tokens.run(end) and tokens.pos == end:
            break
        if tokens.next() is None:
            return None
    return tree_state(tokens.tree) if is_simple(tokens) else None


def _tokenizer(region: bytes, state: TreeState) -> Tokenizer:
    """Return a tokenizer at the beginning of a region."""
    tokens = Tokenizer()
    tree = tokens.tree
    tree.in_select, tree.in_frameset, tree.frameset_ok, tree.is_misnested, tree.bom = state
    tokens.feed(region)
    return tokens


class _MustNotBeAsked:
    """The watch of a region. It wants each script's text, so that the prefilter looks at it."""

    has_end_markup = False
    #: Returns no bytes.
    end_markup = bytes

    def __init__(self, search: TagSearch) -> None:
        self.search = search

    def wants_first_script(self, *, nested: bool) -> bool:  # noqa: ARG002
        """Return false: the region has none for which anything waits."""
        return False

    def on_root(self, tag: StartTag) -> None:
        """Receive nothing."""

    def wants_script_text(self, tag: StartTag) -> bool:  # noqa: ARG002
        """Return true."""
        return True

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:  # noqa: ARG002
        """Return no edits."""
        return ()


class _RegionReader(DocumentReader):
    """Read a region as a whole document is read, to see that the watch would not be asked about anything in it.

    Args:
        region: the region.
        state: the state of the tree before it.
        questions: what the watch may be asked about.
        spans: the spans of its candidates; none if they are not known yet.
    """

    def __init__(self, region: bytes, state: TreeState, questions: Questions, spans: Sequence[tuple[int, int]]) -> None:
        asker = TagAsker(
            _MustNotBeAsked(questions.search),
            questions.gate,
            _tokenizer(region, state),
            bool,  # only what is in a tag that is asked about cannot be read
            read_document,
            max_text=questions.max_text,
            encoding=questions.encoding,
        )
        super().__init__(asker)
        self._wants_root = False
        if spans:
            self.take(self.tokens.source, spans)

    def tree_after(self) -> TreeState | None:
        """Return the state of the tree after the region, or None if it is not simple or the watch would be asked."""
        edits = list(self.edits())
        tokens = self.tokens
        if edits or self.asker.asked or tokens.pos < len(tokens.source):
            return None
        return tree_state(tokens.tree) if self._script.is_done(tokens.pos) and is_simple(tokens) else None
