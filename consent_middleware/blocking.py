"""What is held on one page, and what stands in for it: the edits that a plan means for the tags of a document.

Knows: the plan, the vendors' rules, which attributes make a browser fetch or run a tag, and the marks by which other
tools delay a script or hold it back.
Must not know: any vendor by name, how HTML is tokenised, HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from .csp import NO_POLICY, ContentSecurityPolicy, ScriptElement
from .engine import Engine
from .facade.asset import Asset
from .facade.markup import Mark
from .html.charset import decode_text
from .html.normalize import fold_strings
from .html.rewriter import Edit, StartTag, TagSearch
from .plan import Plan
from .purpose import Action, ChatScript, Purpose
from .rules import ChatContext, PageElement, RuleMatch, TextRule
from .scripts.loads import scan
from .scripts.snippets import waits_for_page
from .tag_managers import is_tag_manager
from .urls import URL, content_of_url, parse_url, possible_urls

#: HTML, section 4.12.1 and the JavaScript MIME types of MIME Sniffing, section 4.6: the types that a browser runs.
_RUNS = re.compile(
    r"(?:|module|(?:application|text)/(?:x-)?(?:java|ecma)script|text/(?:jscript|livescript)|text/javascript1\.[0-5])",
    re.IGNORECASE,
)
#: The types by which tools that speed pages up mark the scripts that they start later by themselves: WP Rocket,
#: LiteSpeed, Perfmatters, WP Meteor, NitroPack, Swift Performance, Partytown, Cloudflare's Rocket Loader.
_DELAYED = re.compile(
    r"rocketlazyloadscript|litespeed/javascript|pmdelayedscript|javascript/blocked|nitropack/[a-z]*script"
    r"|swift/javascript|text/partytown|[0-9a-f]{8,}-(?:(?:text|application)/(?:x-)?javascript|module)?",
    re.IGNORECASE,
)
#: Where such tools keep the address meanwhile.
_LATER = (
    b"data-rocket-src",
    b"data-litespeed-src",
    b"data-wpmeteor-src",
    b"data-perfmatters-src",
    b"data-lazy-src",
    b"data-src",
)
#: The types by which tools for consent mark the scripts that they hold back, and types of data.
_HELD_OR_DATA = re.compile(
    r"text/plain|[^/]*(?:consent|cookie|didomi|gdpr|cmp)[^/]*/.*|.*/[^/]*(?:consent|cookie|gdpr|cmp).*"
    r"|importmap|.*(?:json|template|xml|html|css|csv|markdown|shader).*",
    re.IGNORECASE | re.DOTALL,
)
#: By these attributes, other tools for consent know the tags that they hold back.
_CLAIMED = re.compile(
    r"data-(?:usercentrics|uc-|cookieconsent$|cookiecategory|cookieyes|cookie-|category$|categories$|name$|service$|consent"
    r"|cmp-|requires-|borlabs|borlabs-|iub|suppressedsrc|klaro|cli-|tarteaucitron|didomi|vendor$|purposes$)|consent-"
)
_CLAIMED_CLASS = re.compile(r"(?:^|\s)(?:optanon-category-|cmplz-|_iub_cs_|cky-|brlbs|tarteaucitron)")

#: HTML, section 13.2.5.8, "tag name state": a name ends at white space, a slash or ">".
_OPENING = re.compile(rb"<[^\t\n\f\r />]*")
_HTML_SPACE = " \t\n\f\r"

#: HTML, section 4.6.7, Resource Hints and Compression Dictionary Transport (RFC 9842): link types that make a browser
#: reach a host before a tag asks for it, and those among them that fetch something from it.
_FETCHES = frozenset({"prefetch", "preload", "modulepreload", "prerender", "compression-dictionary", "dictionary"})
_HINTS = _FETCHES | {"dns-prefetch", "preconnect"}
#: HTML, section 4.2.4.2, and Fetch, section 2.2.7, "destination": what is preloaded to be shown is content. A picture
#: may be a pixel, so it is judged by its address.
_CONTENT = frozenset({"audio", "font", "style", "track", "video"})

#: What stands for a rule where a script is only a hint.
_HINT_RULES = {purpose: TextRule("hint", (purpose,), re.compile("(?!)")) for purpose in Purpose}

#: What a held tag is not to keep: a browser would fetch, run or find it by these.
_SCRIPT_NAMES = frozenset({b"src", b"type", b"id", b"href", b"xlink:href"})
_LINK_NAMES = frozenset({b"href", b"imagesrcset", b"rel"})
#: Where the page's script looks for the address of a held script; one without counts by its text.
_KEPT = frozenset({"data-consent-src", "data-consent-href"})
_OTHER_NAMES = frozenset({b"src", b"srcset"})
#: HTML, section 4.8.4.2.1: the addresses of `srcset`, each with what follows it up to the next; and how many are read.
_CANDIDATE = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s[^,]*+)?")
_MANY = 64

#: An address in a document or a script, as far as it matters here.
_ADDRESS = re.compile(r"(?:https?:)?//[^\s\"'<>)`]+")

#: The longest tag, in bytes, whose rule is remembered: a longer one is hardly the same in the next page.
_SHORT = 1024

#: By these attributes of its root, a page is one of AMP.
_AMP = frozenset({b"amp", "\u26a1".encode()})
#: Custom elements that load pictures and frames, and never a script.
_NO_SCRIPTS = frozenset({b"amp-iframe", b"amp-img", b"amp-pixel"})


@dataclass(frozen=True, slots=True)
class BlockedTag:
    """One tag that waits: the rule that knew it, the purpose it waits for, and where it is known, what it loads.

    The page's script knows the element again by its `mark`, or, where `text` is true, as one of its scripts without an
    address, of which it is told the number; where there is neither, it never releases it. `base` says whether a
    `<base>` stands before it, `nonce` is a script's.
    """

    rule: str
    purpose: Purpose
    kind: str = ""
    src: str = ""
    mark: Mark = ()
    text: bool = False
    base: bool = False
    nonce: str | None = None

    @property
    def is_script(self) -> bool:
        """Whether it is a script that may be released."""
        return self.text or self.mark[:1] == ("script",)


class _Chat(NamedTuple):
    """A chat that a held tag would have brought: its script, its vendor, the tag's nonce, and whether it is the chat's
    own tag."""

    script: ChatScript
    vendor: str
    nonce: str | None
    own: bool


@dataclass(slots=True)
class TagBlocker:
    """Watches the tags of one document for one plan (`html.rewriter.TagWatch`).

    Args: the engine, the plan, the path of the facade's script, the nonce that the page's policy names, if any, the
    authority (host and port) under which the page was asked for, whether the site offers its chat on this page, the
    language of the facade's words, where the site has chosen it for this request, what the page's policies say of
    scripts, and whether the guard may stand in the page itself, where its policies allow that: what is put before a
    `meta` element must not hide the encoding that the element names.
    """

    engine: Engine
    plan: Plan
    asset_url: str
    nonce: str | None = None
    authority: str = ""
    offers_chat: bool = True
    language: str | None = None
    csp: ContentSecurityPolicy = NO_POLICY
    inline: bool = False
    search: TagSearch = field(init=False)
    blocked: list[BlockedTag] = field(default_factory=list)
    _page_nonce: str | None = field(init=False)
    _chats: list[_Chat] = field(default_factory=list)
    #: The account of each vendor's first tag that names one.
    _accounts: dict[str, str] = field(default_factory=dict)
    _chat_loads: bool = False
    #: Whether a `<base>` leads to another host.
    _is_led_away: bool = False
    #: For which documents it is settled whether they get a guard: the page (False), those within it (True).
    _guarded: set[bool] = field(default_factory=set)
    #: Which of them have one.
    _has_guard: set[bool] = field(default_factory=set)
    #: Whether what stands in for vendors' globals stands in the page; None where nothing asked for it.
    _has_stand_ins: bool | None = None
    #: What policies in the page itself say of scripts.
    _sources_within: tuple[str, ...] = ()
    _watches: bool = False
    #: Whether anything is held besides hints.
    _holds_more: bool = False
    _root: StartTag | None = None
    #: Of how many held tags the page's script has been told, None before there is one; and whether of a chat.
    #: The first nonce of a tag that brings a chat, and of one that is held.
    _chat_nonce: str | None = None
    _held_nonce: str | None = None
    _told: int | None = None
    _told_chat: bool = False

    def __post_init__(self) -> None:
        """Say what to look for: where no host of a vendor can stand, no tag is asked about."""
        self.search = self.engine.search
        self._page_nonce = self.nonce

    def wants_script_text(self, tag: StartTag) -> bool:
        """Whether this script is inline, and runs at once or when a tool that delays it sees fit."""
        if any(tag.get(name) is not None for name in _addresses(tag)):
            return False
        # Where no tool delays it, a browser runs the text and knows no other address.
        return _runs(tag) or _speculates(tag) or (_is_delayed(tag) and all(tag.get(name) is None for name in _LATER))

    def wants_first_script(self, *, nested: bool) -> bool:
        """Whether a document still waits for its first script, before which the guard stands."""
        return self.engine.policy.guard == "always" and nested not in self._guarded and self._may_guard

    @property
    def has_end_markup(self) -> bool:
        """Whether `tail` has something to say of what is held; a guard alone needs none."""
        return self._watches or self._holds_more

    @property
    def _may_guard(self) -> bool:
        return self.engine.policy.guard != "never" and self.plan.touches_html and not self._is_amp

    @property
    def _is_amp(self) -> bool:
        """Whether the page is one of AMP, which allows no scripts but its own."""
        return self._root is not None and any(attribute.name in _AMP for attribute in self._root.attributes)

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """The edits that hold `tag`, or none where it may stay."""
        if tag.name == b"script":
            return [*self._guard(tag, runs=_runs(tag) or _is_delayed(tag)), *self._script(tag)]
        if self.wants_first_script(nested=tag.nested) and tag.has_handler and not tag.unscripted:
            return [*self._guard(tag, runs=True), *self._element(tag)]
        return self._element(tag)

    def _element(self, tag: StartTag) -> Sequence[Edit]:
        """The edits that hold an element that is no script."""
        if tag.name == b"base":
            return self._base(tag)
        if tag.name == b"link":
            return self._link(tag)
        if tag.name == b"meta":
            self._note_policy(tag)
            return ()
        if tag.name == b"iframe":
            # Each document in one has a guard of its own.
            self._guarded.discard(True)
        return self._other(tag)

    def on_root(self, tag: StartTag) -> None:
        """Keep the root element, which says the page's language."""
        self._root = tag

    def end_markup(self) -> bytes:
        """The facade where a held tag would have brought the chat and no other does, and the script that releases what
        is held and ends what runs; once more, for what is held behind that."""
        if not self.has_end_markup:
            return b""
        guarded = False in self._guarded
        chat = None if self._told_chat else self._chat
        more = self._told is not None and chat is None
        told = self._told or 0
        known = [held for held in self.blocked if not self._is_stranger(held)]
        marks: dict[Mark, bool] = {}
        for held in known:
            if held.mark:
                marks.setdefault(held.mark, held.base)
        nonce = self._nonce
        texts = sum(held.text and held.nonce == nonce for held in known)
        bare = sum(held.text for held in known) - texts
        if more and len(marks) + texts + bare == told:
            return b""
        address = self._own_address(self.asset_url)
        if address is None:
            return b""
        self._told = len(marks) + texts + bare
        self._told_chat = self._told_chat or chat is not None
        before = [mark for mark, base in marks.items() if not base]
        behind = [mark for mark, base in marks.items() if base]
        embeds = self._stands_in_for_embeds and any(held.purpose is Purpose.EMBEDS for held in self.blocked)
        return self.engine.facade.markup(
            chat and chat.script,
            asset_url=address,
            nonce=nonce,
            allowed=self._allowed,
            lang=self._lang,
            language=self.language,
            held=before + behind,
            based=len(before) if behind else None,
            texts=texts,
            bare=bare,
            # The script that has come with the guard is the one that goes on.
            placeholders=guarded or embeds,
            vendor=chat.vendor if chat else None,
            ask=self.engine.policy.cacheable and not more,
            more=more,
        )

    @property
    def _nonce(self) -> str | None:
        """The nonce for the page's scripts of ours: what its policy names, or else what its own tags bear, since a
        policy may stand in the page itself."""
        nonces = (self.nonce, self._chat_nonce, self._held_nonce)
        return next((nonce for nonce in nonces if nonce is not None), None)

    def _is_stranger(self, held: BlockedTag) -> bool:
        """Whether a script lacks the nonce that others of its page have, where the policy is not known: what a script
        inserts, that policy may let run."""
        return held.is_script and self._page_nonce is None and held.nonce != self._nonce

    @property
    def _chat(self) -> _Chat | None:
        """The chat that stands behind the facade.

        A tag that is the chat itself goes before tags that bring it along; among equals the first in the document.
        """
        if self._chat_loads or self.plan.decisions[Purpose.CHAT].action is Action.BLOCK:
            return None
        nonce = self._nonce
        known = [chat for chat in self._chats if self._page_nonce is not None or chat.nonce == nonce]
        return max(known, key=lambda chat: chat.own, default=None)

    @property
    def _stands_in_for_embeds(self) -> bool:
        return self.plan.decisions[Purpose.EMBEDS].action is Action.FACADE

    @property
    def _offers(self) -> dict[str, object]:
        """Return for what a button may stand in that a script of the site's brings."""
        offers: dict[str, object] = {}
        if self.offers_chat and self.plan.decisions[Purpose.CHAT].action is not Action.BLOCK:
            accounts = self.engine.policy.chat_accounts
            offers["chat"] = 1 if accounts is None else sorted(accounts)
        if self._stands_in_for_embeds:
            offers["embeds"] = 1
        return offers

    @property
    def _lang(self) -> str | None:
        return None if self._root is None else self._root.get(b"lang") or self._root.get(b"xml:lang")

    @property
    def _allowed(self) -> list[Purpose]:
        return [purpose for purpose in Purpose if self.plan.allows(purpose)]

    def _guard(self, tag: StartTag, *, runs: bool) -> Sequence[Edit]:
        """The guard, before the first script, or handler of an event, that may insert tags of its own.

        A guard holds what is inserted into its own document: one in a frame's `srcdoc` is none for the page.
        """
        if tag.nested in self._guarded or not self._may_guard:
            return ()
        if tag.svg or not tag.certain or self._is_end_script(tag):
            return ()
        if self._is_guard(tag):
            self._guarded.add(tag.nested)
            self._has_guard.add(tag.nested)
            return ()
        if not runs:
            return ()
        if self.engine.policy.guard == "auto":
            said = fold_strings(tag.text or b"").decode("latin-1") or tag.get(b"src") or ""
            if not is_tag_manager(said):
                return ()
        self._guarded.add(tag.nested)
        address = self._own_address(self.asset_url)
        if address is None:
            return ()
        # A policy may stand in the page itself; then the tag's own nonce is all that is known of it.
        self.nonce = self.nonce or tag.get(b"nonce")
        guard = self.engine.facade.guard
        inline = self._may_stand_in_page(tag, guard)
        if not (inline or self._lets_run(guard, address)):
            self.engine.notices.note(
                "csp-refuses-guard",
                "a page's Content-Security-Policy lets the guard not run: it names neither a nonce nor 'self'. Tags in "
                "the page wait all the same; what its scripts insert does not",
            )
            return ()
        markup = self.engine.facade.guard_markup(
            address,
            self.nonce,
            self._allowed,
            lang=self.language or self._lang,
            inline=inline,
            ask=self.engine.policy.cacheable,
            offers=self._offers,
        )
        self._has_guard.add(tag.nested)
        return [Edit(0, 0, _bare(markup) if tag.bare else markup)]

    def _may_stand_in_page(self, tag: StartTag, asset: Asset) -> bool:
        """Return whether a script of ours may stand before `tag` in the page itself, so that no file is asked for."""
        fits = self.inline and not (tag.nested or tag.xml or tag.bare)
        return fits and self._lets_run(asset, None, self._sources_within)

    def _lets_run(self, asset: Asset, address: str | None, more: Sequence[str] = ()) -> bool:
        """Whether the page's policies let a script run, from a file or, without an address, in the page itself."""
        text = asset.body.rstrip().decode("ascii") if address is None else None
        url = None if address is None else parse_url(address)
        csp = self.csp._replace(script_sources=(*self.csp.script_sources, *more)) if more else self.csp
        return csp.allows(ScriptElement(url, self.nonce or "", "", text), self.authority)

    def _note_policy(self, tag: StartTag) -> None:
        """Keep what a `meta` element says of scripts (HTML, section 4.2.5.3, "Content security policy state").

        Where it stands in the body, browsers overlook it, and anyone may have written it. So it only keeps the guard
        from being put into the page itself, and gives the nonce of a page whose head names none.
        """
        if (tag.get(b"http-equiv") or "").lower() == "content-security-policy":
            said = [(b"content-security-policy", (tag.get(b"content") or "").encode("latin-1", "replace"))]
            within = ContentSecurityPolicy.from_headers(said)
            self._sources_within += within.script_sources
            self.nonce = self.nonce or within.nonce

    def _is_guard(self, tag: StartTag) -> bool:
        """Return whether this is a guard of ours: anyone could write its attribute."""
        if tag.get(b"data-guard") is None:
            return False
        if tag.get(b"src") is None:
            return tag.script.strip() == self.engine.facade.guard.body.strip()
        return self._is_ours(tag)

    def _is_end_script(self, tag: StartTag) -> bool:
        """Return whether this is our script at the page's end: a page that comes again needs no other guard."""
        return tag.get(b"data-conf") is not None and self._is_ours(tag)

    def _is_ours(self, tag: StartTag) -> bool:
        """Return whether a script's address is one of the middleware's own."""
        folder = self.asset_url.rpartition("/")[0]
        return (tag.get(b"src") or "").rpartition("/")[0] in {folder, f"//{self.authority}{folder}"}

    def _base(self, tag: StartTag) -> Sequence[Edit]:
        """A base that leads visitors without scripts alone to a host that has to wait is none: what is relative to it
        is the site's own for all others."""
        href = tag.get(b"href")
        purpose = purpose_of_url(self.engine, href, tag.base) if tag.unscripted and href else None
        if purpose is None or self.plan.allows(purpose):
            self._note_base(href)
            return ()
        return list(_edits(tag, purpose, "", frozenset({b"href"}), b"href", b""))

    def _note_base(self, href: str | None) -> None:
        """Keep whether a `<base>` may lead to another host than the page's.

        A browser obeys the first in the tree. Which one that is, is not asked: what stands in a table moves before it,
        and a policy may forbid one of them.
        """
        base = None if href is None else parse_url(href)
        self._is_led_away |= href is not None and (base is None or bool(base.host or base.scheme))

    def _own_address(self, path: str) -> str | None:
        """The address of a script of ours: the path as it is, which leads to the page's own host, or with that host
        where a `<base>` leads to another; None where that is not known.

        A base behind the script's tag does not count: a browser reads an address when the element comes into the page,
        and the script reads its own against the page's.
        """
        if not self._is_led_away:
            return path
        if not self.authority:
            self.engine.notices.note(
                "base-without-host",
                "a page has a <base> with a host and its request names none: the script that releases what is held is "
                "left out",
            )
            return None
        return f"//{self.authority}{path}"

    def _script(self, tag: StartTag) -> Sequence[Edit]:
        """A script that waits does not run, is not fetched, and is not found by its id."""
        if _speculates(tag):
            return self._speculation(tag)
        runs = _runs(tag)
        waits = not runs and (_is_delayed(tag) or _has_unknown_type(tag))
        if not (runs or waits):
            return ()
        address = b""
        src: str | None = ""
        found = None if tag.text is None else self._known(tag, "")
        if found is None:
            tag.text = None
            address, src = next(
                ((name, value) for name in (*_addresses(tag), *_LATER) if (value := tag.get(name)) is not None),
                (b"", None),
            )
            # HTML, section 4.12.1.1, step 31.3: an empty URL is an error and nothing is fetched. An address that only
            # a tool for consent reads is that tool's to release, and so is one that the site itself has put off.
            if not src or (address in _LATER and not waits and (_is_claimed(tag) or _is_put_off(tag, address))):
                return ()
            found = self._known(tag, src)
        if found is None or self._runs_guarded(tag, found):
            return ()
        # A site's own code may look for its library, to hear when it has loaded.
        kept = {b"id"} if found.rule.kind else set()
        names = (_script_names(tag) - kept) | {address}
        edits = self._hold(tag, found, src or "", names, address, b' type="text/x-consent"')
        return [*self._stand_ins(tag, found, src or ""), *edits]

    def _runs_guarded(self, tag: StartTag, found: RuleMatch) -> bool:
        """Return whether an inline script runs although it loads, or calls, what has to wait.

        Held whole is what is a vendor's snippet and nothing else. A script with code of the site's own runs, and so
        does a snippet that waits for the page to load, for which a release would be too late: the guard before it holds
        what it inserts, and what it calls has a stand-in. It waits where neither can be: without a guard, and where it
        asks for something that no guard sees.
        """
        rule = found.rule
        if not isinstance(rule, TextRule) or tag.text is None or not tag.certain:
            return False
        if tag.nested not in self._has_guard or self.plan.allows(rule.purpose):
            return False
        script = scan(decode_text(tag.text, tag.encoding))
        if found.text is not None and not waits_for_page(script):
            return False
        imported = script.imported
        if imported is None or any(rule.pattern.search(address) for address in imported):
            return False
        return rule.is_address or not (tag.nested or self._has_stand_ins is False)

    def _stand_ins(self, tag: StartTag, found: RuleMatch, src: str) -> Sequence[Edit]:
        """What stands in for the globals of a library that waits, before the first of them."""
        if self._has_stand_ins is not None or tag.nested not in self._has_guard or self.plan.allows(found.rule.purpose):
            return ()
        makers = (each.libraries for vendor in self.engine.policy.vendors for each in vendor.stand_ins)
        if tag.nested or not any(made and made.search(src) for made in makers):
            return ()
        self._has_stand_ins = False
        address = self._own_address(self.asset_url)
        asset = self.engine.facade.stand_ins
        inline = self._may_stand_in_page(tag, asset)
        if address is None or tag.bare or not (inline or self._lets_run(asset, address)):
            return ()
        self._has_stand_ins = True
        return [Edit(0, 0, self.engine.facade.stand_ins_markup(address, self.nonce, inline=inline))]

    def _speculation(self, tag: StartTag) -> Sequence[Edit]:
        """Rules that have a browser fetch other pages ahead wait where they name a host that has to wait."""
        said = (tag.text or b"").decode("latin-1")
        purposes = (purpose_of_url(self.engine, each[0]) for each in _ADDRESS.finditer(said))
        purpose = next((each for each in purposes if each is not None and not self.plan.allows(each)), None)
        if purpose is None:
            return ()
        found = RuleMatch(_HINT_RULES[purpose], "", "")
        return self._hold(tag, found, "", _script_names(tag), b"src", b' type="text/x-consent"')

    def _other(self, tag: StartTag) -> Sequence[Edit]:
        """A picture, a frame or a custom element that waits has no address, so that nothing is fetched for it."""
        known = {
            address: (found, src)
            for address in (b"src", *_LATER)
            if (src := tag.get(address)) and (found := self._known(tag, src)) is not None
        }
        if known:
            # An address that a lazy loader is to put in later waits beside the one that is there.
            waiting = [name for name, (found, _) in known.items() if not self.plan.allows(found.rule.purpose)]
            names = waiting or list(known)
            set_aside = frozenset(names) | (_OTHER_NAMES if names[0] == b"src" else frozenset())
            return self._hold(tag, *known[names[0]], set_aside, names[0], b"")
        # A browser picks one of these in place of a picture's `src`.
        for url in srcset_urls((tag.get(b"srcset") or "") if tag.name == b"img" else ""):
            found = self._known(tag, url)
            if found is not None:
                return self._hold(tag, found, tag.get(b"src") or "", _OTHER_NAMES, b"src", b"")
        return ()

    def _known(self, tag: StartTag, src: str) -> RuleMatch | None:
        """The rule that knows this element by its address or its text, or None."""
        return _recognize(self.engine, tag.name.decode("utf-8", "replace"), src, tag)

    def _hold(
        self, tag: StartTag, found: RuleMatch, src: str, names: frozenset[bytes], address: bytes, addition: bytes
    ) -> Sequence[Edit]:
        rule = found.rule
        # A script that the page's policy stops is held like any other, and brings no chat: it may be markup that
        # somebody has got into the page. Released by ours, it would run where the policy lets everything run that a
        # script inserts, so it is not.
        has_nonce = tag.get(b"nonce") == self._page_nonce
        is_allowed = tag.certain and self._may_run(tag, src)
        is_stopped = self.csp.requires_nonce and tag.name == b"script" and not (has_nonce or is_allowed)
        # What browsers do not agree to be a tag may be a comment or a string in a script, with words of a visitor's in
        # it: it is held, and neither released nor asked for its account.
        runs = not is_stopped and is_allowed
        if is_stopped:
            self.engine.notices.note(
                "no-nonce", f"a tag ({rule.id}) lacks the nonce that the page's policy asks for: no browser runs it"
            )
        if self.plan.allows(rule.purpose):
            if is_stopped:
                return ()
            self._chat_loads |= Purpose.CHAT in rule.purposes and runs
            self._watches = self.engine.policy.withdrawal == "at-once"
            # An edit that changes nothing, for the sake of the script behind it.
            return (Edit(0, 0, b""),) if self._watches else ()
        edits = list(_edits(tag, rule.purpose, rule.kind, names, address, addition))
        released = tag.certain and not (is_stopped or tag.nested)
        has_text = tag.name == b"script" and tag.text is not None
        # One without the page's nonce runs by its digest, or not at all.
        counts = has_text and (self._page_nonce is None or has_nonce or is_allowed)
        self._holds_more |= rule.id != "hint"
        self.blocked.append(
            BlockedTag(
                rule.id,
                rule.purpose,
                rule.kind,
                "" if is_stopped else src,
                mark=_mark(tag, rule.purpose, rule.kind, edits) if released and not has_text else (),
                text=released and counts and _KEPT.isdisjoint(name for name, _ in _behind(tag, edits)),
                base=tag.base is not None,
                nonce=tag.get(b"nonce") if tag.certain else None,
            )
        )
        if self._held_nonce is None:
            self._held_nonce = self.blocked[-1].nonce
        if runs:
            self._remember_chat(tag, found, src)
        return edits

    def _may_run(self, tag: StartTag, src: str) -> bool:
        """Whether the page's policies let this element run a script."""
        if tag.name in _NO_SCRIPTS:
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

    def _remember_chat(self, tag: StartTag, found: RuleMatch, src: str) -> None:
        """Keep the chat that this tag brings."""
        if found.rule.chat is None or not self.offers_chat or (tag.text is not None and found.text is None):
            return
        recognition = ChatContext(
            src, found.region, found.account, _attributes(tag), self.engine.proxied_origin, found.text or ""
        )
        chat = found.rule.chat(recognition)
        if chat is None or not self.engine.is_vendor_url(chat.src) or not self._may_name(tag, found, src, chat.account):
            return
        vendor = found.rule.id.partition(".")[0]
        first = self._accounts.setdefault(vendor, chat.account)
        if chat.account != first:
            self.engine.notices.note(
                "several-accounts", f"a page has tags of the accounts {first} and {chat.account} of {vendor}"
            )
        own = found.rule.purpose is Purpose.CHAT
        nonce = tag.get(b"nonce")
        if self._chat_nonce is None:
            self._chat_nonce = nonce
        self._chats.append(_Chat(chat, vendor, nonce, own))

    def _may_name(self, tag: StartTag, found: RuleMatch, src: str, account: str) -> bool:
        """Return whether the page's chat may be that of the account which this tag names.

        A visitor's markup that a sanitizer has let through must not choose it. So without `chat_accounts` only a script
        names one: a pure snippet, or one whose address is the vendor's, an origin's that stands in for it, or the
        page's own.
        """
        if self.engine.policy.chat_accounts is not None:
            return self.engine.policy.chat_enabled_for(account)
        if tag.name != b"script" and tag.name not in self.engine.policy.loading_elements:
            return False
        url = parse_url(src, tag.base)
        return found.from_vendor or tag.text is not None or (url is not None and self._is_own(url))

    def _is_own(self, url: URL) -> bool:
        """Return whether an address is on the origin under which the page was asked for, or relative to it."""
        own = parse_url(f"//{self.authority}")
        return not url.host or (own is not None and (url.host, url.port) == (own.host, own.port))

    def _link(self, tag: StartTag) -> Sequence[Edit]:
        relation, destination = tag.get(b"rel") or "", tag.get(b"as") or ""
        if _is_style_sheet(tag, relation):
            return ()
        href = tag.get(b"href")
        addresses = [*([] if href is None else [href]), *srcset_urls(tag.get(b"imagesrcset") or "")]
        purposes = (hint_purpose(self.engine, relation, url, tag.base, destination) for url in addresses)
        purpose = next((each for each in purposes if each is not None and not self.plan.allows(each)), None)
        if purpose is None:
            return ()
        edits = list(_edits(tag, purpose, "", _LINK_NAMES, b"href", b""))
        mark = _mark(tag, purpose, "", edits) if tag.certain and not tag.nested else ()
        self.blocked.append(BlockedTag("hint", purpose, mark=mark, base=tag.base is not None))
        return edits


