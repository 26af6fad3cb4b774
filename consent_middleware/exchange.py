"""One request and its response, without I/O: the gateways pass bytes in and get bytes back.

This is the public core for adapters of one's own; docs/adapters.md describes it and has a whole adapter. A gateway

1. makes an `Exchange` from the request's head (`reporting.exchange_for`) and sends its `answer`, if there is one;
2. calls the app with `request_headers`;
3. filters heads that the app sends before its response with `filter_early_hints`;
4. gives the response's head to `start`;
5. if `rewrites` is true, gives the body to `rewrite_whole` if it has all of it. Otherwise it sends `head`, gives every
   chunk to `feed`, and ends with `close`. If `rewrites` is false, it sends `head` and the body as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from . import endpoint
from .caching import request_for_app
from .coding import CODINGS
from .cookies import Cookies, expire_cookies, hide_cookies
from .engine import Engine, PageChoices
from .headers import Headers, last_values, normalize_head, values, values_of, without_body_fields
from .notices import set_current_path
from .page import BodyRewriter, rewrite_page
from .page_context import UNCHANGED, PageContext, ResponseHead
from .response_head import (
    HeadConditions,
    decide_head,
    filter_head,
    head_key,
    kept_head,
    may_be_page,
    other_head,
    touches_html,
    variant_name,
)
from .rewrite_result import BlockedTag, RewriteResult
from .sources import Signals

__all__ = ["Engine", "Exchange", "RequestHead"]


class RequestHead(NamedTuple):
    """The head of a request.

    Attributes:
        method: the method.
        path: the path below the mount, decoded.
        mount: the path at which the app is mounted, percent-encoded; "" at the root.
        headers: the header fields. Names may be in any letter case.
    """

    method: str
    path: str
    mount: str
    headers: Sequence[tuple[bytes, bytes]]


class Exchange:
    """One request and its response. Use one for each request, from one thread at a time.

    Nothing in it raises because of what a client or an app has sent.

    Args:
        engine: the engine of the gateway.
        request: the head of the request.

    Attributes:
        plan: the decision for this request. An app may read it, for example to choose a template.
        answer: the middleware's own response, as status, header fields and body, or None if the app has to be called.
        request_headers: the request's header fields for the app: the very same object, or a copy if they differ, so
            that whatever wraps the middleware sees the original.
        length: the length that the app has declared for the body of a started response, or None.
        rewrites: whether the body of the started response must go through `rewrite_whole`, or `feed` and `close`.
        head_depends_on_body: whether the started response's head should wait until the first chunk of its body has
            come. If that chunk is the whole body, `rewrite_whole` gives a head with the new length.
    """

    __slots__ = (
        "_body",
        "_choices_made",
        "_cookies",
        "_engine",
        "_expiry",
        "_fields",
        "_given",
        "_head",
        "_headers",
        "_host",
        "_own_condition",
        "_page_plan",
        "_request",
        "_result",
        "_signals",
        "answer",
        "head_depends_on_body",
        "length",
        "plan",
        "request_headers",
        "rewrites",
    )

    def __init__(self, engine: Engine, request: RequestHead) -> None:
        policy = engine.policy
        method, path, _, given = request
        self._headers, self._fields = headers, fields = normalize_head(given)
        self._engine = engine
        self._request = request
        self._host = fields.get(b"host", b"")
        #: What the site's callables choose, once something needs it.
        self._choices_made = engine.fixed_choices
        self._cookies = Cookies(values_of(headers, fields, b"cookie"))
        self._signals = Signals(self._cookies, headers, method, path)
        self.plan = engine.plan(self._signals, fields)
        #: The plan for pages: the visitor's, or one that all visitors share.
        self._page_plan = engine.shared_page_plan if policy.cacheable else self.plan
        self.answer = (
            endpoint.answer(engine, method, path, self.plan, self._cookies, self._host, self._accepted)
            if path.startswith(policy.path)
            else None
        )
        seen, self._own_condition = request_for_app(
            headers, fields, self._variant, CODINGS, rewrites=self._touches_html
        )
        if policy.hide_cookies and self._cookies.raw:
            seen = hide_cookies(seen, engine.cookies.blocked(self.plan))
        self.request_headers = given if seen is headers else seen
        self.length: bytes | None = None
        self.rewrites = False
        self.head_depends_on_body = False
        #: The app's head of the started response, what happens to it, and the fields that expire cookies.
        self._given: Headers = []
        self._head = UNCHANGED
        self._expiry: Sequence[tuple[bytes, bytes]] = ()
        #: The rewriter of a body that comes in chunks, made at the first one.
        self._body: BodyRewriter | None = None
        #: The result, once the body has ended.
        self._result: RewriteResult | None = None

    def _touches_html(self) -> bool:
        return touches_html(self._engine, self._page_plan)

    def _variant(self) -> bytes:
        return variant_name(self._engine, self._page_plan.variant, self._choices())

    def _choices(self) -> PageChoices:
        """Return what the site's callables choose for this page. They are asked once, since answers may change."""
        if self._choices_made is None:
            self._choices_made = self._engine.choices(self._signals)
        return self._choices_made

    @property
    def blocked(self) -> Sequence[BlockedTag]:
        """The tags that were blocked so far, in the document's order."""
        if self._result is not None:
            return self._result.blocked
        return self._body.blocked if self._body else ()

    def filter_early_hints(self, headers: Headers) -> Headers:
        """Return the fields that may be sent of a head that comes before the response (RFC 8297).

        Args:
            headers: the header fields of the early hint.

        Returns:
            Those without links to addresses that have to wait; the same object if all may be sent.
        """
        return filter_head(self._engine, self.plan, headers, {name.lower() for name, _ in headers})

    def start(self, status: int, headers: Headers) -> None:
        """Take the response's head.

        It may be called again for a response that replaces one that was not sent yet.

        Args:
            status: the status code.
            headers: the header fields. Names may be in any letter case.
        """
        set_current_path(self._request.path)
        self._body = self._result = None
        names = last_values(headers)
        self.length = names.get(b"content-length")
        self._given, self._expiry = headers, ()
        head = self._head = self._decide_head(status, headers, names)
        self.rewrites = head.page is not None
        self.head_depends_on_body = self.rewrites and (self.length is not None or head.fields_if_no_page is not None)
        ended = self.plan.cookies_to_expire
        if ended and head.is_of_page and not self._engine.policy.cacheable:
            # The browser still has them despite a refusal, or from a past visit.
            self._expiry = expire_cookies(ended, self._cookies, self._host)

    def _decide_head(self, status: int, headers: Headers, names: Mapping[bytes, bytes]) -> ResponseHead:
        """Return what happens to a head: what the engine has kept, or a new decision."""
        engine, request, fields = self._engine, self._request, self._fields
        is_html = b"text/html" in names.get(b"content-type", b"")
        if not (is_html or may_be_page(status, headers, names) or (status == 304 and self._own_condition)):
            return other_head(engine, self.plan, headers, names)
        conditions = HeadConditions(
            status,
            self._page_plan.variant,
            engine.policy.chat_enabled_on(request.path),
            self._own_condition,
            request.mount,
            self._host,
            fields.get(b"sec-fetch-dest"),
            fields.get(b"accept"),
        )
        heads = engine.heads
        key = head_key(conditions, headers, names) if is_html and heads.wants_key() else ()
        found = heads.find(key) if key else None
        if found is None:
            found = decide_head(engine, self.plan, self._page_plan, conditions, self._choices, headers, names)
            if key and heads.recurs(key) and (kept := kept_head(conditions, headers, found)) is not None:
                heads.keep(key, kept)
        return found

    @property
    def head(self) -> Headers:
        """The head to send before a body that is sent in chunks.

        If nothing in the response changes, this is the very object that `start` was given.
        """
        return self._head_of_new_body() if self.rewrites else self._head_of_own_body()

    def _head_of_own_body(self) -> Headers:
        """Return the head to send with the app's own body."""
        head, expiry = self._head, self._expiry
        if head.fields is None:
            return [*self._given, *expiry] if expiry else self._given
        if not head.is_kept:
            return [*head.fields, *expiry] if expiry else head.fields
        # A copy, because the caller may change its list.
        fields = [*head.fields, *expiry]
        at = head.length_at
        if at >= 0 and self.length is not None:
            fields[at] = (fields[at][0], self.length)
        return fields

    def _head_of_new_body(self, body: bytes | None = None) -> Headers:
        """Return the head to send with a rewritten body, or with one that is not known yet."""
        head = self._head
        if head.is_kept:
            fields = [*head.fields_if_rewritten, *self._expiry]
        else:
            fields = without_body_fields([*(self._given if head.fields is None else head.fields), *self._expiry])
        if body is not None:
            fields.append((b"content-length", b"%d" % len(body)))
        return fields

    def rewrite_whole(self, body: bytes) -> tuple[Headers, bytes]:
        """Return the head and body to send of a started response whose whole body is `body`.

        Args:
            body: the body; empty if the request's method is HEAD.

        Returns:
            The header fields, with the exact length, and the body. If nothing changes, they are the very objects that
            the app gave.
        """
        page, fields_if_no_page = self._head.page, self._head.fields_if_no_page
        if page is None:
            return self._head_of_own_body(), body
        set_current_path(self._request.path)
        if not body and self._request.method == "HEAD":
            # The head describes the body that GET would get, and its length is not known here (RFC 9110, section 8.6).
            return self._head_of_new_body(), body
        result = self._result = rewrite_page(self._engine, self._page_plan, page, self._request.path, body)
        self._note_result(result, page)
        if fields_if_no_page is not None and not result.is_page:
            return fields_if_no_page, body
        if result.page is None:
            return self._head_of_own_body(), body
        return self._head_of_new_body(result.page), result.page

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes to send for a chunk of the body of a started response.

        Args:
            chunk: the next bytes of the body, of any length.

        Returns:
            The bytes that are decided by now; they may be empty.
        """
        if self._head.page is None:
            return chunk
        set_current_path(self._request.path)
        return self._body_rewriter(self._head.page).feed(chunk)

    def close(self) -> bytes:
        """End the body of a started response. Return its last bytes, which may be empty."""
        page = self._head.page
        if page is None:
            return b""
        set_current_path(self._request.path)
        body = self._body_rewriter(page)
        out = body.close()
        self._result = body.result()
        self._note_result(self._result, page)
        return out

    def _body_rewriter(self, page: PageContext) -> BodyRewriter:
        if self._body is None:
            self._body = BodyRewriter(self._engine, self._page_plan, page)
        return self._body

    def _note_result(self, result: RewriteResult, page: PageContext) -> None:
        note = self._engine.notices.note
        if result.loader is not None:
            self._engine.note_loader(result.loader)
        if self._head.fields_if_no_page is not None and result.is_page and not page.kind.fetched:
            note("untyped", "a response whose Content-Type does not say so was read as HTML, as browsers read it")
        if result.bail_outs:
            note("bail-out", "a tag of an HTML page was too long to buffer; see the setting on_long_tag")
        if result.needs_own_scripts and page.csp.script_sources and page.csp.blocks_same_origin_scripts:
            note(
                "csp-refuses-facade",
                "a page's Content-Security-Policy blocks the facade's script, because it names neither a nonce "
                "nor 'self'. The tags wait as usual, but there is no button",
            )

    @property
    def _accepted(self) -> bytes:
        return b",".join(values(self._headers, b"accept-encoding"))
