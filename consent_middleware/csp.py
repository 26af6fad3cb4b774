"""What a page's Content-Security-Policy lets scripts do, and whether it lets styles stand in the page (CSP Level 3).

`ContentSecurityPolicy.from_headers` reads the fields of a response once; its result answers everything else. A script
that the policy blocks may be injected markup. So a script counts as blocked if a source cannot be understood, or if the
page's own address would decide but is not known.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from .headers import values
from .urls import DEFAULT_PORTS, URL, parse_url

#: The fields that contain policies; those of the second are only reported.
_ENFORCED: Final = b"content-security-policy"
_REPORT_ONLY: Final = b"content-security-policy-report-only"
CSP_FIELDS: Final = frozenset({_ENFORCED, _REPORT_ONLY})

#: The directives that govern script elements; each is the fallback of the one before it (section 6.8.3).
_SCRIPT_DIRECTIVES: Final = ("script-src-elem", "script-src", "default-src")

#: The same for style elements.
_STYLE_DIRECTIVES: Final = ("style-src-elem", "style-src", "default-src")

#: Section 2.2.1: ASCII white space ends a directive's name.
_WHITE_SPACE: Final = "\t\n\f\r "
_WHITE_SPACE_RUN: Final = re.compile(r"[\t\n\f\r ]+")
_SOURCE: Final = re.compile(r"[^\t-\r ]+")

#: Section 2.3.1: the source expressions.
_NONCE_SOURCE: Final = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'", re.IGNORECASE)
_HASH_SOURCE: Final = re.compile(r"'?(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})'?(?:\?.*)?", re.IGNORECASE)
_SCHEME_SOURCE: Final = re.compile(r"([a-z][a-z0-9+.-]*):")
_HOST_SOURCE: Final = re.compile(
    r"""
    (?: (?P<scheme> [a-z][a-z0-9+.-]* ) :// )?
    (?P<host> \* | (?: \*\. )? [a-z0-9_.-]+ | \[ [0-9a-f:.]+ \] )
    (?: : (?P<port> \d{1,5} | \* ) )?
    (?P<path> /.* )?
    """,
    re.IGNORECASE | re.VERBOSE,
)


class ScriptElement(NamedTuple):
    """A script of a page, as far as a policy looks at it.

    Attributes:
        url: its address, resolved against the page's base; None for an inline script.
        nonce: its `nonce` attribute, "" if it has none.
        integrity: its `integrity` attribute, "" if it has none.
        text: the text of an inline script, None if it is not known.
    """

    url: URL | None
    nonce: str = ""
    integrity: str = ""
    text: str | None = None


class ContentSecurityPolicy(NamedTuple):
    """What all policies of one page say about scripts and styles.

    Attributes:
        nonce: the first nonce that a policy allows for scripts, None if no policy names one. Enforced policies come
            before policies that are only reported.
        script_sources: the sources for script elements, one text for each enforced policy that restricts scripts.
        blocks_inline_styles: whether an enforced policy blocks style elements that have neither a nonce nor a hash.
    """

    nonce: str | None = None
    script_sources: tuple[str, ...] = ()
    blocks_inline_styles: bool = False

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[bytes, bytes]]) -> ContentSecurityPolicy:
        """Return what a response's fields say."""
        headers = list(headers)
        policies = list(_policies(values(headers, _ENFORCED)))
        enforced = tuple(_sources(policies, _SCRIPT_DIRECTIVES))
        nonce = _first_nonce(enforced)
        if nonce is None:
            nonce = _first_nonce(_sources(_policies(values(headers, _REPORT_ONLY)), _SCRIPT_DIRECTIVES))
        return cls(nonce, enforced, not all(map(_allows_any_inline_style, _sources(policies, _STYLE_DIRECTIVES))))

    @property
    def has_strict_dynamic(self) -> bool:
        """Whether a policy allows whatever an allowed script inserts.

        Of the page's own scripts, such a policy allows only those with a nonce or a hash (section 8.2).
        """
        return any("'strict-dynamic'" in _split_sources(sources) for sources in self.script_sources)

    @property
    def requires_nonce(self) -> bool:
        """Whether a script of the page needs a nonce or a hash, and what it inserts needs neither."""
        return self.nonce is not None and self.has_strict_dynamic

    @property
    def blocks_same_origin_scripts(self) -> bool:
        """Whether a policy blocks a script of the page's own origin that has neither a nonce nor a hash.

        Any host or scheme in a policy is taken for the page's own (section 6.7.1.1).
        """
        return not all(_allows_by_address(_split_sources(sources)) for sources in self.script_sources)

    def allows(self, script: ScriptElement, authority: str = "") -> bool:
        """Return whether every enforced policy lets the script run.

        Args:
            script: the script.
            authority: the page's own host and port, "" if they are not known.
        """
        page = parse_url(f"//{authority}") if authority and self.script_sources else None
        return all(_allows(sources.split(), script, page) for sources in self.script_sources)


#: The page of a response without any policy.
NO_POLICY: Final = ContentSecurityPolicy()


def _policies(fields: Iterable[bytes]) -> Iterator[dict[str, str]]:
    """Yield the directives of each policy in these values: what follows each name, as one text."""
    for field in fields:
        for policy in field.decode("latin-1").split(","):
            directives: dict[str, str] = {}
            for directive in policy.split(";"):
                name, *sources = _WHITE_SPACE_RUN.split(directive.strip(_WHITE_SPACE), maxsplit=1)
                # Of directives with one name, the first counts (section 2.2.1).
                directives.setdefault(name.lower(), "".join(sources))
            yield directives


def _sources(policies: Iterable[Mapping[str, str]], names: Sequence[str]) -> Iterator[str]:
    """Yield what follows the first of these names that a policy has, for each policy that has one."""
    for directives in policies:
        for name in names:
            if name in directives:
                yield directives[name]
                break


def _first_nonce(script_sources: Iterable[str]) -> str | None:
    found = (_NONCE_SOURCE.search(sources) for sources in script_sources)
    return next((nonce[1] for nonce in found if nonce is not None), None)


def _split_sources(sources: str) -> list[str]:
    return _SOURCE.findall(sources.lower())


def _allows_any_inline_style(sources: str) -> bool:
    """Return whether a policy lets every style element apply (section 6.7.3.2): a nonce or a hash ends that."""
    if "'unsafe-inline'" not in sources.lower():
        return False
    return not any(_NONCE_SOURCE.fullmatch(word) or _HASH_SOURCE.fullmatch(word) for word in sources.split())


def _allows_by_address(words: Sequence[str]) -> bool:
    names_address = any(word == "'self'" or not word.startswith("'") for word in words)
    return names_address and "'strict-dynamic'" not in words


def _allows(sources: Sequence[str], script: ScriptElement, page: URL | None) -> bool:
    """Return whether one policy lets the script run (section 6.7.1.1 for an address, 6.7.3.3 for an inline script)."""
    nonces = {found[1] for source in sources if (found := _NONCE_SOURCE.fullmatch(source))}
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
    """Return the digests among these words, each with the name of its hash function."""
    found = set()
    for word in words:
        if (match := _HASH_SOURCE.fullmatch(word)) is not None:
            try:
                found.add((match[1].lower(), b64decode(match[2].replace("-", "+").replace("_", "/"), validate=True)))
            except Error:
                continue
    return found


def _digest(name: str, text: str) -> bytes:
    return hashlib.new(name, text.encode("utf-8", "surrogatepass")).digest()


def _matches(source: str, url: URL, page: URL | None) -> bool:
    """Return whether a source allows an address (section 6.7.2.8).

    An address without a scheme or a host has the page's.
    """
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
    if (named := _SCHEME_SOURCE.fullmatch(source.lower())) is not None:
        return url.scheme == named[1] or (named[1] in {"http", "https"} and url.scheme in {"", "https"})
    wanted = _HOST_SOURCE.fullmatch(source)
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
    """Return the port as a number, None if it is missing or the scheme's default."""
    number = None if port is None else int(port)
    return None if number in {80, 443, DEFAULT_PORTS.get(scheme)} else number
