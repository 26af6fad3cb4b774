"""What is held on one page, and what stands in for it: the edits that a plan means for the tags of a document.

Knows: the plan, the vendors' rules, which attributes make a browser fetch or run a tag.
Must not know: any vendor by name, how HTML is tokenised, HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .html.rewriter import Edit, StartTag
from .policy import Plan, Policy
from .rules import Action, ChatScript, Purpose, Recognition, TagRule
from .urls import URL, parse_url

#: HTML, section 4.12.1 and the JavaScript MIME types of MIME Sniffing, section 4.6: the types that a browser runs.
_RUNS = re.compile(
    r"(?:|module|(?:application|text)/(?:x-)?(?:java|ecma)script|text/(?:jscript|livescript)|text/javascript1\.[0-5])",
    re.IGNORECASE,
)
#: HTML, section 13.2.5.8, "tag name state": a name ends at white space, a slash or ">".
_OPENING = re.compile(rb"<[^\t\n\f\r />]*")
_HTML_SPACE = " \t\n\f\r"

#: HTML, section 4.6.7, and Resource Hints: link types that make a browser reach a host before a tag asks for it.
_HINTS = frozenset({"dns-prefetch", "preconnect", "prefetch", "preload", "modulepreload", "prerender"})

#: What a held tag is not to keep: a browser would fetch, run or find it by these.
_SCRIPT_RENAMES = {name: b"data-consent-" + name for name in (b"src", b"type", b"language", b"id", b"href")} | {
    # A colon in the new name would be a namespace prefix that an XML document does not declare.
    b"xlink:href": b"data-consent-href",
}
_LINK_RENAMES = {b"href": b"data-consent-href"}

_ELEMENTS = frozenset({b"script", b"link"})


@dataclass(frozen=True, slots=True)
class Held:
    """One tag that waits: the rule that knew it, and the purpose it waits for."""

    rule: str
    purpose: Purpose


@dataclass(slots=True)
class PageHolds:
    """Watches the tags of one document for one plan (`html.rewriter.TagWatch`).

    Args: the policy, the plan, the path of the facade's script, the nonce that the page's policy names, if any, and the
    authority (host and port) under which the page was asked for.
    """

    policy: Policy
    plan: Plan
    asset_url: str
    nonce: str | None = None
    authority: str = ""
    needles: re.Pattern[bytes] = field(init=False)
    elements: frozenset[bytes] = _ELEMENTS
    held: list[Held] = field(default_factory=list)
    _chat: ChatScript | None = None
    _chat_loads: bool = False
    _base: str | None = None

    def __post_init__(self) -> None:
        """Say what to look for: where no host of a vendor can stand, no tag is asked about."""
        self.needles = self.policy.needle

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """The edits that hold `tag`, or none where it may stay."""
        return self._script(tag) if tag.name == b"script" else self._link(tag)

    def tail(self) -> bytes:
        """The facade and its script, once, when a held tag would have brought the chat and no other tag does."""
        if self._chat is None or self._chat_loads:
            return b""
        if self.plan.decisions[Purpose.CHAT].action is Action.BLOCK:
            return b""
        return self.policy.facade.markup(
            self._chat,
            asset_url=self._absolute(self.asset_url),
            nonce=self.nonce,
            granted=self.plan.allows(Purpose.CHAT),
            lang=self.policy.language,
            ask=self.policy.cacheable,
        )

    def _absolute(self, path: str) -> str:
        """The path as it is, or with the page's own authority where a `<base>` would turn it to another host."""
        base = parse_url(self._base) if self._base is not None else None
        return f"//{self.authority}{path}" if base and base.host and self.authority else path

    def _script(self, tag: StartTag) -> Sequence[Edit]:
        src = next((value for name in (b"src", b"href", b"xlink:href") if (value := tag.get(name)) is not None), None)
        # HTML, section 4.12.1.1, step 31.3: an empty URL is an error and nothing is fetched.
        if not src or not _runs(tag):
            return ()
        found = _recognise(self.policy, src, tag.base)
        if found is None:
            return ()
        rule, region, account = found
        if self.plan.allows(rule.purpose):
            self._chat_loads |= Purpose.CHAT in rule.brings
            return ()
        self.held.append(Held(rule.id, rule.purpose))
        self._base = tag.base
        self._remember_chat(tag, rule, Recognition(src, region, account, _attributes(tag), self.policy.origin_of))
        return _hold(tag, rule.purpose, _SCRIPT_RENAMES, b' type="text/x-consent"')

    def _remember_chat(self, tag: StartTag, rule: TagRule, recognition: Recognition) -> None:
        # Where several tags bring a chat, the first in the document counts.
        if self._chat is None and rule.chat is not None:
            self._chat = rule.chat(recognition)
            self.nonce = tag.get(b"nonce") or self.nonce

    def _link(self, tag: StartTag) -> Sequence[Edit]:
        href = tag.get(b"href")
        purpose = None if href is None else early_purpose(self.policy, tag.get(b"rel") or "", href, tag.base)
        if purpose is None or self.plan.allows(purpose):
            return ()
        self.held.append(Held("hint", purpose))
        return _hold(tag, purpose, _LINK_RENAMES, b"")


