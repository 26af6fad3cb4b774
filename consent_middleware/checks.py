"""Checks for settings: what a value may be, and how an error message says so.

A `Check` turns the value that an operator gives into the one that the package uses, and says in words what is allowed.
The checks that several settings share come first, then those of one setting each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from .consent import OPTIONAL_CATEGORIES, Category, Regime
from .facade import LANGUAGES, Texts
from .facade.texts import choose
from .html.rewriter import MAX_BUFFER
from .purpose import Purpose
from .sources import SOURCES, Platform
from .vendor import Vendor
from .vendors import KNOWN_VENDORS

Item = TypeVar("Item")

#: RFC 9110, section 5.6.2: what a cookie's name is made of (RFC 6265bis, section 4.1.1).
_COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
#: RFC 5646, section 2.1, as far as it matters here: subtags of letters and digits.
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
#: A path, where `~` stands for the app's mount; a part of the page, or the page with a query; or a URL. A path that is
#: relative to the page (`contact`) would be dead on other pages, and so would an address without its scheme
#: (`me@example.com`). A second slash would name a host, and `javascript:` would be code.
_LINK = re.compile(
    r"(?:~?/(?![/\\])|[#?](?=\S)|https?://(?=[^\s/?#\\])|mailto:(?=[^\s@]+@\S)|(?:tel|sms):(?=[+\d])).*(?<!\s)",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_HOST = re.compile(r"[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")
_VENDOR_ID = re.compile(r"\S+")
_ELEMENT = re.compile(r"[a-z][a-z0-9._]*-[a-z0-9._-]*")

#: Every name of a platform, and the names of those whose ids, or whose cookie's name, the site may choose.
_PLATFORMS: Mapping[str, Platform] = {
    name: platform for platform in SOURCES for name in (platform.id, *platform.aliases)
}
_MAPPABLE = tuple(name for name, platform in _PLATFORMS.items() if platform.mappable or platform.ids)
_RENAMABLE = tuple(name for name, platform in _PLATFORMS.items() if platform.renamable)

#: The limits in bytes that a site may set, with their defaults and their smallest values. Long tags of real pages
#: contain pictures as `data:` URLs.
LIMITS: Final[Mapping[str, int]] = MappingProxyType({"tag_bytes": MAX_BUFFER, "cache_bytes": 1 << 23})
_SMALLEST = {"tag_bytes": 1024, "cache_bytes": 0}


class PolicyError(ValueError):
    """One or more settings are wrong.

    Attributes:
        problems: the stable number and the text of each problem. The text says what to write instead.
        numbers: the numbers alone.
    """

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        self.numbers = tuple(number for number, _ in problems)
        super().__init__("\n".join(f"({number}) {text}" for number, text in problems))


class Problem(NamedTuple):
    """One wrong value: where it stands within the setting (`"['klaro']"`), the value, and what is allowed."""

    where: str
    given: object
    allowed: str


class SettingError(Exception):
    """A setting has a value that is not allowed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems)
        self.problems = problems


class Form(Enum):
    """How a setting is written as text, for example in an environment variable. The value says so in words."""

    TEXT = "the text itself"
    BOOLEAN = "true or false"
    NUMBER = "a number"
    LIST = "a list, separated by commas or in JSON"
    MAPPING = "a mapping in JSON"
    TEXT_OR_MAPPING = "the text itself, or a mapping in JSON"
    NONE = "not possible; give it in code"


@dataclass(frozen=True, slots=True)
class Check:
    """What one setting may be.

    Attributes:
        allowed: what is allowed, as an error message and the reference page say it.
        convert: returns the value to use. It raises `ValueError` or `TypeError` for a wrong value, or `SettingError`
            to say which part of it is wrong.
        form: how the setting is written as text.
    """

    allowed: str
    convert: Callable[[Any], Any]
    form: Form = Form.TEXT

    def __call__(self, given: object) -> Any:
        """Return the checked value.

        Raises:
            SettingError: The value is not allowed.
        """
        try:
            return self.convert(given)
        except (ValueError, TypeError):
            raise SettingError(Problem("", given, self.allowed)) from None


# Checks that several settings share.


def one_of(*words: str) -> Check:
    """Allow one of a few words."""

    def convert(given: object) -> object:
        _require(isinstance(given, str) and given in words)
        return given

    return Check(" or ".join(map(repr, words)), convert)


