"""Tags that the declarations of an XML document hide: in entities, parts of addresses, values of attributes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy
from consent_middleware.html.subset import MAX_LENGTH, SubsetFilter

from .test_encodings import rewritten

XHTML = b"application/xhtml+xml"
NAMESPACE = b' xmlns="http://www.w3.org/1999/xhtml"'
SCRIPT = b"<script src='https://js.hs-scripts.com/1.js'/>"
CHUNKS = [None, 1, 7, 64]
LENIENT = Policy(on_long_tag="pass", guard="auto")


def document(subset: bytes, body: bytes = b"", before: bytes = b"") -> bytes:
    return before + b"<!DOCTYPE html [" + subset + b"]><html" + NAMESPACE + b"><body>" + body + b"</body></html>"


HIDDEN = {
    "markup": document(b'<!ENTITY s "' + SCRIPT + b'">', b"&s;"),
    "markup by number": document(b"<!ENTITY s '&#60;script src=\"//js.hs-scripts.com/1.js\"/>'>", b"&s;"),
    "markup by number of a number": document(
        b"<!ENTITY s \"&#38;#x3c;script src='//js.hs-scripts.com/1.js'/>\">", b"&s;"
    ),
    "an entity in an entity": document(
        b'<!ENTITY a "js.hs-scr"><!ENTITY b "//&a;ipts.com/1.js">', b'<script src="&b;"/>'
    ),
    "a part of a host": document(b'<!ENTITY a "js.hs-scr">', b'<script src="https://&a;ipts.com/1.js"/>'),
    "an address": document(b'<!ENTITY a "https://js.hs-scripts.com/1.js">', b'<script src="&a;"/>'),
    "a part of a picture's host": document(b'<!ENTITY a "track.hub">', b'<img alt="" src="//&a;spot.com/a.gif"/>'),
    "a part of an address in a drawing": document(
        b'<!ENTITY a "js.hs-scr">',
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink">'
        b'<script x:href="//&a;ipts.com/1.js"/></svg>',
    ),
    "a parameter": document(b"<!ENTITY % p \"<!ENTITY s 'x'>\">%p;", b"&s;"),
    "a value for an attribute": document(
        b'<!ATTLIST script src CDATA "//js.hs-scripts.com/1.js">', b"<script></script>"
    ),
    "behind comments": document(
        b"<!-- ]> --><?x ]>?><!ENTITY a 'js.hs-scr'>",
        b"<script src='//&a;ipts.com/1.js'/>",
        b"<?xml version='1.0'?>\n<!---->",
    ),
    "behind a comment with a bracket": document(
        b"<!ENTITY a 'js.hs-scr'>", b"<script src='//&a;ipts.com/1.js'/>", b"<!--><x a='--><?><x a='?>"
    ),
    "too long to be read": document(
        b"<!--" + b" " * 2 * MAX_LENGTH + b"--><!ENTITY s '" + SCRIPT.replace(b"'", b'"') + b"'>", b"&s;"
    ),
}
PLAIN = {
    "no declaration": b"<html" + NAMESPACE + b"><body/></html>",
    "no subset": b"<?xml version='1.0'?><!DOCTYPE html PUBLIC '[' \"[>\"><html" + NAMESPACE + b"/>",
    "a character": document(b'<!ENTITY nbsp "&#160;"><!ENTITY amp2 "&amp;&#xa9;">', b"a&nbsp;b"),
    "names of a drawing program": document(
        b'<!ENTITY ns_svg "http://www.w3.org/2000/svg"><!ATTLIST svg id ID #IMPLIED>', b'<p x="&ns_svg;">&ns_svg;</p>'
    ),
    "an entity elsewhere": document(b'<!ENTITY a "x">', b'<a href="&a;">x</a><script src="/&amp;a;.js"/>'),
    "an element's declaration": document(b"<!ELEMENT x ANY><!NOTATION n SYSTEM 'x'>", b""),
    "cut off": b"<!DOCTYPE html [<!ENTITY s '",
    "a comment that is cut off": b"<!-- ",
    "no markup": b"x",
    "nothing": b"",
}


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("chunk", CHUNKS)
def test_tag_hidden_in_declaration_is_blocked(name: str, chunk: int | None) -> None:
    if name.startswith("too long") and chunk in {None, 1, 7}:
        chunk = 4096
    body = HIDDEN[name]

    out = rewritten(body, XHTML, chunk)

    assert out != body
    if name.startswith("too long"):
        assert out.startswith(b"<! html")
        return
    assert not any(tag in out for tag in (b"<script src=", b'<img alt="" src=', b" x:href=", b"script src CDATA"))
    assert out == rewritten(body, XHTML)
    assert rewritten(out, XHTML) == out
    assert rewritten(body, XHTML, chunk, LENIENT) == body


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("chunk", CHUNKS)
def test_harmless_declaration_stays(name: str, chunk: int | None) -> None:
    out = rewritten(PLAIN[name], XHTML, chunk)

    assert out == PLAIN[name]
    if chunk is None:
        assert out is PLAIN[name]


#: What may precede a declaration, with a part to repeat.
LONG_BEFORE = {
    "a comment": (b"<!--", b" ", b"-->"),
    "a comment with dashes": (b"<!--", b"->- ", b"-->"),
    "an instruction": (b"<?x ", b" ", b"?>"),
    "an instruction with question marks": (b"<?x ", b"?->", b"?>"),
    "white space": (b"", b"\n", b""),
    "many comments": (b"", b"<!----><?x?> ", b""),
    "an xml declaration and a comment": (b"<?xml version='1.0'?>\n<!--", b"<!DOCTYPE [", b"-->"),
}


@pytest.mark.parametrize("name", LONG_BEFORE)
@pytest.mark.parametrize("chunk", [None, 97, 8192])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
def test_declaration_after_a_long_part_is_read(name: str, chunk: int | None, mark: bytes) -> None:
    begin, unit, end = LONG_BEFORE[name]
    before = mark + begin + unit * (2 * MAX_LENGTH // len(unit)) + end
    body = document(b"<!ENTITY s '&#60;script src=\"//js.hs-scripts.com/1.js\"/>'>", b"&s;", before)

    out = rewritten(body, XHTML, chunk)

    assert out.startswith(before + b'<!DOCTYPE html [<!ENTITY s "">]>')


def test_what_precedes_a_declaration_is_not_buffered() -> None:
    reader = SubsetFilter(lambda: True)

    assert reader.feed(b"<?xml?> <!-- x -", last=False) == b"<?xml?> <!-- x"
    assert reader.feed(b"- ->--", last=False) == b" -- ->"
    assert reader.feed(b"><?y?", last=False) == b"--><?y"
    assert reader.feed(b">\n<!DOC", last=False) == b"?>\n"
    assert reader.feed(b"TYPE x [", last=False) == b""
    assert reader.feed(b"<!ENTITY a '&b;'>]><x/>", last=False) == b'<!DOCTYPE x [<!ENTITY a "">]><x/>'
    assert reader.done


@pytest.mark.parametrize("unit", [b" ", b"<!ENTITY a 'b'>"])
@pytest.mark.parametrize("excess", [0, 1])
def test_declaration_is_buffered_up_to_its_limit(unit: bytes, excess: int) -> None:
    begin, end = b"<!DOCTYPE x [", b"]>"
    length = MAX_LENGTH + 1 + excess - len(begin) - len(end)
    body = begin + unit * (length // len(unit)) + b" " * (length % len(unit)) + end
    reader = SubsetFilter(lambda: True)

    out = b"".join(_fed(reader, body[at : at + 1]) for at in range(len(body)))

    assert reader.done
    assert out == (b"<! x [" + body[len(begin) :] if excess else body)


@given(st.data())
def test_chunks_of_a_declaration_do_not_matter(data: st.DataObject) -> None:
    before = [b"\xef\xbb\xbf", b"<!--", b"-->", b"-", b"<?x", b"?>", b"?", b">", b" ", b"<", b"<!DOC", b"<!DOCTYPE"]
    pad = data.draw(st.sampled_from([b"", b"<!--" + b" " * 2 * MAX_LENGTH, b"<?" + b"?-" * MAX_LENGTH + b"?>"]))
    parts = data.draw(st.lists(st.sampled_from(before), max_size=6))
    body = pad + b"".join(parts) + document(b"<!ENTITY s '" + SCRIPT.replace(b"'", b'"') + b"'>", b"&s;")
    sizes = data.draw(st.lists(st.one_of(st.integers(0, 9), st.integers(0, 1 << 15)), max_size=20))
    ends = sorted({min(end, len(body)) for end in itertools.accumulate(sizes)})
    reader = SubsetFilter(lambda: True)

    out = [_fed(reader, body[begin:end]) for begin, end in itertools.pairwise([0, *ends])]
    out.append(_fed(reader, body[ends[-1] if ends else 0 :], last=True))

    assert b"".join(out) == SubsetFilter(lambda: True).feed(body, last=True)


def _fed(reader: SubsetFilter, chunk: bytes, *, last: bool = False) -> bytes:
    return chunk if reader.done else reader.feed(chunk, last=last)


def test_names_of_html_are_read_in_xml() -> None:
    body = b"<html" + NAMESPACE + b"><script src='https:&sol;&sol;js&period;hs-scripts.com/1.js'/></html>"

    assert b"data-consent-src" in rewritten(body, XHTML)


@given(
    st.lists(
        st.sampled_from(
            [
                b"<!DOCTYPE x",
                b"[",
                b"]",
                b">",
                b"<!ENTITY a ",
                b'"',
                b"'",
                b"<",
                b"%",
                b"&a;",
                b"<!--",
                b"-->",
                b" ",
                b"<?",
                b"<x>",
            ]
        ),
        max_size=12,
    ),
    st.integers(1, 5),
)
def test_no_declaration_raises(parts: list[bytes], chunk: int) -> None:
    body = b"".join(parts)

    assert rewritten(body, XHTML, chunk) == rewritten(body, XHTML)
