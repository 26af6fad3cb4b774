"""Follow the strings of a script to what loads them: by which names browsers load, and how values are passed on.

`loads` explains the idea, with an example.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from . import markup
from .markup import LOADING_ATTRIBUTES, Place
from .structure import Key, Region, Structure
from .tokens import TokenKind, names


class Mode(IntEnum):
    """How a value that reaches a sink is read: as one address, as markup, or as code, a list, or parts of markup."""

    ADDRESS = 0
    MARKUP = 1
    PIECES = 2


#: Properties, and keys of objects passed to a function, whose value a browser loads.
_PROPERTIES: Final = {
    "src": Mode.ADDRESS,
    "srcset": Mode.PIECES,
    "srcdoc": Mode.MARKUP,
    "innerHTML": Mode.MARKUP,
    "outerHTML": Mode.MARKUP,
    "__html": Mode.MARKUP,
}
#: Properties that are code in a script element, and text in any other.
_TEXTS: Final = frozenset({"text", "textContent", "innerText"})
#: Functions whose first argument is an address, and those that load or run all their arguments.
_FETCHERS: Final = names(
    "EventSource SharedWorker WebSocket Worker addModule ajax axios fetch fetchLater get getJSON getScript import load"
    " post register request sendBeacon"
)
_RUNNERS: Final = names(
    "Function defineProperty eval execScript importScripts require requirejs setInterval setTimeout"
)
#: Functions that make elements from markup.
_WRITERS: Final = names(
    "$ jQuery after append appendTo before createContextualFragment html insertAdjacentHTML insertAfter parseFromString"
    " parseHTML prepend prependTo replaceWith setHTMLUnsafe write writeln"
)
#: Keys of an object argument of such a function whose value is an address.
_OPTIONS: Final = frozenset({"url", "uri", "href", "baseURL"})
#: Objects whose methods all load.
_LOADERS: Final = frozenset({"require", "requirejs", "System"})
#: Names that sites give to functions that load.
LOADING_NAME: Final = re.compile(
    r"(?i:load_?(?:js|css|files?|scripts?|async|external|lib\w*|resources?|tags?)|inject|beacon|pixel|iframe)"
    r"|Scripts?(?!ion)|(?:^|_|add|get|insert|append|js)scripts?(?!ion)"
)
#: Methods by which an object keeps their arguments.
_COLLECTORS: Final = frozenset({"add", "append", "concat", "enqueue", "push", "splice", "unshift"})
#: Methods whose second argument is an address or code if the first names such an attribute.
_SETTERS: Final = frozenset({"attr", "prop", "setAttribute", "setAttributeNS"})
_WINDOWS: Final = frozenset({"window", "self", "globalThis", "top", "parent"})
_ASSIGNMENTS: Final = frozenset({"=", "+=", "||=", "&&=", "??="})
#: What may be between the parts of a concatenated string.
_JOINING: Final = frozenset({"+", ".", "?.", "(", ")", "[", "]", "${", "}", "this"})

#: Functions that decode a string. Some snippets write markup from encoded strings, which cannot disturb the page's own.
_DECODERS: Final = frozenset({"decodeURI", "decodeURIComponent", "unescape"})
_PERCENT: Final = re.compile(r"%(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))")

#: How the value of a name in markup is read, by its place there.
_MODES: Final = {
    Place.TEXT: Mode.MARKUP,
    Place.TAG: Mode.PIECES,
    Place.INERT: None,
    Place.LOADED: Mode.PIECES,
    Place.SCRIPT: Mode.PIECES,
}

#: Arguments of the calls of one function, known by its number or name: those at one position, all in order (`_ALL`), or
#: all in any order (`_ANY`).
_Slot = tuple[str, "int | Key | _Slot", int]
_ANY, _ALL = -1, -2


def _has_query(value: str) -> bool:
    return "?" in value or "#" in value


class _Before(NamedTuple):
    """What comes before one part of a concatenated string.

    Attributes:
        in_query: whether the query of an address has begun.
        in_word: whether it has begun in the same word.
        state: the place in markup.
    """

    in_query: bool = False
    in_word: bool = False
    state: markup.MarkupState = markup.START

    def followed_by(self, value: str) -> _Before:
        """Return what comes before the part that follows this string."""
        word = value[max(value.rfind(mark) for mark in " \t\n\r\"'<>`") + 1 :]
        in_word = _has_query(word) or (self.in_word and len(word) == len(value))
        state = self.state
        if state.place is not Place.TEXT or "<" in value:
            state = markup.read(value, state)[1]
        return _Before(self.in_query or _has_query(value), in_word, state)


@dataclass(slots=True)
class _Call:
    """One call.

    Attributes:
        opening: the index of the bracket before the arguments.
        callee: the index of the token before it.
        begin: where the expression of the call begins.
        arguments: the arguments.
        name: the name of the function.
        key: what the script knows the function by; its number if it is called where it is written.
        receiver: the index of the object whose method it is, -1 without one.
        is_spread: whether the positions of the arguments are not known.
    """

    opening: int
    callee: int
    begin: int
    arguments: list[Region]
    name: str = ""
    key: int | Key | None = None
    receiver: int = -1
    is_spread: bool = False

    @property
    def inside(self) -> Region:
        return Region(self.opening + 1, self.arguments[-1].stop if self.arguments else self.opening + 1)


class Flow:
    """Where the strings of a script go.

    Attributes:
        structure: the functions, elements and names of the script.
        before: for each token, what comes before it in the same concatenated string.
        passed: what is assigned to a name or passed to a call: the index of the name, and the expression.
        modes: the reached strings, by their index, and how each of them is read.
    """

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self._tokens = structure.tokens
        self._values: defaultdict[Key | _Slot, list[Region]] = defaultdict(list)
        #: The arguments that a parameter stands for.
        self._slots: defaultdict[Key | _Slot, list[_Slot]] = defaultdict(list)
        self._calls: list[_Call] = []
        self._sinks: list[tuple[Region, Mode]] = []
        #: Calls that load unless the script itself defines the function.
        self._unknown: list[_Call] = []
        #: Texts of elements that may be scripts, by the element's name.
        self._texts: defaultdict[Key, list[Region]] = defaultdict(list)
        self.passed: list[tuple[int, Region]] = []
        #: In a `with`, a name may be a property of anything.
        self._has_with = any(structure.has(index, "with") for index in range(len(self._tokens)))
        self._decode_strings()
        self.before = self._find_sums()
        self._within = self._find_calls_around()
        for index in range(len(self._tokens)):
            self._read(index)
        self._bind()
        tracer = _Tracer(structure, self.before, self._values, self._slots)
        self.modes = tracer.trace(self._sinks)

    def _decode_strings(self) -> None:
        """Decode the strings that are passed to a decoding function, in place."""
        levels: list[bool] = []
        is_encoded = False
        for index, token in enumerate(self._tokens):
            if 0 <= token.partner < index:
                is_encoded = levels.pop()
            elif token.partner > index:
                levels.append(is_encoded)
                is_encoded |= self.structure.is_call(index) and self._tokens[index - 1].value in _DECODERS
            elif is_encoded and token.kind in {TokenKind.STRING, TokenKind.TEMPLATE}:
                token.value = _PERCENT.sub(lambda found: chr(int(found[1] or found[2], 16)), token.value)

    def _find_sums(self) -> list[_Before]:
        """Return for each token what comes before it in the same concatenated string."""
        found = []
        outer = current = _Before()
        levels: list[tuple[_Before, _Before]] = []
        for index, token in enumerate(self._tokens):
            if 0 <= token.partner < index:
                outer, current = levels.pop()
            elif self.structure.starts[index] or not self._is_joint(index):
                current = outer
            found.append(current)
            if token.kind in {TokenKind.STRING, TokenKind.TEMPLATE}:
                current = current.followed_by(token.value)
            if token.partner > index:
                levels.append((outer, current))
                outer = current
        return found

    def _is_joint(self, index: int) -> bool:
        token = self._tokens[index]
        if token.kind not in {TokenKind.PUNCTUATOR, TokenKind.KEYWORD}:
            return True
        # A method of a string returns another string.
        is_method = token.value == "." and self.structure.kind(index - 1) is TokenKind.STRING
        return token.value in _JOINING and not is_method

    def _find_calls_around(self) -> list[int]:
        """Return for each bracket the call whose arguments it opens, or in whose object or array argument it is."""
        within = []
        for index, token in enumerate(self._tokens):
            around = self.structure.around[index]
            if self.structure.is_call(index):
                within.append(index)
            elif around < 0 or (token.value == "{" and not token.is_object):
                within.append(-1)
            else:
                within.append(within[around])
        return within

    def _read(self, index: int) -> None:
        token = self._tokens[index]
        structure = self.structure
        if token.kind is TokenKind.PUNCTUATOR:
            if token.value in _ASSIGNMENTS:
                self._read_assignment(index, is_part=token.value == "+=")
            elif token.value == ":" and structure.is_key(index - 1):
                self._read_property(index)
            elif structure.is_call(index):
                self._read_call(index)
        elif structure.has(index, "return", "yield") and structure.scope[index] >= 0:
            function = structure.functions[structure.scope[index]]
            function.returns.append(Region(index + 1, structure.stop[index]))
        elif structure.has(index, "of", "in"):
            self._read_loop(index)
        elif token.value in {"import", "from"} and structure.kind(index + 1) is TokenKind.STRING:
            self._sinks.append((Region(index + 1, index + 2), Mode.ADDRESS))
        elif token.kind is TokenKind.NAME and structure.starts[index] and structure.has(index + 1, ",", "}"):
            around = structure.around[index]
            if around >= 0 and self._tokens[around].is_object:
                self._values[token.value].append(Region(index, index + 1))

    def _read_assignment(self, index: int, *, is_part: bool) -> None:
        structure = self.structure
        region = Region(index + 1, structure.stop[index], is_part)
        before = index - 1
        opening = self._tokens[before].partner
        if structure.kind(before) is TokenKind.NAME:
            self._assign(before, region)
        elif structure.has(before, "]") and structure.is_index(opening):
            name = structure.property_name(before - 1)
            if name:
                self._assign_property(opening, name, region)
                return
            if structure.kind(opening - 1) is TokenKind.NAME:
                self._assign(opening - 1, region)
            if not (before - opening == 2 and structure.kind(before - 1) is TokenKind.NUMBER):
                # It may be any property.
                self._sinks.append((region, Mode.ADDRESS))
        elif structure.has(before, "]", "}"):
            self._assign_pattern(before, region)

    def _assign(self, name: int, region: Region) -> None:
        """Note what is assigned to a variable or a property."""
        self.passed.append((name, region))
        if self.structure.is_property(name) or self._has_with:
            self._assign_property(name - 1, self._tokens[name].value, region)
        if not self.structure.is_property(name):
            self._values[self.structure.key(name)].append(region)

    def _assign_property(self, mark: int, name: str, region: Region) -> None:
        """Note what is assigned to a property; its dot or bracket is at `mark`."""
        self._values[name].append(region)
        is_named = self.structure.kind(mark - 1) is TokenKind.NAME
        if name in _PROPERTIES:
            self._sinks.append((region, _PROPERTIES[name]))
        elif name == "href":
            if not (is_named and self._tokens[mark - 1].value == "location"):
                self._sinks.append((region, Mode.ADDRESS))
        elif name in _TEXTS and is_named:
            self._texts[self.structure.key(mark - 1)].append(region)

    def _assign_pattern(self, end: int, region: Region) -> None:
        for at in range(self._tokens[end].partner, end):
            if self.structure.kind(at) is TokenKind.NAME:
                self._values[self.structure.key(at)].append(region)

    def _read_property(self, index: int) -> None:
        structure = self.structure
        region = Region(index + 1, structure.stop[index])
        name = self._tokens[index - 1].value
        self._values[name].append(region)
        opening = self._within[structure.around[index]]
        if opening < 0:
            return
        caller = self._tokens[opening - 1].value
        if name in _PROPERTIES and caller != "push":
            self._sinks.append((region, _PROPERTIES[name]))
        elif name in _OPTIONS and caller in _FETCHERS | _WRITERS:
            self._sinks.append((region, Mode.ADDRESS))

    def _read_loop(self, index: int) -> None:
        """Read `for (x of …)` and `for (x in …)`."""
        structure = self.structure
        opening = structure.around[index]
        if opening < 1 or not structure.has(opening - 1, "for", "await"):
            return
        region = Region(index + 1, self._tokens[opening].partner)
        if structure.kind(index - 1) is TokenKind.NAME:
            self._assign(index - 1, region)
        elif structure.has(index - 1, "]", "}"):
            self._assign_pattern(index - 1, region)

    def _read_call(self, opening: int) -> None:
        structure = self.structure
        callee = opening - 1 - structure.has(opening - 1, "?.")
        call = _Call(opening, callee, structure.begin[opening], structure.list_elements(opening))
        self._calls.append(call)
        call.is_spread = any(structure.has(start, "...") for start, _, _ in call.arguments)
        self._name_callee(call)
        if call.name in _COLLECTORS and structure.kind(call.receiver) is TokenKind.NAME:
            self._values[structure.key(call.receiver)].append(call.inside._replace(is_part=True))
        self.passed.append((callee, call.inside))
        self._find_sinks(call)

    def _name_callee(self, call: _Call) -> None:
        """Find out what is called: a function of the script, or one that is known by name only."""
        structure, callee = self.structure, call.callee
        if structure.kind(callee) is TokenKind.NAME or structure.has(callee, "import", "super"):
            call.name = self._tokens[callee].value
            call.key = structure.key(callee)
            call.receiver = callee - 2 if structure.is_property(callee) else -1
        elif structure.has(callee, "]") and structure.is_index(self._tokens[callee].partner):
            call.name = structure.property_name(callee - 1)
            call.key = call.name or None
            call.receiver = self._tokens[callee].partner - 1
        elif (number := structure.function_before(callee)) >= 0:
            call.key = number
        if call.name in {"call", "apply", "bind"} and call.receiver >= 0:
            call.is_spread = True
            number = structure.function_before(call.receiver)
            if number >= 0:
                call.key = number
            elif structure.kind(call.receiver) is TokenKind.NAME:
                call.key = structure.key(call.receiver)
                call.name = self._tokens[call.receiver].value
        if call.name in structure.class_names:
            call.key = "constructor"

    def _find_sinks(self, call: _Call) -> None:
        """Note which arguments are loaded, judging by the function's name."""
        structure, name, arguments = self.structure, call.name, call.arguments
        receiver = self._tokens[call.receiver].value if structure.kind(call.receiver) is TokenKind.NAME else ""
        if isinstance(call.key, int) or not arguments:
            return
        if name in _SETTERS:
            attribute = arguments[name == "setAttributeNS" and len(arguments) > 1]
            literal = self._literal(attribute)
            if literal is None or LOADING_ATTRIBUTES.fullmatch(literal):
                self._sinks += [(each, Mode.PIECES) for each in arguments]
        elif name in _FETCHERS:
            if not _is_object(self.structure, arguments[0]):
                self._sinks.append((arguments[0], Mode.ADDRESS))
        elif name in _RUNNERS or receiver in _LOADERS or (name == "set" and receiver == "Reflect"):
            self._sinks += [(each, Mode.PIECES) for each in arguments]
        elif name in _WRITERS:
            self._find_written(name, arguments)
        elif name == "open":
            if receiver not in _WINDOWS and call.receiver >= 0:
                self._sinks += [(each, Mode.ADDRESS) for each in arguments[:2]]
        elif name == "createTextNode":
            around = structure.around[call.opening]
            outer = self._within[around] if around >= 0 else -1
            if outer > 2 and structure.is_property(outer - 1) and structure.kind(outer - 3) is TokenKind.NAME:
                self._texts[structure.key(outer - 3)] += arguments
        elif len(name) <= 1 or LOADING_NAME.search(name):
            self._unknown.append(call)

    def _find_written(self, name: str, arguments: list[Region]) -> None:
        first = self._literal(arguments[0])
        if name in {"append", "insertAdjacentHTML", "parseFromString"} and len(arguments) > 1 and first is not None:
            # `FormData.append` takes a name and a value; the others take the markup and a position or a type.
            arguments = arguments[1:] if name == "insertAdjacentHTML" else arguments[:1]
        for each in arguments:
            if not _is_object(self.structure, each):
                # Markup that is written in several pieces is not joined here.
                self._sinks.append((each._replace(is_part=len(arguments) > 1), Mode.MARKUP))

    def _literal(self, region: Region) -> str | None:
        """Return the value of an argument that is one string; None for any other."""
        is_one = region.stop - region.start == 1 and self.structure.kind(region.start) is TokenKind.STRING
        return self._tokens[region.start].value if is_one else None

    def _bind(self) -> None:
        """Connect parameters with the arguments of calls, and the names of functions with what they return."""
        structure = self.structure
        known: defaultdict[int | Key | _Slot, list[int]] = defaultdict(list)
        for number in range(len(structure.functions)):
            known[number].append(number)
        for token, number in structure.named.items():
            is_method = token in structure.methods
            own = self._tokens[token].value if is_method else structure.key(token)
            known[own].append(number)
            self._values[own] += structure.functions[number].returns
        for name, regions in list(self._values.items()):
            known[name] += [number for region in regions if (number := structure.function_at(region.start)) >= 0]
        for key, numbers in known.items():
            for number in numbers:
                self._name_parameters(number, key)
        for call in self._calls:
            self._pass_arguments(call, known)
        for call in self._unknown:
            if not known.get(call.key if call.key is not None else -1):
                self._sinks += [(each, Mode.PIECES) for each in call.arguments]
        for element, texts in self._texts.items():
            if any(self._makes_script(region) for region in self._values.get(element, [])):
                self._sinks += [(region, Mode.PIECES) for region in texts]

    def _name_parameters(self, number: int, key: int | Key | _Slot) -> None:
        function = self.structure.functions[number]
        last = len(function.parameters) - 1
        for place, parameter in enumerate(function.parameters):
            takes = _ALL if function.has_rest and place == last else place
            for name in parameter:
                self._slots[number, name] += [("call", key, takes), ("call", key, _ANY)]

    def _pass_arguments(self, call: _Call, known: Mapping[int | Key | _Slot, list[int]]) -> None:
        """Note what a call passes to the function that it calls, and to the callbacks among its arguments."""
        structure = self.structure
        inside = call.inside
        if call.key is not None and call.key in known:
            for place, region in enumerate(call.arguments):
                self._values["call", call.key, place].append(region)
            self._values["call", call.key, _ANY if call.is_spread else _ALL].append(inside)
            self._values["arguments"].append(inside)
        for region in call.arguments:
            handler: int | Key = structure.function_at(region.start)
            if region.stop - region.start == 1 and structure.kind(region.start) is TokenKind.NAME:
                handler = structure.key(region.start)
            if handler in known:
                self._values["call", handler, _ANY] += [Region(call.begin, call.callee), inside]

    def _makes_script(self, region: Region) -> bool:
        """Return whether an expression begins by making or finding a script element."""
        if region.is_part:
            return False
        some = self._tokens[region.start : min(region.stop, region.start + 12)]
        return any(token.kind is TokenKind.STRING and "script" in token.value.lower() for token in some)


