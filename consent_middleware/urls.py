"""The address that a browser would contact for a URL written in a page.

Knows the URL standard (https://url.spec.whatwg.org/) for the special schemes: which host, port and path a written URL
means, however it is written. Knows nothing about HTML (character references are decoded before), vendors or rules.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21, "file": None}

_WITHOUT_SLASHES: Final = re.compile(r"(https?|wss?|ftp):(?![/\\]{2})", re.IGNORECASE)
SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
AUTHORITY_END: Final = re.compile(r"[/\\?#]|\Z")
C0_CONTROL_OR_SPACE: Final = "".join(map(chr, range(0x21)))
TAB_OR_NEWLINE: Final = str.maketrans("", "", "\t\n\r")
# 3.2 "forbidden domain code point", after percent-decoding and mapping.
FORBIDDEN: Final = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
# UTS #46: characters that the mapping drops. Soft hyphen, joiners, word joiner, variation selectors, BOM.
IGNORED: Final = re.compile(
    "[\u00ad\u034f\u180b-\u180d\u180f\u200b-\u200d\u2060\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]"
)
#: RFC 1035, section 2.3.4: how many characters a label and a name have at most, less the dot at its end.
LONGEST_LABEL: Final = 63
LONGEST_NAME: Final = 253
#: How long an address may be that holds a script or a document in itself, and is read.
LONGEST_SAID: Final = 1 << 17
#: How many characters may compose to one, at most (UAX #15).
COMPOSED: Final = 4
# UTS #46: the full stops that mean ".".
DOTS: Final = str.maketrans("\u3002\uff0e\uff61", "...")


class URL(NamedTuple):
    """A parsed URL.

    ``scheme`` is lower-case without the colon, "" when neither the URL nor the base gives one. ``host`` is lower-case
    ASCII without a trailing dot, IPv6 addresses in brackets, "" when the URL has none. ``port`` is None when it is the
    scheme's own. ``path`` is percent-encoded as it was written, with dot segments taken out. ``query`` has no "?" and
    is "" when there is none.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str


def parse_url(value: str, base: str | None = None) -> URL | None:
    """Parse ``value`` as a browser does (URL standard 4.4), against ``base`` when it is given.

    ``value`` is an attribute's value with its character references decoded; ``base`` is an absolute or
    scheme-relative URL. A scheme-relative value without a base has the scheme "", a relative path has the host "".
    A value such as ``https:host/x`` is relative where the page has the same scheme; without a base, the host is taken,
    because a tag that is held for nothing is better than one that is missed. None means that the browser would refuse
    the URL. Never raises.
    """
    # Pages repeat themselves; what is long is more likely a page's content than an address that comes again.
    kept = len(value) <= _SHORT and (base is None or len(base) <= _SHORT)
    return (_parse_cached if kept else _parse)(value, base)


def possible_urls(value: str, base: str | None = None) -> tuple[URL, ...]:
    """Return what ``value`` may mean: more than one address where that depends on a scheme that is not known.

    Against a base such as ``//host/``, ``https:x`` is a path of that host on a page that has this scheme, and a host by
    itself on another. So it is against a base whose host is not of ASCII: a browser may refuse that.
    """
    url = parse_url(value, base)
    found = (url,) if url is not None else ()
    parent = _parent(base) if base is not None else None
    if parent is None or not parent.host:
        return found
    text = value.strip(C0_CONTROL_OR_SPACE).translate(TAB_OR_NEWLINE)
    if (scheme := _WITHOUT_SLASHES.match(text)) is None:
        return found
    if parent.scheme:
        alone = parse_url(value) if "xn--" in parent.host else None
        return found if alone is None else (*found, alone)
    path = text[scheme.end() :].partition("#")[0]
    return (*found, _relative(path, parent._replace(scheme=scheme[1].lower())))


