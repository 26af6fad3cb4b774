"""What is held on one page, and what stands in for it: the edits that a plan means for the tags of a document.

Knows: the plan, the vendors' rules, which attributes make a browser fetch or run a tag, and the marks by which other
tools delay a script or hold it back.
Must not know: any vendor by name, how HTML is tokenised, HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from weakref import WeakKeyDictionary

from .html.rewriter import Edit, Search, StartTag
from .policy import Plan, Policy
from .rules import Action, ChatScript, Found, Purpose, Recognition, Sight
from .tag_managers import is_tag_manager
from .urls import URL, parse_url, possible_urls

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
#: By these attributes, other tools for consent know the tags that they hold back.
_CLAIMED = re.compile(
    r"data-(?:usercentrics|uc-|cookieconsent$|cookiecategory|cookieyes|cookie-|category$|categories$|name$|service$|consent"
    r"|cmp-|requires-|borlabs|borlabs-|iub|suppressedsrc|klaro|cli-|tarteaucitron|didomi|vendor$|purposes$)|consent-"
)
_CLAIMED_CLASS = re.compile(r"(?:^|\s)(?:optanon-category-|cmplz-|_iub_cs_|cky-|brlbs|tarteaucitron)")

#: HTML, section 13.2.5.8, "tag name state": a name ends at white space, a slash or ">".
_OPENING = re.compile(rb"<[^\t\n\f\r />]*")
_HTML_SPACE = " \t\n\f\r"

#: HTML, section 4.6.7, and Resource Hints: link types that make a browser reach a host before a tag asks for it, and
#: those among them that fetch something from it.
_FETCHES = frozenset({"prefetch", "preload", "modulepreload", "prerender"})
_HINTS = _FETCHES | {"dns-prefetch", "preconnect"}
#: HTML, section 4.2.4.2, and Fetch, section 2.2.7, "destination": what is fetched to be shown is content.
_CONTENT = frozenset({"audio", "font", "image", "style", "track", "video"})

#: What a held tag is not to keep: a browser would fetch, run or find it by these.
_SCRIPT_NAMES = frozenset({b"src", b"type", b"id", b"href", b"xlink:href"})
_LINK_NAMES = frozenset({b"href", b"imagesrcset"})
_OTHER_NAMES = frozenset({b"src", b"srcset"})
#: HTML, section 4.8.4.2.1: the addresses of `srcset`, each with what follows it up to the next; and how many are read.
_CANDIDATE = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s[^,]*+)?")
_MANY = 64

#: The longest tag, in bytes, whose rule is remembered: a longer one is hardly the same in the next page.
_SHORT = 1024

#: What is asked about, besides the custom elements that load things.
_ELEMENTS = frozenset({b"script", b"link", b"img", b"iframe"})


@dataclass(frozen=True, slots=True)
class Held:
    """One tag that waits: the rule that knew it, the purpose it waits for, and where it is known, what it loads."""

    rule: str
    purpose: Purpose
    kind: str = ""
    src: str = ""


@dataclass(slots=True)
class PageHolds:
    """Watches the tags of one document for one plan (`html.rewriter.TagWatch`).

    Args: the policy, the plan, the path of the facade's script, the nonce that the page's policy names, if any, the
    authority (host and port) under which the page was asked for, whether the site offers its chat on this page, the
    language of the facade's words, where the site has chosen it for this request, and whether that policy lets none of
    the page's own scripts run without the nonce, and all that scripts insert.
    """

    policy: Policy
    plan: Plan
    asset_url: str
    nonce: str | None = None
    authority: str = ""
    offers_chat: bool = True
    language: str | None = None
    nonced: bool = False
    search: Search = field(init=False)
    held: list[Held] = field(default_factory=list)
    _page_nonce: str | None = field(init=False)
    _chat: ChatScript | None = None
    _is_own_chat: bool = False
    _chat_loads: bool = False
    _base: str | None = None
    #: Which documents have a guard: the page (False), those within it (True).
    _guarded: set[bool] = field(default_factory=set)
    _watches: bool = False
    _root: StartTag | None = None
    _vendor: str | None = None

    def __post_init__(self) -> None:
        """Say what to look for: where no host of a vendor can stand, no tag is asked about."""
        self.search = _search(self.policy)
        self._page_nonce = self.nonce

    def reads(self, tag: StartTag) -> bool:
        """Whether this script is inline, and runs at once or when a tool that delays it sees fit."""
        if any(tag.get(name) is not None for name in _addresses(tag)):
            return False
        # Where no tool delays it, a browser runs the text and knows no other address.
        return _runs(tag) or (_is_delayed(tag) and all(tag.get(name) is None for name in _LATER))

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """The edits that hold `tag`, or none where it may stay."""
        if tag.name == b"link":
            return self._link(tag)
        if tag.name == b"script":
            return [*self._guard(tag), *self._script(tag)]
        return self._other(tag)

    def root(self, tag: StartTag) -> None:
        """Keep the root element, which says the page's language."""
        self._root = tag

    def tail(self) -> bytes:
        """The facade where a held tag would have brought the chat and no other does, and the script that releases what
        is held and ends what runs."""
        chat = self._chat
        if self._chat_loads or self.plan.decisions[Purpose.CHAT].action is Action.BLOCK:
            chat = None
        guarded = False in self._guarded
        needless = not (guarded or self._watches) and all(held.rule == "hint" for held in self.held)
        if chat is None and needless:
            return b""
        # The script that has come with the guard is the one that goes on.
        embeds = guarded or any(held.purpose is Purpose.EMBEDS for held in self.held)
        return self.policy.facade.markup(
            chat,
            asset_url=self._absolute(self.asset_url),
            nonce=self.nonce,
            allowed=self._allowed,
            lang=self._lang,
            language=self.language,
            held=[held.src for held in self.held if held.src],
            placeholders=embeds and self._stands_in_for_embeds,
            vendor=self._vendor,
            ask=self.policy.cacheable,
        )

    @property
    def _stands_in_for_embeds(self) -> bool:
        return self.plan.decisions[Purpose.EMBEDS].action is Action.FACADE

    @property
    def _lang(self) -> str | None:
        return None if self._root is None else self._root.get(b"lang") or self._root.get(b"xml:lang")

    @property
    def _allowed(self) -> list[Purpose]:
        return [purpose for purpose in Purpose if self.plan.allows(purpose)]

    def _guard(self, tag: StartTag) -> Sequence[Edit]:
        """The guard, before the first script that may insert tags of its own.

        A guard holds what is inserted into its own document: one in a frame's `srcdoc` is none for the page.
        """
        if tag.nested in self._guarded or self.policy.guard == "never" or not self.plan.touches_html:
            return ()
        if tag.svg or not tag.certain or self._is_own(tag):
            return ()
        if tag.get(b"data-guard") is not None:
            self._guarded.add(tag.nested)
            return ()
        said = (tag.text or b"").decode("latin-1") or tag.get(b"src") or ""
        if self.policy.guard == "auto" and not ((_runs(tag) or _is_delayed(tag)) and is_tag_manager(said)):
            return ()
        self._guarded.add(tag.nested)
        self._base = tag.base
        # A policy may stand in the page itself; then the tag's own nonce is all that is known of it.
        self.nonce = self.nonce or tag.get(b"nonce")
        markup = self.policy.facade.guard_markup(
            self._absolute(self.asset_url),
            self.nonce,
            self._allowed,
            lang=self.language or self._lang,
            placeholders=self._stands_in_for_embeds,
        )
        return [Edit(0, 0, markup)]

    def _is_own(self, tag: StartTag) -> bool:
        """Whether this is the script that stands at the page's end: a page that comes again needs no other guard."""
        src = tag.get(b"src")
        own = src is not None and src.rpartition("/")[0] == self._absolute(self.asset_url).rpartition("/")[0]
        return own and tag.get(b"data-conf") is not None

    def _absolute(self, path: str) -> str:
        """The path as it is, or with the page's own authority where a `<base>` would turn it to another host."""
        base = parse_url(self._base) if self._base is not None else None
        return f"//{self.authority}{path}" if base and base.host and self.authority else path

    def _script(self, tag: StartTag) -> Sequence[Edit]:
        """A script that waits does not run, is not fetched, and is not found by its id."""
        if not (_runs(tag) or _is_delayed(tag)):
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
            # a tool for consent reads is that tool's to release.
            if not src or (address in _LATER and not _is_delayed(tag) and _is_claimed(tag)):
                return ()
            found = self._known(tag, src)
        if found is None:
            return ()
        # A browser takes no notice of `src` in SVG, so the release need not either.
        names = _SCRIPT_NAMES - {b"src"} if tag.svg else _SCRIPT_NAMES
        return self._hold(tag, found, src or "", names | {address}, address, b' type="text/x-consent"')

    def _other(self, tag: StartTag) -> Sequence[Edit]:
        """A picture, a frame or a custom element that waits has no address, so that nothing is fetched for it."""
        for address in (b"src", *_LATER):
            src = tag.get(address)
            found = self._known(tag, src) if src else None
            if src and found is not None:
                names = _OTHER_NAMES if address == b"src" else frozenset({address})
                return self._hold(tag, found, src, names, address, b"")
        # A browser picks one of these in place of a picture's `src`.
        sources = (tag.get(b"srcset") or "") if tag.name == b"img" else ""
        for found_url in islice(_CANDIDATE.finditer(sources.strip(_HTML_SPACE + ",")), _MANY):
            found = self._known(tag, found_url[1])
            if found is not None:
                return self._hold(tag, found, tag.get(b"src") or "", _OTHER_NAMES, b"src", b"")
        return ()

    def _known(self, tag: StartTag, src: str) -> Found | None:
        """The rule that knows this element by its address or its text, or None."""
        return _recognise(self.policy, tag.name.decode("utf-8", "replace"), src, tag)

    def _hold(
        self, tag: StartTag, found: Found, src: str, names: frozenset[bytes], address: bytes, addition: bytes
    ) -> Sequence[Edit]:
        rule = found.rule
        # A script that the page's policy stops is held like any other. Released by ours, it would run, so it never is,
        # and it brings no chat: it may be markup that somebody has got into the page.
        is_stopped = self.nonced and tag.name == b"script" and tag.get(b"nonce") != self._page_nonce
        if is_stopped:
            self.policy.notices.note(
                "no-nonce", f"a tag ({rule.id}) lacks the nonce that the page's policy asks for: no browser runs it"
            )
        if self.plan.allows(rule.purpose):
            if is_stopped:
                return ()
            self._chat_loads |= Purpose.CHAT in rule.brings
            self._watches = self.policy.withdrawal == "at-once"
            # An edit that changes nothing, for the sake of the script behind it.
            return (Edit(0, 0, b""),) if self._watches else ()
        self.held.append(Held(rule.id, rule.purpose, rule.kind, "" if is_stopped else src))
        self._base = tag.base
        if not is_stopped:
            self._remember_chat(tag, found, src)
        return list(_edits(tag, rule.purpose, rule.kind, names, address, addition))

    def _remember_chat(self, tag: StartTag, found: Found, src: str) -> None:
        """Keep the chat that this tag brings.

        A tag that is the chat itself goes before tags that bring it along; among equals the first in the document.
        """
        own = found.rule.purpose is Purpose.CHAT
        if found.rule.chat is None or not self.offers_chat or (self._chat is not None and self._is_own_chat >= own):
            return
        text = (tag.text or b"").decode("latin-1")
        recognition = Recognition(src, found.region, found.account, _attributes(tag), self.policy.origin_of, text)
        chat = found.rule.chat(recognition)
        if chat is not None and self.policy.offers_account(chat.account):
            self._chat, self._is_own_chat = chat, own
            self._vendor = found.rule.id.partition(".")[0]
            self.nonce = self.nonce or tag.get(b"nonce")

    def _link(self, tag: StartTag) -> Sequence[Edit]:
        href = tag.get(b"href")
        relation, destination = tag.get(b"rel") or "", tag.get(b"as") or ""
        purpose = None if href is None else early_purpose(self.policy, relation, href, tag.base, destination)
        if purpose is None or self.plan.allows(purpose):
            return ()
        self.held.append(Held("hint", purpose))
        return list(_edits(tag, purpose, "", _LINK_NAMES, b"href", b""))


