"""Decide whether an inline script is a vendor's snippet and nothing else, and give the text of such a snippet.

A script may name an account only if it is *pure*: a loader, or calls into the vendor, without any code of the site's
own. Then no word that a visitor chose can be taken for the account. A script is pure if

* the lexer is certain of it, and it has no regular expression;
* each name in it is declared or assigned in it, or belongs to the DOM, the language or the vendor;
* each string that it loads consists of addresses of the vendor, and of the pieces from which they are joined;
* each other string is a word of the DOM or of the vendor's snippets, or is data for the vendor:
  `queue.push(["setPath", "…"])`, `window.vendorSettings = {name: "…"}`.

A single variable of the site's own with a string in it makes the whole script mixed, whatever the string is.

The text of a pure snippet is the script with the strings that are loaded, without their queries. Only plain words and
numbers are left of data for the vendor. So a pattern finds an account where the snippet names it, and never in what
a visitor has typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from .flow import LOADING_NAME, Flow
from .loads import Scan
from .tokens import TokenKind, names

_NAMES: Final = names(
    "$ add addEventListener append appendChild apply arguments Array as async attachEvent attributes before bind"
    " body call ceil charset concat createElement createTextNode crossOrigin currentScript dataset Date defer"
    " detachEvent document documentElement false fetch fetchPriority firstChild floor forEach from getElementById"
    " getElementsByTagName getScript getTime globalThis hasOwnProperty head host hostname href id Image indexOf"
    " insertAdjacentElement insertAdjacentHTML insertBefore integrity join jQuery keys lastChild length load"
    " location Math navigator nonce now null Number Object onerror onload onreadystatechange parentElement"
    " parentNode prepend protocol push querySelector querySelectorAll random readyState referrerPolicy"
    " removeEventListener requestAnimationFrame requestIdleCallback require requirejs round self sendBeacon"
    " setAttribute setTimeout src String top true type undefined window write"
)
_STRINGS: Final = re.compile(
    r"(?:use strict|script|head|body|link|img|(?:text|application)/(?:x-)?javascript|module|utf-8|UTF-8|load|scroll"
    r"|click|DOMContentLoaded|onload|complete|loaded|loading|interactive|function|undefined|object|string|number|async"
    r"|defer|src|src=|/script|id|type|charset|anonymous|crossorigin|true|false|https?:|beforeend|afterbegin|high|low|)"
)
#: HTML, section 13.2.7, "the end": the events that a page fires once, the handlers for them, and the objects that have
#: these handlers.
_PAGE_EVENTS: Final = frozenset({"DOMContentLoaded", "load", "onload", "onreadystatechange", "readystatechange"})
_PAGE_HANDLERS: Final = frozenset({"onload", "onreadystatechange"})
_PAGE_OBJECTS: Final = frozenset({"document", "globalThis", "self", "window"})
_PLAIN_WORD: Final = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one vendor's snippets.

    Attributes:
        names: the vendor's globals, their methods, and the names of settings.
        domains: what an address of the vendor contains.
        pieces: the strings from which such an address is joined, if they are loaded.
        words: the other strings in the vendor's snippets.
        values: strings in the data for the vendor, other than plain words, from which an account or a region may be
            read.
    """

    names: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    pieces: re.Pattern[str] = re.compile("(?!)")
    words: re.Pattern[str] = re.compile("(?!)")
    values: re.Pattern[str] = re.compile("(?!)")


def snippet_text(script: Scan, vocabulary: Vocabulary) -> str | None:
    """Return the text of a pure snippet of this vendor; None for any other script."""
    flow = script.flow
    if flow is None:
        return None
    in_vendor_data = _find_vendor_data(flow, vocabulary)
    reached = flow.modes
    own = flow.structure.declared | _assigned(flow)
    for index, token in enumerate(script.tokens):
        if token.kind is TokenKind.NAME or flow.structure.property_name(index):
            is_known = token.value in own or _is_word(token.value, vocabulary)
            if not is_known and not (in_vendor_data[index] and flow.structure.is_key(index)):
                return None
        elif token.kind is TokenKind.REGEX:
            return None
        elif token.kind in {TokenKind.STRING, TokenKind.TEMPLATE}:
            if index in reached:
                if not all(_is_vendor_string(word, vocabulary) for word in script.words(index)):
                    return None
            elif not in_vendor_data[index] and not _is_plain_word(token.value, vocabulary):
                return None

    def shown(index: int) -> str:
        if index in reached:
            return " ".join(script.words(index))
        value = script.tokens[index].value
        return value if _PLAIN_WORD.fullmatch(value) or vocabulary.values.fullmatch(value) else ""

    return script.written(shown)


def _find_vendor_data(flow: Flow, vocabulary: Vocabulary) -> list[bool]:
    """Return for each token whether it is in data for the vendor: an argument or value of one of its names."""
    structure = flow.structure
    changes = [0] * (len(structure.tokens) + 1)
    for name, region in flow.passed:
        at = name
        while structure.tokens[at].value not in vocabulary.names and structure.is_property(at):
            at -= 2
        if structure.kind(at) is TokenKind.NAME and structure.tokens[at].value in vocabulary.names:
            changes[region.start] += 1
            changes[region.stop] -= 1
    return [depth > 0 for depth in accumulate(changes)]


def waits_for_page(script: Scan) -> bool:
    """Return whether a script listens to an event that a page fires once, so that a late release would be useless."""
    if script.flow is None:
        return False
    structure = script.flow.structure
    if any(token.value == "readyState" for token in script.tokens if token.kind is TokenKind.NAME):
        # It checks whether the event is over.
        return False
    for index, token in enumerate(script.tokens):
        if token.kind is TokenKind.STRING and token.value in _PAGE_EVENTS and structure.has(index + 1, ","):
            return True
        if token.kind is TokenKind.NAME and token.value in _PAGE_HANDLERS and structure.has(index + 1, "="):
            of_page = index > 1 and script.tokens[index - 2].value in _PAGE_OBJECTS
            if of_page or not structure.is_property(index):
                return True
    return False


def _assigned(flow: Flow) -> set[str]:
    """Return the globals that a script makes by assigning to them without a declaration."""
    structure = flow.structure
    return {
        token.value
        for index, token in enumerate(structure.tokens)
        if token.kind is TokenKind.NAME and structure.has(index + 1, "=") and not structure.is_property(index)
    }


def _is_word(name: str, vocabulary: Vocabulary) -> bool:
    return name in _NAMES or name in vocabulary.names or LOADING_NAME.search(name) is not None


def _is_plain_word(word: str, vocabulary: Vocabulary) -> bool:
    return _STRINGS.fullmatch(word) is not None or vocabulary.words.fullmatch(word) is not None


def _is_vendor_string(word: str, vocabulary: Vocabulary) -> bool:
    is_address = any(domain in word.lower() for domain in vocabulary.domains)
    return is_address or vocabulary.pieces.fullmatch(word) is not None or _is_plain_word(word, vocabulary)
