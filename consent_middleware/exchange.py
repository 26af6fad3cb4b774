"""One request and its response, without I/O: bytes in, bytes out. Every gateway's adapter drives an `Exchange`.

Knows: the order of things: plan, request head, response head, body.
Must not know: WSGI, ASGI, frameworks, sockets, files, vendors.

An adapter
1. builds an `Exchange` from the request's head and sends `answer`, if there is one;
2. calls the app with `request_headers`;
3. gives the response's head to `start` (or head and body together to `whole`);
4. gives every piece of body to `feed` and ends with `close`, if `rewrites` is true; else passes the body through.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import endpoint
from .coding import CODINGS, CodingError, Decoder, Encoder
from .cookies import Cookies
from .headers import (
    Headers,
    add_vary,
    csp_nonce,
    expire,
    filter_links,
    filter_set_cookie,
    first,
    for_app,
    html_type,
    per_visitor,
    rewritten,
    values,
)
from .holds import Held, PageHolds, early_purpose
from .html.rewriter import HTMLRewriter
from .policy import Policy
from .sources import Signals

#: RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5: a response with one of these has no content.
_NO_CONTENT = frozenset({204, 205, 304})


@dataclass(frozen=True, slots=True)
class RequestHead:
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

    def __init__(self, policy: Policy, request: RequestHead) -> None:
        self._policy = policy
        self._request = request
        headers = [(key.lower(), bytes(value)) for key, value in request.headers]
        self._cookies = Cookies(values(headers, b"cookie"))
        #: The decision for this request. An app may read it, for example to choose a template.
        self.plan = policy.plan(Signals(self._cookies, headers, request.method, request.path))
        #: The middleware's own response, or None where the app is to be called.
        self.answer = endpoint.answer(policy, request.method, request.path)
        self._variant = f"{self.plan.variant}-{policy.fingerprint}".encode("ascii")
        #: The request head for the app: a copy, so that what stands outside sees the original.
        self.request_headers, self._own_condition = for_app(
            request.headers, self._variant, CODINGS, rewrites=self.plan.touches_html
        )
        self._host = first(headers, b"host") or b""
        self._body: _Body | None = None

    @property
    def rewrites(self) -> bool:
        """Whether the body of the started response must go through `feed` and `close`."""
        return self._body is not None

    @property
    def held(self) -> Sequence[Held]:
        """The tags that have been held so far, in document order."""
        return self._body.held if self._body else ()

    def start(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> Headers:
        """The response head to send. Called again for a response that replaces one not sent yet, it begins afresh."""
        head = self._head(status, list(headers))
        return rewritten(head, None) if self._body or self._is_headless_rewrite(status, head) else head

    def whole(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> tuple[Headers, bytes]:
        """Head and body of a response whose body is at hand: an exact length, and untouched where nothing changes."""
        head = self._head(status, list(headers))
        if self._body is None:
            return (rewritten(head, None) if self._is_headless_rewrite(status, head) else head), body
        changed = self._body.whole(body)
        if not self._body.changed:
            return head, body
        return rewritten(head, len(changed)), changed

    def feed(self, chunk: bytes) -> bytes:
        """The bytes to send for a chunk of body, possibly none."""
        return self._body.feed(chunk) if self._body else chunk

    def close(self) -> bytes:
        """The last bytes of the body."""
        return self._body.close() if self._body else b""

    def _head(self, status: int, headers: Headers) -> Headers:
        self._body = None
        withheld = self._policy.withheld_cookies(self.plan)
        head = filter_links(filter_set_cookie(headers, withheld), self._is_early)
        html = html_type(head)
        if html is None and not (status == 304 and self._own_condition):
            return head
        head = per_visitor(head, self._variant)
        for field in self._policy.vary:
            head = add_vary(head, field)
        refused = self._policy.refused_cookies(self.plan).among(self._cookies)
        head += expire(refused, self._cookies, self._host)
        if html is not None and self.plan.touches_html and self._has_content(status):
            self._body = self._rewriting_body(status, head, *html)
        return head

    def _has_content(self, status: int) -> bool:
        return self._request.method != "HEAD" and status not in _NO_CONTENT and status >= 200

    def _is_headless_rewrite(self, status: int, head: Headers) -> bool:
        """A HEAD request's answer speaks of the body that GET would get, whose length is not known (RFC 9110, 8.6)."""
        html_for_head = self._request.method == "HEAD" and status not in _NO_CONTENT and html_type(head) is not None
        return html_for_head and self.plan.touches_html

    def _is_early(self, relation: str, url: str) -> bool:
        purpose = early_purpose(self._policy, relation, url)
        return purpose is not None and not self.plan.allows(purpose)

    def _rewriting_body(self, status: int, head: Headers, media_type: bytes, charset: str | None) -> _Body | None:
        note = self._policy.notices.note
        if status == 206:
            note("partial-html", "a part of an HTML page (206) cannot be rewritten and is sent as the app wrote it")
            return None
        coding = b",".join(values(head, b"content-encoding")).strip().lower()
        if coding not in CODINGS | {b"", b"identity"}:
            note(
                "unknown-coding",
                f"HTML with Content-Encoding {coding[:40].decode('latin-1')!r} cannot be rewritten and is sent as the "
                "app wrote it; compress outside the middleware, or with gzip or deflate",
            )
            return None
        holds = PageHolds(
            self._policy,
            self.plan,
            endpoint.asset_url(self._policy, self._request.mount),
            csp_nonce(head),
            # It goes into the page: nothing but what a host and a port are made of.
            self._host.decode("ascii") if re.fullmatch(rb"[A-Za-z0-9.:\[\]_-]+", self._host) else "",
            self._policy.offers_chat(self._request.path),
        )
        rewriter = HTMLRewriter(
            holds,
            charset=charset,
            xml=media_type == b"application/xhtml+xml",
            max_hold=self._policy.max_hold,
            on_bail_out=self._policy.on_bail_out,
        )
        return _Body(rewriter, holds, coding if coding in CODINGS else None, self._policy)


