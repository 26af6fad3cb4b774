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

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from . import endpoint, mime
from .addresses import FIELDS, filter_addresses
from .caching import mark_validators, request_for_app, vary_per_visitor
from .coding import CODINGS, MAX_CODINGS
from .cookies import Cookies, expire_cookies, filter_set_cookie, hide_cookies
from .csp import CSP_FIELDS, NO_POLICY, ContentSecurityPolicy
from .engine import Engine, PageChoices
from .facade import PageLinks
from .headers import (
    LONGEST_HOST,
    Headers,
    for_changed_body,
    is_for_script,
    is_navigation,
    last_values,
    may_want_html,
    normalize_head,
    values,
    values_of,
)
from .links import filter_links
from .notices import current_path
from .page import BodyRewriter, PageContext, rewrite_page
from .plan import Plan
from .purpose import Purpose
from .recognition import hint_purpose, purpose_of_url
from .rewrite_result import BlockedTag, RewriteResult
from .sources import Signals

__all__ = ["Engine", "Exchange", "RequestHead"]

#: RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5: a response with one of these has no content.
_NO_CONTENT = frozenset({204, 205, 304})

#: The fields that are filtered in every response.
FILTERED = FIELDS | {b"set-cookie", b"link"}

_CODING_FIELD = b"content-encoding"

#: What a host and a port are made of.
_AUTHORITY = re.compile(rb"[A-Za-z0-9.:\[\]_-]+")

