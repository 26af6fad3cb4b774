"""How a vendor is described: purposes, actions, tag rules, cookie rules. Frozen data and the few ways to match it.

Knows: that scripts have URLs and that hosts have labels and regions.
Must not know: any vendor by name, consent, HTML syntax, HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from .consent import Category
from .other_tools import asks_for_consent
from .scripts.loads import Scan, scan
from .scripts.snippets import Vocabulary, snippet_text


class Purpose(StrEnum):
    """What a vendor's tag or cookie is for. Each purpose has its own required categories.

    `EMBEDS` are what a visitor sees and uses in the page itself: forms, meetings, calls to action, video.
    """

    CHAT = "chat"
    TRACKING = "tracking"
    EMBEDS = "embeds"


class Action(StrEnum):
    """What happens to the tags of one purpose: they load, a facade stands in for them, or they wait unseen."""

    ALLOW = "allow"
    FACADE = "facade"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class ChatScript:
    """The one script that loads a vendor's chat and nothing else.

    `src` is its URL, `attributes` the name and value of every other attribute that it needs, in order, `account` the
    operator's account with the vendor.
    """

    src: str
    attributes: tuple[tuple[str, str], ...]
    account: str = ""


#: A region is two letters and one or two digits, so that a region that opens tomorrow is known today.
_REGION = r"(?:-(?P<region>[a-z]{2}[0-9]{1,2}))?"
_FIRST_LABEL = re.compile(rf"([^.]+?){_REGION}\.")
_REGION_LABEL = re.compile(rf"{_REGION}\.")
#: A region in the midst of a label.
_INNER_REGION = re.compile(r"^([a-z-]+?)-(?P<region>[a-z]{2}[0-9]{1,2})-([a-z]+)\.")


@dataclass(frozen=True, slots=True)
class HostRule:
    """The hosts of one service in every region: `label.domain` and `label-REGION.domain`.

    The label `*` stands for the domain itself and every host below it; a `*` within a label is where the region stands.
    """

    label: str
    domain: str

    @property
    def default(self) -> str:
        """The host without a region."""
        return f"{self.label}.{self.domain}"

    def in_region(self, region: str) -> str:
        """The host of one region; the empty string names the default."""
        return f"{self.label}-{region}.{self.domain}" if region else self.default

    def region_of(self, host: str) -> str | None:
        """The region that `host` names (empty for the default), or None when it is no host of this service."""
        if not host.endswith(self.domain):
            return None
        above = host[: -len(self.domain)]
        if self.label == "*":
            named = _FIRST_LABEL.match(above)
            return None if above and above[-1] != "." else (named and named["region"]) or ""
        if "*" in self.label:
            inner = _INNER_REGION.fullmatch(above)
            return inner["region"] if inner and f"{inner[1]}-*-{inner[3]}" == self.label else None
        if not above.startswith(self.label):
            return None
        named = _REGION_LABEL.fullmatch(above, len(self.label))
        return None if named is None else named["region"] or ""


@dataclass(frozen=True, slots=True)
class PageElement:
    """One element of a page, as far as a vendor may be known by it.

    `element` is its name in lower case, `src` the address that it loads, as the page has it; `hosts` are the host of
    that address (ASCII lower case; empty for the page's own) and those for which it stands in, `path` its path.
    `attributes` are the element's, as a browser reads them. `text` is what an inline script says.
    """

    element: str
    src: str = ""
    hosts: Sequence[str] = ()
    path: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class ChatContext:
    """What a rule has recognised, and what the element says: region, account, attributes as a browser reads them.

    `proxied_origin` gives the origin that serves a host of the vendor on this site. `text` is what a script says that
    is nothing but a snippet.
    """

    src: str
    region: str
    account: str
    attributes: Mapping[str, str]
    origin_of: Callable[[str], str]
    text: str = ""


ChatResolver = Callable[[ChatContext], ChatScript | None]
"""Says how the chat alone is loaded in place of a tag; None where that cannot be told."""


@dataclass(frozen=True, slots=True)
class TagRule:
    """One way to recognise an element of a vendor by what it loads, by its id or by its attributes.

    `id` is stable: it stands in logs and reasons. `purposes` lists every purpose that the element serves, the most
    demanding first. `hosts` and `path` are where the vendor serves it; without `path` any path of its own hosts is
    meant, while on an origin that stands in for several of them nothing is. `any_host_path` recognises it on every
    host, the page's own too. `ids` and `attribute_patterns` (attribute name to value) recognize copies that are kept
    elsewhere, and count for elements with an address only. A path or an id may name the operator's account as the group
    `account`.
    `elements` are those that may be it, besides custom elements. `kind` names what an embed is. `chat` says how the
    chat alone is loaded in its place; None when it brings no chat.
    """

    id: str
    purposes: tuple[Purpose, ...]
    hosts: tuple[HostRule, ...] = ()
    path: re.Pattern[str] | None = None
    any_host_path: re.Pattern[str] | None = None
    ids: re.Pattern[str] | None = None
    attribute_patterns: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    elements: frozenset[str] = frozenset({"script"})
    kind: str = ""
    chat: ChatResolver | None = None

    @property
    def purpose(self) -> Purpose:
        """The purpose that must be allowed before this element may load as the site wrote it."""
        return self.purposes[0]

    def match(self, sight: PageElement) -> RuleMatch | None:
        """What the element names; None when it is not meant."""
        if sight.text or not (sight.element in self.elements or "-" in sight.element):
            return None
        for index, host in enumerate(sight.hosts):
            region = next((found for rule in self.hosts if (found := rule.region_of(host)) is not None), None)
            if region is None:
                continue
            match = self.path and self.path.fullmatch(sight.path)
            if match or (self.path is None and index == 0):
                return RuleMatch(self, region, _account(match), from_vendor=True)
        if self.any_host_path is not None and (match := self.any_host_path.search(sight.path)):
            return RuleMatch(self, "", _account(match))
        if self.ids is not None and (match := self.ids.fullmatch(sight.attributes.get("id", ""))):
            return RuleMatch(self, "", _account(match))
        if any(value.fullmatch(sight.attributes.get(name, "")) for name, value in self.attribute_patterns.items()):
            return RuleMatch(self, "", "")
        return None


@dataclass(frozen=True, slots=True)
class TextRule:
    """One way to recognise an inline script of a vendor by what it does.

    With `is_address`, `says` is found in an address that the script loads (`scripts.loads`), and may name the account
    and the region as groups; `besides` must be found in one, too. It does not count in a script that sets up what asks
    for consent: a loader in there runs when that says so.

    Without it, `says` is a call. It is found in the script's code, and `excludes` must not be, both without what the
    script's strings say. It may as well stand in markup or code that the script writes. The rest is as in `TagRule`.
    """

    id: str
    purposes: tuple[Purpose, ...]
    pattern: re.Pattern[str]
    is_address: bool = False
    requires: re.Pattern[str] | None = None
    excludes: re.Pattern[str] | None = None
    kind: str = ""
    chat: ChatResolver | None = None

    @property
    def purpose(self) -> Purpose:
        """The purpose that must be allowed before this script may run."""
        return self.purposes[0]

    def match(self, script: Scan) -> tuple[str, str] | None:
        """The region and account that the script names, each possibly empty; None when it is not meant."""
        if not self.is_address:
            return (
                ("", "") if any(self._is_called(text, script) for text in (script.code, script.written_code)) else None
            )
        if script.flow is not None and asks_for_consent(script.code):
            return None
        found = self.pattern.search(script.addresses)
        if found is None or (self.requires and not self.requires.search(script.addresses)):
            return None
        named = found.groupdict()
        return named.get("region") or "", named.get("account") or ""

    def _is_called(self, text: str, script: Scan) -> bool:
        # Where the script is uncertain, a word in a string cannot be told from code, and excuses nothing.
        excused = script.flow is not None and self.excludes is not None and self.excludes.search(text) is not None
        return not excused and self.pattern.search(text) is not None


Rule = TagRule | TextRule


def _account(match: re.Match[str] | None) -> str:
    return (match and match.groupdict().get("account")) or ""


class RuleMatch(NamedTuple):
    """The rule that knows an element, and the region and account that the element names.

    `from_vendor` says that the address is one of the vendor's, or of an origin that stands in for it. `text` is what a
    script says that is nothing but the vendor's snippet.
    """

    rule: Rule
    region: str
    account: str
    from_vendor: bool = False
    text: str | None = None


class CookieDomain(StrEnum):
    """Whom a browser sends a first-party cookie to.

    The host that set it alone; that host without a leading "www." and everything below it; or the registrable domain
    (the shortest name that a site can own, `example.co.uk`) and everything below it.
    """

    HOST = "host"
    PARENT = "parent"
    REGISTRABLE = "registrable"


class SetBy(StrEnum):
    """Who writes a cookie: a script in the page, or a server by a `Set-Cookie` line."""

    SCRIPT = "script"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieRule:
    """One first-party cookie of a vendor: what it serves, and what a privacy notice says of it.

    Attributes:
        name: the name. RFC 6265bis compares names exactly, letter case included.
        prefix: `name` is only the beginning, and what follows it differs between sites.
        purpose: what must be allowed before the cookie may be set. None: it is necessary by itself, such as the record
            of a visitor's choice, and is neither withheld nor expired.
        category: the category that a visitor is shown.
        lifetime: seconds after which it ends; None where it ends with the browser's session.
        domain: whom the browser sends it to.
        set_by: who writes it.
        does: one plain sentence for a visitor.
        hosted: only pages that the vendor itself serves set it.
    """

    name: str
    purpose: Purpose | None
    category: Category
    lifetime: int | None
    domain: CookieDomain
    set_by: SetBy
    purpose_text: str
    prefix: bool = False
    hosted: bool = False


@dataclass(frozen=True, slots=True)
class UnlistedCookie:
    """A cookie that belongs beside a vendor's and is on purpose not among its rules, and the reason."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class ContactedHost:
    """A host that a visitor's browser contacts once a purpose is allowed, and what for.

    `regional`: the host has a twin for each region in which the vendor keeps accounts.
    """

    purpose: Purpose
    host: str
    does: str
    regional: bool = False


@dataclass(frozen=True, slots=True)
class PersonalInformation:
    """Personal information that one purpose collects, under a letter of Cal. Civ. Code section 1798.140(v)(1).

    `inferred`: it follows from how the service works and is not told by a document or a script of the vendor's.
    `condition` names the condition on which it is collected at all, or is empty.
    """

    purpose: Purpose
    letter: str
    what: str
    inferred: bool = False
    condition: str = ""


@dataclass(frozen=True, slots=True)
class DisclosureData:
    """What a privacy notice says of a vendor besides its cookies.

    `sharing` says for each purpose what decides whether personal information is sold or shared; the site has to answer.
    """

    policy_url: str = ""
    contacts: tuple[ContactedHost, ...] = ()
    information: tuple[PersonalInformation, ...] = ()
    sharing: tuple[tuple[Purpose, str], ...] = ()
    unlisted: tuple[UnlistedCookie, ...] = ()


@dataclass(frozen=True, slots=True)
class StandIn:
    """A global that a vendor's script makes in the browser, for which the guard stands in while that script waits.

    Attributes:
        name: the global.
        purposes: the purposes of the scripts that make it, first its own; none for an array to which a site adds calls
            before the script comes.
        returns: what its methods return that return anything, by their name.
        makers: the addresses of scripts whose load event tells a site that the global is there.
    """

    name: str
    purposes: tuple[Purpose, ...] = ()
    returns: Mapping[str, object] = field(default_factory=dict)
    libraries: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Vendor:
    """Everything the package knows of one vendor on the server's side.

    `tag_rules` and `text_rules` are asked in their order. `host_purposes` are the registrable domains, or single hosts
    without their region (`*` where it stands within a label), that a resource hint must not reach early, with the
    purpose that allows it; the longest that fits counts.

    `stand_ins` are the globals for which something stands in while what makes them waits.

    `tag_markers` are what a script's tag holds that one of the rules knows by something else than a domain, compared
    as it stands; `script_markers`, each with a dot, are what a script's text holds. `requires` are the categories each
    purpose needs unless the operator's policy says otherwise.
    """

    id: str
    name: str
    tag_rules: tuple[TagRule, ...]
    host_purposes: Mapping[str, Purpose]
    cookie_rules: tuple[CookieRule, ...]
    requires: Mapping[Purpose, frozenset[Category]]
    text_rules: tuple[TextRule, ...] = ()
    tag_markers: frozenset[str] = frozenset()
    script_domains: frozenset[str] = frozenset()
    script_markers: frozenset[str] = frozenset()
    stand_ins: tuple[StandIn, ...] = ()
    #: Addresses at hosts that wait, without a region, to which a site sends what a visitor has entered.
    submission_urls: tuple[str, ...] = ()
    domains: frozenset[str] = field(init=False)
    _endings: tuple[str, ...] = field(init=False, repr=False)
    #: How a script reads that is nothing but this vendor's.
    snippets: Vocabulary = field(default_factory=Vocabulary)
    #: What the privacy notice says besides the cookies.
    disclosed: DisclosureData = DisclosureData()

    def __post_init__(self) -> None:
        """Gather every domain by which a tag or a hint of this vendor can be known."""
        found = {host.domain for rule in self.tag_rules for host in rule.hosts} | set(self.host_purposes)
        object.__setattr__(self, "domains", frozenset(found))
        object.__setattr__(self, "_endings", tuple(sorted(found)))

    @property
    def fingerprint(self) -> str:
        """Changes with every rule, and is the same in every process."""
        known = (self.tag_rules, self.text_rules, self.host_purposes, self.cookie_rules)
        words = (self.tag_markers, self.script_domains, self.script_markers, self.stand_ins, self.snippets)
        return repr(_plain((self.id, *known, *words)))

    def recognise(self, sight: PageElement) -> RuleMatch | None:
        """The first rule that knows an element, with the region and account that the element names, or None."""
        if sight.text:
            return self._recognize_script(scan(sight.text))
        if not any(host.endswith(self._endings) for host in sight.hosts):
            # None of the many rules has to look at a host that is nobody's here.
            sight = replace(sight, hosts=())
        return next((found for rule in self.tag_rules if (found := rule.match(sight))), None)

    def _recognize_script(self, script: Scan) -> RuleMatch | None:
        for rule in self.text_rules:
            named = rule.match(script)
            if named is not None:
                return RuleMatch(rule, *named, text=snippet_text(script, self.snippets))
        return None

    def host_purpose(self, host: str) -> Purpose | None:
        """The purpose that a resource hint to `host` serves; None when it is no host that must wait."""
        host = _INNER_REGION.sub(r"\1-*-\3.", host)
        if (named := _FIRST_LABEL.match(host)) is not None:
            host = f"{named[1]}.{host[named.end() :]}"
        while host:
            purpose = self.host_purposes.get(host)
            if purpose is not None:
                return purpose
            host = host.partition(".")[2]
        return None


def _plain(value: object) -> object:
    """What rules are made of, in an order of its own; a function is known by the rule that names it."""
    if isinstance(value, re.Pattern):
        return value.pattern, value.flags
    if is_dataclass(value):
        return type(value).__name__, [(part.name, _plain(getattr(value, part.name))) for part in fields(value)]
    if isinstance(value, Mapping):
        return sorted((repr(_plain(key)), _plain(part)) for key, part in value.items())
    if isinstance(value, frozenset):
        return sorted(repr(_plain(part)) for part in value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return None if callable(value) else value


def compile_host_search(domains: Iterable[str], others: Iterable[str] = ()) -> re.Pattern[bytes]:
    """A pattern that finds in bytes every host below or at the registrable part of `domains`, and each of `others`.

    Hosts, and `others` (authorities, or words with a dot in them), are found in any letter case. A dot opens every
    alternative that has one, and nothing before it is part of the match: the scanner then leaps from dot to dot.
    Letters are spelled out as pairs and common beginnings are shared: `re.IGNORECASE`, or an alternative that opens
    with a letter, would cost a page without any of the hosts many times as much. The part in front of the dot is looked
    back for. A name may end in a quotation mark, where a script puts its parts together.
    """
    names = sorted({".".join(domain.split(".")[-2:]) for domain in domains})
    behind: dict[str, list[str]] = {}
    for name in names:
        behind.setdefault(name.partition(".")[2], []).append(rf"(?<=[/@:\\\"']{any_case(name)})")
    for other in sorted(set(others)):
        _, dot, rest = other.partition(".")
        if dot:
            behind.setdefault(rest, []).append(rf"(?<={any_case(other)})")
    undotted = [any_case(other) for other in sorted(set(others)) if "." not in other]
    at = [any_case(rest) + f"(?:{'|'.join(heads)})" for rest, heads in sorted(behind.items())]
    split = trie_pattern(sorted({f'{name[:cut]}"' for name in names for cut in _split_points(name)}))
    below = trie_pattern(names)
    dotted = rf"\.(?:{'|'.join([below, split, *at])})"
    return re.compile("|".join([dotted, *undotted]).encode("ascii"))


def _split_points(name: str) -> list[int]:
    """Where a script may take a name apart: at its dot, and behind its hyphen."""
    return [name.index("."), *(at + 1 for at, letter in enumerate(name) if letter == "-")]


def trie_pattern(words: Sequence[str]) -> str:
    """Alternatives for sorted words with their common beginnings written once; without words, what is never found."""
    if not words:
        return "(?!)"
    shared = words[0]
    while not words[-1].startswith(shared):  # of sorted words, the first and the last share the least
        shared = shared[:-1]
    if len(words) == 1:
        return any_case(shared)
    branches = [
        trie_pattern(list(branch)) for _, branch in groupby((word[len(shared) :] for word in words), lambda w: w[:1])
    ]
    return f"{any_case(shared)}(?:{'|'.join(branches)})"


def any_case(host: str) -> str:
    """The host in any letter case; a quotation mark stands for any of those that end a script's strings."""
    spelt = (f"[{letter}{letter.upper()}]" if letter.isalpha() else re.escape(letter) for letter in host.lower())
    return "".join("[\"'`]" if letter == '"' else letter for letter in spelt)
