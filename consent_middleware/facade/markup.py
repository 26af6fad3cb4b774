"""What the server writes into a page for the facade: its place, its link without JavaScript, its script and settings.

Knows: the shape of the markup, which script goes with which page, and how text is written so that it survives any page.
Must not know: any vendor by name, consent, HTTP, where in the page the markup goes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from consent_middleware.purpose import ChatScript, Purpose
from consent_middleware.vendor import Vendor

from .asset import Asset, Site, compose, compose_guard, compose_stand_ins
from .texts import LANGUAGES, NOT_TEXT, Texts, choose

#: How the script knows again what the server has held: an element's name, and by name and value the marks that it
#: bears; a script's other data attributes too, because it may read them.
Mark = tuple[str, ...]

#: What would end a text or an attribute in single or double quotes, or open something in it.
_MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "&<>\"'"})

#: The same for JSON in an attribute in single quotes: its own quotes may stay as they are.
_JSON_MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "&<>'"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Facade:
    """The facade's settings, the scripts that follow from them, and the markup for a page.

    Attributes:
        vendors: the vendors whose drivers the script brings.
        texts: the words by language.
        contact_url: another way to make contact, as a path or an http, https, mailto or tel URL. It is the way out when
            the chat does not come and the link for visitors without JavaScript. None: text only.
        privacy_url: the privacy page, as a path or an http or https URL, linked from the sentence that says what the
            click does. None: no link.
        proxied: the origins of the site's own that stand in for hosts of the vendors, by host.
        cookie: the name of the cookie that keeps the visitor's click for this visit.
        position: "right", the end of the line, or "left", its beginning; both turn with the page's direction.
    """

    vendors: tuple[Vendor, ...]
    texts: Mapping[str, Texts] = field(default_factory=lambda: LANGUAGES)
    contact_url: str | None = None
    privacy_url: str | None = None
    cookie: str = "consent_chat"
    position: Literal["right", "left"] = "right"
    proxied: Mapping[str, str] = field(default_factory=dict)
    #: Every script that a page may name, by its file name.
    assets: Mapping[str, Asset] = field(init=False)
    #: The guard, and what stands in for vendors' globals, which are two of them.
    guard: Asset = field(init=False)
    stand_ins: Asset = field(init=False)
    _chosen: Mapping[tuple[str, str, bool], Asset] = field(init=False)

    def __post_init__(self) -> None:
        """Put together the script for every language and vendor, with and without placeholders."""
        chosen = {
            (language, vendor.id, embeds): compose(
                Site(words, language, self.cookie, self.contact_url, self.privacy_url, self.position, self.proxied),
                (vendor, *(other for other in self.vendors if other is not vendor)),
                embeds=embeds,
            )
            for language, words in self.texts.items()
            for vendor in self.vendors
            for embeds in (False, True)
        }
        object.__setattr__(self, "texts", MappingProxyType(dict(self.texts)))
        object.__setattr__(self, "_chosen", chosen)
        object.__setattr__(self, "guard", compose_guard(self.vendors, self.proxied))
        object.__setattr__(self, "stand_ins", compose_stand_ins(self.vendors))
        assets = {asset.name: asset for asset in (*chosen.values(), self.guard, self.stand_ins)}
        object.__setattr__(self, "assets", MappingProxyType(assets))

    @property
    def fingerprint(self) -> str:
        """Changes with everything that markup depends on, besides what `markup` is told."""
        return repr((sorted(self.assets), sorted((tag, words.label) for tag, words in self.texts.items())))

    def asset(self, lang: str | None = None, *, vendor: str | None = None, placeholders: bool = False) -> Asset:
        """The script for a page in a language (BCP 47), whose chat is of one vendor, with or without placeholders."""
        known = next((each.id for each in self.vendors if each.id == vendor), self.vendors[0].id)
        return self._chosen[choose(self.texts, lang), known, placeholders]

    def markup(
        self,
        chat: ChatScript | None,
        *,
        asset_url: str,
        nonce: str | None,
        allowed: Iterable[Purpose],
        lang: str | None = None,
        language: str | None = None,
        held: Sequence[Mark] = (),
        based: int | None = None,
        texts: int = 0,
        bare: int = 0,
        placeholders: bool = False,
        vendor: str | None = None,
        ask: bool = False,
        more: bool = False,
    ) -> bytes:
        """The markup for one page, to stand once, before `</body>` or at the document's end.

        Args:
            chat: the script that the click loads, or None where there is nothing but held tags to release.
            asset_url: where the page finds a script of these; the one that fits the page lies beside it.
            nonce: the page's own CSP nonce, or None.
            allowed: the purposes that are allowed on this page. Where the chat is, it loads by itself.
            lang: the page's language, as its `<html lang>` says, or None where it says none.
            language: the language of the words, where the site has chosen it; None: the page's.
            held: what was held and has an address, each as its mark. Nothing else with an address is ever released.
            based: how many of them stand before the first `<base>`; None where the page has none.
            texts: how many scripts without an address were held.
            bare: how many more, which lack the page's nonce and which its policy lets run by their digest.
            placeholders: embeds are held, and a button may stand in for them.
            vendor: the id of the chat's vendor; None: the first.
            ask: the page is the same for every visitor: the script asks for the visitor's own decision.
            more: a script stands in the page already, and this one tells of what was held behind it.

        Returns: ASCII bytes, so that they mean the same in every charset built on ASCII; well-formed as XML too.
        """
        waiting = Waiting(tuple(held), based, texts, bare)
        given = (chat, asset_url, tuple(allowed), lang, language, waiting, placeholders, vendor, ask, more)
        # What a page's own addresses and attributes fill is hardly the same in the next one.
        said = () if chat is None else (chat.src, *(part for attribute in chat.attributes for part in attribute))
        is_short = sum(map(len, (*chain.from_iterable(held), *said))) < _SHORT
        before, after = _written_again(self, *given) if is_short else self.written(*given)
        return before + (b' nonce="%s"' % text(nonce) if nonce is not None else b"") + after

    def written(
        self,
        chat: ChatScript | None,
        asset_url: str,
        allowed: Iterable[Purpose],
        lang: str | None,
        language: str | None,
        waiting: Waiting,
        placeholders: bool,
        vendor: str | None,
        ask: bool,
        more: bool,
    ) -> tuple[bytes, bytes]:
        """What `markup` gives, in two parts: a nonce, which no other page has, stands between them."""
        chosen = choose(self.texts, language or lang)
        asset = self.asset(chosen, vendor=vendor, placeholders=placeholders)
        settings: dict[str, object] = {}
        place = b""
        if chat is not None:
            place = self._place(self.texts[chosen], None if _is_said(chosen, lang) else chosen)
            settings = {"src": chat.src, "attrs": dict(chat.attributes)}
        if not more:
            settings["live"] = {purpose.value: 1 for purpose in allowed}
        if ask:
            settings["ask"] = True
        settings["held"] = waiting.held
        if waiting.based is not None:
            settings["based"] = waiting.based
        if waiting.texts:
            settings["texts"] = waiting.texts
        if waiting.bare:
            settings["bare"] = waiting.bare
        script = _tag("script", {"src": self._beside(asset_url, asset), "async": ""})
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
        """The guard for tags that other scripts insert, to stand before the first script that may insert one.

        Args:
            asset_url: where the page finds a script of these.
            nonce: the page's own CSP nonce, or None.
            allowed: the purposes that are allowed on this page.
            lang: the page's language, for the script that releases what the guard holds.
            inline: the guard itself stands in the page, which its policy allows, and no file is asked for.
            ask: the page is the same for every visitor: who holds anything asks for the visitor's own decision.
            offers: for what a script brings a button may stand in: "chat", with true or the accounts whose it may be,
                and "embeds".
        """
        facade = self._beside(asset_url, self.asset(lang, placeholders=True))
        src = None if inline else self._beside(asset_url, self.guard)
        settings = _json({purpose.value: 1 for purpose in allowed})
        asks = "" if ask else None
        offered = json.dumps(offers, separators=(",", ":")) if offers else None
        given = {"src": src, "nonce": nonce, "data-file": facade, "data-ask": asks, "data-offers": offered}
        opening = _tag("script", given)[:-1]
        code = self.guard.body.rstrip() if inline else b""
        return opening + b" data-guard='" + settings + b"'>" + code + b"</script>"

    def stand_ins_markup(self, asset_url: str, nonce: str | None, *, inline: bool = False) -> bytes:
        """What stands in for vendors' globals, to stand before the first held library. It takes what a guard takes."""
        src = None if inline else self._beside(asset_url, self.stand_ins)
        code = self.stand_ins.body.rstrip() if inline else b""
        return _tag("script", {"src": src, "nonce": nonce}) + code + b"</script>"

    def _beside(self, asset_url: str, asset: Asset) -> str:
        """The URL of `asset`, which lies beside the one of these that `asset_url` names."""
        folder, slash, name = asset_url.rpartition("/")
        return folder + slash + asset.name if name in self.assets else asset_url

    def _place(self, words: Texts, lang: str | None) -> bytes:
        """What stands there until the script takes over: a link that works. Never a button, which would be dead."""
        aside = _tag("aside", {"data-consent-facade": "", "lang": lang, "aria-label": words.label})
        if self.contact_url is not None:
            return aside + _tag("a", {"href": self.contact_url}) + text(words.contact) + b"</a></aside>"
        if words.without_script:
            return aside + b"<noscript>" + text(words.without_script) + b"</noscript></aside>"
        return aside + b"</aside>"