def text(pattern: re.Pattern[str], allowed: str) -> Check:
    """Allow text that a pattern matches as a whole."""

    def convert(given: object) -> str:
        return _matching(pattern, given)

    return Check(allowed, convert)


def list_of(
    convert_item: Callable[[Any], Item], allowed: str, collect: Callable[[Iterable[Item]], Any] = tuple
) -> Check:
    """Allow any iterable but text; each item is converted."""

    def convert(given: object) -> Any:
        return collect([convert_item(item) for item in _items(given)])

    return Check(allowed, convert, Form.LIST)


def mapping_of(convert_entry: Callable[[Any, Any], Mapping[Any, Any]], allowed: str, entry: str) -> Check:
    """Allow None, or a mapping.

    Args:
        convert_entry: returns what a key and its value add to the checked mapping.
        allowed: what the mapping must be.
        entry: what a key and its value must be.
    """

    def convert(given: object) -> Mapping[Any, Any]:
        found: dict[Any, Any] = {}
        problems: list[Problem] = []
        for key, value in _mapping(given).items():
            try:
                found.update(convert_entry(key, value))
            except (ValueError, TypeError):
                problems.append(Problem(f"[{key!r}]", value, entry))
        if problems:
            raise SettingError(*problems)
        return MappingProxyType(found)

    return Check(allowed, convert, Form.MAPPING)


def optional(check: Check) -> Check:
    """Allow None, or a value that `check` allows."""
    return Check(f"None, or {check.allowed}", lambda given: None if given is None else check.convert(given), check.form)


def _require(condition: object) -> None:
    if not condition:
        raise ValueError


def _matching(pattern: re.Pattern[str], given: object) -> str:
    if not isinstance(given, str) or not pattern.fullmatch(given):
        raise ValueError
    return given


def _items(given: object) -> list[Any]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError
    return list(given)


