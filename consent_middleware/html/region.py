"""Reading a region of a document: from one place at which nothing is open to another.

`tree_after` returns the state in which a region leaves the reading, if the watch would not be asked about anything in
it. Most regions are a few tags, and one regular expression sees that they change nothing. Others are read token by
token. Where the prefilter finds something that may be a tag to ask about, they are read as whole documents are, with a
watch that must not be asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
        if may_be_open or gate.candidate_spans(region, questions.encoding, complete=False):
            return _RegionReader(region, state.tree, questions).tree_after()
    return _tree_after_tokens(region, state.tree)


def _tree_after_tokens(region: bytes, state: TreeState) -> TreeState | None:
    """Return the state of the tree after a region without anything to ask about, or None if it is not simple."""
    end = len(region)
    runs = grammar.HEAD_RUN if state.frameset_ok else grammar.SELECT_RUN if state.in_select else grammar.BODY_RUN
    # The first token after a byte order mark changes the state.
    if not state.bom and (found := runs.match(region)) and found.end() == end:
        return state
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
    """

    def __init__(self, region: bytes, state: TreeState, questions: Questions) -> None:
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

    def tree_after(self) -> TreeState | None:
        """Return the state of the tree after the region, or None if it is not simple or the watch would be asked."""
        edits = list(self.edits())
        tokens = self.tokens
        if edits or self.asker.asked or tokens.pos < len(tokens.source):
            return None
        return tree_state(tokens.tree) if self._script.is_done(tokens.pos) and is_simple(tokens) else None
