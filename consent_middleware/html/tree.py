"""A simulation of the tree construction stage: which tags a browser obeys, and how it reads what follows them.

Theory of operation
===================

Idea. A tokenizer cannot read HTML alone: in `<svg>`, "<![CDATA[" begins a CDATA section and `<title>` has markup in it;
in HTML, the first is a comment and the second has text. The tree construction stage of the HTML standard (13.2.6)
decides this from the open elements. `Tree` follows the part of that stage on which the reading depends:

- foreign content: elements of SVG and MathML, the HTML inside their integration points, and the start tags that break
  out of it (13.2.6.5);
- templates, whose content loads nothing (13.2.6.4.17);
- `select` and framesets, which ignore most tags (13.2.6.4.7 and .16).

The stack of open elements begins at the outermost svg, math or template element. In the HTML of the page itself it is
empty, so that nearly all of a page needs no work here. The price is that the elements of the page around foreign
content are unknown. An end tag in foreign content that matches nothing on the stack may close one of them, and with it
the foreign content, or may be ignored. The tree then goes on as if the foreign content were closed, remembers it in
`maybe_open`, and sets `maybe_foreign`.

Invariant. A tag that some browser obeys is never missed. Either the tree reads it as that browser does, or
`maybe_foreign` says that it may also be a foreign element, or `lost_track` says that it is unknown where tags begin:
the caller then has to look at every "<". A doubt is resolved only where all readings agree again: when nothing is open
by any of them, or at a start tag that breaks out of foreign content.

Example. The stack after each tag of

    <svg><desc><b></b></desc><g></i><div><script src=/a></script>

    <svg>      svg                       foreign content begins
    <desc>     svg desc                  an integration point: the rules of HTML apply inside
    <b>        svg desc b                an element of HTML
    </b>       svg desc
    </desc>    svg
    <g>        svg g                     an element of SVG
    </i>                                 an `i` of the page may be open around the svg, and closes it: the stack is
                                         empty, `maybe_open` is "svg g" and `maybe_foreign` is set
    <div>                                breaks out of foreign content by the other reading: the doubt is resolved
    <script>                             an HTML script by all readings: its address is `src`, its content is text
"""

from __future__ import annotations

from copy import copy
from typing import Final, NamedTuple

from . import grammar
from .tags import StartTag

MAX_OPEN_ELEMENTS: Final = 256
"""How far an end tag looks for its start tag, so that deep nesting does not take quadratic time. Browsers have such a
limit too (512 elements in Blink)."""


class Element(NamedTuple):
    """Hold an open element at or below the outermost svg, math or template element.

    Attributes:
        namespace: `html`, `svg` or `math`; in XML the name.
        name: the lower-cased name.
        is_integration_point: whether it is an HTML integration point (13.2.6).
        is_inert: whether it is a template other than a shadow tree, or in one, so that its content loads nothing.
        scope_boundaries: how many of it and the elements around it end scopes, as integration points do (13.2.4.2).
        in_table: whether it is a table or a template, or in one.
        in_svg: whether it is called svg, or is in an element called so.
        template_mode: what the first start tag in a template has decided (13.2.6.4.17).
    """

    namespace: bytes
    name: bytes
    is_integration_point: bool
    is_inert: bool
    scope_boundaries: int
    in_table: bool
    in_svg: bool
    template_mode: str = ""


_NO_ELEMENT: Final = Element(b"", b"", False, False, 0, False, False)