def early_purpose(policy: Policy, relation: str, url: str, base: str | None = None) -> Purpose | None:
    """The purpose that a link of these relation types serves when it is a hint to a host that must wait.

    A style sheet is content, whatever else its relation says.
    """
    types = set(relation.lower().split())
    if not types & _HINTS or "stylesheet" in types:
        return None
    parsed = parse_url(url, base)
    for host in _hosts(policy, parsed) if parsed else ():
        for vendor in policy.vendors:
            purpose = vendor.hint_purpose(host)
            if purpose is not None:
                return purpose
    return None


def _recognise(policy: Policy, src: str, base: str | None) -> tuple[TagRule, str, str] | None:
    url = parse_url(src, base)
    if url is None:
        return None
    for host in _hosts(policy, url):
        for vendor in policy.vendors:
            found = vendor.recognise(host, url.path, any_path=host == url.host)
            if found is not None:
                return found
    return None


def _hosts(policy: Policy, url: URL) -> Sequence[str]:
    """The host that a URL names, and those hosts of vendors for which that origin stands in."""
    return (url.host, *policy.hosts_behind(url.host, url.port))


def _runs(tag: StartTag) -> bool:
    """Whether a browser runs this script (HTML, section 4.12.1.1, "prepare the script element", steps 8 to 12)."""
    kind = tag.get(b"type")
    if kind is None:
        language = tag.get(b"language")
        kind = f"text/{language}" if language else ""
    return _RUNS.fullmatch(kind.strip(_HTML_SPACE)) is not None


def _attributes(tag: StartTag) -> dict[str, str]:
    """The attributes as a browser reads them: the first of each name counts."""
    found: dict[str, str] = {}
    for attribute in tag.attributes:
        name = attribute.name.decode("utf-8", "replace")
        if name not in found:
            found[name] = tag.get(attribute.name) or ""
    return found


def _hold(tag: StartTag, purpose: Purpose, renames: Mapping[bytes, bytes], addition: bytes) -> Sequence[Edit]:
    """The smallest edits after which the tag does nothing: a note behind its name, and some attributes set aside."""
    # As it stands there: in XML a name may have a prefix, which `tag.name` leaves out.
    behind_name = len(_OPENING.match(tag.raw)[0])  # type: ignore[index]
    note = addition + b' data-consent="' + purpose.value.encode("ascii") + b'"'
    edits = [Edit(behind_name, behind_name, note)]
    edits += [
        Edit(*attribute.name_span, renames[attribute.name]) for attribute in tag.attributes if attribute.name in renames
    ]
    return edits
