"""Which addresses an element makes a browser contact by itself, and what other tools or this package keep back.

The standards: HTML, sections 4.2.4 (link), 4.2.5.3 (meta refresh), 4.8 (pictures, frames, media), 4.12.1 (script);
SVG 2, section 16.2; CSS Values and Units 4, section 4.5 (`url()`); Speculation Rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from consent_middleware.other_tools import DELAYED_SRC, is_blocked_or_data_type, is_delayed_type, is_managed

from .tree import Element

HTML_SPACE: Final = " \t\n\f\r"


class Load(StrEnum):
    """What becomes of an address or a script.

    `AT_ONCE`: a browser loads it by itself. `LATER`: a delay plugin loads it, without asking for consent. `GUARDED`: it
    runs behind this package's guard, which blocks what it inserts. `HELD`: another tool, or the site, keeps it back.
    `WAITS`: this package keeps it back.
    """

    AT_ONCE = "at once"
    LATER = "later"
    GUARDED = "guarded"
    HELD = "held"
    WAITS = "waits"


class Contact(NamedTuple):
    """One address of an element, or the text of one inline script.

    Attributes:
        attribute: where it is; "" for an element's text.
        address: the address; "" for a script's text.
        load: what becomes of it.
        script: the text of an inline script.
        hint: the link types by which a browser contacts it early; "" if it is loaded to be used.
        destination: what a hint says the file is for.
        document: the text of a nested document.
    """

    attribute: str
    address: str
    load: Load = Load.AT_ONCE
    script: str = ""
    hint: str = ""
    destination: str = ""
    document: str = ""


#: The attributes with one address, by element.
_ADDRESSES: Final = {
    "img": ("src", "lowsrc"),
    "input": ("src",),
    "source": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "track": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "iframe": ("src",),
    "frame": ("src",),
    "body": ("background",),
    "table": ("background",),
    "td": ("background",),
    "th": ("background",),
}
_SVG_REFERENCES: Final = frozenset({"image", "feImage", "use"})
#: The elements whose address a lazy loader keeps elsewhere.
_LAZY: Final = frozenset({"img", "iframe", "source", "video", "audio", "embed"})
_DELAYED: Final = tuple(name.decode("ascii") for name in DELAYED_SRC)
_HELD_NAMES: Final = ("src", "href", "srcset", "imagesrcset", "data", "poster")

_HINTS: Final = frozenset({"dns-prefetch", "preconnect", "prefetch", "preload", "modulepreload", "prerender"}) | {
    "compression-dictionary",
    "dictionary",
}
_FILES: Final = frozenset(["icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "manifest"])

#: MIME Sniffing, section 4.6, and HTML, section 4.12.1.1, step 8.
_JAVASCRIPT: Final = re.compile(
    r"module|(?:application|text)/(?:x-)?(?:java|ecma)script|text/(?:jscript|livescript)|text/javascript1\.[0-5]"
)
_CANDIDATE: Final = re.compile(r"[\s,]*+(\S*[^\s,])(?:,|\s[^,]*+)?")
_REFRESH: Final = re.compile(r"\s*[0-9.]*[\s;,]*(?:url\s*=\s*)?[\"']?([^\"']*)", re.IGNORECASE)
_CSS_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CSS_ADDRESS: Final = re.compile(
    r"""url\(\s*+(?:"([^"\n]*)"?|'([^'\n]*)'?|([^)\s]*))|@import\s*+(?:"([^"\n]*)"?|'([^'\n]*)'?)""", re.IGNORECASE
)
_CSS_ESCAPE: Final = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.IGNORECASE | re.DOTALL)
_ADDRESS: Final = re.compile(r"(?:https?:)?//[^\s\"'<>)`\\]+")
#: The most addresses that are read from one attribute or text.
_MOST: Final = 10_000


def contacts(element: Element) -> Iterator[Contact]:
    """Yield what an element of a page makes a browser contact, and what is kept back in it."""
    attributes = element.attributes
    if "data-consent" in attributes:
        yield from _waiting(element)
    if element.name == "script" and element.space in {"html", "svg"}:
        yield from _script(element)
    elif element.space == "svg":
        names = ("href", "xlink:href") if element.name in _SVG_REFERENCES else ()
        yield from (Contact(name, attributes[name]) for name in names if attributes.get(name))
    elif element.space == "html":
        yield from _html(element)
    if element.name == "style":
        yield from (Contact("", address) for address in css_addresses(element.text))
    if style := attributes.get("style"):
        yield from (Contact("style", address) for address in css_addresses(style))


def css_addresses(css: str) -> Iterator[str]:
    """Yield the addresses of `url()` and `@import` in a style sheet."""
    for found in islice(_CSS_ADDRESS.finditer(_CSS_COMMENT.sub("", _unescape(css))), _MOST):
        if address := next(filter(None, found.groups()), ""):
            yield address


