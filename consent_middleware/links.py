"""Drop the links of the `Link` response field (RFC 8288) by which a browser would contact a vendor early."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from .headers import OWS, Headers

#: RFC 8288, section 3: one link of the field. The values of its parameters may be quoted, and may then have commas.
_LINK_VALUE: Final = re.compile(
    rb"""
    [ \t]*+ < (?P<target> [^>]*+ ) >
    (?P<parameters> (?: [^",]++ | " (?: [^"\\]++ | \\. )*+ " )*+ )
    """,
    re.VERBOSE,
)

#: One parameter of a link: its name, and a quoted or a bare value. A quoted string on its own has no name.
_LINK_PARAMETER: Final = re.compile(
    rb"""
    ; [ \t]*+ (?P<name> [^\s=;,"]++ ) [ \t]*+
    (?: = [ \t]*+ (?: " (?P<quoted> (?: [^"\\]++ | \\. )*+ ) " | (?P<bare> [^\s;,"]*+ ) ) )?+
    | " (?: [^"\\]++ | \\. )*+ "
    """,
    re.VERBOSE,
)

#: RFC 9110, section 5.6.4: a backslash in a quoted string, and the byte that it stands for.
_QUOTED_PAIR: Final = re.compile(rb"\\(.)")

#: An address in a field that cannot be parsed.
_BRACKETED_ADDRESS: Final = re.compile(rb"<\s*+([^<>\s]++)")

#: Takes a link's relation types, its addresses and its destination; returns whether the link must wait.
IsEarly = Callable[[str, Sequence[str], str], bool]


def filter_links(headers: Headers, is_early: IsEarly) -> Headers:
    """Return the head without the links for which `is_early` returns true.

    A field that cannot be parsed to its end is dropped as a whole if `is_early` is true of any address in it as a
    `preconnect`, because browsers may read the field in another way.

    Args:
        headers: the head.
        is_early: gets what `rel` says, the link's target with the addresses in `imagesrcset`, and what `as` says
            (HTML, section 4.2.4.2).
    """
    kept: Headers = []
    for key, value in headers:
        if key.lower() == b"link":
            links = list(_LINK_VALUE.finditer(value))
            is_malformed = bool(_LINK_VALUE.sub(b"", value).strip(OWS + b","))
            addresses = _BRACKETED_ADDRESS.findall(value) if is_malformed else []
            if any(is_early("preconnect", [address.decode("latin-1")], "") for address in addresses):
                continue
            staying = [link[0].strip() for link in links if not _is_early(link, is_early)]
            if len(staying) < len(links):
                if staying:
                    kept.append((key, b", ".join(staying)))
                continue
        kept.append((key, value))
    return kept


def _is_early(link: re.Match[bytes], is_early: IsEarly) -> bool:
    parameters: dict[bytes, str] = {}
    for name, quoted, bare in _LINK_PARAMETER.findall(link["parameters"]):
        value = _QUOTED_PAIR.sub(rb"\1", quoted) or bare
        # Of parameters with one name, the first counts (RFC 8288, section 3.3).
        parameters.setdefault(name.lower(), value.decode("latin-1"))
    candidates = parameters.get(b"imagesrcset", "").split(",")
    sources = [candidate.split()[0] for candidate in candidates if candidate.strip()]
    addresses = [link["target"].decode("latin-1"), *sources]
    return is_early(parameters.get(b"rel", ""), addresses, parameters.get(b"as", ""))