class _Tracer:
    """Go back from the sinks of a script to the strings that reach them."""

    def __init__(
        self,
        structure: Structure,
        before: Sequence[_Before],
        values: Mapping[Key | _Slot, list[Region]],
        slots: Mapping[Key | _Slot, list[_Slot]],
    ) -> None:
        self._structure = structure
        self._tokens = structure.tokens
        self._before = before
        self._values = values
        self._slots = slots
        self._modes: defaultdict[int, set[Mode]] = defaultdict(set)

    def trace(self, sinks: list[tuple[Region, Mode]]) -> Mapping[int, set[Mode]]:
        """Return the strings that reach these sinks, by their index, and how each of them is read."""
        unread = {mode: _Unread(len(self._tokens)) for mode in Mode}
        known: set[tuple[Key | _Slot, Mode]] = set()
        work = list(sinks)
        while work:
            region, mode = work.pop()
            if mode is Mode.MARKUP and region.is_part and not self._is_markup(region.start):
                mode = Mode.PIECES
            for index in self._read_region(region, mode, unread[mode], work):
                if self._tokens[index].kind is not TokenKind.NAME:
                    self._modes[index].add(mode)
                    continue
                key = self._structure.key(index)
                follows = self._mode_after(index, mode)
                if follows is not None and self._stands_for_all(index, key):
                    self._follow(key, follows, known, work)
        return self._modes

    def _is_markup(self, index: int) -> bool:
        token = self._tokens[index]
        return token.kind in {TokenKind.STRING, TokenKind.TEMPLATE} and "<" in token.value

    def _mode_after(self, index: int, mode: Mode) -> Mode | None:
        """Return how the value of a name is read, given what comes before the name; None if it is not loaded."""
        before = self._before[index]
        if mode is Mode.MARKUP:
            return _MODES[before.state.place]
        in_query = before.in_query if mode is Mode.ADDRESS else before.in_word
        return None if in_query else mode

    def _read_region(
        self, region: Region, mode: Mode, unread: _Unread, work: list[tuple[Region, Mode]]
    ) -> Iterator[int]:
        """Yield the unread names and strings of an expression. For a function, what it returns is put on `work`."""
        structure = self._structure
        at = region.start
        while (at := unread.next(at)) < region.stop:
            token = self._tokens[at]
            number = structure.function_at(at)
            if number >= 0:
                function = structure.functions[number]
                work += [(each, mode) for each in function.returns]
                at = function.stop
                continue
            if structure.has(at, "{") and not token.is_object:
                at = token.partner + 1
                continue
            unread.take(at)
            if mode is Mode.MARKUP and structure.has(at, "[") and not structure.is_index(at):
                # Its items are joined in some way.
                work.append((Region(at + 1, token.partner), Mode.PIECES))
                at = token.partner
            elif token.kind is TokenKind.NAME and token.value == "createTextNode" and structure.is_call(at + 1):
                at = self._tokens[at + 1].partner
            elif token.kind in {TokenKind.NAME, TokenKind.STRING, TokenKind.TEMPLATE}:
                yield at

    def _stands_for_all(self, index: int, key: Key) -> bool:
        """Return whether a name in an expression stands for all values that it was given.

        It does not if it is the key of an object literal, or if one property is taken from an object literal: then only
        that property counts, under its own name.
        """
        structure = self._structure
        if structure.is_key(index):
            return False
        if not structure.has(index + 1, ".", "?.") or structure.kind(index + 2) is not TokenKind.NAME:
            return True
        if not self._values.get(self._tokens[index + 2].value):
            return True
        return not all(_is_object(self._structure, value) for value in self._values.get(key, []))

    def _follow(
        self, key: Key | _Slot, mode: Mode, known: set[tuple[Key | _Slot, Mode]], work: list[tuple[Region, Mode]]
    ) -> None:
        if (key, mode) in known:
            return
        known.add((key, mode))
        work += [(region, mode) for region in self._values.get(key, [])]
        for slot in self._slots.get(key, []):
            self._follow(slot, mode, known, work)


def _is_object(structure: Structure, region: Region) -> bool:
    """Return whether an expression is an object literal."""
    opening = structure.tokens[region.start] if structure.has(region.start, "{") else None
    return opening is not None and opening.is_object and opening.partner == region.stop - 1


class _Unread:
    """The tokens that have not been read yet, so that each is visited once (a disjoint-set forest of runs)."""

    def __init__(self, size: int) -> None:
        self._next = list(range(size + 1))

    def next(self, index: int) -> int:
        """Return the first token from this one on that has not been read."""
        following = self._next
        while following[index] != index:
            following[index] = index = following[following[index]]
        return index

    def take(self, index: int) -> None:
        """Mark a token as read."""
        self._next[index] = index + 1
