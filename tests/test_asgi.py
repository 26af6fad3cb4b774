"""The ASGI adapter: messages, their order, and the objects that pass unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from consent_middleware import Plan, Policy, Purpose
from consent_middleware.asgi import PLAN_KEY, ConsentMiddleware
from tests.asgi_driver import body_of, call, chunk, scope, sending, start, unread
from tests.gateways import Request, run_asgi
from tests.pages import BLOCKED_LOADER, LOADER, page

POLICY = Policy(contact_url="/contact", guard="auto")
HTML = [(b"content-type", b"text/html")]


async def run(messages: list[dict[str, Any]], given: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the messages that the server gets when an app sends `messages`."""
    return await call(ConsentMiddleware(sending(messages), POLICY), given, receive=unread)


async def test_head_without_a_length_is_sent_at_once() -> None:
    order: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(*HTML))
        order.append("after start")
        await send(chunk(b"<p>", True))
        order.append("after body")
        await send(chunk(b""))

    async def send(message: Any) -> None:
        order.append(message["type"])

    async def receive() -> Any:
        return {}  # pragma: no cover

    await ConsentMiddleware(app, POLICY)(scope(), receive, send)

    assert order == [
        "http.response.start", "after start", "http.response.body", "after body", "http.response.body"
    ]  # fmt: skip


async def test_whole_page_gets_an_exact_length() -> None:
    html = page(LOADER)

    sent = await run([start(*HTML, (b"content-length", b"%d" % len(html))), chunk(html)])

    assert (b"content-length", b"%d" % len(sent[1]["body"])) in sent[0]["headers"]
    assert BLOCKED_LOADER in sent[1]["body"]


async def test_clean_page_is_the_same_message() -> None:
    messages = [start(*HTML, (b"content-length", b"%d" % len(page()))), chunk(page())]

    sent = await run(messages)

    assert sent[1] is messages[1]
    assert (b"content-length", b"%d" % len(page())) in sent[0]["headers"]


async def test_page_of_declared_length_is_whole_at_once() -> None:
    length = (b"content-length", b"%d" % len(page(LOADER)))
    given = [start(*HTML, length), chunk(page(LOADER), True), chunk(b"")]
    sent = await run(given)
    assert dict(sent[0]["headers"])[b"content-length"] == b"%d" % len(body_of(sent))
    assert BLOCKED_LOADER in body_of(sent)
    assert [message["more_body"] for message in sent[1:]] == [True, False]
    assert sent[2] is given[2]


async def test_clean_page_with_an_empty_end_is_the_same() -> None:
    given = [start(*HTML, (b"content-length", b"%d" % len(page()))), chunk(page(), True), chunk(b"")]
    sent = await run(given)
    assert dict(sent[0]["headers"])[b"content-length"] == b"%d" % len(page())
    assert sent[1] is given[1]
    assert sent[2] is given[2]


async def test_page_in_several_messages_loses_its_length() -> None:
    html = page(LOADER)
    cut = html.index(b"async")

    sent = await run([start(*HTML, (b"content-length", b"9")), chunk(html[:cut], True), chunk(html[cut:])])

    assert [message["type"] for message in sent] == ["http.response.start"] + 2 * ["http.response.body"]
    assert [message["more_body"] for message in sent[1:]] == [True, False]
    assert not [pair for pair in sent[0]["headers"] if pair[0] == b"content-length"]
    assert BLOCKED_LOADER in body_of(sent)


async def test_unchanged_messages_are_the_same_objects() -> None:
    messages = [start((b"content-type", b"application/json")), chunk(b"{", True), {"type": "http.response.body"}]

    sent = await run(messages)

    assert sent[1] is messages[1]
    assert sent[2] is messages[2]


async def test_optional_keys_may_be_missing() -> None:
    sent = await run([{"type": "http.response.start", "status": 200}, {"type": "http.response.body"}])
    head = {"type": "http.response.start", "status": 200, "headers": iter(HTML)}
    html = await run([head, {"type": "http.response.body"}])

    assert sent[0]["headers"] == []
    assert body_of(html) == b""


async def test_headers_may_be_lists_and_bodies_memoryviews() -> None:
    html = page(LOADER)
    head = {"type": "http.response.start", "status": 200, "headers": [[b"content-type", b"text/html"]]}

    sent = await run([head, {"type": "http.response.body", "body": memoryview(html)}])

    assert BLOCKED_LOADER in body_of(sent)


async def test_messages_are_not_changed_in_place() -> None:
    headers = [(b"content-type", b"text/html"), (b"content-length", b"9"), (b"set-cookie", b"__hstc=1")]
    message = {"type": "http.response.start", "status": 200, "headers": headers}
    before = list(headers)

    for _ in range(2):
        await run([message, chunk(page(LOADER))])

    assert headers == before
    assert message["headers"] is headers


async def test_app_may_reuse_one_message() -> None:
    html = page(LOADER)
    sent: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = start((b"content-type", b"text/html"), (b"content-length", b"%d" % len(html)))
        await send(message)
        message.clear()
        message.update(chunk(html))
        await send(message)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await ConsentMiddleware(app, POLICY)(scope(), None, send)
    assert sent == ["http.response.start", "http.response.body"]


async def test_unknown_messages_keep_their_place() -> None:
    unknown = {"type": "http.response.unheard-of"}
    trailers = {"type": "http.response.trailers", "headers": [], "more_trailers": False}
    hint = {"type": "http.response.early_hint", "links": []}

    sent = await run([hint, start(*HTML, (b"content-length", b"3")), unknown, chunk(b"<p>"), trailers])

    assert [message["type"] for message in sent] == [
        "http.response.early_hint",
        "http.response.start",
        "http.response.unheard-of",
        "http.response.body",
        "http.response.trailers",
    ]
    assert (sent[0], sent[2], sent[4]) == (hint, unknown, trailers)


