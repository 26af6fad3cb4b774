"""The description of a writer, what it is given and returns, and the encodings that platforms share.

No platform is named here.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Final
from urllib.parse import quote

from consent_middleware.consent import Category, State
from consent_middleware.sources.platform import Ids

#: The visitor's number, wherever a platform records one. It has the form of a random UUID (RFC 9562, section 5.4).
EXAMPLE_ID: Final = "00000000-0000-4000-8000-000000000000"
#: How long most platforms keep a choice.
YEAR: Final = 365

_DAY: Final = 86_400
#: What a cookie's value may contain: a `;` ends it, and browsers differ on what is not ASCII.
_VALUE: Final = re.compile(r"[ -:<-~]*")


class UnwritableError(ValueError):
    """A platform cannot record this state, or not with the site's ids."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie as a platform sets it.

    `Secure` is not among the attributes: platforms add it on `https:` pages alone.

    Attributes:
        name: the cookie's name.
        value: the value on the wire, with every encoding that the platform applies.
        max_age: how long the browser keeps it, in seconds.
        path: the path below which it is sent.
        same_site: which requests from other sites it goes with.
        http_only: whether scripts cannot read it.
    """

    name: str
    value: str
    max_age: int
    path: str = "/"
    same_site: str = "Lax"
    http_only: bool = False

    def __post_init__(self) -> None:
        if not _VALUE.fullmatch(self.value):
            raise UnwritableError(f"{self.name} would contain a semicolon, a line break or a letter outside of ASCII")

    @property
    def set_cookie(self) -> str:
        """The value of a `Set-Cookie` field, or what a script assigns to `document.cookie` (RFC 6265bis, 4.1)."""
        line = f"{self.name}={self.value}; Max-Age={self.max_age}; Path={self.path}; SameSite={self.same_site}"
        return line + ("; HttpOnly" if self.http_only else "")


@dataclass(frozen=True, slots=True)
class WrittenConsent:
    """What a browser holds and sends once a visitor has made a choice.

    Attributes:
        cookies: the cookies, in the order in which they are sent.
        headers: the other request fields, names with values.
    """

    cookies: tuple[Cookie, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def cookie_header(self) -> str:
        """The value of the `Cookie` field; empty without cookies."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)

    @property
    def request_headers(self) -> dict[str, str]:
        """Every request field by name, `Cookie` among them if there are cookies."""
        return ({"Cookie": self.cookie_header} if self.cookies else {}) | dict(self.headers)


