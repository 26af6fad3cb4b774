"""What the engine asks about, what it leaves alone, and what it does with tags it cannot read."""

from __future__ import annotations

import pytest

from consent_middleware.html.asking import MAX_SRCDOC_DEPTH
from consent_middleware.html.rewriter import MAX_TEXT, BailOut, Edit, HTMLRewriter, TagSearch
from consent_middleware.html.script_text import foreign_text
from consent_middleware.html.tags import StartTag, decode_references
from consent_middleware.html.token_reader import Kind
from consent_middleware.html.tokenizer import Tokenizer
from consent_middleware.urls import parse_host

from .oracle import ADDRESS, NEEDLES, SAYS, Everything, Holding, engine_finds, rewritten

HELD = "//held.example/x"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(f"<script src={HELD}></script>", id="a script"),
        pytest.param(f"<SCRIPT\nSRC='{HELD}'/>", id="a script in capitals"),
        pytest.param(f"<script/src={HELD}>", id="a slash for white space"),
        pytest.param(f'<script a="b"src="{HELD}">', id="no white space between attributes"),
        pytest.param(f"<script =src src={HELD}>", id="an equals sign that begins a name"),
        pytest.param(f"<script src={HELD} src=/x>", id="the first of two"),
        pytest.param("<script src='//held&#46;example/x'>", id="a decimal reference"),
        pytest.param("<script src='//held&#x2E;example/x'>", id="a hexadecimal reference"),
        pytest.param("<script src='//held&period;example/x'>", id="a named reference"),
        pytest.param("<script src='&sol;&#47held&Tab;.example/x'>", id="references for slashes and a tab"),
        pytest.param("<script src='//hel\td.exa\nmple/x'>", id="a tab and a newline"),
        pytest.param("<script src='//held%2eexample/x'>", id="percent-encoding"),
        pytest.param("<script src='//held\u3002example/x'>", id="an ideographic full stop"),
        pytest.param("<script src='//ｈｅｌｄ.example/x'>", id="full-width letters"),
        pytest.param("<script src='//he\u00adld.example/x'>", id="a soft hyphen"),
        pytest.param("<script src='//he\U000e0100l\U000e01efd.example/x'>", id="variation selectors"),
        pytest.param(f"<image src={HELD}>", id="image, which is img"),
        pytest.param(f"<svg><script href={HELD} /></svg>", id="an SVG script"),
        pytest.param(f"<svg><script xlink:href={HELD} /></svg>", id="an SVG script by XLink"),
        pytest.param(f"<svg><style><script href={HELD} /></style></svg>", id="style is no raw text in SVG"),
        pytest.param(f"<svg><p><img src={HELD}>", id="after a break-out"),
        pytest.param(f"<svg><font color=x><img src={HELD}>", id="after a font that breaks out"),
        pytest.param(f"<svg><foreignObject><iframe src={HELD}>", id="in foreignObject"),
        pytest.param(f"<svg></br><iframe src={HELD}>", id="after an end tag that breaks out"),
        pytest.param(f"<math><mtext><script src={HELD}>", id="in a MathML text integration point"),
        pytest.param(
            f"<svg><foreignObject><i><svg><path></i><script src={HELD}></script>",
            id="behind what an end tag closes in SVG",
        ),
        pytest.param(
            f"<svg><foreignObject><div><b><svg></div><![CDATA[ ><script src={HELD}></script>",
            id="behind an end tag whose element is around another",
        ),
        pytest.param(
            f"<svg><foreignObject><p></template><img src={HELD}>",
            id="behind an end tag of a template where there is none",
        ),
        pytest.param(
            f"<svg><foreignObject><i><math><mi></i><mglyph><style><img src={HELD}>",
            id="behind an end tag whose element is out of scope",
        ),
        pytest.param(
            f"<math><mi><option><math><tr></option><img src={HELD}>", id="behind what an end tag closes in MathML"
        ),
        pytest.param(f"<math><annotation-xml encoding=text/html><script src={HELD}>", id="in HTML in MathML"),
        pytest.param(f"<noscript><img src={HELD}></noscript>", id="an image for browsers without scripts"),
        pytest.param(f"<noscript><!-- </noscript><script src={HELD}>", id="where noscript ends for the others"),
        pytest.param(f"<select><style><script src={HELD}></script></style></select>", id="what old selects ignore"),
        pytest.param(f"<select><plaintext><script src={HELD}>", id="plaintext in a select"),
        pytest.param(f"<title></title x='><script src={HELD}>'><script src={HELD}>", id="attributes of an end tag"),
        pytest.param(f"<!--><script src={HELD}>", id="after a comment that ends abruptly"),
        pytest.param(f"<!-- --!><script src={HELD}>", id="after a comment that ends with a bang"),
        pytest.param(f"<![CDATA[ ><script src={HELD}>", id="after CDATA outside of foreign content"),
        pytest.param(f"<script><!--</script><script src={HELD}>", id="after an escaped script"),
        pytest.param(f"<script><!--><script></script><img src={HELD}>", id="an escaped script that ends abruptly"),
        pytest.param(f"<!--<img alt=\"--><script x='\">' src={HELD}>", id="behind a candidate that is none"),
        pytest.param(f"<template></template><script src={HELD}>", id="after a template"),
        pytest.param(f"<div><template shadowrootmode=open><script src={HELD}></script></template>", id="a shadow tree"),
        pytest.param(
            f"<p><template SHADOWROOTMODE='CLOSE&#68;'><p><table><tr><td><img src={HELD}>", id="a closed shadow tree"
        ),
        pytest.param(
            f"<p><template shadowrootmode=open><template><img src={HELD}></template><img src={HELD}></template>",
            id="behind a template in a shadow tree",
        ),
        pytest.param(f"<body><frameset><script src={HELD}>", id="a frameset that comes too late"),
        pytest.param(f"<svg></a><script href={HELD}>", id="an svg that an end tag of nothing leaves open"),
        pytest.param(f"<a><svg></a><script src={HELD}>", id="an svg that an end tag closes"),
        pytest.param(f"<x-y><svg></x-y><iframe src={HELD}>", id="an svg that a custom element's end tag closes"),
        pytest.param(
            f"<x-y><math></x-y><svg></math><title><script src={HELD}></script>",
            id="an svg behind math that a custom element's end tag closes",
        ),
        pytest.param(
            f"<svg></annotation-xml><![CDATA[ <!-- ]]><script href={HELD}>", id="an svg that MathML cannot close"
        ),
        pytest.param(f"<svg></button><xmp/><img src={HELD}>", id="raw text that may be none"),
        pytest.param(f"<svg></button><script/><img src={HELD}>", id="a script that may be closed at once"),
        pytest.param(
            f"<noscript><svg></a><iframe src={HELD}></noscript><textarea><script src={HELD}></textarea>",
            id="a doubt that ends with the noscript it is in",
        ),
        pytest.param(f"<svg></a><p></svg><script src={HELD}>", id="after a doubt that a break-out ends"),
        pytest.param(f"<frameset><script src={HELD}>", id="a frameset, in which a browser looks ahead"),
        pytest.param(f"<math><svg><script href={HELD}>", id="an svg that is none, in which a browser looks ahead"),
        pytest.param("<base href=//held.example/><script src=x>", id="by the base"),
        pytest.param(
            "<base href=//h.example/><base href=//held.example/><script src=//held.example/y>", id="two bases"
        ),
        pytest.param(f"<p>a < b <script src={HELD}>", id="after a stray less-than sign"),
    ],
)
def test_loading_tag_is_asked_about(page: str) -> None:
    assert len(engine_finds(page.encode())) == 1
    assert rewritten(page.encode(), 1) == rewritten(page.encode())


