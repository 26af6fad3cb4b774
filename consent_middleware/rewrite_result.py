"""The result of rewriting one body, as a value that the engine can cache and the exchange can read."""

from __future__ import annotations

from typing import NamedTuple

from .purpose import Purpose


class BlockedTag(NamedTuple):
    """One tag that waits for consent.

    Attributes:
        rule: the id of the rule that fits the tag.
        purpose: the purpose for which it waits.
        kind: the kind of an embed, or an empty string.
        src: the address that it loads, if that is known.
    """

    rule: str
    purpose: Purpose
    kind: str = ""
    src: str = ""


class RewriteResult(NamedTuple):
    """The result of rewriting one body to its end, or as far as it can be read.

    Attributes:
        page: the new bytes, if they are one piece and differ from the old ones. None: the body stays as it is, or was
            sent in chunks.
        blocked: the blocked tags, in the document's order.
        bail_outs: how many tags were too long to buffer.
        needs_own_scripts: whether the page contains a script of the middleware without a nonce.
        is_page: whether a browser reads the body as a page. False for a body without a type, if its first bytes are not
            those of a page.
        loader: the rule of the first blocked loader that comes with the vendor's banner, or None.
    """

    page: bytes | None
    blocked: tuple[BlockedTag, ...]
    bail_outs: int
    needs_own_scripts: bool
    is_page: bool = True
    loader: str | None = None
