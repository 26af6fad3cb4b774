"""The interface between the rewriter and its caller: which tags the caller is asked about, and what it may change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from .prefilter import TagSearch
from .tags import StartTag

BailOut = Literal["withhold", "pass"]


class Edit(NamedTuple):
    """Replace `raw[start:end]` by `replacement`."""

    start: int
    end: int
    replacement: bytes


class TagWatch(Protocol):
    """Decide what to change in one document. The rewriter asks while it reads, and a watch may keep state."""

    search: TagSearch
    """What to look for. In addition, the rewriter asks only about the scripts that `wants_first_script` asks for."""

    @property
    def has_end_markup(self) -> bool:
        """Whether `end_markup` would return markup for what was edited so far."""
        ...

    def wants_first_script(self, *, nested: bool) -> bool:
        """Return whether to ask about the next script, whatever its address and text are.

        The rewriter then also asks about `meta` elements that may contain a policy, and about event handlers. It calls
        this method when a document begins and after each of these tags.

        Args:
            nested: whether the document is in a `srcdoc`.
        """
        ...

    def on_root(self, tag: StartTag) -> None:
        """Receive the `html` start tag, if it is the first tag of the document."""
        ...

    def wants_script_text(self, tag: StartTag) -> bool:
        """Return whether the text of a script matters.

        If so, the tag is buffered until its element ends or has `MAX_TEXT` bytes, and `start_tag` is called with
        `tag.text`.
        """
        ...

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits of a start tag, sorted and without overlap; an empty sequence leaves the tag as it is."""
        ...

    def end_markup(self) -> bytes:
        """Return what to add before `</body>` or at the end of the document; empty to add nothing.

        The rewriter calls this method before each `</body>` that follows an edit and at the end of the document, until
        it returns something; once more at the end of the document if edits follow that. The markup is never added in
        raw text, a comment, a tag, a template or foreign content: at the end of the document these are closed before
        it. In XML it is never added after the root element.
        """
        ...
