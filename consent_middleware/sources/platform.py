"""The description of a consent platform, and readers for the shapes that their values share.

No platform is named here.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote

from consent_middleware.consent import OPTIONAL_CATEGORIES, Basis, Category, Consent, State
from consent_middleware.cookies import Cookies

#: The longest value that is read, in bytes. Browsers keep 4096 bytes for a cookie's name and value together
#: (RFC 6265bis, section 5.6).
MAX_VALUE = 8192
#: How many brackets a value's JSON may open. This bounds the nesting, and so the parser's stack.
MAX_BRACKETS = 256


class Signals(NamedTuple):
    """The parts of a request from which consent can be read.

    Attributes:
        cookies: the request's cookies.
        headers: pairs of a lower-case name and the value as received, in order, duplicates included.
        method: the request's method.
        path: the request's path, below the app's mount.
    """

    cookies: Cookies
    headers: Sequence[tuple[bytes, bytes]] = ()
    method: str = "GET"
    path: str = "/"

    def header(self, name: str) -> str | None:
        """Return the first value of a header field, or None. The name may be in any letter case."""
        key = name.lower().encode("latin-1", "replace")
        return next((value.decode("latin-1") for given, value in self.headers if given == key), None)


#: A source reads one format. It returns one reading for each copy of a cookie (a host and its parent domain may both
#: set one), and nothing when the request has none. It does not guess: a cookie with the right name and the wrong shape
#: belongs to another program.
ConsentSource = Callable[[Signals], Sequence[Consent]]

#: The values of each of a platform's names in a request, every copy.
Values = Mapping[str, Sequence[str]]
#: The categories that each of a platform's own ids stands for. An id for strictly necessary cookies has none.
Ids = Mapping[str, frozenset[Category]]


def category_ids(**ids: Category) -> Ids:
    """Return ids that stand for one category each."""
    return MappingProxyType({id_: categories(category) for id_, category in ids.items()})


def categories(*named: Category) -> frozenset[Category]:
    """Return the given categories without those that a visitor cannot refuse."""
    return frozenset(named) & frozenset(OPTIONAL_CATEGORIES)


@dataclass(frozen=True, eq=False)
class Platform:
    """A consent platform or signal that is read from cookies or header fields.

    Args:
        id: the stable name, used in mappings, reasons and logs.
        read: a function of the values and the ids that yields readings. It must accept any text; the number and size
            of the values are already limited.
        cookies: the exact names of the platform's cookies.
        context_cookies: another platform's cookies that show how this one's were set. Alone they say nothing.
        prefixes: how names begin that contain a site's number.
        prefixed_names: the pattern that a name with a prefix must match.
        headers: the header fields to read, in lower case.
        ids: the platform's ids that mean the same on every site.
        mappable: whether sites make up their own ids. Then a mapping for all platforms applies too.
        renamable: whether a site can give the cookie another name.
        aliases: other names for the platform in a site's mapping.
    """

    id: str
    read: Callable[[Values, Ids], Iterable[Consent]]
    cookies: tuple[str, ...] = ()
    context_cookies: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    prefixed_names: re.Pattern[str] | None = None
    headers: tuple[str, ...] = ()
    ids: Ids = field(default_factory=lambda: MappingProxyType({}))
    mappable: bool = False
    renamable: bool = False
    aliases: tuple[str, ...] = ()


def reading(
    source: str,
    cookie: str,
    states: Mapping[Category, State],
    *,
    basis: Basis = Basis.EXPLICIT,
    chosen_at: float | None = None,
    revision: object = None,
    only_denies: bool = False,
) -> Consent:
    """Return a reading. `revision`, the site's version of its policy, may be any JSON value."""
    is_revision = isinstance(revision, str | int) and not isinstance(revision, bool)
    text = str(revision) if is_revision else ""
    return Consent(MappingProxyType(dict(states)), basis, source, cookie, chosen_at, text, only_denies)


# From ids to categories


def states_from_choices(choices: Iterable[tuple[str, bool]], ids: Ids) -> dict[Category, State]:
    """Return the states for a yes or no by id. One no among a category's ids denies the category."""
    states: dict[Category, State] = {}
    for name, granted in choices:
        for category in ids.get(name, ()):
            if not granted:
                states[category] = State.DENIED
            else:
                states.setdefault(category, State.GRANTED)
    return states


