"""Cookies on the wire (RFC 6265bis): the only reader of `Cookie`, and the reader and writer of `Set-Cookie`.

Values are neither unquoted nor decoded; that is up to the code that knows what a cookie means.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_tz
from typing import Final, NamedTuple

from .headers import Headers, host_name

#: Section 5.6, step 4: white space around a cookie's name or value.
_WSP: Final = b" \t"

#: Section 4.1.1: the characters of a cookie's name.
_COOKIE_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

#: A pair after a comma. A WSGI server has one variable for all `Cookie` lines and joins them with "," or ", ". A comma
#: is also a plain byte of a value, so this may be a cookie or the rest of one.
_PAIR_AFTER_COMMA: Final = re.compile(rb",[ \t]*+([!#$%&'*+\-.^_`|~0-9A-Za-z]++)=([^,]*+)")

#: How many bytes of all `Cookie` fields are read. Servers allow 8 to 64 kB for a whole request head.
MAX_HEADER: Final = 65_536

#: How many names of one request are matched by a prefix, and how long they may be. Each is answered by several lines,
#: and a response head is limited too. A vendor's names are its prefix and a number.
MAX_PREFIXED: Final = 16
LONGEST_PREFIXED: Final = 128

#: The most labels of a host on whose parent domains cookies are expired too. Sites have three to five.
MAX_LABELS: Final = 10

#: The most bytes of `Set-Cookie` lines that expire cookies in one response. Servers and proxies accept heads of 8 to
#: 64 kB.
MAX_EXPIRY: Final = 8192

_IPV4: Final = re.compile(rb"[0-9.]+")


class Cookies:
    """The cookies of one request: the pairs of every `Cookie` field, in order, with duplicates.

    Any bytes can be read. A part without `=` is skipped. Nothing is parsed before the first question.

    Args:
        headers: the values of the fields, exactly as received.

    Attributes:
        raw: the values of the fields as received, cut at `MAX_HEADER`.
        is_cut: whether the fields are longer than that.
    """

    __slots__ = ("_doubtful", "_pairs", "is_cut", "raw")

    def __init__(self, headers: Iterable[bytes] = ()) -> None:
        self.raw: Sequence[bytes] = list(headers)
        self.is_cut = sum(map(len, self.raw)) > MAX_HEADER
        if self.is_cut:
            self.raw = list(_cut(self.raw, MAX_HEADER))
        self._pairs: dict[bytes, list[bytes]] | None = None
        self._doubtful: dict[bytes, list[bytes]] = {}

    def all(self, name: bytes) -> list[bytes]:
        """Return every value of a cookie. A host-only cookie and a domain cookie may share a name."""
        return list(self.pairs.get(name, ()))

    def doubtful(self, name: bytes) -> list[bytes]:
        """Return the values that a cookie has if a comma separates two `Cookie` lines that the server has joined.

        They come after a comma in another cookie's value, or before a comma in the cookie's own. The comma may as
        well belong to the value. So they are good enough to refuse consent, and not good enough to grant it.
        """
        return list(self.doubtful_pairs.get(name, ()))

    @property
    def pairs(self) -> Mapping[bytes, Sequence[bytes]]:
        """Every name with its values, in the order of the request."""
        return self._parsed()

    @property
    def doubtful_pairs(self) -> Mapping[bytes, Sequence[bytes]]:
        """Every name with its doubtful values."""
        self._parsed()
        return self._doubtful

    def __contains__(self, name: bytes) -> bool:
        return name in self._parsed() or name in self._doubtful

    def _parsed(self) -> dict[bytes, list[bytes]]:
        if self._pairs is None:
            self._pairs = {}
            for header in self.raw:
                for part in header.split(b";"):
                    name, equals, value = part.partition(b"=")
                    if equals:
                        self._pairs.setdefault(name.strip(_WSP), []).append(value.strip(_WSP))
                    if b"," in part:
                        self._split_at_commas(part)
        return self._pairs

    def _split_at_commas(self, part: bytes) -> None:
        for index, pair in enumerate(_PAIR_AFTER_COMMA.finditer(part)):
            if index == 0:
                name, equals, value = part[: pair.start()].partition(b"=")
                if equals:
                    self._doubtful.setdefault(name.strip(_WSP), []).append(value.strip(_WSP))
            self._doubtful.setdefault(pair[1], []).append(pair[2].strip(_WSP))


def _cut(headers: Iterable[bytes], left: int) -> Iterator[bytes]:
    """Yield the beginnings of some fields, as many bytes as may be left."""
    for header in headers:
        if left > 0:
            yield header[:left]
            left -= len(header)


@dataclass(frozen=True, slots=True)
class CookieNames:
    """A set of cookie names: some in full, and prefixes, each of which stands for every name that begins with it.

    Names are compared byte by byte, letter case included (section 5.7, step 23).
    """

    exact: frozenset[bytes] = frozenset()
    prefixes: tuple[bytes, ...] = ()

    def __contains__(self, name: object) -> bool:
        return name in self.exact or (isinstance(name, bytes) and name.startswith(self.prefixes))

    def __bool__(self) -> bool:
        return bool(self.exact or self.prefixes)

    def __le__(self, other: CookieNames) -> bool:
        """Return whether the other set has every name and every prefix of this one."""
        return self.exact <= other.exact and set(self.prefixes) <= set(other.prefixes)

    def __or__(self, other: CookieNames) -> CookieNames:
        return CookieNames(self.exact | other.exact, tuple(sorted({*self.prefixes, *other.prefixes})))

    def among(self, cookies: Cookies) -> list[bytes]:
        """Return the names in this set that a request has a cookie for, sorted.

        A name that only a prefix finds is the client's own. It goes into a response header, so it must be well-formed
        and short.
        """
        found = [name for name in self.exact if name in cookies]
        if self.prefixes:
            named = {*cookies.pairs, *cookies.doubtful_pairs}
            prefixed = sorted(
                name
                for name in named
                if name.startswith(self.prefixes) and len(name) <= LONGEST_PREFIXED and _COOKIE_NAME.fullmatch(name)
            )
            found += [name for name in prefixed if name not in self.exact][:MAX_PREFIXED]
        return sorted(found)


class CookiePrefilter:
    """Test in one search, without parsing, whether a request may have a cookie of a set.

    There are no false negatives; a name within another cookie's value is a false positive.
    """

    __slots__ = ("_search",)

    def __init__(self, names: CookieNames) -> None:
        words = b"|".join(map(re.escape, sorted({*names.exact, *names.prefixes})))
        self._search = re.compile(rb"[;, \t](?:" + (words or b"(?!)") + rb")").search

    def may_match(self, cookies: Cookies) -> bool:
        """Return whether the request may have a cookie of the set."""
        return self._search(b";" + b";".join(cookies.raw)) is not None


def hide_cookies(headers: Sequence[tuple[bytes, bytes]], names: Container[bytes]) -> Sequence[tuple[bytes, bytes]]:
    """Return a request head without the cookies in `names`; every other byte of `Cookie` stays.

    A line with no other cookie is dropped. The fields' names are in lower case.
    """
    kept: Headers = []
    for field, value in headers:
        if field == b"cookie":
            parts = value.split(b";")
            left = [part for part in parts if part.partition(b"=")[0].strip(_WSP) not in names]
            if len(left) < len(parts):
                rest = b";".join(left).lstrip(_WSP)
                if rest:
                    kept.append((field, rest))
                continue
        kept.append((field, value))
    return kept if kept != list(headers) else headers


class SetCookie(NamedTuple):
    """The parts of a `Set-Cookie` line that a filter needs: the cookie's name, and whether the line deletes it."""

    name: bytes
    deletes: bool