@dataclass(frozen=True, slots=True)
class Choice:
    """A visitor's choice on one site.

    Attributes:
        state: the categories that are granted or denied. The others are left open, as on a site that does not ask.
        now: when the visitor chooses, in seconds since 1970 (UTC).
        site_ids: what the site's own ids at the platform stand for.
        site_name: the site's own name for the platform's cookie, or empty.
        site_revision: the version of the site's policy, or empty.
    """

    state: Mapping[Category, State]
    now: float
    site_ids: Ids
    site_name: str = ""
    site_revision: str = ""

    def grants(self, *categories: Category) -> bool:
        """Return whether each of the categories is granted."""
        return all(self.state.get(category) is State.GRANTED for category in categories)

    @property
    def grants_everything(self) -> bool:
        """Whether nothing is denied."""
        return self.grants(*self.state)

    @property
    def grants_anything(self) -> bool:
        """Whether a category besides the necessary is granted."""
        return State.GRANTED in self.state.values()

    def require(self, *categories: Category) -> None:
        """Check that the state says something about each of the categories, because the platform always does.

        Raises:
            UnwritableError: One of them is left open.
        """
        if missing := [category for category in categories if category not in self.state]:
            raise UnwritableError(f"the platform always records a choice about {', '.join(missing)}")

    def flags(self, ids: Ids) -> dict[str, bool]:
        """Return a yes or no by id: yes if each of its categories is granted.

        An id for the necessary is a yes. An id with a category that is left open is left out.
        """
        return {id_: self.grants(*named) for id_, named in ids.items() if named <= self.state.keys()}

    def accepted(self, ids: Ids) -> list[str]:
        """Return the ids with a yes."""
        return [id_ for id_, granted in self.flags(ids).items() if granted]

    def name(self, default: str) -> str:
        """Return the site's name for the cookie, or else the platform's."""
        return self.site_name or default

    def revision(self, default: str) -> str:
        """Return the version of the site's policy, or else an example."""
        return self.site_revision or default

    # The moment, in the forms that platforms use

    @property
    def seconds(self) -> int:
        """Seconds since 1970."""
        return int(self.now)

    @property
    def milliseconds(self) -> int:
        """Milliseconds since 1970, as `Date.now()` returns them."""
        return int(self.now * 1000)

    @property
    def iso(self) -> str:
        """The form of `Date.prototype.toISOString` (ECMA-262, section 21.4.1.32)."""
        return f"{self.date:%Y-%m-%dT%H:%M:%S}.{self.date.microsecond // 1000:03}Z"

    @property
    def date(self) -> datetime:
        """The moment in UTC."""
        return datetime.fromtimestamp(self.milliseconds / 1000, UTC)

    def end(self, days: int) -> float:
        """Return the seconds since 1970 at which a cookie ends that is kept for some days."""
        return self.now + days * _DAY

    def http_end(self, days: int) -> str:
        """Return the same as a date of RFC 9110, section 5.6.7."""
        return formatdate(self.end(days), usegmt=True)


@dataclass(frozen=True, eq=False)
class Writer:
    """The writer of one platform.

    Args:
        id: the id of the platform's reader.
        forms: by name, functions that write a choice in one of the platform's forms. The first is the usual one.
    """

    id: str
    forms: Mapping[str, Callable[[Choice], WrittenConsent]]


def cookie(name: str, value: str, *, days: int = YEAR, http_only: bool = False) -> WrittenConsent:
    """Return a consent that is one cookie, kept for some days."""
    return WrittenConsent((Cookie(name, value, days * _DAY, http_only=http_only),))


def cookies(values: Mapping[str, str], *, days: int = YEAR) -> WrittenConsent:
    """Return a consent that is several cookies, all kept for some days."""
    return WrittenConsent(tuple(Cookie(name, value, days * _DAY) for name, value in values.items()))


# Encodings


def to_json(value: object) -> str:
    """Return JSON as `JSON.stringify` writes it: without spaces, and with letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encode_component(text: str) -> str:
    """Return the text as `encodeURIComponent` does (ECMA-262, section 19.2.6.4)."""
    return quote(text, safe="!~*'()")


def encode_for_cookie(text: str) -> str:
    """Return the text as the library js-cookie encodes a value: only what a cookie must not contain is encoded."""
    return quote(text, safe="!~*'()#$&+/:<=>?@[]^`{|}")


def encode_json(value: object) -> str:
    """Return the value as JSON in `encodeURIComponent`."""
    return encode_component(to_json(value))


def base64_json(value: object) -> str:
    """Return the value as JSON in base64 (RFC 4648, section 4)."""
    return base64.b64encode(to_json(value).encode()).decode("ascii")


def base64url_bits(bits: str) -> str:
    """Return bits, filled with zeros to whole bytes, in base64url without padding (RFC 4648, section 5)."""
    bits += "0" * (-len(bits) % 8)
    return base64.urlsafe_b64encode(int(bits, 2).to_bytes(len(bits) // 8)).decode("ascii").rstrip("=")


def bit_fields(*fields: tuple[int, int]) -> str:
    """Return numbers as bits, each with its width."""
    return "".join(f"{value:0{width}b}" for value, width in fields)


def number_or_text(text: str) -> int | str:
    """Return a version as the number that it is, or as text."""
    return int(text) if text.isdecimal() else text
