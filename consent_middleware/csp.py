"""Whether a page's Content-Security-Policy lets one of its own scripts run (CSP Level 3, section 6.7).

Knows: the source expressions of a directive for scripts, and how an address, a nonce or a digest matches one.
Must not know: header fields, HTML, vendors, what follows from the answer.

What a page's policy stops may be markup that somebody has got into the page. Where a source cannot be understood, or
the page's own address is not known, a script counts as stopped.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .urls import DEFAULT_PORTS, URL, parse_url


class Script(NamedTuple):
    """One script of a page as its policy sees it.

    `url` is its address against the page's base, None for an inline script, whose characters are `text` (None: not
    known). `nonce` and `integrity` are its attributes, "" where they are missing.
    """

    url: URL | None
    nonce: str = ""
    integrity: str = ""
    text: str | None = None


_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'", re.IGNORECASE)
_HASH = re.compile(r"'?(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})'?(?:\?.*)?", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):")
_HOST = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(?:\*\.)?[a-z0-9_.-]+|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>\d{1,5}|\*))?(?P<path>/.*)?",
    re.IGNORECASE,
)


def lets_run(policies: Iterable[str], script: Script, authority: str = "") -> bool:
    """Return whether every policy lets the script run; each is the value of the directive that governs scripts.

    `authority` is the page's own host and port, "" where it is not known.
    """
    return all(
        _allows(policy.split(), script, parse_url(f"//{authority}") if authority else None) for policy in policies
    )


def _allows(sources: Sequence[str], script: Script, page: URL | None) -> bool:
    nonces = {found[1] for source in sources if (found := _NONCE.fullmatch(source))}
    if script.nonce in nonces:
        return True
    hashes = _hashes(sources)
    words = {source.lower() for source in sources}
    if script.url is None:
        if script.text is not None and any(_digest(name, script.text) == value for name, value in hashes):
            return True
        return "'unsafe-inline'" in words and not (nonces or hashes or "'strict-dynamic'" in words)
    wanted = _hashes(script.integrity.split())
    if wanted and wanted <= hashes:
        return True
    return "'strict-dynamic'" not in words and any(_matches(source, script.url, page) for source in sources)


def _hashes(words: Iterable[str]) -> set[tuple[str, bytes]]:
    """Return the digests that stand among these words, with the names of their functions."""
    found = set()
    for word in words:
        if (match := _HASH.fullmatch(word)) is not None:
            try:
                found.add((match[1].lower(), b64decode(match[2].replace("-", "+").replace("_", "/"), validate=True)))
            except Error:
                continue
    return found


def _digest(name: str, text: str) -> bytes:
    return hashlib.new(name, text.encode("utf-8", "surrogatepass")).digest()


def _matches(source: str, url: URL, page: URL | None) -> bool:
    """Section 6.7.2.8: an address without a scheme, or without a host, has the page's."""
    source = source.lower() if source.startswith("'") else source
    is_network = url.scheme in {"", "http", "https"}
    if not url.host and is_network:
        if page is None:
            return source == "'self'"
        url = url._replace(host=page.host, port=page.port)
    if source == "'self'":
        return is_network and page is not None and (url.host, url.port) == (page.host, page.port)
    if source == "*":
        return is_network
    if (named := _SCHEME.fullmatch(source.lower())) is not None:
        return url.scheme == named[1] or (named[1] in {"http", "https"} and url.scheme in {"", "https"})
    wanted = _HOST.fullmatch(source)
    if wanted is None or not is_network:
        return False
    scheme, host, port, path = wanted.group("scheme", "host", "port", "path")
    return (
        (scheme is None or url.scheme in {"", "https", scheme.lower()})
        and _is_host(host.lower(), url.host)
        and (port == "*" or _port(port, url.scheme) == url.port)
        and (path in {None, "/"} or url.path == path or (path.endswith("/") and url.path.startswith(path)))
    )


def _is_host(wanted: str, host: str) -> bool:
    if wanted == "*":
        return True
    return host.endswith(wanted[1:]) if wanted.startswith("*.") else host == wanted


def _port(port: str | None, scheme: str) -> int | None:
    """Return the port, None where it is left out or the scheme's own."""
    number = None if port is None else int(port)
    return None if number in {80, 443, DEFAULT_PORTS.get(scheme)} else number
