"""Cookies as bytes on the wire: the pairs of `Cookie` headers, the name and the life of a `Set-Cookie` line.

Knows: RFC 6265bis, and what servers do to the `Cookie` header.
Must not know: which cookies matter to anyone, consent, vendors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_tz
from typing import NamedTuple

#: White space around a cookie's name or value: RFC 6265bis, section 5.6, step 4 (space and tab, nothing else).
_WSP = b" \t"

#: A WSGI server has one variable for all `Cookie` lines and joins them with "," or ", ". A comma is also a plain byte
#: of a value, so a pair behind a comma may be a cookie or the rest of one.
_BEHIND_COMMA = re.compile(rb",[ \t]*+([!#$%&'*+\-.^_`|~0-9A-Za-z]++)=([^,]*+)")

#: How much of all `Cookie` headers is looked at, in bytes. Servers allow 8 to 64 kB for a whole request head.
MAX_HEADER = 65_536


class Cookies:
    """The pairs of every `Cookie` header of one request, in order, duplicates included.

    Args: the headers' values, exactly as received. Never raises: a part without `=` is left out, an odd value stays
    what it is. Values are neither unquoted nor decoded: what a value means is its reader's knowledge.
    """

    __slots__ = ("_doubtful", "_headers", "_pairs", "is_cut")

    def __init__(self, headers: Iterable[bytes] = ()) -> None:
        #: Whether there is more than is looked at.
        self.is_cut = False
        self._headers: list[bytes] = []
        left = MAX_HEADER
        for header in headers:
            self.is_cut |= len(header) > left
            if left > 0:
                self._headers.append(header[:left])
            left = max(0, left - len(header))
        self._pairs: dict[bytes, list[bytes]] | None = None
        self._doubtful: dict[bytes, list[bytes]] = {}

    def all(self, name: bytes) -> list[bytes]:
        """Every value under `name`. More than one is real: a host-only cookie beside a domain cookie."""
        return list(self.pairs.get(name, ()))

    def doubtful(self, name: bytes) -> list[bytes]:
        """Values that stand under `name` if a comma parts two `Cookie` lines which the server has joined.

        They stand behind a comma in another cookie's value, or before one in the cookie's own. The comma may as well
        belong to the value: what they say is good enough to refuse, not good enough to grant.
        """
        return list(self.doubtful_pairs.get(name, ()))

    @property
    def raw(self) -> Sequence[bytes]:
        """The headers' values as received, each up to the cap: all that anything here is read from."""
        return self._headers

    @property
    def pairs(self) -> Mapping[bytes, Sequence[bytes]]:
        """Every name with its values, in the order of the request."""
        return self._parsed()

    @property
    def doubtful_pairs(self) -> Mapping[bytes, Sequence[bytes]]:
        """Every name with the values that are `doubtful`."""
        self._parsed()
        return self._doubtful

    def __contains__(self, name: bytes) -> bool:
        return name in self._parsed() or name in self._doubtful

    def _parsed(self) -> dict[bytes, list[bytes]]:
        # At the first question only: a request that nobody asks about costs nothing.
        if self._pairs is None:
            self._pairs = {}
            for header in self._headers:
                for part in header.split(b";"):
                    name, equals, value = part.partition(b"=")
                    if equals:
                        self._pairs.setdefault(name.strip(_WSP), []).append(value.strip(_WSP))
                    if b"," in part:
                        self._part_at_commas(part)
        return self._pairs

    def _part_at_commas(self, part: bytes) -> None:
        for index, behind in enumerate(_BEHIND_COMMA.finditer(part)):
            if index == 0:
                name, equals, value = part[: behind.start()].partition(b"=")
                if equals:
                    self._doubtful.setdefault(name.strip(_WSP), []).append(value.strip(_WSP))
            self._doubtful.setdefault(behind[1], []).append(behind[2].strip(_WSP))


#: RFC 6265bis, section 4.1.1: what a cookie's name is made of.
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")

#: How many names of one request are found by their beginning, and how long such a name is at most: a vendor's is its
#: own words and a number. Each is answered by a few lines, and a response head has its limits too.
MAX_PREFIXED = 16
LONGEST_PREFIXED = 128


@dataclass(frozen=True, slots=True)
class CookieNames:
    """A set of cookie names: some in full, some by a beginning that stands for every name which opens with it.

    Names are compared byte by byte, letter case included (RFC 6265bis, section 5.7, step 23).
    """

    exact: frozenset[bytes] = frozenset()
    prefixes: tuple[bytes, ...] = ()

    def __contains__(self, name: object) -> bool:
        return name in self.exact or (isinstance(name, bytes) and name.startswith(self.prefixes))

    def __bool__(self) -> bool:
        return bool(self.exact or self.prefixes)

    def __le__(self, other: CookieNames) -> bool:
        """Whether every name and every beginning here is also there."""
        return self.exact <= other.exact and set(self.prefixes) <= set(other.prefixes)

    def __or__(self, other: CookieNames) -> CookieNames:
        return CookieNames(self.exact | other.exact, tuple(sorted({*self.prefixes, *other.prefixes})))

    def among(self, cookies: Cookies) -> list[bytes]:
        """The names in this set under which a request carries a cookie, sorted.

        What is found by its beginning alone goes out again in a header, so it must be a well-formed name.
        """
        found = [name for name in self.exact if name in cookies]
        if self.prefixes:
            named = {*cookies.pairs, *cookies.doubtful_pairs}
            opened = sorted(
                name
                for name in named
                if name.startswith(self.prefixes) and len(name) <= LONGEST_PREFIXED and _TOKEN.fullmatch(name)
            )
            found += [name for name in opened if name not in self.exact][:MAX_PREFIXED]
        return sorted(found)


class SetCookie(NamedTuple):
    """What one `Set-Cookie` line says, as far as a filter needs it."""

    name: bytes
    deletes: bool


def parse_set_cookie(line: bytes) -> SetCookie:
    """The name of a `Set-Cookie` line, and whether the line deletes the cookie (RFC 6265bis, sections 5.6 and 5.7).

    Never raises. `Max-Age` wins over `Expires`, and the last of each counts, as in a browser. A pair without `=` has
    an empty name there, and here.
    """
    pair, _, attributes = line.partition(b";")
    name, equals, _ = pair.partition(b"=")
    max_age_deletes: bool | None = None
    expires_deletes = False
    for attribute in attributes.split(b";"):
        key, _, value = attribute.partition(b"=")
        key = key.strip(_WSP).lower()
        value = value.strip(_WSP)
        if key == b"max-age" and re.fullmatch(rb"-?[0-9]+", value):
            # Section 5.6.2: what is no number is ignored; zero and below end the cookie at once.
            max_age_deletes = value.startswith(b"-") or not value.strip(b"0")
        elif key == b"expires":
            expires_deletes = _is_long_past(value, expires_deletes)
    return SetCookie(
        name=name.strip(_WSP) if equals else b"",
        deletes=expires_deletes if max_age_deletes is None else max_age_deletes,
    )


def _is_long_past(value: bytes, otherwise: bool) -> bool:
    """Whether an `Expires` value is a date long past; `otherwise` when it is no date and so is ignored.

    The core reads no clock. Code that deletes a cookie names a date around 1970 and code that keeps it names one to
    come, so the year 2000 tells them apart for good.
    """
    date = parsedate_tz(value.decode("latin-1"))
    return otherwise if date is None else date[0] < 2000