class _Body:
    """A body on its way through the rewriter, decoded and encoded again where it is compressed."""

    def __init__(self, rewriter: HTMLRewriter, holds: PageHolds, coding: bytes | None, policy: Policy) -> None:
        self._rewriter = rewriter
        self._holds = holds
        self._notices = policy.notices
        self._coded = (Decoder(coding), Encoder(coding)) if coding else None
        self._broken = False
        self._began = False

    @property
    def changed(self) -> bool:
        """Whether the output may differ from the input: a tag has been held or withheld, or the coding is broken."""
        return bool(self._holds.held or self._rewriter.bail_outs) or self._broken

    @property
    def held(self) -> Sequence[Held]:
        return tuple(self._holds.held)

    def whole(self, body: bytes) -> bytes:
        if self._coded:
            return self.feed(body) + self.close()
        out = self._rewriter.rewrite(body)
        self._note_bail_outs()
        return out

    def feed(self, chunk: bytes) -> bytes:
        if not self._coded:
            return self._rewriter.feed(chunk)
        if self._broken:
            return b"" if self._began else chunk
        decoder, encoder = self._coded
        out: list[bytes] = []
        try:
            out += (encoder.feed(self._rewriter.feed(piece)) for piece in decoder.feed(chunk))
        except CodingError as error:
            self._broken = True
            self._notices.note("broken-coding", f"a compressed HTML body could not be decoded: {error}")
        self._began |= any(out)
        # Where nothing has left before the error, the app's bytes go out as they are; else the body ends here.
        return b"".join(out) if self._began or not self._broken else chunk

    def close(self) -> bytes:
        out = self._close()
        self._note_bail_outs()
        return out

    def _close(self) -> bytes:
        if not self._coded:
            return self._rewriter.close()
        if self._broken:
            return b""
        decoder, encoder = self._coded
        rest = self._rewriter.feed(decoder.close())
        if not decoder.complete:
            # The app's body was cut off. What came is passed on, without the end mark that would make it look whole.
            return encoder.feed(rest)
        return encoder.feed(rest + self._rewriter.close()) + encoder.close()

    def _note_bail_outs(self) -> None:
        if self._rewriter.bail_outs:
            self._notices.note("bail-out", "a tag of an HTML page was too long to hold; see the setting on_bail_out")