def states_from_accepted(accepted: Iterable[str], ids: Ids) -> dict[Category, State]:
    """Return the states for a complete list of accepted ids. A category without an accepted id is denied."""
    granted = {category for name in accepted for category in ids.get(name, ())}
    known = {category for named in ids.values() for category in named}
    return {category: State.GRANTED if category in granted else State.DENIED for category in known}


def service_flags_reader(source: str) -> Callable[[Values, Ids], Iterator[Consent]]:
    """Return a reader for cookies whose JSON object has only a yes or no for each of the site's services."""

    def read_services(values: Values, ids: Ids) -> Iterator[Consent]:
        for name, copies in values.items():
            for value in copies:
                found = parse_json(value)
                if found and len(services := boolean_items(found)) == len(found):
                    yield reading(source, name, states_from_choices(services, ids))

    return read_services


def all_categories(state: State) -> dict[Category, State]:
    """Return `state` for each category that a visitor can refuse."""
    return dict.fromkeys(OPTIONAL_CATEGORIES, state)


# Reading values

#: The characters of JSON and lists as `encodeURIComponent` writes them. None can be part of another percent-encoded
#: character, so replacing them first only saves time.
_COMMON_CODES = {"%22": '"', "%2C": ",", "%3A": ":", "%7B": "{", "%7D": "}", "%5B": "[", "%5D": "]", "%20": " "}


#: A backslash and three octal digits, or a backslash and a character: how `http.cookies` and Werkzeug write characters
#: that a cookie must not contain.
_COOKIE_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|(.))", re.DOTALL)


def unquote_cookie(value: bytes) -> str:
    """Return the value as text, one character for each byte, without surrounding quotes and their escapes."""
    text = value.decode("latin-1")
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = _COOKIE_ESCAPE.sub(lambda escape: chr(int(escape[1], 8)) if escape[1] else escape[2], text[1:-1])
    return text


def percent_decode(value: str) -> str:
    """Return the value percent-decoded once (RFC 3986, section 2.1). Malformed codes stay."""
    for code, character in _COMMON_CODES.items():
        value = value.replace(code, character)
    return unquote(value, errors="replace") if "%" in value else value


def decodings(value: str) -> Iterator[str]:
    """Yield the value as it is, percent-decoded once, and twice. Some servers encode what a script has encoded."""
    yield value
    for _ in range(2):
        if "%" not in value:
            return
        plain = percent_decode(value)
        if plain == value:
            return
        yield plain
        value = plain


def parse_json(value: str, kind: type[Any] = dict) -> Any:
    """Return the JSON object (or list) in a value, raw or percent-encoded up to twice, or None."""
    opening = "{" if kind is dict else "["
    for text in decodings(value):
        # Half-encoded JSON has a bare brace and encoded quotes. It must be decoded first.
        if not text.startswith(opening) or text[1:2] == "%":
            continue
        if text.count("{") + text.count("[") > MAX_BRACKETS:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, kind) else None
    return None


def parse_base64_json(value: str) -> dict[str, Any] | None:
    """Return the JSON object in a base64 value (RFC 4648, sections 4 and 5), or None."""
    for text in decodings(value):
        letters = text.rstrip("=").translate(_STANDARD_ALPHABET)
        try:
            plain = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True).decode()
        except (ValueError, binascii.Error):
            continue
        found: dict[str, Any] | None = parse_json(plain)
        if found:
            return found
    return None


_STANDARD_ALPHABET = str.maketrans("-_", "+/")


def string_items(value: object) -> list[str]:
    """Return the strings of a list. Any other value has none."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def boolean_items(value: object) -> list[tuple[str, bool]]:
    """Return the names and values of an object's booleans. Any other value has none."""
    return [(key, flag) for key, flag in value.items() if isinstance(flag, bool)] if isinstance(value, dict) else []


_UNIX_TIME = re.compile(r"[0-9]{9,14}")


def parse_timestamp(value: object) -> float | None:
    """Return seconds since 1970 (UTC) for an ISO 8601 date or a Unix time in seconds or milliseconds, or None."""
    if isinstance(value, str):
        value = int(value) if _UNIX_TIME.fullmatch(value) else _parse_iso_date(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 1e8 <= value < 1e14:  # from 1973 in seconds to 5138 in either unit
        return None
    return value / 1000 if value > 1e11 else float(value)


def _parse_iso_date(text: str) -> float | None:
    try:
        date = datetime.fromisoformat(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
