"""What the writers write, in Chromium: the browser keeps each cookie and sends it byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from playwright.sync_api import BrowserContext

from consent_middleware.writers import WRITERS, WrittenConsent, forms, write
from tests.writers.signs import SITE, state
from tests.writers.test_round_trips import NOW, WRITABLE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: The example of the page, which opens a page with a consent.
(OPEN,) = re.findall(
    r"^```python\n(def open_with.*?)^```$",
    (Path(__file__).parents[2] / "docs" / "testing-consent.md").read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)


class CookieSite:
    """A site that sets the cookies in `lines` and keeps the fields of the last request for its page."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.environ: WSGIEnvironment = {}
        self.address = ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/":
            self.environ = environ
        lines = [("Set-Cookie", line) for line in self.lines] if environ["PATH_INFO"] == "/set" else []
        start_response("200 OK", [("Content-Type", "text/html"), ("Cache-Control", "no-store"), *lines])
        return [b"<!doctype html><title>A page</title>"]


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def cookie_site() -> Iterator[CookieSite]:
    site = CookieSite()
    with make_server("127.0.0.1", 0, site, handler_class=Quiet) as server:
        site.address = f"http://127.0.0.1:{server.server_port}/"
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield site
        server.shutdown()
        thread.join()


def by_response(context: BrowserContext, site: CookieSite, written: WrittenConsent) -> None:
    """Let the server set the cookies."""
    site.lines = [cookie.set_cookie for cookie in written.cookies]
    page = context.new_page()
    page.goto(site.address + "set")
    page.goto(site.address)


def by_script(context: BrowserContext, site: CookieSite, written: WrittenConsent) -> None:
    """Let the page's script set the cookies, as most platforms do."""
    page = context.new_page()
    page.goto(site.address)
    # A script cannot set a cookie that no script may read. The platform with such a cookie is an app on the server.
    lines = [cookie.set_cookie.removesuffix("; HttpOnly") for cookie in written.cookies]
    # Reading waits until the browser has stored what was set; a request does not.
    page.evaluate("lines => { lines.forEach(line => { document.cookie = line }); return document.cookie }", lines)
    page.goto(site.address)


def by_example(context: BrowserContext, site: CookieSite, written: WrittenConsent) -> None:
    """Put the cookies into the browser as the documentation shows."""
    names: dict[str, Callable[..., object]] = {}
    exec(OPEN, names)  # noqa: S102
    names["open_with"](context, site.address, written)


def every_platform_s(form_of_each: Iterable[str | None]) -> WrittenConsent:
    """Return the cookies and fields of all platforms together, each in its form if there is one."""
    written = [
        write(source, state(min(WRITABLE[source][form])), now=NOW, form=form, policy=SITE)
        for source, form in zip(WRITERS, form_of_each, strict=True)
        if form is not None
    ]
    return WrittenConsent(
        tuple(cookie for each in written for cookie in each.cookies),
        tuple(header for each in written for header in each.headers),
    )


#: The first forms of all platforms, the second ones, and so on.
TOGETHER = [every_platform_s(each) for each in zip_longest(*map(forms, WRITERS))]


@pytest.mark.parametrize("written", TOGETHER, ids=range(1, len(TOGETHER) + 1))
@pytest.mark.parametrize("by", [by_response, by_script, by_example])
def test_browser_sends_what_is_written(
    context: BrowserContext,
    cookie_site: CookieSite,
    by: Callable[[BrowserContext, CookieSite, WrittenConsent], None],
    written: WrittenConsent,
) -> None:
    by(context, cookie_site, written)

    assert written.cookies
    assert sorted(cookie_site.environ["HTTP_COOKIE"].split("; ")) == sorted(written.cookie_header.split("; "))
    if by is by_example:
        for name, value in written.headers:
            assert cookie_site.environ[f"HTTP_{name.upper().replace('-', '_')}"] == value
