"""What must be right where a response is rewritten between an app and its server: one row for each demand.

A row has a number, so that other tests and the documentation can point to it: 1 deciding, 2 length and status, 3
codings and charsets, 4 caching, 5 cookies, 6 streaming and life cycle, 7 messages, 8 page security and hints, 9 the
object itself. Rows on heads and bodies run through both gateways; the others through the one they are about.
"""

from __future__ import annotations

import asyncio
import base64
import contextvars
import gzip
import hashlib
import inspect
import os
import re
import tracemalloc
import xml.etree.ElementTree
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from wsgiref.util import FileWrapper, is_hop_by_hop

import brotli
import pytest

import consent_middleware.asgi
import consent_middleware.wsgi
from consent_middleware import Policy
from tests.doors import DOORS, Chunks, Pairs, Reply, Request, Result
from tests.pages import HELD_LOADER, LOADER, page

HTML = ("Content-Type", "text/html; charset=utf-8")
FULL = "consent=functional,analytics,marketing"
TAGGED = page(LOADER)
NAVIGATION = [("Accept", "text/html,*/*;q=0.8")]

Door = Callable[..., Result]


@dataclass(frozen=True)
class Row:
    """One demand on one gateway."""

    number: str
    gateway: str
    demand: str
    check: Callable[..., object]


ROWS: list[Row] = []


