"""Response and request heads: what a decision per visitor means for each header field.

Knows: HTTP semantics and caching (RFC 9110, RFC 9111), cookies' names, media types, CSP nonces, the Link field.
Must not know: why a visitor's page differs, vendors, bodies, gateways.

A head is a list of pairs of bytes, as in ASGI. Every function returns a new list and leaves pairs that it does not
change as they are, in their order; names are compared without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Sequence

from .cookies import Cookies, parse_set_cookie

Headers = list[tuple[bytes, bytes]]

_OWS = b" \t"

#: Fields that describe bytes which a rewrite changes: RFC 9530, RFC 3230, RFC 1864.
_DIGESTS = frozenset({b"content-digest", b"repr-digest", b"digest", b"content-md5"})

#: Cache control for one class of caches, all of them shared: RFC 9213, and its forerunners.
_SHARED_CACHE_FIELDS = frozenset({b"cdn-cache-control", b"cloudflare-cdn-cache-control", b"surrogate-control"})

#: RFC 9110, section 8.8.3: entity-tag = [ weak ] opaque-tag.
_ENTITY_TAG = re.compile(rb'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')

#: What stands between an app's own entity tag and our mark: a sequence that servers do not use.
_MARK = b"--consent-"


def values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Every value of the field `name` (lower case), in order."""
    return [value for key, value in headers if key.lower() == name]