@pytest.mark.parametrize(
    "page",
    [
        f"<!-- <script src={HELD}> -->",
        f"<!-- <script src={HELD}>",
        f"<!doctype html '<script src={HELD}>",
        f"<title><script src={HELD}></title>",
        f"<textarea><script src={HELD}>",
        f"<style><script src={HELD}></style>",
        f"<xmp><script src={HELD}></xmp>",
        f"<iframe><script src={HELD}></iframe>",
        f"<noembed><script src={HELD}></noembed>",
        f"<noframes><script src={HELD}></noframes>",
        f"<plaintext><script src={HELD}>",
        f"<script>'<img src={HELD}>'</script>",
        f"<script><!--<script></script><img src={HELD}>--></script>",
        f"<input value=\"<script src='{HELD}'>\">",
        f"<template><script src={HELD}></script></template>",
        f"<template><svg><script href={HELD} /></svg></template>",
        f"<template shadowrootmode=open><frameset><title><script src={HELD}></script></title></template>",
        f"<template shadowrootmode><script src={HELD}></script></template>",
        f"<template shadowrootmode='open '><script src={HELD}></script></template>",
        f"<template shadowrootmode=x shadowrootmode=open><script src={HELD}></script></template>",
        f"<template><p><template shadowrootmode=open><script src={HELD}></script></template></template>",
        f"<p><template shadowrootmode=open><template><script src={HELD}></script></template></template>",
        f"<frameset><noframes><script src={HELD}></noframes>",
        f"<button><svg></button><p><textarea><script src={HELD}></textarea>",
        f"<button><svg></button></svg><textarea><script src={HELD}></textarea>",
        f"<svg><![CDATA[<script href={HELD}>]]></svg>",
        f"<svg><iframe src={HELD}></svg>",
        f"<math><script href={HELD}></math>",
        f"<noscript><script src={HELD}></noscript>",
        f"<noscript><base href={HELD}></noscript>",
        f"<svg><desc><noscript></desc></noscript><style><img src={HELD}></style></svg>",
        f"<script src={HELD}",
        f"<x-script src={HELD}>",
        f"<scripts src={HELD}>",
        f"</script src={HELD}>",
        f"<?script src={HELD}>",
        f"</ script src={HELD}>",
        "<script src=//example/x>",
        "<script src='//held&#46example/x'",
    ],
)
def test_tag_that_does_not_load_is_left_alone(page: str) -> None:
    found = engine_finds(page.encode())
    assert [address for _, address in found if address != SAYS] == []
    # A script that only says it is asked about for its text.
    assert (rewritten(page.encode()) == page.encode()) is not bool(found)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a&amp;b", "a&b"),
        ("&ampb", "&ampb"),
        ("&amp=b", "&amp=b"),
        ("&amp b", "& b"),
        ("&amp", "&"),
        ("&notin;", "\u2209"),
        ("&notit;", "&notit;"),
        ("&copy", "\u00a9"),
        ("&unknown;", "&unknown;"),
        ("&#46;&#x2e&#X2E;", "..."),
        ("&#0;&#xd800;&#x110000;&#99999999999999999999;", "\ufffd" * 4),
        ("&#128;&#x81;", "\u20ac\x81"),
        ("&#;&#x;&", "&#;&#x;&"),
        ("&fjlig;", "fj"),
    ],
)
def test_reference_is_decoded_as_in_attributes(written: str, meant: str) -> None:
    assert decode_references(written) == meant


