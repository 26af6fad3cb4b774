"""Rules by which a vendor's tags, scripts, hosts and cookies are recognized: frozen data and how each is matched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from .consent import Category
from .other_tools import asks_for_consent
from .purpose import ChatScript, Purpose
from .scripts.loads import Scan

#: A region is two letters and one or two digits, so a region that opens tomorrow is recognized today.
_REGION = r"(?:-(?P<region>[a-z]{2}[0-9]{1,2}))?"
_FIRST_LABEL = re.compile(rf"([^.]+?){_REGION}\.")
_REGION_LABEL = re.compile(rf"{_REGION}\.")
#: A label with the region in its middle.
_INNER_REGION = re.compile(r"^([a-z-]+?)-(?P<region>[a-z]{2}[0-9]{1,2})-([a-z]+)\.")


@dataclass(frozen=True, slots=True)
class HostRule:
    """The hosts of one service in every region: `label.domain` and `label-REGION.domain`.

    The label `*` means the domain itself and every host below it. A `*` inside a label marks the place of the region.
    """

    label: str
    domain: str

    @property
    def default(self) -> str:
        """The host without a region."""
        return f"{self.label}.{self.domain}"

    def in_region(self, region: str) -> str:
        """Return the host of one region; the empty string is the region without a name in its hosts."""
        return f"{self.label}-{region}.{self.domain}" if region else self.default

    def region_of(self, host: str) -> str | None:
        """Return the region that `host` names, possibly empty, or None if it is not a host of this service."""
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


def host_without_region(host: str) -> str:
    """Return a host with the region taken out of its first label; a region inside the label becomes `*`."""
    host = _INNER_REGION.sub(r"\1-*-\3.", host)
    if (named := _FIRST_LABEL.match(host)) is not None:
        host = f"{named[1]}.{host[named.end() :]}"
    return host


@dataclass(frozen=True, slots=True)
class PageElement:
    """One element of a page, as rules see it.

    Attributes:
        element: its name in lower case.
        src: the address that it loads, as the page writes it.
        hosts: the host of that address (ASCII lower case; empty for the page's own host), and after it the vendor hosts
            that this origin serves for the site.
        path: the path of that address.
        attributes: its attributes, as a browser reads them.
        text: the text of an inline script.
    """

    element: str
    src: str = ""
    hosts: Sequence[str] = ()
    path: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class ChatContext:
    """The argument of a `ChatResolver`: the element that a rule has matched.

    Attributes:
        src: the address that the element loads.
        region: the region that the element names, or empty.
        account: the account that the element names, or empty.
        attributes: its attributes, as a browser reads them.
        origin_of: returns the origin that serves a host of the vendor on this site.
        text: the text of an inline script that is only the vendor's snippet, otherwise empty.
    """

    src: str
    region: str
    account: str
    attributes: Mapping[str, str]
    origin_of: Callable[[str], str]
    text: str = ""


ChatResolver = Callable[[ChatContext], ChatScript | None]
"""Returns the script that loads the chat alone in place of a tag, or None if the tag does not say enough."""


@dataclass(frozen=True, slots=True)
class TagRule:
    """One way to recognize an element of a vendor: by the address that it loads, its id or its attributes.

    Attributes:
        id: a stable name, which appears in logs and reasons.
        purposes: every purpose that the element serves; the first is the one that must be allowed before it loads.
        hosts: the hosts from which the vendor serves it.
        path: the paths on those hosts. Without it every path of the vendor's own hosts matches; an origin of the site
            that serves several vendor hosts then matches nothing, because its paths cannot be told apart.
        any_host_path: paths that match on every host, also on the page's own.
        ids: values of `id` that match an element with an address, wherever that leads. They find copies of a script.
        attribute_patterns: values of other attributes that do the same, by attribute name.
        elements: the names of the elements that match. Custom elements always do.
        kind: what an embed is, for its placeholder: "forms", "meetings", "calls-to-action" or "video".
        chat: returns the script that loads the chat alone; None if the element loads no chat.

    A group named `account` in a path or an id is the site's account with the vendor.
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

    def match(self, element: PageElement) -> RuleMatch | None:
        """Return what the element names if this rule recognizes it, otherwise None."""
        if element.text or not (element.element in self.elements or "-" in element.element):
            return None
        for index, host in enumerate(element.hosts):
            region = next((found for rule in self.hosts if (found := rule.region_of(host)) is not None), None)
            if region is None:
                continue
            match = self.path and self.path.fullmatch(element.path)
            if match or (self.path is None and index == 0):
                return RuleMatch(self, region, _named_account(match), from_vendor=True)
        if self.any_host_path is not None and (match := self.any_host_path.search(element.path)):
            return RuleMatch(self, "", _named_account(match))
        if self.ids is not None and (match := self.ids.fullmatch(element.attributes.get("id", ""))):
            return RuleMatch(self, "", _named_account(match))
        if any(value.fullmatch(element.attributes.get(name, "")) for name, value in self.attribute_patterns.items()):
            return RuleMatch(self, "", "")
        return None


@dataclass(frozen=True, slots=True)
class TextRule:
    """One way to recognize an inline script of a vendor: by an address that it loads, or by a call that it makes.

    Attributes:
        id: as in `TagRule`.
        purposes: as in `TagRule`.
        pattern: with `is_address`, what an address that the script loads must contain (see `scripts.loads`); groups
            named `account` and `region` are read from it. Otherwise a call in the script's code, or in markup or code
            that the script writes. The content of strings is not searched for calls.
        is_address: whether `pattern` is for addresses. Such a rule never matches a script that sets up a consent tool:
            a loader in there runs when the tool says so.
        requires: what one of the loaded addresses must contain as well; for addresses only.
        excludes: what the code must not contain; for calls only.
        has_stand_in: whether a stand-in takes the call, so that a script with other code may run; for calls only.
        kind: as in `TagRule`.
        chat: as in `TagRule`.
    """

    id: str
    purposes: tuple[Purpose, ...]
    pattern: re.Pattern[str]
    is_address: bool = False
    requires: re.Pattern[str] | None = None
    excludes: re.Pattern[str] | None = None
    has_stand_in: bool = True
    kind: str = ""
    chat: ChatResolver | None = None

    @property
    def purpose(self) -> Purpose:
        """The purpose that must be allowed before this script may run."""
        return self.purposes[0]

    def match(self, script: Scan) -> tuple[str, str] | None:
        """Return the region and account that the script names, each possibly empty; None if it does not match."""
        if not self.is_address:
            called = any(self._is_called(text, script) for text in (script.code, script.written_code))
            return ("", "") if called else None
        if script.flow is not None and asks_for_consent(script.code):
            return None
        found = self.pattern.search(script.addresses)
        if found is None or (self.requires and not self.requires.search(script.addresses)):
            return None
        named = found.groupdict()
        return named.get("region") or "", named.get("account") or ""

    def _is_called(self, text: str, script: Scan) -> bool:
        # If the scan is uncertain, text in a string may look like code, so `excludes` does not count.
        is_excluded = script.flow is not None and self.excludes is not None and self.excludes.search(text) is not None
        return not is_excluded and self.pattern.search(text) is not None


Rule = TagRule | TextRule


def _named_account(match: re.Match[str] | None) -> str:
    return (match and match.groupdict().get("account")) or ""


class RuleMatch(NamedTuple):
    """The rule that recognized an element, and what the element names.

    Attributes:
        rule: the rule.
        region: the region that the element names, or empty.
        account: the account that the element names, or empty.
        from_vendor: the address is the vendor's, or of an origin of the site that serves the vendor's files.
        text: the text of an inline script that is only the vendor's snippet, otherwise None.
    """

    rule: Rule
    region: str
    account: str
    from_vendor: bool = False
    text: str | None = None


class CookieDomain(StrEnum):
    """Where a browser sends a first-party cookie.

    `HOST` is the host that set it. `PARENT` is that host without a leading "www.", and everything below it.
    `REGISTRABLE` is the registrable domain (the shortest name that a site can own, `example.co.uk`), and everything
    below it.
    """

    HOST = "host"
    PARENT = "parent"
    REGISTRABLE = "registrable"


class CookieSetter(StrEnum):
    """Who sets a cookie: a script in the page, or a server with a `Set-Cookie` header field."""

    SCRIPT = "script"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieRule:
    """One first-party cookie of a vendor: what it is for, and what a privacy notice says about it.

    Attributes:
        name: the name. RFC 6265bis compares names exactly, letter case included.
        prefix: `name` is only the beginning, and the rest differs between sites.
        purpose: what must be allowed before the cookie may be set. None: it is always needed, such as the record of a
            visitor's choice, and is neither blocked nor expired.
        category: the category that a visitor is shown.
        lifetime: seconds after which it ends; None if it ends with the browser's session.
        domain: where the browser sends it.
        set_by: who sets it.
        description: one plain sentence for a visitor.
        on_vendor_pages: only pages that the vendor itself serves set it.
    """

    name: str
    purpose: Purpose | None
    category: Category
    lifetime: int | None
    domain: CookieDomain
    set_by: CookieSetter
    description: str
    prefix: bool = False
    on_vendor_pages: bool = False
