"""html5lib's tree with positions: where elements stand, in which encoding, and what costs too much to read."""

from __future__ import annotations

import pytest

from consent_middleware.audit.tree import UnreadableError, read


def places(page: bytes, name: str, charset: str | None = None) -> list[tuple[int, int]]:
    return [(each.line, each.column) for each in read(page, charset).elements if each.name == name]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<img>", [(1, 1)]),
        (b"<!doctype html>\n<p>\n  <img>", [(3, 3)]),
        (b"a\r\nb\rc\n <img>", [(4, 2)]),
        (b"<img><IMG/><img a='>'>", [(1, 1), (1, 6), (1, 12)]),
        (b"<script>'<img>'</script><img>", [(1, 25)]),
        (b"<table><tr><img></table><img>", [(1, 12), (1, 25)]),
        ("äöü€😀<img>".encode(), [(1, 6)]),
        (b"<p>\n" + b"x" * 30_000 + b"\n<img>", [(3, 1)]),
        (b"<i><b>1<p>2</i>3</b>\n<img>", [(2, 1)]),
        # An old name of `img`, which html5lib reads as a new tag.
        (b"\n <image src=a>", [(2, 2)]),
        (b"<svg><image/></svg>\n<![CDATA[<img>]]>", []),
    ],
    ids=range(11),
)
def test_element_has_line_and_column_of_its_tag(page: bytes, expected: list[tuple[int, int]]) -> None:
    assert places(page, "img", "utf-8") == expected


def test_places_are_right_after_a_late_meta_charset() -> None:
    page = "<p>é\n" + " " * 2000 + "<meta charset=utf-8>\né<img>"

    document = read(page.encode())

    assert document.encoding == "utf-8"
    assert [(e.line, e.column) for e in document.elements if e.name == "img"] == [(3, 2)]


def test_elements_of_a_first_attempt_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.audit.tree.MAX_ELEMENTS", 100)
    page = b"<br>" * 60 + b" " * 1024 + b"<meta charset=utf-8>"

    assert len(read(page).elements) < 100


@pytest.mark.parametrize(
    ("page", "charset", "encoding"),
    [
        (b"a", None, "windows-1252"),
        (b"a", "shift_jis", "shift_jis"),
        (b"<meta charset=koi8-r>", None, "koi8-r"),
        (b"<meta charset=koi8-r>", "utf-8", "utf-8"),
        (b"\xef\xbb\xbfa", "koi8-r", "utf-8"),
        ("\ufeff<img>".encode("utf-16-le"), None, "utf-16le"),
        (b"a", "no-such-charset", "windows-1252"),
    ],
)
def test_encoding_is_found_as_a_browser_does(page: bytes, charset: str | None, encoding: str) -> None:
    assert read(page, charset).encoding == encoding


def test_noscript_is_markup_without_scripts_only() -> None:
    page = b"<noscript><img></noscript>"

    assert places(page, "img") == []
    assert [e.name for e in read(page, scripting=False).elements].count("img") == 1


def test_template_is_left_out_unless_a_shadow_root() -> None:
    page = b"<template><img></template><template shadowrootmode=OPEN><video></template>"

    assert (places(page, "img"), len(places(page, "video"))) == ([], 1)


def test_attributes_of_svg_have_usual_names() -> None:
    (script,) = [e for e in read(b"<svg><script xlink:href=a href=b>x</script>").elements if e.name == "script"]

    assert (script.space, script.text) == ("svg", "x")
    assert script.attributes == {"xlink:href": "a", "href": "b"}


#: Pages whose steps are few, and each of which takes longer the longer the page is.
COSTLY = {
    "deep": b"<div>" * 20_000,
    "deep in SVG": b"<svg>" * 20_000,
    "many attributes": b"<a " + b"".join(b"a%d " % i for i in range(40_000)),
    "a long name": b"<" + b"a" * 300_000,
    "a long attribute name": b"<a " + b"1" * 300_000,
    "a long attribute value": b"<a b='" + b"&" * 200_000,
    "a long comment": b"<!--" + b"a-" * 100_000,
    "a long script": b"<script>" + b"<-" * 100_000,
    "many formatting elements": b"".join(b"<b id=%d>" % i for i in range(10_000)),
}


@pytest.mark.parametrize("page", COSTLY.values(), ids=COSTLY)
def test_costly_page_is_not_read(page: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.audit.tree.MAX_COST", 800_000)

    with pytest.raises(UnreadableError, match="too large, or nests too deep"):
        read(page)


def test_cost_of_ordinary_page_is_low(monkeypatch: pytest.MonkeyPatch) -> None:
    page = b"<div class='a b'><p>hello <a href='/x?y'>world</a></p></div>\n" * 2_000
    monkeypatch.setattr("consent_middleware.audit.tree.MAX_COST", len(page))

    assert len(read(page).elements) > 6_000


def test_page_with_too_many_elements_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.audit.tree.MAX_ELEMENTS", 100)

    with pytest.raises(UnreadableError, match="more than 100 elements"):
        read(b"<br>" * 101)


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"\0" * 1000 + b"<img>",
        bytes(range(256)) * 20,
        b"\xff\xfe<\0i\0m",
        b"\x1b$B<img>\x1b(B",
        b"<",
        b"<img",
        b"</",
        b"<!",
        b"<?x",
        b"<![CDATA[",
        b"<a a a=1 A=2>",
        b"\x01" * 10_000,
        b"<table><select><input></table><frameset><math><mi><table></svg>",
        b"\r" * 100 + b"<img>\r",
    ],
    ids=range(15),
)
@pytest.mark.parametrize("charset", [None, "utf-16", "iso-2022-jp", "utf-8"])
def test_broken_page_is_read(page: bytes, charset: str | None) -> None:
    assert all(each.line >= 1 and each.column >= 1 for each in read(page, charset).elements)


def test_error_of_html5lib_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("consent_middleware.audit.tree._Parser.mainLoop", fails)

    with pytest.raises(UnreadableError, match=r"html5lib cannot read this page \(AssertionError\)"):
        read(b"<p>")
