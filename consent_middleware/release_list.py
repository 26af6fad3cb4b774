"""What the server tells the page's script about the tags that it blocked, so that the script releases no others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .facade.markup import Mark


class ReleasableTag(NamedTuple):
    """One blocked tag that the page's script may release.

    The script finds the element by its `mark`, or, if `text` is true, by counting the scripts without an address. If
    there is neither, it never releases the element.

    Attributes:
        mark: the element's name and its marked attributes.
        text: whether it is an inline script that may be released.
        base: whether a `<base>` comes before it.
        nonce: its nonce.
    """

    mark: Mark = ()
    text: bool = False
    base: bool = False
    nonce: str | None = None

    @property
    def is_script(self) -> bool:
        """Whether it is a script that may be released."""
        return self.text or self.mark[:1] == ("script",)


class ReleaseList(NamedTuple):
    """What the page's script may release.

    Attributes:
        marks: the marks of elements; first those of elements before the page's `<base>`.
        based: how many elements come before the `<base>`; None if all do.
        texts: how many inline scripts have the page's nonce, or none if the page has none.
        bare: how many inline scripts lack it.
    """

    marks: list[Mark]
    based: int | None
    texts: int
    bare: int

    @property
    def size(self) -> int:
        """How many elements may be released."""
        return len(self.marks) + self.texts + self.bare


def release_list(tags: Iterable[ReleasableTag], nonce: str | None) -> ReleaseList:
    """Return what the page's script may release.

    Args:
        tags: the tags, in the document's order.
        nonce: the nonce of the middleware's own scripts in the page.
    """
    marks: dict[Mark, bool] = {}
    texts = bare = 0
    for tag in tags:
        if tag.mark:
            marks.setdefault(tag.mark, tag.base)
        if tag.text:
            if tag.nonce == nonce:
                texts += 1
            else:
                bare += 1
    before = [mark for mark, is_based in marks.items() if not is_based]
    after = [mark for mark, is_based in marks.items() if is_based]
    return ReleaseList(before + after, len(before) if after else None, texts, bare)