def hint_purpose(
    engine: Engine, relation: str, url: str, base: str | None = None, destination: str = ""
) -> Purpose | None:
    """The purpose that a link of these relation types serves when it is a hint to a host that must wait.

    What a `preload` alone brings to be shown is content. For every other relation browsers pay no heed to what it is
    for.
    """
    hints = set(relation.lower().split()) & _HINTS
    preloads = hints == {"preload"}
    if not hints or (preloads and destination.strip().lower() in _CONTENT):
        return None
    if preloads and destination.strip().lower() == "image":
        found = _recognize(engine, "img", url, None, base)
        return found.rule.purpose if found else None
    if hints & _FETCHES:
        found = _recognize(engine, "script", url, None, base)
        if found is not None:
            return found.rule.purpose
    return purpose_of_url(engine, url, base)


def purpose_of_url(engine: Engine, url: str, base: str | None = None) -> Purpose | None:
    """The purpose for which a browser would contact this address at all; None where it may."""
    hosts = (host for parsed in possible_urls(url, base) for host in _hosts(engine, parsed))
    purposes = (vendor.host_purpose(host) for host in hosts for vendor in engine.policy.vendors)
    return next((purpose for purpose in purposes if purpose is not None), None)


def srcset_urls(sources: str) -> Iterator[str]:
    """The addresses of a `srcset`, as many as are read."""
    found = _CANDIDATE.finditer(sources.strip(_HTML_SPACE + ","))
    return (candidate[1] for candidate in islice(found, _MANY))