def parse_set_cookie(line: bytes) -> SetCookie:
    """Return what a `Set-Cookie` line says (sections 5.6 and 5.7); any bytes can be read.

    `Max-Age` wins over `Expires`, and the last of each counts. The name of a pair without `=` is empty.
    """
    _, _, attributes = line.partition(b";")
    max_age_deletes: bool | None = None
    expires_deletes = False
    for attribute in attributes.split(b";"):
        key, _, value = attribute.partition(b"=")
        key = key.strip(_WSP).lower()
        value = value.strip(_WSP)
        if key == b"max-age" and re.fullmatch(rb"-?[0-9]+", value):
            # Section 5.6.2: anything but a number is ignored; zero and below expire the cookie at once.
            max_age_deletes = value.startswith(b"-") or not value.strip(b"0")
        elif key == b"expires":
            expires_deletes = _is_long_past(value, expires_deletes)
    return SetCookie(_set_cookie_name(line), expires_deletes if max_age_deletes is None else max_age_deletes)


def _set_cookie_name(line: bytes) -> bytes:
    name, equals, _ = line.partition(b";")[0].partition(b"=")
    return name.strip(_WSP) if equals else b""


def _is_long_past(value: bytes, otherwise: bool) -> bool:
    """Return whether an `Expires` value is a date long past, or `otherwise` if it is not a date and is ignored.

    The package does not ask for the time here. Code that deletes a cookie names a date around 1970, and code that sets
    one names a date in the future, so the year 2000 tells them apart.
    """
    date = parsedate_tz(value.decode("latin-1"))
    return otherwise if date is None else date[0] < 2000


def filter_set_cookie(headers: Headers, withheld: Container[bytes]) -> Headers:
    """Return a response head without the `Set-Cookie` lines for names in `withheld`.

    Lines that delete a cookie stay, because that is how a site ends its consent.
    """
    return [(key, value) for key, value in headers if key.lower() != b"set-cookie" or not _is_withheld(value, withheld)]


def _is_withheld(line: bytes, withheld: Container[bytes]) -> bool:
    # Most cookies are others, and to parse a date takes time.
    return _set_cookie_name(line) in withheld and not parse_set_cookie(line).deletes


def expire_cookies(names: Iterable[bytes], cookies: Cookies, host: bytes) -> Headers:
    """Return the `Set-Cookie` lines that expire those of `names` for which the request has a cookie.

    A script may have set a cookie on the host alone or on any parent domain, and a request does not say which. So each
    gets a line; a browser ignores the domains that the host may not set (section 5.7).
    """
    present = [name for name in sorted(names) if name in cookies]
    if not present:
        return []
    domains = [b"", *(b"; Domain=" + domain for domain in _cookie_domains(host))]
    end = b"=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    lines: Headers = []
    left = MAX_EXPIRY
    for name in present:
        expiring = [(b"set-cookie", name + end + domain) for domain in domains]
        left -= sum(len(line) for _, line in expiring)
        if left < 0:
            # The next response expires the others, because these cookies will be gone by then.
            break
        lines += expiring
    return lines


def _cookie_domains(host: bytes) -> list[bytes]:
    """Return the host and its parent domains of at least two labels.

    There are none for an IP address, for a single label and for more than `MAX_LABELS`: a cookie is then expired on the
    host alone.
    """
    name = host_name(host)
    labels = name.split(b".")
    if len(labels) > MAX_LABELS or _IPV4.fullmatch(name):
        return []
    return [b".".join(labels[index:]) for index in range(len(labels) - 1)]
