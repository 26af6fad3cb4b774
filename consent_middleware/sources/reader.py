"""Finds in a request what belongs to which platform, and asks only those.

Knows: names and prefixes of cookies, caps, quotes, what a site maps.
Must not know: any platform's format, what follows from consent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from consent_middleware.consent import Basis, Category, Consent, State

from .platform import MAX_VALUE, Ids, Platform, Signals, all_categories, reading

#: A backslash and three octal digits for a byte, or a backslash before a character: how http.cookies and Werkzeug
#: write what cannot stand in a cookie.
_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|(.))", re.DOTALL)

#: How many different copies of one cookie, and how many cookies of one platform, are read. Browsers send a copy for
#: each path and domain on which it was set; more than this is somebody who wants to keep the server busy, or to hide a
#: refusal among them.
MAX_COPIES = 20
MAX_NAMES = 50

#: The source of the reading that stands for copies which are not read.
UNREAD = "unread copies"


def unread(cookie: str) -> Consent:
    """What copies say that are not read: one of them may be a refusal, so nothing is granted, whoever else grants it.

    Nobody has refused either, as far as is known: it counts like a platform's default of no.
    """
    return reading(UNREAD, cookie, all_categories(State.DENIED), basis=Basis.IMPLIED)


_Raw = dict[str, list[bytes]]


class Reader:
    """Reads every platform that a request shows a name of.

    Args: the platforms, in the order in which their readings are told; what the site's ids mean, by platform; and
    other names of cookies, by platform, where the site has chosen them.
    """

    def __init__(
        self,
        platforms: Iterable[Platform],
        mapping: Mapping[str, Ids],
        names: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._platforms = tuple(platforms)
        self._ids: list[Ids] = [{**platform.ids, **mapping.get(platform.id, {})} for platform in self._platforms]
        self._by_cookie: dict[bytes, tuple[int, ...]] = {}
        self._by_header: dict[bytes, tuple[int, ...]] = {}
        self._by_prefix: list[tuple[bytes, re.Pattern[str], int]] = []
        for index, platform in enumerate(self._platforms):
            for name in (*platform.cookies, *platform.beside, *names.get(platform.id, ())):
                self._by_cookie[name.encode("ascii")] = (*self._by_cookie.get(name.encode("ascii"), ()), index)
            for name in platform.headers:
                self._by_header[name.encode("ascii")] = (index,)
            if platform.names is not None:
                self._by_prefix += [(prefix.encode("ascii"), platform.names, index) for prefix in platform.prefixes]
        self._prefixes = tuple(prefix for prefix, _, _ in self._by_prefix)
        #: The names of the header fields that are read, in lower case.
        self.headers = frozenset(self._by_header)

    def read(self, signals: Signals, on_error: Callable[[str, Exception], None]) -> list[Consent]:
        """The readings of one request. `on_error` is told of a platform whose reader has raised, and it is left out."""
        full: dict[str, None] = {}
        found = self._group_by_platform(signals.cookies.pairs, full)
        by_header = self._by_header
        for field, value in signals.headers:
            if field in by_header:
                for index in by_header[field]:
                    found.setdefault(index, {}).setdefault(field.decode("ascii"), []).append(value)
        doubtful = self._group_by_platform(signals.cookies.doubtful_pairs, full)
        if signals.cookies.is_cut:
            full["Cookie"] = None
        if not (found or doubtful or full):
            return []
        for index, raw in doubtful.items():
            for name, copies in found.get(index, {}).items():
                raw[name] = [*copies, *raw.get(name, ())]
        readings: list[Consent] = []
        for index in sorted(found.keys() | doubtful.keys()):
            try:
                told = self._read(index, found[index]) if index in found else []
                if index in doubtful:
                    refused = [reading.restricted_to(State.DENIED) for reading in self._read(index, doubtful[index])]
                    told += [reading for reading in refused if reading.states]
            except Exception as error:
                on_error(self._platforms[index].id, error)
            else:
                readings += told
        return [*readings, *map(unread, full)]

    def _group_by_platform(self, pairs: Mapping[bytes, Sequence[bytes]], full: dict[str, None]) -> dict[int, _Raw]:
        """The values that may belong to a platform, by platform and name; `full` gets what has more than are read."""
        found: dict[int, _Raw] = {}
        by_cookie, prefixes = self._by_cookie, self._prefixes
        for name in pairs:
            if name in by_cookie or name.startswith(prefixes):
                for index in self._owners(name):
                    named = found.setdefault(index, {})
                    if len(named) < MAX_NAMES:
                        copies = list(dict.fromkeys(pairs[name]))
                        named[name.decode("ascii")] = copies[:MAX_COPIES]
                        if len(copies) > MAX_COPIES:
                            full[name.decode("ascii")] = None
                    else:
                        full[self._platforms[index].id] = None
        return found

    def _owners(self, name: bytes) -> tuple[int, ...]:
        """The platforms that a cookie of this name may belong to."""
        owners = self._by_cookie.get(name)
        if owners is not None:
            return owners
        return tuple(
            index
            for prefix, pattern, index in self._by_prefix
            if name.startswith(prefix) and name.isascii() and pattern.fullmatch(name.decode("ascii"))
        )

    def _read(self, index: int, raw: _Raw) -> list[Consent]:
        values = {name: [_text(value) for value in copies if len(value) <= MAX_VALUE] for name, copies in raw.items()}
        return list(self._platforms[index].read(values, self._ids[index]))


def _text(value: bytes) -> str:
    """The value as text, one character for each byte, less the quotes around it and their escapes."""
    text = value.decode("latin-1")
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = _ESCAPE.sub(lambda escape: chr(int(escape[1], 8)) if escape[1] else escape[2], text[1:-1])
    return text


def ids_for(platform: Platform, mapping: Mapping[str, Mapping[str, frozenset[Category]]]) -> Ids:
    """What a site's mapping says of one platform: what is said of it by name lies over what is said of all.

    What is said of all is meant for ids that sites make up; an id that means the same everywhere keeps its meaning
    unless its platform is named.
    """
    said_of_all = mapping.get("", {}) if platform.mappable else {}
    named = [mapping[word] for word in (*platform.aliases, platform.id) if word in mapping]
    return {id_: meant for ids in (said_of_all, *named) for id_, meant in ids.items()}