#: The codings that browsers decode, with those of shared dictionaries (RFC 9842).
BROWSER_CODINGS = frozenset({b"gzip", b"x-gzip", b"deflate", b"br", b"zstd", b"dcb", b"dcz"})


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
    """

    __slots__ = (
        "_body",
        "_choices_made",
        "_cookies",
        "_engine",
        "_fields",
        "_head",
        "_headers",
        "_own_condition",
        "_page",
        "_page_plan",
        "_plain",
        "_request",
        "_result",
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
        #: What the site's callables choose, once something needs it.
        self._choices_made: PageChoices | None = None
        self._cookies = Cookies(values_of(headers, fields, b"cookie"))
        self._signals = Signals(self._cookies, headers, method, path)
        self.plan = engine.plan(self._signals)
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
        #: The head to send if the body of a started response turns out to be no page; None if that cannot happen.
        self._plain: Headers | None = None
        #: The context of a started response's page; None if the body is not rewritten.
        self._page: PageContext | None = None
        #: The rewriter of a body that comes in chunks, made at the first one.
        self._body: BodyRewriter | None = None
        #: The result, once the body has ended.
        self._result: RewriteResult | None = None

    def _touches_html(self) -> bool:
        policy = self._engine.policy
        return self._page_plan.touches_html or policy.withdrawal == "at-once" or policy.forward_consent

    def _variant(self) -> bytes:
        """Return the name of this page among all that are made from the same page of the app."""
        everyone = "all-" if self._engine.policy.cacheable else ""
        language, links, offers_chat = self._choices
        chosen = f"-{language}" if language != self._engine.language else ""
        if links:
            chosen += "." + sha256(repr(links).encode("utf-8", "replace")).hexdigest()[:8]
        if not offers_chat:
            chosen += ".closed"
        return f"{everyone}{self._page_plan.variant}-{self._engine.fingerprint}{chosen}".encode("ascii")

    @property
    def _choices(self) -> PageChoices:
        """What the site's callables choose for this page. They are asked once, since their answers may change."""
        if self._choices_made is None:
            self._choices_made = self._engine.choices(self._signals)
        return self._choices_made

    @property
    def rewrites(self) -> bool:
        """Whether the body of the started response must go through `rewrite_whole`, or `feed` and `close`."""
        return self._page is not None

    @property
    def head_depends_on_body(self) -> bool:
        """Whether a started response's head should wait until the first chunk of its body has come.

        If that chunk is the whole body, `rewrite_whole` gives a head with the new length.
        """
        return self.rewrites and (self.length is not None or self._plain is not None)

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
        return self._filtered(headers, {name.lower() for name, _ in headers}, self.plan)

    def start(self, status: int, headers: Headers) -> None:
        """Take the response's head.

        It may be called again for a response that replaces one that was not sent yet.

        Args:
            status: the status code.
            headers: the header fields. Names may be in any letter case.
        """
        current_path.set(self._request.path)
        self._body = self._page = self._result = None
        self._head = self._response_head(status, headers)

    @property
    def head(self) -> Headers:
        """The head to send before a body that is sent in chunks.

        If nothing in the response changes, this is the very object that `start` was given.
        """
        return for_changed_body(self._head, None) if self._page else self._head

    def rewrite_whole(self, body: bytes) -> tuple[Headers, bytes]:
        """Return the head and body to send of a started response whose whole body is `body`.

        Args:
            body: the body; empty if the request's method is HEAD.

        Returns:
            The header fields, with the exact length, and the body. If nothing changes, they are the very objects that
            the app gave.
        """
        if self._page is None:
            return self._head, body
        current_path.set(self._request.path)
        if not body and self._request.method == "HEAD":
            # The head describes the body that GET would get, and its length is not known here (RFC 9110, section 8.6).
            return for_changed_body(self._head, None), body
        result = self._result = rewrite_page(self._engine, self._page_plan, self._page, self._request.path, body)
        self._note_result(result)
        if self._plain is not None and not result.is_page:
            return self._plain, body
        if result.page is None:
            return self._head, body
        return for_changed_body(self._head, len(result.page)), result.page

    def feed(self, chunk: bytes) -> bytes:
        """Return the bytes to send for a chunk of the body of a started response.

        Args:
            chunk: the next bytes of the body, of any length.

        Returns:
            The bytes that are decided by now; they may be empty.
        """
        if self._page is None:
            return chunk
        current_path.set(self._request.path)
        return self._body_rewriter(self._page).feed(chunk)

    def close(self) -> bytes:
        """End the body of a started response. Return its last bytes, which may be empty."""
        if self._page is None:
            return b""
        current_path.set(self._request.path)
        body = self._body_rewriter(self._page)
        out = body.close()
        self._result = body.result()
        self._note_result(self._result)
        return out

    def _body_rewriter(self, context: PageContext) -> BodyRewriter:
        if self._body is None:
            self._body = BodyRewriter(self._engine, self._page_plan, context)
        return self._body

    def _filtered(self, headers: Headers, names: Collection[bytes], plan: Plan) -> Headers:
        """Return a head without the cookies and addresses that have to wait; the same object if there are none.

        Args:
            headers: the head.
            names: the names of its fields, in lower case.
            plan: the decision that applies.
        """
        kept = headers
        if b"set-cookie" in names:
            kept = filter_set_cookie(kept, self._engine.cookies.blocked(plan))
        if b"link" in names:
            kept = filter_links(kept, lambda *link: self._link_waits(plan, *link))
        if not FIELDS.isdisjoint(names):
            kept = filter_addresses(kept, lambda url: _waits(plan, purpose_of_url(self._engine, url)))
        return headers if kept == headers else kept

    def _response_head(self, status: int, headers: Headers) -> Headers:
        """Return the head to send if the body stays as it is. Set `_page` if the body may change."""
        names = last_values(headers)
        self.length = names.get(b"content-length")
        self._plain = None
        kind = self._page_type(status, headers, names)
        is_page = kind is not None or (status == 304 and self._own_condition)
        # A cache may store a shared page with its cookies and links, so these are the same for every visitor too.
        plan = self._page_plan if is_page else self.plan
        head = self._filtered(headers, names, plan)
        if not is_page:
            return head
        if kind is not None and kind.sniffs:
            self._plain = self._filtered(headers, names, self.plan)
        engine = self._engine
        if engine.policy.cacheable:
            head = mark_validators(head, self._variant)
        else:
            fields = names if head is headers else last_values(head)
            head = vary_per_visitor(head, fields, self._variant, engine.page_vary)
            if self._cookies.raw and (ended := engine.cookies.to_expire(self.plan, self._cookies)):
                # The browser still has them despite a refusal, or from a past visit.
                head = [*head, *expire_cookies(ended, self._cookies, self._host)]
        if kind is not None and self._touches_html() and self._has_content(status):
            codings = self._browser_codings(head) if _CODING_FIELD in names else ()
            if self._is_readable(status, codings):
                mount = endpoint.checked_mount(engine, self._request.mount)
                choices = self._choices
                self._page = PageContext(
                    self._page_plan.variant,
                    endpoint.asset_url(engine, mount),
                    _authority(self._host),
                    choices.offers_chat,
                    not engine.policy.chat_enabled_on(self._request.path),
                    choices.language,
                    NO_POLICY if CSP_FIELDS.isdisjoint(names) else ContentSecurityPolicy.from_headers(head),
                    kind,
                    codings,
                    PageLinks(mount, choices.links),
                )
        return head

    def _note_result(self, result: RewriteResult) -> None:
        note = self._engine.notices.note
        if result.blocked:
            self._engine.note_blocked(tag.rule for tag in result.blocked)
        if self._plain is not None and result.is_page and not (self._page and self._page.kind.fetched):
            note("untyped", "a response whose Content-Type does not say so was read as HTML, as browsers read it")
        if result.bail_outs:
            note("bail-out", "a tag of an HTML page was too long to buffer; see the setting on_long_tag")
        if result.needs_own_scripts and self._page and self._page.csp.blocks_same_origin_scripts:
            note(
                "csp-refuses-facade",
                "a page's Content-Security-Policy blocks the facade's script, because it names neither a nonce "
                "nor 'self'. The tags wait as usual, but there is no button",
            )

    def _page_type(self, status: int, headers: Headers, names: Mapping[bytes, bytes]) -> mime.PageType | None:
        """Return how a browser reads the body as a page, or None if it shows none."""
        types = tuple(values_of(headers, names, b"content-type"))
        kind = mime.page_type(types, nosniff=b"x-content-type-options" in names and _forbids_sniffing(headers))
        if kind is None:
            return None
        if b"content-disposition" in names and mime.is_attachment(values(headers, b"content-disposition")):
            return None
        if kind.sniffs and not (may_want_html(self._fields) and self._has_whole(status, names)):
            return None
        # XML that a script asks for, and an SVG image in a page, run no scripts.
        if kind.shown and not is_navigation(self._fields):
            return None
        if not kind.sniffs and is_for_script(self._fields):
            return kind._replace(sniffs=True, fetched=True)
        return kind

    def _has_whole(self, status: int, names: Mapping[bytes, bytes]) -> bool:
        """Return whether the browser shows the body, and gets it from its first byte."""
        redirects = 300 <= status < 400 and b"location" in names
        return self._has_content(status) and status != 206 and not redirects and self.length != b"0"

    @property
    def _accepted(self) -> bytes:
        return b",".join(values(self._headers, b"accept-encoding"))

    @property
    def _host(self) -> bytes:
        return self._fields.get(b"host", b"")

    def _has_content(self, status: int) -> bool:
        # HEAD too: an app may answer it with GET's body, and a server may drop the body and send its length.
        return status not in _NO_CONTENT and status >= 200

    def _link_waits(self, plan: Plan, relation: str, urls: Sequence[str], destination: str) -> bool:
        purposes = (hint_purpose(self._engine, relation, url, destination=destination) for url in urls)
        return any(_waits(plan, purpose) for purpose in purposes)

    def _browser_codings(self, head: Headers) -> tuple[bytes, ...]:
        """Return the codings of a body that a browser decodes. It ignores those that it does not know."""
        codings = _codings(b",".join(values(head, _CODING_FIELD)))
        known = tuple(coding for coding in codings if coding in BROWSER_CODINGS)
        if len(known) < len(codings):
            unknown = b", ".join(coding for coding in codings if coding not in BROWSER_CODINGS)
            self._engine.notices.note(
                "unknown-coding",
                f"HTML with Content-Encoding {unknown[:40].decode('latin-1')!r}: browsers ignore a coding that they do "
                "not know, so the body is read without it",
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
    """Return the host as it may stand in a page, or "" if it is too long or contains more than a host and a port."""
    return _checked_authority(host) if len(host) <= LONGEST_HOST else ""


@lru_cache(64)  # a site has few hosts
def _checked_authority(host: bytes) -> str:
    return host.decode("ascii") if _AUTHORITY.fullmatch(host) else ""


@lru_cache(64)  # an app has few different values
def _codings(value: bytes) -> tuple[bytes, ...]:
    """Return the content codings of a body in the order in which they were applied, without "identity"."""
    listed = (item.strip().lower() for item in value.split(b","))
    return tuple(coding for coding in listed if coding not in {b"", b"identity"})


def _coding_names(codings: frozenset[bytes]) -> str:
    return ", ".join(sorted(coding.decode("ascii") for coding in codings if not coding.startswith(b"x-")))
