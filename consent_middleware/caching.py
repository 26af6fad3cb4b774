"""HTTP caching (RFC 9111) of a page of which each visitor may get another variant.

A response names what the variants depend on (`Vary`), keeps shared caches from storing it (`Cache-Control`) and marks
its `ETag` with the variant. A request gets the app's own entity tags back, and loses the conditions that were made for
another variant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from .headers import OWS, Headers, filter_accept_encoding, is_navigation, may_want_html, split_list, values_of

#: RFC 9110, section 8.8.3: entity-tag = [ weak ] opaque-tag.
_ENTITY_TAG: Final = re.compile(rb'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')

#: Separates the app's own entity tag from the variant. Servers do not use this sequence.
_ETAG_SUFFIX: Final = b"--consent-"

#: Request fields that are about a stored copy of a page.
_CONDITION_FIELDS: Final = frozenset({b"if-none-match", b"if-match", b"if-modified-since", b"range", b"if-range"})

#: Response fields that tell one state of a page from another.
_VALIDATORS: Final = frozenset({b"etag", b"last-modified"})

#: Response fields that say whether and how long a page may be stored.
_LIFETIMES: Final = frozenset({b"cache-control", b"expires"})

#: The endings of fields that only shared caches read. RFC 9213 defines names like `CDN-Cache-Control`, and caches have
#: their own (`Cloudflare-CDN-`, `Netlify-CDN-`, `Vercel-CDN-`, `Akamai-`, `X-LiteSpeed-`). The other endings belong to
#: Fastly and older proxies, Akamai, nginx, and to Netlify's replacement for `Vary`.
_SHARED_CACHE_ENDINGS: Final = (
    b"-cache-control",
    b"surrogate-control",
    b"edge-control",
    b"x-accel-expires",
    b"netlify-vary",
)

#: A directive in such a field that keeps the page out of the cache. The field must stay then, because the cache may
#: have rules of its own by which it stores.
_NOT_STORED: Final = re.compile(rb"(?:^|,)[ \t]*+(?:no-store|private)[ \t]*+(?=,|;|$)", re.IGNORECASE)

#: Directives of `Cache-Control` that are for shared caches (RFC 9111, section 5.2.2).
_SHARED_DIRECTIVES: Final = frozenset({b"public", b"s-maxage"})

#: Directives with which a shared cache may store a page (RFC 9111, section 5.2.2, RFC 5861, RFC 8246).
_STORING_DIRECTIVES: Final = _SHARED_DIRECTIVES | {
    b"immutable",
    b"max-age",
    b"must-revalidate",
    b"must-understand",
    b"proxy-revalidate",
    b"stale-if-error",
    b"stale-while-revalidate",
}

#: Directives that keep a page from being shown to another visitor. Only the plain form counts: with a list of fields,
#: `private` and `no-cache` are about those fields alone. With `no-cache` the app is asked each time, and the marked
#: tags tell visitors apart.
_PROTECTING_DIRECTIVES: Final = frozenset({b"private", b"no-cache", b"no-store"})


# Requests


def request_for_app(
    headers: Sequence[tuple[bytes, bytes]],
    fields: Mapping[bytes, bytes],
    variant: Callable[[], bytes],
    codings: frozenset[bytes],
    *,
    rewrites: Callable[[], bool],
) -> tuple[Sequence[tuple[bytes, bytes]], bool]:
    """Return the request head for the app, and whether a condition in it was made for this variant of the page.

    - Entity tags with this variant's mark become the app's own tags again. Other tags are dropped from `If-None-Match`
      and stay in `If-Match`: there, a tag that cannot match makes the app refuse the change (412), and without it the
      app would make the change unconditionally (RFC 9110, section 13.1.1).
    - A navigation's other conditions are dropped, and so is its `Range`. They may be about another variant, or about a
      page from before the middleware was installed (RFC 9110, sections 13.1.2 and 14.2, allow ignoring both).
    - `Accept-Encoding` is limited to `codings` where the body may have to be read.

    Args:
        headers: the request head, with names in lower case.
        fields: the last value of each field.
        variant: returns the mark of the variant that this visitor gets.
        codings: the content codings that can be decoded.
        rewrites: returns whether a page may be rewritten for this visitor.

    Returns:
        The same head object if nothing changes, else a new one.
    """
    if len(fields) == len(headers) and _CONDITION_FIELDS.isdisjoint(fields):
        # The fast path for most requests: no condition, and only known codings on one line.
        accepted = fields.get(b"accept-encoding", b"identity")
        if filter_accept_encoding(accepted, codings) == accepted:
            return headers, False
    trims_codings = may_want_html(fields) and rewrites()
    navigation = is_navigation(fields)
    made_for_variant = False
    kept: Headers = []
    for name, value in headers:
        if name in {b"if-none-match", b"if-match"}:
            tags, found = _strip_variant(value, variant(), only_own=navigation, keeps=name == b"if-match")
            made_for_variant |= found
            if tags:
                kept.append((name, tags))
        elif navigation and name in _CONDITION_FIELDS:
            continue
        elif trims_codings and name == b"accept-encoding":
            kept.append((name, filter_accept_encoding(value, codings)))
        else:
            kept.append((name, value))
    return (headers if kept == list(headers) else kept), made_for_variant


def _strip_variant(value: bytes, variant: bytes, *, only_own: bool, keeps: bool) -> tuple[bytes, bool]:
    """Return a list of entity tags without this variant's marks, and whether there was one.

    Args:
        value: the value of `If-None-Match` or `If-Match`.
        variant: the mark of this variant.
        only_own: whether tags without a mark are dropped, as those with another variant's mark are.
        keeps: whether no tag is dropped at all.
    """
    if value.strip(OWS) == b"*":
        return value, False
    mark = _ETAG_SUFFIX + variant
    tags: list[bytes] = []
    found = False
    for match in _ENTITY_TAG.finditer(value):
        weak, opaque = match[1] or b"", match[2]
        if opaque.endswith(mark):
            tags.append(weak + b'"' + opaque.removesuffix(mark) + b'"')
            found = True
        elif keeps or (not only_own and _ETAG_SUFFIX not in opaque):
            tags.append(match[0])
    return b", ".join(tags) or (value if keeps else b""), found


# Responses


def vary_per_visitor(
    headers: Headers, fields: Mapping[bytes, bytes], variant: Callable[[], bytes], vary: Iterable[bytes]
) -> Headers:
    """Return the head of a page that may differ by visitor.

    Every variant has `Vary`, or a stored one would answer for all (RFC 9111, section 4.1). Some shared caches ignore
    `Vary`, so a page that the app lets be stored for a time becomes `private`, and fields that only shared caches read
    are dropped. Validators are marked.

    Args:
        headers: the app's head.
        fields: what `last_values` returns for it.
        variant: returns the mark of this variant.
        vary: the request fields that the page depends on.
    """
    validators, for_shared_caches, lifetimes, expires, varies = _caching_fields(tuple(fields))
    # The lines are read before fields are dropped, which `fields` would not know.
    lines = values_of(headers, fields, b"cache-control") if lifetimes else ()
    if validators:
        headers = mark_validators(headers, variant)
    if for_shared_caches:
        headers = [pair for pair in headers if not _lets_caches_share(*pair)]
    if lifetimes:
        headers = _make_private(headers, lines, expires=expires)
    return add_vary(headers, *vary) if varies else [*headers, (b"vary", b", ".join(vary))]


class _CachingFields(NamedTuple):
    """Which fields about caching a head has."""

    validators: bool
    for_shared_caches: bool
    lifetimes: bool
    expires: bool
    vary: bool


@lru_cache(256)  # the heads of an app have few different sets of fields
def _caching_fields(names: tuple[bytes, ...]) -> _CachingFields:
    """Return which fields about caching are among the fields of a head, by their names in lower case."""
    return _CachingFields(
        not _VALIDATORS.isdisjoint(names),
        any(name.endswith(_SHARED_CACHE_ENDINGS) for name in names),
        not _LIFETIMES.isdisjoint(names),
        b"expires" in names,
        b"vary" in names,
    )


def mark_validators(headers: Headers, variant: Callable[[], bytes]) -> Headers:
    """Return the head with the variant's mark on the `ETag`, and without `Last-Modified`.

    A strong entity tag stands for one sequence of bytes (RFC 9110, section 8.8.1), and a rewritten page has other bytes
    than the app's. A date cannot be marked, so it would confirm a page that was made under other settings.
    """
    kept: Headers = []
    for pair in headers:
        name = pair[0].lower()
        if name == b"etag":
            tag = _ENTITY_TAG.fullmatch(pair[1].strip(OWS))
            if tag:  # a malformed tag cannot be marked, and without a mark it would confirm other bytes
                kept.append((pair[0], (tag[1] or b"") + b'"' + tag[2] + _ETAG_SUFFIX + variant() + b'"'))
        elif name != b"last-modified":
            kept.append(pair)
    return kept


def add_vary(headers: Headers, *fields: bytes) -> Headers:
    """Return the head with `fields` in its first line of `Vary`; unchanged if `Vary` names them or is `*`."""
    lines = [index for index, (key, _) in enumerate(headers) if key.lower() == b"vary"]
    if not lines:
        return [*headers, (b"vary", b", ".join(fields))] if fields else headers
    named = {item.strip(OWS).lower() for line in lines for item in headers[line][1].split(b",")}
    missing = b", ".join(field for field in fields if field.lower() not in named)
    if not missing or b"*" in named:
        return headers
    merged = list(headers)
    key, value = merged[lines[0]]
    value = value.strip(OWS + b",")
    merged[lines[0]] = (key, value + b", " + missing if value else missing)
    return merged


def _lets_caches_share(key: bytes, value: bytes) -> bool:
    """Return whether a field lets a shared cache store the page."""
    name = key.lower()
    if not name.endswith(_SHARED_CACHE_ENDINGS):
        return False
    return value.strip(OWS) != b"0" if name == b"x-accel-expires" else not _NOT_STORED.search(value)


def _make_private(headers: Headers, lines: Sequence[bytes], *, expires: bool) -> Headers:
    """Return a head with a lifetime so that no shared cache stores the page.

    If `Cache-Control` changes, it becomes one line.

    Args:
        headers: the head.
        lines: the values of its `Cache-Control` fields.
        expires: whether it has an `Expires` field.
    """
    if not lines:
        return [*headers, (b"cache-control", b"private")]
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


@lru_cache(64)  # a site has few different values
def _private_directives(value: bytes, *, expires: bool) -> bytes | None:
    """Return the `Cache-Control` with `private`, or None if it may stay as it is."""
    directives = [item.strip(OWS) for item in split_list(value)]
    names = [item.partition(b"=")[0].strip(OWS).lower() for item in directives]
    plain = {item.lower() for item in directives}
    is_protected = bool(_PROTECTING_DIRECTIVES & plain)
    may_be_stored = expires or bool(_STORING_DIRECTIVES & set(names))
    if not _SHARED_DIRECTIVES & set(names) and (is_protected or not may_be_stored):
        return None
    kept = [item for item, name in zip(directives, names, strict=True) if item and name not in _SHARED_DIRECTIVES]
    return b", ".join(kept if b"private" in plain else [b"private", *kept])
