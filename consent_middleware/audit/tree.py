"""Read a page with html5lib, as a browser would, and say where each element stands.

html5lib keeps no positions, so the tokenizer notes where each tag begins, and the tree builder hands that on to the
element. It has no limits either, and some of its steps take longer the longer a tag is or the deeper the page nests. So
each step has a cost that grows with these, and a page that costs too much is not read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple
from xml.etree.ElementTree import Element as Node

from html5lib import HTMLParser
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import _ReparseException
from html5lib.treebuilders import getTreeBuilder

#: The most that one reading may cost. Ordinary markup costs less than one for each byte.
MAX_COST: Final = 10_000_000
#: The most elements of one document.
MAX_ELEMENTS: Final = 400_000

#: Longer than any page, so that html5lib reads it in one piece and an offset is a place in the page.
_WHOLE: Final = 1 << 30
_NAMESPACES: Final = {
    "http://www.w3.org/1999/xhtml": "html",
    "http://www.w3.org/2000/svg": "svg",
    "http://www.w3.org/1998/Math/MathML": "math",
}
_XLINK: Final = "{http://www.w3.org/1999/xlink}"


class UnreadableError(Exception):
    """A page, file or address could not be read. The text says why."""


class Element(NamedTuple):
    """One element of a page.

    Attributes:
        name: the name, in lower case for HTML.
        space: "html", "svg", "math", or "" for another namespace.
        attributes: the attributes as a browser reads them; `xlink:href` for the one of XLink.
        text: the text before the first child: all text of a script or style.
        line: the line of its "<", from 1. A line ends at LF, CR LF or CR.
        column: the column of its "<", from 1, in characters of the decoded page.
    """

    name: str
    space: str
    attributes: Mapping[str, str]
    text: str
    line: int
    column: int


class Document(NamedTuple):
    """A page as html5lib reads it.

    Attributes:
        elements: all elements in tree order, without those in a `template`, which a browser does not use.
        text: the decoded page, with each end of a line as LF.
        encoding: the name of the encoding.
    """

    elements: list[Element]
    text: str
    encoding: str


def read(page: bytes, charset: str | None = None, *, scripting: bool = True) -> Document:
    """Return a page as html5lib reads it.

    The encoding is found as in HTML, section 13.2.3.2: the byte order mark, the charset of the Content-Type, a `meta`
    element, and without any of these windows-1252.

    Args:
        page: the page's bytes.
        charset: the charset of the Content-Type, or None.
        scripting: whether the browser runs scripts. Without them, what stands in `noscript` is markup.

    Raises:
        UnreadableError: The page costs too much to read, or html5lib fails on it.
    """
    parser = _Parser()
    options = {"transport_encoding": charset, "useChardet": False}
    try:
        root = parser.parse(page, scripting=scripting, **options)
    except UnreadableError:
        raise
    except Exception as error:
        # html5lib 1.1 has assertions and lookups that malformed pages may reach.
        raise UnreadableError(f"html5lib cannot read this page ({type(error).__name__})") from error
    tokenizer = parser.tokenizer
    places = _Places(tokenizer.text)
    elements = list(_elements(root, parser.tree.offsets, places))
    return Document(elements, tokenizer.text, tokenizer.stream.charEncoding[0].name)


def _elements(root: Node, offsets: Mapping[Node, int], places: _Places) -> Iterator[Element]:
    stack: list[Any] = [root]
    while stack:
        node = stack.pop()
        if not isinstance(node.tag, str):
            # A comment.
            continue
        space, _, name = node.tag.rpartition("}")
        attributes = {key.replace(_XLINK, "xlink:"): value for key, value in node.attrib.items()}
        # The content of a template is used only if it is a shadow root (HTML, section 4.12.3).
        if name != "template" or attributes.get("shadowrootmode", "").lower() in {"open", "closed"}:
            stack.extend(reversed(node))
        place = places.of(offsets.get(node, 0))
        yield Element(name, _NAMESPACES.get(space[1:], ""), attributes, node.text or "", *place)


class _Places:
    """The lines and columns of offsets in a text."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def of(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class _Tokenizer(HTMLTokenizer):
    """Notes the offset of each start tag, and adds up what the reading costs."""

    def __init__(self, stream: bytes, parser: _Parser, **options: Any) -> None:
        super().__init__(stream, parser=parser, **options)
        #: The whole page; html5lib drops it at its end.
        self.text = ""
        #: The offset of the latest start tag.
        self.tag_offset = 0
        self._cost = 0
        stream_: Any = self.stream
        stream_._defaultChunkSize = _WHOLE  # noqa: SLF001 - it has no setting
        # html5lib's list of errors takes time that grows with its square.
        stream_.reportCharacterErrors = None

    def __iter__(self) -> Iterator[Any]:
        self.tokenQueue: deque[Any] = deque()
        tree = self.parser.tree
        while self.state():
            if self.stream.chunk:
                self.text = self.stream.chunk
            # Text and attributes grow piece by piece, and each piece copies what is there.
            self._spend(1 + (abs(self.stream.chunkOffset - self.tag_offset) >> 12))
            while self.tokenQueue:
                # Most tokens are looked for among the open elements.
                self._spend((len(tree.openElements) >> 2) + 2 * len(tree.activeFormattingElements))
                yield self.tokenQueue.popleft()

    def tagOpenState(self) -> bool:
        """Note where a start tag begins: its "<" has just been read."""
        offset = self.stream.chunkOffset - 1
        going_on = bool(super().tagOpenState())
        token: Any = self.currentToken
        if self.state == self.tagNameState:
            self.tag_offset = token["offset"] = offset
        return going_on

    def attributeNameState(self) -> bool:
        """Count the attributes of a tag, because html5lib compares each with all before it."""
        token: Any = self.currentToken
        self._spend(len(token["data"]) >> 3)
        return bool(super().attributeNameState())

    def _spend(self, cost: int) -> None:
        self._cost += cost
        if self._cost > MAX_COST:
            raise UnreadableError("the page is too large, or nests too deep, to be read")