def _is_style_sheet(tag: StartTag, relation: str) -> bool:
    """Whether a browser loads this link's style sheet, so that a hint beside it asks for nothing more."""
    kind = (tag.get(b"type") or "text/css").partition(";")[0].strip(_HTML_SPACE).lower()
    return "stylesheet" in relation.lower().split() and kind == "text/css" and tag.get(b"disabled") is None


def _recognize(
    engine: Engine, element: str, src: str, tag: StartTag | None, base: str | None = None
) -> RuleMatch | None:
    if tag is None or tag.text is not None or len(tag.raw) > _SHORT or len(tag.base or "") > _SHORT:
        return _recognize_afresh(engine, element, src, tag, base)
    # The pages of a site have the same tags.
    recognize = engine.cached(_recognize_raw, 512)
    return recognize(element, src, tag.raw, tag.base, tag.encoding, tag.xml)


def _recognize_raw(
    engine: Engine, element: str, src: str, raw: bytes, base: str | None, encoding: str, xml: bool
) -> RuleMatch | None:
    tag = StartTag(element.encode("utf-8", "replace"), raw, base=base, encoding=encoding, xml=xml)
    return _recognize_afresh(engine, element, src, tag, base)


def _recognize_afresh(
    engine: Engine, element: str, src: str, tag: StartTag | None, base: str | None
) -> RuleMatch | None:
    attributes = _attributes(tag) if tag else {}
    if (tag is None or tag.text is None) and (said := content_of_url(src)) is not None:
        return _recognize_said(engine, element, said)
    if tag is not None and tag.text is not None:
        sights = [PageElement(element, attributes=attributes, text=decode_text(tag.text, tag.encoding))]
    else:
        urls = possible_urls(src, tag.base if tag else base)
        sights = [PageElement(element, src, _hosts(engine, url), url.path, attributes) for url in urls]
    return next(
        (found for sight in sights for vendor in engine.policy.vendors if (found := vendor.recognize(sight))),
        None,
    )