class OpenElements(list[Element]):
    """Hold the stack of open elements (13.2.4.2), outermost first."""

    def push(
        self, namespace: bytes, name: bytes, *, is_integration_point: bool = False, is_effective: bool = False
    ) -> None:
        """Open an element.

        Args:
            namespace: its namespace.
            name: its name.
            is_integration_point: whether it is an HTML integration point.
            is_effective: whether the content of a template is effective, as in a shadow tree.
        """
        above = self[-1] if self else _NO_ELEMENT
        html = namespace in {b"html", b"template"}
        is_boundary = is_integration_point or (namespace == b"math" and name in grammar.MATHML_BOUNDS)
        self.append(
            Element(
                namespace,
                name,
                is_integration_point,
                is_inert=above.is_inert or (html and name == b"template" and not is_effective),
                scope_boundaries=above.scope_boundaries + is_boundary,
                in_table=above.in_table or (html and name in {b"table", b"template"}),
                in_svg=above.in_svg or name == b"svg",
            )
        )

    def push_foreign(self, tag: StartTag) -> None:
        """Open an element of the current foreign namespace (13.2.6.5, "any other start tag")."""
        namespace, name = self[-1].namespace, tag.name
        is_integration_point = (namespace == b"svg" and name in grammar.SVG_INTEGRATION) or (
            namespace == b"math"
            and name == b"annotation-xml"
            and (tag.get(b"encoding") or "").lower() in {"text/html", "application/xhtml+xml"}
        )
        self.push(namespace, name, is_integration_point=is_integration_point)

    def follow_html_rules(self, name: bytes) -> bool:
        """Return whether the rules for HTML content apply to a start tag (13.2.6, the dispatcher)."""
        current = self[-1]
        return (
            current.namespace == b"html"
            or current.is_integration_point
            or (
                current.namespace == b"math"
                and current.name in grammar.MATHML_TEXT
                and name not in {b"mglyph", b"malignmark"}
            )
            or (current.namespace == b"math" and current.name == b"annotation-xml" and name == b"svg")
        )

    def counts_in_template(self, name: bytes) -> bool:
        """Return whether the innermost element, which is a template, does not ignore a start tag (13.2.6.4.17)."""
        template = self[-1]
        if template.namespace != b"html" or name == b"template":
            return True
        if not template.template_mode and name not in grammar.OF_HEAD:
            self[-1] = template = template._replace(template_mode="columns" if name == b"col" else "other")
        return template.template_mode != "columns"

    def break_out(self) -> None:
        """Close foreign elements up to an HTML element or an integration point (13.2.6.5)."""
        while self and not (
            self[-1].namespace == b"html"
            or self[-1].is_integration_point
            or (self[-1].namespace == b"math" and self[-1].name in grammar.MATHML_TEXT)
        ):
            self.pop()

    def inner_html_names(self) -> list[bytes]:
        """Return the names of the HTML elements that are open in the innermost foreign element, innermost first."""
        names = []
        for element in reversed(self[-MAX_OPEN_ELEMENTS:]):
            if element.namespace != b"html":
                break
            names.append(element.name)
        return names

    def opens_alone(self, name: bytes) -> bool:
        """Return whether a start tag in foreign content opens its element and closes no other than the current one."""
        if name in grammar.DEPENDS_ON_PAGE:
            return False
        inside = self.inner_html_names()
        if len(inside) == MAX_OPEN_ELEMENTS or (name in grammar.CLOSES_P and b"p" in inside[1:]):
            return False
        return not any(name in group and group.intersection(inside) for group in grammar.CLOSE_EACH_OTHER)

    def find_in_scope(self, name: bytes, top: int, *, only_current: bool = False) -> int:
        """Return the index of the HTML element that an end tag closes, or -1 if none is in scope (13.2.4.2).

        Args:
            name: the name of the end tag.
            top: the index to begin at.
            only_current: whether to look at that one only.
        """
        for at in range(top, max(-1, top - MAX_OPEN_ELEMENTS), -1):
            element = self[at]
            if element.namespace == b"html" and element.name == name:
                return at
            if only_current or (name != b"template" and (element.namespace != b"html" or element.name == b"template")):
                return -1
            if element.namespace == b"html" and element.name in grammar.SPECIAL and name not in grammar.SPECIAL:
                return -1
        return -1

    def end_tags(self) -> bytes | None:
        """Return the end tags of all elements, or None if one of them is a script.

        A script that the document leaves open does not run (SVG 2, section 16.2). An end tag would make it run.
        """
        if any(element.name.rpartition(b":")[2] == b"script" for element in self):
            return None
        return b"".join(b"</%b>" % element.name for element in reversed(self))


