"""Parse the URLs of a page as a browser does (https://url.spec.whatwg.org/), however they are written.

Character references must be decoded before.
"""

from __future__ import annotations

import re
import string
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
# 3.2 "forbidden domain code point"; tested after percent-decoding and mapping.
FORBIDDEN: Final = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
# Characters that UTS #46 drops: soft hyphen, joiners, fillers, invisible operators, variation selectors, controls of
# shorthand and music, byte order mark. It drops some of them only since Unicode 16; older browsers refuse these.
IGNORED: Final = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0100-\U000e01ef]"
)
# RFC 1035, section 2.3.4: the longest label, and the longest name without the dot at its end.
MAX_LABEL: Final = 63
MAX_NAME: Final = 253
# The longest `data:` or `javascript:` URL whose content is read.
MAX_CONTENT: Final = 1 << 17
# How many characters compose to one character at most (UAX #15).
MAX_COMPOSED: Final = 4
# The longest URL whose parsed form is cached, and how much of a base's path is kept.
MAX_CACHED_URL: Final = 1024
# What UTS #46 maps to ASCII although NFKC may leave it alone: full stops, and letters and digits that may be newer than
# Python's version of Unicode.
MAPPED: Final = {
    **dict.fromkeys("\u3002\uff0e\uff61", "."),
    **dict(zip("\u209d\u209e\u209f\ua7f1", "wyzs", strict=True)),
    **{chr(0x1CCD6 + place): letter for place, letter in enumerate(string.ascii_lowercase + string.digits)},
    **dict.fromkeys("\U0001d6a6\U0001df95", "ss"),
}
_TO_ASCII: Final = str.maketrans(MAPPED)


class URL(NamedTuple):
    """A parsed URL.

    Attributes:
        scheme: lower-case, without the colon; "" when neither the URL nor the base gives one.
        host: lower-case ASCII without a trailing dot, IPv6 addresses in brackets; "" when the URL has no host.
        port: None when it is the scheme's default.
        path: without dot segments; percent-encoding stays as written.
        query: without the "?"; "" when there is none.
    """

    scheme: str
    host: str
    port: int | None
    path: str
    query: str


def parse_url(value: str, base: str | None = None) -> URL | None:
    """Parse a URL as a browser does (URL standard 4.4). Never raises.

    A value such as `https:host/x` is relative where the page has the same scheme. Without a base it is read as
    absolute, because a tag that is blocked needlessly is better than one that is missed.

    Args:
        value: an attribute's value, with character references decoded.
        base: an absolute or scheme-relative URL.

    Returns:
        The URL, or None where a browser would refuse it. Without a base, a scheme-relative value has the scheme "" and
        a relative path has the host "".
    """
    # Short URLs recur on many pages; longer ones are mostly a page's own content.
    is_short = len(value) <= MAX_CACHED_URL and (base is None or len(base) <= MAX_CACHED_URL)
    return (_parse_cached if is_short else _parse)(value, base)


def possible_urls(value: str, base: str | None = None) -> tuple[URL, ...]:
    """Return every URL that `value` may mean: more than one where the meaning depends on the page's unknown scheme.

    With the base `//host/`, `https:x` means `//host/x` on a page with the scheme `https`, and the host `x` on any other
    page. The same holds with a base whose host has characters beyond ASCII, because a browser may refuse such a base.
    """
    url = parse_url(value, base)
    found = (url,) if url is not None else ()
    parent = _parse_base(base) if base is not None else None
    if parent is None or not parent.host:
        return found
    text = value.strip(C0_CONTROL_OR_SPACE).translate(TAB_OR_NEWLINE)
    if (scheme := _WITHOUT_SLASHES.match(text)) is None:
        return found
    if parent.scheme:
        alone = parse_url(value) if "xn--" in parent.host else None
        return found if alone is None else (*found, alone)
    path = text[scheme.end() :].partition("#")[0]
    return (*found, _resolve(path, parent._replace(scheme=scheme[1].lower())))


def absolute(value: str, base: str | None) -> str:
    """Return `value` resolved against `base`, or `value` unchanged where the result has no host."""
    url = parse_url(value, base) if base is not None else None
    if url is None or not url.host:
        return value
    scheme = url.scheme and url.scheme + ":"
    port = "" if url.port is None else f":{url.port}"
    return f"{scheme}//{url.host}{port}{url.path}" + (url.query and "?" + url.query)


def _parse(value: str, base: str | None) -> URL | None:
    text = value.strip(C0_CONTROL_OR_SPACE).translate(TAB_OR_NEWLINE)
    parent = _parse_base(base) if base is not None else None
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
            return _parse_file(text, slashes)
        if not relative:
            return _parse_authority(scheme, text[slashes:])
    elif re.match(r"[/\\]{2}", text):
        return _parse_authority(parent.scheme if parent else "", text.lstrip("/\\"))
    return _resolve(text, parent or URL(scheme, "", None, "", ""))