def source_set(value: str) -> Iterator[str]:
    """Yield the addresses of a `srcset` (HTML, section 4.8.4.2.1)."""
    return (found[1] for found in islice(_CANDIDATE.finditer(value.strip(HTML_SPACE + ",")), _MOST))


def handlers(element: Element) -> Iterator[tuple[str, str]]:
    """Yield the name and the code of each inline event handler."""
    return ((name, code) for name, code in element.attributes.items() if name.startswith("on"))


def _unescape(css: str) -> str:
    def character(found: re.Match[str]) -> str:
        if not found[1]:
            return found[2]
        number = int(found[1], 16)
        return chr(number) if 0 < number <= 0x10FFFF else "\ufffd"

    return _CSS_ESCAPE.sub(character, css) if "\\" in css else css


def _waiting(element: Element) -> Iterator[Contact]:
    """Yield what this package has kept back in an element that it blocked."""
    names = [f"data-consent-{name}" for name in _HELD_NAMES]
    found = [name for name in names if element.attributes.get(name)]
    types = set(element.attributes.get("data-consent-rel", "").lower().split())
    hint = " ".join(sorted(types & _HINTS))
    for name in found:
        value = element.attributes[name]
        for address in source_set(value) if name.endswith("srcset") else (value,):
            yield Contact(name, address, Load.WAITS, hint=hint)
    if not found and element.name == "script" and element.text:
        yield Contact("", "", Load.WAITS, script=element.text)


def _script(element: Element) -> Iterator[Contact]:
    attributes = element.attributes
    kind = attributes.get("type")
    if kind is None:
        kind = f"text/{attributes['language']}" if attributes.get("language") else ""
    kind = kind.strip(HTML_SPACE).lower()
    if kind == "speculationrules":
        found = islice(_ADDRESS.finditer(element.text.replace("\\/", "/")), _MOST)
        yield from (Contact("", each[0], hint="speculation rules") for each in found)
        return
    if "data-consent" in attributes and is_blocked_or_data_type(kind):
        return
    runs = not kind or _JAVASCRIPT.fullmatch(kind) is not None
    managed = is_managed(attributes, attributes.get("class", ""))
    load = Load.AT_ONCE
    if not runs:
        started = is_delayed_type(kind) or not (is_blocked_or_data_type(kind) or managed)
        load = Load.LATER if started else Load.HELD
    names = ("href", "xlink:href") if element.space == "svg" else ("src",)
    name = next((name for name in (*names, *_DELAYED) if name in attributes), None)
    has_text = bool(element.text.strip(HTML_SPACE))
    if has_text and (name is None or (name in _DELAYED and runs)):
        yield Contact("", "", load, script=element.text)
    if name is None:
        return
    if name in _DELAYED and runs:
        # No browser loads this. A plugin does, or the site's own script once the visitor has agreed.
        by_site = name == "data-src" and attributes.get("data-type", "").lower() != "lazy"
        load = Load.HELD if by_site or managed else Load.LATER
    if attributes[name].strip(HTML_SPACE):
        yield Contact(name, attributes[name], load)


def _html(element: Element) -> Iterator[Contact]:
    name, attributes = element.name, element.attributes
    if name == "link":
        yield from _link(element)
    elif name == "meta" and attributes.get("http-equiv", "").strip(HTML_SPACE).lower() == "refresh":
        found = _REFRESH.match(attributes.get("content", ""))
        if found and found[1]:
            yield Contact("content", found[1])
    elif name == "iframe" and "srcdoc" in attributes:
        yield Contact("srcdoc", "", document=attributes["srcdoc"])
        return
    is_picture = name != "input" or attributes.get("type", "").lower() == "image"
    names = _ADDRESSES.get(name, ("src",) if "-" in name else ()) if is_picture else ()
    yield from (Contact(each, attributes[each]) for each in names if attributes.get(each, "").strip(HTML_SPACE))
    if name in {"img", "source"}:
        yield from (Contact("srcset", address) for address in source_set(attributes.get("srcset", "")))
    if name in _LAZY or "-" in name:
        yield from (Contact(each, attributes[each], Load.LATER) for each in _DELAYED if attributes.get(each))


def _link(element: Element) -> Iterator[Contact]:
    attributes = element.attributes
    types = set(attributes.get("rel", "").lower().split())
    hint, destination = " ".join(sorted(types & _HINTS)), attributes.get("as", "").strip(HTML_SPACE).lower()
    kind = attributes.get("type", "text/css").partition(";")[0].strip(HTML_SPACE).lower()
    is_sheet = "stylesheet" in types and kind == "text/css" and "disabled" not in attributes
    href = attributes.get("href", "")
    if href and (is_sheet or types & _FILES):
        yield Contact("href", href)
    elif href and hint:
        yield Contact("href", href, hint=hint, destination=destination)
    if hint and "imagesrcset" in attributes:
        yield from (
            Contact("imagesrcset", address, hint=hint, destination=destination)
            for address in source_set(attributes["imagesrcset"])
        )
