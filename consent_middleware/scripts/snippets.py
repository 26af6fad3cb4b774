"""Whether an inline script is a vendor's snippet and nothing else, and what such a snippet says.

Knows: the words in which snippets load a script: those of the DOM, and those that a vendor's description adds.
Must not know: any vendor by name.

A script may name an account only where it is *pure*: a loader, or calls into the vendor, without anything of the site's
own. Then no word that a visitor chose can be taken for the account. A script is pure when

* the lexer is certain of it, and it has no regular expression;
* each name in it is declared in it or given a value, or is one of the DOM, of the language or of the vendor;
* each string that it loads consists of addresses of the vendor and of the pieces by which they are put together;
* each other string is a word of the DOM or of the vendor's snippets, or is data that the vendor is handed:
  `_hsq.push(["setPath", "…"])`, `window.intercomSettings = {name: "…"}`.

One site's variable with a string of its own makes the whole script mixed, whatever the string says.

What a pure snippet says is its text with the strings that are loaded, less their queries. Of the data that the vendor
is handed only plain words and numbers are left. So a pattern finds an account where the snippet names it, and never in
what somebody has typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from .loads import LOADING_NAME, Flow, Scan
from .tokens import Kind, names

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
#: HTML, section 13.2.7, "the end": what a page tells of once, and who is told.
_PAGE_EVENTS: Final = frozenset({"DOMContentLoaded", "load", "onload", "onreadystatechange", "readystatechange"})
_PAGE_HANDLERS: Final = frozenset({"onload", "onreadystatechange"})
_PAGE_OBJECTS: Final = frozenset({"document", "globalThis", "self", "window"})
_PLAIN: Final = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How the snippets of one vendor read.

    Attributes:
        names: the vendor's globals, their methods, and the names of settings.
        domains: what an address of the vendor holds.
        pieces: the strings from which such an address is put together, where they are loaded.
        words: what else the vendor's snippets say.
        values: what may stand in the data that the vendor is handed for an account or a region to be read from it,
            besides plain words.
    """

    names: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    pieces: re.Pattern[str] = re.compile("(?!)")
    words: re.Pattern[str] = re.compile("(?!)")
    values: re.Pattern[str] = re.compile("(?!)")


def snippet_text(script: Scan, vocabulary: Vocabulary) -> str | None:
    """Return what a pure snippet of this vendor says; None where the script is anything else."""
    flow = script.flow
    if flow is None:
        return None
    handed = _find_handed(flow, vocabulary)
    reached = flow.modes
    own = flow.structure.declared | _assigned(flow)
    for index, token in enumerate(script.tokens):
        if token.kind is Kind.NAME or flow.structure.property_name(index):
            is_known = token.value in own or _is_word(token.value, vocabulary)
            if not is_known and not (handed[index] and flow.structure.is_key(index)):
                return None
        elif token.kind is Kind.REGEX:
            return None
        elif token.kind in {Kind.STRING, Kind.TEMPLATE}:
            if index in reached:
                if not all(_is_vendors(word, vocabulary) for word in script.words(index)):
                    return None
            elif not handed[index] and not _is_plain_word(token.value, vocabulary):
                return None

    def shown(index: int) -> str:
        if index in reached:
            return " ".join(script.words(index))
        value = script.tokens[index].value
        return value if _PLAIN.fullmatch(value) or vocabulary.values.fullmatch(value) else ""

    return script.written(shown)


def _find_handed(flow: Flow, vocabulary: Vocabulary) -> list[bool]:
    """Return for each token whether it stands in what a function or a variable of the vendor is given."""
    structure = flow.structure
    changes = [0] * (len(structure.tokens) + 1)
    for name, region in flow.handed:
        at = name
        while structure.tokens[at].value not in vocabulary.names and structure.is_property(at):
            at -= 2
        if structure.kind(at) is Kind.NAME and structure.tokens[at].value in vocabulary.names:
            changes[region.start] += 1
            changes[region.stop] -= 1
    return [depth > 0 for depth in accumulate(changes)]


def waits_for_page(script: Scan) -> bool:
    """Return whether a script listens to an event that a page has once: held until after it, it would do nothing."""
    if script.flow is None:
        return False
    structure = script.flow.structure
    if any(token.value == "readyState" for token in script.tokens if token.kind is Kind.NAME):
        # It asks whether the event is over.
        return False
    for index, token in enumerate(script.tokens):
        if token.kind is Kind.STRING and token.value in _PAGE_EVENTS and structure.has(index + 1, ","):
            return True
        if token.kind is Kind.NAME and token.value in _PAGE_HANDLERS and structure.has(index + 1, "="):
            of_page = index > 1 and script.tokens[index - 2].value in _PAGE_OBJECTS
            if of_page or not structure.is_property(index):
                return True
    return False


def _assigned(flow: Flow) -> set[str]:
    """Return the globals that a script makes without declaring them, by giving them a value."""
    structure = flow.structure
    return {
        token.value
        for index, token in enumerate(structure.tokens)
        if token.kind is Kind.NAME and structure.has(index + 1, "=") and not structure.is_property(index)
    }


def _is_word(name: str, vocabulary: Vocabulary) -> bool:
    return name in _NAMES or name in vocabulary.names or LOADING_NAME.search(name) is not None


def _is_plain_word(word: str, vocabulary: Vocabulary) -> bool:
    return _STRINGS.fullmatch(word) is not None or vocabulary.words.fullmatch(word) is not None


def _is_vendors(word: str, vocabulary: Vocabulary) -> bool:
    is_address = any(domain in word.lower() for domain in vocabulary.domains)
    return is_address or vocabulary.pieces.fullmatch(word) is not None or _is_plain_word(word, vocabulary)
