"""The aiohttp adapter: streams, files, compression, HTTP/1.0, error pages, sub-apps, and wrong arguments."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import consent_middleware.aiohttp
from consent_middleware import Policy, PolicyError, Purpose
from consent_middleware.aiohttp import ENGINE, plan_of, setup
from tests.aiohttp_driver import call, received_by
from tests.pages import BLOCKED_SCRIPT, LOADER, TAG_MANAGER, page

TAGGED = page(LOADER)
BIG = page(LOADER + b"<p>bicycles</p>" * 50_000)
FULL = [("Cookie", "consent=functional,analytics,marketing")]
HTML = {"Content-Type": "text/html; charset=utf-8"}


def site(view: Any, **settings: Any) -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/", view)
    setup(app, contact_url="/contact", **settings)
    return app


def field(head: list[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in head if key == name]


# Whole bodies and streams


async def test_stream_is_rewritten_chunk_by_chunk() -> None:
    go_on = asyncio.Event()

    async def view(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=HTML)
        await response.prepare(request)
        first, last = TAGGED[:-20], TAGGED[-20:]
        await response.write(first)
        await go_on.wait()
        await response.write(b"")
        await response.write_eof(last)
        return response

    async with TestClient(TestServer(site(view))) as client:
        response = await client.get("/")
        begun = await response.content.readuntil(b"End of HubSpot Embed Code")
        assert BLOCKED_SCRIPT.split(b"\n")[0] in begun
        go_on.set()
        assert (await response.content.read()).rstrip().endswith(b"</html>")


async def chunks() -> AsyncIterator[bytes]:
    yield TAGGED[:150]
    yield TAGGED[150:]


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("body", [TAGGED, BIG, None], ids=["small", "big", "iterator"])
@pytest.mark.parametrize("headers", [[], FULL], ids=["without consent", "with consent"])
async def test_body_of_any_kind_arrives_complete(version: str, body: bytes | None, headers: Any) -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body or chunks(), headers=HTML)

    status, _, received = await call(site(view), headers=headers, version=version)

    wanted = body or TAGGED
    assert status == 200
    assert (received == wanted) is bool(headers)
    assert (BLOCKED_SCRIPT in received) is not bool(headers)
    assert received.endswith(wanted[-8:])


@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_stream_with_a_length_arrives_complete(version: str) -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={**HTML, "Content-Length": str(len(TAGGED))})
        await response.prepare(request)
        for part in (TAGGED[:150], TAGGED[150:]):
            await response.write(part)
        return response

    _, head, received = await call(site(view), version=version)

    assert BLOCKED_SCRIPT in received
    assert received.endswith(b"</html>\n")
    assert field(head, "content-length") == ([str(len(received))] if version == "1.0" else [])


@pytest.mark.parametrize("body", [TAGGED, BIG, None], ids=["small", "big", "iterator"])
async def test_compressed_body_is_rewritten(body: bytes | None) -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        response = web.Response(body=body or chunks(), headers=HTML)
        response.enable_compression()
        return response

    _, head, received = await call(site(view), headers=[("Accept-Encoding", "gzip")])

    assert field(head, "content-encoding") == ["gzip"]
    assert BLOCKED_SCRIPT in gzip.decompress(received)


@pytest.mark.parametrize("streams", [False, True])
async def test_head_request_gets_no_body_and_no_length(streams: bool) -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        return web.StreamResponse(headers=HTML) if streams else web.Response(body=TAGGED, headers=HTML)

    received = await received_by(site(view), "HEAD")

    assert received.endswith(b"\r\n\r\n")
    assert b"content-length" not in received.lower()
    assert b"transfer-encoding" not in received.lower()


async def test_connection_is_kept_for_the_next_request() -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        return web.Response(body=TAGGED, headers=HTML)

    async with TestClient(TestServer(site(view))) as client:
        for _ in range(3):
            assert BLOCKED_SCRIPT in await (await client.get("/")).read()
        assert len(client.session.connector._conns) == 1  # type: ignore[union-attr]


# Files


@pytest.mark.parametrize("body", [TAGGED, BIG, b""], ids=["small", "big", "empty"])
@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_file_that_is_a_page_is_rewritten(tmp_path: Path, body: bytes, version: str) -> None:
    (tmp_path / "page.html").write_bytes(body)
    app = web.Application()
    app.router.add_static("/files", tmp_path)
    setup(app, contact_url="/contact")

    status, head, received = await call(app, path="/files/page.html", version=version)
    (tag,) = field(head, "etag")
    again, _, _ = await call(app_of(tmp_path), path="/files/page.html", headers=[("If-None-Match", tag)])
    other, _, _ = await call(app_of(tmp_path), path="/files/page.html", headers=[("If-None-Match", tag), *FULL])

    assert (status, again, other) == (200, 304, 200)
    assert (BLOCKED_SCRIPT in received) is bool(body)
    assert received.endswith(body[-8:])


def app_of(folder: Path, **settings: Any) -> web.Application:
    app = web.Application()
    app.router.add_static("/files", folder)
    setup(app, contact_url="/contact", **settings)
    return app


async def test_other_file_is_left_to_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "picture.png").write_bytes(BIG)
    seen: list[bool] = []
    read = web.FileResponse._sendfile

    async def sendfile(response: web.FileResponse, *arguments: Any) -> Any:
        try:
            return await read(response, *arguments)
        finally:
            seen.append(response.compression)

    monkeypatch.setattr(web.FileResponse, "_sendfile", sendfile)

    _, head, received = await call(app_of(tmp_path), path="/files/picture.png")

    assert received == BIG
    assert seen == [False]
    assert field(head, "content-length") == [str(len(BIG))]


async def test_file_that_is_compressed_already_is_rewritten(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(TAGGED)
    (tmp_path / "page.html.gz").write_bytes(gzip.compress(TAGGED))

    _, _, received = await call(app_of(tmp_path), path="/files/page.html", headers=[("Accept-Encoding", "gzip")])

    assert BLOCKED_SCRIPT in gzip.decompress(received)


# Errors, other protocols, and the request


async def test_pages_of_errors_are_covered() -> None:
    app = web.Application()

    @web.middleware
    async def own_pages(request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            return await handler(request)  # type: ignore[no-any-return]
        except web.HTTPException as error:
            return web.Response(status=error.status, body=TAGGED, headers=HTML)

    @web.middleware
    async def closed(request: web.Request, handler: Any) -> web.StreamResponse:
        return web.Response(status=503, body=TAGGED, headers=HTML)

    async def refuse(request: web.Request) -> web.StreamResponse:
        raise web.HTTPForbidden(text=TAGGED.decode(), content_type="text/html")

    app.router.add_get("/refused", refuse)
    setup(app, contact_url="/contact")
    refused, _, own = await call(app, path="/refused")
    app = web.Application(middlewares=[own_pages])
    setup(app, contact_url="/contact")
    missing, _, page_of_site = await call(app, path="/nothing")

    app = web.Application(middlewares=[closed])
    setup(app, contact_url="/contact")
    _, _, page_of_middleware = await call(app)

    assert (refused, missing) == (403, 404)
    assert BLOCKED_SCRIPT in page_of_middleware
    assert BLOCKED_SCRIPT in own
    assert BLOCKED_SCRIPT in page_of_site


@pytest.mark.parametrize("is_page", [True, False])
async def test_unhandled_exception_gets_aiohttps_page(is_page: bool) -> None:
    async def fail(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "5", **(HTML if is_page else {})})
        if is_page:
            # The head waits for the first chunk, so nothing is sent yet.
            await response.prepare(request)
        raise ZeroDivisionError

    status, _, body = await call(site(fail))

    assert status == 500
    assert b"500 Internal Server Error" in body


@pytest.mark.parametrize("is_page", [True, False])
async def test_exception_after_the_head_sends_no_second_head(is_page: bool) -> None:
    async def fail(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=HTML if is_page else {})
        await response.prepare(request)
        raise ZeroDivisionError

    assert (await received_by(site(fail))).count(b"HTTP/1.1 ") == 1


async def test_websocket_passes_and_its_cookies_are_filtered() -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        socket.set_cookie("__hstc", "1")
        await socket.prepare(request)
        await socket.send_str((await socket.receive_str()).upper())
        return socket

    async with TestClient(TestServer(site(view))) as client, client.ws_connect("/") as socket:
        await socket.send_str("echo")
        assert await socket.receive_str() == "ECHO"
        assert "__hstc" not in socket._response.cookies


async def test_app_sees_the_plan_and_its_own_cookies() -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        chat = plan_of(request).allows(Purpose.CHAT)
        return web.json_response({"chat": chat, "cookies": sorted(request.cookies), "name": request.match_info["name"]})

    app = web.Application()
    app.router.add_get("/{name}", view)
    setup(app, contact_url="/contact", hide_cookies=True)
    headers = [("Cookie", "a=1; __hstc=2; consent=functional"), ("X-Name", "caf\u00e9")]

    _, _, body = await call(app, path="/shop", headers=headers)

    assert json.loads(body) == {"chat": True, "cookies": ["a", "consent"], "name": "shop"}


async def test_bytes_that_are_no_utf8_are_no_error() -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        return web.Response(body=TAGGED, headers=HTML)

    headers = [("Cookie", "__hstc=\xe9; consent=necessary; \xff=1"), ("Referer", "\xe9\xff")]

    status, _, body = await call(site(view, hide_cookies=True), path="/?%E9", headers=headers)

    assert status == 200
    assert BLOCKED_SCRIPT in body


async def test_own_cookies_and_fields_of_signals_are_filtered() -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        response = web.Response(body=TAGGED, headers=HTML)
        response.set_cookie("session", "1")
        response.set_cookie("__hstc", "1")
        return response

    async def sign(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.add("Set-Cookie", "hubspotutk=1")
        response.headers["X-Signed"] = "yes"

    app = site(view)
    app.on_response_prepare.append(sign)

    _, head, _ = await call(app)

    assert field(head, "set-cookie") == ["session=1; Path=/"]
    assert field(head, "x-signed") == ["yes"]


# Sub-apps


def with_sub_app(*, outer: bool, inner: bool) -> tuple[web.Application, web.Application]:
    async def view(request: web.Request) -> web.StreamResponse:
        return web.Response(body=TAGGED, headers=HTML)

    app, sub = web.Application(), web.Application()
    sub.router.add_get("/", view)
    if inner:
        setup(sub, contact_url="/inner")
    app.add_subapp("/shop/", sub)
    if outer:
        setup(app, contact_url="/outer")
    return app, sub


@pytest.mark.parametrize("inner", [False, True])
async def test_outer_app_does_the_work(inner: bool, caplog: pytest.LogCaptureFixture) -> None:
    app, _ = with_sub_app(outer=True, inner=inner)

    _, _, body = await call(app, path="/shop/")

    assert body.count(b"<aside data-consent-facade") == 1
    assert b'href="/outer"' in body
    assert "behind-route" not in caplog.text


async def test_sub_app_alone_says_what_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    app, sub = with_sub_app(outer=False, inner=True)

    _, _, body = await call(app, path="/shop/")

    assert BLOCKED_SCRIPT in body
    assert sub[ENGINE].notices.counts == {"behind-route": 1}
    assert "Call setup with the root app" in caplog.text


# Arguments


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((Policy(),), {}, r"\(CM076\) .*; write setup\(app, policy\)"),
        (("app",), {}, r"\(CM077\) app is of type str; it must be an aiohttp Application"),
        ((web.Application(), {}), {}, r"\(CM075\) policy is a dict"),
        ((web.Application(), Policy()), {"language": "de"}, r"\(CM012\)"),
        ((web.Application(),), {"langage": "de"}, r"\(CM011\) langage is not a setting; did you mean language\?"),
    ],
)
def test_wrong_argument_is_an_error(arguments: Any, settings: Any, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        setup(*arguments, **settings)


def test_second_setup_of_one_app_is_an_error() -> None:
    app = web.Application()
    setup(app, Policy(contact_url="/contact"))

    with pytest.raises(PolicyError, match="CM013"):
        setup(app)


async def test_plan_without_setup_is_an_error() -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        with pytest.raises(PolicyError, match=r"\(CM087\) .*; write consent_middleware.aiohttp.setup\(app\)"):
            plan_of(request)
        return web.Response(text="caught")

    app = web.Application()
    app.router.add_get("/", view)

    assert (await call(app))[2] == b"caught"


async def test_notices_are_counted_by_the_apps_engine() -> None:
    async def view(request: web.Request) -> web.StreamResponse:
        return web.Response(status=206, body=page(head=TAG_MANAGER), headers=HTML)

    app = site(view)

    await call(app)

    assert app[consent_middleware.aiohttp.ENGINE].notices.counts == {"partial-html": 1}
