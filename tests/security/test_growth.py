"""Work is linear in the size of the input: pages, request heads, cookies and settings."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from functools import cache
from urllib.parse import quote

import pytest

from consent_middleware import Policy, Signals
from consent_middleware.consent import Category
from consent_middleware.cookies import Cookies
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.facade.asset import pages_pattern
from consent_middleware.sources import SOURCES, Platform
from consent_middleware.sources.gpp import sections
from tests.engines import engine_for
from tests.exchanges import respond
from tests.growth import assert_linear

pytestmark = [pytest.mark.slow, pytest.mark.no_cover]

TAG = b'<script src="//js.hs-scripts.com/1.js"></script>'
LOADER = b'<script>s=document.createElement("script");s.src="//js.hs-scripts.com/1.js"</script>'
BLOCKED = b'<script src="//js.hs-scripts.com/1.js" '

#: A beginning, the part to repeat, and an end.
Sample = tuple[bytes, bytes, bytes]

HTML: dict[str, Sample] = {
    "text": (b"", b"x", TAG),
    "stray brackets": (b"<p>", b"< ", TAG),
    "brackets alone": (b"<p>", b"<", TAG),
    "comments before": (b"<p>", b"<!--x-->", TAG),
    "comments before, in the head": (b"", b"<!--x-->", TAG),
    "comments, candidate inside": (b"<p>", b"<!--x-->", b"<!--" + TAG + b"-->"),
    "comments before a loader": (b"<p>", b"<!--x-->", LOADER),
    "comments behind": (b"<p>" + TAG, b"<!--x-->", b""),
    "comments with candidates": (b"<p>", b"<!--" + TAG + b"-->", TAG),
    "comments that open scripts": (b"<p>", b"<!--<script>-->", TAG),
    "shortest comments": (b"<p>", b"<!-->", TAG),
    "comments that are not finished": (b"<p>", b"<!--", TAG),
    "dashes": (b"<p><!--", b"-", b"-->" + TAG),
    "bogus comments": (b"<p>", b"<?x>", TAG),
    "bogus comments, candidate inside": (b"<p>", b"<?x>", b"<?" + TAG + b"-->"),
    "bogus end tags": (b"<p>", b"</ x>", TAG),
    "doctypes": (b"", b"<!DOCTYPE html>", TAG),
    "CDATA in HTML": (b"<p>", b"<![CDATA[x]]>", TAG),
    "CDATA in SVG": (b"<p>x<svg>", b"<![CDATA[x]]>", b"</svg>" + TAG),
    "CDATA that is not finished": (b"<p>x<svg>", b"<![CDATA[", b"</svg>" + TAG),
    "attributes": (b"<p ", b"a ", b">" + TAG),
    "attributes of a blocked tag": (BLOCKED, b"a=1 ", b"></script>"),
    "quoted attributes of a blocked tag": (BLOCKED, b'a="1" ', b"></script>"),
    "equals signs": (BLOCKED, b"=", b"></script>"),
    "quotes": (BLOCKED, b"\"'", b"></script>"),
    "slashes": (BLOCKED, b"/", b"></script>"),
    "long class": (BLOCKED + b'class="', b" ", b'"></script>'),
    "long type": (BLOCKED + b'type="', b"0", b'"></script>'),
    "references": (b'<script src="//js.hs-scripts.com/1.js?', b"&#x6a;", b'"></script>'),
    "named references": (b'<script src="//js.hs-scripts.com/1.js?', b"&ampx", b'"></script>'),
    "one long reference": (b'<script src="//js.hs-scripts.com/1.js?&', b"a", b'"></script>'),
    "one long number": (b'<script src="//js.hs-scripts.com/1.js?&#', b"0", b'"></script>'),
    "dot segments": (b'<script src="//js.hs-scripts.com/', b"../", b'1.js"></script>'),
    "encoded dots": (b'<script src="//js.hs-scripts.com/', b"%2e/", b'1.js"></script>'),
    "user information": (b'<script src="//', b"@", b'js.hs-scripts.com/1.js"></script>'),
    "newlines in a host": (b'<script src="//js.hs-scr', b"\n\t", b'ipts.com/1.js"></script>'),
    "combining marks": (b"<script src='//js.hs-scripts.com/", "\u0301\u0316".encode(), b"1.js'></script>"),
    "a tag that is not finished": (b"<p>" + TAG, b'<a b="', b""),
    "tags of scripts that are not finished": (b"<p>", b"<script ", TAG),
    "blocked tags": (b"<p>", TAG, b""),
    "blocked links": (b"<p>", b'<link rel=preconnect href="//js.hs-scripts.com">', b""),
    "blocked images": (b"<p>", b'<img src="//track.hubspot.com/x.gif">', b""),
    "blocked elements": (b"<p>", b'<amp-img src="//track.hubspot.com/x.gif"></amp-img>', b""),
    "other scripts": (b"<p>", b'<script src="/a.js"></script>', TAG),
    "tag managers": (b"<p>", b"<script>googletagmanager.com/gtm.js</script>", TAG),
    "bases": (b"", b'<base href="https://a.example/">', TAG),
    "images behind a base": (b'<base href="https://a.example/">', b"<img src=a>", TAG),
    "comments behind a base": (b'<base href="https://a.example/"><p>', b"<!--<img>-->", TAG),
    "scripts behind a base": (b'<base href="https://a.example/">', b"<script src=a></script>", TAG),
    "open elements": (b"<p>", b"<div>", TAG),
    "open svg": (b"<p>", b"<svg>", TAG),
    "open groups": (b"<p>x<svg>", b"<g>", TAG),
    "end tags in svg": (b"<p>x<svg>", b"</g>", TAG),
    "svg in svg": (b"<p>x", b"<svg><foreignObject>", TAG),
    "open math": (b"<p>x", b"<math><mi>", TAG),
    "open templates": (b"<p>", b"<template>", TAG),
    "paragraphs in a template": (b"<template>", b"<p>", TAG),
    "items in a template": (b"<template>", b"<li>", TAG),
    "open elements in an integration point": (b"<p>x<svg><foreignObject>", b"<div><span>", TAG),
    "options": (b"<p><select>", b"<option>", TAG),
    "selects": (b"<p>", b"<select>", TAG),
    "styles in a select": (b"<p><select>", b"<style></style>", TAG),
    "styles in a select that are not finished": (b"<p><select>", b"<style>", TAG),
    "noscripts": (b"<p>", b"<noscript><img></noscript>", TAG),
    "noscripts that hide a tag": (b"<p>", b'<noscript><img src="//track.hubspot.com/a.gif"></noscript>', TAG),
    "noscripts that are not finished": (b"<p>", b"<noscript>", TAG),
    "comments in a noscript": (b"<p><noscript>", b"<!--x-->", b"</noscript>" + TAG),
    "styles in a noscript": (b"<p><noscript>", b"<style></style>", b"</noscript>" + TAG),
    "styles": (b"<p>", b"<style></style>", TAG),
    "styles that are not finished": (b"<p>", b"<style>", TAG),
    "nearly an end of a style": (b"<p><style>", b"</styl", b"</style>" + TAG),
    "titles": (b"", b"<title>", TAG),
    "comments in a textarea": (b"<p><textarea>", b"<!--", b"</textarea>" + TAG),
    "framesets": (b"", b"<frameset>", TAG),
    "frames": (b"<frameset>", b"<frame src=a>", TAG),
    "frames without": (b"<frameset>", b"<noframes>", TAG),
    "plain text": (b"<plaintext>", b"<p>", TAG),
    "ends of a body": (b"<p>" + TAG, b"</body>", b""),
    "frames with documents": (b"<p>", b'<iframe srcdoc="<p>x"></iframe>', TAG),
    "a frame with a long document": (b'<iframe srcdoc="', b"<p>&lt;", b'"></iframe>' + TAG),
    "many pictures in one": (b'<img srcset="', b"a 1x, ", b'//track.hubspot.com/x 2x">'),
    "spaces between pictures": (b'<img srcset="//track.hubspot.com/x ', b" ", b'">'),
    "commas between pictures": (b'<img srcset="//track.hubspot.com/x ', b",", b'a">'),
    "script text": (b"<p><script>", b"a;", b"</script>" + TAG),
    "scripts in an SVG script": (b"<p><svg><script>", b"<script>a</script>", b"</script></svg>" + TAG),
    "empty scripts in an SVG script": (b"<p><svg><script>", b"<script/>", b"</script></svg>" + TAG),
    "tags in an SVG script": (b"<p><svg><script>", b"a<g>", b"</script></svg>" + TAG),
    "end tags in an SVG script": (b"<p><svg><script>", b"a</g>", b"</script></svg>" + TAG),
    "tags in an SVG script that do not end": (b"<p><svg><script>", b"a<g ", b"</script></svg>" + TAG),
    "bogus comments in an SVG script": (b"<p><svg><script>", b"a<?>", b"</script></svg>" + TAG),
    "brackets in an SVG script": (b"<p><svg><script>", b"a<", b"</script></svg>" + TAG),
    "drawings before a script": (b"<p><script>a<b</script>", b"<svg></svg>", TAG),
    "drawings that do not end": (b"<p><script>a<b</script>", b"<svg>a", TAG),
    "scripts in an SVG script that does not end": (b"<p><svg><script>", b"<script>a</script>", TAG),
    "hosts in a script": (b"<p><script>createElement;", b'"js.hs-scripts.com" ', b"</script>"),
    "loads in a script": (b'<p><script>a="js.hs-scripts.com";', b"createElement ", b"</script>"),
    "comments in a loader": (b"<p><script>js.hs-scripts.com createElement;", b"/*", b"</script>"),
    "quotes in a loader": (b"<p><script>js.hs-scripts.com createElement;", b'"', b"</script>"),
    "escapes in a loader": (b"<p><script>js.hs-scripts.com createElement;", b"\\u002f", b"</script>"),
    "joints in a loader": (b"<p><script>js.hs-scripts.com createElement;", b'"+ "', b"</script>"),
    "spaces in a loader": (b"<p><script>js.hs-scripts.com createElement", b" ", b"</script>"),
    "imports in a loader": (b"<p><script>js.hs-scripts.com ", b"import a ", b"</script>"),
    "links in a loader": (b"<p><script>js.hs-scripts.com createElement", b"<a href=", b"</script>"),
    "lists in a loader": (b"<p><script>createElement;deny:[", b'"a.js.hs-scripts.com",', b"</script>"),
    "streamed data": (b"<p><script>", b'self.__next_f.push([1,"js.hs-scripts.com"])', b"</script>"),
    "loaders": (b"<p>", b'<script>x="js.hs-scripts.com"</script>', b""),
    "escapes in a script": (b"<p><script>", b"<!--<script>", b"</script>" + TAG),
    "escapes that end": (b"<p><script>", b"<!--<script></script>", b"</script>" + TAG),
    "dashes in a script": (b"<p><script><!--", b"-", b"--></script>" + TAG),
    "scripts that are not finished": (b"<p>", b"<script>", TAG),
    "NULs in scripts": (b"<p>", b"<script>\0</script>", TAG),
    "metas": (b"", b"<meta charset=utf-8>", TAG),
}
XML: dict[str, Sample] = {
    "comments": (b"<html>", b"<!--x-->", TAG),
    "comments, candidate inside": (b"<html>", b"<!--x-->", b"<!--" + TAG + b"-->"),
    "comments that are not finished": (b"<html>", b"<!--", TAG),
    "processing instructions": (b"<html>", b"<?x?>", TAG),
    "instructions that are not finished": (b"<html>", b"<?x", TAG),
    "CDATA": (b"<html>", b"<![CDATA[x]]>", TAG),
    "CDATA in scripts": (b"<html>", b"<script><![CDATA[x]]></script>", TAG),
    "CDATA in scripts that is not finished": (b"<html>", b"<script><![CDATA[", TAG),
    "comments in scripts": (b"<html>", b"<script><!---->", TAG),
    "doctypes": (b"", b"<!DOCTYPE x>", TAG),
    "a doctype": (b"<!DOCTYPE x [", b"<!ENTITY a 'b'>", b"]>" + TAG),
    "spaces in a doctype": (b"<!DOCTYPE x [", b" ", b"]>" + TAG),
    "a doctype that is not finished": (b"<!DOCTYPE x [", b"<?>", b"]>" + TAG),
    "a comment before the doctype": (b"<!--", b"-", b" --><!DOCTYPE html>" + TAG),
    "comments before the doctype": (b"", b"<!--x-->", b"<!DOCTYPE html>" + TAG),
    "an instruction before the doctype": (b"<?x", b" ?", b"?><!DOCTYPE html>" + TAG),
    "white space before the doctype": (b"", b" ", b"<!DOCTYPE html>" + TAG),
    "an unfinished comment before the doctype": (b"", b"<!--", b""),
    "brackets": (b"<html>", b"<", TAG),
    "tags that are not finished": (b"<html>", b"<a ", TAG),
    "images that are not finished": (b"<html>", b"<img ", TAG),
    "scripts that are not finished": (b"<html>", b"<script data-src=", TAG),
    "quotes that are not finished": (b"<html>", b'<script data-src="', TAG),
    "tags in a value": (b"<html>", b'<link a="b<', b"<g>" + TAG),
    "values that share quotes": (b"<html>", b'<a<link src="//js.hs-scripts.com/1.js"', b"<g>"),
    "scripts in scripts": (b"<html>", b"<script>", TAG),
    "tags in a script": (b"<html><script>", b"<a>", b"</script>" + TAG),
    "prefixes": (b"<html>", b"<a:b:c:script ", TAG),
    "drawings": (b"<html><svg>", b"<g>", TAG),
    "blocked tags": (b"<html>", TAG, b""),
    "attributes of a blocked tag": (b"<html>" + BLOCKED, b'a="1" ', b"/>"),
    "images behind a base": (b'<html><base href="//a.example/"/>', b'<img src="a"/>', TAG),
}


@cache
def _policy() -> Policy:
    return Policy(contact_url="/contact", limits={"cache_bytes": 0})


def _filled(sample: Sample, size: int) -> bytes:
    before, unit, behind = sample
    return before + unit * (size // len(unit)) + behind


def _rewrite(document: bytes, piece: int | None, content_type: bytes, policy: Policy | None = None) -> None:
    exchange = Exchange(engine_for(policy or _policy()), RequestHead("GET", "/", "", [(b"host", b"example.com")]))
    exchange.start(200, [(b"content-type", content_type)])
    if piece is None:
        exchange.rewrite_whole(document)
        return
    for at in range(0, len(document), piece):
        exchange.feed(document[at : at + piece])
    exchange.close()


PAGES = [
    *(pytest.param(sample, b"text/html; charset=utf-8", id=f"HTML: {name}") for name, sample in HTML.items()),
    *(pytest.param(sample, b"application/xhtml+xml; charset=utf-8", id=f"XML: {name}") for name, sample in XML.items()),
]


@pytest.mark.parametrize(("sample", "content_type"), PAGES)
def test_whole_pages(sample: Sample, content_type: bytes) -> None:
    assert_linear(lambda size: _filled(sample, size), lambda page: _rewrite(page, None, content_type))


#: Dot segments are looked for only in a path with a segment that begins with a dot.
@pytest.mark.parametrize("segment", [b"x/", b".x/"])
def test_addresses_after_a_long_base(segment: bytes) -> None:
    def prepare(size: int) -> bytes:
        base = b'<base href="https://a.example/' + segment * (size // 2 // len(segment)) + b'">'
        return base + b"<img src=a>" * (size // 22) + TAG

    assert_linear(prepare, lambda page: _rewrite(page, None, b"text/html"), start=2048)


@pytest.mark.parametrize("unit", [b"a", b"/container_abcdef"])
def test_script_that_may_be_a_tag_manager(unit: bytes) -> None:
    policy = Policy(contact_url="/contact", guard="auto", limits={"cache_bytes": 0})
    sample = (b'<p><script>"piwik.pro/";', unit, b"</script>")
    assert_linear(lambda size: _filled(sample, size), lambda page: _rewrite(page, None, b"text/html", policy))


@pytest.mark.parametrize(("sample", "content_type"), PAGES)
def test_pages_in_chunks(sample: Sample, content_type: bytes) -> None:
    # The text of a script is buffered up to 64 kB, so growth shows below that size.
    run = lambda page: _rewrite(page, 8192, content_type)  # noqa: E731
    assert_linear(lambda size: _filled(sample, size), run, start=1 << 15, doublings=2)


@pytest.mark.parametrize(("sample", "content_type"), PAGES)
def test_pages_in_tiny_chunks(sample: Sample, content_type: bytes) -> None:
    assert_linear(lambda size: _filled(sample, size), lambda page: _rewrite(page, 61, content_type), doublings=2)


@pytest.mark.parametrize("unit", [b"\x1b(B", b">\x1b(B", b"\x1b$B>\x1b(B", b"'>\x1b(B<img alt='"])
@pytest.mark.parametrize("declaration", [b"", b"<meta charset=iso-2022-jp>"])
@pytest.mark.parametrize("piece", [61, 8192, 1 << 20])
def test_escapes_in_a_long_tag(unit: bytes, declaration: bytes, piece: int) -> None:
    before = declaration + b"<!--" + b" " * 1024 + b"--><img alt='" + b"x" * 2000
    policy = Policy(contact_url="/contact", limits={"cache_bytes": 0, "tag_bytes": 1024})
    assert_linear(
        lambda size: _filled((before, unit, b"'>" + TAG), size),
        lambda page: _rewrite(page, piece, b"text/html", policy),
        doublings=2,
        start=1 << 14,
    )


@pytest.mark.parametrize("unit", [b"<link a=' ", b"<link a='' ", TAG, b"<img alt='"])
@pytest.mark.parametrize("behind", [b"\x1b(B", b'" src=//track.hubspot.com/a.gif>\x1b(B'])
def test_escape_behind_swept_tags(unit: bytes, behind: bytes) -> None:
    before = b'<p>x<select><style><img alt="'
    assert_linear(lambda size: _filled((before, unit, behind), size), lambda page: _rewrite(page, 8192, b"text/html"))


# -- request heads


#: The fields of a request that are read, with the part to repeat in each.
FIELDS: dict[str, tuple[bytes, bytes]] = {
    "labels of a host": (b"host", b"a."),
    "colons of a host": (b"host", b":"),
    "a long host": (b"host", b"a"),
    "codings": (b"accept-encoding", b"gzip,"),
    "weights": (b"accept-encoding", b"x;q=1;"),
    "spaces between codings": (b"accept-encoding", b" "),
    "entity tags": (b"if-none-match", b'"a", '),
    "quotes of entity tags": (b"if-none-match", b'"'),
    "entity tags that are not finished": (b"if-match", b'W/"'),
    "types": (b"accept", b"text/htm,"),
    "destinations": (b"sec-fetch-dest", b"x"),
    "objections": (b"sec-gpc", b"1,"),
    "commas": (b"dnt", b","),
    "pairs": (b"cookie", b"a=1; "),
    "semicolons": (b"cookie", b";"),
    "commas of cookies": (b"cookie", b","),
    "pairs behind commas": (b"cookie", b",a=1"),
    "spaces behind commas": (b"cookie", b", "),
    "copies": (b"cookie", b"consent=analytics; "),
    "vendor's cookies": (b"cookie", b"hubspotutk=1; "),
    "a forwarded prefix": (b"x-forwarded-prefix", b"/a"),
    "forwarded hosts": (b"x-forwarded-host", b"a,"),
}


def _exchanged(head: list[tuple[bytes, bytes]], path: str = "/", mount: str = "") -> None:
    respond(
        Exchange(Engine(Policy(contact_url="/c")), RequestHead("GET", path, mount, head)),
        200,
        [(b"content-type", b"text/html"), (b"etag", b'"a"')],
        TAG,
    )


@pytest.mark.parametrize(("name", "unit"), FIELDS.values(), ids=FIELDS)
def test_fields_of_a_request(name: bytes, unit: bytes) -> None:
    fixed = [(b"host", b"www.example.com"), (b"cookie", b"consent=necessary")]
    head = [pair for pair in fixed if pair[0] != name]
    # Sizes that servers accept.
    assert_linear(lambda size: [*head, (name, unit * (size // len(unit)))], _exchanged)


@pytest.mark.parametrize("field", [b"cookie", b"sec-gpc", b"accept-encoding", b"if-none-match", b"x-y"])
def test_lines_of_a_request(field: bytes) -> None:
    assert_linear(lambda size: [(field, b"a=1")] * (size // 16), _exchanged)


def test_names_of_one_platform() -> None:
    pairs = lambda size: b"; ".join(b'_iub_cs-%d={"consent":true}' % n for n in range(size // 24))  # noqa: E731
    assert_linear(lambda size: [(b"cookie", pairs(size))], _exchanged)


@pytest.mark.parametrize("unit", ["/a", "/", "a", "../", "%2e", "\u00e9", "*"])
def test_paths_and_mounts(unit: str) -> None:
    def run(path: str) -> None:
        _exchanged([(b"host", b"example.com")], "/" + path, "/" + path)

    assert_linear(lambda size: unit * (size // len(unit)), run)


# -- cookies


def _didomi(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


#: Parts to repeat in a hostile value: plain, in JSON, encoded and in quotes, for every format.
UNITS = (
    *(
        "0",
        "1",
        "a",
        "A",
        "_",
        "-",
        ".",
        ":",
        ",",
        ";a=",
        "|",
        "!",
        "=",
        "~",
        " ",
        "+",
        "%",
        "%25",
        "%2C",
        "%7B",
        "%5B",
    ),
    *("\\", "\\0", '\\"', '"', "'", "{", "[", "}", "]", "&", "/", "1:true_", "a:1,", "C0001:1,", "groups=", "!a=true"),
    *("a=-1|", "a:1|", "necessary:true,", "permit 1,", "1,", "BA", "DBAA", "9" * 9, "2026-01-01T", "\x80", "\xff"),
)
SHAPES: dict[str, Callable[[str], str]] = {
    "bare": lambda text: text,
    "quoted": lambda text: f'"{text}"',
    "literal": lambda text: "{" + text,
    "JSON": lambda text: json.dumps({"a": text, "consents": {"a": [text]}, "categories": [text], "version": text}),
    "key": lambda text: json.dumps({text: True, "consentTimestamp": text, "purposes": {text: True}}),
    "encoded": quote,
    "encoded twice": lambda text: quote(quote(text)),
    "token": _didomi,
    "sections": lambda text: f"DBABMA~{text}",
}


@pytest.mark.parametrize("platform", SOURCES, ids=lambda platform: platform.id)
def test_values_of_each_platform(platform: Platform) -> None:
    names = [*platform.cookies, *platform.headers, *(f"{prefix}1" for prefix in platform.prefixes)]
    for shape in SHAPES.values():

        def prepare(size: int, shape: Callable[[str], str] = shape) -> list[dict[str, list[str]]]:
            # This leaves out the reader's limit on a value: each format is linear by itself.
            texts = [shape(unit * (size // len(unit))) for unit in UNITS]
            return [{name: [text] for name in names} for text in texts]

        def run(every: list[dict[str, list[str]]]) -> None:
            for values in every:
                list(platform.read(values, {"a": frozenset({Category.ANALYTICS}), **platform.ids}))

        assert_linear(prepare, run, start=512)


def _code_words(size: int) -> str:
    """Return the header of a GPP string whose only code word has this many bits."""
    bits = "000011" + "000001" + "000000000001" + "0" + "01" * (size * 3) + "1"
    bits += "0" * (-len(bits) % 6)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return "".join(letters[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6)) + "~a"


def test_long_code_words_of_a_gpp_string() -> None:
    assert sections(_code_words(1333)) is None
    assert_linear(_code_words, sections, start=1333)


def test_cookie_header_full_of_gpp_strings() -> None:
    def prepare(size: int) -> list[bytes]:
        return [b"; ".join(b"__gpp=" + _code_words(size).encode() + b"~%d" % number for number in range(20))]

    assert_linear(prepare, lambda lines: Engine(Policy(contact_url="/c")).plan(Signals(Cookies(lines))), start=128)


@pytest.mark.parametrize("value", ["{'a':", '{"a":', "[", "%7B%22a%22%3A", "{"])
def test_deep_values(value: str) -> None:
    def prepare(size: int) -> list[Cookies]:
        text = (value * (size // len(value))).encode()
        return [Cookies([name.encode() + b"=" + text]) for platform in SOURCES for name in platform.cookies[:1]]

    def run(every: list[Cookies]) -> None:
        for cookies in every:
            engine_for(_policy()).read(Signals(cookies))

    assert_linear(prepare, run, start=1000)


# -- settings with patterns


@pytest.mark.parametrize("glob", ["*a*a*a*b", "/*a*/*a*/*a*", "*/*/*/*/*/x", "*aa*aa*aa*aab"])
@pytest.mark.parametrize("unit", ["a", "/a", "/", "aa/"])
def test_paths_against_globs(glob: str, unit: str) -> None:
    policy = Policy(contact_url="/c", chat_pages=[glob])

    def run(path: str) -> None:
        for _ in range(20):
            policy.chat_enabled_on(path)

    assert_linear(lambda size: "/" + unit * (size // len(unit)), run, start=1024)


@pytest.mark.parametrize("glob", ["*a*a*a*b", "*/*/*/*/*/x", "*aa*aa*aa*aab"])
@pytest.mark.parametrize("unit", ["a", "aa/"])
def test_paths_against_the_pattern_for_browsers(glob: str, unit: str) -> None:
    pattern = re.compile(pages_pattern([glob]), re.DOTALL)

    def run(path: str) -> None:
        for _ in range(20):
            pattern.match(path)

    assert_linear(lambda size: "/" + unit * (size // len(unit)), run, start=1024)


@pytest.mark.parametrize(
    ("glob", "path", "meant"),
    [
        ("/", "/", True),
        ("/", "/a", False),
        ("/a/*", "/a/", True),
        ("/a/*", "/a", False),
        ("/a/*/b", "/a/x/y/b", True),
        ("/a/*/b", "/a/b", False),
        ("*", "/anything\n", True),
        ("*ab*ab", "/ab", False),
        ("*ab*ab", "/abab", True),
        ("/a*a", "/a", False),
        ("/a*a", "/aa", True),
        ("*x*y*z", "/x.y.z", True),
        ("*x*y*z", "/x.z.y", False),
        ("*x*y*z", "/xz", False),
        ("/a.c", "/abc", False),
    ],
)
def test_glob_matches(glob: str, path: str, meant: bool) -> None:
    assert Policy(contact_url="/c", chat_pages=["/other", glob]).chat_enabled_on(path) is meant
    # The browser judges the addresses that a front end sets.
    assert bool(re.compile(pages_pattern(["/other", glob, "*q*q*q"]), re.DOTALL).fullmatch(path)) is meant
