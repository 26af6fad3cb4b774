"""Find what an inline script loads: the strings that reach something which makes a browser load them.

Why strings alone are not enough
--------------------------------
`dataLayer.push({"term": "js.example.com/1.js"})` contains an address that a visitor typed, and loads nothing. In
`s.src = "//js.example.com/1.js"` the same words load a vendor's script. Both may be in one script. The difference is
where the string goes.

How a script's text is judged
-----------------------------
1. `tokens` splits the text into tokens: what is code, and what is the content of a string, a comment or a regular
   expression.
2. `structure` finds functions, statements, the elements of lists, and the scope of each name.
3. `Flow` finds the *sinks*: the expressions that are assigned to `src`, `innerHTML` and the like, passed to `fetch`,
   `document.write`, `getScript` and the like, or imported.
4. From each sink, `Flow` goes back. A name in an expression stands for all values that the script gives to it: by an
   assignment, as a property of an object, as the argument of a call, as what a function returns, or as an item that a
   loop or a callback takes. Those expressions are read in turn, each token once. The strings on the way are *reached*.
5. `Scan` gives the result: the addresses in the reached strings, and the script's code without the content of strings.

An example:

    var h = "js.example.com", q = "js.example.org", s = document.createElement("script");
    s.src = "//" + h + "/1.js";
    dataLayer.push({term: q});

The sink is the expression after `s.src =`. It contains the strings `//` and `/1.js`, and the name `h`, which has been
given the string `js.example.com`. These three are reached. Nothing leads from the sink to `q`, so `js.example.org` is
not. `Scan.addresses` is "js.example.com", "//" and "/1.js", each on a line.

What counts
-----------
* Where a value can go in several ways, all count: too much is reached rather than too little. Properties and globals
  are known by their name alone, in whatever object.
* A function that is not in the script loads its arguments if its name suggests that, or is a single letter.
* An address in the query of another one (`"/search?q=js.example.com"`) is not loaded.
* In markup, the values of attributes that load something count, and the text of scripts. Where the parts of markup are
  joined by something other than `+`, each part counts as an address.
* Where the lexer is uncertain, everything counts as reached.

All of this is linear in the length of the script: the tables come from a fixed number of passes, and each token is read
at most once in each `Mode`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Final

from . import markup
from .flow import Flow, Mode
from .structure import Structure
from .tokens import TokenKind, lex, names

#: Functions that request something in a way that the guard does not see.
_UNGUARDED_NAMES: Final = names("EventSource SharedWorker WebSocket Worker addModule importScripts")
_UNGUARDED: Final = re.compile(
    r"(?<![\w$.])(?:import(?!\.)|EventSource|SharedWorker|WebSocket|Worker|addModule|importScripts)\b"
)
#: An address ends at what ends an attribute or a word.
_WORD: Final = re.compile(r"""[^\s"'<>`]+""")


@lru_cache(8)  # every vendor asks about each script, and the pages of a site have the same scripts
def scan(text: str) -> Scan:
    """Return the scan of a script."""
    return Scan(text)


class Scan:
    """What one script loads.

    Attributes:
        text: the script.
        tokens: its tokens.
        flow: where its strings go; None if the lexer is uncertain, so that it may load whatever it names.
    """

    def __init__(self, text: str) -> None:
        script = lex(text)
        self.text = text
        self.tokens = script.tokens
        self.flow = None if script.uncertain else Flow(Structure(script.tokens))

    @cached_property
    def code(self) -> str:
        """The script without comments and the content of strings and regular expressions; all of it if uncertain."""
        return self.text if self.flow is None else self.written(_no_string)

    @cached_property
    def addresses(self) -> str:
        """The addresses, and parts of addresses, that are loaded, each on a line; the whole text if uncertain."""
        if self.flow is None:
            strings = [token.value for token in self.tokens if token.kind in {TokenKind.STRING, TokenKind.TEMPLATE}]
            return "\n".join([self.text, *strings])
        return "\n".join(word for index in sorted(self.flow.modes) for word in self.words(index))

    @cached_property
    def written_code(self) -> str:
        """The strings that are run as code, and the scripts in markup that is written."""
        if self.flow is None:
            return ""
        texts = []
        for index, modes in sorted(self.flow.modes.items()):
            if Mode.PIECES in modes:
                texts.append(self.tokens[index].value)
            elif Mode.MARKUP in modes:
                texts += markup.read(self.tokens[index].value, self.flow.before[index].state)[0]
        return "\n".join(texts)

    @cached_property
    def imported(self) -> list[str] | None:
        """The addresses that the script imports.

        None means that they are not known, or that the script requests something by a socket or a worker, which the
        guard does not see either.
        """
        if self.flow is None:
            return None if _UNGUARDED.search(self.text) else []
        found = []
        for index, token in enumerate(self.tokens):
            if token.kind not in {TokenKind.NAME, TokenKind.KEYWORD} or self.flow.structure.is_property(index):
                continue
            if token.value in _UNGUARDED_NAMES:
                return None
            following = self.tokens[index + 1 : index + 3]
            if token.value == "from" and following and following[0].kind is TokenKind.STRING:
                found.append(following[0].value)
            elif token.value == "import" and following:
                if following[0].kind is TokenKind.STRING:
                    found.append(following[0].value)
                elif following[0].value == "(":
                    if following[0].partner != index + 3 or following[1].kind is not TokenKind.STRING:
                        return None
                    found.append(following[1].value)
        return found

    def words(self, index: int) -> list[str]:
        """Return the words in a reached string that may be addresses."""
        assert self.flow is not None  # noqa: S101 - strings are reached where there is a flow
        texts = []
        modes = self.flow.modes[index]
        before = self.flow.before[index]
        if Mode.ADDRESS in modes and not before.in_query:
            texts.append(_until_query(self.tokens[index].value))
        if Mode.PIECES in modes:
            value = self.tokens[index].value
            goes_on = _WORD.match(value) if before.in_word else None
            texts.append(value[goes_on.end() :] if goes_on else value)
        if Mode.MARKUP in modes:
            texts += markup.read(self.tokens[index].value, before.state)[0]
        return [word for text in texts for found in _WORD.findall(text) if (word := _until_query(found))]

    def written(self, shown: Callable[[int], str]) -> str:
        """Return the script written from its tokens, with `shown(index)` in place of each string."""
        parts: list[str] = []
        was_word = False
        name = self.flow.structure.property_name if self.flow else _no_string
        for index, token in enumerate(self.tokens):
            is_word = False
            if token.kind in {TokenKind.STRING, TokenKind.TEMPLATE}:
                is_word = bool(name(index))
                parts.append(f".{name(index)}" if is_word else f'"{shown(index)}"')
            elif token.kind is TokenKind.PUNCTUATOR:
                in_brackets = {"[": index + 1, "]": index - 1}.get(token.value)
                if in_brackets is None or not name(in_brackets):
                    parts.append(token.value)
                else:
                    is_word = token.value == "]"
            else:
                is_word = token.kind is not TokenKind.REGEX
                value = token.value if is_word else "/ /"
                parts.append(f" {value}" if was_word else value)
            was_word = is_word
        return "".join(parts)


def _no_string(_index: int) -> str:
    return ""


def _until_query(word: str) -> str:
    """Return an address without its query and fragment."""
    return word.partition("?")[0].partition("#")[0]
