"""Pages that differ by their nonce alone, as one page.

A nonce is new in each response, and it stands in many tags of a page. To a cache, no such page would ever come again.
So the nonce is replaced by a fixed one of the same length while a page is rewritten, and put back in the result.

The result is the same as without the replacement: to the rewriter a nonce is an opaque word, which it compares with the
nonce of the policy and copies into its own tags. That holds under these conditions; under any other the page keeps its
nonce, and is not cached:

- The page has the nonce, and nowhere a part of it by itself: a nonce with characters that a template escapes would
  otherwise be found in some tags and not in others.
- No policy allows scripts by their hash: a script's text may have the nonce in it.
- The nonce is long enough that no other word of the page is the same.

The fixed nonce is random, made once in each process, and never sent, so that no page contains it. It begins with its
only capital letter, so that no occurrence of it overlaps another one, or the bytes around it.

An example, with the nonce `r4nd0m` and the fixed nonce `Zxq81k`:

    <script nonce="r4nd0m" src=/a.js>    as the app sent it
    <script nonce="Zxq81k" src=/a.js>    as it is rewritten, and found in the cache
    <script nonce="r4nd0m" src=/a.js>    in the response
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from .csp import ContentSecurityPolicy
from .html.watch import Edit
from .rewrite_result import RewriteResult

#: The fewest characters of a nonce that is replaced, and the most. By CSP Level 3, section 7.1, a nonce has 128 bits or
#: more, which are 22 characters.
MIN_LENGTH: Final = 16
MAX_LENGTH: Final = 128

#: A part of a nonce that no template escapes.
_PLAIN_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_FIXED: Final = "Z" + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(MAX_LENGTH - 1))


class FixedNonce(NamedTuple):
    """A page with the fixed nonce in place of its own.

    Attributes:
        nonce: the nonce of the page.
        fixed: the fixed nonce, which is as long.
        csp: the page's policies with the fixed nonce.
        body: the page with the fixed nonce.
    """

    nonce: str
    fixed: str
    csp: ContentSecurityPolicy
    body: bytes

    @classmethod
    def in_page(cls, csp: ContentSecurityPolicy, body: bytes) -> FixedNonce | None:
        """Return a page with the fixed nonce, or None if the page must keep its own.

        Args:
            csp: the page's policies.
            body: the page, decoded.
        """
        nonce = csp.nonce or ""
        if not MIN_LENGTH <= len(nonce) <= MAX_LENGTH or any("sha" in text.lower() for text in csp.script_sources):
            return None
        own, fixed = nonce.encode("ascii"), _FIXED[: len(nonce)]
        replaced = body.replace(own, fixed.encode("ascii"))
        part = max(_PLAIN_PART.findall(nonce), key=len, default="").encode("ascii")
        # What is left of a part stands where the whole nonce does not.
        if replaced is body or len(part) < MIN_LENGTH // 2 or (part != own and part in replaced):
            return None
        sources = tuple(text.replace(nonce, fixed) for text in csp.script_sources)
        return cls(nonce, fixed, csp._replace(nonce=fixed, script_sources=sources), replaced)

    def restore(self, result: RewriteResult) -> RewriteResult:
        """Return the result of rewriting the page with the page's own nonce."""
        blocked = tuple(replace(tag, nonce=self.nonce) if tag.nonce == self.fixed else tag for tag in result.blocked)
        return result._replace(page=result.page and self._restored(result.page), blocked=blocked)

    def restore_edits(self, edits: Iterable[Edit]) -> list[Edit]:
        """Return edits of the page with the page's own nonce."""
        return [Edit(edit.start, edit.end, self._restored(edit.replacement)) for edit in edits]

    def _restored(self, markup: bytes) -> bytes:
        return markup.replace(self.fixed.encode("ascii"), self.nonce.encode("ascii"))
