"""Addresses: what is asked, how politely, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from consent_middleware.audit.fetch import AGENT, Fetcher, origin_of
from consent_middleware.audit.tree import UnreadableError

from .site import PAGE, Answer, Site, answer, html, serving


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


def test_page_is_asked_for_once_and_without_cookies(site: Site) -> None:
    site.answers["/"] = html(PAGE, Set_Cookie="a=b")
    fetcher = Fetcher()

    page = fetcher.fetch(f"{site.origin}/")
    fetcher.fetch(f"{site.origin}/?again#part")

    assert (page.body, page.address, page.path) == (PAGE, f"{site.origin}/", "/")
    assert (b"content-type", b"text/html; charset=utf-8") in page.headers
    assert [(method, path) for method, path, _ in site.requests] == [
        ("GET", "/robots.txt"),
        ("GET", "/"),
        ("GET", "/?again"),
    ]
    assert all(headers["user-agent"] == AGENT for _, _, headers in site.requests)
    assert not any("cookie" in headers for _, _, headers in site.requests)


@pytest.mark.parametrize(
    ("robots", "allowed"),
    [
        (answer(200, b"User-agent: *\nDisallow: /"), False),
        (answer(200, b"User-agent: consent-middleware-audit\nDisallow: /"), False),
        (answer(200, b"User-agent: *\nDisallow: /private"), True),
        (answer(200, b"User-agent: other\nDisallow: /"), True),
        (answer(200, b""), True),
        (answer(200, b"\xff\xfe not text"), True),
        (answer(404), True),
        (answer(302, Location="/elsewhere"), True),
        (answer(503), False),
    ],
    ids=range(9),
)
def test_robots_txt_is_obeyed(site: Site, robots: Answer, allowed: bool) -> None:
    site.answers["/robots.txt"] = robots

    if allowed:
        assert Fetcher().fetch(f"{site.origin}/").body == PAGE
    else:
        with pytest.raises(UnreadableError, match=r"robots\.txt"):
            Fetcher().fetch(f"{site.origin}/")
    assert site.paths == ["/"] * allowed


def test_redirect_within_the_origin_is_followed(site: Site) -> None:
    site.answers |= {"/a": answer(301, Location="/b"), "/b": answer(307, Location=f"{site.origin}/")}

    page = Fetcher().fetch(f"{site.origin}/a")

    assert (page.name, page.address, page.body) == (f"{site.origin}/a", f"{site.origin}/", PAGE)


def test_redirect_to_another_origin_is_not_followed(site: Site) -> None:
    with serving() as other:
        site.answers["/"] = answer(302, Location=f"{other.origin}/")

        with pytest.raises(UnreadableError, match="another origin"):
            Fetcher().fetch(f"{site.origin}/")

    assert other.requests == []


@pytest.mark.parametrize("location", ["file:///etc/passwd", "//other.example/", "ftp://127.0.0.1/"])
def test_redirect_to_another_scheme_is_not_followed(site: Site, location: str) -> None:
    site.answers["/"] = answer(302, Location=location)

    with pytest.raises(UnreadableError, match="another origin"):
        Fetcher().fetch(f"{site.origin}/")


def test_robots_txt_counts_for_a_redirect_too(site: Site) -> None:
    site.answers |= {
        "/robots.txt": answer(200, b"User-agent: *\nDisallow: /private"),
        "/": answer(302, Location="/private"),
        "/private": html(PAGE),
    }

    with pytest.raises(UnreadableError, match=r"robots\.txt does not allow"):
        Fetcher().fetch(f"{site.origin}/")

    assert site.paths == ["/"]


def test_endless_redirects_end(site: Site) -> None:
    site.answers["/"] = answer(302, Location="/")

    with pytest.raises(UnreadableError, match="more than 5 times"):
        Fetcher().fetch(f"{site.origin}/")

    assert len(site.paths) == 6


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (answer(404, b"x", Content_Type="text/html"), "status 404"),
        (answer(302), "it redirects"),
        (answer(200, b"x", Content_Type="application/pdf"), "no HTML page"),
        (html(b"x", Content_Encoding="gzip"), "compressed"),
        (html(b"x" * 2_000), "more than 1,000 bytes"),
    ],
    ids=["missing", "no location", "no page", "compressed", "long"],
)
def test_other_answer_is_not_read(site: Site, response: Answer, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.audit.fetch.MAX_PAGE", 1_000)
    site.answers["/"] = response

    with pytest.raises(UnreadableError, match=reason):
        Fetcher().fetch(f"{site.origin}/")


def test_endless_answer_is_not_read_to_its_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.audit.fetch.MAX_PAGE", 1_000)

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            pass

    site.answers["/"] = endless

    with pytest.raises(UnreadableError, match="more than 1,000 bytes"):
        Fetcher().fetch(f"{site.origin}/")


def test_silent_server_is_left(site: Site) -> None:
    done = threading.Event()

    def silent(_: BaseHTTPRequestHandler) -> None:
        done.wait(30)

    site.answers["/"] = silent

    try:
        with pytest.raises(UnreadableError, match="cannot be fetched: TimeoutError"):
            Fetcher(0.3).fetch(f"{site.origin}/")
    finally:
        done.set()


def test_slow_answer_is_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    # A clock by which each look takes a minute.
    clock = iter(range(0, 10_000, 60))
    monkeypatch.setattr("consent_middleware.audit.fetch.time.monotonic", lambda: float(next(clock)))

    with pytest.raises(UnreadableError, match="takes more than 10 seconds"):
        Fetcher().fetch(f"{site.origin}/")


def test_server_that_is_not_there_is_named(site: Site) -> None:
    origin = site.origin
    with serving() as gone:
        origin = gone.origin

    with pytest.raises(UnreadableError, match="cannot be fetched: ConnectionRefusedError"):
        Fetcher().fetch(f"{origin}/")


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("http://Shop.example/a?b", "http://shop.example"),
        ("https://shop.example:443/", "https://shop.example"),
        ("http://shop.example:8080/", "http://shop.example:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://user:secret@shop.example/", ""),
        ("file:///etc/passwd", ""),
        ("http://", ""),
        ("http://shop.example:x/", ""),
        ("http://[bad/", ""),
    ],
)
def test_origin_of_address_that_may_be_asked(address: str, origin: str) -> None:
    assert origin_of(address) == origin
