"""Header fields that every part of the middleware reads: names, values, hosts, Fetch metadata and accepted codings.

A head is a list of pairs of bytes, as in ASGI. A function that changes a head returns a new list; pairs that it does
not change stay the same objects in the same order. Names are compared without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

Headers = list[tuple[bytes, bytes]]

#: RFC 9110, section 5.6.3: optional white space around values and list members.
OWS: Final = b" \t"

#: RFC 1035, section 2.3.4: the length of a domain name without its final dot, and of a `Host` field with dot and port.
LONGEST_DOMAIN: Final = 253
LONGEST_HOST: Final = LONGEST_DOMAIN + len(".:65535")
_DOMAIN: Final = re.compile(rb"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*+")

#: The fields that describe the bytes of a body: digests (RFC 9530, RFC 3230, RFC 1864), the length, and whether parts
#: of it can be requested.
_BODY_FIELDS: Final = frozenset(
    {b"content-digest", b"repr-digest", b"digest", b"content-md5", b"content-length", b"accept-ranges"}
)

#: Fetch, section 3.2.7: the destinations of requests whose response is shown as a page.
_DOCUMENTS: Final = frozenset({b"document", b"iframe", b"frame", b"object", b"embed"})

#: RFC 9110, section 12.4.2: a weight, after `q=`.
_WEIGHT: Final = re.compile(rb"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")

#: RFC 9110, section 5.6.1: one member of a list. A comma within quotation marks belongs to its member.
_LIST_MEMBER: Final = re.compile(
    rb"""
    (?: [^",]++                          # anything but quotation marks and commas
      | " (?: [^"\\]++ | \\. )*+ "?+     # a quoted string; the last one may lack its end
    )++
    """,
    re.VERBOSE,
)


def normalize_head(
    headers: Sequence[tuple[bytes, bytes]],
) -> tuple[Sequence[tuple[bytes, bytes]], Mapping[bytes, bytes]]:
    """Return the head with its names in lower case, and the last value of each field.

    The head is the same object if its names are in lower case already.
    """
    last_values = dict(headers)
    if not b"".join(last_values).islower():
        headers = [(name.lower(), value) for name, value in headers]
        last_values = dict(headers)
    return headers, last_values


def last_values(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the last value of each field, by its name in lower case."""
    return {name.lower(): value for name, value in headers}


def values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Return every value of the field `name` (in lower case), in order."""
    return [value for key, value in headers if key.lower() == name]


def values_of(headers: Collection[tuple[bytes, bytes]], fields: Mapping[bytes, bytes], name: bytes) -> Sequence[bytes]:
    """Return every value of the field `name`, as `values` does, and faster if no field comes twice.

    Args:
        headers: the head.
        fields: what `last_values` returns for this head, and for no other.
        name: the name, in lower case.
    """
    if len(fields) == len(headers):
        return (fields[name],) if name in fields else ()
    return values(headers, name)


def without(headers: Iterable[tuple[bytes, bytes]], names: Collection[bytes]) -> Headers:
    """Return the head without the fields in `names` (in lower case)."""
    return [(key, value) for key, value in headers if key.lower() not in names]


def split_list(value: bytes) -> list[bytes]:
    """Return the members of a comma-separated list, with the white space around them."""
    return _LIST_MEMBER.findall(value)


def without_body_fields(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return the head without the fields that describe the bytes of a body, for a body that was rewritten."""
    return without(headers, _BODY_FIELDS)


# What a request is for. `fields` are the last values of a normalized head.


def is_navigation(fields: Mapping[bytes, bytes]) -> bool:
    """Return whether the response will be shown as a page.

    Fetch metadata says so where the browser sends it. Otherwise a client that names `text/html` in `Accept` counts, and
    so does a script that fetches the next page itself.
    """
    destination = fields.get(b"sec-fetch-dest", b"empty")
    return destination in _DOCUMENTS or (destination == b"empty" and b"text/html" in fields.get(b"accept", b"").lower())


def may_want_html(fields: Mapping[bytes, bytes]) -> bool:
    """Return whether the response may be used as HTML: not for scripts, styles, images, fonts and the like."""
    destination = fields.get(b"sec-fetch-dest", b"empty")
    return destination == b"empty" or destination in _DOCUMENTS


def is_for_script(fields: Mapping[bytes, bytes]) -> bool:
    """Return whether a script has made the request and gets the response.

    Fetch metadata says so. Browsers leave it out on plain HTTP; there, a script's `Accept` names no page.
    """
    destination = fields.get(b"sec-fetch-dest")
    accept = fields.get(b"accept") if destination is None else None
    return destination == b"empty" or (accept is not None and b"text/html" not in accept.lower())


# Content codings that a client accepts


@lru_cache(64)  # browsers send few different values
def filter_accept_encoding(value: bytes, codings: frozenset[bytes]) -> bytes:
    """Return the `Accept-Encoding` with only `codings` and `identity`; the client's own value if nothing is removed."""
    known = [
        item.strip(OWS)
        for item in value.split(b",")
        if item.partition(b";")[0].strip(OWS).lower() in {b"identity", *codings}
    ]
    return value if len(known) == value.count(b",") + 1 else b", ".join(known) or b"identity"


@lru_cache(64)
def preferred_coding(accepted: bytes, offered: tuple[bytes, ...]) -> bytes | None:
    """Return the coding that a client prefers, or None if the body should stay uncoded.

    RFC 9110, sections 12.4.2 and 12.5.3. A malformed weight counts as a refusal.

    Args:
        accepted: the value of `Accept-Encoding`.
        offered: the codings to choose from. Of those with equal weight, the first is chosen.
    """
    weights: dict[bytes, float] = {}
    for item in accepted.split(b","):
        coding, *parameters = (part.strip(OWS).lower() for part in item.split(b";"))
        pairs = (part.partition(b"=") for part in parameters)
        weight_text = next((value for name, _, value in pairs if name == b"q"), b"1")
        weights[coding] = float(weight_text) if _WEIGHT.fullmatch(weight_text) else 0.0
    anything = weights.get(b"*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, anything))
    weight = weights.get(best, anything)
    return best if weight > 0 and weight >= weights.get(b"identity", 0.0) else None


# Hosts


def host_name(host: bytes) -> bytes:
    """Return the domain name in a `Host` field, in lower case, without port and final dot; b"" if it is not a DNS name.

    The client writes this field, and the name may go into a header or a page. So it is checked against the limits of
    RFC 1035, section 2.3.4, on names and labels.
    """
    if len(host) > LONGEST_HOST:
        return b""
    name = host.rsplit(b":", 1)[0].rstrip(b".").lower()
    return name if len(name) <= LONGEST_DOMAIN and _DOMAIN.fullmatch(name) else b""
