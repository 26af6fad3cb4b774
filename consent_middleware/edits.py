"""The edits that block one tag, and the marks by which the page's script finds the blocked element."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .facade.markup import Mark
from .html.rewriter import Edit, StartTag
from .other_tools import DELAYED_SRC
from .purpose import Purpose
from .script_tags import is_executable, is_speculation

#: HTML, section 13.2.5.8, "tag name state": a name ends at white space, a slash or ">".
_TAG_NAME = re.compile(rb"<[^\t\n\f\r />]*")

#: Attributes by which a browser would fetch, run or find a blocked element.
SCRIPT_ATTRIBUTES = frozenset({b"src", b"type", b"id", b"href", b"xlink:href"})
LINK_ATTRIBUTES = frozenset({b"href", b"imagesrcset", b"rel"})
OTHER_ATTRIBUTES = frozenset({b"src", b"srcset"})


def script_attributes(tag: StartTag) -> frozenset[bytes]:
    """Return the attributes that a blocked script must not keep.

    A browser ignores `src` in SVG and `href` in HTML, so there is nothing to release in them.
    """
    if tag.svg:
        return SCRIPT_ATTRIBUTES - {b"src"}
    return SCRIPT_ATTRIBUTES - {b"href", b"xlink:href"} if tag.certain else SCRIPT_ATTRIBUTES


def blocking_edits(
    tag: StartTag, purpose: Purpose, kind: str, names: frozenset[bytes], address: bytes, addition: bytes
) -> Iterator[Edit]:
    """Yield the smallest edits after which a tag does nothing: a note after its name, and some attributes renamed.

    Args:
        tag: the tag.
        purpose: the purpose for which it waits.
        kind: the kind of an embed, or an empty string.
        names: the attributes to rename.
        address: the attribute whose value is the address when the tag is released.
        addition: an attribute to put before the note.
    """
    # The name as written: in XML it may have a prefix, which `tag.name` leaves out.
    name_end = len(_TAG_NAME.match(tag.raw)[0])  # type: ignore[index]
    note = addition + b' data-consent="' + purpose.value.encode("ascii") + b'"'
    if kind:
        note += b' data-consent-kind="' + kind.encode("ascii") + b'"'
    if tag.bare:
        # A slash after a value without quotation marks would be part of it.
        note = note.replace(b'"', b"") + b" " * (tag.raw[name_end : name_end + 1] == b"/")
    yield Edit(name_end, name_end, note)
    for attribute in tag.attributes:
        if attribute.name not in names:
            continue
        # A colon in the new name would be a namespace prefix that an XML document does not declare.
        name = b"href" if attribute.name in {b"href", b"xlink:href"} else attribute.name
        if attribute.name == address and address in DELAYED_SRC:
            name = b"src"
        if attribute.name == b"type" and not (is_executable(tag) or is_speculation(tag)):
            # A released script must run, so it does not get the type back by which a plugin delayed it.
            name = b"was-type"
        yield Edit(*attribute.name_span, b"data-consent-" + name)


def element_mark(tag: StartTag, purpose: Purpose, kind: str, edits: Sequence[Edit]) -> Mark:
    """Return the mark by which the page's script finds this element after these edits.

    It consists of the element's name and its marked attributes; the first attribute of each name counts.
    """
    values = {"data-consent": purpose.value}
    if kind:
        values["data-consent-kind"] = kind
    prefix = "data-" if tag.name == b"script" else "data-consent"
    for name, value in renamed_attributes(tag, edits):
        if name.startswith(prefix):
            values.setdefault(name, value)
    return (tag.name.decode("utf-8", "replace"), *(f"{name}={value}" for name, value in values.items()))


def renamed_attributes(tag: StartTag, edits: Sequence[Edit]) -> Iterator[tuple[str, str]]:
    """Yield the tag's own attributes under the names that they have after these edits, each with its value."""
    new_names = {edit.start: edit.replacement for edit in edits if edit.end > edit.start}
    for attribute in tag.attributes:
        name = new_names.get(attribute.name_span[0], attribute.name).decode("utf-8", "replace")
        yield name, tag.get(attribute.name) or ""
