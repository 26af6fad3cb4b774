"""Reading one document, or the document of a `srcdoc`, for the edits of its tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar, Final

from .asking import TagAsker
from .look_ahead import ScriptLookAhead
from .prefilter import Candidates
from .sweep import TagSweep
from .tags import StartTag
from .token_reader import Kind
from .watch import Edit

#: References to entities, and the attributes by which a tag loads something.
_ENTITY_REFERENCE: Final = re.compile(rb"&([^#&;\t\n\r ][^&;\t\n\r ]*+);")
_ADDRESS_ATTRIBUTES: Final = frozenset({b"src", b"href", b"srcset", b"srcdoc", b"imagesrcset"})


class DocumentReader:
    """Read the tokens of one document, ask about its tags, and yield the edits as spans of the tokenizer's source.

    Attributes:
        asker: asks the watch.
        tokens: the tokenizer.
        sweep: looks at every "<" where it is unknown where tags begin.
        declared: the entities with which an XML document may put an address together.
    """

    #: Whether to leave the rest of a document unread in which the watch would not be asked about anything.
    _skips_plain_rest: ClassVar[bool] = True

    def __init__(self, asker: TagAsker) -> None:
        self.asker = asker
        self.tokens = asker.tokens
        self.sweep = TagSweep(asker.tokens, asker)
        self.declared: frozenset[bytes] = frozenset()
        self._gate = asker.gate
        self._end_markup = asker.end_markup
        self._script = ScriptLookAhead(asker.tokens)
        self._wants_root = not asker.is_nested
        # The source in which candidates are looked for, whether every tag of the elements is one, and where in the
        # source the next script begins, if that is known.
        self._source = b""
        self._is_every_tag_candidate = False
        self._candidates = Candidates(asker.gate, b"", ())
        self._next_script = -1

    def expect(self, source: bytes, *, complete: bool = False) -> bool:
        """Look for candidates in the source that is about to be read.

        Args:
            source: the source.
            complete: whether it is the whole document.

        Returns:
            Whether it has any.
        """
        if self.asker.base.counts or self.declared:
            self._take_every_tag(source, 0)
        else:
            self.take(source, self._gate.candidate_spans(source, self.asker.encoding, complete=complete))
        return self._next_candidate(0) < len(source)

    def take(self, source: bytes, spans: Iterable[tuple[int, int]]) -> None:
        """Take the spans of candidates in the source that is about to be read, as `expect` finds them."""
        self._source = source
        self._candidates = Candidates(self._gate, source, spans)
        self._is_every_tag_candidate = False
        self._next_script = -1

    def _take_every_tag(self, source: bytes, at: int) -> None:
        """Take every tag of the elements from an offset on, as after a `base`."""
        self.take(source, (found.span() for found in self._gate.pattern.finditer(source, at)))
        self._is_every_tag_candidate = True

    def _next_candidate(self, pos: int) -> int:
        """Return where the next start tag may begin that the watch is asked about; the source's end if none is left."""
        if self.asker.base.counts and not self._is_every_tag_candidate:
            self._take_every_tag(self._source, pos)
        start = self._candidates.advance(pos)
        if not self.asker.wants_script:
            return start
        if self._next_script < pos:
            found = self._gate.first.search(self._source, pos)
            self._next_script = found.start() if found else len(self._source)
        return min(start, self._next_script)

    def edits(self) -> Iterator[Edit]:
        """Read as far as the bytes go, and yield the edits in order."""
        tokens, asker, sweep = self.tokens, self.asker, self.sweep
        if self._source is not tokens.source:
            self.expect(tokens.source)
        end = len(tokens.source)
        while True:
            tree = tokens.tree
            had_lost_track = tree.lost_track
            sweeps = had_lost_track or tree.lost_track_without_scripts
            if had_lost_track:
                is_rest_plain = tokens.at_eof and self._next_candidate(tokens.pos) == end
                # Tags before this place have been read, and the watch may still have to be asked about them.
                if is_rest_plain and sweep.look(tokens.pos) and not self._end_markup.is_pending:
                    tokens.skip_rest()
            elif ((tokens.in_html_data and not tree.maybe_foreign) or tokens.in_svg_content) and not self._wants_root:
                start = self._next_candidate(tokens.pos)
                is_rest_plain = tokens.at_eof and start == end and self._skips_plain_rest
                if is_rest_plain and (not sweeps or sweep.look(tokens.pos)) and not self._end_markup.is_pending:
                    tokens.skip_rest()
                if tokens.run(start):
                    # A script that was waited for may be among what was skipped, whole and of no interest.
                    self._script.reset()
            if sweeps and not sweep.look(tokens.pos):
                break
            kind = tokens.next()
            tree = tokens.tree
            sweeps_on = tree.lost_track or tree.lost_track_without_scripts
            loses_track = (sweeps_on and not sweeps) or (tree.lost_track and not had_lost_track)
            if kind is None:
                if loses_track:
                    sweep.begin_at(tokens.pos)
                break
            if loses_track:
                # The token just read is looked at like all that follows.
                sweep.begin_at(tokens.start)
                sweep.look(tokens.start)
            if kind is Kind.START:
                if self._wants_root:
                    self._take_root()
                if tree.is_effective:
                    if not sweeps_on:
                        yield from self._start_tag()
                    elif not tree.lost_track and tokens.name in {b"base", b"script"}:
                        sweep.add(self._start_tag(), tokens.offset)
                if tokens.is_waiting:
                    break
            elif kind is Kind.END:
                if tokens.name == b"body":
                    yield from self._body_end_tag()
            elif tokens.is_withheld:
                edit = Edit(tokens.start, tokens.pos, tokens.replacement)
                if sweeps_on:
                    sweep.add([edit], tokens.offset)
                else:
                    yield edit
        if asker.lost_track:
            sweep.look(tokens.pos - 1)
            yield from sweep.due_edits()

    def _take_root(self) -> None:
        """Pass the root element to the watch, if the first start tag is that of `html`."""
        tokens = self.tokens
        self._wants_root = False
        if tokens.name == b"html":
            raw = tokens.source[tokens.start : tokens.pos]
            self.asker.watch.on_root(StartTag(b"html", raw, xml=tokens.xml, encoding=self.asker.encoding))

    def _start_tag(self) -> Iterator[Edit]:
        """Ask about the start tag just read, and yield its edits."""
        tokens, asker = self.tokens, self.asker
        tree, name, start = tokens.tree, tokens.name, tokens.start
        is_asked = self._gate.is_candidate(name) or (
            asker.wants_script and (name == b"meta" or self._may_have_handler())
        )
        # A base of SVG is not a base element, but a browser's look-ahead takes it for one.
        if not is_asked or (tree.is_svg and name not in {b"script", b"base"} and not tree.maybe_foreign):
            return
        if name == b"script" and tokens.dual_element is not None:
            # A browser that reads this as markup runs no scripts.
            return
        raw = tokens.source[start : tokens.pos]
        edits = list(self._entity_edits(raw)) if self.declared else []
        if not edits:
            is_doubtful = tree.maybe_foreign and name == b"script"
            kinds = (False, True) if is_doubtful else (tree.is_svg and not tree.maybe_foreign,)
            tags = [asker.tag(name, raw, svg=svg) for svg in kinds]
            text = None
            has_text = name == b"script" and self._gate.text_needles is not None
            if has_text and any(map(asker.watch.wants_script_text, tags)):
                text = self._script.text(asker.max_text)
                if tokens.is_waiting:
                    return
            edits += asker.ask(tags, [text] * len(tags))
        for edit in edits:
            yield Edit(start + edit.start, start + edit.end, edit.replacement)

    def _may_have_handler(self) -> bool:
        """Return whether the start tag just read may have an event handler."""
        return self._gate.first.match(self.tokens.source, self.tokens.start, self.tokens.pos) is not None

    def _entity_edits(self, raw: bytes) -> Iterator[Edit]:
        """Yield edits that take from a tag the addresses that are put together from entities."""
        for attribute in StartTag(self.tokens.name, raw, xml=True, encoding=self.asker.encoding).attributes:
            name = attribute.name.rpartition(b":")[2]
            entities = set(_ENTITY_REFERENCE.findall(attribute.value))
            if name in _ADDRESS_ATTRIBUTES and entities & self.declared and self.asker.bail_out():
                yield Edit(*attribute.name_span, b"data-withheld-" + name)

    def _body_end_tag(self) -> Iterator[Edit]:
        """Yield the edit that adds the end markup before the end tag of a body that was just read."""
        tokens = self.tokens
        if tokens.in_html_data and (closing := tokens.closing) is not None:
            if self.asker.lost_track:
                self.sweep.add_body_end(tokens.start, closing)
            else:
                yield from self._end_markup.before_body_end(tokens.start, closing)

    def markup_at_end(self) -> bytes:
        """Return the markup to add at the end of the document."""
        tokens = self.tokens
        closing = tokens.closing
        # A browser ignores an unfinished tag at the end, but would read it with something added after it.
        if closing is None or tokens.truncated or tokens.xml or self.sweep.ends_in_tag:
            return b""
        markup = self._end_markup.at_end()
        return markup and closing + markup


def read_document(asker: TagAsker) -> Iterator[Edit]:
    """Yield the edits of a whole document that the asker's tokenizer has."""
    return DocumentReader(asker).edits()