#: What each policy looks for, as long as the policy is there.
_SEARCHES: WeakKeyDictionary[Policy, Search] = WeakKeyDictionary()


def _search(policy: Policy) -> Search:
    found = _SEARCHES.get(policy)
    if found is None:
        found = _SEARCHES[policy] = Search(
            policy.needles,
            _ELEMENTS | policy.loading_elements,
            script_words=policy.script_words,
            text_needles=policy.text_needles,
        )
    return found


def early_purpose(
    policy: Policy, relation: str, url: str, base: str | None = None, destination: str = ""
) -> Purpose | None:
    """The purpose that a link of these relation types serves when it is a hint to a host that must wait.

    A style sheet is content, whatever else its relation says, and so is what is fetched early to be shown.
    """
    types = set(relation.lower().split())
    if not types & _HINTS or "stylesheet" in types or destination.lower() in _CONTENT:
        return None
    parsed = parse_url(url, base)
    if parsed is None:
        return None
    if types & _FETCHES:
        found = _recognise(policy, "script", url, None, base)
        if found is not None:
            return found.rule.purpose
    purposes = (vendor.hint_purpose(host) for host in _hosts(policy, parsed) for vendor in policy.vendors)
    return next((purpose for purpose in purposes if purpose is not None), None)


def _recognise(policy: Policy, element: str, src: str, tag: StartTag | None, base: str | None = None) -> Found | None:
    if tag is None or tag.text is not None or len(tag.raw) > _SHORT:
        return _recognise_afresh(policy, element, src, tag, base)
    return _recognise_again(policy, element, src, tag.raw, tag.base, tag.encoding, tag.xml)


