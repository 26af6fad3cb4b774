"""Response and request heads: what a decision per visitor means for each header field.

Knows: HTTP semantics and caching (RFC 9110, RFC 9111), cookies' names, media types, CSP nonces, the Link field.
Must not know: why a visitor's page differs, vendors, bodies, gateways.

A head is a list of pairs of bytes, as in ASGI. Every function returns a new list and leaves pairs that it does not
change as they are, in their order; names are compared without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from .cookies import Cookies, parse_set_cookie

Headers = list[tuple[bytes, bytes]]

#: RFC 1035, section 2.3.4: how long a name is at most, less the dot at its end; and a `Host` field with dot and port.
LONGEST_NAME = 253
LONGEST_HOST = LONGEST_NAME + len(".:65535")
_HOST_NAME = re.compile(rb"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*+")
_IPV4 = re.compile(rb"[0-9.]+")

#: How many labels a host has at most where cookies are ended on its parents too. Sites have three to five.
MAX_LABELS = 10

#: How many bytes of `Set-Cookie` lines end cookies in one response. Servers and proxies take heads of 8 to 64 kB.
MAX_EXPIRY = 8192

_OWS = b" \t"

#: Fields that describe bytes which a rewrite changes: RFC 9530, RFC 3230, RFC 1864.
_DIGESTS = frozenset({b"content-digest", b"repr-digest", b"digest", b"content-md5"})

#: How the fields end by which shared caches alone are told how long to store, or what tells pages apart. RFC 9213 has
#: caches name theirs so (`CDN-`, `Cloudflare-CDN-`, `Netlify-CDN-`, `Vercel-CDN-`, `Akamai-`, `X-LiteSpeed-`). The
#: others are those of Fastly and older proxies, Akamai, nginx, and what Netlify reads in place of `Vary`.
_SHARED_CACHE_ENDINGS = (b"-cache-control", b"surrogate-control", b"edge-control", b"x-accel-expires", b"netlify-vary")
#: What such a field says to keep a page out: it may stay, and must, because the cache may store by rules of its own.
_NOT_STORED = re.compile(rb"(?:^|,)[ \t]*+(?:no-store|private)[ \t]*+(?=,|;|$)", re.IGNORECASE)

#: Fields that tell one state of a page from another.
_VALIDATORS = frozenset({b"etag", b"last-modified"})

#: Fields that say whether and how long a page is stored.
_LIFETIMES = frozenset({b"cache-control", b"expires"})

#: RFC 9110, section 8.8.3: entity-tag = [ weak ] opaque-tag.
_ENTITY_TAG = re.compile(rb'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')

#: What stands between an app's own entity tag and our mark: a sequence that servers do not use.
_ETAG_SUFFIX = b"--consent-"


def values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Every value of the field `name` (lower case), in order."""
    return [value for key, value in headers if key.lower() == name]


def without(headers: Iterable[tuple[bytes, bytes]], names: Collection[bytes]) -> Headers:
    """The head less every field in `names` (lower case)."""
    return [(key, value) for key, value in headers if key.lower() not in names]


def normalize_names(
    headers: Sequence[tuple[bytes, bytes]],
) -> tuple[Sequence[tuple[bytes, bytes]], Mapping[bytes, bytes]]:
    """The head with its fields' names in lower case, the very same object where they are; and each one's last value."""
    fields = dict(headers)
    if not b"".join(fields).islower():
        headers = [(name.lower(), value) for name, value in headers]
        fields = dict(headers)
    return headers, fields


#: Fetch, section 3.2.7: the destinations of what is shown as a page.
_DOCUMENTS = frozenset({b"document", b"iframe", b"frame", b"object", b"embed"})


def is_navigation(fields: Mapping[bytes, bytes]) -> bool:
    """Whether the request is a navigation, so that its answer is shown as a page.

    Fetch metadata says so where the browser sends it; else a client that names `text/html` in `Accept` does, and so
    does a script that fetches the next page itself.
    """
    destination = fields.get(b"sec-fetch-dest", b"empty")
    return destination in _DOCUMENTS or (destination == b"empty" and b"text/html" in fields.get(b"accept", b"").lower())


def may_want_html(fields: Mapping[bytes, bytes]) -> bool:
    """False for requests that only ever use what is no HTML: scripts, styles, pictures, fonts and the like."""
    destination = fields.get(b"sec-fetch-dest", b"empty")
    return destination == b"empty" or destination in _DOCUMENTS


