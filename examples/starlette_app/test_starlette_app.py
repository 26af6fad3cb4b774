"""Tests of the shop as a Starlette site, called as an ASGI application."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from examples.shop import PAGES
from tests import asgi_driver

from . import create_app

WITH_TAG = ("/", "/about", "/csp", "/stream")
OFFICIAL = 'id="hs-script-loader" async defer src="//js.hs-scripts.com/4711.js"'


class Reply(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    chunks: list[bytes]

    @property
    def text(self) -> str:
        return b"".join(self.chunks).decode()

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


async def ask(
    app: Starlette, path: str, *, cookie: str = "", form: dict[str, str] | None = None, host: str = "localhost"
) -> Reply:
    """Send one request to the application and collect what it sends back."""
    headers = [(b"host", host.encode()), (b"content-type", b"application/x-www-form-urlencoded")]
    headers += [(b"cookie", cookie.encode())] if cookie else []
    scope = asgi_driver.full_scope(
        "GET" if form is None else "POST",
        path,
        headers,
        # With a later version, Starlette does not watch for a disconnect while it streams.
        asgi={"version": "3.0", "spec_version": "2.3"},
        client=("127.0.0.1", 50000),
        server=("127.0.0.1", 8002),
    )
    sent = await asgi_driver.call(app, scope, receive=asgi_driver.one_request(urlencode(form or {}).encode()))
    start = next(message for message in sent if message["type"] == "http.response.start")
    return Reply(
        start["status"],
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]],
        [message["body"] for message in sent if message["type"] == "http.response.body" and message.get("body")],
    )


@pytest.fixture
def site() -> Starlette:
    return create_app(portal="4711", pause=0)


@pytest.fixture
def plain() -> Starlette:
    return create_app(portal="4711", pause=0, protected=False)


async def cookie_after(app: Starlette, choice: str) -> str:
    """Return the Cookie header of a visitor after a choice."""
    reply = await ask(app, "/consent", form={"choice": choice, "next": "/about"})
    assert (reply.status, reply.header("location")) == (303, ["/about"])
    return "; ".join(line.partition(";")[0] for line in reply.header("set-cookie"))


@pytest.mark.parametrize("path", WITH_TAG)
async def test_unprotected_page_has_the_official_tag(plain: Starlette, path: str) -> None:
    assert re.sub(' nonce="[^"]+"', "", (await ask(plain, path)).text).count(OFFICIAL) == 1


@pytest.mark.parametrize("path", WITH_TAG)
async def test_new_visitor_gets_blocked_tag_and_one_facade(site: Starlette, path: str) -> None:
    html = (await ask(site, path)).text
    assert ' src="//js.hs-scripts.com' not in html
    assert html.count('data-consent="tracking"') == 1
    assert html.count("<aside data-consent-facade") == 1


@pytest.mark.parametrize("path", WITH_TAG)
async def test_full_consent_leaves_the_page_unchanged(site: Starlette, plain: Starlette, path: str) -> None:
    cookie = await cookie_after(site, "everything")
    texts = [(await ask(app, path, cookie=cookie)).text for app in (site, plain)]
    pages = [re.sub(r"nonce[-=]\"?[\w-]+", "nonce", text) for text in texts]
    assert pages[0] == pages[1]


async def test_streamed_page_arrives_in_chunks(site: Starlette, plain: Starlette) -> None:
    assert not any(OFFICIAL.encode() in chunk for chunk in (await ask(plain, "/stream")).chunks)
    assert len((await ask(plain, "/stream")).chunks) == 5
    assert len((await ask(site, "/stream")).chunks) > 1


async def test_functional_consent_allows_the_chat_alone(site: Starlette) -> None:
    html = (await ask(site, "/", cookie=await cookie_after(site, "functional"))).text
    assert ' src="//js.hs-scripts.com' not in html
    assert re.search(r"live(?:&quot;|\"):{(?:&quot;|\")chat", html)


async def test_withdrawal_refuses_and_forgets_the_click(site: Starlette) -> None:
    reply = await ask(site, "/consent", form={"choice": "withdraw"}, cookie="consent=functional; consent_chat=1")
    lines = reply.header("set-cookie")
    assert [line for line in lines if line.startswith("consent=necessary;")], lines
    assert [line for line in lines if line.startswith("consent_chat=") and "Max-Age=0" in line], lines


async def test_unknown_choice_sets_nothing_and_goes_home(site: Starlette) -> None:
    reply = await ask(site, "/consent", form={"choice": "?", "next": "//elsewhere.example/"})
    assert reply.header("location") == ["/"]
    assert reply.header("set-cookie") == []


async def test_page_without_tag_is_unchanged(site: Starlette, plain: Starlette) -> None:
    assert (await ask(site, "/contact")).text == (await ask(plain, "/contact")).text
    assert "hs-script" not in (await ask(site, "/contact")).text
    assert "Thank you" in (await ask(site, "/contact", form={"message": "Hello"})).text


async def test_strict_page_gives_the_facade_its_nonce(site: Starlette) -> None:
    reply = await ask(site, "/csp")
    nonce = re.search("'nonce-([^']+)' 'strict-dynamic'", reply.header("content-security-policy")[0])
    facade = re.search("<script[^>]+/_consent/facade[^>]+>", reply.text)
    assert nonce is not None
    assert facade is not None
    assert f'nonce="{nonce[1]}"' in facade[0]


async def test_menu_pages_are_found_under_any_host_name(site: Starlette) -> None:
    for path, _ in PAGES:
        assert (await ask(site, path, host="shop.example")).status == 200
    assert (await ask(site, "/static/site.css")).status == 200