def _recognize_said(engine: Engine, element: str, said: str) -> RuleMatch | None:
    """The rule for a script or a document that its own address holds, by what it says or by what it loads."""
    sight = PageElement(element, text=fold_strings(said.encode("latin-1", "replace")).decode("latin-1"))
    found = next((found for vendor in engine.policy.vendors if (found := vendor.recognize(sight))), None)
    if found is not None or element == "script":
        return found
    addresses = (each[0] for each in islice(_ADDRESS.finditer(said), _MANY))
    kinds = ("script", "iframe", "img")
    known = (_recognize(engine, kind, address, None) for address in addresses for kind in kinds)
    return next((found for found in known if found is not None), None)


def _hosts(engine: Engine, url: URL) -> Sequence[str]:
    """The host that a URL names, and those hosts of vendors for which that origin stands in."""
    return (url.host, *engine.hosts_proxied_by(url.host, url.port))


def _runs(tag: StartTag) -> bool:
    """Whether a browser runs this script (HTML, section 4.12.1.1, "prepare the script element", steps 8 to 12)."""
    kind = tag.get(b"type")
    if kind is None:
        language = tag.get(b"language")
        kind = f"text/{language}" if language else ""
    return _RUNS.fullmatch(kind.strip(_HTML_SPACE)) is not None


