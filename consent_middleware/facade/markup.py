"""The markup that the server adds to a page: the facade's place with a link, and the script with its settings.

All of it is ASCII, and well-formed as XML too, so that it reads the same in any page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, combinations
from types import MappingProxyType
from typing import NamedTuple

from consent_middleware.consent import OPTIONAL_CATEGORIES, Category
from consent_middleware.purpose import ChatScript, Purpose
from consent_middleware.vendor import ConsentBanner, Vendor

from .asset import (
    Asset,
    ScriptSettings,
    clicked_by_name,
    compose,
    compose_consent,
    compose_guard,
    compose_stand_ins,
)
from .links import NO_LINKS, Address, PageLinks, address_for
from .texts import LANGUAGES, NOT_TEXT, Texts, choose

#: How the script recognizes an element that the server has blocked: the element's name, and the names and values of its
#: marks. A script's other data attributes count too, because the script may read them.
Mark = tuple[str, ...]

#: The characters that mean something in the text of an element or in an attribute in quotes, as references.
_REFERENCES = str.maketrans({mark: f"&#{ord(mark)};" for mark in "&<>\"'"})

#: The same for JSON in an attribute in single quotes, where double quotes mean nothing.
_JSON_REFERENCES = str.maketrans({mark: f"&#{ord(mark)};" for mark in "&<>'"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Facade:
    """The facade's settings, the scripts that follow from them, and the markup for a page.

    Attributes:
        vendors: the vendors whose drivers the script contains.
        texts: the texts by language.
        contact_url: another way to make contact. The link is shown when the chat cannot be loaded, and to visitors
            without JavaScript. None: text only. A callable: each page brings the address (`PageLinks.chosen`).
        privacy_url: the privacy page, linked from the sentence that says what the click does. As `contact_url`.
        cookie: the name of the cookie that keeps the visitor's click for this visit.
        proxied: the site's own origins that serve hosts of the vendors, by host.
        banner: the vendor's consent banner that need not wait, if there is one.
        forwards_consent: whether pages tell the vendors' scripts what the visitor has agreed to.
        brings_guard: whether the script contains the guard too, for pages that have none before it.
        chat_pages: the paths below the mount on which the site offers its chat, with `*` for any characters. None: all.
        path: the path of the scripts, below the mount.
        assets: every script that a page may name, by its file name.
        guard: the guard's script, one of `assets`.
        stand_ins: the stand-ins for vendors' globals, one of `assets`.
    """

    vendors: tuple[Vendor, ...]
    texts: Mapping[str, Texts] = field(default_factory=lambda: LANGUAGES)
    contact_url: Address | Callable[..., object] = None
    privacy_url: Address | Callable[..., object] = None
    cookie: str = "consent_chat"
    proxied: Mapping[str, str] = field(default_factory=dict)
    banner: ConsentBanner | None = None
    forwards_consent: bool = False
    brings_guard: bool = False
    chat_pages: tuple[str, ...] | None = None
    path: str = "/_consent"
    assets: Mapping[str, Asset] = field(init=False)
    guard: Asset = field(init=False)
    stand_ins: Asset = field(init=False)
    _scripts: Mapping[tuple[str, str, bool], Asset] = field(init=False)
    #: The name of the usual script, which every page's address of it ends with.
    asset_name: str = field(init=False)
    _consent_scripts: Mapping[frozenset[Category], Asset] = field(init=False)
    _render_cached: Callable[..., tuple[bytes, bytes]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Compose the script for every language and vendor, with and without placeholders."""
        object.__setattr__(self, "guard", compose_guard(self.vendors, self.proxied, self.banner))
        scripts = {
            (language, vendor.id, embeds): compose(
                ScriptSettings(
                    texts,
                    language,
                    self.cookie,
                    self._usual_address("contact", language),
                    self._usual_address("privacy", language),
                    self.proxied,
                    self.chat_pages,
                    self.path,
                ),
                (vendor, *(other for other in self.vendors if other is not vendor)),
                embeds=embeds,
                guard=self.guard if self.brings_guard else None,
            )
            for language, texts in self.texts.items()
            for vendor in self.vendors
            for embeds in (False, True)
        }
        object.__setattr__(self, "texts", MappingProxyType(dict(self.texts)))
        object.__setattr__(self, "_scripts", scripts)
        object.__setattr__(self, "asset_name", self.asset().name)
        # The pages of a site are alike. The cache is this facade's own, so that both can be freed together.
        object.__setattr__(self, "_render_cached", lru_cache(256)(self.render))
        object.__setattr__(self, "stand_ins", compose_stand_ins(self.vendors))
        agreed = [
            frozenset(each)
            for size in range(len(OPTIONAL_CATEGORIES) + 1)
            for each in combinations(OPTIONAL_CATEGORIES, size)
            if self.forwards_consent
        ]
        object.__setattr__(self, "_consent_scripts", {each: compose_consent(self.vendors, each) for each in agreed})
        served = (*scripts.values(), self.guard, self.stand_ins, *self._consent_scripts.values())
        assets = {asset.name: asset for asset in served}
        object.__setattr__(self, "assets", MappingProxyType(assets))

    @property
    def fingerprint(self) -> str:
        """Return a value that changes with everything that markup depends on, apart from the arguments of `markup`."""
        labels = sorted((tag, texts.label) for tag, texts in self.texts.items())
        # A callable has no lasting name. What it chooses is a part of the page's context.
        links = [dict(each) if isinstance(each, Mapping) else callable(each) or each for each in self._links.values()]
        return repr((sorted(self.assets), labels, links))

    @property
    def chats(self) -> tuple[str, ...]:
        """The ids of the vendors with a chat, if there are several: the click's cookie then names one of them."""
        return clicked_by_name(self.vendors)

    @property
    def _links(self) -> dict[str, Address | Callable[..., object]]:
        """The settings of the links by name."""
        return {"contact": self.contact_url, "privacy": self.privacy_url}

    def _usual_address(self, name: str, language: str) -> str | None:
        """Return the address of a link in the script of a language; "" if only a page can say it."""
        setting = self._links[name]
        return "" if callable(setting) else address_for(setting, language, "")

    def links(self, lang: str | None, page: PageLinks) -> dict[str, str]:
        """Return the addresses of a page's links by name; "" for one that the page does not have.

        Args:
            lang: the language that the page asks for (BCP 47), or None.
            page: what else they depend on.
        """
        chosen = dict(page.chosen)
        addresses = {
            name: address_for(chosen.get(name) if callable(setting) else setting, lang, page.mount)
            for name, setting in self._links.items()
        }
        return {name: address or "" for name, address in addresses.items()}

    def unusual_links(self, lang: str | None, page: PageLinks) -> dict[str, str]:
        """Return those of `links` that differ from what the script of the language has, for the script."""
        language = choose(self.texts, lang)
        return {
            name: address
            for name, address in self.links(lang, page).items()
            if callable(self._links[name]) or address != (self._usual_address(name, language) or "")
        }

    def asset(self, lang: str | None = None, *, vendor: str | None = None, placeholders: bool = False) -> Asset:
        """Return the script for a page in a language (BCP 47) whose chat is a vendor's."""
        known = next((each.id for each in self.vendors if each.id == vendor), self.vendors[0].id)
        # A guard blocks embeds too, which then need a placeholder.
        return self._scripts[choose(self.texts, lang), known, placeholders or self.brings_guard]

    def consent_script(self, agreed: frozenset[Category]) -> Asset:
        """Return the script that tells the vendors' scripts what the visitor has agreed to."""
        return self._consent_scripts[agreed]

    def markup(
        self,
        chat: ChatScript | None,
        *,
        asset_url: str,
        nonce: str | None,
        allowed: Iterable[Purpose],
        lang: str | None = None,
        language: str | None = None,
        marks: Sequence[Mark] = (),
        based: int | None = None,
        texts: int = 0,
        bare: int = 0,
        placeholders: bool = False,
        vendor: str | None = None,
        ask: bool = False,
        more: bool = False,
        links: PageLinks = NO_LINKS,
        blocks_styles: bool = False,
        starts: bool = False,
        elsewhere: bool = False,
    ) -> bytes:
        """Return the markup for one page, to go before `</body>` or to the document's end.

        Args:
            chat: the script that the click loads, or None if there are only blocked tags to release.
            asset_url: the URL of any of the scripts; the one for this page has the same folder.
            nonce: the page's own CSP nonce, or None.
            allowed: the purposes that are allowed on this page. If the chat's is, the chat loads by itself.
            lang: the page's language, as its `<html lang>` says, or None if it says none.
            language: the language of the texts, if the site has chosen it; None: the page's.
            marks: the marks of the blocked elements that have an address. No others with an address are released.
            based: how many of them come before the first `<base>`; None if the page has none.
            texts: how many inline scripts are blocked.
            bare: how many more lack the page's nonce and run by their hash.
            placeholders: whether embeds are blocked, so that placeholders may stand in for them.
            vendor: the id of the chat's vendor; None: the first.
            ask: whether the page is the same for every visitor, so that the script asks for the visitor's own decision.
            more: whether the page has a script already, and this one lists what is blocked after it.
            links: what the addresses of the page's links depend on.
            blocks_styles: whether the page's CSP blocks style elements without a nonce, so that the chat must not use
                them.
            starts: whether the chat loads by itself although the tags of chats wait; see `Plan.opened`.
            elsewhere: whether the site offers its chat on other pages only. The page then has no button, until the
                visitor goes to such a page within the browser.
        """
        blocked = BlockedTags(tuple(marks), based, texts, bare)
        given = (
            chat,
            asset_url,
            tuple(allowed),
            lang,
            language,
            blocked,
            placeholders,
            vendor,
            ask,
            more,
            links,
            blocks_styles,
            starts,
            elsewhere,
        )
        chat_texts = () if chat is None else (chat.src, *chain.from_iterable(chat.attributes))
        # Markup with much of the page's own text rarely recurs, so it is not cached.
        is_short = sum(map(len, (*chain.from_iterable(marks), *chat_texts))) < _LONGEST_CACHED
        before, after = self._render_cached(*given) if is_short else self.render(*given)
        return before + (b' nonce="%s"' % escape_text(nonce) if nonce is not None else b"") + after

    def render(
        self,
        chat: ChatScript | None,
        asset_url: str,
        allowed: Iterable[Purpose],
        lang: str | None,
        language: str | None,
        blocked: BlockedTags,
        placeholders: bool,
        vendor: str | None,
        ask: bool,
        more: bool,
        links: PageLinks,
        blocks_styles: bool,
        starts: bool,
        elsewhere: bool,
    ) -> tuple[bytes, bytes]:
        """Return what `markup` does, in the parts before and after the nonce, which no other page has."""
        chosen = choose(self.texts, language or lang)
        asset = self.asset(chosen, vendor=vendor, placeholders=placeholders)
        settings: dict[str, object] = {}
        place = b""
        if chat is not None:
            if not elsewhere:
                contact = self.links(language or lang, links)["contact"]
                place = self._place(self.texts[chosen], None if _is_in_language(chosen, lang) else chosen, contact)
            settings = {"src": chat.src, "attrs": dict(chat.attributes)}
            if blocks_styles:
                settings["blocksStyles"] = 1
            if starts:
                settings["starts"] = 1
        if not more:
            settings["live"] = {purpose.value: 1 for purpose in allowed}
        if elsewhere:
            settings["elsewhere"] = 1
        if ask:
            settings["ask"] = True
        if unusual := self.unusual_links(language or lang, links):
            settings["links"] = unusual
        settings["marks"] = blocked.marks
        if blocked.based is not None:
            settings["based"] = blocked.based
        if blocked.texts:
            settings["texts"] = blocked.texts
        if blocked.bare:
            settings["bare"] = blocked.bare
        script = _tag("script", {"src": self._sibling_url(asset_url, asset), "async": ""})
        return place + script[:-1], b" data-conf='" + _json(settings) + b"'></script>"

    def guard_markup(
        self,
        asset_url: str,
        nonce: str | None,
        allowed: Iterable[Purpose],
        *,
        lang: str | None = None,
        inline: bool = False,
        ask: bool = False,
        offers: Mapping[str, object] | None = None,
    ) -> bytes:
        """Return the guard, to go before the first script that may insert a tag.

        Args:
            asset_url: the URL of any of the scripts.
            nonce: the page's own CSP nonce, or None.
            allowed: the purposes that are allowed on this page.
            lang: the page's language, for the script that releases what the guard blocks.
            inline: whether the guard is inlined in the page, so that no file is requested.
            ask: whether the page is the same for every visitor, so that the script asks for the visitor's own decision.
            offers: what a button may stand in for if a script inserts it: "chat", with 1 or the accounts, and "embeds".
                Also what such a button needs: "links", the addresses that the script does not have, and "blocksStyles"
                if the page's CSP blocks style elements.
        """
        facade = self._sibling_url(asset_url, self.asset(lang, placeholders=True))
        src = None if inline else self._sibling_url(asset_url, self.guard)
        settings = _json({purpose.value: 1 for purpose in allowed})
        asks = "" if ask else None
        offered = json.dumps(offers, separators=(",", ":")) if offers else None
        given = {"src": src, "nonce": nonce, "data-file": facade, "data-ask": asks, "data-offers": offered}
        opening = _tag("script", given)[:-1]
        code = self.guard.body.rstrip() if inline else b""
        return opening + b" data-guard='" + settings + b"'>" + code + b"</script>"

    def script_markup(self, asset: Asset, asset_url: str, nonce: str | None, *, inline: bool = False) -> bytes:
        """Return the markup for one of the scripts without settings; see `guard_markup` for the arguments."""
        src = None if inline else self._sibling_url(asset_url, asset)
        code = asset.body.rstrip() if inline else b""
        return _tag("script", {"src": src, "nonce": nonce}) + code + b"</script>"

    def _sibling_url(self, asset_url: str, asset: Asset) -> str:
        """Return the URL of `asset`, which has the same folder as the script that `asset_url` names."""
        folder, slash, name = asset_url.rpartition("/")
        return folder + slash + asset.name if name in self.assets else asset_url

    def _place(self, texts: Texts, lang: str | None, contact: str) -> bytes:
        """Return the facade's place: with a link until the script takes over, since a button would do nothing."""
        aside = _tag("aside", {"data-consent-facade": "", "lang": lang, "aria-label": texts.label})
        if contact:
            return aside + _tag("a", {"href": contact}) + escape_text(texts.contact) + b"</a></aside>"
        if texts.without_script:
            return aside + b"<noscript>" + escape_text(texts.without_script) + b"</noscript></aside>"
        return aside + b"</aside>"