async def test_head_without_a_body_is_sent() -> None:
    sent = await run([start(*HTML, (b"content-length", b"3"))])

    assert [message["type"] for message in sent] == ["http.response.start"]


@pytest.mark.parametrize("kind", ["lifespan", "websocket", "something-new"])
async def test_other_scopes_pass_as_the_same_objects(kind: str) -> None:
    seen: list[Any] = []

    async def app(*arguments: Any) -> None:
        seen.extend(arguments)

    async def receive() -> Any:
        return {}  # pragma: no cover

    async def send(message: Any) -> None:
        return None  # pragma: no cover

    given = {"type": kind}
    await ConsentMiddleware(app, POLICY)(given, receive, send)

    assert seen[0] is given
    assert seen[1] is receive
    assert seen[2] is send


async def test_app_gets_the_plan_in_a_copy_of_the_scope() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    given = scope((b"cookie", b"consent_chat=1"), extensions={"a": {}}, state={"b": 1})
    await call(ConsentMiddleware(app, POLICY), given)

    assert isinstance(seen[0][PLAN_KEY], Plan)
    assert seen[0][PLAN_KEY].allows(Purpose.CHAT)
    assert seen[0]["state"] is given["state"]
    assert seen[0]["extensions"] is given["extensions"]
    assert PLAN_KEY not in given


async def test_scope_of_the_server_is_not_changed() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["state"]["consent_plan"] is scope[PLAN_KEY]

    given = scope()
    before = dict(given)
    await call(ConsentMiddleware(app, POLICY), given)

    assert given == before


async def test_several_cookie_headers_are_read() -> None:
    sent = await run(
        [start(*HTML), chunk(page(LOADER))],
        scope((b"cookie", b"consent=functional,analytics,marketing;"), (b"cookie", b"consent=necessary")),
    )

    assert BLOCKED_LOADER in body_of(sent)


async def test_error_before_the_head_sends_nothing() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(*HTML, (b"content-length", b"3")))
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await call(ConsentMiddleware(app, POLICY), sent=sent)

    assert sent == []


async def test_error_in_the_body_leaves_the_page_unfinished() -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(*HTML))
        await send(chunk(page(LOADER)[:-20], True))
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await call(ConsentMiddleware(app, POLICY), sent=sent)

    assert sent[-1]["more_body"] is True
    assert b"<aside" not in body_of(sent)


@pytest.mark.parametrize("with_length", [False, True])
async def test_path_of_html_is_rewritten(tmp_path: Path, with_length: bool) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(page(LOADER))
    length = [(b"content-length", b"9")] if with_length else []

    sent = await run([start(*HTML, *length), {"type": "http.response.pathsend", "path": str(path)}])

    assert BLOCKED_LOADER in body_of(sent)
    assert sent[-1]["more_body"] is False
    assert not [pair for pair in sent[0]["headers"] if pair[0] == b"content-length"]


async def test_path_of_anything_else_goes_to_the_server(tmp_path: Path) -> None:
    message = {"type": "http.response.pathsend", "path": str(tmp_path / "a.png")}

    sent = await run([start((b"content-type", b"image/png")), message])

    assert sent[1] is message


async def test_descriptor_of_html_is_read_from_offset(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"skipped" + page(LOADER) + b"left")
    with path.open("rb") as file:
        parts: list[dict[str, Any]] = [
            {"type": "http.response.zerocopysend", "file": file, "offset": 7, "count": 150, "more_body": True},
            {"type": "http.response.zerocopysend", "file": file.fileno(), "count": len(page(LOADER)) - 150},
        ]
        sent = await run([start(*HTML), *parts])

    assert BLOCKED_LOADER in body_of(sent)
    assert b"skipped" not in body_of(sent)
    assert b"left" not in body_of(sent)
    assert sent[-1]["more_body"] is False


async def test_descriptor_without_a_count_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(page(LOADER))
    with path.open("rb") as file:
        sent = await run([start(*HTML), {"type": "http.response.zerocopysend", "file": file}])

    assert BLOCKED_LOADER in body_of(sent)


def test_files_are_read_on_any_event_loop(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(page(LOADER))
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(*HTML))
        await send({"type": "http.response.pathsend", "path": str(path)})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {}  # pragma: no cover

    # A coroutine that never suspends needs no event loop. So this is like a loop other than asyncio's.
    with pytest.raises(StopIteration):
        ConsentMiddleware(app, POLICY)(scope(), receive, send).send(None)

    assert BLOCKED_LOADER in body_of(sent)


def test_inner_instance_does_nothing() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(*HTML))
        await send(chunk(page(LOADER)))

    result = run_asgi(ConsentMiddleware(ConsentMiddleware(app, POLICY), POLICY), Request())

    assert result.body.count(b"<aside") == 1


@pytest.mark.parametrize(
    ("root", "path"), [("/shop", "/shop/_consent/{}"), ("/shop", "/_consent/{}"), ("", "/_consent/{}")]
)
def test_script_is_below_the_mount(root: str, path: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start(*HTML))
        await send(chunk(page(LOADER)))

    protected = ConsentMiddleware(app, POLICY)
    html = run_asgi(protected, Request(), root_path=root)
    src = html.text.partition('<script src="/')[2].partition('"')[0]
    script = run_asgi(protected, Request(path=path.format(src.rpartition("/")[2])), root_path=root)

    assert f"/{src}".startswith(f"{root}/_consent/facade.")
    assert script.all("content-type") == ["text/javascript; charset=utf-8"]