def _mapping(given: object) -> Mapping[Any, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise TypeError
    return given


def _categories(given: object) -> frozenset[Category]:
    return frozenset(map(Category, _items(given)))


def _boolean(given: object) -> object:
    _require(isinstance(given, bool))
    return given


def _function(given: object) -> object:
    _require(callable(given))
    return given


def _check_link(given: object) -> str:
    found = _matching(_LINK, given)
    _require(found.isprintable())
    return found


def _address(given: Any) -> object:
    """Return a link's address, addresses by language, or the callable that chooses one."""
    if not isinstance(given, Mapping):
        return given if callable(given) else _check_link(given)
    _require(given and all(_matching(_LANGUAGE, tag) for tag in given))
    return MappingProxyType({tag.lower(): _check_link(url) for tag, url in given.items()})


def checked_link(given: object) -> str | None:
    """Return the address that a site's callable returned.

    Raises:
        ValueError: It returned something else than an address or None.
    """
    return None if given is None else _check_link(given)


def checked_answer(given: object) -> bool:
    """Return what a site's callable answered to a question.

    Raises:
        ValueError: It returned neither True nor False.
    """
    _require(isinstance(given, bool))
    return given is True


def _platform_id(given: object) -> str:
    if not isinstance(given, str) or given not in _PLATFORMS:
        raise ValueError
    return _PLATFORMS[given].id


def _days(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < float("inf"):
        raise ValueError
    return given


BOOLEAN = Check("True or False", _boolean, Form.BOOLEAN)
FUNCTION = optional(Check("a callable", _function, Form.NONE))
LINK = optional(
    Check(
        "a path that begins with / (or ~/ for the app's mount), a part of the page (#contact), a query, an http, "
        'https, mailto, tel or sms URL, a mapping such as {"en": "/contact", "de": "/kontakt"}, or a callable that '
        "takes Signals",
        _address,
        Form.TEXT_OR_MAPPING,
    )
)
COOKIE_NAME = text(_COOKIE_NAME, "a cookie name: letters, digits and !#$%&'*+-.^_`|~")
PATH = text(_PATH, "a path such as '/_consent', without a slash at its end")
BANNER = optional(
    Check(
        "the id of one of your vendors that has a consent banner: "
        + ", ".join(vendor.id for vendor in KNOWN_VENDORS if vendor.banner is not None),
        lambda given: _matching(_VENDOR_ID, given),
    )
)
DAYS = optional(Check("a number of days above 0", _days, Form.NUMBER))
HEADER_NAMES = list_of(lambda item: _matching(_COOKIE_NAME, item).encode("ascii"), "a list of header names")
SOURCE_LIST = replace(
    list_of(_function, "a list of callables that take Signals and return readings"),
    form=Form.NONE,
)
ELEMENTS = list_of(
    lambda item: _matching(_ELEMENT, item).encode("ascii"),
    "a list of names of custom elements, in lower case and with a hyphen",
    frozenset,
)
DEFAULT_IGNORED = list_of(
    _platform_id,
    "a list of " + ", ".join(platform.id for platform in SOURCES),
    frozenset,
)


# Checks for one setting each.


def _requirement(purpose: Any, given: Any) -> Mapping[Purpose, frozenset[Category]]:
    return {Purpose(purpose): _categories(given)}


REQUIRES = mapping_of(
    _requirement,
    'a mapping such as {"chat": ["functional"]}',
    f"a list of {', '.join(Category)}, under {', '.join(Purpose)}",
)


def _limit(name: Any, given: Any) -> Mapping[str, int]:
    _require(name in LIMITS)
    _require(isinstance(given, int) and not isinstance(given, bool) and given >= _SMALLEST[name])
    return {name: given}


_LIMITS_GIVEN = mapping_of(
    _limit,
    'a mapping such as {"tag_bytes": 1048576}',
    "a number of bytes under 'tag_bytes', 1024 or more, or under 'cache_bytes', where 0 means no cache",
)
BYTE_LIMITS = replace(_LIMITS_GIVEN, convert=lambda given: MappingProxyType({**LIMITS, **_LIMITS_GIVEN.convert(given)}))


@dataclass(frozen=True, slots=True)
class Globs:
    """Paths in which a `*` stands for any characters, or for none."""

    paths: tuple[str, ...]

    def match(self, path: str) -> bool:
        """Return whether one of them matches `path`.

        Each part between two stars is taken at its first occurrence, so no part of the path is read twice. A regular
        expression would try every position for every star, and a visitor writes the path.
        """
        return any(_glob_matches(glob.split("*"), path) for glob in self.paths)


def _glob_matches(parts: Sequence[str], path: str) -> bool:
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


def _glob(given: object) -> str:
    found = str(given)
    _require(found.startswith(("/", "*")))
    return found


PAGES = optional(
    list_of(_glob, "a list of paths that begin with /, with * for any characters", lambda paths: Globs(tuple(paths)))
)


def _account(given: object) -> str:
    _require(isinstance(given, str | int) and not isinstance(given, bool))
    return str(given)


ACCOUNTS = optional(list_of(_account, "a list of the vendor's account ids", frozenset))


def _origin_for_host(host: Any, origin: Any) -> Mapping[str, str]:
    _matching(_HOST, host)
    _require(isinstance(origin, str) and origin.isascii())
    parts = urlsplit(origin)
    _require(parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0))
    _require(not (parts.path or parts.query or parts.fragment or "@" in parts.netloc))
    return {host.lower(): origin.lower()}


ORIGINS = mapping_of(
    _origin_for_host,
    "a mapping of a vendor's host to an origin",
    "an origin such as 'https://hs.example.com', under a host name such as 'js.hs.example'",
)


def _vendors(given: object) -> tuple[Vendor, ...]:
    by_id = {vendor.id: vendor for vendor in KNOWN_VENDORS}
    items = [by_id.get(item) if isinstance(item, str) else item for item in _items(given)]
    found = {vendor.id: vendor for vendor in items if isinstance(vendor, Vendor)}
    _require(found and len(found) == len(items))
    return tuple(found.values())


VENDOR_LIST = Check(
    f"a list, each once, of {', '.join(vendor.id for vendor in KNOWN_VENDORS)} or Vendor objects of your own",
    _vendors,
    Form.LIST,
)


def _regime(given: Any) -> object:
    return given if callable(given) else Regime(given)


REGIME = Check("'opt-in', 'opt-out' or a callable that takes Signals and returns one", _regime)


def _language(given: object) -> object:
    if given == "auto":
        return None
    return given if callable(given) else _matching(_LANGUAGE, given)


LANGUAGE = Check("'auto', a language tag such as 'en' or 'pt-BR', or a callable", _language)


def checked_language(given: object) -> str | None:
    """Return the language that a site's callable returned.

    Raises:
        ValueError: It returned something else than a language tag or None.
    """
    return None if given is None else _matching(_LANGUAGE, given)


def _revisions_of(name: Any, given: Any) -> Mapping[str, str]:
    """Return the wanted revision under every name that a reading of the platform may have."""
    _require(isinstance(name, str) and name in _PLATFORMS)
    _require(isinstance(given, str | int) and not isinstance(given, bool))
    platform = _PLATFORMS[name]
    names = (platform.id, *platform.aliases) if name == platform.id else (name, platform.id)
    return dict.fromkeys(names, str(given))


_REVISIONS = "a mapping of a platform to its policy's version, as text or a whole number"
REVISIONS = mapping_of(_revisions_of, _REVISIONS, _REVISIONS)


def _cookie_name_of(name: Any, given: Any) -> Mapping[str, tuple[str, ...]]:
    _require(name in _RENAMABLE)
    return {_PLATFORMS[name].id: (_matching(_COOKIE_NAME, given),)}


_COOKIE_NAMES = "a mapping of a platform to a cookie name; a site can choose it for " + ", ".join(_RENAMABLE)
COOKIE_NAMES = mapping_of(_cookie_name_of, _COOKIE_NAMES, _COOKIE_NAMES)


def _meanings(given: object) -> Mapping[str, Mapping[str, frozenset[Category]]]:
    """Return what a site's ids mean, by platform; under the empty name, what they mean on every platform."""
    found: dict[str, dict[str, frozenset[Category]]] = {}
    problems: list[Problem] = []
    for key, value in _mapping(given).items():
        if not isinstance(value, Mapping):
            _add_meaning(found.setdefault("", {}), f"[{key!r}]", key, value, problems)
        elif key in _MAPPABLE:
            for id_, categories in value.items():
                _add_meaning(found.setdefault(key, {}), f"[{key!r}][{id_!r}]", id_, categories, problems)
        else:
            problems.append(Problem(f"[{key!r}]", value, "under the name of a platform: " + ", ".join(_MAPPABLE)))
    if problems:
        raise SettingError(*problems)
    return found


def _add_meaning(
    meanings: dict[str, frozenset[Category]], where: str, id_: object, given: object, problems: list[Problem]
) -> None:
    items = [given] if isinstance(given, str) else given
    try:
        if not isinstance(id_, str) or not isinstance(items, list | tuple | set | frozenset) or not items:
            raise ValueError
        meanings[id_] = frozenset(map(Category, items)) & frozenset(OPTIONAL_CATEGORIES)
    except ValueError:
        problems.append(Problem(where, given, f"one of, or a list of, {', '.join(Category)}; and its id a text"))


MEANINGS = Check('a mapping of the site\'s ids to categories, {"chat": "functional"}', _meanings, Form.MAPPING)

_FIELDS = sorted(Texts.__dataclass_fields__)


def texts_by_language(given: Any, language: str | None) -> Mapping[str, Texts]:
    """Return the facade's words by language.

    Args:
        given: one set of words, which is in `language`, or several by language, each beside the built-in words.
        language: the one language of every page, if the site sets one.

    Raises:
        SettingError: if these are no texts.
    """
    if given is None:
        return LANGUAGES
    if isinstance(given, Mapping) and given and all(isinstance(each, Texts | Mapping) for each in given.values()):
        if not all(isinstance(tag, str) and _LANGUAGE.fullmatch(tag) for tag in given):
            raise SettingError(Problem("", given, "under language tags such as 'en' or 'pt-BR'"))
        return {**LANGUAGES, **{tag.lower(): _words(f"[{tag!r}]", words, tag) for tag, words in given.items()}}
    tag = language or "en"
    return {tag.lower(): _words("", given, tag)}


def _words(where: str, given: object, tag: str) -> Texts:
    if isinstance(given, Texts):
        return given
    if not (isinstance(given, Mapping) and set(given) <= set(_FIELDS)):
        raise SettingError(Problem(where, given, TEXTS.allowed))
    if not all(isinstance(words, str) for words in given.values()):
        raise SettingError(Problem(where, given, TEXTS.allowed))
    try:
        return replace(LANGUAGES[choose(LANGUAGES, tag)], **given)
    except ValueError as error:
        raise SettingError(Problem(where, given, f"texts that can be shown: {error}")) from None


def _texts(given: object) -> object:
    texts_by_language(given, None)
    return given


TEXTS = Check("texts under the names " + ", ".join(_FIELDS), _texts, Form.MAPPING)
