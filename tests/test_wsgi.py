"""The WSGI adapter: the rules of PEP 3333 for middleware that changes bodies."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from consent_middleware import Plan, Policy, Purpose
from consent_middleware.wsgi import PLAN_KEY, ConsentMiddleware
from tests.engines import engine_for
from tests.gateways import Chunks, Request, run_wsgi
from tests.pages import BLOCKED_LOADER, BLOCKED_SCRIPT, LOADER, page

POLICY = Policy(contact_url="/contact", guard="auto")
HTML = [("Content-Type", "text/html")]
FULL = Request.with_cookie("consent=functional,analytics,marketing")
StartResponse = Callable[..., Callable[[bytes], object]]


class Server:
    """A server that starts one response and records what it gets."""

    def __init__(self) -> None:
        self.heads: list[tuple[str, dict[str, str]]] = []
        self.exc_infos: list[Any] = []
        self.written: list[bytes] = []

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.heads.append((status, dict(headers)))
        self.exc_infos.append(exc_info)
        return self.written.append


def environ(**extra: Any) -> dict[str, Any]:
    return {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", **extra}


def starting(body: Any, headers: list[tuple[str, str]] = HTML, status: str = "200 OK") -> Any:
    def app(environ: dict[str, Any], start_response: StartResponse) -> Any:
        start_response(status, list(headers))
        return body

    return app


def test_unchanged_body_is_the_same_iterable() -> None:
    for given, headers in ((Chunks(b"{}"), [("Content-Type", "application/json")]), ([page()], HTML)):
        passed = ConsentMiddleware(starting(given, headers), POLICY)(environ(), Server().start_response)

        assert passed is given


def test_allowed_page_is_the_same_iterable() -> None:
    given = Chunks(page(LOADER))

    passed = ConsentMiddleware(starting(given), POLICY)(
        environ(HTTP_COOKIE="consent=functional,analytics,marketing"), Server().start_response
    )

    assert passed is given


def test_each_chunk_of_the_app_gives_one_chunk() -> None:
    chunks = [b"<p>", b"", b"one</p><scr", b'ipt src="//js.hs-', b'scripts.com/1.js"></script>', b"<p>two"]
    body = Chunks(*chunks)
    iterator = iter(ConsentMiddleware(starting(body), POLICY)(environ(), Server().start_response))

    out = []
    for count in range(1, len(chunks) + 1):
        out.append(next(iterator))
        assert body.taken == count
    rest = list(iterator)

    assert out[0] == b"<p>"
    assert out[3] == b""
    assert len(rest) == 1
    assert rest[0].startswith(b"<aside") or b"<aside" in out[-1] + rest[0]


def test_first_chunk_leaves_before_the_second_is_made() -> None:
    body = Chunks(b"<p>first</p>", b"<p>second</p>")
    iterator = iter(ConsentMiddleware(starting(body), POLICY)(environ(), Server().start_response))

    assert next(iterator) == b"<p>first</p>"
    assert body.taken == 1


def test_head_is_sent_before_the_call_returns() -> None:
    for given in (Chunks(page(LOADER)), [page(LOADER)], Chunks()):
        server = Server()

        ConsentMiddleware(starting(given), POLICY)(environ(), server.start_response)

        assert [status for status, _ in server.heads] == ["200 OK"]


def test_length_is_exact_or_missing() -> None:
    html = page(LOADER)
    length = [*HTML, ("Content-Length", str(len(html)))]
    for given, headers, exact in (
        (Chunks(html), length, True),
        ([html], length, True),
        ([html[:99], html[99:]], HTML, True),
        (Chunks(html[:99], html[99:]), length, False),
        (Chunks(html), HTML, False),
    ):
        server = Server()

        body = b"".join(ConsentMiddleware(starting(given, headers), POLICY)(environ(), server.start_response))

        assert body.startswith(page(BLOCKED_LOADER)[:200])
        assert server.heads[0][1].get("Content-Length") == (str(len(body)) if exact else None)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_body_may_be_a_bytearray_or_memoryview(kind: Callable[[bytes], Any]) -> None:
    html = page(LOADER)
    length = [*HTML, ("Content-Length", str(len(html)))]
    for _ in range(3):
        for given in ([kind(html)], Chunks(kind(html))):
            passed = ConsentMiddleware(starting(given, length), POLICY)(environ(), Server().start_response)

            assert BLOCKED_SCRIPT in b"".join(passed)


def test_app_may_start_when_iterated() -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("404 Not Found", [*HTML, ("Content-Length", "1")])
        yield page(LOADER)

    server = Server()

    body = b"".join(ConsentMiddleware(app, POLICY)(environ(), server.start_response))

    assert body.startswith(page(BLOCKED_LOADER)[:200])
    assert server.heads[0][0] == "404 Not Found"
    assert "Content-Length" not in server.heads[0][1]


def test_app_that_starts_late_may_yield_nothing() -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("302 Found", [("Location", "/x"), ("Set-Cookie", "__hstc=1")])
        yield from ()

    server = Server()

    assert list(ConsentMiddleware(app, POLICY)(environ(), server.start_response)) == []
    assert server.heads == [("302 Found", {"Location": "/x"})]


def test_written_bytes_are_rewritten_and_come_first() -> None:
    html = page(LOADER)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        write = start_response("200 OK", HTML)
        write(html[:170])
        write(html[170:200])
        return [html[200:]]

    result = run_wsgi(ConsentMiddleware(app, POLICY), Request())

    assert result.body.startswith(page(BLOCKED_LOADER)[:300])
    assert result.body.count(b"<aside") == 1


def test_second_start_replaces_an_unsent_head() -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise ValueError("late")
        except ValueError:
            start_response("500 Error", HTML, sys.exc_info())
        return [page(LOADER)]

    server = Server()

    body = b"".join(ConsentMiddleware(app, POLICY)(environ(), server.start_response))

    assert body.startswith(page(BLOCKED_LOADER)[:200])
    assert [status for status, _ in server.heads] == ["500 Error"]
    assert server.exc_infos[0][0] is ValueError


def test_traceback_is_dropped_with_the_head() -> None:
    class Late(Exception):  # noqa: N818 - a subclass, because a built-in exception takes no weak reference
        pass

    kept: list[Any] = []
    raised: list[weakref.ref[Late]] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        kept.append(start_response)
        try:
            raise Late
        except Late as error:
            raised.append(weakref.ref(error))
            start_response("500 Error", HTML, sys.exc_info())
        return [b"<p>"]

    def start(status: str, headers: Any, exc_info: Any = None) -> Any:
        assert exc_info

    assert list(ConsentMiddleware(app, POLICY)(environ(), start)) == [b"<p>"]
    assert kept
    assert raised[0]() is None


def test_late_second_start_is_left_to_the_server() -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", HTML)
        yield b"<p>"
        try:
            raise ValueError("late")
        except ValueError:
            start_response("500 Error", HTML, sys.exc_info())
        yield b"never"  # pragma: no cover - the server raises

    class Strict(Server):
        def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if exc_info:
                raise exc_info[1].with_traceback(exc_info[2])
            return super().start_response(status, headers)

    iterator = iter(ConsentMiddleware(app, POLICY)(environ(), Strict().start_response))

    assert next(iterator) == b"<p>"
    with pytest.raises(ValueError, match="late"):
        next(iterator)


def test_second_start_without_exc_info_is_an_error() -> None:
    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", HTML)
        start_response("200 OK", HTML)
        return []  # pragma: no cover

    with pytest.raises(AssertionError, match="PEP 3333"):
        ConsentMiddleware(app, POLICY)(environ(), Server().start_response)


@pytest.mark.parametrize("taken", [0, 1, 9])
def test_iterable_is_closed_once_at_any_point(taken: int) -> None:
    body = Chunks(page(LOADER), b"<p>")
    iterable: Any = ConsentMiddleware(starting(body), POLICY)(environ(), Server().start_response)
    iterator = iter(iterable)
    for _ in range(taken):
        next(iterator, None)

    iterable.close()

    assert body.closed == 1


def test_iterable_without_close_is_accepted() -> None:
    iterable: Any = ConsentMiddleware(starting(iter([b"<p>"])), POLICY)(environ(), Server().start_response)

    iterable.close()

    assert list(iterable) == [b"<p>"]


def test_error_in_the_body_leaves_the_page_unfinished() -> None:
    body = Chunks(page(LOADER)[:-20], error=RuntimeError("broken"))
    iterable: Any = ConsentMiddleware(starting(body), POLICY)(environ(), Server().start_response)
    iterator = iter(iterable)
    next(iterator)

    with pytest.raises(RuntimeError, match="broken"):
        next(iterator)
    iterable.close()

    assert body.closed == 1


def test_error_before_the_first_chunk_closes() -> None:
    body = Chunks(error=RuntimeError("broken"))
    headers = [*HTML, ("Content-Length", "10")]

    with pytest.raises(RuntimeError, match="broken"):
        ConsentMiddleware(starting(body, headers), POLICY)(environ(), Server().start_response)

    assert body.closed == 1


def test_body_ends_once() -> None:
    iterator = iter(ConsentMiddleware(starting(Chunks(page(LOADER))), POLICY)(environ(), Server().start_response))
    list(iterator)

    assert list(iterator) == []


def test_app_gets_the_plan_in_the_servers_environ() -> None:
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ)
        start_response("200 OK", HTML)
        return []

    given = environ(HTTP_COOKIE="consent_chat=1")
    ConsentMiddleware(app, POLICY)(given, Server().start_response)

    assert seen[0] is given
    assert isinstance(given[PLAN_KEY], Plan)
    assert given[PLAN_KEY].allows(Purpose.CHAT)


def test_app_gets_changed_fields_in_a_copy() -> None:
    seen: list[dict[str, Any]] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ)
        start_response("304 Not Modified", [("ETag", '"v1"')])
        return []

    server = Server()
    tag = f'"v1--consent-c0t0e0-{engine_for(POLICY).fingerprint}"'
    given = environ(
        HTTP_ACCEPT="text/html",
        HTTP_ACCEPT_ENCODING="compress, gzip;q=0.8, dcz",
        HTTP_IF_NONE_MATCH=tag,
        HTTP_IF_MODIFIED_SINCE="Wed, 09 Jun 2021 10:18:14 GMT",
        HTTP_RANGE="bytes=0-9",
        CONTENT_TYPE="a/b",
    )
    ConsentMiddleware(app, POLICY)(given, server.start_response)

    assert seen[0] is not given
    assert seen[0]["HTTP_IF_NONE_MATCH"] == '"v1"'
    assert seen[0]["HTTP_ACCEPT_ENCODING"] == "gzip;q=0.8"
    assert seen[0]["CONTENT_TYPE"] == "a/b"
    assert not {"HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE"} & seen[0].keys()
    assert given["HTTP_ACCEPT_ENCODING"] == "compress, gzip;q=0.8, dcz"
    assert server.heads == [("304 Not Modified", {"ETag": tag, "Vary": "Cookie, Sec-GPC"})]


def test_inner_instance_does_nothing() -> None:
    inner = ConsentMiddleware(starting([page(LOADER)]), POLICY)

    result = run_wsgi(ConsentMiddleware(inner, POLICY), Request())

    assert result.body.count(b"<aside") == 1


def test_script_is_below_the_mount() -> None:
    app = ConsentMiddleware(starting([page(LOADER)]), POLICY)
    body = b"".join(app(environ(SCRIPT_NAME="/caf\xc3\xa9 x"), Server().start_response))

    assert b'<script src="/caf%C3%A9%20x/_consent/facade.' in body


def test_defaults_protect_without_a_policy() -> None:
    result = run_wsgi(ConsentMiddleware(starting([page(LOADER)])), Request())

    assert BLOCKED_SCRIPT in result.body


def test_status_without_a_number_is_accepted() -> None:
    result: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        result.append(status)

    body = b"".join(ConsentMiddleware(starting([page(LOADER)], status="odd"), POLICY)(environ(), start_response))

    assert result == ["odd"]
    assert BLOCKED_SCRIPT in body


def test_environ_is_freed_after_the_request() -> None:
    class Environ(dict):  # type: ignore[type-arg]
        pass

    given = Environ(environ())
    iterable: Any = ConsentMiddleware(starting(Chunks(page(LOADER))), POLICY)(given, Server().start_response)
    list(iterable)
    iterable.close()
    watched = weakref.ref(given)
    del given, iterable
    gc.collect()

    assert watched() is None


def test_head_response_gives_the_server_no_length() -> None:
    """A server takes the length of a list with one value as that of the page (RFC 9110, section 8.6)."""
    passed = ConsentMiddleware(starting([b""], [*HTML, ("Content-Length", "99")]), POLICY)(
        environ(REQUEST_METHOD="HEAD"), Server().start_response
    )

    assert not hasattr(passed, "__len__")
    assert list(passed) == [b""]
