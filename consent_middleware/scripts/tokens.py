"""A lexer for JavaScript (ECMA-262, clauses 12 and B.1): which text is code, and which is only in strings and comments.

Why there is one
----------------
A page from a server contains words that visitors chose, in the strings of its scripts: a search term in
`dataLayer.push({"term": "…"})`, a display name in a page's state. Properly escaped, they cannot end their string. A
pattern over the bare text of such a script cannot tell them from code. Tokens can, and the rest of the package judges a
script by its tokens only.

How it works
------------
One pattern is tried at each position. Each of its alternatives ends where the grammar says, without backtracking, so
the time is linear in the length of the text. Two decisions need more than the next characters:

* A slash begins a regular expression or divides. It divides after an operand: a name other than a keyword, a number, a
  string, `]`, a `)` that does not belong to `if (…)` and the like, and the `}` of an object. Everywhere else it begins
  a regular expression.
* A `}` ends a block, an object, or the substitution of a template, whose text then goes on. So brackets are kept on a
  stack, each brace with its kind. A brace opens an object where an operand may be, and a block elsewhere.

Text that is cut or does not fit (a bracket without its partner, a string without its end) makes the result `uncertain`.
A browser does not run such a script, unless the lexer is wrong. So callers must take the reading that protects the
visitor.

An example and its tokens:

    a["src"] = `//x${y}/` + "b" + "c" // d

    name a · punctuator [ · string src · punctuator ] · punctuator = · template //x · punctuator ${ · name y
    punctuator } · template / · punctuator + · string bc

Literals that are joined by `+` are one token, because scripts split addresses in this way. Comments are dropped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class TokenKind(StrEnum):
    """The kind of a token.

    `TEMPLATE` is a piece of a template literal with substitutions; a template literal without any is a `STRING`.
    """

    NAME = "name"
    KEYWORD = "keyword"
    NUMBER = "number"
    STRING = "string"
    TEMPLATE = "template"
    REGEX = "regex"
    PUNCTUATOR = "punctuator"


@dataclass(slots=True)
class Token:
    """One token.

    Attributes:
        kind: its kind.
        value: a name, keyword or punctuator as written; a string or a piece of a template without its escapes.
        partner: the index of the other bracket of a pair.
        is_object: whether a brace belongs to an object literal or a pattern.
        is_ternary: whether a colon belongs to a conditional expression.
    """

    kind: TokenKind
    value: str
    partner: int = -1
    is_object: bool = False
    is_ternary: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """The tokens of one script. `uncertain` says that they may be wrong."""

    tokens: list[Token]
    uncertain: bool


def names(text: str) -> frozenset[str]:
    """Return the names in a text, separated by white space."""
    return frozenset(text.split())


#: ECMA-262, section 12.7.2, "reserved words", and names that act like one before an operand.
KEYWORDS: Final = names(
    "await break case catch class const continue debugger default delete do else enum export extends finally for"
    " function if import in instanceof let new of return super switch this throw try typeof var void while with yield"
)
#: Keywords that are an operand.
_OPERANDS: Final = frozenset({"this", "super"})
#: Keywords after which a brace opens an object or a pattern.
_BEFORE_OBJECTS: Final = names(
    "await case const default export import in let new of return throw typeof var void yield"
)
#: Keywords before the parentheses of a statement.
STATEMENTS: Final = frozenset({"if", "while", "for", "with", "switch", "catch"})

_LINE_END = r"\n\r\u2028\u2029"
_JS_TOKEN: Final = re.compile(
    rf"""
      (?P<space> [\s\ufeff]++ )
    | (?P<comment> (?: // | <!-- ) [^{_LINE_END}]*+ | /\* [^*]*+ (?: \*(?!/) [^*]*+ )*+ (?: \*/ )?+ )
    | (?P<string> "(?: [^"\\\n\r]++ | \\(?:\r\n|[\s\S]) )*+"?+ | '(?: [^'\\\n\r]++ | \\(?:\r\n|[\s\S]) )*+'?+ )
    | (?P<number> \.?[0-9] (?: [eE][+-][0-9] | [\w.] )*+ )
    | (?P<name> \#?+ (?: [\w$\u200c\u200d] | \\u[0-9a-fA-F]{{4}} | \\u\{{[0-9a-fA-F]{{1,6}}\}} )++ )
    | (?P<mark> ` | \$\{{ | => | \.\.\. | \?\.(?![0-9]) | \+\+ | -- | (?:\*\*|<<|>>>?|&&|\|\||\?\?)=?+ | [=!]==?
      | [-+*/%&|^<>]= | [^\s] )
    """,
    re.VERBOSE,
)
_REGEX: Final = re.compile(
    rf"/ (?! [*/] )"
    rf"  (?: [^\\/\[{_LINE_END}]++ | \\[^{_LINE_END}] | \[ (?: [^\]\\{_LINE_END}]++ | \\[^{_LINE_END}] )*+ \] )++"
    r"/ [\w$]*+",
    re.VERBOSE,
)
_CHUNK: Final = re.compile(r"(?: [^`\\$]++ | \\[\s\S] | \$(?!\{) )*+ (`|\$\{)?+", re.VERBOSE)
#: `-->` with the rest of its line: a comment if only comments come before it in that line.
_HTML_CLOSE: Final = re.compile(rf"--> [^{_LINE_END}]*+", re.VERBOSE)
_LINE_ENDS: Final = re.compile(f"[{_LINE_END}]")

_ESCAPE: Final = re.compile(
    r"\\(?: x([0-9a-fA-F]{2}) | u([0-9a-fA-F]{4}) | u\{0*([0-9a-fA-F]{1,6})\} | ([0-3][0-7]{0,2}|[4-7][0-7]?)"
    r"  | (\r\n|[\s\S]) )",
    re.VERBOSE,
)
_ESCAPED_CHARACTERS: Final = dict(zip("nrtbfv", "\n\r\t\b\f\v", strict=True)) | dict.fromkeys(
    ("\r\n", *"\n\r\u2028\u2029"), ""
)


def unescape(text: str) -> str:
    """Return the content of a string literal without its escapes."""
    return _ESCAPE.sub(_unescape_one, text) if "\\" in text else text


def _unescape_one(escape: re.Match[str]) -> str:
    digits = escape[1] or escape[2] or escape[3]
    if digits:
        number = int(digits, 16)
        return chr(number) if number < 0x110000 else "\ufffd"
    return chr(int(escape[4], 8)) if escape[4] else str(_ESCAPED_CHARACTERS.get(escape[5], escape[5]))


def lex(text: str) -> Script:
    """Return the tokens of a script."""
    lexer = _Lexer(text)
    lexer.run()
    return Script(lexer.tokens, lexer.uncertain)


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self.uncertain = False
        #: The indexes of the open brackets.
        self._open: list[int] = []
        #: For each of them and for the script itself: the conditional operators that still lack their colon.
        self._questions = [0]
        self._pos = 0
        self._opens_line = True
        #: The parts of joined strings, by the string's index.
        self._parts: dict[int, list[str]] = {}

    def run(self) -> None:
        while self._pos < len(self.text):
            found = _JS_TOKEN.match(self.text, self._pos)
            assert found is not None  # noqa: S101 - any character is a mark
            kind, value = found.lastgroup, found[0]
            self._pos = found.end()
            if kind == "space":
                self._opens_line |= _LINE_ENDS.search(value) is not None
            elif kind == "comment":
                self._opens_line |= _LINE_ENDS.search(value) is not None
                self.uncertain |= value.startswith("/*") and not (len(value) > 3 and value.endswith("*/"))
            elif kind == "mark":
                self._mark(value, found.start())
                self._opens_line = False
            else:
                self._word(str(kind), value)
                self._opens_line = False
        self.uncertain |= bool(self._open)
        for index, parts in self._parts.items():
            self.tokens[index].value = "".join(parts)

    def _word(self, kind: str, value: str) -> None:
        if kind == "string":
            self.uncertain |= len(value) < 2 or value[-1] != value[0]
            self._literal(unescape(value[1:-1]))
        elif kind == "number":
            self._number(value)
        else:
            name = unescape(value)
            is_property = self._last() in {".", "?."}
            is_keyword = name in KEYWORDS and not is_property
            self.tokens.append(Token(TokenKind.KEYWORD if is_keyword else TokenKind.NAME, name))

    def _literal(self, value: str) -> None:
        """Add a string, or append it to the string that it is joined to."""
        if self._is_joined():
            self.tokens.pop()
            last = len(self.tokens) - 1
            self._parts.setdefault(last, [self.tokens[last].value]).append(value)
        else:
            self.tokens.append(Token(TokenKind.STRING, value))

    def _number(self, value: str) -> None:
        if value.isdigit() and self._is_joined():
            self._literal(value)
        else:
            self.tokens.append(Token(TokenKind.NUMBER, value))

    def _is_joined(self) -> bool:
        """Return whether a string and a plus come before the next token."""
        return self._last() == "+" and len(self.tokens) > 1 and self.tokens[-2].kind is TokenKind.STRING

    def _mark(self, value: str, start: int) -> None:
        if value == "`":
            self._template(start=True)
        elif value in {"/", "/="} and not self._follows_operand():
            found = _REGEX.match(self.text, start)
            if found is None:
                self.uncertain = True
                self.tokens.append(Token(TokenKind.PUNCTUATOR, value))
            else:
                self._pos = found.end()
                self.tokens.append(Token(TokenKind.REGEX, found[0]))
        elif value in {"(", "[", "{"}:
            self._push(value)
        elif value in {")", "]", "}"}:
            self._close(value)
        elif value == "--" and self._opens_line and (found := _HTML_CLOSE.match(self.text, start)):
            self._pos = found.end()
        else:
            self._operator(value)

    def _operator(self, value: str) -> None:
        token = Token(TokenKind.PUNCTUATOR, value)
        if value == "?":
            self._questions[-1] += 1
        elif value == ":" and self._questions[-1]:
            self._questions[-1] -= 1
            token.is_ternary = True
        elif value == ";":
            self._questions[-1] = 0
        self.tokens.append(token)

    def _push(self, value: str) -> None:
        token = Token(TokenKind.PUNCTUATOR, value)
        token.is_object = value == "{" and self._opens_object()
        self._open.append(len(self.tokens))
        self._questions.append(0)
        self.tokens.append(token)

    def _close(self, value: str) -> None:
        token = Token(TokenKind.PUNCTUATOR, value)
        wanted = {")": "(", "]": "[", "}": "{"}[value]
        opening = self.tokens[self._open[-1]] if self._open else None
        if opening is None or opening.value not in {wanted, wanted.replace("{", "${")}:
            self.uncertain = True
            self.tokens.append(token)
            return
        token.partner = self._open.pop()
        self._questions.pop()
        token.is_object = opening.is_object
        opening.partner = len(self.tokens)
        self.tokens.append(token)
        if opening.value == "${":
            self._template(start=False)

    def _template(self, *, start: bool) -> None:
        """Read the text of a template up to its next substitution or its end."""
        found = _CHUNK.match(self.text, self._pos)
        assert found is not None  # noqa: S101 - it may be empty
        self._pos = found.end()
        end = found[1]
        value = unescape(self.text[found.start() : found.end() - len(end or "")])
        self.uncertain |= end is None
        if start and end != "${":
            self._literal(value)
            return
        self.tokens.append(Token(TokenKind.TEMPLATE, value))
        if end == "${":
            self._push("${")

    def _last(self) -> str | None:
        """Return the last token if it is a punctuator or keyword."""
        last = self.tokens[-1] if self.tokens else None
        return last.value if last and last.kind in {TokenKind.PUNCTUATOR, TokenKind.KEYWORD} else None

    def _follows_operand(self) -> bool:
        return bool(self.tokens) and ends_operand(self.tokens, len(self.tokens) - 1)

    def _opens_object(self) -> bool:
        """Return whether a brace at this place opens an object."""
        last = self.tokens[-1] if self.tokens else None
        if last is None:
            return False
        if last.kind is TokenKind.KEYWORD:
            return last.value in _BEFORE_OBJECTS
        if last.kind is not TokenKind.PUNCTUATOR:
            return False
        if last.value == ":":
            return last.is_ternary or self._is_within_object()
        return last.value not in {";", "{", "}", ")", "]", "=>"}

    def _is_within_object(self) -> bool:
        opening = self.tokens[self._open[-1]] if self._open else None
        return opening is not None and opening.value in {"{", "(", "["} and (opening.value != "{" or opening.is_object)


def ends_operand(tokens: list[Token], index: int) -> bool:
    """Return whether this token ends an operand, so that a slash after it divides and a bracket belongs to it."""
    token = tokens[index]
    if token.kind is TokenKind.KEYWORD:
        return token.value in _OPERANDS
    if token.kind is not TokenKind.PUNCTUATOR:
        return True
    if token.value == ")":
        before = tokens[token.partner - 1] if token.partner > 0 else None
        return before is None or before.kind is not TokenKind.KEYWORD or before.value not in STATEMENTS
    if token.value in {"++", "--"}:
        return index > 0 and ends_operand(tokens, index - 1)
    return token.value == "]" or (token.value == "}" and token.is_object)