def _speculates(tag: StartTag) -> bool:
    """Whether this script holds speculation rules."""
    return (tag.get(b"type") or "").strip(_HTML_SPACE).lower() == "speculationrules"


def _script_names(tag: StartTag) -> frozenset[bytes]:
    """Return the attributes that a held script is not to keep.

    A browser takes no notice of `src` in SVG and of `href` in HTML, so the release need not either.
    """
    if tag.svg:
        return _SCRIPT_NAMES - {b"src"}
    return _SCRIPT_NAMES - {b"href", b"xlink:href"} if tag.certain else _SCRIPT_NAMES


def _addresses(tag: StartTag) -> tuple[bytes, ...]:
    """The attributes in which a browser looks for this script's address (SVG 2, section 16.2, for SVG's)."""
    return (b"href", b"xlink:href") if tag.svg else (b"src",)


def _is_delayed(tag: StartTag) -> bool:
    """Whether a tool that speeds pages up will run this script later."""
    return _DELAYED.fullmatch((tag.get(b"type") or "").strip(_HTML_SPACE)) is not None


def _has_unknown_type(tag: StartTag) -> bool:
    """Whether the type of a script that browsers do not run is nobody's known: some tool will run it later."""
    kind = (tag.get(b"type") or "").strip(_HTML_SPACE)
    return _HELD_OR_DATA.fullmatch(kind) is None and not _is_claimed(tag)


