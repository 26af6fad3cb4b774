"""Checks an operator's settings: what each may be, and what is said when it is not.

Knows: the settings' names, what is allowed, and the stable number of each complaint.
Must not know: what follows from a setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from .consent import OPTIONAL_CATEGORIES, Category, Regime
from .facade import LANGUAGES, Texts
from .facade.texts import choose
from .sources import SOURCES, ConsentSource, Platform, Signals
from .vendor import Vendor
from .vendors import KNOWN_VENDORS, VENDORS

#: RFC 9110, section 5.6.2: what a cookie's name is made of (RFC 6265bis, section 4.1.1).
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
#: How many bytes of an unfinished tag are kept. Long tags of real pages hold pictures as `data:` URLs.
MAX_HOLD = 1 << 20
#: How many bytes a process keeps of pages that come again.
PAGE_MEMORY = 1 << 23


#: RFC 5646, section 2.1, as far as it matters here: subtags of letters and digits.
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_LINK_URL = re.compile(r"(?:https?:|mailto:|tel:|(?![A-Za-z][A-Za-z0-9+.-]*:))\S(?:.*\S)?", re.IGNORECASE)
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")

#: Every word for a platform, and those whose ids, or whose cookie's name, may be the site's own.
_BY_WORD: Mapping[str, Platform] = {word: platform for platform in SOURCES for word in (platform.id, *platform.aliases)}
_MAPPABLE = tuple(word for word, platform in _BY_WORD.items() if platform.mappable or platform.ids)
_RENAMABLE = tuple(word for word, platform in _BY_WORD.items() if platform.renamable)


@dataclass(frozen=True, slots=True)
class Globs:
    """Paths in which a `*` stands for any characters, none included."""

    paths: tuple[str, ...]

    def match(self, path: str) -> bool:
        """Whether one of them means `path`.

        Each part between two stars is taken where it first stands, so that no part of the path is read again: a regular
        expression would try every place for every star, and a visitor writes the path.
        """
        return any(_is_meant(glob.split("*"), path) for glob in self.paths)


def _is_meant(parts: Sequence[str], path: str) -> bool:
    first, *inner = parts
    if not inner:
        return path == first
    last = inner.pop()
    if not path.startswith(first):
        return False
    at, end = len(first), len(path) - len(last)
    for part in inner:
        found = path.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end and path.endswith(last)


class PolicyError(ValueError):
    """One or more settings are wrong. `numbers` holds each one's stable number; the text says what to write instead."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.numbers = tuple(number for number, _ in problems)
        super().__init__("\n".join(f"({number}) {text}" for number, text in problems))