class _TreeBuilder(getTreeBuilder("etree")):  # type: ignore[misc] # the function returns the class
    """Keeps the offset of each element's start tag."""

    def __init__(self, *arguments: Any) -> None:
        self.offsets: dict[Node, int] = {}
        super().__init__(*arguments)

    def createElement(self, token: dict[str, Any]) -> Any:
        """Make an element and note where it begins."""
        return self._noted(super().createElement(token), token)

    def insertElementNormal(self, token: dict[str, Any]) -> Any:
        """Insert an element and note where it begins."""
        return self._noted(super().insertElementNormal(token), token)

    def _noted(self, element: Any, token: dict[str, Any]) -> Any:
        # A tag that html5lib renames, such as `image`, comes as a new token.
        self.offsets[element._element] = token.get("offset", self.parser.tokenizer.tag_offset)  # noqa: SLF001
        if len(self.offsets) > MAX_ELEMENTS:
            raise UnreadableError(f"the page has more than {MAX_ELEMENTS:,} elements")
        return element


class _Parser(HTMLParser):
    """html5lib's parser with this tokenizer and this tree builder."""

    tokenizer: _Tokenizer

    def __init__(self) -> None:
        super().__init__(_TreeBuilder)
        self.tree.parser = self

    def _parse(self, stream: bytes, *_: Any, scripting: bool = False, **options: Any) -> None:
        self.innerHTMLMode = False
        self.container = "div"
        self.scripting = scripting
        self.tokenizer = _Tokenizer(stream, self, **options)
        self.reset()
        try:
            self.mainLoop()
        except _ReparseException:
            # A `meta` element names another encoding than the one in use.
            self.tree.offsets.clear()
            self.reset()
            self.mainLoop()

    def parseError(self, *_: Any) -> None:
        """Ignore an error in the markup, as browsers do."""