def _is_put_off(tag: StartTag, address: bytes) -> bool:
    """Whether a script of the site's own waits here for its moment, and no tool that all sites use."""
    return address == b"data-src" and (tag.get(b"data-type") or "").lower() != "lazy"


def _is_claimed(tag: StartTag) -> bool:
    """Whether another tool for consent holds this tag back."""
    named = any(_CLAIMED.match(attribute.name.decode("latin-1")) for attribute in tag.attributes)
    return named or _CLAIMED_CLASS.search(tag.get(b"class") or "") is not None


def _attributes(tag: StartTag) -> dict[str, str]:
    """The attributes as a browser reads them: the first of each name counts."""
    found: dict[str, str] = {}
    for attribute in tag.attributes:
        name = attribute.name.decode("utf-8", "replace")
        if name not in found:
            found[name] = tag.get(attribute.name) or ""
    return found


def _mark(tag: StartTag, purpose: Purpose, kind: str, edits: Sequence[Edit]) -> Mark:
    """How the page's script knows an element again behind these edits: the first attribute of each name counts."""
    said = {"data-consent": purpose.value}
    if kind:
        said["data-consent-kind"] = kind
    beginning = "data-" if tag.name == b"script" else "data-consent"
    for name, value in _behind(tag, edits):
        if name.startswith(beginning):
            said.setdefault(name, value)
    return (tag.name.decode("utf-8", "replace"), *(f"{name}={value}" for name, value in said.items()))


