"""URLs are parsed as browsers parse them, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.urls import MAX_CONTENT, URL, content_of_url, parse_url
from tests.growth import assert_linear

HOST = "js.hs-scripts.com"


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("https://js.hs-scripts.com/1.js", id="plain"),
        pytest.param("//js.hs-scripts.com/1.js", id="without a scheme"),
        pytest.param("HTTPS://JS.HS-Scripts.COM/1.js", id="in capitals"),
        pytest.param(" \x00\t//js.hs-scripts.com/1.js\n ", id="with white space and controls around it"),
        pytest.param("ht\ntps://js.hs-\tscripts.c\rom/1.js", id="with tabs and newlines inside"),
        pytest.param("\\\\js.hs-scripts.com\\1.js", id="with backslashes"),
        pytest.param("https:\\/js.hs-scripts.com/1.js", id="with both slashes"),
        pytest.param("https:////js.hs-scripts.com/1.js", id="with too many slashes"),
        pytest.param("https:js.hs-scripts.com/1.js", id="with no slashes and no base"),
        pytest.param("https://js.hs-scripts.com./1.js", id="with a trailing dot"),
        pytest.param("https://js.hs-scripts.com:443/1.js", id="with its own port"),
        pytest.param("https://js.hs-scripts.com:/1.js", id="with an empty port"),
        pytest.param("https://user:pass@js.hs-scripts.com/1.js", id="with user information"),
        pytest.param("https://a@b@js.hs-scripts.com/1.js", id="with two at signs"),
        pytest.param("https://js%2Ehs-%73cripts.com/1.js", id="percent-encoded"),
        pytest.param("https://ｊｓ．ｈｓ－ｓｃｒｉｐｔｓ．ｃｏｍ/1.js", id="in full-width letters"),
        pytest.param("https://js。hs-scripts｡com/1.js", id="with ideographic full stops"),
        pytest.param("https://js.hs-scr\u00adipts.c\u200bom/1.js", id="with soft hyphens and zero-width spaces"),
        pytest.param("https://js.hs-scr\U000e0100ipts.c\U000e01efom/1.js", id="with variation selectors"),
        pytest.param("https://\U0001d4bfs.hs-scripts.com/1.js", id="in mathematical letters"),
        pytest.param("https://js.\U0001ccdd\U0001cce8-scripts.com/1.js", id="in outlined letters"),
        pytest.param("https://js.hs-scr\u115fip\U0001d173ts.com/1.js", id="with what Unicode drops since version 16"),
        pytest.param("https://js.hs-scripts.com/a/../1.js", id="with dot segments"),
        pytest.param("https://js.hs-scripts.com/a/%2e%2E/./1.js#x?y", id="with encoded dots and a fragment"),
    ],
)
def test_parse_url_reads_every_spelling_of_a_host(written: str) -> None:
    url = parse_url(written)

    assert url is not None
    assert (url.host, url.port, url.path) == (HOST, None, "/1.js")


@pytest.mark.parametrize(
    "written",
    [
        "https://js.hs-scripts.com.evil.example/1.js",
        "https://myhs-scripts.com/1.js",
        "/js.hs-scripts.com/x.js",
        "js.hs-scripts.com/x.js",
        "https://evil.example/https://js.hs-scripts.com/",
        "https://evil.example?//js.hs-scripts.com/",
        "https://evil.example#@js.hs-scripts.com/",
        "https://js.hs-scripts.com@evil.example/",
        "https://js%2Fhs-scripts.com/",
        "data:text/html,//js.hs-scripts.com/",
        "javascript://js.hs-scripts.com/%0a1",
        "mailto:a@js.hs-scripts.com",
        "https:///",
        "https://js.hs-scripts.com:99999/",
        "https://js.hs-scripts.com:x/",
        "https://js .hs-scripts.com/",
        "",
        ".",
    ],
)
def test_parse_url_tells_look_alikes_apart(written: str) -> None:
    url = parse_url(written)

    assert url is None or url.host != HOST


def long_name(last: int) -> str:
    return ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * last])


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("a" * 64 + ".example", id="a label"),
        pytest.param("\u00fc" * 59 + ".example", id="a label in Punycode"),
        pytest.param("\u00fc" * 64 + ".example", id="a label before it is Punycode"),
        pytest.param(long_name(62), id="the whole name"),
    ],
)
def test_parse_url_refuses_names_too_long_for_dns(host: str) -> None:
    assert parse_url(f"//{host}/x") is None


@pytest.mark.parametrize(
    ("written", "host"),
    [
        pytest.param(long_name(61), long_name(61), id="a name of 253 characters"),
        pytest.param(long_name(61) + ".", long_name(61), id="a dot at its end"),
        pytest.param("js.hs-" + "\u00ad" * 5000 + "scripts.com", HOST, id="soft hyphens that do not count"),
        pytest.param("js.hs-" + "%C2%AD" * 5000 + "scripts.com", HOST, id="percent-encoded ones"),
        pytest.param("0" * 500 + "177.0.0.1", "127.0.0.1", id="a number"),
    ],
)
def test_parse_url_reads_long_spelling_of_a_host(written: str, host: str) -> None:
    url = parse_url(f"//{written}/x")

    assert url is not None
    assert url.host == host


def test_parse_url_is_linear_in_the_host() -> None:
    """Neither Punycode nor the order of combining marks makes a long host slower than linear."""
    letters = "".join(chr(0x4E00 + at * 7919 % 20000) for at in range(1 << 13))
    for text in (letters, "a" + "\u0300\u0316" * (1 << 12)):
        assert_linear(lambda times: f"//{text * times}.hs-scripts.com/a.png", parse_url, start=1)  # noqa: B023 - called at once


@pytest.mark.parametrize(
    ("written", "base", "expected"),
    [
        ("x.js", "https://a.example/b/c?d", URL("https", "a.example", None, "/b/x.js", "")),
        ("../x.js?y=1", "https://a.example/b/c/d", URL("https", "a.example", None, "/b/x.js", "y=1")),
        ("/x.js", "//a.example:8443/b/", URL("", "a.example", 8443, "/x.js", "")),
        ("?q", "https://a.example/b?c", URL("https", "a.example", None, "/b", "q")),
        ("", "https://a.example/b?c", URL("https", "a.example", None, "/b", "c")),
        ("//b.example", "http://a.example/", URL("http", "b.example", None, "/", "")),
        ("https:x.js", "https://a.example/b/", URL("https", "a.example", None, "/b/x.js", "")),
        ("https:/x.js", "https://a.example/b/", URL("https", "a.example", None, "/x.js", "")),
        ("http:b.example", "https://a.example/b/", URL("http", "b.example", None, "/", "")),
        ("x.js", None, URL("", "", None, "x.js", "")),
        ("x.js", "/b/", URL("", "", None, "/b/x.js", "")),
        ("x/..", "https://a.example/b/", URL("https", "a.example", None, "/b/", "")),
        ("x", "http://[", URL("", "", None, "x", "")),
        ("http://a.example:80/", None, URL("http", "a.example", None, "/", "")),
        ("ws://a.example:81/", None, URL("ws", "a.example", 81, "/", "")),
        ("file:///C:/x", None, URL("file", "", None, "/C:/x", "")),
        ("file://localhost/x?y", None, URL("file", "", None, "/x", "y")),
        ("file://b.example/x", None, URL("file", "b.example", None, "/x", "")),
        ("file://a b/x", None, None),
        ("data:x?y", None, URL("data", "", None, "x", "y")),
        ("http://0x7f.1/", None, URL("http", "127.0.0.1", None, "/", "")),
        ("http://2130706433/", None, URL("http", "127.0.0.1", None, "/", "")),
        ("http://0177.0.0.0x1/", None, URL("http", "127.0.0.1", None, "/", "")),
        ("http://256.0.0.1/", None, None),
        ("http://1.2.3.4.5/", None, None),
        ("http://1.x.3/", None, None),
        ("http://1.09/", None, None),
        ("http://[::1]:8/", None, URL("http", "[::1]", 8, "/", "")),
        ("http://[::g]/", None, None),
        ("http://b\u00fccher.example/", None, URL("http", "xn--bcher-kva.example", None, "/", "")),
        ("//", None, None),
    ],
)
def test_parse_url_resolves_against_a_base(written: str, base: str | None, expected: URL | None) -> None:
    assert parse_url(written, base) == expected


@given(st.text(max_size=40), st.none() | st.text(max_size=20))
def test_parse_url_never_raises(written: str, base: str | None) -> None:
    """Any text gives a URL or None, and hosts are lower-case ASCII."""
    for value in (written, "//" + written, "https://" + written, "http:" + written):
        url = parse_url(value, base)
        assert url is None or (url.host.isascii() and url.host == url.host.lower())


@pytest.mark.parametrize(
    "value", ["///js.host.example/x", "////js.host.example/x", "\\\\/js.host.example/x", "https:///js.host.example/x"]
)
def test_parse_url_ignores_extra_slashes(value: str) -> None:
    url = parse_url(value, "https://www.shop.example/")

    assert url is not None
    assert (url.host, url.path) == ("js.host.example", "/x")


def test_parse_url_keeps_the_end_of_a_long_base() -> None:
    base = "https://a.example/" + "x/" * 1_000

    url = parse_url("b.js", base)

    assert url is not None
    assert url.host == "a.example"
    assert url.path.endswith("/x/x/b.js")
    assert len(url.path) < 1_100


@pytest.mark.parametrize(
    ("url", "content"),
    [
        ("data:text/javascript,a%28b%29", "a(b)"),
        ("data:text/javascript;base64,YShiKQ", "a(b)"),
        ("\tjava\nscript:a()", "a()"),
        ("https://a.example/data:,x", None),
        ("data", None),
        ("data:," + "x" * MAX_CONTENT, None),
    ],
)
def test_content_of_url_decodes_the_content(url: str, content: str | None) -> None:
    assert content_of_url(url) == content