class Checks:
    """Checks settings one by one and gathers every problem, so that a developer sees all of them at once."""

    def __init__(self) -> None:
        self._problems: list[tuple[str, str]] = []

    def raise_problems(self) -> None:
        if self._problems:
            raise PolicyError(self._problems)

    def _wrong(self, number: str, name: str, given: object, allowed: str) -> None:
        self._problems.append((number, f"{name} is {given!r}; it must be {allowed}"))

    def _listed(self, number: str, name: str, given: object, allowed: str) -> list[Any] | None:
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            self._wrong(number, name, given, allowed)
            return None
        return list(given)

    def _strings(self, number: str, name: str, given: object, allowed: str) -> list[str] | None:
        listed = self._listed(number, name, given, allowed)
        return None if listed is None else [str(item) for item in listed]

    def pages(self, number: str, name: str, given: object) -> Globs | None:
        if given is None:
            return None
        allowed = "None, or a list of paths that begin with /, with * for any characters"
        paths = self._strings(number, name, given, allowed)
        if paths is None or not all(path.startswith(("/", "*")) for path in paths):
            if paths is not None:
                self._wrong(number, name, given, allowed)
            return None
        return Globs(tuple(paths))

    def accounts(self, number: str, name: str, given: object) -> frozenset[str] | None:
        if given is None:
            return None
        allowed = "None, or a list of the vendor's account ids"
        accounts = self._listed(number, name, given, allowed)
        if accounts is None:
            return None
        if not all(isinstance(account, str | int) and not isinstance(account, bool) for account in accounts):
            self._wrong(number, name, accounts, allowed)
        return frozenset(map(str, accounts))

    def elements(self, number: str, name: str, given: object) -> frozenset[bytes]:
        allowed = "a list of names of custom elements, in lower case and with a hyphen"
        names = self._strings(number, name, given, allowed) or []
        if not all(re.fullmatch(r"[a-z][a-z0-9._]*-[a-z0-9._-]*", element) for element in names):
            self._wrong(number, name, given, allowed)
            return frozenset()
        return frozenset(element.encode("ascii") for element in names)

    def categories(self, number: str, name: str, given: object, default: frozenset[Category]) -> frozenset[Category]:
        if given is None:
            return default
        allowed = "a list of " + ", ".join(Category)
        listed = self._listed(number, name, given, allowed)
        if listed is None:
            return default
        try:
            return frozenset(Category(item) for item in listed)
        except ValueError:
            self._wrong(number, name, listed, allowed)
            return default

    def cookie_name(self, number: str, name: str, given: object) -> str:
        if not isinstance(given, str) or not _TOKEN.fullmatch(given):
            self._wrong(number, name, given, "a cookie name: letters, digits and !#$%&'*+-.^_`|~")
            return name
        return given

    def different(self, number: str, name: str, given: str, other: str, taken: str) -> None:
        if given == taken:
            self._wrong(number, name, given, f"another name than {other}'s")

    def path(self, number: str, name: str, given: object) -> str:
        if not isinstance(given, str) or not _PATH.fullmatch(given):
            self._wrong(number, name, given, "a path such as '/_consent', without a slash at its end")
            return "/"
        return given

    def origins(self, number: str, name: str, given: object) -> Mapping[str, str]:
        origins: dict[str, str] = {}
        if given is None:
            return MappingProxyType(origins)
        if not isinstance(given, Mapping):
            self._wrong(number, name, given, "a mapping of a vendor's host to an origin")
            return MappingProxyType(origins)
        for host, origin in given.items():
            if _is_host(host) and _is_origin(origin):
                origins[host.lower()] = origin.lower()
            else:
                self._wrong(
                    number,
                    f"{name}[{host!r}]",
                    origin,
                    "an origin such as 'https://hs.example.com', under a host name such as 'js.hs.example'",
                )
        return MappingProxyType(origins)

    def link(self, number: str, name: str, given: object) -> str | None:
        if given is None:
            return None
        # A scheme such as javascript: would turn the way out into code.
        if isinstance(given, str) and given.isprintable() and _LINK_URL.fullmatch(given):
            return given
        self._wrong(number, name, given, "a path or an http, https, mailto or tel URL")
        return None

    def texts(self, number: str, name: str, given: object, language: str | None) -> Mapping[str, Texts]:
        """The words by language: one set, which is in `language`, or several beside the built-in ones."""
        if given is None:
            return LANGUAGES
        if isinstance(given, Mapping) and given and all(isinstance(each, Texts | Mapping) for each in given.values()):
            own = {tag: self._words(number, f"{name}[{tag!r}]", words, tag) for tag, words in given.items()}
            if not all(isinstance(tag, str) and _LANGUAGE.fullmatch(tag) for tag in given):
                self._wrong(number, name, given, "under language tags such as 'en' or 'pt-BR'")
                return LANGUAGES
            return {**LANGUAGES, **{tag.lower(): words for tag, words in own.items()}}
        tag = language or "en"
        return {tag.lower(): self._words(number, name, given, tag)}

    def _words(self, number: str, name: str, given: object, tag: object) -> Texts:
        base = LANGUAGES[choose(LANGUAGES, tag if isinstance(tag, str) else None)]
        if isinstance(given, Texts):
            return given
        fields = sorted(Texts.__dataclass_fields__)
        if (
            not isinstance(given, Mapping)
            or not set(given) <= set(fields)
            or not all(isinstance(text, str) for text in given.values())
        ):
            self._wrong(number, name, given, "texts under the names " + ", ".join(fields))
            return base
        try:
            return replace(base, **given)
        except ValueError as error:
            self._wrong(number, name, given, f"text that a page can hold: {error}")
            return base

    def language(self, number: str, name: str, given: object) -> str | Callable[[Signals], str | None] | None:
        """The one language of every page, what chooses it, or None: the page's own."""
        if given == "auto":
            return None
        if callable(given):
            return cast("Callable[[Signals], str | None]", given)
        if not isinstance(given, str) or not _LANGUAGE.fullmatch(given):
            self._wrong(number, name, given, "'auto', a language tag such as 'en' or 'pt-BR', or a callable")
            return None
        return given

    def bail_out(self, number: str, name: str, given: object) -> Literal["withhold", "pass"]:
        if given == "pass":
            return "pass"
        if given != "withhold":
            self._wrong(number, name, given, "'withhold' or 'pass'")
        return "withhold"

    def size(self, number: str, name: str, given: object) -> int:
        if isinstance(given, int) and not isinstance(given, bool) and given >= 1024:
            return given
        self._wrong(number, name, given, "a number of bytes, 1024 or more")
        return MAX_HOLD

    def room(self, number: str, name: str, given: object) -> int:
        if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
            return given
        self._wrong(number, name, given, "a number of bytes, or 0 for none")
        return 0

    def mapping(self, number: str, name: str, given: object) -> Mapping[str, Mapping[str, frozenset[Category]]]:
        """What a site's ids mean, by platform; under the empty name what they mean on every platform."""
        found: dict[str, dict[str, frozenset[Category]]] = {}
        if given is None:
            return found
        if not isinstance(given, Mapping):
            self._wrong(number, name, given, 'a mapping of the site\'s ids to categories, {"chat": "functional"}')
            return found
        for key, value in given.items():
            if not isinstance(value, Mapping):
                found.setdefault("", {}).update(self._meaning(number, f"{name}[{key!r}]", key, value))
            elif key in _MAPPABLE:
                for id_, meant in value.items():
                    found.setdefault(key, {}).update(self._meaning(number, f"{name}[{key!r}][{id_!r}]", id_, meant))
            else:
                self._wrong(number, f"{name}[{key!r}]", value, "under the name of a platform: " + ", ".join(_MAPPABLE))
        return found

    def _meaning(self, number: str, name: str, id_: object, given: object) -> Mapping[str, frozenset[Category]]:
        listed = [given] if isinstance(given, str) else given
        try:
            if not isinstance(id_, str) or not isinstance(listed, list | tuple | set | frozenset) or not listed:
                raise ValueError
            return {id_: frozenset(map(Category, listed)) & frozenset(OPTIONAL_CATEGORIES)}
        except ValueError:
            self._wrong(number, name, given, "one of, or a list of, " + ", ".join(Category) + "; and its id a text")
            return {}

    def cookie_names(self, number: str, name: str, given: object) -> Mapping[str, tuple[str, ...]]:
        allowed = "a mapping of a platform to a cookie name; a site can choose it for " + ", ".join(_RENAMABLE)
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            self._wrong(number, name, given, allowed)
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for key, value in given.items():
            if key in _RENAMABLE and isinstance(value, str) and _TOKEN.fullmatch(value):
                found[_BY_WORD[key].id] = (value,)
            else:
                self._wrong(number, f"{name}[{key!r}]", value, allowed)
        return found

    def platforms(self, number: str, name: str, given: object) -> set[str]:
        allowed = "a list of " + ", ".join(platform.id for platform in SOURCES)
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            self._wrong(number, name, given, allowed)
            return set()
        listed = list(given)
        if not all(isinstance(word, str) and word in _BY_WORD for word in listed):
            self._wrong(number, name, listed, allowed)
            return set()
        return {_BY_WORD[word].id for word in listed}

    def vendors(self, number: str, name: str, given: object) -> tuple[Vendor, ...]:
        by_id = {vendor.id: vendor for vendor in KNOWN_VENDORS}
        if isinstance(given, Iterable) and not isinstance(given, str | bytes):
            given = list(given)
            listed = [by_id.get(item) if isinstance(item, str) else item for item in given]
            found = {vendor.id: vendor for vendor in listed if isinstance(vendor, Vendor)}
            if found and len(found) == len(listed):
                return tuple(found.values())
        self._wrong(number, name, given, "a list, each once, of " + ", ".join(by_id) + " or Vendor objects of your own")
        return VENDORS

    def regime(self, number: str, name: str, given: object) -> Regime | Callable[[Signals], Regime | str | None]:
        if callable(given):
            return cast("Callable[[Signals], Regime | str | None]", given)
        try:
            return Regime(cast("str", given))
        except ValueError:
            self._wrong(number, name, given, "'opt-in', 'opt-out' or a callable that takes Signals and returns one")
            return Regime.OPT_IN

    def one_of(self, number: str, name: str, given: object, allowed: Sequence[str]) -> str:
        if isinstance(given, str) and given in allowed:
            return given
        self._wrong(number, name, given, " or ".join(map(repr, allowed)))
        return allowed[0]

    def not_both(self, number: str, settings: str, both: bool, why: str) -> None:
        if both:
            self._problems.append((number, f"{settings} cannot stand together: {why}"))

    def flag(self, number: str, name: str, given: object) -> bool:
        if not isinstance(given, bool):
            self._wrong(number, name, given, "True or False")
            return False
        return given

    def days(self, number: str, name: str, given: object) -> float | None:
        if given is None:
            return None
        if isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < float("inf"):
            return given
        self._wrong(number, name, given, "a number of days above 0, or None")
        return None

    def revisions(self, number: str, name: str, given: object) -> Mapping[str, str]:
        """The wanted revision by source; a platform's readings may bear any of its names."""
        found: dict[str, str] = {}
        allowed = "a mapping of a platform to its policy's version, as text or a whole number"
        if given is None:
            return found
        if not isinstance(given, Mapping):
            self._wrong(number, name, given, allowed)
            return found
        for key, value in given.items():
            if key in _BY_WORD and isinstance(value, str | int) and not isinstance(value, bool):
                platform = _BY_WORD[key]
                words = (platform.id, *platform.aliases) if key == platform.id else (key,)
                found.update(dict.fromkeys(words, str(value)))
            else:
                self._wrong(number, f"{name}[{key!r}]", value, allowed)
        return found

    def callable(self, number: str, name: str, given: object) -> Callable[..., Any] | None:
        if given is None or callable(given):
            return given
        self._wrong(number, name, given, "a callable")
        return None

    def header_names(self, number: str, name: str, given: object) -> tuple[bytes, ...]:
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            self._wrong(number, name, given, "a list of header names")
            return ()
        listed = list(given)
        if not all(isinstance(field, str) and _TOKEN.fullmatch(field) for field in listed):
            self._wrong(number, name, listed, "a list of header names")
            return ()
        return tuple(field.encode("ascii") for field in listed)

    def sources(self, number: str, name: str, given: object) -> tuple[ConsentSource, ...]:
        if not isinstance(given, Iterable):
            self._wrong(number, name, given, "a list of callables that take Signals and return readings")
            return ()
        listed = tuple(given)
        if not all(callable(source) for source in listed):
            self._wrong(number, name, listed, "a list of callables that take Signals and return readings")
            return ()
        return listed


def checked_language(given: object) -> str | None:
    """What a callable returned as a language. Raises: TypeError."""
    if given is None or (isinstance(given, str) and _LANGUAGE.fullmatch(given)):
        return given
    raise TypeError


def _is_host(host: object) -> bool:
    return isinstance(host, str) and re.fullmatch(r"[A-Za-z0-9.-]+\.[A-Za-z0-9-]+", host) is not None


def _is_origin(origin: object) -> bool:
    if not isinstance(origin, str) or not origin.isascii():
        return False
    try:
        parts = urlsplit(origin)
        named = parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    bare = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    return parts.scheme in {"http", "https"} and bool(named) and bare