def _behind(tag: StartTag, edits: Sequence[Edit]) -> Iterator[tuple[str, str]]:
    """Return the tag's own attributes under the names that they have behind these edits."""
    renamed = {edit.start: edit.replacement for edit in edits if edit.end > edit.start}
    for attribute in tag.attributes:
        name = renamed.get(attribute.name_span[0], attribute.name).decode("utf-8", "replace")
        yield name, tag.get(attribute.name) or ""


def _bare(guard: bytes) -> bytes:
    """A guard's tag without quotation marks, for where it may stand in another tag's attribute."""
    before, mark, settings = guard.partition(b" data-guard='")
    return before.replace(b'"', b"") + mark[:-1] + settings.replace(b'"', b"&#34;").replace(b"'", b"")


def _edits(
    tag: StartTag, purpose: Purpose, kind: str, names: frozenset[bytes], address: bytes, addition: bytes
) -> Iterator[Edit]:
    """The smallest edits after which the tag does nothing: a note behind its name, and some attributes set aside.

    `address` is the attribute whose value the release takes for the address.
    """
    # As it stands there: in XML a name may have a prefix, which `tag.name` leaves out.
    behind_name = len(_OPENING.match(tag.raw)[0])  # type: ignore[index]
    note = addition + b' data-consent="' + purpose.value.encode("ascii") + b'"'
    if kind:
        note += b' data-consent-kind="' + kind.encode("ascii") + b'"'
    if tag.bare:
        # A slash behind a value without quotation marks would be part of it.
        note = note.replace(b'"', b"") + b" " * (tag.raw[behind_name : behind_name + 1] == b"/")
    yield Edit(behind_name, behind_name, note)
    for attribute in tag.attributes:
        if attribute.name not in names:
            continue
        # A colon in the new name would be a namespace prefix that an XML document does not declare.
        name = b"href" if attribute.name in {b"href", b"xlink:href"} else attribute.name
        if attribute.name == address and address in _LATER:
            name = b"src"
        if attribute.name == b"type" and not (_runs(tag) or _speculates(tag)):
            # What a plugin made up, so that the script waits, goes with the waiting.
            name = b"was-type"
        yield Edit(*attribute.name_span, b"data-consent-" + name)