def absolute(value: str, base: str | None) -> str:
    """Return ``value`` resolved against ``base``, as far as the base says; as it stands where there is none."""
    url = parse_url(value, base) if base is not None else None
    if url is None or not url.host:
        return value
    scheme = url.scheme and url.scheme + ":"
    port = "" if url.port is None else f":{url.port}"
    return f"{scheme}//{url.host}{port}{url.path}" + (url.query and "?" + url.query)


def _parse(value: str, base: str | None) -> URL | None:
    text = value.strip(C0_CONTROL_OR_SPACE).translate(TAB_OR_NEWLINE)
    parent = _parent(base) if base is not None else None
    text, _, _ = text.partition("#")
    scheme = ""
    if found := SCHEME.match(text):
        scheme = found[1].lower()
        text = text[found.end() :]
        if scheme not in DEFAULT_PORTS:
            path, _, query = text.partition("?")
            return URL(scheme, "", None, path, query)
        slashes = len(text) - len(text.lstrip("/\\"))
        relative = parent is not None and parent.scheme == scheme and slashes < 2
        if scheme == "file":
            return _file(text, slashes)
        if not relative:
            return _authority(scheme, text[slashes:])
    elif re.match(r"[/\\]{2}", text):
        return _authority(parent.scheme if parent else "", text.lstrip("/\\"))
    return _relative(text, parent or URL(scheme, "", None, "", ""))


@lru_cache(4)  # a page has one, however long, for all that follows
def _parent(base: str) -> URL | None:
    """The base as far as an address needs it: of a long path its end, or each address of a page would take as long."""
    parent = _parse(base, None)
    if parent is None or len(parent.path) <= _SHORT:
        return parent
    return parent._replace(path="/" + parent.path[-_SHORT:].partition("/")[2], query="")


_parse_cached = lru_cache(512)(_parse)
_SHORT: Final = 1024


def _authority(scheme: str, text: str) -> URL | None:
    """Parse from behind the slashes: user information, host, port, path, query (4.4, "authority state" and on)."""
    end = AUTHORITY_END.search(text)
    cut = end.start() if end else len(text)
    _, _, where = text[:cut].rpartition("@")
    host, port = where, ""
    if found := re.search(r":([^:\]]*)\Z", where):
        host, port = where[: found.start()], found[1]
    if port and not (port.isascii() and port.isdigit() and int(port[-12:]) <= 65535):
        return None
    address = parse_host(host)
    if not address:
        return None
    number = int(port[-12:]) if port else None
    path, mark, query = text[cut:].partition("?")
    return URL(
        scheme,
        address,
        None if number == DEFAULT_PORTS.get(scheme) else number,
        _without_dots(path.replace("\\", "/")),
        query if mark else "",
    )


def _file(text: str, slashes: int) -> URL | None:
    """Parse a file URL, which has a host only behind exactly two slashes."""
    path, _, query = text.partition("?")
    if slashes == 2:
        host, _, path = path[2:].replace("\\", "/").partition("/")
        address = parse_host(host) if host else ""
        if address is None:
            return None
        return URL("file", "" if address == "localhost" else address, None, _without_dots("/" + path), query)
    return URL("file", "", None, _without_dots("/" + path.replace("\\", "/").lstrip("/")), query)


def _relative(text: str, parent: URL) -> URL:
    """Resolve a path, a query or nothing against the base (4.4, "relative state")."""
    path, mark, query = text.partition("?")
    path = path.replace("\\", "/")
    if not path:
        return parent._replace(query=query if mark else parent.query)
    if not path.startswith("/") and parent.path:
        path = parent.path.rpartition("/")[0] + "/" + path
    return parent._replace(path=_without_dots(path), query=query)


