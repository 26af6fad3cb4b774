"""What `doctor` says of one page without asking for more, and the parts that all its checks share."""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import urljoin

from consent_middleware.caching import vary_per_visitor
from consent_middleware.csp import CSP_FIELDS, ContentSecurityPolicy, ScriptElement
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.headers import Headers, last_values
from consent_middleware.purpose import Purpose
from consent_middleware.urls import parse_url

from .page_parts import PageParts
from .site_client import MAX_BODY, Answer

OK, PROBLEM, UNCHECKED = "ok", "problem", "not checked"

#: The fields by which caches decide what to store.
_CACHE_FIELDS = "cache-control, vary, expires and the fields for shared caches"


class Finding(NamedTuple):
    """The result of one check.

    Attributes:
        check: its name.
        result: `ok`, `problem` or `not checked`.
        text: what was seen.
        advice: what to do about a problem, else "".
    """

    check: str
    result: str
    text: str
    advice: str = ""


def presence(page: Answer, parts: PageParts, decision: Answer) -> Finding:
    """Look for the middleware, in the page and at its own address."""
    name = "middleware"
    shown = page.first("consent-middleware")
    if shown.endswith("report-only"):
        return Finding(
            name,
            PROBLEM,
            "it is there and changes nothing (report_only)",
            "leave report_only out when you are ready",
        )
    if parts.is_ours or shown or allowed(decision) is not None:
        return Finding(name, OK, "it answers" if allowed(decision) is not None else "it is in the page")
    return Finding(
        name,
        PROBLEM,
        f"no sign of it in {page.url}, nor at {decision.url}",
        "put it around the whole app; name the policy if the setting path is not the default; with report_only, "
        "set debug_header too",
    )


def tags(page: Answer, parts: PageParts) -> Finding:
    """Look for tags that load before consent."""
    if parts.unread:
        return Finding("tags", UNCHECKED, parts.unread)
    if parts.live:
        rules = ", ".join(dict.fromkeys(parts.live))
        return Finding(
            "tags",
            PROBLEM,
            f"{count(len(parts.live), 'tag', 'load')} before any consent: {rules}",
            "see whether the response passes the middleware: a static file, a cache or another server may send it; "
            "name the site's policy if its settings let them load",
        )
    if not parts.held:
        cut = " in the part that was read" if len(page.body) >= MAX_BODY else ""
        return Finding("tags", UNCHECKED, f"the page has no tag of a vendor{cut}")
    return Finding("tags", OK, f"{count(parts.held, 'element', 'wait')} for consent")


def early_hints(engine: Engine, page: Answer) -> Finding:
    """Look at `Link` and the like, in the response and in the heads before it."""
    name = "early hints"
    for what, headers in (("a response before the page (103)", page.early), ("the page's head", page.headers)):
        named = [pair for pair in headers if pair[0] != b"set-cookie"]
        if gone := _removed(engine, named):
            return Finding(
                name,
                PROBLEM,
                f"{what} makes browsers contact a vendor: {gone}",
                "let the middleware send it, or take the vendor's address out where the field is added",
            )
    return Finding(name, OK, "neither a 103 nor the page's head names a vendor")


def cookies(engine: Engine, page: Answer) -> Finding:
    """Look for cookies of a vendor."""
    name = "cookies"
    lines = [pair for pair in page.headers if pair[0] == b"set-cookie"]
    if _removed(engine, lines):
        return Finding(
            name,
            PROBLEM,
            "a cookie of a vendor is set before any consent",
            "set it behind the middleware, or not at all",
        )
    return Finding(name, OK, "no cookie of a vendor is set")


def csp(page: Answer, parts: PageParts, authority: str) -> Finding:
    """Look whether the page's Content-Security-Policy lets the scripts in.

    Args:
        page: the page.
        parts: what it contains.
        authority: the site's host and port.
    """
    name = "csp"
    if CSP_FIELDS.isdisjoint(key for key, _ in page.headers):
        return Finding(name, OK, "the page's head has no Content-Security-Policy")
    if not parts.script:
        return Finding(name, UNCHECKED, "the page needs no script of the middleware")
    policy = ContentSecurityPolicy.from_headers(page.headers)
    script = ScriptElement(parse_url(join(page.url, parts.script)), parts.nonce)
    if not policy.allows(script, authority):
        return Finding(
            name,
            PROBLEM,
            "the Content-Security-Policy blocks the facade's script, so there is no button",
            "allow 'self' in script-src, or give the page a nonce",
        )
    # Without a chat that the policy allows, the middleware offers none.
    addresses = [parts.chat] if parts.chat else [join(page.url, each) for each in parts.held_scripts]
    for url in filter(None, map(parse_url, () if policy.has_strict_dynamic else addresses)):
        if not policy.allows(ScriptElement(url), authority):
            return Finding(
                name,
                PROBLEM,
                f"the Content-Security-Policy blocks a vendor's script ({url.host}) even after consent",
                f"allow {url.host} in script-src, as the vendor's own tag needs it",
            )
    return Finding(name, OK, "the Content-Security-Policy lets the scripts in")


def caching(page: Answer, parts: PageParts) -> Finding:
    """Look whether a cache may give the page to another visitor."""
    name = "caching"
    if parts.is_shared:
        return Finding(name, OK, "the page is the same for every visitor (cacheable), so any cache may store it")
    if not (parts.held or parts.is_ours):
        return Finding(name, UNCHECKED, "the page is not changed for any visitor")
    head = [pair for pair in page.headers if pair[0] not in {b"etag", b"last-modified"}]
    # What the middleware would still change in the head is what something in front of it has changed back.
    wanted = vary_per_visitor(head, last_values(head), bytes, (b"Cookie",))
    if changed := sorted({key.decode("latin-1") for key, _ in {*head} ^ {*wanted}}):
        return Finding(
            name,
            PROBLEM,
            f"a cache may give this page to another visitor; look at {', '.join(changed)} in its head",
            f"leave {_CACHE_FIELDS} as the middleware sends them",
        )
    return Finding(name, OK, "Vary and Cache-Control keep the page from other visitors")


def count(number: int, what: str, does: str) -> str:
    """Return a number of things with what they do: "1 tag loads", "2 tags load"."""
    return f"{number} {what} {does}s" if number == 1 else f"{number} {what}s {does}"


def join(base: str, address: str) -> str:
    """Return an address of a page as a whole one, or "" if it is none."""
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def allowed(answer: Answer) -> dict[str, bool] | None:
    """Return what a decision allows, or None if the answer is none."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return None
    purposes = [purpose.value for purpose in Purpose]
    if answer.status != 200 or not isinstance(found, dict) or not found.keys() >= {*purposes}:
        return None
    return {purpose: found[purpose] is True for purpose in purposes}


def _removed(engine: Engine, headers: Headers) -> str:
    """Return the names of the fields that the middleware would not send as they are, or ""."""
    kept = Exchange(engine, RequestHead("GET", "/", "", [])).filter_early_hints(headers)
    return ", ".join(sorted({key.decode("latin-1") for key, _ in {*headers} - {*kept}}))
