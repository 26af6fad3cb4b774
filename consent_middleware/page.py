"""Rewrite the body of one page.

A body takes these steps: decode, rewrite, encode. A `BodyRewriter` takes them chunk by chunk. `rewrite_page` takes them
for a whole body, and asks the engine's cache before it decodes and again before it rewrites.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

from . import mime
from .blocking import TagBlocker
from .coding import CodingError, Decoder, Encoder, decode_prefix
from .engine import Engine
from .html.incremental import Recording
from .html.rewriter import HTMLRewriter
from .nonce import PageNonce, words_of
from .page_cache import checksum_of
from .page_context import PageContext
from .plan import Plan
from .recordings import RecordedPage, keys_of
from .rewrite_result import BlockedTag, RewriteResult

#: The most bytes of a whole compressed body that are decoded at once. A longer one is decoded in chunks.
MAX_WHOLE = 1 << 22

#: What a blocked tag in a result takes besides its address, in bytes.
_BLOCKED_TAG_BYTES = 512


def rewrite_page(engine: Engine, plan: Plan, context: PageContext, path: str, body: bytes) -> RewriteResult:
    """Return the result of rewriting a whole body, without reading it if the same or a similar one has come before.

    Args:
        engine: the engine.
        plan: the plan for the request.
        context: everything else that the result depends on.
        path: the path of the page; it only says which page may be similar.
        body: the body as the app sent it.
    """
    if not context.codings:
        return _rewrite_plain(engine, plan, context, path, body)
    # An app may compress the same page to other bytes each time. With a nonce, it never comes again.
    cache = engine.pages if context.csp.nonce is None else None
    result = cache.get(context, body) if cache else None
    if result is not None:
        return result
    decoded = _decoded(body, context.codings)
    if decoded is None:
        rewriter = BodyRewriter(engine, plan, context)
        result = rewriter.rewrite(body)
        if rewriter.is_broken:
            # This is noted each time.
            return result
    else:
        result = _rewrite_plain(engine, plan, context._replace(codings=()), path, decoded)
        if result.page is not None:
            result = result._replace(page=Encoder(*context.codings).close(result.page))
    if cache:
        cache.put(context, body, checksum_of(body), result, _size(context, result))
    return result


def _rewrite_plain(engine: Engine, plan: Plan, context: PageContext, path: str, body: bytes) -> RewriteResult:
    """Return the result of rewriting a body without a content coding, with the caches of the engine."""
    if context.csp.nonce is not None:
        return _rewrite_with_nonce(engine, plan, context, path, body)
    result = engine.pages.get(context, body)
    if result is not None:
        return result
    keys = keys_of(context, path, body)
    return engine.recordings.find(keys, context, body) or _rewrite_new(engine, plan, context, keys, body)


def _rewrite_with_nonce(engine: Engine, plan: Plan, context: PageContext, path: str, body: bytes) -> RewriteResult:
    """Return the result of rewriting a body whose policy names a nonce, with the caches of the engine."""
    nonce = PageNonce.of(context.csp)
    if nonce is not None:
        fixed = context._replace(csp=nonce.fix_policies(context.csp))
        keys = keys_of(fixed, path, body, nonce)
        similar = engine.recordings.find(keys, fixed, body, nonce)
        if similar is not None:
            return similar
        page = nonce.fix(body)
        if page is not None:
            result = engine.pages.get(fixed, page)
            return nonce.restore(result or _rewrite_new(engine, plan, fixed, keys, page, nonce))
    return BodyRewriter(engine, plan, context).rewrite(body)


def _rewrite_new(
    engine: Engine,
    plan: Plan,
    context: PageContext,
    keys: Sequence[int],
    body: bytes,
    nonce: PageNonce | None = None,
) -> RewriteResult:
    """Return the result of reading a body in full, and let the caches keep what they want of it.

    Args:
        engine: the engine.
        plan: the plan for the request.
        context: everything else that the result depends on.
        keys: the keys of the page.
        body: the body, with the fixed nonce if it has a nonce.
        nonce: the page's nonce.
    """
    cache, recordings = engine.pages, engine.recordings
    checksum = checksum_of(body)
    rewriter = BodyRewriter(engine, plan, context)
    # A page with a nonce is compared sooner than it is found in the cache, which needs the fixed nonce.
    recurs = nonce is None and cache.recurs(body, checksum)
    if not recurs and recordings.wants(keys, len(body)):
        result, recording = rewriter.rewrite_and_record(body, nonce.fixed if nonce else b"")
        if recording is not None:
            words = words_of(body, nonce.fixed) if nonce else b""
            recorded = RecordedPage(context, recording, result._replace(page=None), words)
            recordings.put(keys, recorded, recording.size + len(words) + _size(context, recorded.result))
            if nonce is not None:
                return result
    else:
        result = rewriter.rewrite(body)
    cache.put(context, body, checksum, result, _size(context, result))
    return result


def _size(context: PageContext, result: RewriteResult) -> int:
    """Return how many bytes a result takes with its context. A visitor may choose the mount; a host is short."""
    size = len(context.asset_url) + len(context.links.mount) + len(result.page or b"")
    size += sum(len(address or "") for _, address in context.links.chosen)
    return size + sum(_BLOCKED_TAG_BYTES + 4 * len(tag.src) for tag in result.blocked)


def _decoded(body: bytes, codings: Sequence[bytes]) -> bytes | None:
    """Return a coded body decoded, or None if it is longer than `MAX_WHOLE`, truncated or broken."""
    decoder = Decoder(*codings)
    pieces: list[bytes] = []
    left = MAX_WHOLE
    try:
        for piece in chain(decoder.feed(body), decoder.close()):
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                return None
    except CodingError:
        return None
    return b"".join(pieces) if decoder.complete else None


class SniffingRewriter:
    """A rewriter for a body whose first bytes decide whether it is a page. It buffers them until that is decided.

    Args:
        make_rewriter: returns the rewriter for a page, given whether the page is XML (`xml`).
        sniff: returns the essence of the page that the first bytes begin, b"" if they begin none, or None if it takes
            more bytes to tell.
    """

    __slots__ = ("_buffer", "_essence", "_make_rewriter", "_rewriter", "_sniff")

    def __init__(self, make_rewriter: Callable[..., HTMLRewriter], sniff: Callable[..., bytes | None]) -> None:
        self._make_rewriter = make_rewriter
        self._sniff = sniff
        self._buffer = b""
        #: The rewriter, if the body is a page.
        self._rewriter: HTMLRewriter | None = None
        #: The last result of `sniff`.
        self._essence: bytes | None = None

    @property
    def is_page(self) -> bool:
        """Whether the body is a page, or may still be one."""
        return self._essence != b""

    @property
    def changed(self) -> bool:
        """Whether any byte was changed so far."""
        return self._rewriter is not None and self._rewriter.changed

    @property
    def bail_outs(self) -> int:
        """How many tags were too long to buffer."""
        return self._rewriter.bail_outs if self._rewriter else 0

    def _decide(self, start: bytes, *, complete: bool) -> bool:
        """Return whether the start of the body is enough to decide what the body is.

        Args:
            start: the first bytes.
            complete: whether they are the whole body.
        """
        self._essence = self._sniff(start, complete=complete)
        if self._essence:
            self._rewriter = self._make_rewriter(xml=self._essence == mime.XHTML)
        return self._essence is not None

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes to send for a chunk, possibly none."""
        if self._essence is None:
            self._buffer += chunk
            if not self._decide(self._buffer, complete=False):
                return b""
            chunk = self._buffer
        return self._rewriter.feed(chunk) if self._rewriter else chunk

    def close(self) -> bytes:
        """Return the last bytes to send."""
        out = b""
        if self._essence is None:
            self._decide(self._buffer, complete=True)
            out = self._rewriter.feed(self._buffer) if self._rewriter else self._buffer
        return out + (self._rewriter.close() if self._rewriter else b"")

    def rewrite(self, document: bytes) -> bytes:
        """Return the bytes to send for a whole body."""
        self._decide(document, complete=True)
        return self._rewriter.rewrite(document) if self._rewriter else document