def row(number: str, demand: str, *gateways: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Enter a check under a number; with no gateway named it is one for both and gets a `door`."""

    def enter(check: Callable[..., object]) -> Callable[..., object]:
        ROWS.extend(Row(number, gateway, demand, check) for gateway in gateways or ("wsgi", "asgi"))
        return check

    return enter


@pytest.fixture
def policy() -> Policy:
    return Policy(contact_url="/contact")


@pytest.mark.parametrize("entry", ROWS, ids=lambda entry: f"{entry.number} {entry.gateway}: {entry.demand}")
def test_row(entry: Row, policy: Policy, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    known = {
        "door": lambda request, reply, using=policy: DOORS[entry.gateway](using, request, reply),
        "policy": policy,
        "tmp_path": tmp_path,
        "caplog": caplog,
    }
    entry.check(**{name: known[name] for name in inspect.signature(entry.check).parameters})


def test_every_demand_has_its_row() -> None:
    sections = {1: 5, 2: 9, 3: 6, 4: 8, 5: 8, 6: 8, 7: 6, 8: 8, 9: 1}

    assert {entry.number for entry in ROWS} == {
        f"{section}.{number}" for section, count in sections.items() for number in range(1, count + 1)
    }


def html(body: bytes = TAGGED, *headers: tuple[str, str], **rest: Any) -> Reply:
    return Reply([body], headers=[HTML, *headers], **rest)


def asking(*headers: tuple[str, str], cookie: str | None = None, method: str = "GET") -> Request:
    return Request(method, headers=[*headers, *([("Cookie", cookie)] if cookie else [])])


class Server:
    """A WSGI server that keeps what it is given, in order."""

    def __init__(self, policy: Policy, **environ: Any) -> None:
        self.policy = policy
        self.environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/",
            "HTTP_HOST": "a.example",
        } | environ
        self.heads: list[tuple[str, Pairs]] = []
        self.order: list[str] = []
        self.body = b""

    def start_response(self, status: str, headers: Pairs, exc_info: Any = None) -> Callable[[bytes], None]:
        self.order.append("head")
        if exc_info is not None and self.body:
            raise exc_info[1].with_traceback(exc_info[2])
        self.heads.append((status, list(headers)))
        return self.write

    def write(self, data: bytes) -> None:
        self.order.append("written")
        self.body += data

    def call(self, app: Any) -> Any:
        return consent_middleware.wsgi.ConsentMiddleware(app, self.policy)(dict(self.environ), self.start_response)

    def run(self, app: Any) -> Server:
        iterable = self.call(app)
        try:
            for chunk in iterable:
                self.order.append("chunk")
                self.body += chunk
        finally:
            getattr(iterable, "close", lambda: None)()
        return self

    def head(self, name: str) -> list[str]:
        return [value for key, value in self.heads[-1][1] if key.lower() == name]


def starting(iterable: Any, *headers: tuple[str, str], status: str = "200 OK") -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, list(headers or [HTML]))
        return iterable

    return app


START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def chunk(body: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def scope(*headers: tuple[bytes, bytes], **extra: Any) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": "/", "headers": list(headers), **extra}


def send_all(policy: Policy, messages: Iterable[Any], given: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """What an ASGI server gets when an app sends `messages`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return run(policy, app, given)[0]


def run(
    policy: Policy, app: Any, given: dict[str, Any] | None = None
) -> tuple[list[dict[str, Any]], BaseException | None]:
    """What an ASGI server gets from an app, and how it ended."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    try:
        asyncio.run(consent_middleware.asgi.ConsentMiddleware(app, policy)(given or scope(), receive, send))
    except BaseException as error:
        return sent, error
    return sent, None


def body_of(messages: list[dict[str, Any]]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


def types_of(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"].removeprefix("http.response.") for message in messages]


# 1. Decide on headers, forward at once


@row("1.1", "the head has gone out when the app's call returns, before any chunk is asked for", "wsgi")
def _(policy: Policy) -> None:
    server, chunks = Server(policy), Chunks(TAGGED)

    server.call(starting(chunks, HTML))

    assert server.order == ["head"]
    assert chunks.taken == 0


@row("1.1", "a status other than 200 is the server's when the app's call returns", "wsgi")
def _(policy: Policy) -> None:
    server = Server(policy)

    server.call(starting(Chunks(b"gone"), HTML, status="404 Not Found"))

    assert server.heads[0][0] == "404 Not Found"


@row("1.1", "a head without a length goes out before the first piece of body", "asgi")
def _(policy: Policy) -> None:
    sent: list[Any] = []
    seen: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        seen.append(len(sent))
        await send(chunk(TAGGED))

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(consent_middleware.asgi.ConsentMiddleware(app, policy)(scope(), None, send))  # type: ignore[arg-type]

    assert seen == [1]


@row("1.2", "an app that starts only when it is iterated is served", "wsgi")
def _(policy: Policy) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        yield TAGGED

    assert HELD_LOADER in Server(policy).run(app).body


@row("1.2", "an app that starts late and yields nothing is served", "wsgi")
def _(policy: Policy) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("302 Found", [("Location", "/"), ("Set-Cookie", "__hstc=1")])
        yield from ()

    server = Server(policy).run(app)

    assert server.heads == [("302 Found", [("Location", "/")])]
    assert server.body == b""


@row("1.3", "a second start with exc_info is decided afresh, either way", "wsgi")
def _(policy: Policy) -> None:
    def to_html(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        start_response("500 Oops", [HTML], exc_of(RuntimeError("first")))
        return iter([TAGGED])

    def to_text(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [HTML])
        start_response("500 Oops", [("Content-Type", "text/plain")], exc_of(RuntimeError("first")))
        return iter([TAGGED])

    assert HELD_LOADER in Server(policy).run(to_html).body
    assert Server(policy).run(to_text).body == TAGGED


@row("1.3", "the server raises exc_info again once a head has left, and nobody keeps it", "wsgi")
def _(policy: Policy) -> None:
    error = RuntimeError("late")

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [HTML])
        yield b"<p>" * 2000
        start_response("500 Oops", [HTML], exc_of(error))

    with pytest.raises(RuntimeError) as raised:
        Server(policy).run(app)

    assert raised.value is error


@row("1.4", "bytes given to write() are rewritten and come before those iterated", "wsgi")
def _(policy: Policy) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [HTML])
        write(TAGGED[:180])
        return [TAGGED[180:]]

    server = Server(policy).run(app)

    assert HELD_LOADER in server.body
    assert server.order[:2] == ["head", "written"]


@row("1.5", "no field of a head is added twice, however often the app starts", "wsgi")
def _(policy: Policy) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        head = [HTML, ("ETag", '"a"')]
        start_response("200 OK", head)
        start_response("200 OK", head, exc_of(RuntimeError()))
        return [TAGGED]

    server = Server(policy).run(app)

    assert server.head("vary") == ["Cookie, Sec-GPC"]
    assert len(server.head("etag")) == len(server.head("content-length")) == 1


# 2. Length, framing, status


@row("2.1", "a rewritten page has one length and a true one, or none")
def _(door: Door) -> None:
    for length in (True, False):
        result = door(asking(), html(length=length))
        assert HELD_LOADER in result.body
        assert result.all("content-length") == ([str(len(result.body))] if length else [])


@row("2.1", "a length that the app has wrong is not passed on with other bytes")
def _(door: Door) -> None:
    result = door(asking(), Reply([TAGGED], headers=[HTML, ("Content-Length", "7")], length=False))

    assert result.all("content-length") in ([], [str(len(result.body))])


@row("2.2", "what describes the app's bytes goes with them, and stays with them")
def _(door: Door) -> None:
    fields = [("Content-Digest", "x"), ("Repr-Digest", "x"), ("Digest", "x"), ("Content-MD5", "x")]
    fields += [("Accept-Ranges", "bytes")]
    changed, clean = door(asking(), html(TAGGED, *fields)), door(asking(), html(page(), *fields))

    assert not [name for name, _ in fields if changed.all(name.lower())]
    assert [name for name, _ in fields if clean.all(name.lower())] == [name for name, _ in fields]


@row("2.3", "HEAD answers with GET's head, and a length only if it is GET's")
def _(door: Door) -> None:
    for body in (TAGGED, page()):
        reply = html(body, ("ETag", '"a"'))
        get = door(asking(), reply)
        for given in (reply, Reply([b""], headers=reply.all_headers, length=False)):
            head = door(asking(method="HEAD"), given)
            for name in ("etag", "vary", "content-type"):
                assert head.all(name) == get.all(name)
            assert head.all("content-length") in ([], get.all("content-length"))
            assert head.body in (b"", get.body)  # an app that sends GET's body leaves it to the server to drop it


@row("2.4", "a 103, 204 or 304 that calls itself HTML gets no facade", "asgi")
def _(policy: Policy) -> None:
    for status in (103, 204, 205, 304):
        sent = send_all(policy, [start((b"content-type", b"text/html"), status=status), chunk(b"")])
        assert body_of(sent) == b""


@row("2.4", "204 and 304 get no body, no length and no coding")
def _(door: Door) -> None:
    for status in (204, 304):
        result = door(asking(), Reply([b""], status, [], length=False))
        assert result.body == b""
        assert not result.all("content-length") + result.all("content-encoding")


@row("2.5", "a navigation's Range does not reach the app; anybody else's does")
def _(policy: Policy) -> None:
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append((environ.get("HTTP_RANGE"), environ.get("HTTP_IF_RANGE")))
        start_response("200 OK", [HTML])
        return [b""]

    asked = {"HTTP_RANGE": "bytes=0-9", "HTTP_IF_RANGE": '"a"'}
    Server(policy, **asked, HTTP_ACCEPT="text/html").run(app)
    Server(policy, **asked, HTTP_ACCEPT="video/*").run(app)

    assert seen == [(None, None), ("bytes=0-9", '"a"')]


@row("2.5", "a 206 is passed byte by byte and told in the log")
def _(door: Door, policy: Policy) -> None:
    result = door(asking(), html(TAGGED[10:200], ("Content-Range", "bytes 10-199/500"), status=206))

    assert result.body == TAGGED[10:200]
    assert result.all("content-range") == ["bytes 10-199/500"]
    assert policy.notices.counts == {"partial-html": 1}


@row("2.6", "error pages are rewritten like any other")
def _(door: Door) -> None:
    for status in (400, 403, 404, 500, 503):
        assert HELD_LOADER in door(asking(), html(status=status)).body


@row("2.7", "no hop-by-hop field is added")
def _(door: Door) -> None:
    result = door(asking(cookie="consent=necessary; __hstc=1"), html(TAGGED, ("Link", "</a>; rel=preload")))

    assert not [name for name, _ in result.headers if is_hop_by_hop(name)]


@row("2.8", "only HTML and XHTML are looked at, whatever the letter case and the parameters")
def _(door: Door) -> None:
    for kind in ("TEXT/HTML", 'text/html; charset="utf-8"', "text/html;x=y", "application/xhtml+xml"):
        assert b"data-consent-src" in door(asking(), Reply([TAGGED], headers=[("Content-Type", kind)])).body
    for kind in (
        "text/plain",
        "application/json",
        "text/javascript",
        "text/event-stream",
        "image/svg+xml",
        "text/htmlx",
    ):
        reply = Reply([TAGGED], headers=[("Content-Type", kind), ("ETag", '"a"'), ("Cache-Control", "public")])
        result = door(asking(), reply)
        assert result.body == TAGGED
        assert result.headers == [(name.lower(), value) for name, value in reply.all_headers]


@row("2.8", "a missing type is sniffed as browsers do it, and told in the log")
def _(door: Door, policy: Policy) -> None:
    given = [("X-A", "b"), ("ETag", '"a"')]
    result = door(asking(*NAVIGATION), Reply([b"plain " + TAGGED], headers=given))

    assert result.body == b"plain " + TAGGED
    assert ("etag", '"a"') in result.headers
    assert policy.notices.counts == {}
    door(asking(*NAVIGATION), Reply([b""], 302, [("Location", "/")]))
    door(asking(*NAVIGATION), Reply([b""], 204, [], length=False))
    assert policy.notices.counts == {}
    assert b"data-consent-src" in door(asking(*NAVIGATION), Reply([TAGGED], headers=given)).body
    assert policy.notices.counts == {"untyped": 1}


@row("2.9", "XHTML stays well-formed, an empty script element stays one")
def _(door: Door) -> None:
    given = (
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>'
        b'<script id="hs-script-loader" src="//js.hs-scripts.com/1.js"/><p>kept</p></body></html>'
    )
    result = door(asking(), Reply([given], headers=[("Content-Type", "application/xhtml+xml")]))

    root = xml.etree.ElementTree.fromstring(result.body)  # noqa: S314 - made a few lines above
    assert b"data-consent-src" in result.body
    assert b"<p>kept</p>" in result.body
    assert root.tag.endswith("html")


# 3. Content-Encoding and charset

ENCODED: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gzip": (gzip.compress, gzip.decompress),
    "deflate": (zlib.compress, zlib.decompress),
    "br": (brotli.compress, brotli.decompress),
    "gzip, br": (lambda b: brotli.compress(gzip.compress(b)), lambda b: gzip.decompress(brotli.decompress(b))),
}


@row("3.1", "compressed pages are rewritten and stay compressed")
def _(door: Door) -> None:
    for coding, (encode, decode) in ENCODED.items():
        for length in (True, False):
            result = door(asking(), html(encode(TAGGED), ("Content-Encoding", coding), length=length))
            assert HELD_LOADER in decode(result.body)
            assert result.all("content-encoding") == [coding]


@row("3.1", "a clean compressed page at hand keeps its own bytes")
def _(door: Door) -> None:
    for coding, (encode, _decode) in ENCODED.items():
        coded = encode(page())
        result = door(asking(), html(coded, ("Content-Encoding", coding)))
        assert result.body == coded
        assert result.all("content-length") == [str(len(coded))]


@row("3.1", "an empty or identity coding is none")
def _(door: Door) -> None:
    for coding in ("", "identity"):
        assert HELD_LOADER in door(asking(), html(TAGGED, ("Content-Encoding", coding))).body


@row("3.1", "a coding that nobody can read passes untouched and is told in the log")
def _(door: Door, policy: Policy) -> None:
    result = door(asking(), html(b"\x1f\x9d\x90", ("Content-Encoding", "compress")))

    assert result.body == b"\x1f\x9d\x90"
    assert policy.notices.counts == {"unknown-coding": 1}


@row("3.2", "Accept-Encoding, Range and conditions differ in a copy; the server's own request stays", "wsgi")
def _(policy: Policy) -> None:
    given = {"HTTP_ACCEPT_ENCODING": "compress, gzip", "HTTP_RANGE": "bytes=0-1", "HTTP_IF_NONE_MATCH": '"x"'}
    server = Server(policy, **given, HTTP_ACCEPT="text/html")
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [HTML])
        return [b""]

    environ = dict(server.environ)
    consent_middleware.wsgi.ConsentMiddleware(app, policy)(environ, server.start_response)

    assert {name: environ[name] for name in given} == given
    assert seen[0]["HTTP_ACCEPT_ENCODING"] == "gzip"
    assert not {"HTTP_RANGE", "HTTP_IF_NONE_MATCH"} & seen[0].keys()


@row("3.2", "Accept-Encoding, Range and conditions differ in a copy; the server's own request stays", "asgi")
def _(policy: Policy) -> None:
    given = scope(
        (b"accept", b"text/html"),
        (b"accept-encoding", b"compress, gzip"),
        (b"range", b"bytes=0-1"),
        (b"if-none-match", b'"x"'),
    )
    before = {**given, "headers": list(given["headers"])}
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"]))

    run(policy, app, given)

    assert given == before
    assert seen == [{b"accept": b"text/html", b"accept-encoding": b"gzip"}]


@row("3.3", "encodings that hold ASCII are read as bytes, trail bytes and all")
def _(door: Door) -> None:
    for charset in ("shift_jis", "euc-jp", "gbk", "big5", "gb18030", "windows-1252", "iso-8859-15"):
        words = "表能ソ".encode(charset, "ignore") + b"\\"
        given = page(b"<p title='" + words + b"'>" + words + b"</p>" + LOADER)
        result = door(asking(), Reply([given], headers=[("Content-Type", f"text/html; charset={charset}")]))
        assert HELD_LOADER in result.body
        assert words + b"'>" + words in result.body


@row("3.4", "encodings that ASCII does not show through are decoded, edited and encoded")
def _(door: Door) -> None:
    for charset, codec in (("utf-16le", "utf-16-le"), ("utf-16be", "utf-16-be")):
        given = (b"\xff\xfe" if codec == "utf-16-le" else b"\xfe\xff") + TAGGED.decode().encode(codec)
        result = door(asking(), Reply([given], headers=[("Content-Type", f"text/html; charset={charset}")]))
        assert HELD_LOADER.decode() in result.body.decode(codec)
    trap = b"\x1b$B<t<h<i<l\x1b(B"  # kanji whose bytes spell a tag
    result = door(asking(), Reply([page(trap + LOADER)], headers=[("Content-Type", "text/html; charset=iso-2022-jp")]))
    assert HELD_LOADER in result.body


@row("3.5", "a byte order mark goes before the header's charset, and that before the page's own")
def _(door: Door) -> None:
    marked = b"\xff\xfe" + TAGGED.decode().encode("utf-16-le")
    result = door(asking(), html(marked))
    assert result.body.startswith(b"\xff\xfe")
    assert HELD_LOADER.decode() in result.body.decode("utf-16")
    wide = TAGGED.decode().encode("utf-16-le")
    by_header = Reply([wide], headers=[("Content-Type", "text/html; charset=utf-16le")])
    assert HELD_LOADER.decode() in door(asking(), by_header).body.decode("utf-16-le")


@row("3.6", "invalid bytes, NUL, line ends and cut characters pass as they are")
def _(door: Door) -> None:
    odd = b"\x00\xff\xfe\r\n\r\xc3(\xe2\x82" + bytes(range(128, 256))
    given = page(odd + LOADER + odd)
    cut = given.index(b"\xe2\x82") + 1
    result = door(asking(), Reply([given[:cut], given[cut:]], length=False))

    assert result.body.count(odd) == 2


# 4. Caching


@row("4.1", "every variant of a page says Vary, merged with the app's, 304 too; nothing else does")
def _(door: Door, policy: Policy) -> None:
    for cookie in (None, FULL, "consent=functional", "consent_chat=1", "consent=necessary"):
        for body in (TAGGED, page(), b""):
            assert door(asking(cookie=cookie), html(body)).all("vary") == ["Cookie, Sec-GPC"]
    merged = door(asking(), html(TAGGED, ("Vary", "cookie, Accept-Encoding"), ("Vary", "Origin")))
    assert merged.all("vary") == ["cookie, Accept-Encoding, Sec-GPC", "Origin"]
    assert door(asking(), html(TAGGED, ("Vary", "*"))).all("vary") == ["*"]
    tag = door(asking(), html(TAGGED, ("ETag", '"a"'))).all("etag")[0]
    again = asking(*NAVIGATION, ("If-None-Match", tag))
    assert door(again, Reply([b""], 304, [("ETag", '"a"')], length=False)).all("vary") == ["Cookie, Sec-GPC"]
    assert door(asking(), Reply([b"x"], headers=[("Content-Type", "text/css")])).all("vary") == []


@row("4.2", "no shared cache is invited to keep a visitor's page")
def _(door: Door) -> None:
    fields = [("CDN-Cache-Control", "max-age=9"), ("Surrogate-Control", "max-age=9")]
    for cookie in (None, FULL):
        result = door(asking(cookie=cookie), html(page(), ("Cache-Control", "public, s-maxage=9, max-age=1"), *fields))
        assert result.all("cache-control") == ["private, max-age=1"]
        assert not result.all("cdn-cache-control") + result.all("surrogate-control")


@row("4.3", "the app's strong tag never stands on other bytes, and no two variants share one")
def _(door: Door) -> None:
    tags: dict[str, set[bytes]] = {}
    for cookie in (None, FULL, "consent=functional", "consent=analytics,marketing", "consent_chat=1"):
        result = door(asking(cookie=cookie), html(TAGGED, ("ETag", '"a"')))
        tags.setdefault(result.all("etag")[0], set()).add(result.body)

    assert '"a"' not in tags
    assert all(len(bodies) == 1 for bodies in tags.values())
    assert len(tags) == 4  # functional consent and the click let the same load


@row("4.4", "after consent, the tag of a page without it confirms nothing; a page's own tag still does")
def _(policy: Policy, door: Door) -> None:
    tag = door(asking(), html(TAGGED, ("ETag", '"a"'))).all("etag")[0]
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ.get("HTTP_IF_NONE_MATCH"))
        start_response("200 OK", [HTML])
        return [b""]

    for cookie in (None, FULL):
        consent = {"HTTP_COOKIE": cookie} if cookie else {}
        for given in (tag, '"a"', f'W/{tag}, "b"'):
            Server(policy, HTTP_ACCEPT="text/html", HTTP_IF_NONE_MATCH=given, **consent).run(app)

    assert seen == ['"a"', None, 'W/"a"', None, None, None]


@row("4.5", "dates neither confirm a page nor stand on it")
def _(policy: Policy, door: Door) -> None:
    date = "Wed, 09 Jun 2021 10:18:14 GMT"
    seen: list[Any] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ.get("HTTP_IF_MODIFIED_SINCE"))
        start_response("200 OK", [HTML])
        return [b""]

    Server(policy, HTTP_ACCEPT="text/html", HTTP_IF_MODIFIED_SINCE=date).run(app)

    assert door(asking(), html(page(), ("Last-Modified", date))).all("last-modified") == []
    assert seen == [None]


@row("4.6", "nothing keeps a page out of the back/forward cache")
def _(door: Door) -> None:
    result = door(asking(), html())

    assert "no-store" not in "".join(result.all("cache-control"))
    assert not re.search(rb"\bunload|beforeunload", result.body + Policy().facade.asset().body)


@row("4.7", "no-transform binds proxies; the site's own middleware goes on, and the field stays")
def _(door: Door) -> None:
    result = door(asking(), html(TAGGED, ("Cache-Control", "no-transform")))

    assert HELD_LOADER in result.body
    assert result.all("cache-control") == ["no-transform"]


@row("4.8", "nothing of a visitor's cookies goes into the page")
def _(door: Door) -> None:
    cookie = "consent_chat=sEcReT; consent=sEcReT; hubspotutk=sEcReT; messagesUtk=sEcReT"

    assert b"sEcReT" not in door(asking(cookie=cookie), html()).body


# 5. Cookies

LINES = [
    "a=1; Path=/; Expires=Wed, 09 Jun 2100 10:18:14 GMT",
    "__hstc=1; Path=/",
    " hubspotutk =1",
    "my__hstc=1",
    '__Host-b="x,y"; Secure; Path=/; Partitioned',
    "__Secure-__hstc=1; Secure",
    "__HSTC=1",
    "odd",
]
KEPT = [line for line in LINES if line not in {"__hstc=1; Path=/", " hubspotutk =1"}]


@row("5.1", "Set-Cookie is read line by line, and kept lines stay to the byte and in order")
def _(door: Door) -> None:
    assert door(asking(), html(page(), *(("Set-Cookie", line) for line in LINES))).all("set-cookie") == KEPT


@row("5.2", "every response is filtered, whatever it is")
def _(door: Door) -> None:
    lines = [("Set-Cookie", line) for line in LINES]
    for status, kind in ((302, None), (200, "application/json"), (204, None), (304, None), (200, "image/png")):
        typed = [("Content-Type", kind)] if kind else []
        result = door(asking(), Reply([b""], status, [*typed, *lines], length=False))
        assert result.all("set-cookie") == KEPT


@row("5.3", "what deletes a cookie always passes")
def _(door: Door) -> None:
    lines = ["__hstc=; Max-Age=0", "messagesUtk=x; expires=Thu, 01-Jan-1970 00:00:00 GMT", "hubspotutk=; max-age=-1"]

    assert door(asking(), html(page(), *(("Set-Cookie", line) for line in lines))).all("set-cookie") == lines


@row("5.4", "an odd pair in Cookie hides nothing behind it")
def _(door: Door) -> None:
    for odd in ('{"a":1}', "[x", 'q="a;b"', "bad name=1", "\x7f=1", "=", "", 'a="', "café=1"):
        result = door(asking(cookie=f"{odd}; {FULL}"), html())
        assert result.body == TAGGED, odd


@row("5.5", "several Cookie fields are one, names in any letter case", "asgi")
def _(policy: Policy) -> None:
    fields = ((b"cookie", b"a=1;"), (b"Cookie", FULL.encode()), (b"COOKIE", b"b=2"))

    assert body_of(send_all(policy, [START, chunk(TAGGED)], scope(*fields))) == TAGGED


@row("5.6", "Cookie lines that a server has joined with a comma never grant, and a refusal in them counts", "wsgi")
def _(policy: Policy) -> None:
    app = starting([TAGGED])
    for joined in (f"a=1,{FULL}", f"a=1, {FULL}", f"{FULL},consent=necessary", f"{FULL}, consent=necessary; b=1"):
        assert HELD_LOADER in Server(policy, HTTP_COOKIE=joined).run(app).body, joined
    assert Server(policy, HTTP_COOKIE=f"a=1;{FULL}").run(app).body == TAGGED


@row("5.7", "of two copies that differ the refusal counts, in either order")
def _(door: Door) -> None:
    for cookie in (f"{FULL}; consent=necessary", f"consent=necessary; {FULL}"):
        assert HELD_LOADER in door(asking(cookie=cookie), html()).body


@row("5.8", "an empty Cookie, and one of bytes beyond ASCII, give a page and no consent")
def _(door: Door) -> None:
    for cookie in ("\xff\xfe=\x80", "consent=functional\xa0,analytics,marketing"):
        assert HELD_LOADER in door(asking(cookie=cookie), html()).body
    assert HELD_LOADER in door(Request(headers=[("Cookie", "")]), html()).body


# 6. Streaming, memory, life cycle


@row("6.1", "each chunk gives one, and text goes out before the next is asked for", "wsgi")
def _(policy: Policy) -> None:
    chunks = Chunks(b"<!doctype html><meta charset=utf-8><p>first</p><scr", b"", b"ipt>1</script>", b"<p>")
    server = Server(policy)
    out = iter(server.call(starting(chunks)))

    first = next(out)
    assert (first.endswith(b"<p>first</p>"), chunks.taken) == (True, 1)
    assert [next(out), next(out), next(out)] == [b"", b"<script>1</script>", b"<p>"]


@row("6.1", "each message gives one, and text goes out before the next", "asgi")
def _(policy: Policy) -> None:
    parts = [b"<!doctype html><meta charset=utf-8><p>first</p><scr", b"", b"ipt>1</script>", b"<p>"]
    sent = send_all(policy, [START, *(chunk(part, True) for part in parts), chunk(b"")])

    bodies = [message["body"] for message in sent[1:]]
    assert bodies == [parts[0].removesuffix(b"<scr"), b"", b"<script>1</script>", b"<p>", b""]


@row("6.2", "an event stream is the app's own, event by event", "wsgi")
def _(policy: Policy) -> None:
    events = Chunks(b"data: 1\n\n", b"data: 2\n\n")

    assert Server(policy).call(starting(events, ("Content-Type", "text/event-stream"))) is events


@row("6.2", "an event stream is the app's own, event by event", "asgi")
def _(policy: Policy) -> None:
    messages = [start((b"content-type", b"text/event-stream")), chunk(b"data: 1\n\n", True), chunk(b"")]

    assert all(sent is given for sent, given in zip(send_all(policy, messages), messages, strict=True))


@row("6.3", "an endless tag takes bounded memory, and work that grows with its length only")
def _(door: Door) -> None:
    small = Policy(contact_url="/c", max_hold=65_536)
    parts = [b"<!doctype html><meta charset=utf-8><p>", b"<a title='"] + [b"x" * 4096] * 2000
    tracemalloc.start()
    try:
        result = door(asking(), Reply(parts, length=False), using=small)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert result.body == b"".join(parts)
    assert peak < 4 * len(result.body)  # the whole stands twice in what this test keeps


@row("6.4", "the app's iterable is closed once: at the end, on an early stop, after an error, before any chunk", "wsgi")
def _(policy: Policy) -> None:
    for taken, error in ((9, None), (1, None), (0, None), (9, RuntimeError("broken"))):
        chunks = Chunks(TAGGED[:90], TAGGED[90:], error=error)
        iterable = Server(policy).call(starting(chunks))
        out = iter(iterable)
        try:
            for _ in range(taken):
                next(out)
        except (StopIteration, RuntimeError):
            pass
        iterable.close()
        assert chunks.closed == 1


@row("6.4", "an iterable that the server never sees is closed too", "wsgi")
def _(policy: Policy) -> None:
    chunks = Chunks(error=RuntimeError("at the first chunk"))

    with pytest.raises(RuntimeError, match="at the first chunk"):
        Server(policy).call(starting(chunks, HTML, ("Content-Length", "9")))

    assert chunks.closed == 1


@row("6.5", "what passes through is the app's own object, with its length and the server's file", "wsgi")
def _(policy: Policy, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"png")
    with (tmp_path / "a.png").open("rb") as file:
        for given in ([b"a", b"b"], (b"a",), FileWrapper(file), Chunks(b"a")):
            assert Server(policy).call(starting(given, ("Content-Type", "image/png"))) is given
    clean = [page()]
    assert Server(policy).call(starting(clean)) is clean
    assert len(Server(policy).call(starting([TAGGED, b""]))) == 1


@row("6.6", "the app runs in the server's own task, with its context, and gets its receive", "asgi")
def _(policy: Policy) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        variable.set("by the app")
        seen.append((asyncio.current_task(), receive))
        await send(START)
        await send(chunk(TAGGED))
        seen.append("after the response")

    async def receive() -> Any:
        return {}  # pragma: no cover

    async def send(message: Any) -> None:
        seen.append(asyncio.current_task())

    async def server() -> None:
        await consent_middleware.asgi.ConsentMiddleware(app, policy)(scope(), receive, send)
        assert seen == [(asyncio.current_task(), receive), asyncio.current_task(), asyncio.current_task(), seen[3]]
        assert variable.get() == "by the app"
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(server())
    assert seen[3] == "after the response"


@row("6.6", "back-pressure is the server's: no message is taken before the last has gone", "asgi")
def _(policy: Policy) -> None:
    running = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in (START, chunk(TAGGED[:99], True), chunk(TAGGED[99:], True), chunk(b"")):
            await send(message)

    async def send(message: Any) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0)
        running -= 1

    asyncio.run(consent_middleware.asgi.ConsentMiddleware(app, policy)(scope(), None, send))  # type: ignore[arg-type]


@row("6.7", "an error before the head sends nothing, one in the body leaves the page unfinished", "asgi")
def _(policy: Policy) -> None:
    async def early(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(chunk(TAGGED[:-30], True))
        raise LookupError

    assert run(policy, early)[0] == []
    sent, error = run(policy, late)
    assert isinstance(error, LookupError)
    assert sent[-1]["more_body"] is True
    assert b"<aside" not in body_of(sent)


@row("6.7", "an error before the head sends nothing, one in the body leaves the page unfinished", "wsgi")
def _(policy: Policy) -> None:
    def early(environ: Any, start_response: Any) -> Any:
        raise LookupError

    for app, heads in ((early, 0), (starting(Chunks(TAGGED[:-30], error=LookupError())), 1)):
        server = Server(policy)
        with pytest.raises(LookupError):
            server.run(app)
        assert len(server.heads) == heads
        assert b"<aside" not in server.body


@row("6.8", "nothing of a request stays on the middleware, and the app's lists and messages stay as they were")
def _(policy: Policy) -> None:
    headers = [(b"content-type", b"text/html"), (b"set-cookie", b"__hstc=1"), (b"etag", b'"a"')]
    message, body = {**START, "headers": headers}, chunk(TAGGED)
    before = ({**message, "headers": list(headers)}, dict(body))
    pairs = [(key.decode(), value.decode()) for key, value in headers]
    outside = consent_middleware.wsgi.ConsentMiddleware(starting([TAGGED], *pairs), policy)
    attributes = dict(vars(outside))
    for _ in range(2):
        send_all(policy, [message, body])
        outside({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, Server(policy).start_response)

    assert (message, body) == before
    assert vars(outside) == attributes


# 7. ASGI messages


@row("7.1", "keys may be missing, heads may be any iterable, bodies any bytes", "asgi")
def _(policy: Policy) -> None:
    bare = [{"type": "http.response.start", "status": 200}, {"type": "http.response.body"}]
    assert types_of(send_all(policy, bare)) == ["start", "body"]
    for headers in (iter([(b"content-type", b"text/html")]), [[b"content-type", b"text/html"]]):
        given = [{**START, "headers": headers}, {"type": "http.response.body", "body": memoryview(TAGGED)}]
        assert HELD_LOADER in body_of(send_all(policy, given))


@row("7.2", "every message that is not known is passed on in its place", "asgi")
def _(policy: Policy) -> None:
    others: list[dict[str, Any]] = [
        {"type": "http.response.debug", "info": {}},
        {"type": "http.response.push", "path": "/a.css", "headers": []},
        {"type": "http.response.unheard-of"},
        {"type": "http.response.trailers", "headers": [], "more_trailers": False},
    ]
    for length in ([], [(b"content-length", b"%d" % len(TAGGED))]):
        head = start((b"content-type", b"text/html"), *length)
        given = [others[0], head, others[1], others[2], chunk(TAGGED), others[3]]
        sent = send_all(policy, given)
        assert [message["type"] for message in sent] == [message["type"] for message in given]
        assert [sent[0], sent[2], sent[3], sent[5]] == others


@row("7.3", "a file goes as it is unless its HTML must be read; then offset and count hold", "asgi")
def _(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"--" + TAGGED + b"--")
    picture = {"type": "http.response.pathsend", "path": str(path)}
    assert send_all(policy, [start((b"content-type", b"image/png")), picture])[1] is picture
    assert HELD_LOADER in body_of(send_all(policy, [START, picture]))
    with path.open("rb") as file:
        parts: list[Any] = [
            chunk(TAGGED[:50], True),
            {"type": "http.response.zerocopysend", "file": file, "offset": 52, "count": 100, "more_body": True},
            {"type": "http.response.zerocopysend", "file": file, "offset": 152, "count": len(TAGGED) - 150},
        ]
        sent = send_all(policy, [START, *parts])
        assert os.fstat(file.fileno())
    assert HELD_LOADER in body_of(sent)
    assert sent[-1]["more_body"] is False


@row("7.4", "early hints keep their place, before or behind the start, less what would reach the vendor", "asgi")
def _(policy: Policy) -> None:
    ours, early = b"</a.css>; rel=preload; as=style", b"<https://js.hs-scripts.com>; rel=preconnect"
    hints: dict[str, Callable[..., dict[str, Any]]] = {
        "http.response.early_hint": lambda *links: {"links": list(links)},
        "http.response.informational": lambda *links: {"status": 103, "headers": [(b"link", link) for link in links]},
    }
    for kind, of in hints.items():
        mixed, only_early = {"type": kind, **of(ours, early)}, {"type": kind, **of(early)}
        for given in ([mixed, only_early, START], [START, mixed, only_early]):
            sent = send_all(policy, [*given, chunk(b"")])
            assert {"type": kind, **of(ours)} in sent
            assert [message["type"] == kind for message in sent].count(True) == 1
            assert (sent[0]["type"] == kind) == (given[0] is mixed)
        allowed = scope((b"cookie", FULL.encode()))
        assert mixed in send_all(policy, [mixed, START, chunk(b"")], allowed)


@row("7.4", "hints that a server writes past every middleware are filtered too", "wsgi")
def _(policy: Policy) -> None:
    hinted: list[Any] = []
    ours, early = ("Link", "</a.css>; rel=preload"), ("Link", "<https://js.hs-scripts.com>; rel=preconnect")

    def app(environ: Any, start_response: Any) -> list[bytes]:
        environ["wsgi.early_hints"]([ours, early])
        environ["wsgi.early_hints"]([(b"Link", b"<//js.hs-scripts.com>; rel=preconnect")])
        environ["wsgi.early_hints"]([("Set-Cookie", "__hstc=1")])
        start_response("200 OK", [HTML])
        return [b""]

    own = {"wsgi.early_hints": hinted.append}
    Server(policy, **own).run(app)
    assert hinted == [[ours]]
    hinted.clear()
    Server(policy, **own, HTTP_COOKIE=FULL).run(app)
    assert len(hinted) == 3


@row("7.5", "every scope that is not HTTP gets the server's own objects, and a refusal stays one", "asgi")
def _(policy: Policy) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope is given
        assert receive is own[0]
        assert send is own[1]
        raise ConnectionRefusedError

    async def nothing(*_: Any) -> Any:
        return None  # pragma: no cover

    async def nothing_else(*_: Any) -> Any:
        return None  # pragma: no cover

    own = (nothing, nothing_else)
    for kind in ("lifespan", "websocket", "unheard-of"):
        given = {"type": kind, "state": {"a": 1}}
        with pytest.raises(ConnectionRefusedError):
            asyncio.run(consent_middleware.asgi.ConsentMiddleware(app, policy)(given, *own))


@row("7.6", "the app's scope is a copy that keeps extensions, state and TLS", "asgi")
def _(policy: Policy) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    given = scope(extensions={"tls": {}, "http.response.pathsend": {}}, state={"a": 1}, client=("a", 1))
    run(policy, app, given)

    assert seen[0] is not given
    assert {name: seen[0][name] for name in given} == given
    assert seen[0]["state"] is given["state"]
    assert seen[0]["headers"] is given["headers"]


# 8. Page security and hints


def policies(result: Result) -> list[str]:
    return result.all("content-security-policy") + result.all("content-security-policy-report-only")


@row("8.1", "what is added carries the page's nonce, holds no inline script or style, and no policy is touched")
def _(door: Door) -> None:
    fields = [
        ("Content-Security-Policy", "default-src 'self'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'self'"),
        ("Content-Security-Policy-Report-Only", "script-src 'nonce-other'"),
    ]
    result = door(asking(), html(TAGGED.replace(b"<script", b'<script nonce="abc"'), *fields))
    added = result.body[result.body.index(b"<aside") :].partition(b"</body>")[0]

    assert b'nonce="abc"' in added
    assert not re.search(rb"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", added)
    assert policies(result) == [value for _, value in fields]


@row("8.1", "a policy of hashes alone lets no facade run: the tags wait, and the log says so")
def _(door: Door, policy: Policy) -> None:
    digest = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    for sources in (f"'sha256-{digest}'", "'strict-dynamic' 'self'", "'none'"):
        assert HELD_LOADER in door(asking(), html(TAGGED, ("Content-Security-Policy", f"script-src {sources}"))).body
    assert policy.notices.counts == {"csp-refuses-facade": 3}
    for sources in ("'self'", "https:", "a.example 'unsafe-inline'", "'nonce-a'"):
        door(asking(), html(TAGGED, ("Content-Security-Policy", f"script-src {sources}")))
    door(asking(), html(TAGGED, ("Content-Security-Policy", "img-src 'none'")))
    door(asking(), html(page(), ("Content-Security-Policy", "script-src 'none'")))
    assert policy.notices.counts == {"csp-refuses-facade": 3}


@row("8.2", "the facade's script sets a script's address through a Trusted Types policy")
def _() -> None:
    assert b"createPolicy" in Policy().facade.asset().body


@row("8.3", "a held tag keeps its integrity, crossorigin, nonce and referrerpolicy")
def _(door: Door) -> None:
    kept = b'integrity="sha384-x" crossorigin="anonymous" nonce="n" referrerpolicy="no-referrer"'
    given = page(b'<script src="//js.hs-scripts.com/1.js" ' + kept + b"></script>")

    assert kept in door(asking(), html(given)).body


@row("8.4", "hints to the vendor wait, in Link and in the page; others stay to the byte")
def _(door: Door) -> None:
    hint = b'<link rel="preconnect" href="https://js.hs-scripts.com">'
    link = '<https://js.hs-scripts.com>; rel="preload prefetch"; as=script, </b.css>; rel=preload; title="a, <b>"'
    result = door(asking(), html(page(head=hint), ("Link", link)))

    assert result.all("link") == ['</b.css>; rel=preload; title="a, <b>"']
    assert b'data-consent-href="https://js.hs-scripts.com"' in result.body
    assert door(asking(cookie=FULL), html(page(head=hint), ("Link", link))).all("link") == [link]


@row("8.5", "Speculation-Rules, Permissions-Policy and report-only policies stay to the byte")
def _(door: Door) -> None:
    fields = [
        ("Speculation-Rules", '"/rules.json"'),
        ("Permissions-Policy", "camera=()"),
        ("Content-Security-Policy-Report-Only", "default-src 'none'; report-to x"),
        ("Reporting-Endpoints", 'x="/r"'),
    ]
    result = door(asking(), html(TAGGED, *fields))

    assert [pair for pair in result.headers if pair in {(n.lower(), v) for n, v in fields}] == [
        (name.lower(), value) for name, value in fields
    ]


@row("8.6", "a fragment is rewritten in place and gets no document around it")
def _(door: Door) -> None:
    fragment = b"<div>" + LOADER + b"</div>"
    result = door(asking(("HX-Request", "true"), ("Sec-Fetch-Dest", "empty")), html(fragment))

    assert result.body.startswith(b"<div>" + HELD_LOADER + b"</div>")
    assert not re.search(rb"<(?:html|head|body)\b", result.body)
    assert result.body.count(b"<aside") == 1


ROOT = Path(__file__).parents[2]


@row("8.7", "what a service worker keeps is documented as the site's own affair")
def _() -> None:
    assert "service worker" in (ROOT / "docs" / "http.md").read_text("utf-8").lower()


@row("8.8", "HTML inside JSON is not touched, and that is documented")
def _(door: Door) -> None:
    reply = Reply([b'{"html": "<script src=\\"//js.hs-scripts.com/1.js\\"></script>"}'])
    reply.headers = [("Content-Type", "application/json")]

    assert door(asking(), reply).body == reply.chunks[0]
    assert "JSON" in (ROOT / "docs" / "http.md").read_text("utf-8")


# 9. The object


@row("9.1", "the middleware is an object with an async call, as asgiref and Starlette ask of a single callable", "asgi")
def _(policy: Policy) -> None:
    from asgiref.compatibility import is_double_callable
    from asgiref.testing import ApplicationCommunicator

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(chunk(TAGGED))

    wrapped = consent_middleware.asgi.ConsentMiddleware(app, policy)
    assert inspect.iscoroutinefunction(wrapped.__call__)
    assert not is_double_callable(wrapped)

    async def talk() -> bytes:
        inside = consent_middleware.asgi.ConsentMiddleware(Through(app), policy)
        out = b""
        for given in (wrapped, inside):
            communicator = ApplicationCommunicator(given, scope())
            await communicator.send_input({"type": "http.request"})
            assert (await communicator.receive_output(1))["type"] == "http.response.start"
            out += (await communicator.receive_output(1))["body"]
            await communicator.wait(1)
        return out

    assert asyncio.run(talk()).count(HELD_LOADER) == 2


class Through:
    """An app behind asgiref's communicator, message by message."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from asgiref.testing import ApplicationCommunicator

        communicator = ApplicationCommunicator(self.app, dict(scope))
        await communicator.send_input({"type": "http.request"})
        async for message in self._output(communicator):
            await send(message)

    async def _output(self, communicator: Any) -> AsyncIterator[Any]:
        while True:
            message = await communicator.receive_output(1)
            yield message
            if message["type"] == "http.response.body" and not message.get("more_body"):
                return


def exc_of(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    try:
        raise error
    except BaseException as raised:
        return type(raised), raised, raised.__traceback__
