"""Documents in which the tokenizer and the tree builder depend on each other: every tag that a browser loads is edited.

Each kind has several spellings. Every document is rewritten whole and in pieces, with the same result.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from consent_middleware.html.rewriter import BailOut, Edit, HTMLRewriter, StartTag
from consent_middleware.urls import absolute, parse_url, possible_urls
from tests.growth import assert_linear

from .oracle import NEEDLE, Everything, Holding, rewritten

HELD = f"//{NEEDLE}/x"
SCRIPT = f"<script src={HELD}></script>"
IMG = f"<img src={HELD}>"
LINK = f"<link href={HELD}>"
LOADER = f"load('{HELD}')"
INLINE = f"<script>{LOADER}</script>"
SIZES = (0, 1, 7, 64)

UNEDITED_ADDRESS = re.compile(rf"(?<!-)\b(?:src|href)=[\"']?{HELD}".encode())


def rewrite_alike(page: str, charset: str = "utf-8") -> bytes:
    """Return a page rewritten, after a check that the chunks do not matter."""
    source = page.encode(charset)
    whole = HTMLRewriter(Holding(), charset=charset).rewrite(source)
    for size in SIZES:
        assert rewritten(source, size, charset=charset) == whole, size
    return whole


def is_edited(page: str) -> bool:
    """Return whether every address is edited, and every script whose text contains the needle."""
    whole = rewrite_alike(page)
    return not UNEDITED_ADDRESS.search(whole) and whole.count(b"data-held=''") >= page.count(LOADER)


@pytest.mark.parametrize(
    "text",
    [
        "var a='</scr'+'ipt>';",
        "'</scroll-box>';",
        "'</SCR';",
        "'</script-x>';",
        "'</scripts>';",
        "/</scrip/.test(x);",
        "a</script\x0b;",
        "'<!--</scr';",
    ],
)
def test_script_continues_behind_a_false_end_tag(text: str) -> None:
    assert is_edited(f"<body><script>{text}{LOADER}</script>")


@pytest.mark.parametrize("text", ["<", "x<", "<!", "<!-", "<!--", "<!-->", "</", "<p", "<p a='", "<style><", "<!x"])
@pytest.mark.parametrize("before", [IMG, "", f"<iframe src={HELD}></iframe>"])
def test_noscript_ends_at_its_end_tag(before: str, text: str) -> None:
    assert is_edited(f"<body><noscript>{before}{text}</noscript>{SCRIPT}{INLINE}")


@pytest.mark.parametrize(
    "page",
    [
        "<svg><foreignObject></td>",
        "<svg><desc><desc><math></form>",
        "<svg><style></font></style>",
        "<svg>" + "<g>" * 300 + "</foo>",
        "<svg><desc><div><svg></div>",
        "<svg><desc><b><math><mrow></b>",
        "<svg><desc><div><svg></section></svg>",
        "<select><svg></select>",
        "<template><x-y><svg></x-y></template>",
        "<noscript></noscript\n>",
        "<script><script !--</script >",
        "<svg/>",
        "<svg><desc><body></desc></svg>",
        "<svg></div><![CDATA[>",
    ],
)
def test_tag_behind_tree_construct_is_edited(page: str) -> None:
    assert is_edited(f"{page}{SCRIPT}{INLINE}")


def test_template_end_tag_in_svg_closes_it() -> None:
    assert is_edited(f"<template><svg></template>{SCRIPT}<svg></svg>{INLINE}")


@pytest.mark.parametrize("end", ["</x-y>", "</g></x-y>"])
def test_tag_behind_many_doubtful_ends_is_edited(end: str) -> None:
    assert is_edited(("<svg>" + "<g>" * 200 + end) * 3 + SCRIPT + INLINE)


@pytest.mark.parametrize("text", ["<", "<!", "<!--", "</", "<p", "<p a='", f"<!--{SCRIPT}", "<svg><desc>"])
@pytest.mark.parametrize("name", ["style", "title", "xmp", "noembed", "noframes", "iframe", "noscript"])
def test_raw_text_in_select_ends_at_its_end_tag(name: str, text: str) -> None:
    assert is_edited(f"<body><select><{name}>{text}</{name}></select>{SCRIPT}{INLINE}")


@pytest.mark.parametrize(
    "page",
    [
        "<template><p><noscript><li>",
        "<svg><foreignObject><p><noscript><li>",
        "<svg><desc><p><noscript><dd>x</noscript>",
        "<template><p><noscript><option><tr><td></p></noscript></template>",
        "<math><mi><p><noscript><table></p></table></noscript>",
        "<template><li><noscript></li><li></noscript></template>",
        "<template><noscript></template></noscript><td>",
        "<svg><desc><noscript></desc></svg></noscript><td>",
    ],
)
def test_noscript_in_other_content_does_not_raise(page: str) -> None:
    rewrite_alike(page)
    assert is_edited(
        f"{page}</noscript></template></p></template></li></p></desc></foreignObject></mi></svg></math>{IMG}"
    )


@pytest.mark.parametrize("element", ["noscript", "style", "title", "textarea", "select><style", "p"])
@pytest.mark.parametrize("text", ["日本語のページ", "<img alt=日本>", "日<本"])
def test_japanese_text_is_unchanged(element: str, text: str) -> None:
    page = f"<body><{element}>{text}</{element.rpartition('<')[2]}>{text}{IMG}"
    source = page.encode("iso-2022-jp")
    assert UNEDITED_ADDRESS.sub(b"data-held=//held.example/x", source) in rewrite_alike(page, "iso-2022-jp")
    for size in (*SIZES, 100):
        rewriter = HTMLRewriter(Everything(), charset="iso-2022-jp")
        pieces = [rewriter.feed(source[at : at + (size or 999)]) for at in range(0, len(source), size or 999)]
        assert b"".join(pieces) + rewriter.close() == source


@pytest.mark.parametrize(
    "end", ["<", "</", "<!", "<!-", "<!--", "--", "--!", "</styl", "</style", "<p", "]]", "</noscript"]
)
@pytest.mark.parametrize(
    "start", ["<noscript><style>", "<noscript><script>", "<noscript>", "<select><style>", "<svg><![CDATA[", "<style>"]
)
def test_no_byte_is_lost_at_the_end(start: str, end: str) -> None:
    page = f"<body>{IMG}{start}{end}"
    assert rewrite_alike(page).startswith(page.replace("src=", "data-held=").encode())


@pytest.mark.parametrize(
    "script",
    [
        f"<script>{LOADER}</script>",
        f"<SCRIPT type=''>{LOADER}</SCRIPT >",
        f"<script><![CDATA[{LOADER}]]></script>",
        f"<script>a<![CDATA[</script>]]>{LOADER}</script>",
        f"<script>a<!--</script>-->{LOADER}</script>",
        "<script>load('//held<!-- -->.example/x')</script>",
        "<script>load('//held&#46;example/x')</script>",
        "<script>load('//held&period;exampl<![CDATA[e/x]]>')</script>",
        f"<g><script>{LOADER}</script></g>",
        f"<script><g>x</g>{LOADER}</script>",
    ],
)
@pytest.mark.parametrize("around", ["<svg>{}</svg>", "<svg><g/><desc><p>x</p></desc>{}</svg>x", "<svg></path>{}</svg>"])
def test_inline_svg_script_is_read(script: str, around: str) -> None:
    whole = rewrite_alike(f"<body>{around.format(script)}")
    assert whole.count(b"data-held") == 1


@pytest.mark.parametrize(
    "script",
    ["<script/>", f"<script href=/x>{LOADER}</script>", f"<script>{LOADER}", f"<script>{LOADER}<!-- </script>"],
)
def test_svg_script_without_text_is_left_alone(script: str) -> None:
    page = f"<body><svg>{script}"
    assert b"data-held" not in rewrite_alike(page)


#: A stray end tag may, or may not, close what is open around foreign content.
STRAY = ("a", "b", "div", "foo", "x-y", "td", "button", "select", "option", "svg-x", "h1", "li", "path")
BEHIND = (
    f"<script><p>{SCRIPT}",
    f"<script>{SCRIPT}</script>",
    f"<template>{IMG}",
    f"<title><script>{LOADER}</script></title>",
    f"<script></script>{SCRIPT}",
    f"<![CDATA[>{SCRIPT}]]>",
    f"<![CDATA[ <!-- ]]>{SCRIPT}",
    f"<![CDATA[ <!-- ]]><script href={HELD}></script>",
    f"<textarea></textarea><p>{SCRIPT}",
    f"<plaintext>{SCRIPT}",
    f"<noframes>{IMG}",
    f"<style>{IMG}",
    f"<script/>{IMG}",
    f"<desc><style>{IMG}</style></desc>{LINK}",
    f"<noscript><iframe src={HELD}>",
    f"<svg><desc></svg>{SCRIPT}",
    f"<script>a</script>{INLINE}",
    f"<script>'<![CDATA['</script>{INLINE}",
)


@pytest.mark.slow
@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("root", ["svg", "math"])
def test_stray_end_tag_in_foreign_content(root: str, behind: str) -> None:
    for name in STRAY:
        assert is_edited(f"<body><{root}></{name}>{behind}"), name
        assert is_edited(f"<body><{name}><{root}><g></{name}>{behind}"), name


@pytest.mark.parametrize(
    "page",
    [
        f"<foo><math></foo>{SCRIPT}",
        f"<foo><svg></foo><iframe src={HELD}></iframe>",
        f"<path><svg></path><noscript>{IMG}</noscript>",
        f"<foo><svg><g></foo>{LINK}",
        f"<foo><math><mrow></foo>{INLINE}",
    ],
)
def test_unknown_element_closes_foreign_content(page: str) -> None:
    assert is_edited(page)


@pytest.mark.parametrize(
    "name", ["style", "script", "textarea", "iframe", "xmp", "plaintext", "title", "noscript", "noembed"]
)
@pytest.mark.parametrize("before", ["", "<style></style>", "<script></script>", "<col><col>", "x"])
def test_raw_text_in_template_columns_is_ignored(before: str, name: str) -> None:
    page = f"<template>{before}<col><{name}></template>{SCRIPT}{INLINE}"
    assert is_edited(page)


@pytest.mark.parametrize(
    "page",
    [
        f"<div><template></template><frameset>{INLINE}",
        f"<math><l><![CDATA[x]]></math><frameset>{INLINE}",
        f"<svg><![CDATA[ ]]>x</svg><frameset>{INLINE}",
        f"<p>&nbsp;<frameset><svg><script href={HELD}></script>",
        f"<frameset>{SCRIPT}",
    ],
)
def test_tag_behind_possible_frameset_is_edited(page: str) -> None:
    assert is_edited(page)


@pytest.mark.parametrize(
    "page",
    [
        f"<svg><title><td></title><script><div>{IMG}",
        f"<svg><foreignObject><div><table></div></foreignObject><iframe src={HELD}>",
        f"<svg><foreignObject><table><svg><desc></table></foreignObject><title>{SCRIPT}",
        f"<table><tr><td><svg><foreignObject><table><svg><desc></table></foreignObject><title>{SCRIPT}",
        f"<table><tr><td><svg><title><td></title><style>{IMG}",
        f"<svg><g><foreignObject><p><table></table></g><iframe src={HELD}>",
        f"<svg><desc><div><b></div>x</desc><style>{IMG}",
        f"<svg><desc><form><![CDATA[>{SCRIPT}",
        f"<svg><desc><a><a></a><![CDATA[>{SCRIPT}]]>{SCRIPT}",
        f"<svg><desc><h1><h2></h1></desc><style>{IMG}",
        f"<svg><desc><button><b><button></button></desc><style>{IMG}",
        f"<math><mi><li><b><li></mi><style>{IMG}",
        f"<svg><desc><p><b><div></desc></div></desc><style>{IMG}",
    ],
)
def test_misnested_html_in_foreign_content(page: str) -> None:
    assert is_edited(page)


@pytest.mark.parametrize(
    "page",
    [
        f"<svg><desc><select><![CDATA[>{SCRIPT}",
        f"<math><mi><select><math></select>{LINK}",
        f"<svg><desc><select><option></desc><style>{IMG}",
        f"<select><noscript>{SCRIPT}",
        f"<select><math>{SCRIPT}",
        f"<select><svg><style>{SCRIPT}",
        f"<select><title><script>{LOADER}</script>",
        f"<select><style><script>{LOADER}</script></style>",
        f"<select><xmp>{SCRIPT}</xmp>",
        f"<select><plaintext>{SCRIPT}",
        f"<select><svg><desc></select></desc></svg>{SCRIPT}",
    ],
)
def test_select_content_that_older_browsers_ignore(page: str) -> None:
    assert is_edited(page)


@pytest.mark.parametrize(
    "page",
    [
        f'<noscript><img src="{HELD}</noscript>">',
        f"<noscript><!--</noscript><script>-->{IMG}",
        f"<noscript><style></noscript><!--</style>{IMG}-->",
        f"<noscript><svg><desc></noscript><title>{IMG}</title>",
        f"<noscript><p a='</noscript><textarea>'>{LINK}</textarea>",
        f"<svg><desc><noscript><p></noscript></desc><style>{IMG}</style>",
        f"<noscript><noscript></noscript>{IMG}",
    ],
)
def test_noscript_content_continues_without_scripts(page: str) -> None:
    assert is_edited(page)


def test_script_in_noscript_is_left_alone() -> None:
    page = f"<noscript><iframe></noscript><!-- {SCRIPT}{INLINE} -->{IMG}"
    assert UNEDITED_ADDRESS.search(rewrite_alike(page))
    assert rewrite_alike(page).count(b"data-held") == 1


@pytest.mark.parametrize(
    "page",
    [
        "<!-- <html lang=fr> --><html lang=de>",
        "<?x <html lang=fr><html lang=de>",
        "<!doctype html><!--[if IE]><html lang=fr><![endif]--><html lang=de>",
        "\ufeff \n<!doctype html>\n<HTML LANG=de>",
    ],
)
def test_root_is_the_first_start_tag(page: str) -> None:
    class Rooted(Everything):
        lang: str | None = None

        def on_root(self, tag: StartTag) -> None:
            self.lang = tag.get(b"lang")

    source = (page + SCRIPT).encode()
    for size in (*SIZES, len(source)):
        watch = Rooted()
        rewriter = HTMLRewriter(watch, charset="utf-8")
        for at in range(0, len(source), size or len(source)):
            rewriter.feed(source[at : at + (size or len(source))])
        rewriter.close()
        assert watch.lang == "de", size


@pytest.mark.parametrize(
    ("charset", "host"),
    [
        ("gb18030", "held.\u00adexample"),
        ("gb18030", "held.example\u200b"),
        ("gbk", "\uff48eld.example"),
        ("shift_jis", "\uff48\uff45ld.example"),
        ("big5", "hel\uff44.example"),
        ("iso-2022-jp", "\uff48\uff45ld.example"),
        ("iso-2022-jp", "held\u3002example"),
        ("euc-jp", "held\u3002exampl\uff45"),
    ],
)
@pytest.mark.parametrize("tag", ["script", "img", "iframe"])
def test_host_in_two_byte_encoding_is_found(charset: str, host: str, tag: str) -> None:
    page = f"<p>\u65e5\u672c</p><{tag} src='//{host}/x'></{tag}>"
    source = page.encode(charset)
    watch = Everything()
    assert HTMLRewriter(watch, charset=charset).rewrite(source) == source
    assert len(watch.found) == 1
    for size in SIZES[1:]:
        watch = Everything()
        rewriter = HTMLRewriter(watch, charset=charset)
        assert b"".join(rewriter.feed(source[at : at + size]) for at in range(0, len(source), size))
        rewriter.close()
        assert len(watch.found) == 1, size


@pytest.mark.parametrize(
    "address",
    [
        "/\\held.%65xample/1",
        "\\\\held.%65xample/1",
        "\\/held.%65xample/1",
        "http:held.%65xample/1",
        "https:h&#x1d4ee;ld.example/1",
        "http:held.&escr;x&ascr;mple",
        "//a b@held.%65xample/1",
        "//a=b@held.%65xample/1",
        "&#92;&#92;held.%65xample/1",
        "h&#9;ttp:held.%65xample/1",
        "//h&escr;ld.example/1",
        "//held.&#101;xample/1",
        "//held&#xff0e;example/1",
    ],
)
@pytest.mark.parametrize("tag", ["img src", "image src", "script src", "iframe src"])
def test_any_spelling_of_an_address_may_match(tag: str, address: str) -> None:
    watch = Everything()
    HTMLRewriter(watch, charset="utf-8").rewrite(f'<{tag}="{address}">'.encode())
    assert len(watch.found) == 1


@pytest.mark.parametrize(
    "page",
    [
        '<math><mtext><img xmlns="http://www.w3.org/1999/xhtml" src="{}"/></mtext></math>',
        '<m:math xmlns:m="m"><m:mrow><img src="{}"/></m:mrow></m:math>',
        '<svg><h:script xmlns:h="http://www.w3.org/1999/xhtml" src="{}"></h:script></svg>',
        '<svg><script href="{}"/></svg>',
        '<s:template xmlns:s="http://www.w3.org/2000/svg"><img src="{}"/></s:template>',
        '<template xmlns="http://www.w3.org/2000/svg"><script href="{}" src="{}"/></template>',
        '<svg><template><iframe src="{}"/></template></svg>',
    ],
)
def test_xml_script_in_any_namespace_is_edited(page: str) -> None:
    source = page.format(HELD, HELD).encode()
    whole = HTMLRewriter(Holding(), charset="utf-8", xml=True).rewrite(source)
    assert b"data-held" in whole
    for size in SIZES:
        assert rewritten(source, size, xml=True) == whole, size


@pytest.mark.parametrize(
    ("page", "held_too"),
    [
        (f"<base href><iframe srcdoc='<base href=//{NEEDLE}><script src=1.js></script>'></iframe>", "1.js"),
        (f"<base href=//{NEEDLE}/a/><iframe srcdoc='<base href=b/><img src=1.gif>'></iframe>", "1.gif"),
        (f"<base href=/a/><iframe srcdoc='<base href=//{NEEDLE}><base href=/c><img src=1>'></iframe>", "1"),
    ],
)
def test_srcdoc_base_is_relative_to_the_outer_base(page: str, held_too: str) -> None:
    class Based(Everything):
        def start_tag(self, tag: StartTag) -> Sequence[Edit]:
            address = tag.get(b"src")
            url = None if address is None else parse_url(address, tag.base)
            if url is not None and url.host == NEEDLE:
                self.found.append((tag.name.decode(), str(address)))
            return ()

    watch = Based()
    HTMLRewriter(watch, charset="utf-8").rewrite(page.encode())
    assert [address for _, address in watch.found] == [held_too]


@pytest.mark.parametrize(
    ("written", "base", "hosts"),
    [
        ("https:", "//held.example/", ["held.example"]),
        ("https:/x", "//held.example/", ["x", "held.example"]),
        ("http:x/y", "//held.example/", ["x", "held.example"]),
        ("http:x/y", "https://held.example/", ["x"]),
        ("https:x/y", "https://held.example/", ["held.example"]),
        ("https://x/y", "//held.example/", ["x"]),
        ("https:x/y", None, ["x"]),
        ("", None, [""]),
    ],
)
def test_scheme_without_slashes_has_two_hosts(written: str, base: str | None, hosts: list[str]) -> None:
    assert [url.host for url in possible_urls(written, base)] == hosts


@pytest.mark.parametrize(
    ("written", "base", "meant"),
    [
        ("x/y?z#w", "//held.example:8000/a/b?c", "//held.example:8000/a/x/y?z"),
        ("/x", "https://held.example/a", "https://held.example/x"),
        ("//a.example", "https://held.example/", "https://a.example/"),
        ("x", "/a/", "x"),
        ("x", None, "x"),
        ("http://a b/", "//held.example/", "http://a b/"),
    ],
)
def test_address_is_made_absolute_by_its_base(written: str, base: str | None, meant: str) -> None:
    assert absolute(written, base) == meant


@pytest.mark.parametrize("host", ["`.held.example", '".held.example', "{.held.example", "}.held.example"])
def test_host_may_have_any_allowed_character(host: str) -> None:
    url = parse_url(f"//{host}/x")
    assert url is not None
    assert url.host == host


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("unit", ["<img src=x>", "<img ", "<script>", "<script>a</script>", "<img a='", "<!--", "</a>"])
@pytest.mark.parametrize("start", ["<svg></foo><script>", "<svg></a><g>", "<noscript><p a='</noscript>"])
def test_sweep_takes_linear_time(start: str, unit: str) -> None:
    for size in (0, 64):
        assert_linear(
            lambda count: f"{start}{unit * count}{SCRIPT}".encode(),
            lambda page: rewritten(page, size),  # noqa: B023 - called at once
            start=1_000,
        )


def test_too_many_overlapping_tags_are_withheld() -> None:
    page = f"<svg></foo><script>{'<img a=' * 40}{IMG}"
    rewriter = HTMLRewriter(Holding(), charset="utf-8")
    assert not UNEDITED_ADDRESS.search(rewriter.rewrite(page.encode()).replace(b"&lt;img src", b""))
    assert rewriter.bail_outs
    assert rewrite_alike(page)


@pytest.mark.parametrize("size", [1, 7, 50])
def test_long_tag_in_a_sweep_is_withheld_or_passes(size: int) -> None:
    page = f"<svg></foo><script><img alt='{'x' * 200}' src={HELD}>{IMG}<b {'y' * 200}>".encode()
    rules: tuple[tuple[BailOut, bytes], ...] = (("withhold", b"&lt;img alt"), ("pass", b"<img alt"))
    for on_bail_out, expected in rules:
        rewriter = HTMLRewriter(Holding(), charset="utf-8", max_buffer=64, on_bail_out=on_bail_out)
        out = b"".join(rewriter.feed(page[at : at + size]) for at in range(0, len(page), size)) + rewriter.close()
        assert expected in out
        assert rewriter.bail_outs
        assert out.replace(b"&lt;", b"<").replace(b"data-held=", b"src=").startswith(page)


@pytest.mark.parametrize(
    "page",
    [
        f"<svg><script>{LOADER}</r><iframe srcdoc='&lt;img src={HELD}&gt;'></iframe>",
        f"{IMG}<svg><script>x()",
        f"{IMG}<svg><g><script>x()<g>",
    ],
)
def test_unclosed_script_is_not_closed(page: str) -> None:
    assert b"</script" not in rewrite_alike(page)


def test_svg_script_that_waits_is_opened_once() -> None:
    assert rewrite_alike(f"{IMG}<svg><script>{LOADER}</script><g>").endswith(b"</g></svg><!--tail-->")