def _without_dots(path: str) -> str:
    """Take "." and ".." out of a path that begins with "/"; a relative path stays as it is."""
    if not path.startswith("/"):
        return path or "/"
    if "/." not in path and "%2" not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        plain = re.sub("%2e", ".", segment, flags=re.IGNORECASE)
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(segment)
    if re.sub("%2e", ".", segments[-1], flags=re.IGNORECASE) in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def parse_host(text: str) -> str | None:
    """Parse a host as a browser does (URL standard 3.5): lower-case ASCII without a trailing dot, or None.

    Percent-encoding is decoded, then Unicode is mapped as UTS #46 says (full-width letters, ideographic full stops,
    soft hyphens), then what is left beyond ASCII becomes Punycode. Numbers become IPv4 addresses. A name that is longer
    than DNS knows names nothing; it is refused before anything is done that takes more time the longer a label is.
    """
    if text.startswith("["):
        inside = text[1:-1].lower()
        return f"[{inside}]" if text.endswith("]") and re.fullmatch(r"[0-9a-f:.]+", inside) else None
    domain = unquote_to_bytes(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    if "\ufffd" in domain:
        # UTS #46: disallowed.
        return None
    if not domain.isascii():
        domain = IGNORED.sub("", domain)
        if len(domain) > COMPOSED * (LONGEST_NAME + 1):
            return None
        domain = unicodedata.normalize("NFKC", domain.casefold()).casefold().translate(DOTS)
        domain = unicodedata.normalize("NFC", domain)
    labels = domain.lower().split(".")
    if any(len(label) > LONGEST_LABEL and not label.isascii() for label in labels):
        return None
    labels = [_label(label) for label in labels]
    if labels[-1:] == [""]:
        labels.pop()
    host = ".".join(labels)
    if not host or FORBIDDEN.search(host):
        return None
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        # A number may have any count of zeros in front.
        return _ipv4(labels)
    return None if len(host) > LONGEST_NAME or max(map(len, labels)) > LONGEST_LABEL else host


def _label(label: str) -> str:
    """Give one label of a domain in ASCII."""
    return label if label.isascii() else "xn--" + label.encode("punycode", "replace").decode("ascii")


def _ipv4(labels: list[str]) -> str | None:
    """Parse an IPv4 address in decimal, octal or hexadecimal parts (URL standard 3.5, "IPv4 parser")."""
    if len(labels) > 4:
        return None
    numbers = []
    for label in labels:
        try:
            if label.startswith("0x"):
                numbers.append(int(label[2:] or "0", 16))
            elif label.isdigit():
                numbers.append(int(label[-40:], 8 if len(label) > 1 and label.startswith("0") else 10))
            else:
                return None
        except ValueError:
            return None
    *front, last = numbers
    if any(number > 255 for number in front) or last >= 256 ** (5 - len(numbers)):
        return None
    address = last + sum(number << (8 * (3 - place)) for place, number in enumerate(front))
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


#: A `data:` address (Fetch, section 6, "data: URL processor"): what stands before its comma; and one of a script.
_DATA: Final = re.compile(r"data:([^,]*),(.*)\Z", re.IGNORECASE | re.DOTALL)
_SCRIPT_ADDRESS: Final = re.compile(r"javascript:(.*)\Z", re.IGNORECASE | re.DOTALL)
_BASE64: Final = re.compile(r"; *base64 *\Z", re.IGNORECASE)
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")


def content_of_url(value: str) -> str | None:
    """Return what an address holds in itself, a character for a byte; None for an address that leads elsewhere.

    More than `LONGEST_SAID` characters are not read. Never raises.
    """
    value = value.strip(C0_CONTROL_OR_SPACE)
    if value[:1] not in {"d", "D", "j", "J"} or len(value) > LONGEST_SAID:
        return None
    value = value.translate(TAB_OR_NEWLINE)
    if script := _SCRIPT_ADDRESS.match(value):
        return unquote_to_bytes(script[1]).decode("latin-1")
    if (data := _DATA.match(value)) is None:
        return None
    said = unquote_to_bytes(data[2])
    if _BASE64.search(data[1]):
        letters = _NOT_BASE64.sub(b"", said)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        said = b64decode(letters + b"=" * (-len(letters) % 4))
    return said.decode("latin-1")