def test_xml_reference_needs_its_semicolon() -> None:
    assert decode_references("&lt;&apos;&#46;&period;&own;&amp", xml=True) == "<'..&own;&amp"
    assert decode_references("&amp", after=b"=") == "&amp"


def test_attributes_have_spans_of_the_tag() -> None:
    raw = b"<a B='1' b=2 c d = \"3\" e=/>"
    tag = StartTag(b"a", raw)

    assert [(a.name, a.value) for a in tag.attributes] == [
        (b"b", b"1"), (b"b", b"2"), (b"c", b""), (b"d", b"3"), (b"e", b"/"),
    ]  # fmt: skip
    assert all(raw[slice(*a.name_span)].lower() == a.name for a in tag.attributes)
    assert all(raw[slice(*a.value_span)] == a.value for a in tag.attributes)
    assert (tag.get(b"b"), tag.get(b"c"), tag.get(b"x")) == ("1", "", None)
    assert not tag.self_closing
    assert StartTag(b"br", b"<br/>").self_closing


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param("{s}<p></body></html>", "{h}<p>{t}</body></html>", id="before the body's end"),
        pytest.param("</body>{s}</body>", "</body>{h}{t}</body>", id="not before the edit"),
        pytest.param("{s}</body></body>", "{h}{t}</body></body>", id="once"),
        pytest.param("{s}<script>'</body>'</script>", "{h}<script>'</body>'</script>{t}", id="not in a script"),
        pytest.param("{s}<!--</body>-->x", "{h}<!--</body>-->x{t}", id="not in a comment"),
        pytest.param("{s}<p title='</body>'>", "{h}<p title='</body>'>{t}", id="not in an attribute"),
        pytest.param("{s}<svg></body>", "{h}<svg></body></svg>{t}", id="not in foreign content"),
        pytest.param("{s}<svg><desc><p>", "{h}<svg><desc><p></p></desc></svg>{t}", id="nor in HTML inside of it"),
        pytest.param(
            "{s}<a><svg></a></body>",
            "{h}<a><svg></a><meta>{t}</body>",
            id="where foreign content may be closed around",
        ),
        pytest.param("{s}<svg></a><g>", "{h}<svg></a><g><meta>{t}", id="where foreign content may be open"),
        pytest.param("{s}<svg><desc><td>", "{h}<svg><desc><td>{l}<meta>{t}", id="where HTML in it may be open"),
        pytest.param("{s}<svg></a><p></body>", "{h}<svg></a><p>{t}</body>", id="where it is left by all readings"),
        pytest.param(
            "{s}<template><b><i><svg><script></b>",
            "{h}<template><b><i><svg><script></b></template>{l}<meta>{t}",
            id="behind a script that an end tag around it closes",
        ),
        pytest.param("{s}<select><option>x", "{h}<select><option>x</select>{t}", id="not in a select"),
        pytest.param("{s}<select></body>", "{h}<select></select>{t}</body>", id="not in a select before the end tag"),
        pytest.param("{s}<template></body>", "{h}<template></body></template>{t}", id="not in a template"),
        pytest.param("{s}<noscript>", "{h}<noscript>", id="not in noscript"),
        pytest.param(
            "<p><template shadowrootmode=open>{s}</body></template></body>",
            "<p><template shadowrootmode=open>{h}</body></template>{t}</body>",
            id="not in a shadow tree",
        ),
        pytest.param("{s}<title>", "{h}<title>", id="not in raw text at the end"),
        pytest.param("{s}<p", "{h}<p", id="not in a tag at the end"),
        pytest.param("{s}<", "{h}<{t}", id="behind a less-than sign at the end"),
        pytest.param("{s}</", "{h}</", id="not behind the beginning of an end tag"),
        pytest.param("{s}<!--", "{h}<!--", id="not in a comment at the end"),
        pytest.param("<p></body>", "<p></body>", id="not without an edit"),
        pytest.param("{s}x</BODY >", "{h}x{t}</BODY >", id="an end tag in capitals"),
    ],
)
def test_end_markup_is_added_in_html_content(page: str, expected: str) -> None:
    words = {"s": f"<img src={HELD}>", "h": f"<img data-held={HELD}>", "t": "<!--tail-->"}
    words["l"] = "</desc></foreignobject></mi></mn></mo></ms></mtext></title>"
    source, wanted = page.format(**words).encode(), expected.format(**words).encode()

    assert HTMLRewriter(Holding(), charset="utf-8").rewrite(source) == wanted
    assert rewritten(source, 1) == wanted


