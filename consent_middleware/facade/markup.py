"""The markup that the server adds to a page: the facade's place with a link, and the script with its settings.

All of it is ASCII, and well-formed as XML too, so that it reads the same in any page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from consent_middleware.purpose import ChatScript, Purpose
from consent_middleware.vendor import Vendor

from .asset import Asset, ScriptSettings, compose, compose_guard, compose_stand_ins
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
        contact_url: another way to make contact, as a path or an http, https, mailto or tel URL. The link is shown when
            the chat cannot be loaded, and to visitors without JavaScript. None: text only.
        privacy_url: the privacy page, as a path or an http or https URL, linked from the sentence that says what the
            click does. None: no link.
        cookie: the name of the cookie that keeps the visitor's click for this visit.
        proxied: the site's own origins that serve hosts of the vendors, by host.
        chat_pages: the paths below the mount on which the site offers its chat, with `*` for any characters. None: all.
        path: the path of the scripts, below the mount.
        assets: every script that a page may name, by its file name.
        guard: the guard's script, one of `assets`.
        stand_ins: the stand-ins for vendors' globals, one of `assets`.
    """

    vendors: tuple[Vendor, ...]
    texts: Mapping[str, Texts] = field(default_factory=lambda: LANGUAGES)
    contact_url: str | None = None
    privacy_url: str | None = None
    cookie: str = "consent_chat"
    proxied: Mapping[str, str] = field(default_factory=dict)
    chat_pages: tuple[str, ...] | None = None
    path: str = "/_consent"
    assets: Mapping[str, Asset] = field(init=False)
    guard: Asset = field(init=False)
    stand_ins: Asset = field(init=False)
    _scripts: Mapping[tuple[str, str, bool], Asset] = field(init=False)
    _render_cached: Callable[..., tuple[bytes, bytes]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Compose the script for every language and vendor, with and without placeholders."""
        scripts = {
            (language, vendor.id, embeds): compose(
                ScriptSettings(
                    texts,
                    language,
                    self.cookie,
                    self.contact_url,
                    self.privacy_url,
                    self.proxied,
                    self.chat_pages,
                    self.path,
                ),
                (vendor, *(other for other in self.vendors if other is not vendor)),
                embeds=embeds,
            )
            for language, texts in self.texts.items()
            for vendor in self.vendors
            for embeds in (False, True)
        }
        object.__setattr__(self, "texts", MappingProxyType(dict(self.texts)))
        object.__setattr__(self, "_scripts", scripts)
        # The pages of a site are alike. The cache is this facade's own, so that both can be freed together.
        object.__setattr__(self, "_render_cached", lru_cache(256)(self.render))
        object.__setattr__(self, "guard", compose_guard(self.vendors, self.proxied))
        object.__setattr__(self, "stand_ins", compose_stand_ins(self.vendors))
        assets = {asset.name: asset for asset in (*scripts.values(), self.guard, self.stand_ins)}
        object.__setattr__(self, "assets", MappingProxyType(assets))

    @property
    def fingerprint(self) -> str:
        """Return a value that changes with everything that markup depends on, apart from the arguments of `markup`."""
        return repr((sorted(self.assets), sorted((tag, texts.label) for tag, texts in self.texts.items())))

    def asset(self, lang: str | None = None, *, vendor: str | None = None, placeholders: bool = False) -> Asset:
        """Return the script for a page in a language (BCP 47) whose chat is a vendor's."""
        known = next((each.id for each in self.vendors if each.id == vendor), self.vendors[0].id)
        return self._scripts[choose(self.texts, lang), known, placeholders]

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
            elsewhere: whether the site offers its chat on other pages only. The page then has no button, until the
                visitor goes to such a page within the browser.
        """
        blocked = BlockedTags(tuple(marks), based, texts, bare)
        given = (chat, asset_url, tuple(allowed), lang, language, blocked, placeholders, vendor, ask, more, elsewhere)
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
        elsewhere: bool,
    ) -> tuple[bytes, bytes]:
        """Return what `markup` does, in the parts before and after the nonce, which no other page has."""
        chosen = choose(self.texts, language or lang)
        asset = self.asset(chosen, vendor=vendor, placeholders=placeholders)
        settings: dict[str, object] = {}
        place = b""
        if chat is not None:
            if not elsewhere:
                place = self._place(self.texts[chosen], None if _is_in_language(chosen, lang) else chosen)
            settings = {"src": chat.src, "attrs": dict(chat.attributes)}
        if not more:
            settings["live"] = {purpose.value: 1 for purpose in allowed}
        if elsewhere:
            settings["elsewhere"] = 1
        if ask:
            settings["ask"] = True
        settings["held"] = blocked.marks
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

    def stand_ins_markup(self, asset_url: str, nonce: str | None, *, inline: bool = False) -> bytes:
        """Return the stand-ins for vendors' globals, to go before the first blocked library; see `guard_markup`."""
        src = None if inline else self._sibling_url(asset_url, self.stand_ins)
        code = self.stand_ins.body.rstrip() if inline else b""
        return _tag("script", {"src": src, "nonce": nonce}) + code + b"</script>"

    def _sibling_url(self, asset_url: str, asset: Asset) -> str:
        """Return the URL of `asset`, which has the same folder as the script that `asset_url` names."""
        folder, slash, name = asset_url.rpartition("/")
        return folder + slash + asset.name if name in self.assets else asset_url

    def _place(self, texts: Texts, lang: str | None) -> bytes:
        """Return the facade's place: with a link until the script takes over, since a button would do nothing."""
        aside = _tag("aside", {"data-consent-facade": "", "lang": lang, "aria-label": texts.label})
        if self.contact_url is not None:
            return aside + _tag("a", {"href": self.contact_url}) + escape_text(texts.contact) + b"</a></aside>"
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