@lru_cache(512)  # the pages of a site have the same tags
def _recognise_again(
    policy: Policy, element: str, src: str, raw: bytes, base: str | None, encoding: str, xml: bool
) -> Found | None:
    tag = StartTag(element.encode("utf-8", "replace"), raw, base=base, encoding=encoding, xml=xml)
    return _recognise_afresh(policy, element, src, tag, base)


def _recognise_afresh(policy: Policy, element: str, src: str, tag: StartTag | None, base: str | None) -> Found | None:
    attributes = _attributes(tag) if tag else {}
    if tag is not None and tag.text is not None:
        sights = [Sight(element, attributes=attributes, text=tag.text.decode("latin-1"))]
    else:
        urls = possible_urls(src, tag.base if tag else base)
        sights = [Sight(element, src, _hosts(policy, url), url.path, attributes) for url in urls]
    return next(
        (found for sight in sights for vendor in policy.vendors if (found := vendor.recognise(sight))),
        None,
    )


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


def _addresses(tag: StartTag) -> tuple[bytes, ...]:
    """The attributes in which a browser looks for this script's address (SVG 2, section 16.2, for SVG's)."""
    return (b"href", b"xlink:href") if tag.svg else (b"src",)


def _is_delayed(tag: StartTag) -> bool:
    """Whether a tool that speeds pages up will run this script later."""
    return _DELAYED.fullmatch((tag.get(b"type") or "").strip(_HTML_SPACE)) is not None


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
    yield Edit(behind_name, behind_name, note)
    for attribute in tag.attributes:
        if attribute.name not in names:
            continue
        # A colon in the new name would be a namespace prefix that an XML document does not declare.
        name = b"href" if attribute.name in {b"href", b"xlink:href"} else attribute.name
        if attribute.name == address and address in _LATER:
            name = b"src"
        if attribute.name == b"type" and not _runs(tag):
            # What a plugin made up, so that the script waits, goes with the waiting.
            name = b"was-type"
        yield Edit(*attribute.name_span, b"data-consent-" + name)
