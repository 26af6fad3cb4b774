"""Find the structure of a script: its functions, statements and lists, and the scope of each name.

This needs no full parser. The lexer has paired the brackets. Everything else follows from the tokens before and after a
token:

* An *element* is everything between two separators in one pair of brackets: an argument, an item, a property, a
  statement. Two operands without an operator between them belong to different elements, so a statement without a
  semicolon ends there.
* A *function* goes from its parameters to the end of its body. `=>` makes a function, and so does a pair of parentheses
  between a name and a brace in an object or a class.
* A name belongs to the innermost function around it that declares it. A name that none declares is a global, and is
  known by its name alone, like a property. Blocks have no scope of their own here.

Each table comes from one pass over the tokens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .tokens import STATEMENTS, Token, TokenKind, ends_operand


class Region(NamedTuple):
    """Tokens from `start` to `stop`, which is not included. `is_part` says that their value is appended to another."""

    start: int
    stop: int
    is_part: bool = False


@dataclass(slots=True)
class Function:
    """A function. A parameter that is a pattern has several names; the last parameter may take the rest."""

    start: int
    stop: int
    parameters: list[list[str]]
    has_rest: bool
    returns: list[Region] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    parent: int = -1


#: A global or a property: its name. A name that a function declares: the function's number and the name.
Key = str | tuple[int, str]


class Structure:
    """The structure of one script whose tokens are certain.

    Attributes:
        functions: every function; a function's number is its index here.
        starting, ending: the number of the function that begins or ends with a token.
        named: for the token of a function's own name, its number.
        methods: those of these names that are properties.
        class_names: the names of the script's classes.
        around: the bracket around each token, -1 without one.
        starts: whether a token begins an element.
        begin, stop: where the element of each token begins, and where it ends.
        scope: the number of the function around each token, -1 without one.
        declared: every name that the script declares or has as a parameter.
    """

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self._marks = [
            each.value if each.kind in {TokenKind.PUNCTUATOR, TokenKind.KEYWORD} else None for each in tokens
        ]
        self.functions: list[Function] = []
        self.starting: dict[int, int] = {}
        self.ending: dict[int, int] = {}
        self.named: dict[int, int] = {}
        self.methods: set[int] = set()
        self.class_names: set[str] = set()
        self.declared: set[str] = set()
        self._parameters: set[int] = set()
        self._classes: set[int] = set()
        #: Functions without braces, with the token of their arrow.
        self._expressions: list[tuple[int, int]] = []
        self._resolved: dict[tuple[int, str], Key] = {}
        self.around = self._find_brackets()
        self._find_functions()
        self.starts = self._find_starts()
        self.begin, self.stop = self._find_elements()
        self._end_expressions()
        self.scope = self._find_scopes()
        self._declare()

    def has(self, index: int, *values: str) -> bool:
        """Return whether the token at this index is one of these punctuators or keywords."""
        return 0 <= index < len(self._marks) and self._marks[index] in values

    def kind(self, index: int) -> TokenKind | None:
        """Return the kind of the token at this index; None outside the script."""
        return self.tokens[index].kind if 0 <= index < len(self.tokens) else None

    def is_property(self, index: int) -> bool:
        """Return whether the name at this index is the name of a property."""
        return self.has(index - 1, ".", "?.")

    def is_index(self, opening: int) -> bool:
        """Return whether this bracket takes a property of the operand before it."""
        return self.has(opening, "[") and not self.starts[opening] and ends_operand(self.tokens, opening - 1)

    def property_name(self, index: int) -> str:
        """Return the string at this index if it is the name of a property in brackets; else an empty string."""
        inside = self.kind(index) is TokenKind.STRING and self.has(index + 1, "]") and self.is_index(index - 1)
        return self.tokens[index].value if inside else ""

    def is_key(self, index: int) -> bool:
        """Return whether this token is a key in an object literal."""
        around = self.around[index]
        is_object = around >= 0 and self.tokens[around].is_object
        return is_object and self.starts[index] and self.has(index + 1, ":")

    def is_call(self, opening: int) -> bool:
        """Return whether this bracket begins the arguments of a call."""
        if not self.has(opening, "(") or opening in self._parameters or self.starts[opening]:
            return False
        before = opening - 1 - self.has(opening - 1, "?.")
        return ends_operand(self.tokens, before) or self.has(before, "import", "super") or before in self.ending

    def function_at(self, start: int) -> int:
        """Return the number of the function that begins at this index; -1 if none does."""
        is_async = self.kind(start) is TokenKind.NAME and self.tokens[start].value == "async"
        return self.starting.get(start, self.starting.get(start + 1, -1) if is_async else -1)

    def function_before(self, end: int) -> int:
        """Return the number of the function that ends with this token, or before this bracket; -1 if none does."""
        return self.ending.get(end, self.ending.get(end - 1, -1) if self.has(end, ")") else -1)

    def key(self, index: int) -> Key:
        """Return the key of the name at this index."""
        name = self.tokens[index].value
        return name if self.is_property(index) else self.resolve(self.scope[index], name)

    def resolve(self, scope: int, name: str) -> Key:
        """Return the key of a name in this function."""
        asked = []
        found: Key = name
        while scope >= 0:
            known = self._resolved.get((scope, name))
            if known is not None:
                found = known
                break
            asked.append((scope, name))
            if name in self.functions[scope].declared:
                found = (scope, name)
                break
            scope = self.functions[scope].parent
        self._resolved.update(dict.fromkeys(asked, found))
        return found

    def list_elements(self, opening: int) -> list[Region]:
        """Return the elements between a bracket and its partner."""
        found = []
        at, end = opening + 1, self.tokens[opening].partner
        while at < end:
            stop = self.stop[at]
            found.append(Region(at, stop))
            at = stop + 1 if stop == at or self.has(stop, ",") else stop
        return found

    def _find_brackets(self) -> list[int]:
        around = []
        stack = [-1]
        for index, token in enumerate(self.tokens):
            if 0 <= token.partner < index:
                stack.pop()
            around.append(stack[-1])
            if token.partner > index:
                stack.append(index)
        return around

    def _find_functions(self) -> None:
        for index, token in enumerate(self.tokens):
            if self.has(index, "class"):
                self._classes.add(self._class_body(index + 1))
            elif self.has(index, "function"):
                self._add_classic(index)
            elif self.has(index, "=>"):
                is_one = not self.has(index - 1, ")")
                self._add(index - 1 if is_one else self.tokens[index - 1].partner, index + 1, is_one=is_one)
            elif self.has(index, "{") and not token.is_object:
                self._add_method(index)

    def _class_body(self, at: int) -> int:
        while at < len(self.tokens) and not (self.has(at, "{") and not self.tokens[at].is_object):
            if self.has(at, "class", "function", ";"):
                break
            at = max(at, self.tokens[at].partner) + 1
        return at

    def _add_classic(self, index: int) -> None:
        at = index + 1 + self.has(index + 1, "*")
        name = at
        at += self.kind(at) is TokenKind.NAME
        if self.has(at, "(") and self.has(self.tokens[at].partner + 1, "{"):
            self.starting[index] = self._add(at, self.tokens[at].partner + 1)
            if at > name:
                self.named[name] = self.starting[index]

    def _add_method(self, body: int) -> None:
        outer = self.around[body]
        if not self.has(body - 1, ")") or outer < 0 or not (self.tokens[outer].is_object or outer in self._classes):
            return
        start = self.tokens[body - 1].partner
        if start not in self._parameters and not self.has(start - 1, *STATEMENTS):
            self.named[start - 1] = self._add(start, body)
            self.methods.add(start - 1)

    def _add(self, start: int, body: int, *, is_one: bool = False) -> int:
        """Add the function whose parameters begin here. If its body is an expression, its end is not known yet."""
        number = len(self.functions)
        names, has_rest = [[self.tokens[start].value]], False
        if not is_one:
            self._parameters.add(start)
            names, has_rest = self._parameter_names(start)
        is_block = self.has(body, "{") and not self.tokens[body].is_object
        end = self.tokens[body].partner if is_block else -1
        self.functions.append(Function(start, end + 1, names, has_rest))
        self.starting[start] = number
        if is_block:
            self.ending[end] = number
        else:
            self._expressions.append((number, body - 1))
        return number

    def _parameter_names(self, opening: int) -> tuple[list[list[str]], bool]:
        names: list[list[str]] = [[]]
        has_rest = False
        end = self.tokens[opening].partner
        at = opening + 1
        is_default = False
        while at < end:
            token = self.tokens[at]
            if token.kind is TokenKind.NAME and not is_default:
                names[-1].append(token.value)
            elif self.has(at, ","):
                names.append([])
                is_default = False
            elif self.has(at, "="):
                is_default = True
            elif token.partner > at:
                if not is_default:
                    names[-1] += self.names_in(at)
                at = token.partner
            has_rest |= self.has(at, "...")
            at += 1
        return names, has_rest

    def names_in(self, opening: int) -> list[str]:
        """Return every name between two brackets."""
        inside = self.tokens[opening : self.tokens[opening].partner]
        return [token.value for token in inside if token.kind is TokenKind.NAME]

    def _find_starts(self) -> list[bool]:
        starts = []
        self._parameter_ends = {self.tokens[start].partner for start in self._parameters}
        for index in range(len(self.tokens)):
            if not index or self.has(index - 1, "(", "[", "{", "${", ",", ";"):
                starts.append(True)
            elif self.has(index - 1, ":") and not self.tokens[index - 1].is_ternary:
                around = self.around[index]
                starts.append(around < 0 or not self.tokens[around].is_object)
            else:
                starts.append(self._begins_statement(index))
        return starts

    def _begins_statement(self, index: int) -> bool:
        """Return whether a statement has ended before this token, without a semicolon."""
        before, token = self.tokens[index - 1], self.tokens[index]
        if self.has(index - 1, ")"):
            opening = before.partner
            if self.has(opening - 1, *STATEMENTS) and not self.is_property(opening - 1):
                return True
            ends = index - 1 not in self._parameter_ends
        elif self.has(index - 1, "}") and not before.is_object:
            if self.has(before.partner, "${"):
                return False
            if index - 1 not in self.ending and self.has(index, "(", "[", "{", "!", "++", "--"):
                return True
            ends = True
        else:
            ends = ends_operand(self.tokens, index - 1)
        if token.kind in {TokenKind.STRING, TokenKind.TEMPLATE}:
            # A template may have a tag function before it.
            return ends and before.kind is not TokenKind.NAME
        if token.kind is TokenKind.KEYWORD:
            return ends and token.value not in {"in", "of", "instanceof"}
        return ends and token.kind in {TokenKind.NAME, TokenKind.NUMBER}

    def _find_elements(self) -> tuple[list[int], list[int]]:
        begin = []
        stack: list[int] = []
        current = 0
        for index, token in enumerate(self.tokens):
            if 0 <= token.partner < index:
                current = stack.pop()
            if self.starts[index]:
                current = index
            begin.append(current)
            if token.partner > index:
                stack.append(current)
        stop = [0] * len(self.tokens)
        current = len(self.tokens)
        for index in range(len(self.tokens) - 1, -1, -1):
            token = self.tokens[index]
            if 0 <= token.partner < index:
                stop[index] = current
                stack.append(current)
                current = index
                continue
            if token.partner > index:
                current = stack.pop()
            elif self.has(index, ",", ";"):
                current = index
            stop[index] = current
            if self.starts[index]:
                current = index
        return begin, stop

    def _end_expressions(self) -> None:
        for number, arrow in reversed(self._expressions):
            function = self.functions[number]
            function.stop = self.stop[arrow]
            function.returns.append(Region(arrow + 1, function.stop))
            # If two end with the same token, the outer one counts.
            self.ending[function.stop - 1] = number

    def _find_scopes(self) -> list[int]:
        order = sorted(range(len(self.functions)), key=lambda number: self.functions[number].start)
        scopes = []
        stack: list[int] = []
        coming = iter(order)
        number = next(coming, None)
        for index in range(len(self.tokens)):
            while stack and self.functions[stack[-1]].stop <= index:
                stack.pop()
            if number is not None and self.functions[number].start == index:
                self.functions[number].parent = stack[-1] if stack else -1
                stack.append(number)
                number = next(coming, None)
            scopes.append(stack[-1] if stack else -1)
        return scopes

    def _declare(self) -> None:
        for function in self.functions:
            function.declared.update(name for names in function.parameters for name in names)
            self.declared |= function.declared
        for index in range(len(self.tokens)):
            if self.has(index, "var", "let", "const"):
                at = index + 1
                while self._declare_pattern(at, self.scope[index]):
                    at = self.stop[at] + 1
                    if not self.has(at - 1, ","):
                        break
            elif self.has(index, "function", "class"):
                at = index + 1 + self.has(index + 1, "*")
                if self._declare_pattern(at, self.scope[index]) and self.has(index, "class"):
                    self.class_names.add(self.tokens[at].value)

    def _declare_pattern(self, at: int, scope: int) -> bool:
        if self.kind(at) is TokenKind.NAME:
            names = [self.tokens[at].value]
        elif self.has(at, "{", "["):
            names = self.names_in(at)
        else:
            return False
        if scope >= 0:
            self.functions[scope].declared.update(names)
        self.declared.update(names)
        return True
