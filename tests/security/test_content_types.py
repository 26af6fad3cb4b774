"""Which responses are read as pages (Fetch, MIME Sniffing), and which keep every byte."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy, mime
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.mime import HTML, XHTML, PageType
from tests import npm
from tests.engines import engine_for
from tests.exchanges import respond

Headers = list[tuple[bytes, bytes]]

LOADER = b'<script src="//js.hs-scripts.com/1.js"></script>'
PAGE = b"<!DOCTYPE html><title>x</title>" + LOADER
XML = b'<x xmlns:h="http://www.w3.org/1999/xhtml"><h:script src="//js.hs-scripts.com/1.js"/></x>'
NAVIGATION = [(b"accept", b"text/html"), (b"sec-fetch-dest", b"document")]
POLICY = Policy()

#: Lines of `Content-Type`, and how the standards and browsers read them as a page.
TYPES: list[tuple[tuple[bytes, ...], PageType | None]] = [
    ((b"text/html",), PageType(HTML)),
    ((b"Text/HTML ; Charset=UTF-8",), PageType(HTML, "UTF-8")),
    ((b'text/html;charset="shift_jis"',), PageType(HTML, "shift_jis")),
    ((b'text/html;charset="a\\b',), PageType(HTML, "ab")),
    ((b'text/html;charset="a\\',), PageType(HTML, "a\\")),
    ((b'text/html;charset="a"b;x=y',), PageType(HTML, "a")),
    ((b"text/html; charset=a; charset=b",), PageType(HTML, "a")),
    ((b"text/html; charset = a",), PageType(HTML)),
    ((b"text/html; charset=",), PageType(HTML)),
    ((b"text/html; charset",), PageType(HTML)),
    ((b"text/html; xcharset=no",), PageType(HTML)),
    ((b'text/html; x="a;charset=no"',), PageType(HTML)),
    ((b"text/html; charset='a'",), PageType(HTML, "'a'")),
    ((b"text/html; ch\xe4rset=a; charset=\x7f",), PageType(HTML)),
    # White space, a comma or a comment instead of a semicolon.
    ((b"text/html charset=utf-8",), PageType(HTML)),
    ((b"text/html,charset=utf-8",), PageType(HTML)),
    ((b"text/html (remark; charset=a)",), PageType(HTML)),
    ((b"text/html(remark)",), PageType(HTML)),
    ((b"text/html\xa0",), PageType(HTML)),
    # Several types.
    ((b"text/html, text/html",), PageType(HTML)),
    ((b"text/plain, text/html",), PageType(HTML)),
    ((b"text/html, */*",), PageType(HTML)),
    ((b"text/html,",), PageType(HTML)),
    ((b"text/html;charset=a, text/html",), PageType(HTML, "a")),
    ((b"text/html;charset=a, text/html;charset=b, text/html",), PageType(HTML, "a")),
    ((b"text/html;charset=a, text/plain, text/html",), PageType(HTML)),
    ((b"text/html;charset=a", b"text/html"), PageType(HTML, "a")),
    ((b"text/plain", b"text/html"), PageType(HTML)),
    ((b'text/html;x=", text/plain"',), PageType(HTML)),
    ((b"text/html, text/plain",), PageType(HTML, sniffs=True)),
    ((b"text/html", b"application/json"), PageType(HTML, sniffs=True)),
    ((b"application/xhtml+xml, text/plain",), PageType(XHTML, sniffs=True)),
    # XML.
    ((b"application/xhtml+xml",), PageType(XHTML)),
    ((b"application/xhtml+xml charset=a",), PageType(XHTML)),
    ((b"application/xml;charset=a",), PageType(XHTML, "a", shown=True)),
    ((b"text/xml",), PageType(XHTML, shown=True)),
    ((b"image/svg+xml",), PageType(XHTML, shown=True)),
    ((b"anything/a+XML",), PageType(XHTML, shown=True)),
    # Types without meaning.
    ((), PageType(HTML, sniffs=True)),
    ((b"",), PageType(HTML, sniffs=True)),
    ((b" ",), PageType(HTML, sniffs=True)),
    ((b"*/*",), PageType(HTML, sniffs=True)),
    ((b"unknown/unknown",), PageType(HTML, sniffs=True)),
    ((b"application/unknown; charset=a",), PageType(HTML, sniffs=True)),
    ((b"html",), PageType(HTML, sniffs=True)),
    ((b"text/",), PageType(HTML, sniffs=True)),
    ((b"/html",), PageType(HTML, sniffs=True)),
    ((b"te xt/plain",), PageType(HTML, sniffs=True)),
    # Other types.
    ((b"text/plain",), None),
    ((b"text/htmlx",), None),
    ((b"application/json; x=text/html",), None),
    ((b'application/json; x=", text/html',), None),
    ((b"application/octet-stream",), None),
    ((b"text/javascript",), None),
    ((b"text/event-stream",), None),
]

#: Starts of bodies without a type, and the type that they are taken for.
BEGINNINGS = [
    (b"<!DOCTYPE html>", HTML),
    (b"<html>", HTML),
    (b"\n\t <P>", HTML),
    (b"\x0b\x0c<script>", HTML),
    (b"\xef\xbb\xbf<html>", HTML),
    (b"<!-- -->", HTML),
    (b"</p>", HTML),
    (b"<?php", HTML),
    (b"<?xml version='1.0'?>", XHTML),
    (b" " * 1443 + b"<a", HTML),
    (b" " * 1444 + b"<a", b""),
    (b"", b""),
    (b"{}", b""),
    (b"< a", b""),
    (b"<1>", b""),
    (b"hello <html>", b""),
    (b"\x89PNG", b""),
    (b"%PDF-1.7 <html>", b""),
    (b"\xff\xfe<\0h\0", b""),
]

#: Responses other than pages, with something that looks like a tag.
NO_PAGES: dict[str, tuple[Headers, bytes]] = {
    "JSON": ([(b"content-type", b"application/json")], b'{"html": "' + LOADER.replace(b'"', b'\\"') + b'"}'),
    "JSON without a type": ([], b'{"html": "<script src=//js.hs-scripts.com/1.js></script>"}'),
    "an attachment": (
        [(b"content-type", b"text/html"), (b"content-disposition", b"attachment; filename=a.html")],
        PAGE,
    ),
    "an attachment without a type": ([(b"content-disposition", b"Attachment")], PAGE),
    "what must not be sniffed": ([(b"x-content-type-options", b"nosniff")], PAGE),
    "an unknown type not to be sniffed": (
        [(b"content-type", b"*/*"), (b"x-content-type-options", b"NoSniff, x")],
        PAGE,
    ),
    "plain text": ([(b"content-type", b"text/plain")], PAGE),
    "text without a type": ([(b"content-type", b"")], b"Write " + LOADER),
    "a script": ([(b"content-type", b"text/javascript")], b"'" + LOADER + b"'"),
    "bytes": ([(b"content-type", b"unknown/unknown")], b"\0\x01" + LOADER),
    "two types, none a page": ([(b"content-type", b"text/html, application/json")], b'["' + LOADER + b'"]'),
}

#: Responses that some browser shows as a page.
PAGES: dict[str, tuple[Headers, bytes]] = {
    "no semicolon": ([(b"content-type", b"text/html charset=utf-8")], PAGE),
    "a comma": ([(b"content-type", b"text/html, text/html")], PAGE),
    "two lines": ([(b"Content-Type", b"text/plain"), (b"content-type", b"text/html")], PAGE),
    "no type": ([], PAGE),
    "an empty type": ([(b"content-type", b"")], PAGE),
    "any type": ([(b"content-type", b"*/*")], PAGE),
    "an unknown type": ([(b"content-type", b"unknown/unknown")], b" \n" + LOADER),
    "a last type that is none": ([(b"content-type", b"text/html, text/plain")], PAGE),
    "not to be sniffed": ([(b"content-type", b"text/html"), (b"x-content-type-options", b"nosniff")], PAGE),
    "shown in its place": ([(b"content-type", b"text/html"), (b"content-disposition", b"inline")], PAGE),
    "two dispositions": (
        [(b"content-type", b"text/html"), *[(b"content-disposition", b"attachment")] * 2],
        PAGE,
    ),
    "XML": ([(b"content-type", b"text/xml")], XML),
    "XML of some kind": ([(b"content-type", b"application/x+xml")], XML),
    "a drawing": ([(b"content-type", b"image/svg+xml")], XML),
    "XML without a type": ([], b'<?xml version="1.0"?>' + XML),
}


def exchanged(headers: Headers, body: bytes, *chunks: int, asked: Headers = NAVIGATION) -> tuple[Headers, bytes]:
    """Return the body of a response, rewritten whole or in chunks of this size."""
    exchange = Exchange(engine_for(POLICY), RequestHead("GET", "/", "", asked))
    if not chunks:
        return respond(exchange, 200, headers, body)
    exchange.start(200, headers)
    size = chunks[0]
    pieces = [exchange.feed(body[at : at + size]) for at in range(0, len(body), size)]
    return exchange.head, b"".join([*pieces, exchange.close()])


@pytest.mark.parametrize(("values", "expected"), TYPES)
def test_type_is_read_as_in_browsers(values: tuple[bytes, ...], expected: PageType | None) -> None:
    assert mime.page_type(values) == expected


def test_nosniff_decides_missing_types() -> None:
    for values, expected in TYPES:
        known = mime.extract_media_type(values)
        told = expected is None or not expected.sniffs or (known is not None and b"text/html" in b",".join(values))
        told = told or b"xhtml" in b",".join(values)
        assert mime.page_type(values, nosniff=True) == (expected if told else None)


@pytest.mark.parametrize(("body", "expected"), BEGINNINGS)
def test_body_start_is_sniffed(body: bytes, expected: bytes) -> None:
    assert mime.sniff(body, complete=True) == expected


@pytest.mark.parametrize(("body", "expected"), BEGINNINGS)
def test_cut_body_start_gives_the_same(body: bytes, expected: bytes) -> None:
    decided = (mime.sniff(body[:end], complete=False) for end in range(len(body) + 1))
    assert next((found for found in decided if found is not None), mime.sniff(body, complete=True)) == expected


@pytest.mark.parametrize("name", NO_PAGES)
@pytest.mark.parametrize("chunks", [(), (1,), (7,), (64,)])
def test_other_body_keeps_its_bytes(name: str, chunks: tuple[int, ...]) -> None:
    headers, body = NO_PAGES[name]

    head, out = exchanged(headers, body, *chunks)

    assert out == body
    if not chunks:
        assert head == headers


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("chunks", [(), (1,), (7,), (64,)])
def test_page_is_rewritten(name: str, chunks: tuple[int, ...]) -> None:
    head, out = exchanged(*PAGES[name], *chunks)

    assert b"data-consent-src" in out
    assert b" src=" not in out.partition(b"data-consent=")[2].partition(b">")[0]
    assert any(key.lower() == b"vary" for key, _ in head)


@pytest.mark.parametrize("destination", [b"image", b"script", b"style", b"empty"])
def test_xml_for_a_script_keeps_its_bytes(destination: bytes) -> None:
    headers = [(b"content-type", b"image/svg+xml")]

    assert exchanged(headers, XML, asked=[(b"sec-fetch-dest", destination)]) == (headers, XML)


@pytest.mark.parametrize("status", [206, 301, 204])
def test_response_without_a_page_is_not_sniffed(status: int) -> None:
    headers = [(b"location", b"/"), (b"etag", b'"a"')]
    exchange = Exchange(engine_for(POLICY), RequestHead("GET", "/", "", NAVIGATION))

    assert respond(exchange, status, headers, b"") == (headers, b"")


@given(st.lists(st.binary(max_size=40), max_size=3), st.booleans())
def test_no_type_raises(values: list[bytes], nosniff: bool) -> None:
    mime.page_type(tuple(values), nosniff=nosniff)
    mime.forbids_sniffing(values)
    mime.is_attachment(values)


@given(st.binary(max_size=20), st.booleans())
def test_no_body_start_raises(head: bytes, complete: bool) -> None:
    mime.sniff(head, complete=complete)


#: Parts of types, to be compared in any order with the reference implementation of MIME Sniffing.
PARTS = ["text", "/", "html", ";", " ", "charset", "=", '"', "\\", "a", "\t", ",", "x", "é", "/*", "\x7f", "\n"]


def test_types_match_the_reference_parser() -> None:
    folder = npm.package("whatwg-mimetype")
    node = shutil.which("node")
    assert node is not None
    texts = [
        "text/html" + "".join(PARTS[number // 17**place % 17] for place in range(5)) for number in range(0, 17**5, 997)
    ]
    texts += ["".join(PARTS[number // 17**place % 17] for place in range(4)) for number in range(0, 17**4, 97)]
    script = (
        f"const {{ default: kind, MIMEType }} = await import({json.dumps(str(folder / 'lib' / 'mime-type.js'))});"
        "const Kind = MIMEType ?? kind.MIMEType ?? kind; let text = '';"
        "for await (const piece of process.stdin) text += piece;"
        "console.log(JSON.stringify(JSON.parse(text).map((each) => { const found = Kind.parse(each);"
        "return found && [found.essence, [...found.parameters]] })))"
    )
    told = subprocess.run(
        [node, "--input-type=module", "-e", script], input=json.dumps(texts), capture_output=True, text=True, check=True
    )

    for text, expected in zip(texts, json.loads(told.stdout), strict=True):
        found = mime.parse_media_type(text.encode("latin-1"))
        got = found and [
            found.essence.decode("latin-1"),
            [[name.decode("latin-1"), value.decode("latin-1")] for name, value in found.parameters.items()],
        ]
        assert got == expected, text


FROM_SCRIPTS = {
    "fetch metadata": [(b"sec-fetch-dest", b"empty"), (b"accept", b"*/*")],
    "plain HTTP": [(b"accept", b"*/*")],
    "an Accept of JSON": [(b"accept", b"application/json")],
}
DATA = {
    "an object": b'{"html":"' + LOADER.replace(b'"', b"'") + b'"}',
    "a list": b' \r\n["' + LOADER.replace(b'"', b"'") + b'"]',
    "a text": b'\xef\xbb\xbf"' + LOADER.replace(b'"', b"'") + b'"',
    "with a guard before it": b")]}',\n" + b'{"a":"' + LOADER.replace(b'"', b"'") + b'"}',
}


def sent(fields: Headers, body: bytes, size: int | None, essence: bytes = b"text/html") -> tuple[Headers, bytes]:
    """Return head and body of a response to such a request, whole or in chunks."""
    exchange = Exchange(
        Engine(Policy(contact_url="/c")), RequestHead("GET", "/", "", [(b"host", b"a.example"), *fields])
    )
    exchange.start(200, [(b"content-type", essence), (b"etag", b'"1"')])
    if size is None:
        head, out = exchange.rewrite_whole(body)
        return list(head), out
    out = b"".join(exchange.feed(body[at : at + size]) for at in range(0, len(body), size))
    return list(exchange.head), out + exchange.close()


@pytest.mark.parametrize("size", [None, 1, 7])
@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
@pytest.mark.parametrize("fields", FROM_SCRIPTS.values(), ids=FROM_SCRIPTS)
def test_data_for_a_script_keeps_every_byte(fields: Headers, data: bytes, size: int | None) -> None:
    assert sent(fields, data, size)[1] == data


def test_data_for_a_script_keeps_its_head() -> None:
    assert sent(FROM_SCRIPTS["fetch metadata"], DATA["an object"], None)[0] == [
        (b"content-type", b"text/html"),
        (b"etag", b'"1"'),
    ]


@pytest.mark.parametrize("size", [None, 1, 7])
@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
@pytest.mark.parametrize("fields", [NAVIGATION, [(b"accept", b"text/html,*/*")], []])
def test_data_shown_as_a_page_is_read(fields: Headers, data: bytes, size: int | None) -> None:
    assert b"data-consent-src" in sent(fields, data, size)[1]


@pytest.mark.parametrize("size", [None, 1, 7])
@pytest.mark.parametrize("start", [b"", b"\n", b"\xef\xbb\xbf", b"Hello ", b"<p>", b"(", b")]"])
@pytest.mark.parametrize("fields", FROM_SCRIPTS.values(), ids=FROM_SCRIPTS)
def test_markup_for_a_script_is_read(fields: Headers, start: bytes, size: int | None) -> None:
    assert b"data-consent-src" in sent(fields, start + LOADER, size)[1]


def test_xhtml_for_a_script_is_read() -> None:
    page = b'<html xmlns="http://www.w3.org/1999/xhtml">' + LOADER + b"</html>"

    assert b"data-consent-src" in sent(FROM_SCRIPTS["plain HTTP"], page, 7, b"application/xhtml+xml")[1]


def test_page_for_a_script_is_not_noted() -> None:
    policy = Policy(contact_url="/c")
    exchange = Exchange(engine_for(policy), RequestHead("GET", "/", "", FROM_SCRIPTS["plain HTTP"]))

    respond(exchange, 200, [(b"content-type", b"text/html")], PAGE)

    assert engine_for(policy).notices.counts == {}


def test_white_space_is_buffered_to_a_limit() -> None:
    exchange = Exchange(Engine(Policy(contact_url="/c")), RequestHead("GET", "/", "", FROM_SCRIPTS["plain HTTP"]))
    exchange.start(200, [(b"content-type", b"text/html")])

    assert exchange.feed(b" " * 2000) == b" " * 2000


@pytest.mark.parametrize("body", [b"", b" ", b"\xef"])
def test_empty_start_of_body_stays(body: bytes) -> None:
    for size in (None, 1):
        assert sent(FROM_SCRIPTS["plain HTTP"], body, size)[1] == body
