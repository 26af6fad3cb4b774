"""Block the tags of one page that have to wait for consent, and add what releases them.

What a blocked tag looks like
-----------------------------
A blocked tag stays in its place, with all its attributes. Two kinds of edits make it inert:

* A note is inserted after the tag's name: `data-consent` with the purpose, `data-consent-kind` with the kind of an
  embed, and on a script a type that no browser runs.
* The attributes by which a browser would fetch, run or find the element get the prefix `data-consent-`.

This tag, for example:

    <script id="loader" async src="//js.example.com/1.js"></script>

becomes, on one line:

    <script type="text/x-consent" data-consent="tracking" data-consent-id="loader" async
        data-consent-src="//js.example.com/1.js"></script>

Before `</body>` one script is added. It gets a list of what was blocked, and gives an element its attributes back once
the element's purpose is allowed.

The invariant
-------------
Outside the edits, every byte is the site's. An edit inserts bytes, or replaces the name of an attribute; values are
never touched. So a page where nothing is blocked or added keeps all its bytes, and the release only has to rename
attributes.

How a tag is judged
-------------------
1. `html.rewriter` asks `TagBlocker.start_tag` about each tag that may name a vendor, with the text of inline scripts.
2. `script_tags` says whether a browser, or another tool, runs a script at all. JSON stays, and so does a script that a
   consent tool blocks.
3. `recognition` finds the vendor's rule that fits the address or the text. A tag without a rule stays.
4. The plan says whether the rule's purpose is allowed. If it is, the tag stays.
5. An inline script with code of the site's own stays if a guard comes before it: the guard blocks what it inserts.
6. Everything else is blocked. If the tag would have loaded a chat, `chat_choice` may choose it for the facade.

A tag may be markup that an attacker got into the page. So a tag that the page's Content-Security-Policy stops, or that
only some browsers read as a tag, is blocked like any other, but it is not released and cannot choose the chat.

The HTML standard says which attributes load something in sections 4.2.4 (link), 4.8.3 (img), 4.8.5 (iframe) and 4.12.1
(script), and how a tag is written in section 13.2.5. Content Security Policy Level 3, section 6.7, says which scripts a
page's policy lets run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .chat_choice import Chat, ChatChoice
from .consent_banner import PageBanner
from .csp import NO_POLICY, ContentSecurityPolicy, ScriptElement
from .edits import (
    LINK_ATTRIBUTES,
    OTHER_ATTRIBUTES,
    blocking_edits,
    element_mark,
    renamed_attributes,
    script_attributes,
)
from .engine import Engine
from .facade import NO_LINKS, PageLinks
from .html.charset import decode_text
from .html.rewriter import Edit, StartTag, TagSearch
from .other_tools import DELAYED_SRC, asks_for_consent
from .own_scripts import OwnScripts
from .plan import Plan
from .purpose import Purpose
from .recognition import ADDRESS, hint_purpose, purpose_of_url, recognize, srcset_urls
from .release_list import ReleasableTag, release_list
from .rewrite_result import BlockedTag
from .rules import RuleMatch, TextRule
from .script_tags import (
    HTML_SPACE,
    address_attributes,
    has_unknown_type,
    is_delayed,
    is_executable,
    is_loaded_by_site,
    is_managed_by_consent_tool,
    is_speculation,
)
from .urls import parse_url

#: The rules for scripts that are resource hints (speculation rules). They fit no text.
_HINT_RULES = {purpose: TextRule("hint", (purpose,), re.compile("(?!)")) for purpose in Purpose}

#: Where the page's script looks for the address of a blocked script; one without is counted by its text.
_BLOCKED_ADDRESSES = frozenset({"data-consent-src", "data-consent-href"})

#: Custom elements that load pictures and frames, and never a script.
_SCRIPTLESS_ELEMENTS = frozenset({b"amp-iframe", b"amp-img", b"amp-pixel"})

_BLOCKED_TYPE = b' type="text/x-consent"'


@dataclass(slots=True)
class TagBlocker:
    """Block the tags of one document as one plan says (`html.rewriter.TagWatch`).

    Attributes:
        engine: the engine.
        plan: the plan for this request.
        asset_url: the path of the facade's script.
        nonce: the nonce that the page's Content-Security-Policy names in the response's head.
        authority: the host and port under which the page was requested.
        offers_chat: whether the site offers its chat now.
        elsewhere: whether the site offers it on other pages only.
        language: the language of the facade's texts, if the site has chosen it for this request.
        csp: what the page's CSP says about scripts.
        inline: whether the guard may be inlined in the page if its policies allow that: what is put before a `meta`
            element must not hide the encoding that the element names.
        links: what the addresses of the facade's links depend on.
        search: what the rewriter looks for. It asks about no tag in a document that cannot name a vendor's host.
        blocked: the tags that were blocked so far.
    """

    engine: Engine
    plan: Plan
    asset_url: str
    nonce: str | None = None
    authority: str = ""
    offers_chat: bool = True
    elsewhere: bool = False
    language: str | None = None
    csp: ContentSecurityPolicy = NO_POLICY
    inline: bool = False
    links: PageLinks = NO_LINKS
    search: TagSearch = field(init=False)
    blocked: list[BlockedTag] = field(default_factory=list)
    #: The same tags, as far as the page's script has to know them.
    _releasable: list[ReleasableTag] = field(default_factory=list, init=False)
    _own: OwnScripts = field(init=False)
    _chats: ChatChoice = field(init=False)
    _banner: PageBanner = field(init=False)
    #: Whether the script at the page's end is needed to end what runs once consent is withdrawn.
    _keeps_script: bool = False
    #: Whether anything other than hints is blocked.
    _blocks_more_than_hints: bool = False
    #: The nonce of the first blocked tag that has one.
    _blocked_nonce: str | None = None
    #: How many blocked tags the page's script lists; None before there is one.
    _listed: int | None = None
    _has_facade: bool = False

    def __post_init__(self) -> None:
        """Set up what one page needs."""
        self.search = self.engine.search
        self._own = OwnScripts(
            self.engine,
            self.plan,
            self.asset_url,
            self.nonce,
            self.authority,
            self.offers_chat,
            self.language,
            self.csp,
            self.inline,
            self.links,
        )
        self._banner = PageBanner(self.engine, self.plan, self._own)
        self._chats = ChatChoice(self.engine, self.plan, self.authority, self.offers_chat, self.nonce)

    @property
    def has_nonce(self) -> bool:
        """Whether the response's head, or the page itself so far, names a nonce for scripts."""
        return self._own.nonce is not None

    def wants_script_text(self, tag: StartTag) -> bool:
        """Return whether this script is inline, and runs at once or when a delay plugin starts it."""
        if any(tag.get(name) is not None for name in address_attributes(tag)):
            return False
        # Where no plugin delays it, a browser runs the text and knows no other address.
        return (
            is_executable(tag)
            or is_speculation(tag)
            or (is_delayed(tag) and all(tag.get(name) is None for name in DELAYED_SRC))
        )

    def wants_first_script(self, *, nested: bool) -> bool:
        """Return whether a document still waits for its first script, before which the guard and others go."""
        return self._own.wants_guard(nested=nested) or self._own.wants_consent(nested=nested)

    @property
    def has_end_markup(self) -> bool:
        """Whether `end_markup` has something to add; a guard alone needs nothing there."""
        return self._keeps_script or self._blocks_more_than_hints

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits that block `tag`, or none if it may stay."""
        if tag.name == b"script":
            runs = is_executable(tag)
            return [*self._own.scripts_before(tag, runs=runs or is_delayed(tag)), *self._script(tag, runs=runs)]
        if self.wants_first_script(nested=tag.nested) and tag.has_handler and not tag.unscripted:
            return [*self._own.scripts_before(tag, runs=True), *self._element(tag)]
        return self._element(tag)

    def on_root(self, tag: StartTag) -> None:
        """Note the root element, which names the page's language."""
        self._own.note_root(tag)

    def end_markup(self) -> bytes:
        """Return the facade, if a blocked tag would have loaded the chat and no other does, and the release script.

        The script releases what is blocked, and ends what runs once consent is withdrawn. A second one follows for what
        is blocked after the first.
        """
        if not self.has_end_markup:
            return b""
        nonce = self._nonce
        chat = None if self._has_facade else self._chats.choose(nonce)
        more = self._listed is not None and chat is None
        released = release_list((tag for tag in self._releasable if not self._lacks_nonce(tag)), nonce)
        if more and released.size == (self._listed or 0):
            return b""
        address = self._own.address(self.asset_url)
        if address is None:
            return b""
        self._listed = released.size
        self._has_facade = self._has_facade or chat is not None
        embeds = self._own.shows_placeholders and any(tag.purpose is Purpose.EMBEDS for tag in self.blocked)
        return self.engine.facade.markup(
            chat and chat.script,
            asset_url=address,
            nonce=nonce,
            allowed=self._own.allowed,
            lang=self._own.lang,
            language=self.language,
            marks=released.marks,
            based=released.based,
            texts=released.texts,
            bare=released.bare,
            # The guard has loaded the script with placeholders, and that one goes on. It also has the stand-ins for the
            # chat's globals, and judges the addresses that a front end sets.
            placeholders=False in self._own.guard_decided or embeds or self._needs_whole_script(chat),
            vendor=chat.vendor if chat else None,
            ask=self.engine.policy.cacheable and not more,
            more=more,
            links=self.links,
            blocks_styles=self._own.blocks_inline_styles,
            starts=chat is not None and chat.vendor in self.plan.opened,
            elsewhere=self.elsewhere and self.offers_chat,
        )

    def _needs_whole_script(self, chat: Chat | None) -> bool:
        """Return whether a page needs the larger script for its chat alone."""
        vendors = [vendor for vendor in self.engine.policy.vendors if chat is not None and vendor.id == chat.vendor]
        stand_ins = (stand_in for vendor in vendors for stand_in in vendor.stand_ins)
        return bool(vendors and self.engine.policy.chat_pages) or any(
            Purpose.CHAT in stand_in.purposes for stand_in in stand_ins
        )

    @property
    def _nonce(self) -> str | None:
        """The nonce for our own scripts: the one that a policy names, or else the one of the page's own tags.

        A policy may be in the page itself.
        """
        nonces = (self._own.nonce, self._chats.first_nonce, self._blocked_nonce)
        return next((nonce for nonce in nonces if nonce is not None), None)

    def _lacks_nonce(self, tag: ReleasableTag) -> bool:
        """Return whether a script lacks the nonce that others of its page have, where no head names a policy.

        A policy in the page may let everything run that a script inserts, so this one is not released.
        """
        return tag.is_script and self.nonce is None and tag.nonce != self._nonce

    def _element(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits that block an element other than a script."""
        if tag.name == b"base":
            return self._base(tag)
        if tag.name == b"link":
            return self._link(tag)
        if tag.name == b"meta":
            self._own.note_policy(tag)
            return ()
        if tag.name == b"iframe":
            # The document in each frame has a guard of its own.
            self._own.guard_decided.discard(True)
        return self._other(tag)

    def _base(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits that block a `<base>` that leads only visitors without scripts to a host that must wait.

        All other browsers ignore it, and resolve what is relative against the site's own host.
        """
        href = tag.get(b"href")
        purpose = purpose_of_url(self.engine, href, tag.base) if tag.unscripted and href else None
        if purpose is None or self.plan.allows(purpose):
            self._own.note_base(href)
            return ()
        return list(blocking_edits(tag, purpose, "", frozenset({b"href"}), b"href", b""))

    def _script(self, tag: StartTag, *, runs: bool) -> Sequence[Edit]:
        """Return the edits after which a script does not run, is not fetched, and is not found by its id."""
        if is_speculation(tag):
            return self._speculation(tag)
        if not self.engine.has_platform:
            self.engine.has_platform = _shows_platform(tag, runs=runs)
        waits = not runs and (is_delayed(tag) or has_unknown_type(tag))
        if not (runs or waits):
            return ()
        address = b""
        src: str | None = ""
        found = None if tag.text is None else self._match(tag, "")
        if found is None:
            tag.text = None
            address, src = next(
                (
                    (name, value)
                    for name in (*address_attributes(tag), *DELAYED_SRC)
                    if (value := tag.get(name)) is not None
                ),
                (b"", None),
            )
            # HTML, section 4.12.1.1, step 31.3: nothing is fetched for an empty address.
            if not src or (address in DELAYED_SRC and not waits and self._is_released_by_others(tag, address)):
                return ()
            found = self._match(tag, src)
        if found is None:
            return ()
        banner: Sequence[Edit] = ()
        if self.engine.banner is not None and tag.certain and self._may_run(tag, src or ""):
            if self._banner.admits(tag, found):
                return ()
            banner = self._banner.before(tag, found, src or "")
        if self._own.guard_covers(tag, found):
            return banner
        # A site's own code may look for its library by the id, to find out when it has loaded.
        kept = {b"id"} if found.rule.kind else set()
        names = (script_attributes(tag) - kept) | {address}
        edits = self._block(tag, found, src or "", names, address, _BLOCKED_TYPE)
        return [*banner, *self._own.stand_ins_before(tag, found, src or ""), *edits]

    def _is_released_by_others(self, tag: StartTag, address: bytes) -> bool:
        """Return whether the address of a script is in an attribute that only a consent tool, or the site, reads."""
        return is_managed_by_consent_tool(tag) or is_loaded_by_site(tag, address)

    def _speculation(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits that block speculation rules which name a host that must wait."""
        text = (tag.text or b"").decode("latin-1")
        purposes = (purpose_of_url(self.engine, each[0]) for each in ADDRESS.finditer(text))
        purpose = next((each for each in purposes if each is not None and not self.plan.allows(each)), None)
        if purpose is None:
            return ()
        found = RuleMatch(_HINT_RULES[purpose], "", "")
        return self._block(tag, found, "", script_attributes(tag), b"src", _BLOCKED_TYPE)

    def _other(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits after which a picture, a frame or a custom element has no address, so nothing is fetched."""
        known = {
            address: (found, src)
            for address in (b"src", *DELAYED_SRC)
            if (src := tag.get(address)) and (found := self._match(tag, src)) is not None
        }
        if known:
            # An address that a lazy loader will use is blocked as well as the one that is there.
            waiting = [name for name, (found, _) in known.items() if not self.plan.allows(found.rule.purpose)]
            names = waiting or list(known)
            renamed = frozenset(names) | (OTHER_ATTRIBUTES if names[0] == b"src" else frozenset())
            return self._block(tag, *known[names[0]], renamed, names[0], b"")
        # A browser picks one of these in place of a picture's `src`.
        for url in srcset_urls((tag.get(b"srcset") or "") if tag.name == b"img" else ""):
            found = self._match(tag, url)
            if found is not None:
                return self._block(tag, found, tag.get(b"src") or "", OTHER_ATTRIBUTES, b"src", b"")
        return ()

    def _link(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edits that block a resource hint to a host that must wait."""
        relation, destination = tag.get(b"rel") or "", tag.get(b"as") or ""
        if _is_style_sheet(tag, relation):
            return ()
        href = tag.get(b"href")
        addresses = [*([] if href is None else [href]), *srcset_urls(tag.get(b"imagesrcset") or "")]
        purposes = (hint_purpose(self.engine, relation, url, tag.base, destination) for url in addresses)
        purpose = next((each for each in purposes if each is not None and not self.plan.allows(each)), None)
        if purpose is None:
            return ()
        edits = list(blocking_edits(tag, purpose, "", LINK_ATTRIBUTES, b"href", b""))
        mark = element_mark(tag, purpose, "", edits) if tag.certain and not tag.nested else ()
        self.blocked.append(BlockedTag("hint", purpose))
        self._releasable.append(ReleasableTag(mark, base=tag.base is not None))
        return edits

    def _match(self, tag: StartTag, src: str) -> RuleMatch | None:
        """Return the rule that fits this element by its address or its text."""
        return recognize(self.engine, tag.name.decode("utf-8", "replace"), src, tag)

    def _block(
        self, tag: StartTag, found: RuleMatch, src: str, names: frozenset[bytes], address: bytes, addition: bytes
    ) -> Sequence[Edit]:
        """Return the edits that block a tag which fits a rule, and note it; none if the plan allows its purpose."""
        rule = found.rule
        # A script that the page's policy stops may be injected markup. It is blocked like any other, but never
        # released: the policy lets run what our script inserts. So it cannot choose the chat either.
        has_nonce = tag.get(b"nonce") == self.nonce
        is_allowed = tag.certain and self._may_run(tag, src)
        is_stopped = self.csp.requires_nonce and tag.name == b"script" and not (has_nonce or is_allowed)
        # Where browsers do not agree on a tag, it may be a comment or a string with a visitor's words in it. It is
        # blocked, but not released, and its account is not used.
        runs = not is_stopped and is_allowed
        if is_stopped:
            self.engine.notices.note(
                "no-nonce", f"a tag ({rule.id}) lacks the nonce that the page's policy asks for: no browser runs it"
            )
        if self.plan.allows(rule.purpose):
            if is_stopped:
                return ()
            self._chats.loads_anyway |= Purpose.CHAT in rule.purposes and runs
            self._keeps_script = self.engine.policy.withdrawal == "at-once"
            # This edit changes nothing: the rewriter asks for the end markup after an edit only.
            return (Edit(0, 0, b""),) if self._keeps_script else ()
        edits = list(blocking_edits(tag, rule.purpose, rule.kind, names, address, addition))
        released = tag.certain and not (is_stopped or tag.nested)
        has_text = tag.name == b"script" and tag.text is not None
        # A script without the page's nonce runs by its digest, or not at all.
        counts = has_text and (self.nonce is None or has_nonce or is_allowed)
        self._blocks_more_than_hints |= rule.id != "hint"
        self.blocked.append(BlockedTag(rule.id, rule.purpose, rule.kind, "" if is_stopped else src))
        releasable = ReleasableTag(
            element_mark(tag, rule.purpose, rule.kind, edits) if released and not has_text else (),
            text=released and counts and not _keeps_address(tag, edits),
            base=tag.base is not None,
            nonce=tag.get(b"nonce") if tag.certain else None,
        )
        self._releasable.append(releasable)
        if self._blocked_nonce is None:
            self._blocked_nonce = releasable.nonce
        if runs:
            self._chats.add(tag, found, src)
        return edits

    def _may_run(self, tag: StartTag, src: str) -> bool:
        """Return whether the page's policies let this element run a script."""
        if tag.name in _SCRIPTLESS_ELEMENTS:
            return False
        if not self.csp.script_sources:
            return True
        if tag.text is None:
            url = parse_url(src, tag.base)
            script = ScriptElement(url, tag.get(b"nonce") or "", tag.get(b"integrity") or "") if url else None
        else:
            text = decode_text(tag.script, tag.encoding).replace("\r\n", "\n").replace("\r", "\n")
            script = ScriptElement(None, tag.get(b"nonce") or "", text=text)
        return script is not None and self.csp.allows(script, self.authority)


def _keeps_address(tag: StartTag, edits: Sequence[Edit]) -> bool:
    """Return whether the page's script would find an address in a tag after these edits."""
    return not _BLOCKED_ADDRESSES.isdisjoint(name for name, _ in renamed_attributes(tag, edits))


def _shows_platform(tag: StartTag, *, runs: bool) -> bool:
    """Return whether a script shows that the site has a consent platform: it is blocked by one, or sets one up."""
    if not runs:
        return is_managed_by_consent_tool(tag)
    return asks_for_consent(decode_text(tag.script, tag.encoding))


def _is_style_sheet(tag: StartTag, relation: str) -> bool:
    """Return whether a browser loads this link's style sheet, so that a hint for it requests nothing more."""
    sheet_type = (tag.get(b"type") or "text/css").partition(";")[0].strip(HTML_SPACE).lower()
    return "stylesheet" in relation.lower().split() and sheet_type == "text/css" and tag.get(b"disabled") is None
