"""Decide what happens to the head of a response, and whether its body is rewritten.

A decision depends on the site's settings, on the head and on `HeadConditions`, and on nothing else, unless callables of
the site choose something for each page. So it holds for every response with the same head and conditions, and the
engine keeps it: an app sends the same few heads of pages again and again. Only the length of the body differs. It is
left out of the key, and put in when the head is sent. An example:

    the app's head      Content-Type: text/html     Content-Length: 100     Server: x
    the key             Content-Type: text/html                             Server: x       (and the conditions)
    the decision        Content-Type: text/html     Content-Length: 100     Server: x       Vary: Cookie
    for 120 bytes       Content-Type: text/html     Content-Length: 120     Server: x       Vary: Cookie

Not kept is a head that hardly comes again: with a cookie or a nonce, or a very long one. Nor is one that is no page's,
one in which a field comes twice, and one about which something may have to be noted each time: of a compressed page, of
a part, or under a mount that is no path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from . import endpoint, mime
from .addresses import FIELDS, filter_addresses
from .caching import mark_validators, vary_per_visitor
from .coding import CODINGS, MAX_CODINGS
from .cookies import filter_set_cookie
from .csp import CSP_FIELDS, NO_POLICY, ContentSecurityPolicy
from .engine import Engine, PageChoices
from .facade import PageLinks
from .headers import (
    LONGEST_HOST,
    Headers,
    is_for_script,
    is_navigation,
    last_values,
    may_want_html,
    values,
    values_of,
    without_body_fields,
)
from .links import filter_links
from .page_context import UNCHANGED, PageContext, ResponseHead
from .plan import Plan
from .purpose import Purpose
from .recognition import hint_purpose, purpose_of_url

#: The fields that are filtered in every response.
FILTERED: Final = FIELDS | {b"set-cookie", b"link"}

#: RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5: a response with one of these has no content.
_NO_CONTENT: Final = frozenset({204, 205, 304})

_LENGTH_FIELD: Final = b"content-length"
_CODING_FIELD: Final = b"content-encoding"

#: What a host and a port are made of.
_AUTHORITY: Final = re.compile(rb"[A-Za-z0-9.:\[\]_-]+")

#: The codings that browsers decode, with those of shared dictionaries (RFC 9842).
BROWSER_CODINGS: Final = frozenset({b"gzip", b"x-gzip", b"deflate", b"br", b"zstd", b"dcb", b"dcz"})

#: The decision about a head with one of these fields is not kept.
_NOT_KEPT: Final = frozenset({b"set-cookie", _CODING_FIELD})

#: The most bytes of a head whose decision is kept, with its conditions.
_MAX_HEAD_BYTES: Final = 4096


class HeadConditions(NamedTuple):
    """Everything on which the decision about a head depends, besides the head itself and the site's settings.

    Attributes:
        status: the status code.
        variant: what the plan for pages allows.
        has_chat: whether the site offers its chat on the page.
        confirms_copy: whether the request asks if the browser's own copy of the page is still good.
        mount: the path at which the app is mounted.
        host: the request's `Host`.
        destination: the request's `Sec-Fetch-Dest`.
        accept: the request's `Accept`.
    """

    status: int
    variant: str
    has_chat: bool
    confirms_copy: bool
    mount: str
    host: bytes
    destination: bytes | None
    accept: bytes | None


def may_be_page(status: int, headers: Headers, names: Mapping[bytes, bytes]) -> bool:
    """Return whether a browser may show a response with this head as a page.

    Args:
        status: the status code.
        headers: the head.
        names: what `last_values` returns for it.
    """
    kind = _kind(headers, names)
    return kind is not None and (not kind.sniffs or _has_whole(status, names))


def touches_html(engine: Engine, plan: Plan) -> bool:
    """Return whether pages are rewritten under a plan."""
    policy = engine.policy
    return plan.touches_html or policy.withdrawal == "at-once" or policy.forward_consent


def variant_name(engine: Engine, page_variant: str, choices: PageChoices) -> bytes:
    """Return the name of a page among all that are made from the same page of the app.

    Args:
        engine: the engine.
        page_variant: what the plan for pages allows.
        choices: what the site's callables choose for the page.
    """
    everyone = "all-" if engine.policy.cacheable else ""
    language, links, offers_chat = choices
    chosen = f"-{language}" if language != engine.language else ""
    if links:
        chosen += "." + sha256(repr(links).encode("utf-8", "replace")).hexdigest()[:8]
    if not offers_chat:
        chosen += ".closed"
    return f"{everyone}{page_variant}-{engine.fingerprint}{chosen}".encode("ascii")


def head_key(conditions: HeadConditions, headers: Headers, names: Mapping[bytes, bytes]) -> tuple[object, ...]:
    """Return the key under which the decision about a head may be kept; empty if it is not kept.

    Args:
        conditions: the conditions.
        headers: the app's head.
        names: what `last_values` returns for it.
    """
    if len(names) < len(headers) or not _NOT_KEPT.isdisjoint(names):
        return ()
    if _LENGTH_FIELD not in names:
        return (conditions, *headers)
    at = list(names).index(_LENGTH_FIELD)
    return (conditions, at, headers[at][0], *headers[:at], *headers[at + 1 :])


def kept_head(conditions: HeadConditions, headers: Headers, decided: ResponseHead) -> ResponseHead | None:
    """Return the decision about a head with a key in the form in which it is kept, or None if it is not kept.

    Args:
        conditions: the conditions.
        headers: the app's head.
        decided: the decision.
    """
    if not decided.is_of_page or decided.fields_if_no_page is not None or conditions.status == 206:
        return None
    page = decided.page
    if page is not None and (page.csp.nonce is not None or page.links.mount != conditions.mount):
        return None
    size = len(conditions.mount) + len(conditions.host)
    size += len(conditions.destination or b"") + len(conditions.accept or b"")
    if size + sum(len(name) + len(value) for name, value in headers) > _MAX_HEAD_BYTES:
        return None
    fields = headers if decided.fields is None else decided.fields
    return decided._replace(
        # A copy, because the caller may change the list of this response.
        fields=decided.fields and [*decided.fields],
        is_kept=True,
        fields_if_rewritten=without_body_fields(fields),
        length_at=next((at for at, (name, _) in enumerate(fields) if name.lower() == _LENGTH_FIELD), -1),
    )


def other_head(engine: Engine, plan: Plan, headers: Headers, names: Collection[bytes]) -> ResponseHead:
    """Return what happens to the head of a response that is no page. The arguments are those of `filter_head`."""
    head = filter_head(engine, plan, headers, names)
    return UNCHANGED if head is headers else ResponseHead(head, False, None)


def decide_head(
    engine: Engine,
    plan: Plan,
    page_plan: Plan,
    conditions: HeadConditions,
    choices: Callable[[], PageChoices],
    headers: Headers,
    names: Mapping[bytes, bytes],
) -> ResponseHead:
    """Return what happens to the head of a response.

    Args:
        engine: the engine.
        plan: the visitor's plan. For a page, it counts only if the body may turn out to be none.
        page_plan: the plan for pages, of which nothing counts but the variant.
        conditions: everything else on which the decision depends.
        choices: returns what the site's callables choose for the page.
        headers: the app's head.
        names: what `last_values` returns for it.
    """
    kind = _page_type(conditions, headers, names)
    if kind is None and not (conditions.status == 304 and conditions.confirms_copy):
        return other_head(engine, plan, headers, names)

    def variant() -> bytes:
        return variant_name(engine, conditions.variant, choices())

    # A cache may store a shared page with its cookies and links, so these are the same for every visitor too.
    head = filter_head(engine, page_plan, headers, names)
    if engine.policy.cacheable:
        head = mark_validators(head, variant)
    else:
        head = vary_per_visitor(head, names if head is headers else last_values(head), variant, engine.page_vary)
    return ResponseHead(
        None if head is headers else head,
        True,
        None if kind is None else _page_context(engine, page_plan, conditions, choices, kind, head, names),
        filter_head(engine, plan, headers, names) if kind is not None and kind.sniffs else None,
    )


def filter_head(engine: Engine, plan: Plan, headers: Headers, names: Collection[bytes]) -> Headers:
    """Return a head without the cookies and addresses that have to wait; the same object if there are none.

    Args:
        engine: the engine.
        plan: the plan that applies.
        headers: the head.
        names: the names of its fields, in lower case.
    """
    if FILTERED.isdisjoint(names):
        return headers
    kept = headers
    if b"set-cookie" in names:
        kept = filter_set_cookie(kept, engine.cookies.blocked(plan))
    if b"link" in names:
        kept = filter_links(kept, lambda *link: _link_waits(engine, plan, *link))
    if not FIELDS.isdisjoint(names):
        kept = filter_addresses(kept, lambda url: _waits(plan, purpose_of_url(engine, url)))
    return headers if kept == headers else kept


def _link_waits(engine: Engine, plan: Plan, relation: str, urls: Sequence[str], destination: str) -> bool:
    purposes = (hint_purpose(engine, relation, url, destination=destination) for url in urls)
    return any(_waits(plan, purpose) for purpose in purposes)


def _waits(plan: Plan, purpose: Purpose | None) -> bool:
    return purpose is not None and not plan.allows(purpose)


def _kind(headers: Headers, names: Mapping[bytes, bytes]) -> mime.PageType | None:
    """Return how a browser reads a body as a page by its head alone, or None if it shows none."""
    types = tuple(values_of(headers, names, b"content-type"))
    return mime.page_type(types, nosniff=b"x-content-type-options" in names and _forbids_sniffing(headers))


def _page_type(conditions: HeadConditions, headers: Headers, names: Mapping[bytes, bytes]) -> mime.PageType | None:
    """Return how a browser reads the body of this response as a page, or None if it shows none."""
    kind = _kind(headers, names)
    if kind is None:
        return None
    if b"content-disposition" in names and mime.is_attachment(values(headers, b"content-disposition")):
        return None
    request: dict[bytes, bytes] = {}
    if conditions.destination is not None:
        request[b"sec-fetch-dest"] = conditions.destination
    if conditions.accept is not None:
        request[b"accept"] = conditions.accept
    if kind.sniffs and not (_has_whole(conditions.status, names) and may_want_html(request)):
        return None
    # XML that a script asks for, and an SVG image in a page, run no scripts.
    if kind.shown and not is_navigation(request):
        return None
    if not kind.sniffs and is_for_script(request):
        return kind._replace(sniffs=True, fetched=True)
    return kind


def _forbids_sniffing(headers: Headers) -> bool:
    return mime.forbids_sniffing(values(headers, b"x-content-type-options"))


def _has_content(status: int) -> bool:
    # HEAD too: an app may answer it with GET's body, and a server may drop the body and send its length.
    return status not in _NO_CONTENT and status >= 200


def _has_whole(status: int, names: Mapping[bytes, bytes]) -> bool:
    """Return whether the browser shows the body, and gets it from its first byte."""
    redirects = 300 <= status < 400 and b"location" in names
    return _has_content(status) and status != 206 and not redirects and names.get(_LENGTH_FIELD) != b"0"


def _page_context(
    engine: Engine,
    page_plan: Plan,
    conditions: HeadConditions,
    choices: Callable[[], PageChoices],
    kind: mime.PageType,
    head: Headers,
    names: Collection[bytes],
) -> PageContext | None:
    """Return what the new bytes of a page depend on, or None if it is not rewritten.

    Args:
        engine: the engine.
        page_plan: the plan for pages.
        conditions: everything else on which the decision depends.
        choices: returns what the site's callables choose for the page.
        kind: how a browser reads the body.
        head: the head to send.
        names: the names of the fields of the app's head, in lower case.
    """
    if not (touches_html(engine, page_plan) and _has_content(conditions.status)):
        return None
    codings = _browser_codings(engine, head) if _CODING_FIELD in names else ()
    if (codings or conditions.status == 206) and not _is_readable(engine, conditions.status, codings):
        return None
    mount = endpoint.checked_mount(engine, conditions.mount)
    language, links, offers_chat = choices()
    return PageContext(
        conditions.variant,
        endpoint.asset_url(engine, mount),
        _authority(conditions.host),
        offers_chat,
        not conditions.has_chat,
        language,
        NO_POLICY if CSP_FIELDS.isdisjoint(names) else ContentSecurityPolicy.from_headers(head),
        kind,
        codings,
        PageLinks(mount, links),
    )


def _authority(host: bytes) -> str:
    """Return the host as it may stand in a page, or "" if it is too long or contains more than a host and a port."""
    return _checked_authority(host) if len(host) <= LONGEST_HOST else ""


@lru_cache(64)  # a site has few hosts
def _checked_authority(host: bytes) -> str:
    return host.decode("ascii") if _AUTHORITY.fullmatch(host) else ""


def _browser_codings(engine: Engine, head: Headers) -> tuple[bytes, ...]:
    """Return the codings of a body that a browser decodes. It ignores those that it does not know."""
    codings = _codings(b",".join(values(head, _CODING_FIELD)))
    known = tuple(coding for coding in codings if coding in BROWSER_CODINGS)
    if len(known) < len(codings):
        unknown = b", ".join(coding for coding in codings if coding not in BROWSER_CODINGS)
        engine.notices.note(
            "unknown-coding",
            f"HTML with Content-Encoding {unknown[:40].decode('latin-1')!r}: browsers ignore a coding that they do "
            "not know, so the body is read without it",
        )
    return known


@lru_cache(64)  # an app has few different values
def _codings(value: bytes) -> tuple[bytes, ...]:
    """Return the content codings of a body in the order in which they were applied, without "identity"."""
    listed = (item.strip().lower() for item in value.split(b","))
    return tuple(coding for coding in listed if coding not in {b"", b"identity"})


def _is_readable(engine: Engine, status: int, codings: Sequence[bytes]) -> bool:
    note = engine.notices.note
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


def _coding_names(codings: frozenset[bytes]) -> str:
    return ", ".join(sorted(coding.decode("ascii") for coding in codings if not coding.startswith(b"x-")))