class BlockedTags(NamedTuple):
    """The blocked tags of a page, for its script; see `Facade.markup`."""

    marks: tuple[Mark, ...]
    based: int | None
    texts: int
    bare: int


#: The most characters of a page's own text (marks, the chat's script) in markup that is cached.
_LONGEST_CACHED = 2048


@lru_cache(256)
def _is_in_language(language: str, lang: str | None) -> bool:
    """Return whether a page in `lang` is in `language`, so that our texts need no `lang` of their own."""
    return lang is not None and choose({language: Texts()}, lang) == language and lang.lower().startswith(language)


def banner_markup(attributes: Mapping[str, str], nonce: str | None) -> bytes:
    """Return the tag of a vendor's consent banner."""
    return _tag("script", {"async": "", "nonce": nonce, **attributes}) + b"</script>"


def _tag(name: str, attributes: dict[str, str | None]) -> bytes:
    """Return a start tag without the attributes that are None. XML needs a value for empty ones."""
    rendered = (
        b' %s="%s"' % (key.encode(), escape_text(value)) for key, value in attributes.items() if value is not None
    )
    return b"<%s%s>" % (name.encode(), b"".join(rendered))


def escape_text(value: str) -> bytes:
    """Return `value` as the text of an element or of an attribute in quotes."""
    return _ascii(NOT_TEXT.sub("\ufffd", value).translate(_REFERENCES))


def _json(value: object) -> bytes:
    return _ascii(json.dumps(value, separators=(",", ":")).translate(_JSON_REFERENCES))


def _ascii(value: str) -> bytes:
    return value.encode("ascii", "xmlcharrefreplace")