def first(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The first value of the field `name` (lower case), or None."""
    return next((value for key, value in headers if key.lower() == name), None)


def without(headers: Iterable[tuple[bytes, bytes]], names: Collection[bytes]) -> Headers:
    """The head less every field in `names` (lower case)."""
    return [(key, value) for key, value in headers if key.lower() not in names]


def html_type(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, str | None] | None:
    """The media type and charset of an HTML response; None for anything else, a missing type included.

    RFC 9110, section 8.3.1: the type is compared without regard to case, parameters may be quoted. A browser may
    sniff HTML where the type is missing; a server that cares for its pages states it.
    """
    content_type = first(headers, b"content-type")
    if content_type is None:
        return None
    media_type, _, parameters = content_type.partition(b";")
    media_type = media_type.strip(_OWS).lower()
    if media_type not in {b"text/html", b"application/xhtml+xml"}:
        return None
    charset = re.search(rb"(?:^|;)[ \t]*charset=\"?([^\s\";]+)", parameters, re.IGNORECASE)
    return media_type, charset[1].decode("latin-1") if charset else None


def wants_document(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Whether the request is a navigation, so that its answer is shown as a page.

    Fetch metadata says so where the browser sends it; else a client that names `text/html` in `Accept` does.
    """
    destination = first(headers, b"sec-fetch-dest")
    if destination is not None:
        return destination in {b"document", b"iframe", b"frame", b"object", b"embed"}
    return b"text/html" in (first(headers, b"accept") or b"").lower()


def may_want_html(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """False for requests that only ever use what is no HTML: scripts, styles, pictures, fonts and the like."""
    destination = first(headers, b"sec-fetch-dest")
    return destination is None or destination in {b"document", b"iframe", b"frame", b"object", b"embed", b"empty"}


# Requests


def for_app(
    headers: Sequence[tuple[bytes, bytes]], variant: bytes, codings: Collection[bytes], *, rewrites: bool
) -> tuple[Headers, bool]:
    """The request head that the app sees, and whether a condition in it was made against this variant.

    - `If-None-Match` and `If-Match` name the app's own tags again, where they carry this `variant`. A navigation's
      other conditions, and its `Range`, are dropped: a page that was stored for another variant, or before there were
      any, must not be confirmed or patched (RFC 9110, sections 13.1.2 and 14.2 allow to ignore both).
    - `Accept-Encoding` offers only `codings`, where the body may have to be read (`rewrites`).
    """
    document = wants_document(headers)
    trim = rewrites and may_want_html(headers)
    own_condition = False
    kept: Headers = []
    for key, value in headers:
        name = key.lower()
        if name in {b"if-none-match", b"if-match"}:
            tags, own = _unmark(value, variant, only_own=document)
            own_condition |= own
            if tags:
                kept.append((key, tags))
        elif document and name in {b"if-modified-since", b"range", b"if-range"}:
            continue
        elif trim and name == b"accept-encoding":
            kept.append((key, _offer(value, codings)))
        else:
            kept.append((key, value))
    return kept, own_condition


def _unmark(value: bytes, variant: bytes, *, only_own: bool) -> tuple[bytes, bool]:
    if value.strip(_OWS) == b"*":
        return value, False
    mark = _MARK + variant
    tags: list[bytes] = []
    own = False
    for match in _ENTITY_TAG.finditer(value):
        weak, opaque = match[1] or b"", match[2]
        if opaque.endswith(mark):
            tags.append(weak + b'"' + opaque.removesuffix(mark) + b'"')
            own = True
        elif not only_own and _MARK not in opaque:
            tags.append(match[0])
    return b", ".join(tags), own


def _offer(value: bytes, codings: Collection[bytes]) -> bytes:
    known = [
        item.strip(_OWS)
        for item in value.split(b",")
        if item.partition(b";")[0].strip(_OWS).lower() in {b"identity", *codings}
    ]
    return b", ".join(known) or b"identity"


# Responses


def filter_set_cookie(headers: Headers, withheld: Container[bytes]) -> Headers:
    """The head less the `Set-Cookie` lines of `withheld` names, save those that delete: they are how consent ends."""
    if not withheld:
        return headers
    return [(key, value) for key, value in headers if key.lower() != b"set-cookie" or not _is_withheld(value, withheld)]


def _is_withheld(line: bytes, withheld: Container[bytes]) -> bool:
    cookie = parse_set_cookie(line)
    return cookie.name in withheld and not cookie.deletes


def expire(names: Iterable[bytes], cookies: Cookies, host: bytes) -> Headers:
    """`Set-Cookie` lines that end each of `names` which the request carries.

    A cookie that a script has set may stand on the host alone or on any parent domain, and a request does not say
    which, so each gets its line; a browser ignores the domains that it may not set (RFC 6265bis, section 5.7).
    """
    present = [name for name in sorted(names) if name in cookies]
    if not present:
        return []
    domains = [b"", *(b"; Domain=" + domain for domain in _parent_domains(host))]
    end = b"=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    return [(b"set-cookie", name + end + domain) for name in present for domain in domains]


def _parent_domains(host: bytes) -> list[bytes]:
    """The host itself and its parents with at least two labels; none for an address or a name of one label."""
    name = host.rsplit(b":", 1)[0] if not host.endswith(b"]") else host
    name = name.rstrip(b".").lower()
    # What stands here goes into a header: nothing but host names passes.
    if not re.fullmatch(rb"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+", name) or re.fullmatch(rb"[0-9.]+", name):
        return []
    labels = name.split(b".")
    return [b".".join(labels[index:]) for index in range(len(labels) - 1)]


def per_visitor(headers: Headers, variant: bytes) -> Headers:
    """The head of a page that could differ between visitors: caches keep variants apart, validators too.

    RFC 9111, section 4.1: `Vary` must stand on every variant, or a stored one answers for all. `public` and `s-maxage`
    become `private`, because some shared caches ignore `Vary`; fields that only shared caches read go. The app's
    entity tag is marked with the variant (RFC 9110, section 8.8.1: a strong tag is one sequence of bytes). A date
    cannot tell variants apart, so `Last-Modified` goes.
    """
    kept: Headers = []
    for key, value in without(headers, _SHARED_CACHE_FIELDS | {b"last-modified"}):
        name = key.lower()
        if name == b"etag":
            tag = _ENTITY_TAG.fullmatch(value.strip(_OWS))
            if tag:  # what is no entity tag cannot be marked, and unmarked it would confirm other bytes
                kept.append((key, (tag[1] or b"") + b'"' + tag[2] + _MARK + variant + b'"'))
        else:
            kept.append((key, _private(value) if name == b"cache-control" else value))
    return add_vary(kept, b"Cookie")


def _private(value: bytes) -> bytes:
    directives = [item.strip(_OWS) for item in _split_list(value)]
    names = [item.partition(b"=")[0].strip(_OWS).lower() for item in directives]
    if not {b"public", b"s-maxage"} & set(names):
        return value
    kept = [item for item, name in zip(directives, names, strict=True) if item and name not in {b"public", b"s-maxage"}]
    return b", ".join(kept if b"private" in names else [b"private", *kept])


def add_vary(headers: Headers, field: bytes) -> Headers:
    """The head with `field` in `Vary`, merged into the first line; as it was where `field` or `*` stands already."""
    named = {item.strip(_OWS).lower() for value in values(headers, b"vary") for item in value.split(b",")}
    if field.lower() in named or b"*" in named:
        return headers
    lines = [index for index, (key, _) in enumerate(headers) if key.lower() == b"vary"]
    if not lines:
        return [*headers, (b"vary", field)]
    merged = list(headers)
    key, value = merged[lines[0]]
    value = value.strip(_OWS + b",")
    merged[lines[0]] = (key, value + b", " + field if value else field)
    return merged


def rewritten(headers: Headers, length: int | None) -> Headers:
    """The head of a body whose bytes change: its new length where it is known, and nothing that describes the old."""
    kept = without(headers, _DIGESTS | {b"content-length", b"accept-ranges"})
    if length is not None:
        kept.append((b"content-length", str(length).encode("ascii")))
    return kept


def csp_nonce(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The first nonce that the page's policy allows for scripts, enforced policies before report-only ones.

    CSP Level 3, section 2.3.1: `'nonce-' base64-value`. `script-src-elem` governs script elements, `script-src` stands
    in for it and `default-src` for that.
    """
    headers = list(headers)
    for field in (b"content-security-policy", b"content-security-policy-report-only"):
        for value in values(headers, field):
            for policy in value.split(b","):
                nonce = _policy_nonce(policy)
                if nonce:
                    return nonce
    return None


def _policy_nonce(policy: bytes) -> str | None:
    directives: dict[bytes, bytes] = {}
    for directive in policy.split(b";"):
        name, _, sources = directive.strip().partition(b" ")
        directives.setdefault(name.lower(), sources)
    for name in (b"script-src-elem", b"script-src", b"default-src"):
        if name in directives:
            nonce = re.search(rb"'nonce-([A-Za-z0-9+/_-]+={0,2})'", directives[name], re.IGNORECASE)
            return nonce[1].decode("ascii") if nonce else None
    return None


#: RFC 8288, section 3: `<` URI `>` and parameters, whose values may be quoted and then hold commas.
_LINK = re.compile(rb'[ \t]*+<([^>]*+)>((?:[^",]++|"(?:[^"\\]++|\\.)*+")*+)')
_LINK_RELATION = re.compile(rb';[ \t]*+rel[ \t]*+=[ \t]*+(?:"([^"]*+)"|([^\s;,"]++))', re.IGNORECASE)


def filter_links(headers: Headers, is_early: Callable[[str, str], bool]) -> Headers:
    """The head less those members of `Link` for which `is_early(relation types, URL)` is true (RFC 8288, section 3).

    A field that does not parse stays as it is.
    """
    kept: Headers = []
    for key, value in headers:
        if key.lower() == b"link":
            members = [match for match in _LINK.finditer(value) if match[0].strip()]
            staying = [match[0].strip() for match in members if not _is_early(match, is_early)]
            if len(staying) < len(members):
                if staying:
                    kept.append((key, b", ".join(staying)))
                continue
        kept.append((key, value))
    return kept


def _is_early(member: re.Match[bytes], is_early: Callable[[str, str], bool]) -> bool:
    relation = _LINK_RELATION.search(member[2])
    types = (relation[1] or relation[2] or b"").decode("latin-1") if relation else ""
    return is_early(types, member[1].decode("latin-1"))


def _split_list(value: bytes) -> list[bytes]:
    """The members of a comma-separated list whose members may hold quoted commas (RFC 9110, section 5.6.1)."""
    return re.findall(rb'(?:[^",]++|"(?:[^"\\]++|\\.)*+"?+)++', value)
