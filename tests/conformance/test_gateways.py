"""One table of cases for every gateway: the same request and the same app give the same head and the same body."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from consent_middleware import Policy
from tests.engines import engine_for
from tests.gateways import GATEWAYS, WITH_A_TYPE, WITH_JOINED_FIELDS, Pairs, Reply, Request, Result, joined
from tests.pages import (
    BLOCKED_CHAT,
    BLOCKED_HINT,
    BLOCKED_LOADER,
    CHAT,
    CHAT_HINT,
    EU_LOADER,
    HINT,
    LOADER,
    TAG_MANAGER,
    page,
)

POLICY = Policy(contact_url="/contact", guard="auto")
ASSET = engine_for(POLICY).facade.asset()
HTML = ("Content-Type", "text/html; charset=utf-8")
COOKIE_LINES = [
    ("Set-Cookie", "session=1; Path=/; Expires=Wed, 09 Jun 2100 10:18:14 GMT"),
    ("Set-Cookie", "__hstc=a.b; Path=/"),
    ("Set-Cookie", "messagesUtk=0123; Path=/"),
    ("Set-Cookie", "my__hstc=1; Path=/"),
    ("Set-Cookie", "hubspotutk=gone; Max-Age=0"),
    ("Set-Cookie", '__Host-x="a,b"; Secure; Path=/; Partitioned'),
]
KEPT_LINES = [value for _, value in COOKIE_LINES if not value.startswith(("__hstc", "messagesUtk"))]
TAG = f"c0t0e0-{engine_for(POLICY).fingerprint}"
FULL_TAG = f"c1t1e1-{engine_for(POLICY).fingerprint}"


@dataclass
class Case:
    """A request, an app's answer, and the expected result."""

    name: str
    reply: Reply
    request: Request = field(default_factory=Request)
    #: The body to the byte; a facade is written as b"{facade}".
    body: bytes | None = None
    #: Every value of each of these fields; an empty list means that the field is absent.
    head: dict[str, list[str]] = field(default_factory=dict)
    status: int = 200


def html(body: bytes, *headers: tuple[str, str], **rest: object) -> Reply:
    return Reply([body], headers=[HTML, *headers], **rest)  # type: ignore[arg-type]


def asking(**headers: str) -> Request:
    return Request(headers=[(name.replace("_", "-"), value) for name, value in headers.items()])


