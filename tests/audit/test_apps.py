"""App objects: WSGI and ASGI, wrapped or not, asked in this process."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from consent_middleware.audit.apps import ask
from consent_middleware.audit.pages import Auditor, Page

from . import site


class AsyncApp:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await site.asgi_app(scope, receive, send)


def plain_asgi(scope: Any, receive: Any, send: Any) -> Any:
    return site.asgi_app(scope, receive, send)


def any_arguments(*arguments: Any) -> Any:
    return site.wsgi_app(*arguments)


@pytest.mark.parametrize(
    ("app", "faults"),
    [
        (site.wsgi_app, ["hubspot.cookie", "hubspot.loader"]),
        (site.asgi_app, ["hubspot.cookie", "hubspot.loader"]),
        (partial(site.wsgi_app), ["hubspot.cookie", "hubspot.loader"]),
        (any_arguments, ["hubspot.cookie", "hubspot.loader"]),
        (plain_asgi, ["hubspot.cookie", "hubspot.loader"]),
        (AsyncApp(), ["hubspot.cookie", "hubspot.loader"]),
        (site.WRAPPED_WSGI, []),
        (site.WRAPPED_ASGI, []),
    ],
    ids=["wsgi", "asgi", "partial", "any arguments", "plain asgi", "object", "wrapped wsgi", "wrapped asgi"],
)
def test_app_is_asked_in_its_interface(app: Any, faults: list[str]) -> None:
    (page,) = ask(app, ["/?q=1"], "shop.example")

    assert isinstance(page, Page)
    assert (page.name, page.address, page.path) == ("/?q=1", "http://shop.example/?q=1", "/")
    assert b"q=1" in page.body
    found = Auditor().audit(page).findings
    assert [each.finding.rule for each in found if each.counts] == faults


def test_wrapped_app_shows_what_waits() -> None:
    (page,) = ask(site.WRAPPED_WSGI, ["/"], "localhost")

    assert isinstance(page, Page)
    assert [(each.finding.rule, each.finding.load) for each in Auditor().audit(page).findings] == [
        ("hubspot.loader", "waits")
    ]


def test_app_that_raises_is_named_without_its_message() -> None:
    answers = list(ask(site.wsgi_app, ["/broken", "/other", "/"], "localhost"))

    assert answers[:2] == [
        ("/broken", "the app raises RuntimeError"),
        ("/other", "it redirects (status 302); name the page itself"),
    ]
    assert isinstance(answers[2], Page)


def test_wsgi_body_is_closed_and_written_bytes_count() -> None:
    closed = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    def app(environ: dict[str, Any], start_response: Any) -> Body:
        start_response("200 OK", [("content-type", "text/html")])(b"<p>")
        return Body([b"<b>"])

    (page,) = ask(app, ["/"], "localhost")

    assert isinstance(page, Page)
    assert (page.body, closed) == (b"<p><b>", [True])


async def waits_for_the_end(scope: Any, receive: Any, send: Any) -> None:
    import asyncio

    await receive()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(receive(), 0.01)
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.trailers"})
    await send({"type": "http.response.body"})


def test_asgi_app_sees_a_client_that_stays() -> None:
    (page,) = ask(waits_for_the_end, ["/"], "localhost")

    assert isinstance(page, Page)
    assert page.body == b""
