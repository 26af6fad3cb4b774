"""Put the middleware's own scripts into one page: the guard, the stand-ins for globals, and the visitor's consent.

The stand-ins take the place of the globals of blocked libraries. The last script tells the vendors' scripts what the
visitor has agreed to. Each of these scripts needs an address that a `<base>` cannot redirect, and a nonce if the page's
Content-Security-Policy asks for one. This module keeps what the page says about both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .csp import ContentSecurityPolicy, ScriptElement
from .engine import Engine
from .facade import PageLinks
from .facade.asset import Asset
from .html.charset import decode_text
from .html.normalize import fold_strings
from .html.rewriter import Edit, StartTag
from .other_tools import is_tag_manager
from .plan import Plan
from .purpose import Action, Purpose
from .rules import RuleMatch, TextRule
from .scripts.loads import scan
from .scripts.snippets import waits_for_page
from .urls import parse_url

#: By these attributes of its root, a page is an AMP page.
_AMP = frozenset({b"amp", "\u26a1".encode()})


@dataclass(slots=True)
class OwnScripts:
    """Decide for one page where the middleware's own scripts go, and under which address and nonce.

    In the sets of booleans, False means the page, and True a document in a frame's `srcdoc`.

    Attributes:
        engine: the engine.
        plan: the plan for this request.
        asset_url: the path of the facade's script.
        nonce: the nonce for these scripts: from the response's head, or else from the page itself.
        authority: the host and port under which the page was requested.
        offers_chat: whether the site offers its chat now.
        language: the language of the facade's texts, if the site has chosen it for this request.
        csp: what the page's CSP says about scripts.
        inline: whether the guard may be inlined in the page.
        links: what the addresses of the facade's links depend on.
        guard_decided: for which documents it is decided whether they get a guard.
        guarded: which of them have one.
        has_stand_ins: whether stand-ins for globals are in the page; None while no tag has needed them.
        has_consent: whether it is decided where the script with the visitor's consent is.
        blocks_inline_styles: whether a policy, in the response's head or in the page so far, blocks style elements.
    """

    engine: Engine
    plan: Plan
    asset_url: str
    nonce: str | None
    authority: str
    offers_chat: bool
    language: str | None
    csp: ContentSecurityPolicy
    inline: bool
    links: PageLinks
    guard_decided: set[bool] = field(default_factory=set)
    guarded: set[bool] = field(default_factory=set)
    has_stand_ins: bool | None = None
    has_consent: bool = False
    blocks_inline_styles: bool = False
    _root: StartTag | None = None
    _is_amp: bool = False
    #: What policies in `meta` elements say about scripts.
    _meta_sources: tuple[str, ...] = ()
    #: Whether a `<base>` may lead to another host.
    _base_is_foreign: bool = False

    def __post_init__(self) -> None:
        """Take what the response's head says about styles."""
        self.blocks_inline_styles = self.csp.blocks_inline_styles

    @property
    def lang(self) -> str | None:
        """The page's language, as its root element says."""
        return None if self._root is None else self._root.get(b"lang") or self._root.get(b"xml:lang")

    @property
    def allowed(self) -> list[Purpose]:
        """The purposes that are allowed on this page."""
        return [purpose for purpose in Purpose if self.plan.allows(purpose)]

    @property
    def shows_placeholders(self) -> bool:
        """Whether a placeholder stands in for a blocked embed."""
        return self.plan.decisions[Purpose.EMBEDS].action is Action.FACADE

    def wants_guard(self, *, nested: bool) -> bool:
        """Return whether the guard goes before the next script of this document, whatever that is."""
        return self.engine.policy.guard == "always" and nested not in self.guard_decided and self._may_guard

    def wants_consent(self, *, nested: bool) -> bool:
        """Return whether the script with the visitor's consent goes before the next script of this document."""
        return self.plan.forwards and not (nested or self.has_consent or self._is_amp)

    @property
    def _may_guard(self) -> bool:
        return self.engine.policy.guard != "never" and self.plan.touches_html and not self._is_amp

    def note_root(self, tag: StartTag) -> None:
        """Note the page's root element: it names the language, and says whether this is an AMP page.

        An AMP page allows no scripts but AMP's own.
        """
        self._root = tag
        self._is_amp = any(attribute.name in _AMP for attribute in tag.attributes)

    def scripts_before(self, tag: StartTag, *, runs: bool) -> Sequence[Edit]:
        """Return the edits that put our scripts before the first script, or event handler, of the page."""
        return [*self.guard_before(tag, runs=runs), *self.consent_before(tag, runs=runs)]

    def guard_before(self, tag: StartTag, *, runs: bool) -> Sequence[Edit]:
        """Return the edit that puts the guard before the first script, or event handler, that may insert tags.

        A guard covers its own document only: one in a frame's `srcdoc` does not protect the page.
        """
        if tag.nested in self.guard_decided or not self._may_guard:
            return ()
        if tag.svg or not tag.certain or self._is_end_script(tag):
            return ()
        if self._is_guard(tag):
            self.guard_decided.add(tag.nested)
            self.guarded.add(tag.nested)
            return ()
        if not runs:
            return ()
        if self.engine.policy.guard == "auto":
            text = fold_strings(tag.text or b"").decode("latin-1") or tag.get(b"src") or ""
            if not is_tag_manager(text):
                return ()
        self.guard_decided.add(tag.nested)
        address = self.address(self.asset_url)
        if address is None:
            return ()
        # A policy may be in the page itself; then the tag's own nonce is all that is known about it.
        self.nonce = self.nonce or tag.get(b"nonce")
        guard = self.engine.facade.guard
        inline = self._may_be_inline(tag, guard)
        if not (inline or self._lets_run(guard, address)):
            self.engine.notices.note(
                "csp-refuses-guard",
                "a page's Content-Security-Policy does not let the guard run: it names neither a nonce nor 'self'. "
                "Tags in the page are still blocked; tags that its scripts insert are not",
            )
            return ()
        markup = self.engine.facade.guard_markup(
            address,
            self.nonce,
            self.allowed,
            lang=self.language or self.lang,
            inline=inline,
            ask=self.engine.policy.cacheable,
            offers=self._offered_buttons,
        )
        self.guarded.add(tag.nested)
        return [Edit(0, 0, _without_quotes(markup) if tag.bare else markup)]

    def guard_covers(self, tag: StartTag, found: RuleMatch) -> bool:
        """Return whether an inline script may run although it loads, or calls, what has to wait.

        A vendor's snippet and nothing else is blocked whole. A script with code of the site's own runs, and so does a
        snippet that waits for the page to load, for which a release would be too late: the guard before it blocks what
        it inserts, and stand-ins take its calls. It is blocked if there is no guard, or if it requests something that
        no guard sees.
        """
        rule = found.rule
        if not isinstance(rule, TextRule) or tag.text is None or not tag.certain or not rule.has_stand_in:
            return False
        if tag.nested not in self.guarded or self.plan.allows(rule.purpose):
            return False
        script = scan(decode_text(tag.text, tag.encoding))
        if found.text is not None and not waits_for_page(script):
            return False
        imported = script.imported
        if imported is None or any(rule.pattern.search(address) for address in imported):
            return False
        return rule.is_address or not (tag.nested or self.has_stand_ins is False)

    def stand_ins_before(self, tag: StartTag, found: RuleMatch, src: str) -> Sequence[Edit]:
        """Return the edit that puts stand-ins for globals before the first blocked library that creates one."""
        if self.has_stand_ins is not None or tag.nested not in self.guarded or self.plan.allows(found.rule.purpose):
            return ()
        makers = (each.libraries for vendor in self.engine.policy.vendors for each in vendor.stand_ins)
        if tag.nested or not any(made and made.search(src) for made in makers):
            return ()
        self.has_stand_ins = False
        address = self.address(self.asset_url)
        asset = self.engine.facade.stand_ins
        inline = self._may_be_inline(tag, asset)
        if address is None or tag.bare or not (inline or self._lets_run(asset, address)):
            return ()
        self.has_stand_ins = True
        return [Edit(0, 0, self.engine.facade.script_markup(asset, address, self.nonce, inline=inline))]

    def consent_before(self, tag: StartTag, *, runs: bool) -> Sequence[Edit]:
        """Return the edit that puts the script with the visitor's consent before the first script that may read it."""
        if not (runs and self.wants_consent(nested=tag.nested)) or tag.svg or tag.bare or not tag.certain:
            return ()
        self.has_consent = True
        address = self.address(self.asset_url)
        if address is None:
            return ()
        self.nonce = self.nonce or tag.get(b"nonce")
        asset = self.engine.facade.consent_script(self.plan.agreed)
        inline = self._may_be_inline(tag, asset)
        if not (inline or self._lets_run(asset, address)):
            self.engine.notices.note(
                "csp-refuses-consent",
                "a page's Content-Security-Policy does not let the script run that tells the vendors' scripts what the "
                "visitor has agreed to: it names neither a nonce nor 'self'",
            )
            return ()
        return [Edit(0, 0, self.engine.facade.script_markup(asset, address, self.nonce, inline=inline))]

    def address(self, path: str) -> str | None:
        """Return the address of one of our scripts: its path, or host and path where a `<base>` leads to another host.

        None means that the page's own host is not known. A `<base>` after the script's tag does not count: a browser
        reads an address when the element enters the page, and the script resolves its own against the page's.
        """
        if not self._base_is_foreign:
            return path
        if not self.authority:
            self.engine.notices.note(
                "base-without-host",
                "a page has a <base> with a host and its request names none: the script that releases blocked tags is "
                "left out",
            )
            return None
        return f"//{self.authority}{path}"

    def note_base(self, href: str | None) -> None:
        """Note whether a `<base>` may lead to another host than the page's.

        A browser obeys the first in the tree. Any of them counts here: one in a table moves before the table, and a
        policy may forbid one of them.
        """
        base = None if href is None else parse_url(href)
        self._base_is_foreign |= href is not None and (base is None or bool(base.host or base.scheme))

    def note_policy(self, tag: StartTag) -> None:
        """Note what a `meta` element says about scripts (HTML, section 4.2.5.3, "Content security policy state").

        Browsers ignore it in the body, where anyone may have written it. So it only keeps the guard from being
        inlined, and gives the nonce of a page whose head names none.
        """
        if (tag.get(b"http-equiv") or "").lower() == "content-security-policy":
            fields = [(b"content-security-policy", (tag.get(b"content") or "").encode("latin-1", "replace"))]
            within = ContentSecurityPolicy.from_headers(fields)
            self._meta_sources += within.script_sources
            self.blocks_inline_styles |= within.blocks_inline_styles
            self.nonce = self.nonce or within.nonce

    @property
    def _offered_buttons(self) -> dict[str, object]:
        """What a button may stand in for when a script of the site inserts it.

        The browser knows the pages on which the site offers its chat.
        """
        offers: dict[str, object] = {}
        if self.offers_chat and self.plan.decisions[Purpose.CHAT].action is not Action.BLOCK:
            accounts = self.engine.policy.chat_accounts
            offers["chat"] = 1 if accounts is None else sorted(accounts)
            if self.blocks_inline_styles:
                offers["blocksStyles"] = 1
        if self.shows_placeholders:
            offers["embeds"] = 1
        if offers and (links := self.engine.facade.unusual_links(self.language or self.lang, self.links)):
            offers["links"] = links
        return offers

    def _may_be_inline(self, tag: StartTag, asset: Asset) -> bool:
        """Return whether one of our scripts may be inlined before `tag`, so that no file is requested."""
        fits = self.inline and not (tag.nested or tag.xml or tag.bare)
        return fits and self._lets_run(asset, None, self._meta_sources)

    def allows_script(self, url: str, nonce: str | None) -> bool:
        """Return whether the page's policies, as far as they are known by now, let a script load from this address."""
        csp = self.csp._replace(script_sources=(*self.csp.script_sources, *self._meta_sources))
        parsed = parse_url(url)
        return parsed is not None and csp.allows(ScriptElement(parsed, nonce or ""), self.authority)

    def _lets_run(self, asset: Asset, address: str | None, more: Sequence[str] = ()) -> bool:
        """Return whether the page's policies let a script run, from a file or, without an address, in the page."""
        text = asset.body.rstrip().decode("ascii") if address is None else None
        url = None if address is None else parse_url(address)
        csp = self.csp._replace(script_sources=(*self.csp.script_sources, *more)) if more else self.csp
        return csp.allows(ScriptElement(url, self.nonce or "", "", text), self.authority)

    def _is_guard(self, tag: StartTag) -> bool:
        """Return whether this is our own guard: anyone could write its attribute."""
        if tag.get(b"data-guard") is None:
            return False
        if tag.get(b"src") is None:
            return tag.script.strip() == self.engine.facade.guard.body.strip()
        return self._is_ours(tag)

    def _is_end_script(self, tag: StartTag) -> bool:
        """Return whether this is our script at the page's end: a page that is rewritten again needs no other guard."""
        return tag.get(b"data-conf") is not None and self._is_ours(tag)

    def _is_ours(self, tag: StartTag) -> bool:
        """Return whether a script's address is one of the middleware's own."""
        folder = self.asset_url.rpartition("/")[0]
        return (tag.get(b"src") or "").rpartition("/")[0] in {folder, f"//{self.authority}{folder}"}


def _without_quotes(guard: bytes) -> bytes:
    """Return a guard's tag without quotation marks, for a place that may be inside another tag's attribute."""
    before, mark, settings = guard.partition(b" data-guard='")
    return before.replace(b'"', b"") + mark[:-1] + settings.replace(b'"', b"&#34;").replace(b"'", b"")