@pytest.mark.parametrize("before", ["", "\ufeff", " <!-- x -->\0", "<svg><![CDATA[ ]]></svg>", "\ufeff<div>"])
@pytest.mark.parametrize("behind", ["", "</frameset>", "<frame>x", "<noframes></noframes></body>"])
def test_frameset_gets_no_end_markup(before: str, behind: str) -> None:
    for tag in ("frameset", "FRAMESET cols='1'"):
        source = f"{before}<script src={HELD}></script><{tag}>{behind}".encode()
        wanted = source.replace(b"src", b"data-held")

        assert HTMLRewriter(Holding(), charset="utf-8").rewrite(source) == wanted
        assert rewritten(source, 1) == wanted


def test_end_markup_is_asked_for_until_given() -> None:
    class Shy(Holding):
        asked = 0

        def end_markup(self) -> bytes:
            self.asked += 1
            return b"T" if self.asked == 2 else b""

    page = f"<img src={HELD}></body>a</body>b</body>".encode()

    assert HTMLRewriter(Shy()).rewrite(page) == f"<img data-held={HELD}></body>aT</body>b</body>".encode()


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('<x><script src="{h}"/><p/></x>', '<x><script data-held="{h}"/><p/></x>'),
        ('<x><SCRIPT src="{h}"></SCRIPT></x>', '<x><SCRIPT src="{h}"></SCRIPT></x>'),
        ('<h:script src="{h}"/>', '<h:script data-held="{h}"/>'),
        ('<x><![CDATA[<img src="{h}"/>]]></x>', '<x><![CDATA[<img src="{h}"/>]]></x>'),
        ('<x><?p <img src="{h}"/> ?></x>', '<x><?p <img src="{h}"/> ?></x>'),
        ('<!--<img src="{h}"/>--><!DOCTYPE x>', '<!--<img src="{h}"/>--><!DOCTYPE x>'),
        ('<title><img src="{h}"/></title>', '<title><img data-held="{h}"/></title>'),
        ('<template><img src="{h}"/></template>', '<template><img src="{h}"/></template>'),
        ('<template/><img src="{h}"/>', '<template/><img data-held="{h}"/>'),
        ('<svg><script href="{h}"/></svg>', '<svg><script data-held="{h}"/></svg>'),
        ('<svg><foreignObject><img src="{h}"/></foreignObject></svg>',) * 2,
        ('<body><img src="{h}"/></body>', '<body><img data-held="{h}"/><!--tail--></body>'),
        ("<base href='//held.example/'/><img src='x' alt='&lt;'/>",) * 2,
        ('a < b <img src="{h}"/>', 'a < b <img data-held="{h}"/>'),
        ("<x y='<'><img src='{h}'/>", "<x y='<'><img data-held='{h}'/>"),
        ("<img src='{h}'", "<img src='{h}'"),
    ],
)
def test_xml_stays_well_formed(page: str, expected: str) -> None:
    source, wanted = page.format(h=HELD).encode(), expected.format(h=HELD).encode()
    if "foreignObject" in page:
        wanted = wanted.replace(b" src=", b" data-held=")

    assert HTMLRewriter(Holding(), xml=True).rewrite(source) == wanted
    assert rewritten(source, 1, xml=True) == wanted


def test_srcdoc_keeps_all_unedited_bytes() -> None:
    page = (
        b"<iframe title=x srcdoc='&LT;p>&nbsp;&ampx &amp;amp; &lt;img alt=a src=//held&amp;#46;example/x&GT;\xff'"
        b" id=y></iframe>"
    )

    assert HTMLRewriter(Holding()).rewrite(page) == page.replace(b"src=//", b"data-held=//") + b"<!--tail-->"


@pytest.mark.parametrize("encoding", ["big5", "cp1252", "euc-jp", "gbk", "cp932", "euc-kr", "utf-8"])
@pytest.mark.parametrize("character", ["\u00ad", "\u200b", "\u2060"])
def test_srcdoc_keeps_unencodable_characters(encoding: str, character: str) -> None:
    page = f"<iframe srcdoc='&lt;img src=//he&#{ord(character)};ld.example/x&gt;'></iframe>".encode()

    watch = Everything()

    HTMLRewriter(watch, charset=encoding).rewrite(page)

    assert [parse_host(address[2:].partition("/")[0]) for _, address in watch.found] == ["held.example"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a", "a"),
        ("a&lt;b", "a<b"),
        ("a<b", "a<b"),
        ("a<b>c</b>d", "ad"),
        ("a<b>c<i>d</b>e", "ae"),
        ("a<b/>c", "ac"),
        ("a</b>c", "ac"),
        ("a<!--b-->c<?d>e</ f>g", "aceg"),
        ("a<![CDATA[b&lt;]]>c", "ab&lt;c"),
        ("a<b><![CDATA[c]]></b>d", "ad"),
        ("<b>" * 300 + "a" + "</b>" * 256 + "c", "c"),
    ],
)
def test_svg_script_text_is_its_own_text_nodes(text: str, said: str) -> None:
    assert foreign_text(text.encode(), xml=False) == said.encode()