def is_for_script(fields: Mapping[bytes, bytes]) -> bool:
    """Whether a script has asked, and takes the answer.

    Fetch metadata says so; browsers leave it out on plain HTTP, where a script's `Accept` still names no page.
    """
    destination = fields.get(b"sec-fetch-dest")
    accept = fields.get(b"accept") if destination is None else None
    return destination == b"empty" or (accept is not None and b"text/html" not in accept.lower())


# Requests


#: Request fields that a cache's or a client's copy of a page speaks through.
_CONDITIONS = frozenset({b"if-none-match", b"if-match", b"if-modified-since", b"range", b"if-range"})


def request_for_app(
    headers: Sequence[tuple[bytes, bytes]],
    fields: Mapping[bytes, bytes],
    variant: Callable[[], bytes],
    codings: frozenset[bytes],
    *,
    rewrites: Callable[[], bool],
) -> tuple[Sequence[tuple[bytes, bytes]], bool]:
    """The request head that the app sees, and whether a condition in it was made against this variant.

    - `If-None-Match` and `If-Match` name the app's own tags again, where they carry this `variant`. What else stands in
      `If-Match` stays: a tag that cannot match lets the app refuse (412), where without it a change would be made
      unseen (RFC 9110, section 13.1.1). A navigation's other conditions, and its `Range`, are dropped: a page that was
      stored for another variant, or before there were any, must not be confirmed or patched (RFC 9110, sections 13.1.2
      and 14.2 allow to ignore both).
    - `Accept-Encoding` offers only `codings`, where the body may have to be read (`rewrites`).

    Names are in lower case; `fields` are their last values. Where nothing differs, the head is the very same object.
    """
    if len(fields) == len(headers) and _CONDITIONS.isdisjoint(fields):
        # Most requests: no condition, one line of codings and all of them known.
        offer = fields.get(b"accept-encoding", b"identity")
        if _filter_accept_encoding(offer, codings) == offer:
            return headers, False
    trim = may_want_html(fields) and rewrites()
    document = is_navigation(fields)
    own_condition = False
    kept: Headers = []
    for name, value in headers:
        if name in {b"if-none-match", b"if-match"}:
            tags, own = _strip_variant(value, variant(), only_own=document, keeps=name == b"if-match")
            own_condition |= own
            if tags:
                kept.append((name, tags))
        elif document and name in _CONDITIONS:
            continue
        elif trim and name == b"accept-encoding":
            kept.append((name, _filter_accept_encoding(value, codings)))
        else:
            kept.append((name, value))
    return (headers if kept == list(headers) else kept), own_condition


def _strip_variant(value: bytes, variant: bytes, *, only_own: bool, keeps: bool) -> tuple[bytes, bool]:
    if value.strip(_OWS) == b"*":
        return value, False
    mark = _ETAG_SUFFIX + variant
    tags: list[bytes] = []
    own = False
    for match in _ENTITY_TAG.finditer(value):
        weak, opaque = match[1] or b"", match[2]
        if opaque.endswith(mark):
            tags.append(weak + b'"' + opaque.removesuffix(mark) + b'"')
            own = True
        elif keeps or (not only_own and _ETAG_SUFFIX not in opaque):
            tags.append(match[0])
    return b", ".join(tags) or (value if keeps else b""), own


@lru_cache(64)  # browsers send few different values
def _filter_accept_encoding(value: bytes, codings: frozenset[bytes]) -> bytes:
    known = [
        item.strip(_OWS)
        for item in value.split(b",")
        if item.partition(b";")[0].strip(_OWS).lower() in {b"identity", *codings}
    ]
    # What is offered anyway stays as the client has written it.
    return value if len(known) == value.count(b",") + 1 else b", ".join(known) or b"identity"