CASES = [
    Case(
        "without consent the loader is blocked and the facade is at the end of the body",
        html(page(LOADER)),
        body=page(BLOCKED_LOADER + b"{facade}"),
        head={"vary": ["Cookie, Sec-GPC"]},
    ),
    Case(
        "the loader of any region is blocked",
        html(page(EU_LOADER)),
        body=page(BLOCKED_LOADER.replace(b"js.", b"js-eu1.") + b"{facade}"),
    ),
    Case("the standalone chat is blocked with its attributes", html(page(CHAT)), body=page(BLOCKED_CHAT + b"{facade}")),
    Case("a hint is blocked without a facade", html(page(head=HINT)), body=page(head=BLOCKED_HINT)),
    Case(
        "functional consent allows the standalone chat and its hint only",
        html(page(CHAT, head=HINT + CHAT_HINT)),
        Request.with_cookie("consent=functional"),
        body=page(CHAT, head=BLOCKED_HINT + CHAT_HINT),
    ),
    Case(
        "a click allows the standalone chat",
        html(page(CHAT)),
        Request.with_cookie("consent_chat=1"),
        body=page(CHAT),
    ),
    Case(
        "a click counts beside a recorded refusal",
        html(page(CHAT)),
        Request.with_cookie("consent=necessary; consent_chat=1"),
        body=page(CHAT),
    ),
    Case(
        "the loader stays blocked after a click",
        html(page(LOADER)),
        Request.with_cookie("consent_chat=1"),
        body=page(BLOCKED_LOADER + b"{facade}"),
    ),
    Case(
        "analytics alone does not release the loader",
        html(page(LOADER)),
        Request.with_cookie("consent=analytics"),
        body=page(BLOCKED_LOADER + b"{facade}"),
    ),
    Case(
        "marketing alone does not release the loader",
        html(page(LOADER)),
        Request.with_cookie("consent=functional,marketing"),
        body=page(BLOCKED_LOADER + b"{facade}"),
    ),
    Case(
        "full consent leaves the page as the site wrote it",
        html(page(LOADER + CHAT, head=HINT), ("ETag", '"v1"')),
        Request.with_cookie("consent=functional,analytics,marketing"),
        body=page(LOADER + CHAT, head=HINT),
        head={"etag": [f'"v1--consent-{FULL_TAG}"'], "vary": ["Cookie, Sec-GPC"]},
    ),
    Case(
        "analytics and marketing leave the loader as the site wrote it",
        html(page(LOADER, head=HINT)),
        Request.with_cookie("consent=analytics,marketing"),
        body=page(LOADER, head=HINT),
    ),
    Case(
        "contradictory cookies deny",
        html(page(LOADER)),
        Request.with_cookie("consent=functional,analytics,marketing; consent=necessary"),
        body=page(BLOCKED_LOADER + b"{facade}"),
    ),
    Case(
        "a refusal in a second Cookie line counts, however the server joins the lines",
        html(page(LOADER)),
        Request(headers=[("Cookie", "consent=analytics,marketing; x=1"), ("Cookie", "consent=necessary")]),
        body=page(BLOCKED_LOADER + b"{facade}"),
    ),
    Case("a clean page comes back as it was", html(page(b"<p>no tags</p>")), body=page(b"<p>no tags</p>")),
    Case(
        "a streamed page is rewritten",
        Reply([page(LOADER)[:200], page(LOADER)[200:230], page(LOADER)[230:]], length=False),
        body=page(BLOCKED_LOADER + b"{facade}"),
    ),
    Case(
        "a page of several chunks with a length is rewritten",
        Reply([page(LOADER)[:150], page(LOADER)[150:]]),
        body=page(BLOCKED_LOADER + b"{facade}"),
    ),
    Case("an empty page stays empty", Reply([b""]), body=b""),
    Case(
        "withheld cookies are dropped, deletions and all others stay in order",
        html(page(LOADER), *COOKIE_LINES),
        body=page(BLOCKED_LOADER + b"{facade}"),
        head={"set-cookie": KEPT_LINES},
    ),
    Case(
        "a redirect's cookies are filtered too",
        Reply([b""], 302, [("Location", "/x"), *COOKIE_LINES]),
        status=302,
        body=b"",
        head={"set-cookie": KEPT_LINES, "location": ["/x"], "vary": []},
    ),
    Case(
        "JSON passes untouched, its cookies filtered",
        Reply(
            [b'{"html": "<script src=//js.hs-scripts.com/1.js></script>"}'],
            headers=[("Content-Type", "application/json"), *COOKIE_LINES],
        ),
        body=b'{"html": "<script src=//js.hs-scripts.com/1.js></script>"}',
        head={"set-cookie": KEPT_LINES, "vary": []},
    ),
    Case(
        "with consent every cookie stays",
        html(page(), *COOKIE_LINES),
        Request.with_cookie("consent=functional,analytics,marketing"),
        head={"set-cookie": [value for _, value in COOKIE_LINES]},
    ),
    Case(
        "a click allows the cookie of the chat and no tracker's",
        html(page(), *COOKIE_LINES),
        Request.with_cookie("consent_chat=1"),
        head={"set-cookie": [value for _, value in COOKIE_LINES if not value.startswith("__hstc")]},
    ),
    Case(
        "an error page is rewritten like any other",
        html(page(LOADER), status=404),
        status=404,
        body=page(BLOCKED_LOADER + b"{facade}"),
    ),
    Case(
        "a missing type is sniffed",
        Reply([page(LOADER)], headers=[("X-A", "b")]),
        body=page(BLOCKED_LOADER + b"{facade}"),
        head={"vary": ["Cookie, Sec-GPC"]},
    ),
    Case(
        "a part of a page is sent as it is",
        Reply([page(LOADER)], 206, [HTML, ("Content-Range", "bytes 0-9/99")]),
        status=206,
        body=page(LOADER),
        head={"vary": ["Cookie, Sec-GPC"]},
    ),
    Case(
        "an explicit refusal expires the cookies that the browser has",
        html(page()),
        Request(headers=[("Cookie", "consent=necessary; __hstc=1; other=2"), ("Host", "www.shop.example:8000")]),
        head={
            "set-cookie": [
                "__hstc=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT" + domain
                for domain in ("", "; Domain=www.shop.example", "; Domain=shop.example")
            ]
        },
    ),
    Case("unknown consent expires nothing", html(page()), Request.with_cookie("__hstc=1"), head={"set-cookie": []}),
    Case(
        "a page for shared caches becomes private",
        html(
            page(),
            ("Cache-Control", "public, max-age=60, s-maxage=600"),
            ("CDN-Cache-Control", "max-age=9"),
            ("Surrogate-Control", "max-age=9"),
            ("Vary", "Accept-Language"),
            ("Last-Modified", "Wed, 09 Jun 2021 10:18:14 GMT"),
            ("ETag", 'W/"v1"'),
        ),
        head={
            "cache-control": ["private, max-age=60"],
            "cdn-cache-control": [],
            "surrogate-control": [],
            "vary": ["Accept-Language, Cookie, Sec-GPC"],
            "last-modified": [],
            "etag": [f'W/"v1--consent-{TAG}"'],
        },
    ),
    Case(
        "a style sheet keeps its caching and its validators",
        Reply(
            [b"a{}"], headers=[("Content-Type", "text/css"), ("Cache-Control", "public, max-age=60"), ("ETag", '"v1"')]
        ),
        body=b"a{}",
        head={"cache-control": ["public, max-age=60"], "etag": ['"v1"'], "vary": []},
    ),
    Case(
        "digests of the old bytes are dropped",
        html(page(LOADER), ("Content-Digest", "sha-256=:x:"), ("Content-MD5", "x"), ("Accept-Ranges", "bytes")),
        body=page(BLOCKED_LOADER + b"{facade}"),
        head={"content-digest": [], "content-md5": [], "accept-ranges": []},
    ),
    Case(
        "early links are dropped, other links stay",
        Reply(
            [b"{}"],
            headers=[
                ("Content-Type", "application/json"),
                (
                    "Link",
                    '<https://js.hs-scripts.com>; rel="preconnect", </a,b.css>; rel=preload; as=style; title="a, b"',
                ),
                ("Link", "<//js-eu1.usemessages.com>;rel=dns-prefetch"),
                ("Link", '<https://js.hubspot.com/a.css>; title="; as=script"; rel=preload; as=style'),
            ],
        ),
        head={
            "link": [
                '</a,b.css>; rel=preload; as=style; title="a, b"',
                '<https://js.hubspot.com/a.css>; title="; as=script"; rel=preload; as=style',
            ]
        },
    ),
    Case(
        "gzip is read and written again",
        html(gzip.compress(page(LOADER)), ("Content-Encoding", "gzip")),
        body=page(BLOCKED_LOADER + b"{facade}"),
        head={"content-encoding": ["gzip"]},
    ),
    Case(
        "deflate is read and written again",
        html(zlib.compress(page(LOADER)), ("Content-Encoding", "deflate")),
        body=page(BLOCKED_LOADER + b"{facade}"),
        head={"content-encoding": ["deflate"]},
    ),
    Case(
        "a coding that cannot be read is passed on",
        html(b"\x00\x01", ("Content-Encoding", "br")),
        body=b"\x00\x01",
        head={"content-encoding": ["br"]},
    ),
    Case(
        "the nonce of the page's policy is copied",
        html(
            page(CHAT),
            (
                "Content-Security-Policy",
                "default-src 'self'; script-src 'nonce-r4nd0m+/A==' https://js-eu1.usemessages.com",
            ),
        ),
        body=page(BLOCKED_CHAT + b"{facade nonce=r4nd0m+/A==}"),
        head={
            "content-security-policy": [
                "default-src 'self'; script-src 'nonce-r4nd0m+/A==' https://js-eu1.usemessages.com"
            ]
        },
    ),
    Case(
        "a HEAD request gets the head and no length of other bytes",
        Reply([b""], headers=[HTML, ("Content-Length", "1000")], length=False),
        Request("HEAD"),
        body=b"",
        head={"content-length": [], "vary": ["Cookie, Sec-GPC"]},
    ),
    Case(
        "the script is served by the middleware and may be stored for ever",
        html(page()),
        Request(path=f"/_consent/{ASSET.name}"),
        body=ASSET.body,
        head={
            "content-type": ["text/javascript; charset=utf-8"],
            "cache-control": ["public, max-age=31536000, immutable"],
            "x-content-type-options": ["nosniff"],
        },
    ),
    Case(
        "the script of an older page is the current one and may not be stored",
        html(page()),
        Request(path="/_consent/facade.0000.js"),
        body=engine_for(POLICY).facade.asset(placeholders=True).body,
        head={"cache-control": ["no-cache"]},
    ),
    Case(
        "the script can be asked for by HEAD",
        html(page()),
        Request("HEAD", f"/_consent/{ASSET.name}"),
        body=b"",
    ),
    Case("everything else below the path is the app's", html(page()), Request(path="/_consent/other"), body=page()),
    Case(
        "a POST below the path is the app's",
        html(page()),
        Request("POST", f"/_consent/{ASSET.name}"),
        body=page(),
    ),
]