def test_srcdoc_nested_too_deep_is_withheld() -> None:
    page = f"<img src={HELD}>"
    for _ in range(MAX_SRCDOC_DEPTH + 2):
        page = '<iframe srcdoc="' + page.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;") + '">'
    source = page.encode()
    rewriter = HTMLRewriter(Holding())

    assert b"held.example" not in rewriter.rewrite(source)
    assert rewriter.bail_outs == 1
    assert HTMLRewriter(Holding(), on_bail_out="pass").rewrite(source) == source


LONG = "x" * 200


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param(f"<img alt='{LONG}' src={HELD}>y", "<img>y", id="single quotes"),
        pytest.param(f'<img alt="{LONG}" src={HELD}/>y', "<img>y", id="double quotes"),
        pytest.param(f"<img {LONG} {LONG} = {LONG} src={HELD}>y", "<img>y", id="names and unquoted values"),
        pytest.param(f"<img a= '>{LONG}' / src>y", "<img>y", id="a greater-than sign in quotes"),
        pytest.param(f"<img {LONG}=>y", "<img>y", id="no value"),
        pytest.param(
            f"<script x='{LONG}' src={HELD}>let a = 1</script>y",
            '<script type="text/plain">let a = 1</script>y',
            id="a script, whose text must not run either",
        ),
        pytest.param(f"<div x='{LONG}' y><b>", f"<div x='{LONG}' y><b>", id="a tag that is never asked about"),
        pytest.param(f"<title>a</title x='{LONG}'>y", f"<title>a</title x='{LONG}'>y", id="the end of raw text"),
        pytest.param(f"<svg x='{LONG}'></svg {LONG}>y", f"<svg x='{LONG}'></svg {LONG}>y", id="foreign content"),
        pytest.param(f"<noscript><p x='{LONG}'>y", "<noscript><p>y", id="any tag in noscript"),
        pytest.param(f"<{LONG}>y", f"<{LONG}>y", id="a long name"),
        pytest.param(f"<img alt='{LONG}", "<img", id="a tag that never ends"),
        pytest.param(f"<select><iframe x='{LONG}'>y", "<select><iframe>y", id="a tag behind which nothing is certain"),
    ],
)
def test_long_tag_loses_its_attributes(page: str, expected: str) -> None:
    source = page.encode()
    for size in (1, 7, 50):
        rewriter = HTMLRewriter(Holding(), charset="utf-8", max_buffer=64)
        pieces = [rewriter.feed(source[at : at + size]) for at in range(0, len(source), size)]
        assert b"".join(pieces) + rewriter.close() == expected.encode()
        assert rewriter.bail_outs == (page != expected)


def test_long_tag_passes_if_the_operator_says_so() -> None:
    source = f"<script x='{LONG}' src={HELD}></script><img x='{LONG}'>".encode()
    rewriter = HTMLRewriter(Holding(), charset="utf-8", max_buffer=64, on_bail_out="pass")

    out = b"".join([rewriter.feed(source[at : at + 10]) for at in range(0, len(source), 10)]) + rewriter.close()

    assert out == source
    assert rewriter.bail_outs == 2


@pytest.mark.parametrize("on_bail_out", ["pass", "withhold"])
@pytest.mark.parametrize("opening", [b"<!DOCTYPE", b"<!DOC\x1b(BTYPE", b"\x1b(B<!DOCTYPE"])
def test_unread_declaration_is_counted_once(opening: bytes, on_bail_out: BailOut) -> None:
    rewriter = HTMLRewriter(Holding(), charset="iso-2022-jp", xml=True, on_bail_out=on_bail_out)

    rewriter.rewrite(opening + b" x [ \x1b(B ]><x/>")

    assert rewriter.bail_outs == 1


def test_long_template_may_be_a_shadow_root() -> None:
    source = f"<p><template x='{LONG}' shadowrootmode=open><img src={HELD}></template>".encode()
    rewriter = HTMLRewriter(Holding(), charset="utf-8", max_buffer=64)

    out = b"".join([rewriter.feed(source[at : at + 10]) for at in range(0, len(source), 10)]) + rewriter.close()

    assert out == source.replace(b"img src", b"img data-held") + Holding.tail_text


def test_long_xml_tag_keeps_its_slash() -> None:
    source = f"<p><img x='{LONG}'/><template y='{LONG}'><img x='{LONG}'></img></template></p>".encode()
    rewriter = HTMLRewriter(Holding(), charset="utf-8", xml=True, max_buffer=64)

    out = b"".join([rewriter.feed(source[at : at + 10]) for at in range(0, len(source), 10)]) + rewriter.close()

    assert out == f"<p><img/><template y='{LONG}'><img></img></template></p>".encode()


def test_only_the_unfinished_tag_is_buffered() -> None:
    rewriter = HTMLRewriter(Holding(), charset="utf-8")

    assert rewriter.feed(b"<p>text") == b"<p>text"
    assert rewriter.feed(b"<script src=/x") == b""
    assert rewriter.feed(b">var a = 1; a <") == b"<script src=/x>var a = 1; a "
    assert rewriter.feed(b" 2;") == b"< 2;"
    assert rewriter.feed(b"</script><!-- a comm") == b"</script><!-- a comm"
    assert rewriter.feed(b"ent -->") == b"ent -->"
    assert rewriter.close() == b""


def test_document_without_needle_is_same_object() -> None:
    page = b"<p>held.example</p><script src=/x></script><a href=//held.example>"

    assert HTMLRewriter(Holding()).rewrite(page) is page