@lru_cache(4)  # a page has one base for all its URLs
def _parse_base(base: str) -> URL | None:
    """Parse a base. Of a long path only the end is kept, or every URL of the page would take as long to resolve."""
    parent = _parse(base, None)
    if parent is None or len(parent.path) <= MAX_CACHED_URL:
        return parent
    return parent._replace(path="/" + parent.path[-MAX_CACHED_URL:].partition("/")[2], query="")


_parse_cached = lru_cache(512)(_parse)


def _parse_authority(scheme: str, text: str) -> URL | None:
    """Parse what follows the slashes: user information, host, port, path, query (4.4, "authority state" and on)."""
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
        _remove_dot_segments(path.replace("\\", "/")),
        query if mark else "",
    )


def _parse_file(text: str, slashes: int) -> URL | None:
    """Parse a file URL, which has a host only after exactly two slashes."""
    path, _, query = text.partition("?")
    if slashes == 2:
        host, _, path = path[2:].replace("\\", "/").partition("/")
        address = parse_host(host) if host else ""
        if address is None:
            return None
        return URL("file", "" if address == "localhost" else address, None, _remove_dot_segments("/" + path), query)
    return URL("file", "", None, _remove_dot_segments("/" + path.replace("\\", "/").lstrip("/")), query)


def _resolve(text: str, parent: URL) -> URL:
    """Resolve a path, a query or an empty text against the base (4.4, "relative state")."""
    path, mark, query = text.partition("?")
    path = path.replace("\\", "/")
    if not path:
        return parent._replace(query=query if mark else parent.query)
    if not path.startswith("/") and parent.path:
        path = parent.path.rpartition("/")[0] + "/" + path
    return parent._replace(path=_remove_dot_segments(path), query=query)


def _remove_dot_segments(path: str) -> str:
    """Remove "." and ".." from a path that begins with "/"; return a relative path unchanged."""
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
    """Parse a host as a browser does (URL standard 3.5).

    Percent-encoding is decoded, characters beyond ASCII are mapped and then written in Punycode, and numbers become
    IPv4 addresses. A name that is too long for DNS is refused, before any step whose time grows faster than the name.

    Returns:
        The host in lower-case ASCII without a trailing dot, or None where a browser would refuse it.
    """
    if text.startswith("["):
        inside = text[1:-1].lower()
        return f"[{inside}]" if text.endswith("]") and re.fullmatch(r"[0-9a-f:.]+", inside) else None
    domain = unquote_to_bytes(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    if "\ufffd" in domain:
        # UTS #46: disallowed.
        return None
    if not domain.isascii():
        if len(IGNORED.sub("", domain)) > MAX_COMPOSED * (MAX_NAME + 1):
            return None
        domain = unicodedata.normalize("NFC", approximate_uts46(domain))
    labels = domain.lower().split(".")
    if any(len(label) > MAX_LABEL and not label.isascii() for label in labels):
        return None
    labels = [_to_punycode(label) for label in labels]
    if labels[-1:] == [""]:
        labels.pop()
    host = ".".join(labels)
    if not host or FORBIDDEN.search(host):
        return None
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        # A number may have any count of zeros in front.
        return _parse_ipv4(labels)
    return None if len(host) > MAX_NAME or max(map(len, labels)) > MAX_LABEL else host


def approximate_uts46(text: str) -> str:
    """Return `text` with its characters mapped as in host names, nearly as UTS #46 maps them.

    UTS #46 has a table of its own, which changes with every version of Unicode. NFKC, case folding and two short lists
    of characters stand in for it here. They also map a few characters that browsers refuse or keep, such as `ß`.
    """
    text = IGNORED.sub("", text).casefold()
    return unicodedata.normalize("NFKC", text).casefold().translate(_TO_ASCII)


def _to_punycode(label: str) -> str:
    """Return one label of a domain in ASCII."""
    return label if label.isascii() else "xn--" + label.encode("punycode", "replace").decode("ascii")


def _parse_ipv4(labels: list[str]) -> str | None:
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


# Fetch, section 6, "data: URL processor": what stands before the comma and after it.
_DATA_URL: Final = re.compile(r"data:([^,]*),(.*)\Z", re.IGNORECASE | re.DOTALL)
_SCRIPT_URL: Final = re.compile(r"javascript:(.*)\Z", re.IGNORECASE | re.DOTALL)
_BASE64: Final = re.compile(r"; *base64 *\Z", re.IGNORECASE)
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")


def content_of_url(value: str) -> str | None:
    """Return the content of a `data:` or `javascript:` URL, one character for each byte. Never raises.

    Returns:
        None for any other URL, and for one that is longer than `MAX_CONTENT`.
    """
    value = value.strip(C0_CONTROL_OR_SPACE)
    if value[:1] not in {"d", "D", "j", "J"} or len(value) > MAX_CONTENT:
        return None
    value = value.translate(TAB_OR_NEWLINE)
    if script := _SCRIPT_URL.match(value):
        return unquote_to_bytes(script[1]).decode("latin-1")
    if (data := _DATA_URL.match(value)) is None:
        return None
    content = unquote_to_bytes(data[2])
    if _BASE64.search(data[1]):
        letters = _NOT_BASE64.sub(b"", content)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        content = b64decode(letters + b"=" * (-len(letters) % 4))
    return content.decode("latin-1")