def facade(result: Result) -> tuple[bytes, str]:
    """Return the facade in a body, and the nonce of its script."""
    start = result.body.find(b"<aside data-consent-facade")
    if start < 0:
        return b"", ""
    end = result.body.index(b"</script>", start) + len(b"</script>")
    markup = result.body[start:end]
    nonce = markup.partition(b'nonce="')[2].partition(b'"')[0]
    return markup, nonce.decode()


def decoded(result: Result) -> Result:
    coding = result.all("content-encoding")
    if coding == ["gzip"]:
        return Result(result.status, result.headers, gzip.decompress(result.body))
    if coding == ["deflate"]:
        return Result(result.status, result.headers, zlib.decompress(result.body))
    return result


def cases_of_gateways() -> Iterator[tuple[Case, str]]:
    for case in CASES:
        typed = any(field_name == "Content-Type" for field_name, _ in case.reply.headers)
        for name in GATEWAYS:
            if typed or name not in WITH_A_TYPE:
                yield case, name


@pytest.mark.parametrize(
    ("case", "name"), [pytest.param(case, name, id=f"{case.name}-{name}") for case, name in cases_of_gateways()]
)
def test_gateway_gives_what_the_case_says(case: Case, name: str) -> None:
    result = GATEWAYS[name](POLICY, case.request, case.reply)

    assert result.status == case.status
    for field_name, expected in case.head.items():
        lines = [value for _, value in joined([(field_name, value) for value in expected])]
        assert result.all(field_name) == (lines if name in WITH_JOINED_FIELDS else expected), field_name
    lengths = result.all("content-length")
    assert len(lengths) <= 1, "one length at most"
    if lengths and case.request.method != "HEAD":
        assert lengths == [str(len(result.body))], "a length is true"
    if case.body is not None:
        plain = decoded(result)
        markup, nonce = facade(plain)
        placeholder = b"{facade nonce=%s}" % nonce.encode() if nonce else b"{facade}"
        assert (plain.body.replace(markup, placeholder) if markup else plain.body) == case.body


