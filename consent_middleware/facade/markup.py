"""What the server writes into a page for the facade: its place, its link without JavaScript, its script and settings.

Knows: the words, the shape of the markup, and how text is written so that it survives any page.
Must not know: any vendor by name, consent, HTTP, where in the page the markup goes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields

from consent_middleware.rules import ChatScript

#: What XML 1.0 (section 2.2) cannot hold, not even as a character reference: controls, surrogates, U+FFFE and U+FFFF.
_NOT_TEXT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: What would end a text or an attribute in single or double quotes, or open something in it.
_MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "&<>\"'"})

#: The same for JSON in an attribute in single quotes: its own quotes may stay as they are.
_JSON_MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "&<>'"})


@dataclass(frozen=True, slots=True)
class Texts:
    """The facade's words. `{vendor}` stands for the vendor's name.

    Attributes:
        label: the name of the facade's region, for a screen reader.
        button: the button's label, and its name.
        description: what the click does. It is read out with the button and stands beside it.
        loading: said while the chat is on its way.
        ready: said when the chat has opened.
        failed: said when the chat cannot be reached and a link to another way stands below.
        failed_alone: the same where no link is set: it has to name another way by itself.
        offline: said at once when the browser has no network, above the link.
        offline_alone: the same where no link is set.
        retry: the button's label after a failure.
        contact: the link to another way to make contact.
        without_script: shown without JavaScript where no link is set. Empty: nothing is shown.
    """

    label: str = "Live chat"
    button: str = "Chat with us"
    description: str = "Opens {vendor}'s chat, which stores a cookie on your device."
    loading: str = "Loading chat\u2026"
    ready: str = "The chat is open."
    failed: str = "The chat could not be loaded. Please try again, or contact us another way."
    failed_alone: str = "The chat could not be loaded. Please try again, or use the contact details on this website."
    offline: str = "You are offline. Please try again once you are connected, or contact us another way."
    offline_alone: str = "You are offline. Please try again once you are connected."
    retry: str = "Try again"
    contact: str = "Contact us"
    without_script: str = "Live chat needs JavaScript."

    def __post_init__(self) -> None:
        """Refuse what no page can hold. Raises: ValueError."""
        for field in fields(self):
            if _NOT_TEXT.search(getattr(self, field.name)):
                raise ValueError(f"{field.name} holds a character that no page can hold")


#: The texts that the server writes itself; the script needs all others.
_WRITTEN_BY_SERVER = frozenset({"label", "contact", "without_script"})

#: The English words that the script brings along, so that a page carries only those that differ.
SCRIPT_TEXTS = {field.name: str(field.default) for field in fields(Texts) if field.name not in _WRITTEN_BY_SERVER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facade:
    """The facade's settings, and the markup that follows from them.

    Attributes:
        vendor: the vendor's name, as visitors know it.
        texts: the words.
        contact_url: another way to make contact, as a path or an http, https, mailto or tel URL. It is the way out when
            the chat does not come and the link for visitors without JavaScript. None: text only.
        cookie: the name of the cookie that keeps the visitor's click for this visit.
    """

    vendor: str
    texts: Texts = Texts()
    contact_url: str | None = None
    cookie: str = "consent_chat"

    def markup(
        self,
        chat: ChatScript,
        *,
        asset_url: str,
        nonce: str | None,
        granted: bool,
        lang: str | None = None,
        ask: bool = False,
    ) -> bytes:
        """The markup for one page, to stand once, before `</body>` or at the document's end.

        Args:
            chat: the script that the click loads.
            asset_url: where the page finds `ASSET`.
            nonce: the page's own CSP nonce, or None.
            granted: the chat is allowed on this page and loads by itself.
            lang: the language of the texts (BCP 47), where it may differ from the page's.
            ask: the page is the same for every visitor: the script asks for the visitor's own decision.

        Returns: ASCII bytes, so that they mean the same in every charset built on ASCII; well-formed as XML too.
        """
        aside = _tag("aside", {"data-consent-facade": "", "lang": lang, "aria-label": self.texts.label})
        script = _tag("script", {"src": asset_url, "async": "", "nonce": nonce})
        settings = _ascii(json.dumps(self._settings(chat, granted, ask), separators=(",", ":")).translate(_JSON_MARKS))
        return aside + self._fallback() + b"</aside>" + script[:-1] + b" data-conf='" + settings + b"'></script>"

    def _fallback(self) -> bytes:
        """What stands there until the script takes over: a link that works. Never a button, which would be dead."""
        if self.contact_url is not None:
            return _tag("a", {"href": self.contact_url}) + _text(self.texts.contact) + b"</a>"
        if self.texts.without_script:
            return b"<noscript>" + _text(self.texts.without_script) + b"</noscript>"
        return b""

    def _settings(self, chat: ChatScript, granted: bool, ask: bool) -> dict[str, object]:
        settings: dict[str, object] = {
            "vendor": self.vendor,
            "src": chat.src,
            "attrs": dict(chat.attributes),
            "cookie": self.cookie,
            "granted": granted,
        }
        if ask:
            settings["ask"] = True
        own = {name: getattr(self.texts, name) for name, english in SCRIPT_TEXTS.items()}
        differing = {name: words for name, words in own.items() if words != SCRIPT_TEXTS[name]}
        if differing:
            settings["texts"] = differing
        return settings


def _tag(name: str, attributes: dict[str, str | None]) -> bytes:
    """A start tag. An attribute that is None is left out; an empty one is written in full, as XML wants it."""
    written = (b' %s="%s"' % (key.encode(), _text(value)) for key, value in attributes.items() if value is not None)
    return b"<%s%s>" % (name.encode(), b"".join(written))


def _text(value: str) -> bytes:
    """`value` as the text of an element or of an attribute in quotes."""
    return _ascii(_NOT_TEXT.sub("\ufffd", value).translate(_MARKS))


def _ascii(value: str) -> bytes:
    return value.encode("ascii", "xmlcharrefreplace")
