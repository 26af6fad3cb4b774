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

To replace the nonce in a whole page takes longer than to compare the page with a recording. So a recording has its
places, and puts each page's own nonce there. Its other bytes must then have no part of that nonce, which `words_of`
helps to find.
"""

from __future__ import annotations

import re
import secrets
import string
from typing import Final, NamedTuple

from .csp import ContentSecurityPolicy
from .rewrite_result import RewriteResult

#: The fewest characters of a nonce that is replaced, and the most. By CSP Level 3, section 7.1, a nonce has 128 bits or
#: more, which are 22 characters.
MIN_LENGTH: Final = 16
MAX_LENGTH: Final = 128

#: The fewest characters of its longest part that no template escapes.
MIN_PART: Final = 8

_PLAIN_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_WORD: Final = re.compile(rb"[A-Za-z0-9_-]{%d,}" % MIN_PART)
_FIXED: Final = b"Z" + "".join(
    secrets.choice(string.ascii_lowercase + string.digits) for _ in range(MAX_LENGTH - 1)
).encode("ascii")


class PageNonce(NamedTuple):
    """The nonce of one page, and the one that replaces it.

    Attributes:
        own: the nonce of the page.
        fixed: the fixed nonce, which is as long.
        part: the longest part of the own nonce that no template escapes.
    """

    own: bytes
    fixed: bytes
    part: bytes

    @classmethod
    def of(cls, csp: ContentSecurityPolicy) -> PageNonce | None:
        """Return the nonce of a page with these policies, or None if it has none or must keep it."""
        nonce = csp.nonce or ""
        if not MIN_LENGTH <= len(nonce) <= MAX_LENGTH or any("sha" in text.lower() for text in csp.script_sources):
            return None
        part = max(_PLAIN_PART.findall(nonce), key=len, default="").encode("ascii")
        if len(part) < MIN_PART:
            return None
        return cls(nonce.encode("ascii"), _FIXED[: len(nonce)], part)

    def fix_policies(self, csp: ContentSecurityPolicy) -> ContentSecurityPolicy:
        """Return the page's policies with the fixed nonce."""
        own, fixed = self.own.decode("ascii"), self.fixed.decode("ascii")
        sources = tuple(text.replace(own, fixed) for text in csp.script_sources)
        return csp._replace(nonce=fixed, script_sources=sources)

    def fix(self, body: bytes) -> bytes | None:
        """Return the page with the fixed nonce, or None if the page must keep its own.

        Args:
            body: the page, decoded.
        """
        replaced = body.replace(self.own, self.fixed)
        # What is left of a part stands where the whole nonce does not.
        if replaced is body or (self.part != self.own and self.part in replaced):
            return None
        return replaced

    def restore(self, result: RewriteResult) -> RewriteResult:
        """Return the result of rewriting the page with the page's own nonce."""
        return result._replace(page=result.page and result.page.replace(self.fixed, self.own))


def words_of(body: bytes, fixed: bytes) -> bytes:
    """Return the words of a page with the fixed nonce in which the part of another nonce may stand.

    They are few of the page's bytes, so searching them takes little time.
    """
    return b"\n".join({word for text in body.split(fixed) for word in _WORD.findall(text)})
