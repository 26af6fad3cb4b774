"""A vendor as the server sees it: all of its rules, and the first rule that recognizes an element."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace

from .consent import Category
from .disclosed import ContactedHost, DisclosureData
from .purpose import Purpose
from .rules import ChatContext, CookieRule, PageElement, RuleMatch, TagRule, TextRule, host_without_region
from .scripts.loads import Scan, scan
from .scripts.snippets import Vocabulary, snippet_text


@dataclass(frozen=True, slots=True)
class GlobalStandIn:
    """A global variable that a vendor's script creates in the browser.

    While that script is blocked, the guard puts an object in its place that records calls.

    Attributes:
        name: the global.
        purposes: the purposes of the scripts that create it, first its own; empty for an array to which a site adds
            calls before the script comes.
        returns: what its methods return, by method name, where they return anything.
        libraries: the addresses of scripts whose load event tells a site that the global is there.
    """

    name: str
    purposes: tuple[Purpose, ...] = ()
    returns: Mapping[str, object] = field(default_factory=dict)
    libraries: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class ConsentBanner:
    """A vendor's own consent banner: a script that asks visitors for consent and runs without the vendor's trackers.

    Attributes:
        source: the id of the consent platform that it is, by which `sources` reads its cookies.
        rule: the id of the rule that recognizes its own tag. The address must name an account.
        loaders: the ids of the rules for tags that bring it along with other scripts.
        script: returns the attributes of its tag, first the address, for the tag of a loader; None if that tag does not
            say enough.
        addresses: addresses on hosts that wait, without a region, which the banner needs before any consent.
        contacts: the hosts that a browser contacts because of the banner, for the privacy notice.
    """

    source: str
    rule: str
    loaders: frozenset[str]
    script: Callable[[ChatContext], Mapping[str, str] | None]
    addresses: tuple[str, ...]
    contacts: tuple[ContactedHost, ...]


@dataclass(frozen=True, slots=True)
class Vendor:
    """Everything that the server knows about one vendor.

    Attributes:
        id: a short name in lower case, by which settings, logs and files name the vendor.
        name: the vendor's name as visitors know it.
        tag_rules: the rules for elements with an address, in the order in which they are tried.
        host_purposes: the hosts that a resource hint must not contact early, with the purpose that allows each. A
            registrable domain includes all of its hosts; a single host is written without its region, or with `*` if
            the region is inside a label. The longest entry that fits counts.
        cookie_rules: the vendor's first-party cookies.
        requires: the categories that each purpose needs, unless the site's policy says otherwise.
        text_rules: the rules for inline scripts, in the order in which they are tried.
        tag_markers: text that a script's tag contains if a rule recognizes it by something else than its domain. It is
            compared exactly.
        script_domains: the domains that an inline script contains if a rule recognizes it.
        script_markers: other text, each with a dot, that such a script contains.
        stand_ins: the globals for which an object stands in while the scripts that create them are blocked.
        chat_link: the `href` of a link that opens the vendor's chat on any page, also on one without a script of this
            package; "" if the vendor has none.
        submission_urls: addresses on hosts that wait, without a region, to which a site sends what a visitor has
            entered. Requests to them are never blocked.
        domains: every domain by which a tag or a hint of this vendor can be recognized; worked out from the rules.
        snippets: the words of an inline script that is only this vendor's snippet.
        disclosed: what the privacy notice says in addition to the cookies.
        banner: the vendor's own consent banner, if it has one.
        consent_receiver: a function in JavaScript that tells the vendor's scripts what the visitor has agreed to. It
            gets an object with a boolean for each of `functional`, `analytics` and `marketing`, possibly before those
            scripts are there. Empty: they cannot be told.
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
    stand_ins: tuple[GlobalStandIn, ...] = ()
    chat_link: str = ""
    submission_urls: tuple[str, ...] = ()
    domains: frozenset[str] = field(init=False)
    _endings: tuple[str, ...] = field(init=False, repr=False)
    snippets: Vocabulary = field(default_factory=Vocabulary)
    disclosed: DisclosureData = field(default_factory=DisclosureData)
    banner: ConsentBanner | None = None
    consent_receiver: str = ""

    @property
    def has_chat(self) -> bool:
        """Whether any of the vendor's tags loads a chat for which a button can stand in."""
        chats = (*(rule.chat for rule in self.tag_rules), *(rule.chat for rule in self.text_rules))
        return any(chat is not None for chat in chats)

    def __post_init__(self) -> None:
        """Collect the domains of all rules."""
        found = {host.domain for rule in self.tag_rules for host in rule.hosts} | set(self.host_purposes)
        object.__setattr__(self, "domains", frozenset(found))
        object.__setattr__(self, "_endings", tuple(sorted(found)))

    @property
    def fingerprint(self) -> str:
        """A text that changes with every rule and is the same in every process."""
        rules = (self.tag_rules, self.text_rules, self.host_purposes, self.cookie_rules)
        texts = (self.tag_markers, self.script_domains, self.script_markers, self.stand_ins, self.snippets)
        return repr(_plain((self.id, *rules, *texts, self.banner)))

    def recognize(self, element: PageElement) -> RuleMatch | None:
        """Return the first rule that matches an element, with what the element names; None if no rule does."""
        if element.text:
            return self._recognize_script(scan(element.text))
        if not any(host.endswith(self._endings) for host in element.hosts):
            # A host that is not the vendor's matches no rule, so the many rules need not look at it.
            element = replace(element, hosts=())
        return next((found for rule in self.tag_rules if (found := rule.match(element))), None)

    def _recognize_script(self, script: Scan) -> RuleMatch | None:
        for rule in self.text_rules:
            named = rule.match(script)
            if named is not None:
                return RuleMatch(rule, *named, text=snippet_text(script, self.snippets))
        return None

    def host_purpose(self, host: str) -> Purpose | None:
        """Return the purpose that allows a resource hint to `host`; None if the host need not wait."""
        host = host_without_region(host)
        while host:
            purpose = self.host_purposes.get(host)
            if purpose is not None:
                return purpose
            host = host.partition(".")[2]
        return None


def _plain(value: object) -> object:
    """Return rules as plain values in a fixed order. Functions are left out; the rule's id stands for them."""
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