@pytest.mark.parametrize(
    ("case", "name"),
    [
        pytest.param(case, name, id=f"{case.name}-{name}")
        for case, name in cases_of_gateways()
        if name != "core" and case.request.method != "HEAD"
    ],
)
def test_gateway_gives_the_exchange_head_and_body(case: Case, name: str) -> None:
    """Property: core = wsgi = asgi = flask = starlette = fastapi = django = aiohttp."""
    expected = GATEWAYS["core"](POLICY, case.request, case.reply)

    result = GATEWAYS[name](POLICY, case.request, case.reply)

    # The length of a list of several chunks is known, that of a stream is not.
    heads = [without_length(each.headers, case) for each in (result, expected)]
    got, wanted = [joined(head) for head in heads] if name in WITH_JOINED_FIELDS else heads
    assert got == wanted
    assert decoded(result).body == decoded(expected).body


@pytest.mark.parametrize("gateway", GATEWAYS.values(), ids=GATEWAYS)
@pytest.mark.parametrize("length", [True, False], ids=["at hand", "streaming"])
@pytest.mark.parametrize("coded", [False, True], ids=["plain", "gzip"])
def test_page_without_blocked_tags_gets_its_guard(gateway: object, length: bool, coded: bool) -> None:
    document = page(head=TAG_MANAGER)
    headers = [HTML, ("Content-Encoding", "gzip")] if coded else [HTML]
    body = gzip.compress(document) if coded else document

    result = gateway(POLICY, Request(), Reply([body], headers=headers, length=length))  # type: ignore[operator]

    out = gzip.decompress(result.body) if coded else result.body
    assert out.count(b" data-guard=") == 1
    assert b" data-conf=" not in out
    if length_lines := result.all("content-length"):
        assert length_lines == [str(len(result.body))]


def without_length(headers: Pairs, case: Case) -> Pairs:
    return [pair for pair in headers if len(case.reply.chunks) == 1 or pair[0] != "content-length"]
