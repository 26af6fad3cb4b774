"""What a consent platform's reader is, and the few shapes that their values share.

Knows: requests as signals, percent-encoding, JSON, dates; how listed ids become categories.
Must not know: any platform, which platforms there are, what follows from consent, vendors, HTML.
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

#: How much of one value is read, in bytes. Browsers keep 4096 for a cookie's name and value together (RFC 6265bis,
#: section 5.6); what is longer than this is nobody's cookie and is left unread.
MAX_VALUE = 8192
#: How many brackets a value's JSON may open. It bounds the depth, which the parser spends the stack on.
MAX_BRACKETS = 256


class Signals(NamedTuple):
    """What a request says that consent can be read from: its cookies and its header fields.

    `headers` holds the names in lower case and the values as received, in order, duplicates included. `method` and
    `path` are the request's, for a site that decides by them.
    """

    cookies: Cookies
    headers: Sequence[tuple[bytes, bytes]] = ()
    method: str = "GET"
    path: str = "/"

    def header(self, name: str) -> str | None:
        """The first value of a header field, in any letter case, or None."""
        key = name.lower().encode("latin-1", "replace")
        return next((value.decode("latin-1") for given, value in self.headers if given == key), None)


#: A source reads one format and returns one reading for each copy that it finds (a name can stand twice, on a host and
#: on its parent domain); nothing when the request holds nothing of its format. It never raises, and it never guesses:
#: a cookie of the right name and the wrong shape is somebody else's.
ConsentSource = Callable[[Signals], Sequence[Consent]]

#: The values that a request holds under a platform's names, every copy.
Values = Mapping[str, Sequence[str]]
#: Which categories each of a platform's own ids stands for; none for an id that is strictly necessary.
Ids = Mapping[str, frozenset[Category]]


def category_ids(**ids: Category) -> Ids:
    """Ids that stand for one category each; a name's underscore is itself."""
    return MappingProxyType({id_: categories(category) for id_, category in ids.items()})


def categories(*named: Category) -> frozenset[Category]:
    """The categories that a visitor can refuse among those named."""
    return frozenset(named) & frozenset(OPTIONAL_CATEGORIES)


@dataclass(frozen=True, eq=False)
class Platform:
    """A consent platform, or a signal, that is read from cookies or from header fields.

    Args:
        id: its stable name, in mappings, reasons and logs.
        read: takes the values under its names and the meaning of its ids, and gives readings. It need not catch
            anything about their number or size; it must take any text.
        cookies: the exact names of its cookies.
        beside: the names of another platform's cookies that tell how its own came about; alone they say nothing.
        prefixes: beginnings of names, where a name holds a number of the site's.
        names: which of the names with a prefix are meant.
        headers: the header fields it reads, in lower case.
        ids: the platform's own ids that mean the same on every site.
        mappable: whether its ids are the site's own, so that a mapping for all platforms is meant for it too.
        renamable: whether a site may have given its cookie another name.
        aliases: other words for it in a site's mapping.
    """

    id: str
    read: Callable[[Values, Ids], Iterable[Consent]]
    cookies: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    names: re.Pattern[str] | None = None
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
    stamp: float | None = None,
    revision: object = None,
    only_denies: bool = False,
) -> Consent:
    """A reading, with what a platform calls its policy's version as text."""
    written = isinstance(revision, str | int) and not isinstance(revision, bool)
    return Consent(
        MappingProxyType(dict(states)), basis, source, cookie, stamp, str(revision) if written else "", only_denies
    )


# From ids to categories


def states_from_choices(choices: Iterable[tuple[str, bool]], ids: Ids) -> dict[Category, State]:
    """The states that yes and no by id make: a category is denied by any no among its ids."""
    states: dict[Category, State] = {}
    for name, granted in choices:
        for category in ids.get(name, ()):
            if not granted:
                states[category] = State.DENIED
            else:
                states.setdefault(category, State.GRANTED)
    return states


def states_from_accepted(accepted: Iterable[str], ids: Ids) -> dict[Category, State]:
    """The states that a complete list of what is accepted makes: what no listed id stands for is denied."""
    granted = {category for name in accepted for category in ids.get(name, ())}
    known = {category for meant in ids.values() for category in meant}
    return {category: State.GRANTED if category in granted else State.DENIED for category in known}


def flags_by_service(source: str) -> Callable[[Values, Ids], Iterator[Consent]]:
    """A reader of cookies that hold a JSON object with yes or no for each of the site's services, and nothing else."""

    def read(values: Values, ids: Ids) -> Iterator[Consent]:
        for name, copies in values.items():
            for value in copies:
                found = parse_json(value)
                if found and len(services := boolean_items(found)) == len(found):
                    yield reading(source, name, states_from_choices(services, ids))

    return read


def all_categories(state: State) -> dict[Category, State]:
    """One state for each category that a visitor can refuse."""
    return dict.fromkeys(OPTIONAL_CATEGORIES, state)


# What values are made of


#: What JSON and lists are made of, as encodeURIComponent writes it. None of these characters can be a part of another
#: percent-encoded one, so to replace them first changes nothing but the time it takes.
_COMMON = {"%22": '"', "%2C": ",", "%3A": ":", "%7B": "{", "%7D": "}", "%5B": "[", "%5D": "]", "%20": " "}


def percent_decode(value: str) -> str:
    """The value percent-decoded once (RFC 3986, section 2.1); what is no such code stays."""
    for code, character in _COMMON.items():
        value = value.replace(code, character)
    return unquote(value, errors="replace") if "%" in value else value


def decodings(value: str) -> Iterator[str]:
    """The value as it is, percent-decoded once, and twice: some servers encode a value that a script has encoded."""
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
    """The JSON object (or other `kind`) that a value holds, raw or percent-encoded up to twice; None for the rest."""
    opening = "{" if kind is dict else "["
    for text in decodings(value):
        # Half-encoded JSON has a bare brace and encoded quotes; it is no JSON before it is decoded.
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
    """The JSON object that a value holds in base64 (RFC 4648, sections 4 and 5); None for the rest."""
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
    """The strings of a list; nothing for what is no list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def boolean_items(value: object) -> list[tuple[str, bool]]:
    """The yes and no of an object by name, where they are JSON's own; nothing for what is no object."""
    return [(key, flag) for key, flag in value.items() if isinstance(flag, bool)] if isinstance(value, dict) else []


_NUMBER = re.compile(r"[0-9]{9,14}")


def parse_timestamp(value: object) -> float | None:
    """Seconds since 1970 for an ISO 8601 date or a Unix time in seconds or milliseconds; None for the rest."""
    if isinstance(value, str):
        value = int(value) if _NUMBER.fullmatch(value) else _iso_stamp(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 1e8 <= value < 1e14:  # 1973 in seconds up to the year 5138, in either unit
        return None
    return value / 1000 if value > 1e11 else float(value)


def _iso_stamp(text: str) -> float | None:
    try:
        date = datetime.fromisoformat(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