class Keeping(Everything):
    """Note the base of every tag, and whether it is of SVG."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str | None, bool]] = []

    def start_tag(self, tag: StartTag) -> tuple[()]:
        self.tags.append((tag.base, tag.svg))
        return ()


def test_tag_has_base_and_svg() -> None:
    watch = Keeping()
    HTMLRewriter(watch).rewrite(b"<img src=//held.example><base href=/a/><base href=/b/><svg><script href=x /></svg>")

    assert watch.tags == [(None, False), ("/a/", True)]


def test_base_in_what_seems_a_script_counts() -> None:
    page = f"<title><script src={HELD}></title><base href=/a/><img src=x>".encode()
    whole, piecewise = Keeping(), Keeping()

    HTMLRewriter(whole, charset="utf-8").rewrite(page)
    rewriter = HTMLRewriter(piecewise, charset="utf-8")
    for at in range(len(page)):
        rewriter.feed(page[at : at + 1])
    rewriter.close()

    assert whole.tags == piecewise.tags == [("/a/", False)]


def test_candidate_hidden_by_another_is_found() -> None:
    page = f"<!-- <img alt=' --><img alt='' src={HELD}><!-- <img alt=' --><img title=' <img src={HELD}>".encode()

    out = HTMLRewriter(Holding()).rewrite(page)

    assert out.count(b"data-held=") == 1
    assert out == rewritten(page, 1, charset=None)


def test_candidates_hidden_by_another_are_found() -> None:
    page = f"<img alt='</x><iframe srcdoc='<iframe srcdoc=\"&lt;img src={HELD}&gt;\"></iframe>'></iframe>".encode()

    out = HTMLRewriter(Holding(), charset="utf-8", xml=True).rewrite(page)

    assert out == page.replace(b" src=", b" data-held=")


def test_unfinished_tag_is_rarely_read_again() -> None:
    class Counting(Tokenizer):
        read = 0

        def _read_start_tag(self, end: int) -> Kind | None:
            self.read += end - self.pos
            return super()._read_start_tag(end)

    tokens = Counting()
    document = b"<a b='" + b"x>" * 5_000
    for at in range(len(document)):
        if tokens.feed(document[at : at + 1]):
            tokens.next()

    assert tokens.read < 40 * len(document)


def test_tokens_have_their_kinds() -> None:
    tokens = Tokenizer()
    tokens.feed(b"a<b c>d</b>", last=True)

    assert [tokens.next() for _ in range(5)] == [Kind.TEXT, Kind.START, Kind.TEXT, Kind.END, None]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param('<script src={} x="\0"></script><script src={}></script>', id="a NUL in a tag"),
        pytest.param("<script/x={} <p><script/x={}z></script>", id="a tag that begins inside another"),
        pytest.param("<img alt='<img src={}>'><img src={}></body>", id="a tag in an attribute"),
        pytest.param("<svg><path d='m'/><path d='x'></path><script href={} /></svg>", id="drawings before a script"),
        pytest.param("<svg a='b'><g><path d='m'></g><path/><a href=x></a></svg><img src={}>", id="drawings that nest"),
        pytest.param("<svg><path d='</svg><img src={}>'/></svg><img src={}>", id="an end tag in a drawing's attribute"),
    ],
)
def test_difficult_candidates_are_chunk_invariant(page: str) -> None:
    document = page.format(*[HELD] * page.count("{}")).encode()
    whole = HTMLRewriter(Holding(), charset="utf-8").rewrite(document)

    for size in (1, 2, 7, 30):
        rewriter = HTMLRewriter(Holding(), charset="utf-8")
        pieces = [rewriter.feed(document[at : at + size]) for at in range(0, len(document), size)]
        assert b"".join(pieces) + rewriter.close() == whole
    assert b"data-held" in whole


def in_pieces(document: bytes, size: int, *, xml: bool = False, max_buffer: int = 1 << 20) -> bytes:
    rewriter = HTMLRewriter(Holding(), charset="utf-8", xml=xml, max_buffer=max_buffer)
    pieces = [rewriter.feed(document[at : at + size]) for at in range(0, len(document), size)]
    return b"".join(pieces) + rewriter.close()


SAID = b"<script>go('//held.example/x')</script>"
HELD_SAID = b"<script data-held=''>go('//held.example/x')</script>"


@pytest.mark.parametrize(
    ("page", "held"),
    [
        pytest.param(SAID, HELD_SAID, id="a script"),
        pytest.param(SAID.upper().replace(b"HELD.EXAMPLE", b"held.example"), None, id="in upper case"),
        pytest.param(b"<script>a</script>" * 3 + SAID, b"<script>a</script>" * 3 + HELD_SAID, id="behind others"),
        pytest.param(
            b"<script>" + b"a;" * 40 + b"</script><script>b</script>" + SAID,
            b"<script>" + b"a;" * 40 + b"</script><script>b</script>" + HELD_SAID,
            id="behind a longer one of no interest",
        ),
        pytest.param(
            b"<script><!-- <script> x </script> //held.example --></script>",
            b"<script data-held=''><!-- <script> x </script> //held.example --></script>",
            id="behind another one's end tag, double escaped",
        ),
        pytest.param(
            b"<!-- <script> --><script>//held.example</script>",
            b"<!-- <script> --><script data-held=''>//held.example</script>",
            id="behind one in a comment",
        ),
        pytest.param(
            b"<title><script></title><img src=//held.example><script>//held.example</script>",
            b"<title><script></title><img data-held=//held.example><script data-held=''>//held.example</script>",
            id="behind one in a title",
        ),
        pytest.param(b"<p>" * 9 + SAID + b"<p>x", b"<p>" * 9 + HELD_SAID + b"<p>x", id="among other tags"),
        pytest.param(
            b"<script>a='//held.exam'+'ple'</script>", b"<script>a='//held.exam'+'ple'</script>", id="in two parts"
        ),
    ],
)
def test_script_text_is_read_before_tag_is_emitted(page: bytes, held: bytes | None) -> None:
    expected = page.replace(b"<SCRIPT", b"<SCRIPT data-held=''") if held is None else held
    tail = b"" if expected == page else Holding.tail_text

    for size in (1, 2, 5, 16, 33, 1000):
        assert in_pieces(page, size) == expected + tail
    assert HTMLRewriter(Holding(), charset="utf-8").rewrite(page) == expected + tail


@pytest.mark.parametrize(
    ("page", "held"),
    [
        ("<x><script>//held.example</script></x>", True),
        ("<h:x xmlns:h='a'><h:script><![CDATA[ //held.example ]]></h:script></h:x>", True),
        ("<x><script/>//held.example<p></p></x>", False),
        ("<x><svg><script>//held.example</script></svg></x>", True),
        ("<x><script>//held&#46;example</script></x>", True),
        ("<x><script>//held<!-- -->.example</script></x>", True),
        ("<x><script><!-- </x:script> -->//held.example</script></x>", True),
    ],
)
def test_script_text_is_read_in_xml(page: str, held: bool) -> None:
    document = page.encode()
    whole = HTMLRewriter(Holding(), charset="utf-8", xml=True).rewrite(document)

    assert (b"data-held" in whole) is held
    assert [in_pieces(document, size, xml=True) for size in (1, 7, 50)] == [whole] * 3


@pytest.mark.parametrize(
    "page",
    [
        pytest.param("<script>//held.example", id="the input ends in it"),
        pytest.param("<math><script>//held.example</script></math>", id="a script of MathML, which is none"),
        pytest.param("<noscript><script>//held.example</script></noscript>", id="one that never runs"),
        pytest.param("<script src=x>//held.example</script>", id="one with an address, whose text is nothing"),
        pytest.param("<template><script>//held.example</script></template>", id="one in a template"),
        pytest.param("<style>//held.example</style>", id="no script"),
    ],
)
def test_text_that_does_not_run_is_left_alone(page: str) -> None:
    document = page.encode()

    assert HTMLRewriter(Holding(), charset="utf-8").rewrite(document) == document
    assert [in_pieces(document, size) for size in (1, 9)] == [document] * 2


@pytest.mark.parametrize("beyond", [-1, 0, 1, 5, 20])
@pytest.mark.parametrize("max_buffer", [1 << 20, 400])
def test_long_script_text_passes_at_any_chunking(beyond: int, max_buffer: int) -> None:
    limit = min(MAX_TEXT, max_buffer - 16)
    start = b"<script>//held.example"
    document = b"<p>" + start + b"x" * (limit + beyond - len(start)) + b"</script><p>y"
    rewriter = HTMLRewriter(Holding(), charset="utf-8", max_buffer=max_buffer)

    whole = rewriter.rewrite(document)

    assert (b"data-held" in whole) is (beyond <= 0)
    for size in (7, 64, 4096, len(document) - 6, len(document) - 1):
        if len(document) / size < 2000:
            assert in_pieces(document, size, max_buffer=max_buffer) == whole


def test_bytes_before_a_waiting_script_are_emitted() -> None:
    rewriter = HTMLRewriter(Holding(), charset="utf-8")

    assert rewriter.feed(b"<p>one</p><script>var a") == b"<p>one</p>"
    assert rewriter.feed(b" = 1</scr") == b""
    assert rewriter.feed(b"ipt><p>two") == b"<script>var a = 1</script><p>two"


class Deaf(Holding):
    """Want the text of no script."""

    search = TagSearch(NEEDLES, frozenset(ADDRESS))


@pytest.mark.parametrize("seeming", ["script", "link", "img"])
def test_tag_hidden_by_a_shorter_candidate_is_found(seeming: str) -> None:
    page = f"<!-- <{seeming} a='--><img alt=\"' > \" src={HELD}>".encode()
    held = page.replace(b" src=", b" data-held=") + Holding.tail_text

    assert HTMLRewriter(Deaf(), charset="utf-8").rewrite(page) == held


@pytest.mark.parametrize("before", ["", "<title><script></title>", "<script><!-- <iframe srcdoc=x> --></script>"])
def test_srcdoc_with_escaped_references_is_read(before: str) -> None:
    inner = "&lt;img src=//held&amp;#46;example/x&gt;"
    page = f"{before}<p>x<IFRAME SRCDOC='{inner}'></IFRAME>".encode()

    assert b"data-held" in HTMLRewriter(Holding(), charset="utf-8").rewrite(page)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(f"<img src={HELD}><img src=/x>" * 12, id="more tags than are looked for one by one"),
        pytest.param(f"<img src={HELD}><p>x</p>" * 3, id="the same tag again"),
        pytest.param(f"<!--<img src={HELD}>--><img src={HELD}>", id="the same tag in a comment before it"),
        pytest.param(f"<img alt=\0><img alt=\0\0 src=/x><img src={HELD}>", id="bytes that separate tags"),
        pytest.param(f"<img src=%00><img src=/x><script src={HELD}></script>", id="such a byte, encoded"),
        pytest.param(f"<img src=/a><link href=/b><script src=/c></script><img src={HELD}>", id="behind others"),
        pytest.param(f"<title><script></title><img alt='</script>' src={HELD}>", id="one that reaches out of it"),
        pytest.param(
            f"<title><script></title><img src=/x><link href={HELD}><script src=/y></script>",
            id="in what seems a script",
        ),
    ],
)
def test_matching_tags_among_many_are_found(page: str) -> None:
    document = page.encode()
    expected = rewritten(document, 1)

    assert expected.count(b"data-held") == page.count(HELD) - page.count("<!--")
    assert HTMLRewriter(Holding(), charset="utf-8").rewrite(document) == expected
    assert HTMLRewriter(Deaf(), charset="utf-8").rewrite(document) == expected


def test_script_is_emitted_if_its_text_is_unwanted() -> None:
    rewriter = HTMLRewriter(Deaf(), charset="utf-8")

    assert rewriter.feed(b"<script>//held.example") == b"<script>//held.example"


def test_script_words_match_in_script_tags_only() -> None:
    class Wordy(Everything):
        search = TagSearch(NEEDLES, frozenset(ADDRESS), script_words=(b"my-loader",))

        def start_tag(self, tag: StartTag) -> list[Edit]:
            return [Edit(1, 1, b"x-")]

    page = b"<script id=my-loader src=a></script><img id=my-loader src=b><script id='my&#45;loader' src=c></script>"
    held = page.replace(b"<script", b"<x-script")

    assert HTMLRewriter(Wordy(), charset="utf-8").rewrite(page) == held
    rewriter = HTMLRewriter(Wordy(), charset="utf-8")
    assert b"".join([rewriter.feed(page[at : at + 3]) for at in range(0, len(page), 3)]) + rewriter.close() == held


#: By number, in both systems and by name: what UTS #46 drops from a host, and what it takes for a full stop.
NOTHING_IN_A_HOST = [
    *(f"&#{ord(char)};" for char in "\u00ad\u034f\u200b\u200c\u200d\u2060\u2064\ufe0f\ufeff"),
    *(f"&#x{ord(char):x};" for char in "\u00ad\u200b\u200c\u200d\u2060"),
    "&shy;",
    "&ZeroWidthSpace;",
    "&NoBreak;",
    "&#8203",
    "%E2%80%8B",
]
DOT_IN_A_HOST = ["&#8228;", "&#12290;", "&#65294;", "&#65377;", "&#46", "%E2%80%A4", "%2e"]


@pytest.mark.parametrize(
    "address",
    [
        "//held.example/x",
        "//HELD.example/x",
        "//held&#46;example",
        "//held&period;example",
        "//h&#x65;ld.example",
        "&#47;&#47;held.example",
        "&#47;&#47;held&#46;example",
        "&sol;&sol;he&#108;d.example",
        "https&colon;//held&#x2e;example",
        "//held%2Eexample",
        "//%68eld.example",
        "//ｈeld.example",
        "//held。example",
        "//he\tld.example",
        "//held.ex\nample",
        "/\n/he\rld.example",
        "\\\\held.example",
        *(f"//he{written}ld.example" for written in NOTHING_IN_A_HOST),
        *(f"//held{written}example" for written in DOT_IN_A_HOST),
    ],
)
@pytest.mark.parametrize("size", [0, 3])
def test_picture_host_is_found_in_any_spelling(address: str, size: int) -> None:
    page = f'<p>x</p><img alt="a" src="{address}/x">'.encode()
    watch = Everything()
    rewriter = HTMLRewriter(watch, charset="utf-8")
    if size:
        for at in range(0, len(page), size):
            rewriter.feed(page[at : at + size])
        rewriter.close()
    else:
        rewriter.rewrite(page)

    assert len(watch.found) == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_unmatched_xml_end_tag_closes_nothing(size: int) -> None:
    source = f"<html><svg></math><script href='{HELD}'/></svg></html>".encode()

    assert b"data-held" in in_pieces(source, size, xml=True)


@pytest.mark.parametrize("runs", [False, True], ids=["token by token", "in runs"])
@pytest.mark.parametrize("before", [b"", b" ", b"<head>", b"<head> ", b"<!-- c -->"])
def test_byte_order_mark_is_invisible_only_at_the_start(before: bytes, runs: bool) -> None:
    """Anywhere else it is a character, after which no frameset may follow (13.2.6.4.4)."""
    tokens = Tokenizer()
    tokens.feed(before + b"\xef\xbb\xbf<p>", last=True)
    while (runs and tokens.run(len(before))) or tokens.next():
        pass

    assert tokens.tree.frameset_ok is (before == b"")