_WEIGHT = re.compile(rb"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


@lru_cache(64)
def preferred_coding(accepted: bytes, offered: tuple[bytes, ...]) -> bytes | None:
    """The one of `offered` that a client likes best by its `Accept-Encoding`; of equals the first. None: as it is.

    RFC 9110, sections 12.4.2 and 12.5.3. A weight that is none counts as a refusal.
    """
    weights: dict[bytes, float] = {}
    for item in accepted.split(b","):
        coding, *parameters = (part.strip(_OWS).lower() for part in item.split(b";"))
        said = next((value for name, _, value in (part.partition(b"=") for part in parameters) if name == b"q"), b"1")
        weights[coding] = float(said) if _WEIGHT.fullmatch(said) else 0.0
    anything = weights.get(b"*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, anything))
    weight = weights.get(best, anything)
    return best if weight > 0 and weight >= weights.get(b"identity", 0.0) else None


def hide_cookies(headers: Sequence[tuple[bytes, bytes]], names: Container[bytes]) -> Sequence[tuple[bytes, bytes]]:
    """The request head less the pairs of `names` in `Cookie`; every other byte of it stays.

    A line that held nothing else goes. Fields' names are in lower case, cookies' names are compared exactly.
    """
    kept: Headers = []
    for name, value in headers:
        if name == b"cookie":
            parts = value.split(b";")
            left = [part for part in parts if part.partition(b"=")[0].strip(_OWS) not in names]
            if len(left) < len(parts):
                rest = b";".join(left).lstrip(_OWS)
                if rest:
                    kept.append((name, rest))
                continue
        kept.append((name, value))
    return kept if kept != list(headers) else headers


# Responses


def filter_set_cookie(headers: Headers, withheld: Container[bytes]) -> Headers:
    """The head less the `Set-Cookie` lines of `withheld` names, save those that delete: they are how consent ends."""
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
    lines: Headers = []
    left = MAX_EXPIRY
    for name in present:
        ended = [(b"set-cookie", name + end + domain) for domain in domains]
        left -= sum(len(line) for _, line in ended)
        if left < 0:
            # A later response ends the others: what has ended here does not come again.
            break
        lines += ended
    return lines


def host_name(host: bytes) -> bytes:
    """The name in a `Host` field, in lower case and without port and final dot; nothing for what is no DNS name.

    RFC 1035, section 2.3.4, bounds a name and its labels. A visitor writes this field: what stands here may go into a
    header or into a page.
    """
    if len(host) > LONGEST_HOST:
        return b""
    name = host.rsplit(b":", 1)[0].rstrip(b".").lower()
    return name if len(name) <= LONGEST_NAME and _HOST_NAME.fullmatch(name) else b""


def _parent_domains(host: bytes) -> list[bytes]:
    """The host itself and its parents with at least two labels.

    None for an address, for a name of one label, and for a name of more labels than sites have: then a cookie is ended
    on the host alone.
    """
    name = host_name(host)
    labels = name.split(b".")
    if len(labels) > MAX_LABELS or _IPV4.fullmatch(name):
        return []
    return [b".".join(labels[index:]) for index in range(len(labels) - 1)]


def vary_per_visitor(headers: Headers, variant: Callable[[], bytes], vary: Iterable[bytes]) -> Headers:
    """The head of a page that could differ between visitors: caches keep variants apart, validators too.

    RFC 9111, section 4.1: `Vary` names the fields of `vary` on every variant, or a stored one answers for all. Some
    shared caches ignore `Vary`, so what the app lets be stored for a time is `private`; fields that only shared caches
    read go.
    """
    # Most heads have little of this, and are not gone through for what they have not.
    names = {key.lower() for key, _ in headers}
    if not _VALIDATORS.isdisjoint(names):
        headers = mark_validators(headers, variant)
    if any(name.endswith(_SHARED_CACHE_ENDINGS) for name in names):
        headers = [pair for pair in headers if not _lets_caches_share(*pair)]
    if not _LIFETIMES.isdisjoint(names):
        headers = _private(headers, expires=b"expires" in names)
    return add_vary(headers, *vary)


def _lets_caches_share(key: bytes, value: bytes) -> bool:
    name = key.lower()
    if not name.endswith(_SHARED_CACHE_ENDINGS):
        return False
    return value.strip(_OWS) != b"0" if name == b"x-accel-expires" else not _NOT_STORED.search(value)


def mark_validators(headers: Headers, variant: Callable[[], bytes]) -> Headers:
    """The head of a page that is not the app's own any more, and the same for every visitor: caching is the app's.

    The app's entity tag is marked with the variant (RFC 9110, section 8.8.1: a strong tag is one sequence of bytes). A
    date cannot tell what was made of the app's page, and under which settings, so `Last-Modified` goes.
    """
    kept: Headers = []
    for pair in headers:
        name = pair[0].lower()
        if name == b"etag":
            tag = _ENTITY_TAG.fullmatch(pair[1].strip(_OWS))
            if tag:  # what is no entity tag cannot be marked, and unmarked it would confirm other bytes
                kept.append((pair[0], (tag[1] or b"") + b'"' + tag[2] + _ETAG_SUFFIX + variant() + b'"'))
        elif name != b"last-modified":
            kept.append(pair)
    return kept


def _private(headers: Headers, *, expires: bool) -> Headers:
    """The head that lets no shared cache store; `Cache-Control` is one line then, and stays as it is where it does.

    `expires` says whether there is an `Expires` field.
    """
    lines = values(headers, b"cache-control")
    if not lines:
        return [*headers, (b"cache-control", b"private")] if expires else headers
    directives = _private_directives(b", ".join(lines), expires=expires)
    if directives is None:
        return headers
    kept: Headers = []
    for key, value in headers:
        if key.lower() != b"cache-control":
            kept.append((key, value))
        elif directives:
            kept.append((key, directives))
            directives = b""
    return kept


#: RFC 9111, section 5.2.2, RFC 5861, RFC 8246: what lets a shared cache store a page, or says how long or how.
_FOR_SHARED = frozenset({b"public", b"s-maxage"})
_STORED = _FOR_SHARED | {
    b"immutable",
    b"max-age",
    b"must-revalidate",
    b"must-understand",
    b"proxy-revalidate",
    b"stale-if-error",
    b"stale-while-revalidate",
}
#: What keeps a page from answering for another visitor. With a list of fields behind them, `private` and `no-cache`
#: speak of those fields alone; without one, `no-cache` has the app asked every time, and its tags tell visitors apart.
_KEEPS = frozenset({b"private", b"no-cache", b"no-store"})


@lru_cache(64)  # a site has few different values
def _private_directives(value: bytes, *, expires: bool) -> bytes | None:
    directives = [item.strip(_OWS) for item in _split_list(value)]
    names = [item.partition(b"=")[0].strip(_OWS).lower() for item in directives]
    whole = {item.lower() for item in directives}
    if not _FOR_SHARED & set(names) and (_KEEPS & whole or not (expires or _STORED & set(names))):
        return None
    kept = [item for item, name in zip(directives, names, strict=True) if item and name not in _FOR_SHARED]
    return b", ".join(kept if b"private" in whole else [b"private", *kept])


def add_vary(headers: Headers, *fields: bytes) -> Headers:
    """The head with `fields` in `Vary`, merged into the first line; as it was where they, or `*`, stand already."""
    lines = [index for index, (key, _) in enumerate(headers) if key.lower() == b"vary"]
    if not lines:
        return [*headers, (b"vary", b", ".join(fields))] if fields else headers
    named = {item.strip(_OWS).lower() for line in lines for item in headers[line][1].split(b",")}
    missing = b", ".join(field for field in fields if field.lower() not in named)
    if not missing or b"*" in named:
        return headers
    merged = list(headers)
    key, value = merged[lines[0]]
    value = value.strip(_OWS + b",")
    merged[lines[0]] = (key, value + b", " + missing if value else missing)
    return merged


def for_changed_body(headers: Headers, length: int | None) -> Headers:
    """The head of a body whose bytes change: its new length where it is known, and nothing that describes the old."""
    kept = without(headers, _DIGESTS | {b"content-length", b"accept-ranges"})
    if length is not None:
        kept.append((b"content-length", str(length).encode("ascii")))
    return kept


def csp_nonce(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The first nonce that the page's policy allows for scripts, enforced policies before report-only ones.

    CSP Level 3, section 2.3.1: `'nonce-' base64-value`.
    """
    headers = list(headers)
    for field in (b"content-security-policy", b"content-security-policy-report-only"):
        for sources in _script_sources(headers, field):
            nonce = re.search(rb"'nonce-([A-Za-z0-9+/_-]+={0,2})'", sources or b"", re.IGNORECASE)
            if nonce:
                return nonce[1].decode("ascii")
    return None


def blocks_same_origin_scripts(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an enforced policy of the page lets no script run that is known only by its own origin's URL.

    CSP Level 3, section 6.7.1.1: a nonce or a hash allows one script; hosts, schemes and `'self'` allow by URL, unless
    `'strict-dynamic'` stands beside them. A host that is named is taken for the page's own.
    """
    return any(
        sources is not None and not _allows_by_url(sources)
        for sources in _script_sources(headers, b"content-security-policy")
    )


def has_strict_dynamic(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether an enforced policy of the page lets run whatever a script inserts.

    Of the page's own tags, such a policy lets those alone run that have a nonce or a hash (CSP Level 3, section 8.2,
    `'strict-dynamic'`).
    """
    return any(
        b"'strict-dynamic'" in (sources or b"").lower().split()
        for sources in _script_sources(headers, b"content-security-policy")
    )


def csp_script_sources(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, ...]:
    """What each enforced policy of the page that says anything of scripts says of them."""
    found = _script_sources(headers, b"content-security-policy")
    return tuple(sources.decode("latin-1") for sources in found if sources is not None)


def _allows_by_url(sources: bytes) -> bool:
    words = sources.lower().split()
    by_url = any(word == b"'self'" or not word.startswith(b"'") for word in words)
    return by_url and b"'strict-dynamic'" not in words


#: CSP Level 3, section 2.2.1: a directive's name ends at ASCII white space.
_ASCII_SPACE = re.compile(rb"[\t\n\f\r ]+")


def _script_sources(headers: Iterable[tuple[bytes, bytes]], field: bytes) -> Iterator[bytes | None]:
    """For each policy in `field` what it says of script elements; None where it says nothing.

    `script-src-elem` governs them, `script-src` stands in for it and `default-src` for that (section 6.8.3).
    """
    for value in values(headers, field):
        for policy in value.split(b","):
            directives: dict[bytes, bytes] = {}
            for directive in policy.split(b";"):
                name, *sources = _ASCII_SPACE.split(directive.strip(b"\t\n\f\r "), maxsplit=1)
                directives.setdefault(name.lower(), b"".join(sources))
            named = (b"script-src-elem", b"script-src", b"default-src")
            yield next((directives[name] for name in named if name in directives), None)


#: RFC 8288, section 3: `<` URI `>` and parameters, whose values may be quoted and then hold commas.
_LINK = re.compile(rb'[ \t]*+<([^>]*+)>((?:[^",]++|"(?:[^"\\]++|\\.)*+")*+)')
#: One parameter, or a string in quotes that belongs to none.
_LINK_PARAMETER = re.compile(
    rb';[ \t]*+([^\s=;,"]++)[ \t]*+(?:=[ \t]*+(?:"((?:[^"\\]++|\\.)*+)"|([^\s;,"]*+)))?+|"(?:[^"\\]++|\\.)*+"'
)
_QUOTED_PAIR = re.compile(rb"\\(.)")


#: An address in what is left of a `Link` field that does not parse.
_SAID_ADDRESS = re.compile(rb"<\s*+([^<>\s]++)")

IsEarly = Callable[[str, Sequence[str], str], bool]


def filter_links(headers: Headers, is_early: IsEarly) -> Headers:
    """The head less those members of `Link` for which `is_early(relation types, addresses, destination)` is true.

    RFC 8288, section 3; the addresses are the link's and those of `imagesrcset`, the destination is what `as` says
    (HTML, section 4.2.4.2). Of a field that does not parse to its end, every member counts as the plainest of hints: a
    browser may read it in another way.
    """
    kept: Headers = []
    for key, value in headers:
        if key.lower() == b"link":
            members = [match for match in _LINK.finditer(value) if match[0].strip()]
            rest = _LINK.sub(b"", value).strip(_OWS + b",")
            doubtful = [address.decode("latin-1") for address in _SAID_ADDRESS.findall(value)] if rest else []
            if any(is_early("preconnect", [address], "") for address in doubtful):
                continue
            staying = [match[0].strip() for match in members if not _is_early(match, is_early)]
            if len(staying) < len(members):
                if staying:
                    kept.append((key, b", ".join(staying)))
                continue
        kept.append((key, value))
    return kept


def _is_early(member: re.Match[bytes], is_early: IsEarly) -> bool:
    said: dict[bytes, str] = {}
    for name, quoted, bare in _LINK_PARAMETER.findall(member[2]):
        # The first of a name counts (RFC 8288, section 3.3).
        said.setdefault(name.lower(), (_QUOTED_PAIR.sub(rb"\1", quoted) or bare).decode("latin-1"))
    sources = [candidate.split()[0] for candidate in said.get(b"imagesrcset", "").split(",") if candidate.strip()]
    return is_early(said.get(b"rel", ""), [member[1].decode("latin-1"), *sources], said.get(b"as", ""))


def _split_list(value: bytes) -> list[bytes]:
    """The members of a comma-separated list whose members may hold quoted commas (RFC 9110, section 5.6.1)."""
    return re.findall(rb'(?:[^",]++|"(?:[^"\\]++|\\.)*+"?+)++', value)
