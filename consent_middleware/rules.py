"""How a vendor is described: purposes, actions, tag rules, cookie rules. Frozen data and the few ways to match it.

Knows: that scripts have URLs and that hosts have labels and regions.
Must not know: any vendor by name, consent, HTML syntax, HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby

from .consent import Category


class Purpose(StrEnum):
    """What a vendor's tag or cookie is for. Each purpose has its own required categories."""

    CHAT = "chat"
    TRACKING = "tracking"


class Action(StrEnum):
    """What happens to the tags of one purpose: they load, a facade stands in for them, or they wait unseen."""

    ALLOW = "allow"
    FACADE = "facade"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class ChatScript:
    """The one script that loads a vendor's chat and nothing else.

    `src` is its URL, `attributes` the name and value of every other attribute that it needs, in order.
    """

    src: str
    attributes: tuple[tuple[str, str], ...]


#: A region is two letters and one or two digits, so that a region that opens tomorrow is known today.
_REGION = r"(?:-(?P<region>[a-z]{2}[0-9]{1,2}))?"


@dataclass(frozen=True, slots=True)
class HostRule:
    """The hosts of one service in every region: `label.domain` and `label-REGION.domain`."""

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
        match = re.fullmatch(rf"{re.escape(self.label)}{_REGION}\.{re.escape(self.domain)}", host)
        return None if match is None else match["region"] or ""


@dataclass(frozen=True, slots=True)
class Recognition:
    """A script that a rule has recognised, and what its tag says: region, account, attributes as a browser reads them.

    `origin_of` gives the origin that serves a host of the vendor on this site.
    """

    src: str
    region: str
    account: str
    attributes: Mapping[str, str]
    origin_of: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class TagRule:
    """One way to recognise a vendor's script by the URL that it loads.

    `id` is stable: it stands in logs and reasons. `path` is how the URL's path looks; on the vendor's own hosts any
    path is recognised, on an origin that serves several of them it tells them apart. It may name the operator's
    account as the group `account`. `brings` lists every purpose that the script serves, the most demanding first.
    `chat` says how the chat alone is loaded in place of this tag, or is None when the tag brings no chat.
    """

    id: str
    host: HostRule
    path: re.Pattern[str]
    brings: tuple[Purpose, ...]
    chat: Callable[[Recognition], ChatScript | None] | None = None

    @property
    def purpose(self) -> Purpose:
        """The purpose that must be allowed before this script may load as the site wrote it."""
        return self.brings[0]


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
    does: str
    prefix: bool = False
    hosted: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A cookie that belongs beside a vendor's and is on purpose not among its rules, and the reason."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Contact:
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
    `only_if` names the condition on which it is collected at all, or is empty.
    """

    purpose: Purpose
    letter: str
    what: str
    inferred: bool = False
    only_if: str = ""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What a privacy notice says of a vendor besides its cookies.

    `sharing` says for each purpose what decides whether personal information is sold or shared; the site has to answer.
    """

    policy_url: str = ""
    contacts: tuple[Contact, ...] = ()
    information: tuple[PersonalInformation, ...] = ()
    sharing: tuple[tuple[Purpose, str], ...] = ()
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Vendor:
    """Everything the package knows of one vendor on the server's side.

    `hint_domains` are the registrable domains, or single hosts, that a resource hint must not reach early, with the
    purpose that allows it; the longest that fits counts. `requires` are the categories each purpose needs unless the
    operator's policy says otherwise.
    """

    id: str
    name: str
    tag_rules: tuple[TagRule, ...]
    hint_domains: Mapping[str, Purpose]
    cookie_rules: tuple[CookieRule, ...]
    requires: Mapping[Purpose, frozenset[Category]]
    domains: frozenset[str] = field(init=False)
    #: What the privacy notice says besides the cookies.
    disclosed: Disclosed = Disclosed()

    def __post_init__(self) -> None:
        """Gather every domain by which a tag or a hint of this vendor can be known."""
        found = {rule.host.domain for rule in self.tag_rules} | set(self.hint_domains)
        object.__setattr__(self, "domains", frozenset(found))

    def recognise(self, host: str, path: str, *, any_path: bool) -> tuple[TagRule, str, str] | None:
        """The rule for a script at `host` (ASCII lower case) and `path`, with its region and account, or None.

        `any_path` says that `host` is the vendor's own, where a rule's host is enough.
        """
        for rule in self.tag_rules:
            region = rule.host.region_of(host)
            if region is None:
                continue
            match = rule.path.fullmatch(path)
            if match or any_path:
                return rule, region, (match and match.groupdict().get("account")) or ""
        return None

    def hint_purpose(self, host: str) -> Purpose | None:
        """The purpose that a resource hint to `host` serves; None when it is no host that must wait."""
        while host:
            purpose = self.hint_domains.get(host)
            if purpose is not None:
                return purpose
            host = host.partition(".")[2]
        return None


def needle(domains: Iterable[str], authorities: Iterable[str] = ()) -> re.Pattern[bytes]:
    """A pattern that finds in bytes, in any letter case, every host below or at `domains`, and each of `authorities`.

    A dot opens every alternative that has one, and nothing before it is part of the match: the scanner then leaps from
    dot to dot. Letters are spelled out as pairs and common beginnings are shared: `re.IGNORECASE`, or an alternative
    that opens with a letter, would cost a page without any of the hosts many times as much. The part in front of the
    dot is looked back for.
    """
    below = _trie(sorted(set(domains)))
    at = [_behind_dot(domain, r"(?<=[/@\\]%s)") for domain in sorted(set(domains))]
    own = [_behind_dot(authority, "(?<=%s)") for authority in sorted(set(authorities)) if "." in authority]
    undotted = [_caseless(authority) for authority in sorted(set(authorities)) if "." not in authority]
    dotted = rf"\.(?:{'|'.join([below, *at, *own])})"
    return re.compile("|".join([dotted, *undotted]).encode("ascii"))


def _behind_dot(host: str, look_back: str) -> str:
    rest = host.partition(".")[2]
    return _caseless(rest) + look_back % _caseless(host)


def _trie(words: Sequence[str]) -> str:
    """Alternatives for sorted words with their common beginnings written once."""
    shared = words[0]
    while not words[-1].startswith(shared):  # of sorted words, the first and the last share the least
        shared = shared[:-1]
    if len(words) == 1:
        return _caseless(shared)
    branches = [_trie(list(branch)) for _, branch in groupby((word[len(shared) :] for word in words), lambda w: w[:1])]
    return f"{_caseless(shared)}(?:{'|'.join(branches)})"


def _caseless(host: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else re.escape(letter) for letter in host.lower())
