"""Find the values that belong to each platform in a request, and ask only those platforms.

No platform's format is known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from consent_middleware.consent import Basis, Category, Consent, State

from .platform import MAX_VALUE, Ids, Platform, Signals, all_categories, reading, unquote_cookie

#: How many different copies of one cookie, and how many cookies of one platform, are read. Browsers send one copy for
#: each path and domain that set it. More than this is an attempt to keep the server busy or to hide a refusal.
MAX_COPIES = 20
MAX_NAMES = 50

#: The source of the reading for copies over the limit.
UNREAD_COPIES = "unread copies"


def unread(cookie: str) -> Consent:
    """Return the reading for copies that were not read.

    One of them may be a refusal, so every category is denied. Its basis is implied, because no refusal was seen.
    """
    return reading(UNREAD_COPIES, cookie, all_categories(State.DENIED), basis=Basis.IMPLIED)


_RawValues = dict[str, list[bytes]]


class Reader:
    """Read the platforms whose names appear in a request.

    Args:
        platforms: the platforms, in the order of their readings.
        mapping: the meaning of the site's own ids, by platform.
        names: further cookie names that the site has chosen, by platform.
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
            for name in (*platform.cookies, *platform.context_cookies, *names.get(platform.id, ())):
                self._by_cookie[name.encode("ascii")] = (*self._by_cookie.get(name.encode("ascii"), ()), index)
            for name in platform.headers:
                self._by_header[name.encode("ascii")] = (index,)
            if platform.prefixed_names is not None:
                self._by_prefix += [
                    (prefix.encode("ascii"), platform.prefixed_names, index) for prefix in platform.prefixes
                ]
        self._prefixes = tuple(prefix for prefix, _, _ in self._by_prefix)
        #: The lower-case names of the header fields to read.
        self.headers = frozenset(self._by_header)

    def read(self, signals: Signals, on_error: Callable[[str, Exception], None]) -> list[Consent]:
        """Return the readings of one request.

        A platform whose reader raises is left out, and `on_error` is called with its id and the exception.
        """
        over_limit: dict[str, None] = {}
        found = self._group_by_platform(signals.cookies.pairs, over_limit)
        by_header = self._by_header
        for field, value in signals.headers:
            if field in by_header:
                for index in by_header[field]:
                    found.setdefault(index, {}).setdefault(field.decode("ascii"), []).append(value)
        doubtful = self._group_by_platform(signals.cookies.doubtful_pairs, over_limit)
        if signals.cookies.is_cut:
            over_limit["Cookie"] = None
        if not (found or doubtful or over_limit):
            return []
        for index, raw in doubtful.items():
            for name, copies in found.get(index, {}).items():
                raw[name] = [*copies, *raw.get(name, ())]
        readings: list[Consent] = []
        for index in sorted(found.keys() | doubtful.keys()):
            try:
                of_platform = self._read(index, found[index]) if index in found else []
                if index in doubtful:
                    refused = [reading.restricted_to(State.DENIED) for reading in self._read(index, doubtful[index])]
                    of_platform += [reading for reading in refused if reading.states]
            except Exception as error:
                on_error(self._platforms[index].id, error)
            else:
                readings += of_platform
        return [*readings, *map(unread, over_limit)]

    def unread_cookies(self, pairs: Iterable[bytes], readings: Iterable[Consent]) -> list[tuple[str, str]]:
        """Return the consent cookies from which nothing was read, each with the platforms that may have set it.

        Args:
            pairs: the names of the request's cookies.
            readings: what was read of the request.
        """
        named, read = set(), set()
        for each in readings:
            named.add(each.cookie)
            read.add(each.source)
        found: list[tuple[str, str]] = []
        for name in pairs:
            owners = [self._platforms[index] for index in self._owners(name)]
            # A platform may need two cookies for one reading, which names one of them.
            if not owners or any(platform.id in read for platform in owners):
                continue
            text = name.decode("ascii")
            platforms = [platform.id for platform in owners if text not in platform.context_cookies]
            if platforms and text not in named:
                found.append((text, " or ".join(platforms)))
        return found

    def _group_by_platform(
        self, pairs: Mapping[bytes, Sequence[bytes]], over_limit: dict[str, None]
    ) -> dict[int, _RawValues]:
        """Return the values by platform and name.

        Names with too many copies and platforms with too many names go into `over_limit`.
        """
        found: dict[int, _RawValues] = {}
        by_cookie, prefixes = self._by_cookie, self._prefixes
        for name in pairs:
            if name in by_cookie or name.startswith(prefixes):
                for index in self._owners(name):
                    named = found.setdefault(index, {})
                    if len(named) < MAX_NAMES:
                        copies = list(dict.fromkeys(pairs[name]))
                        named[name.decode("ascii")] = copies[:MAX_COPIES]
                        if len(copies) > MAX_COPIES:
                            over_limit[name.decode("ascii")] = None
                    else:
                        over_limit[self._platforms[index].id] = None
        return found

    def _owners(self, name: bytes) -> tuple[int, ...]:
        """Return the platforms to which a cookie of this name may belong."""
        owners = self._by_cookie.get(name)
        if owners is not None:
            return owners
        return tuple(
            index
            for prefix, pattern, index in self._by_prefix
            if name.startswith(prefix) and name.isascii() and pattern.fullmatch(name.decode("ascii"))
        )

    def _read(self, index: int, raw: _RawValues) -> list[Consent]:
        values = {
            name: [unquote_cookie(value) for value in copies if len(value) <= MAX_VALUE] for name, copies in raw.items()
        }
        return list(self._platforms[index].read(values, self._ids[index]))


def ids_for(platform: Platform, mapping: Mapping[str, Mapping[str, frozenset[Category]]]) -> Ids:
    """Return the ids that a site's mapping gives one platform.

    Entries under the platform's name override those for all platforms (key ""). The latter apply only to platforms
    whose ids are made up by sites.
    """
    for_all = mapping.get("", {}) if platform.mappable else {}
    for_platform = [mapping[word] for word in (*platform.aliases, platform.id) if word in mapping]
    return {id_: named for ids in (for_all, *for_platform) for id_, named in ids.items()}