class Tree:
    """Follow the tags of a document as the tree construction stage does (13.2.6).

    Attributes:
        open: the open elements at or below the outermost svg, math or template element.
        maybe_open: foreign elements that may still be open, where an uncertain end tag may have closed them.
        maybe_foreign: whether the next tag may be an element of HTML or of SVG, depending on the browser or on the
            elements of the page.
        lost_track: whether it is unknown where tags begin.
        lost_track_without_scripts: the same for a browser that runs no scripts.
        in_select: whether a select element is open.
        in_frameset: whether a frameset has replaced the body.
        frameset_ok: whether a frameset may still replace it.
        is_misnested: whether HTML elements in a template were not closed in the order in which they were opened.
        bom: the rest of the byte order mark that the text may still begin with.
        outer: the tree around the noscript element that is read, or None.
        outer_count: how many of the open elements are around the noscript element or the element itself.
        is_svg: whether the start tag just read is an SVG element.
        is_effective: whether a browser may load what the start tag just read names: it is not in an inert template and
            its namespace is known.
    """

    __slots__ = (
        *("bom", "frameset_ok", "in_frameset", "in_select", "is_effective", "is_misnested", "is_svg", "lost_track"),
        *("lost_track_without_scripts", "maybe_foreign", "maybe_open", "open", "outer", "outer_count"),
    )

    def __init__(self) -> None:
        self.open = OpenElements()
        self.maybe_open: list[Element] = []
        self.maybe_foreign = False
        self.lost_track = False
        self.lost_track_without_scripts = False
        self.in_select = False
        self.in_frameset = False
        self.frameset_ok = True
        self.is_svg = False
        self.is_effective = False
        self.is_misnested = False
        self.bom = b"\xef\xbb\xbf"
        self.outer: Tree | None = None
        self.outer_count = 0

    def without_scripts(self) -> Tree:
        """Return the tree as a browser without scripts continues it inside the noscript element just opened."""
        inner = copy(self)
        inner.open = OpenElements(self.open[-1:])
        if inner.open:
            inner.open.push(b"html", b"noscript")
        inner.maybe_open = []
        inner.outer = self
        inner.outer_count = len(inner.open)
        return inner

    def leave_noscript(self) -> Tree:
        """Return the tree around the noscript element, which a browser with scripts has read as text."""
        outer = self.outer
        assert outer is not None  # noqa: S101 - called only inside a noscript element
        outer.lost_track_without_scripts = self.lost_track_without_scripts
        outer.bom = self.bom
        return outer

    def leaves_traces(self) -> bool:
        """Return whether what a noscript element leaves open changes how a browser without scripts reads on."""
        assert self.outer is not None  # noqa: S101 - called only inside a noscript element
        return self.in_select != self.outer.in_select or any(
            element.namespace != b"html" or element.name == b"template" or element.scope_boundaries > 0
            for element in self.open[self.outer_count :]
        )

    @property
    def closing(self) -> bytes | None:
        """The end tags that close everything open, so that HTML follows; None if nothing does that."""
        if self.in_frameset:
            return None
        ends = self.open.end_tags()
        if ends is None:
            return None
        # A void element that only HTML has breaks out of foreign content.
        leaving = grammar.INTEGRATION_POINT_ENDS * self.lost_track + b"<meta>" * (self.maybe_foreign or self.lost_track)
        return ends + b"</select>" * self.in_select + leaving

    def lose_track(self) -> None:
        """Note that it is unknown from here on where tags begin."""
        if self.outer is not None:
            self.lost_track_without_scripts = True
        else:
            self.lost_track = True

    def note_text(self, source: bytes, start: int, stop: int) -> None:
        """Refuse a later frameset if the text is visible; a byte order mark is not."""
        while self.bom and start < stop and source[start] == self.bom[0]:
            self.bom = self.bom[1:]
            start += 1
        if start < stop:
            self.bom = b""
            if grammar.VISIBLE.search(source, start, stop):
                self.frameset_ok = False

    # -- Start tags ---------------------------------------------------------------------------------------------------

    def follow_start_tag(self, name: bytes, raw: bytes, *, is_whole: bool = True) -> bytes:
        """Follow a start tag.

        Args:
            name: its lower-cased name.
            raw: its bytes.
            is_whole: whether `raw` is the whole tag, and not only the end of one that was too long to buffer.

        Returns:
            The name of the element whose content the tokenizer reads as text; empty if markup follows.
        """
        open_elements = self.open
        self.is_svg = False
        self.is_effective = not (open_elements and open_elements[-1].is_inert)
        if open_elements and open_elements[-1].name == b"template" and not open_elements.counts_in_template(name):
            return b""
        if not open_elements or open_elements.follow_html_rules(name):
            if self.maybe_foreign and name in grammar.BREAKOUT:
                self._resolve_doubt()
        elif name in grammar.BREAKOUT or (name == b"font" and _breaks_out(raw)):
            self._break_out()
        else:
            if self.maybe_foreign and name in grammar.READ_DIFFERENTLY:
                self.lose_track()
            self._open_foreign(name, raw)
            return b""
        if self.maybe_foreign and (name in grammar.READ_DIFFERENTLY or (name == b"svg" and not self._svg_nests())):
            self.lose_track()
        if name == b"frameset" and self.frameset_ok and not (open_elements and open_elements[-1].in_table):
            # The tree ignores nearly everything that follows, so end markup would be useless. The tags are still read:
            # they load nothing in a frameset, but a browser's look-ahead fetches them, and there may be no frameset.
            self.in_frameset = True
        if self.frameset_ok and name in grammar.FRAMESET_NOT_OK:
            self.frameset_ok = name == b"input" and StartTag(name, raw).get(b"type") == "hidden"
        if name in grammar.TEXT_CONTENT:
            if self.in_select and name not in {b"script", b"textarea"}:
                # A browser that follows the standard of 2025 reads text; older ones ignore the start tag.
                self.lose_track()
            return name
        if name in {b"svg", b"math"}:
            if not StartTag(name, raw).self_closing:
                open_elements.push(name, name)
                # Older browsers ignore the tag in a select, so that HTML follows for them.
                self.maybe_foreign = self.maybe_foreign or self.in_select
        elif name == b"template":
            open_elements.push(b"html", name, is_effective=not is_whole or _is_shadow_root(raw))
        else:
            if name == b"select":
                self.in_select = not self.in_select
            if open_elements and name not in grammar.VOID:
                self._open_html(name)
        return b""

    def _svg_nests(self) -> bool:
        """Return whether all readings agree on the namespace around an svg start tag."""
        around = self.open or self.maybe_open
        return not around or around[-1].namespace == b"svg"

    def _open_foreign(self, name: bytes, raw: bytes) -> None:
        """Follow a start tag in foreign content; only elements of SVG load something.

        An `svg` in MathML is not an SVG element, but a browser's look-ahead takes it for one.
        """
        current = self.open[-1]
        self.is_svg = current.namespace == b"svg" or current.in_svg
        self.is_effective = self.is_effective and (self.is_svg or self.maybe_foreign)
        tag = StartTag(name, raw)
        if not tag.self_closing:
            self.open.push_foreign(tag)

    def _open_html(self, name: bytes) -> None:
        """Open an HTML element inside an integration point or a template."""
        if name in grammar.IGNORED_IN_BODY:
            return
        if self.open[-1].scope_boundaries and not self.lost_track and not self.open.opens_alone(name):
            self.lose_track()
        if name in grammar.TABLE_STARTS and not self.open[-1].in_table:
            # The page's own table, if there is one, continues (13.2.6.4.15); outside a table the tag is ignored.
            self._close_from(0)
            return
        if name in grammar.CLOSES_P:
            self._close_in_scope(b"p")
        if name in {b"li", b"option", b"optgroup", b"tr", b"td", b"th"}:
            self._close_in_scope(name, only_current=True)
        self.open.push(b"html", name)

    def _break_out(self) -> None:
        """Break out of foreign content (13.2.6.5)."""
        self.open.break_out()
        self._resolve_doubt()

    def _resolve_doubt(self) -> None:
        """Resolve a doubt if nothing is open by any reading."""
        if not self.open:
            self.maybe_open = []
            self.maybe_foreign = False

    # -- End tags -----------------------------------------------------------------------------------------------------

    def follow_end_tag(self, name: bytes) -> None:
        """Follow an end tag outside of raw text."""
        around = self.outer.open if self.outer is not None else ()
        if around and name == b"template" and around[-1].in_table and not self._is_open_in_noscript(name):
            # The template is around the noscript element.
            self.lost_track_without_scripts = True
        if not self.open:
            self.in_select = self.in_select and name != b"select"
            if self.maybe_foreign:
                self._close_maybe_open(name)
        elif self.open[-1].namespace == b"html":
            self._close_html(name)
        elif name in {b"br", b"p"}:
            self._break_out()
        else:
            self._close_foreign(name)
            if not (self.open or self.maybe_open):
                self.maybe_foreign = False

    def _close_from(self, at: int) -> None:
        """Close the open elements from an index on."""
        if at < self.outer_count:
            # The element is around the noscript element.
            self.lost_track_without_scripts = True
        del self.open[max(at, self.outer_count) :]
        if not self.open:
            self.is_misnested = False

    def _close_in_scope(self, name: bytes, top: int = -1, *, only_current: bool = False) -> None:
        """Close an HTML element if one of that name is open in scope, at the index `top` or below."""
        top = len(self.open) - 1 if top < 0 else top
        at = self.open.find_in_scope(name, top, only_current=only_current)
        if at >= 0:
            self._close_from(at)

    def _is_open_in_noscript(self, name: bytes) -> bool:
        """Return whether an element of this name is open in the noscript element that is read."""
        return any(element.name == name for element in self.open[self.outer_count :][-MAX_OPEN_ELEMENTS:])

    def _close_maybe_open(self, name: bytes) -> None:
        """Follow an end tag in HTML where foreign content may still be open."""
        at = next((at for at in range(len(self.maybe_open) - 1, -1, -1) if self.maybe_open[at].name == name), -1)
        if name in {b"br", b"p"} or at == 0:
            self._resolve_doubt()
        elif at > 0:
            del self.maybe_open[at:]

    def _close_foreign(self, name: bytes) -> None:
        """Follow an end tag in foreign content (13.2.6.5, "any other end tag")."""
        for at in range(len(self.open) - 1, max(-1, len(self.open) - 1 - MAX_OPEN_ELEMENTS), -1):
            if self.open[at].namespace == b"html":
                self._close_html_around(name, at)
                return
            if self.open[at].name == name:
                self._close_from(at)
                return
        if len(self.open) > MAX_OPEN_ELEMENTS:
            self.lose_track()
        elif name not in grammar.CLOSES_NOTHING:
            self._close_in_page(name)

    def _close_html_around(self, name: bytes, at: int) -> None:
        """Follow an end tag that matches no foreign element, in the HTML of a template or an integration point.

        Args:
            name: the name of the end tag.
            at: the index of the innermost HTML element.
        """
        around = self.open[at]
        if name == b"template":
            self._close_in_scope(name, at)
        elif around.scope_boundaries != self.open[-1].scope_boundaries:
            # A special element is between, and ends all scopes but that of a table's parts.
            if name in grammar.TABLE_PARTS:
                self.lose_track()
        elif around.name == name:
            # Elements that are neither special nor scope boundaries, as most of SVG and MathML, close with it.
            self._close_from(at)
        elif name not in grammar.CLOSES_NOTHING and (
            self.is_misnested
            or name in grammar.FORMATTING
            or (around.scope_boundaries and name in grammar.DEPENDS_ON_PAGE)
            or at > MAX_OPEN_ELEMENTS
            or any(element.name == name or element.name in grammar.HEADINGS for element in self.open[:at])
        ):
            self.lose_track()
            self._close_in_scope(name, at)

    def _close_in_page(self, name: bytes) -> None:
        """Follow an end tag that matches nothing in foreign content.

        The open elements of the page around it are not followed. An end tag of an HTML element is taken to have its
        start tag there, any other end tag to have none. Inside an integration point an end tag closes nothing outside,
        because that is a boundary of all scopes but that of a table's parts (13.2.4.2).
        """
        boundaries = self.open[-1].scope_boundaries
        if boundaries and name not in grammar.TABLE_PARTS:
            return
        if boundaries:
            self.lose_track()
        self.maybe_foreign = True
        if name == b"select":
            self.in_select = False
        if name in grammar.CLOSES_FOREIGN or (b"-" in name and name not in grammar.NO_CUSTOM_ELEMENT):
            self.maybe_open += self.open[self.outer_count :]
            if len(self.maybe_open) > MAX_OPEN_ELEMENTS:
                self.lose_track()
                self.maybe_open.clear()
            self._close_from(0)

    def _close_html(self, name: bytes) -> None:
        """Follow an end tag in the HTML of a template or an integration point."""
        current = self.open[-1]
        if current.name == name:
            self._close_from(len(self.open) - 1)
            return
        if name in grammar.CLOSES_NOTHING and name != b"template":
            return
        inside = self.open.inner_html_names()
        is_open = name in inside or (name in grammar.HEADINGS and not grammar.HEADINGS.isdisjoint(inside))
        if current.scope_boundaries and name != b"template":
            if is_open or name in grammar.DEPENDS_ON_PAGE or len(inside) == MAX_OPEN_ELEMENTS:
                self.lose_track()
        elif is_open:
            self.is_misnested = True
        self._close_in_scope(name)


def _breaks_out(raw: bytes) -> bool:
    """Return whether a font tag has one of the attributes that make it an HTML element (13.2.6.5)."""
    return any(attribute.name in {b"color", b"face", b"size"} for attribute in StartTag(b"font", raw).attributes)


def _is_shadow_root(raw: bytes) -> bool:
    """Return whether a template is a shadow root, whose content is the page's own (13.2.6.4.4).

    A browser without declarative shadow roots reads a template, and so does one where the element around takes none.
    Blocking tags that such a browser does not load is harmless.
    """
    return (StartTag(b"template", raw).get(b"shadowrootmode") or "").lower() in {"open", "closed"}
