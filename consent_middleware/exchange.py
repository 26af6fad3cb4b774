"""One request and its response, without I/O: bytes in, bytes out. Every gateway's adapter drives an `Exchange`.

Knows: the order of things: plan, request head, response head, body.
Must not know: WSGI, ASGI, frameworks, sockets, files, vendors.

An adapter
1. builds an `Exchange` from the request's head and sends `answer`, if there is one;
2. calls the app with `request_headers`;
3. gives what the app says before its response to `filter_early_hints`;
4. gives the response's head to `start`;
5. if `rewrites` is true, gives the body to `rewrite_whole` where it has all of it, and else sends `head`, gives
   every piece of body to `feed` and ends with `close`; if not, sends `head` and passes the body through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import NamedTuple

from . import endpoint, mime
from .addresses import FIELDS, filter_addresses
from .blocking import TagBlocker
from .caching import mark_validators, request_for_app, vary_per_visitor
from .coding import CODINGS, MAX_CODINGS, CodingError, Decoder, Encoder, decode_prefix
from .cookies import Cookies, expire_cookies, filter_set_cookie, hide_cookies
from .csp import CSP_FIELDS, NO_POLICY, ContentSecurityPolicy
from .engine import Engine
from .headers import (
    LONGEST_HOST,
    Headers,
    for_changed_body,
    is_for_script,
    is_navigation,
    may_want_html,
    normalize_head,
    values,
)
from .html.rewriter import HTMLRewriter
from .links import filter_links
from .plan import Plan
from .purpose import Purpose
from .recognition import hint_purpose, purpose_of_url
from .release_list import BlockedTag
from .sources import Signals

#: RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5: a response with one of these has no content.
_NO_CONTENT = frozenset({204, 205, 304})

#: Fields that are looked at in every response, whatever it is.
_FILTERED = FIELDS | {b"set-cookie", b"link"}

_CODED = b"content-encoding"

#: The codings that browsers undo, those of shared dictionaries (RFC 9842) included.
BROWSERS_READ = frozenset({b"gzip", b"x-gzip", b"deflate", b"br", b"zstd", b"dcb", b"dcz"})

#: How much of a compressed body that is at hand is decoded at once, in bytes. A page beyond it is read in pieces.
MAX_WHOLE = 1 << 22


class RequestHead(NamedTuple):
    """A request as the core sees it.

    `path` is decoded and below `mount`, the prefix at which the app hangs, percent-encoded ("" at the root). `headers`
    are pairs of bytes; names may come in any letter case.
    """

    method: str
    path: str
    mount: str
    headers: Sequence[tuple[bytes, bytes]]


class Exchange:
    """One request and its response. Use one for each request, from one thread at a time."""

    __slots__ = (
        "_body",
        "_cookies",
        "_engine",
        "_fields",
        "_head",
        "_headers",
        "_outcome",
        "_own_condition",
        "_page",
        "_page_plan",
        "_plain",
        "_request",
        "_signals",
        "answer",
        "length",
        "plan",
        "request_headers",
    )

    def __init__(self, engine: Engine, request: RequestHead) -> None:
        policy = engine.policy
        method, path, _, given = request
        self._headers, self._fields = headers, fields = normalize_head(given)
        self._engine = engine
        self._request = request
        if len(fields) == len(headers):
            self._cookies = Cookies((fields[b"cookie"],) if b"cookie" in fields else ())
        else:
            self._cookies = Cookies(values(headers, b"cookie"))
        self._signals = Signals(self._cookies, headers, method, path)
        #: The decision for this request. An app may read it, for example to choose a template.
        self.plan = engine.plan(self._signals)
        #: What a page is made from: the visitor's plan, or one and the same for all.
        self._page_plan = engine.shared_page_plan if policy.cacheable else self.plan
        #: The middleware's own response, or None where the app is to be called.
        self.answer = (
            endpoint.answer(engine, method, path, self.plan, self._cookies, self._host, self._accepted)
            if path.startswith(policy.path)
            else None
        )
        #: The request head for the app: the very same object, or a copy where it differs, so that what stands outside
        #: sees the original.
        seen, self._own_condition = request_for_app(
            headers, fields, self._variant, CODINGS, rewrites=self._touches_html
        )
        if policy.hide_cookies and self._cookies.raw:
            seen = hide_cookies(seen, engine.cookies.blocked(self.plan))
        self.request_headers = given if seen is headers else seen
        #: What the app has declared as its body's length in a started response, or None.
        self.length: bytes | None = None
        #: The head of a started response whose body may prove to be no page; None where that is known.
        self._plain: Headers | None = None
        #: From what a started response's page is made; None where it passes through.
        self._page: PageContext | None = None
        self._body: BodyRewriter | None = None
        self._outcome: RewriteResult | None = None

    def _touches_html(self) -> bool:
        return self._page_plan.touches_html or self._engine.policy.withdrawal == "at-once"

    def _variant(self) -> bytes:
        """Return the text that tells this variant of the app's page from the others."""
        everyone = "all-" if self._engine.policy.cacheable else ""
        chosen = f"-{self._language}" if self._language != self._engine.language else ""
        return f"{everyone}{self._page_plan.variant}-{self._engine.fingerprint}{chosen}".encode("ascii")

    @property
    def _language(self) -> str | None:
        """The language of the facade's words: a page that is the same for all cannot choose it by the request."""
        engine = self._engine
        return engine.language if engine.policy.cacheable else engine.language_of(self._signals)

    @property
    def rewrites(self) -> bool:
        """Whether the body of the started response must go through `rewrite_whole`, or `feed` and `close`."""
        return self._page is not None

    @property
    def head_depends_on_body(self) -> bool:
        """Whether the started response's head is better sent once some of its body is there."""
        return self.rewrites and (self.length is not None or self._plain is not None)

    @property
    def blocked(self) -> Sequence[BlockedTag]:
        """The tags that have been held so far, in document order."""
        if self._outcome is not None:
            return self._outcome.held
        return self._body.held if self._body else ()

    def filter_early_hints(self, headers: Headers) -> Headers:
        """Return the fields that may be sent in a head before the response (RFC 8297)."""
        return self._filtered(headers, self.plan)

    def start(self, status: int, headers: Headers) -> None:
        """Take the response's head. Called again for a response that replaces one not sent yet, it begins afresh."""
        self._body = self._page = self._outcome = None
        self._head = self._response_head(status, headers)

    @property
    def head(self) -> Headers:
        """The head to send of the started response where its body goes out piece by piece.

        Where the response passes through as it is, this is the very object that `start` was given.
        """
        return for_changed_body(self._head, None) if self._page else self._head

    def rewrite_whole(self, body: bytes) -> tuple[Headers, bytes]:
        """Head and body of a started response whose whole body is `body`, where the head has not been sent.

        The length is exact, and head and body are the app's own where nothing in them changes.
        """
        if self._page is None:
            return self._head, body
        if not body and self._request.method == "HEAD":
            # The head speaks of the body that GET would get, whose length is not known here (RFC 9110, section 8.6).
            return for_changed_body(self._head, None), body
        outcome = self._outcome = rewrite_page(self._engine, self._page_plan, self._page, body)
        self._log_result(outcome)
        if self._plain is not None and not outcome.is_page:
            return self._plain, body
        if outcome.page is None:
            return self._head, body
        return for_changed_body(self._head, len(outcome.page)), outcome.page

    def whole(self, status: int, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        """Head and body of a response whose body is at hand: `start` and `rewrite_whole` in one."""
        self.start(status, headers)
        return self.rewrite_whole(body)

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes to send for a chunk of the body; they may be empty."""
        return self._body_rewriter(self._page).feed(chunk) if self._page else chunk

    def close(self) -> bytes:
        """Return the last bytes of the body."""
        if self._page is None:
            return b""
        body = self._body_rewriter(self._page)
        out = body.close()
        self._outcome = body.outcome()
        self._log_result(self._outcome)
        return out

    def _body_rewriter(self, frame: PageContext) -> BodyRewriter:
        """Return the rewriter of a body that comes in pieces. The first call creates it."""
        if self._body is None:
            self._body = BodyRewriter(self._engine, self._page_plan, frame)
        return self._body

    def _filtered(self, headers: Headers, plan: Plan) -> Headers:
        withheld = self._engine.cookies.blocked(plan)
        kept = filter_links(filter_set_cookie(headers, withheld), lambda *link: self._is_early(plan, *link))
        kept = filter_addresses(kept, lambda url: _waits(plan, purpose_of_url(self._engine, url)))
        return headers if kept == headers else kept

    def _response_head(self, status: int, headers: Headers) -> Headers:
        """Return the head to send if the body stays as it is, and set `_page` if the body may change."""
        names = {name.lower(): value for name, value in headers}
        self.length = names.get(b"content-length")
        self._plain = None
        kind = self._page_type(status, headers, names)
        page = kind is not None or (status == 304 and self._own_condition)
        # What is the same for every visitor may be stored for every visitor, its cookies and links included.
        plan = self._page_plan if page else self.plan
        head = headers if _FILTERED.isdisjoint(names) else self._filtered(headers, plan)
        if not page:
            return head
        if kind is not None and kind.sniffs:
            self._plain = headers if _FILTERED.isdisjoint(names) else self._filtered(headers, self.plan)
        if self._engine.policy.cacheable:
            head = mark_validators(head, self._variant)
        else:
            head = vary_per_visitor(head, self._variant, (b"Cookie", *self._engine.vary))
            if ended := self._engine.cookies.to_expire(self.plan, self._cookies):
                # The browser still holds them against a refusal, or from a past visit.
                head = [*head, *expire_cookies(ended, self._cookies, self._host)]
        if kind is not None and self._touches_html() and self._has_content(status):
            codings = self._known(_codings(b",".join(values(head, b"content-encoding")))) if _CODED in names else ()
            if self._is_readable(status, codings):
                self._page = PageContext(
                    self._page_plan.variant,
                    endpoint.asset_url(self._engine, self._request.mount),
                    _authority(self._host),
                    self._engine.policy.chat_enabled_on(self._request.path),
                    self._language,
                    NO_POLICY if CSP_FIELDS.isdisjoint(names) else ContentSecurityPolicy.from_headers(head),
                    kind,
                    codings,
                )
        return head

    def _log_result(self, outcome: RewriteResult) -> None:
        note = self._engine.notices.note
        if self._plain is not None and outcome.is_page and not (self._page and self._page.kind.fetched):
            note("untyped", "a response whose Content-Type does not say so was read as HTML, as browsers read it")
        if outcome.bail_outs:
            note("bail-out", "a tag of an HTML page was too long to hold; see the setting on_long_tag")
        if outcome.needs_own_scripts and self._page and self._page.csp.blocks_same_origin_scripts:
            note(
                "csp-refuses-facade",
                "a page's Content-Security-Policy lets the facade's script not run: it names neither a nonce nor "
                "'self'. The tags wait all the same, and no button stands in",
            )

    def _page_type(self, status: int, headers: Headers, names: Mapping[bytes, bytes]) -> mime.PageType | None:
        """How a browser reads the body as a page; None where it shows none."""
        types = tuple(values(headers, b"content-type"))
        kind = mime.page_type(types, nosniff=b"x-content-type-options" in names and _forbids_sniffing(headers))
        if kind is None:
            return None
        if b"content-disposition" in names and mime.is_attachment(values(headers, b"content-disposition")):
            return None
        if kind.sniffs and not (may_want_html(self._fields) and self._has_whole(status, names)):
            return None
        # Data in XML that a script asks for, and a drawing in a page, run nothing.
        if kind.shown and not is_navigation(self._fields):
            return None
        if not kind.sniffs and is_for_script(self._fields):
            return kind._replace(sniffs=True, fetched=True)
        return kind

    def _has_whole(self, status: int, names: Mapping[bytes, bytes]) -> bool:
        """Whether the browser is to show a body that begins at its first byte."""
        leads_on = 300 <= status < 400 and b"location" in names
        return self._has_content(status) and status != 206 and not leads_on and self.length != b"0"

    @property
    def _accepted(self) -> bytes:
        return b",".join(values(self._headers, b"accept-encoding"))

    @property
    def _host(self) -> bytes:
        return self._fields.get(b"host", b"")

    def _has_content(self, status: int) -> bool:
        # HEAD as well: apps may answer it with GET's body, and servers that drop it tell its length.
        return status not in _NO_CONTENT and status >= 200

    def _is_early(self, plan: Plan, relation: str, urls: Sequence[str], destination: str) -> bool:
        purposes = (hint_purpose(self._engine, relation, url, destination=destination) for url in urls)
        return any(_waits(plan, purpose) for purpose in purposes)

    def _known(self, codings: Sequence[bytes]) -> tuple[bytes, ...]:
        """Return the codings that a browser decodes. It ignores unknown codings and shows the bytes."""
        known = tuple(coding for coding in codings if coding in BROWSERS_READ)
        if len(known) < len(codings):
            unknown = b", ".join(coding for coding in codings if coding not in BROWSERS_READ)
            self._engine.notices.note(
                "unknown-coding",
                f"HTML with Content-Encoding {unknown[:40].decode('latin-1')!r}: browsers know none such, and show the "
                "body as if it were not coded; it is read so here",
            )
        return known

    def _is_readable(self, status: int, codings: Sequence[bytes]) -> bool:
        note = self._engine.notices.note
        if status == 206:
            note("partial-html", "a part of an HTML page (206) cannot be rewritten and is sent as the app wrote it")
            return False
        if len(codings) > MAX_CODINGS or not CODINGS.issuperset(codings):
            note(
                "unknown-coding",
                f"HTML with Content-Encoding {b', '.join(codings)[:40].decode('latin-1')!r} cannot be rewritten and is "
                f"sent as the app wrote it; compress outside the middleware, or with {_coding_names(CODINGS)}",
            )
            return False
        return True


def _waits(plan: Plan, purpose: Purpose | None) -> bool:
    return purpose is not None and not plan.allows(purpose)


def _forbids_sniffing(headers: Headers) -> bool:
    return mime.forbids_sniffing(values(headers, b"x-content-type-options"))


def _authority(host: bytes) -> str:
    """Return the host for use in a page; "" if it is too long or has characters that no host and port have."""
    return host.decode("ascii") if len(host) <= LONGEST_HOST and _AUTHORITY.fullmatch(host) else ""


_AUTHORITY = re.compile(rb"[A-Za-z0-9.:\[\]_-]+")


@lru_cache(64)  # an app has few different values
def _codings(value: bytes) -> tuple[bytes, ...]:
    """Return the content codings of a body in the order in which they were applied, without "identity"."""
    listed = (item.strip().lower() for item in value.split(b","))
    return tuple(coding for coding in listed if coding not in {b"", b"identity"})


def _coding_names(codings: frozenset[bytes]) -> str:
    return ", ".join(sorted(coding.decode("ascii") for coding in codings if not coding.startswith(b"x-")))


#: What the note of a tag that is held takes beside the tag, in bytes.
_HELD = 512


class PageContext(NamedTuple):
    """All that a page's new bytes are made from besides its old ones and the policy."""

    variant: str
    asset_url: str
    authority: str
    offers_chat: bool
    language: str | None
    csp: ContentSecurityPolicy
    kind: mime.PageType
    #: How the old bytes are coded, and the new ones will be.
    codings: tuple[bytes, ...] = ()


class RewriteResult(NamedTuple):
    """What became of a page that was read to its end, or as far as it can be read."""

    #: The new bytes where they are one piece; None where the page stays as it is, or has left in pieces.
    page: bytes | None
    held: tuple[BlockedTag, ...]
    bail_outs: int
    #: Whether a script of ours stands in the page without a nonce.
    needs_own_scripts: bool
    #: False where the first bytes of a body without a type are not those of a page.
    is_page: bool = True


def rewrite_page(engine: Engine, plan: Plan, frame: PageContext, body: bytes) -> RewriteResult:
    """Return the result for a whole body, from the cache if the same body has come before."""
    # A page with a nonce is made for one response.
    memory = engine.pages if frame.csp.nonce is None else None
    known: RewriteResult | None = memory.get(frame, body) if memory else None
    if known is not None:
        return known
    decoded = _decoded(body, frame.codings) if frame.codings else None
    if decoded is not None:
        outcome = rewrite_page(engine, plan, frame._replace(codings=()), decoded)
        if outcome.page is not None:
            outcome = outcome._replace(page=Encoder(*frame.codings).close(outcome.page))
    else:
        reading = BodyRewriter(engine, plan, frame)
        outcome = reading.whole(body)
        if reading.is_broken:
            return outcome
    if memory:
        # A visitor chooses the host's name, and may the mount's.
        named = len(frame.authority) + len(frame.asset_url)
        noted = sum(_HELD + 4 * len(held.src) for held in outcome.held)
        memory.put(frame, body, outcome, named + len(outcome.page or b"") + noted)
    return outcome


def _decoded(body: bytes, codings: Sequence[bytes]) -> bytes | None:
    """Return the content of a coded body; None if it is longer than `MAX_WHOLE`, cut off or broken."""
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


class _Sniffer:
    """A rewriter of a body of which only its first bytes tell whether it is a page; they wait until that is known.

    `rewriter` makes the one that a page in HTML or, with `xml`, in XML needs; `sniff` looks at the first bytes.
    """

    __slots__ = ("_begins", "_found", "_head", "_rewriter", "_sniff")

    def __init__(self, rewriter: Callable[..., HTMLRewriter], sniff: Callable[..., bytes | None]) -> None:
        self._rewriter = rewriter
        self._sniff = sniff
        self._head = b""
        self._found: HTMLRewriter | None = None
        #: What the body begins like; None where that is not known yet, b"" where it is no page.
        self._begins: bytes | None = None

    @property
    def is_page(self) -> bool:
        return self._begins != b""

    @property
    def changed(self) -> bool:
        return self._found is not None and self._found.changed

    @property
    def bail_outs(self) -> int:
        return self._found.bail_outs if self._found else 0

    def _knows(self, head: bytes, *, complete: bool) -> bool:
        self._begins = self._sniff(head, complete=complete)
        if self._begins:
            self._found = self._rewriter(xml=self._begins == mime.XHTML)
        return self._begins is not None

    def feed(self, chunk: bytes) -> bytes:
        if self._begins is None:
            self._head += chunk
            if not self._knows(self._head, complete=False):
                return b""
            chunk = self._head
        return self._found.feed(chunk) if self._found else chunk

    def close(self) -> bytes:
        out = b""
        if self._begins is None:
            self._knows(self._head, complete=True)
            out = self._found.feed(self._head) if self._found else self._head
        return out + (self._found.close() if self._found else b"")

    def rewrite(self, document: bytes) -> bytes:
        self._knows(document, complete=True)
        return self._found.rewrite(document) if self._found else document


class BodyRewriter:
    """A body on its way through the rewriter, decoded and encoded again where it is compressed."""

    __slots__ = ("_coded", "_codings", "_decoded", "_holds", "_notices", "_rewriter", "is_broken")

    def __init__(self, engine: Engine, plan: Plan, frame: PageContext) -> None:
        self._holds = TagBlocker(
            engine,
            plan,
            frame.asset_url,
            frame.csp.nonce,
            frame.authority,
            frame.offers_chat,
            language=frame.language,
            csp=frame.csp,
            # HTML, section 13.2.3.2: a browser looks for the element among the first 1,024 bytes.
            inline=frame.kind.charset is not None,
        )
        kind = frame.kind
        sniff = partial(mime.sniff_data, essence=kind.essence) if kind.fetched else mime.sniff
        rewriter = partial(
            HTMLRewriter,
            self._holds,
            charset=kind.charset,
            max_buffer=engine.policy.limits["tag_bytes"],
            on_bail_out=engine.policy.on_long_tag,
        )
        self._rewriter: HTMLRewriter | _Sniffer = (
            _Sniffer(rewriter, sniff) if kind.sniffs else rewriter(xml=kind.essence == mime.XHTML)
        )
        self._notices = engine.notices
        self._codings = frame.codings
        self._coded = (Decoder(*self._codings), Encoder(*self._codings)) if self._codings else None
        #: Whether a coded body could not be decoded to its end.
        self.is_broken = False
        #: Whether any of a coded body could be decoded.
        self._decoded = False

    @property
    def held(self) -> tuple[BlockedTag, ...]:
        """The tags that have been blocked so far, in document order."""
        return tuple(self._holds.blocked)

    def outcome(self, page: bytes | None = None) -> RewriteResult:
        """Return the result so far, with the new bytes of the page if they are one piece."""
        needs_own_scripts = (self._rewriter.changed or self.is_broken) and not self._holds.has_nonce
        is_page = self._rewriter.is_page if isinstance(self._rewriter, _Sniffer) else True
        return RewriteResult(page, self.held, self._rewriter.bail_outs, needs_own_scripts, is_page)

    def whole(self, body: bytes) -> RewriteResult:
        """Return the result for a whole body."""
        out = self.feed(body) + self.close() if self._coded else self._rewriter.rewrite(body)
        return self.outcome(out if self._rewriter.changed or self.is_broken else None)

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes to send for a chunk of the body; they may be empty."""
        if not self._coded:
            return self._rewriter.feed(chunk)
        if self.is_broken:
            return b"" if self._decoded else chunk
        decoder, encoder = self._coded
        out: list[bytes] = []
        try:
            out += self._recoded(decoder.feed(chunk), encoder)
        except CodingError as error:
            out += self._break(chunk, error, encoder)
        return b"".join(out)

    def close(self) -> bytes:
        """Return the last bytes of the body."""
        if self.is_broken:
            return b""
        return self._end(*self._coded) if self._coded else self._rewriter.close()

    def _recoded(self, pieces: Iterable[bytes], encoder: Encoder) -> Iterator[bytes]:
        """Yield the rewritten and encoded bytes for decoded pieces.

        Raises:
            CodingError: `pieces` raised it.
        """
        for piece in pieces:
            self._decoded = True
            yield encoder.feed(self._rewriter.feed(piece))

    def _break(self, chunk: bytes, error: CodingError, encoder: Encoder) -> Iterator[bytes]:
        """Yield the last bytes of a body that cannot be decoded any further.

        Browsers show what they can decode, to the byte, and overlook a wrong checksum. So that is rewritten like any
        page, and the body ends there. Where it is nothing at all, the app's bytes go out as they are.
        """
        self.is_broken = True
        self._notices.note("broken-coding", f"a compressed HTML body could not be decoded: {error}")
        if not self._decoded:
            yield from self._recoded(decode_prefix(self._codings, chunk), encoder)
        if not self._decoded:
            yield chunk

    def _end(self, decoder: Decoder, encoder: Encoder) -> bytes:
        """Return the rest of a coded body."""
        out: list[bytes] = []
        try:
            out += self._recoded(decoder.close(), encoder)
        except CodingError as error:
            return b"".join([*out, *self._break(b"", error, encoder)])
        if decoder.complete:
            out.append(encoder.close(self._rewriter.close()))
        # Else the app's body was cut off, and ends without the mark that would make it look whole.
        return b"".join(out)