class Waiting(NamedTuple):
    """What a page holds, as its script is told: see `Facade.markup`."""

    held: tuple[Mark, ...]
    based: int | None
    texts: int
    bare: int


#: How long the addresses of a page's held scripts, and what its chat says, may be together, in characters, for its
#: markup to be kept.
_SHORT = 2048


@lru_cache(256)  # the pages of a site are alike
def _written_again(facade: Facade, *given: Any) -> tuple[bytes, bytes]:
    return facade.written(*given)


@lru_cache(256)
def _is_said(language: str, lang: str | None) -> bool:
    """Whether a page in `lang` is in `language`, so that the words need not say which they are in."""
    return lang is not None and choose({language: Texts()}, lang) == language and lang.lower().startswith(language)


def _tag(name: str, attributes: dict[str, str | None]) -> bytes:
    """A start tag. An attribute that is None is left out; an empty one is written in full, as XML wants it."""
    written = (b' %s="%s"' % (key.encode(), text(value)) for key, value in attributes.items() if value is not None)
    return b"<%s%s>" % (name.encode(), b"".join(written))


def text(value: str) -> bytes:
    """`value` as the text of an element or of an attribute in quotes."""
    return _ascii(NOT_TEXT.sub("\ufffd", value).translate(_MARKS))


def _json(value: object) -> bytes:
    return _ascii(json.dumps(value, separators=(",", ":")).translate(_JSON_MARKS))


def _ascii(value: str) -> bytes:
    return value.encode("ascii", "xmlcharrefreplace")