class BodyRewriter:
    """Decode, rewrite and encode one body, chunk by chunk or as a whole."""

    __slots__ = (
        "_blocker",
        "_codings",
        "_has_decoded",
        "_loader_among",
        "_notices",
        "_recoding",
        "_rewriter",
        "is_broken",
    )

    def __init__(self, engine: Engine, plan: Plan, context: PageContext) -> None:
        kind = context.kind
        self._blocker = TagBlocker(
            engine,
            plan,
            context.asset_url,
            context.csp.nonce,
            context.authority,
            context.offers_chat,
            context.elsewhere,
            language=context.language,
            csp=context.csp,
            links=context.links,
            # A browser looks for a `meta` element with the encoding in the first 1,024 bytes only (HTML, section
            # 13.2.3.2), so the guard must not push it out of them.
            inline=kind.charset is not None,
        )
        make_rewriter = partial(
            HTMLRewriter,
            self._blocker,
            charset=kind.charset,
            max_buffer=engine.policy.limits["tag_bytes"],
            on_bail_out=engine.policy.on_long_tag,
        )
        sniff = partial(mime.sniff_data, essence=kind.essence) if kind.fetched else mime.sniff
        self._rewriter: HTMLRewriter | SniffingRewriter = (
            SniffingRewriter(make_rewriter, sniff) if kind.sniffs else make_rewriter(xml=kind.essence == mime.XHTML)
        )
        self._notices = engine.notices
        self._loader_among = engine.loader_among
        self._codings = context.codings
        self._recoding = (Decoder(*self._codings), Encoder(*self._codings)) if self._codings else None
        #: Whether a coded body could not be decoded to its end.
        self.is_broken = False
        #: Whether any of a coded body could be decoded.
        self._has_decoded = False

    @property
    def blocked(self) -> tuple[BlockedTag, ...]:
        """The tags that were blocked so far, in the document's order."""
        return tuple(self._blocker.blocked)

    def result(self, page: bytes | None = None) -> RewriteResult:
        """Return the result, once the body has ended.

        Args:
            page: the new bytes, if they are one piece.
        """
        needs_own_scripts = (self._rewriter.changed or self.is_broken) and not self._blocker.has_nonce
        is_page = self._rewriter.is_page if isinstance(self._rewriter, SniffingRewriter) else True
        return RewriteResult(
            page, self.blocked, self._rewriter.bail_outs, needs_own_scripts, is_page, self._loader_among(self.blocked)
        )

    def rewrite(self, body: bytes) -> RewriteResult:
        """Return the result for a whole body."""
        out = self.feed(body) + self.close() if self._recoding else self._rewriter.rewrite(body)
        return self.result(out if self._rewriter.changed or self.is_broken else None)

    def rewrite_and_record(self, body: bytes, nonce: bytes) -> tuple[RewriteResult, Recording | None]:
        """Return the result for a whole body without a content coding, and a recording of it, if there can be one.

        Args:
            body: the body.
            nonce: the fixed nonce, which stands in the body; b"" if it has none.
        """
        if isinstance(self._rewriter, SniffingRewriter):
            return self.rewrite(body), None
        out, recording = self._rewriter.rewrite_and_record(body, nonce)
        return self.result(out if self._rewriter.changed else None), recording

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes to send for a chunk, possibly none."""
        if not self._recoding:
            return self._rewriter.feed(chunk)
        if self.is_broken:
            return b"" if self._has_decoded else chunk
        decoder, encoder = self._recoding
        out: list[bytes] = []
        try:
            out += self._recoded(decoder.feed(chunk), encoder)
        except CodingError as error:
            out += self._break(chunk, error, encoder)
        return b"".join(out)

    def close(self) -> bytes:
        """Return the last bytes to send."""
        if self.is_broken:
            return b""
        return self._end(*self._recoding) if self._recoding else self._rewriter.close()

    def _recoded(self, pieces: Iterable[bytes], encoder: Encoder) -> Iterator[bytes]:
        """Yield decoded pieces rewritten and encoded.

        Raises:
            CodingError: if `pieces` raises it.
        """
        for piece in pieces:
            self._has_decoded = True
            yield encoder.feed(self._rewriter.feed(piece))

    def _break(self, chunk: bytes, error: CodingError, encoder: Encoder) -> Iterator[bytes]:
        """Yield the last bytes of a body that cannot be decoded any further.

        A browser shows every byte that it can decode, and ignores a wrong checksum. So those bytes are rewritten, and
        the body ends after them. If there are none, the app's bytes are sent as they are.
        """
        self.is_broken = True
        self._notices.note("broken-coding", f"a compressed HTML body could not be decoded: {error}")
        if not self._has_decoded:
            yield from self._recoded(decode_prefix(self._codings, chunk), encoder)
        if not self._has_decoded:
            yield chunk

    def _end(self, decoder: Decoder, encoder: Encoder) -> bytes:
        """Return the last bytes of a coded body."""
        out: list[bytes] = []
        try:
            out += self._recoded(decoder.close(), encoder)
        except CodingError as error:
            return b"".join([*out, *self._break(b"", error, encoder)])
        # A body that the app has truncated must not end like a complete one.
        if decoder.complete:
            out.append(encoder.close(self._rewriter.close()))
        return b"".join(out)
