"""Header fields with real servers, over sockets. The servers' own faults are in `faults.py`."""

from __future__ import annotations

import pytest

from .clients import Connection, Pairs
from .served import FULL, MARK, NAVIGATION, cookies_of, get, is_rewritten, only_asgi, only_http_1
from .servers import Running
from .site import EARLY, OURS, TAGGED

pytestmark = pytest.mark.servers


def test_cookies_are_filtered_on_every_response(server: Running) -> None:
    """5.2 Cookies are filtered on JSON, on a redirect and on 204."""
    for path, status in (("/json", 200), ("/redirect", 302), ("/empty", 204)):
        answer = get(server, path)
        assert (answer.status, cookies_of(answer)) == (status, ["a=1", "b=2"])
    assert cookies_of(get(server, "/json", FULL)) == ["a=1", "__hstc=1", "b=2"]


def test_head_request_gets_the_head_of_get(server: Running) -> None:
    """2.3 HEAD has the head of GET, no body, and a length only if it is that of GET."""
    head, whole = get(server, "/page", method="HEAD"), get(server, "/page")

    assert head.body == b""
    assert head.all("content-length") in ([], whole.all("content-length"))
    for name in ("etag", "vary", "content-type", "cache-control"):
        assert head.all(name) == whole.all(name)


@only_http_1
def test_one_connection_carries_all_kinds(server: Running) -> None:
    """2.3 One connection carries HEAD, 204, 304 and pages without a byte out of place."""
    tag = ("If-None-Match", f'"v1{MARK}"')
    wanted: list[tuple[str, str, Pairs, int]] = [
        ("GET", "/page", [], 200),
        ("HEAD", "/page", [], 200),
        ("GET", "/empty", [], 204),
        ("GET", "/unsized", [], 200),
        ("GET", "/conditional", [NAVIGATION, tag], 304),
        ("HEAD", "/picture", [], 200),
        ("GET", "/clean", [], 200),
    ]
    connection = Connection(server.port)
    try:
        for method, path, headers, status in wanted:
            try:
                answer = connection.ask(path, headers, method, close=False)
            except ConnectionError:
                # A server may end a connection after any answer, unasked.
                connection.close()
                connection = Connection(server.port)
                answer = connection.ask(path, headers, method, close=False)
            assert (answer.status, answer.complete) == (status, True), (method, path)
            if "close" in answer.all("connection"):
                connection.close()
                connection = Connection(server.port)
    finally:
        connection.close()


def test_etag_confirms_its_own_variant_only(server: Running) -> None:
    """4.4 A page is confirmed by its own tag, and not by that of another variant."""
    tag = ("If-None-Match", get(server, "/conditional").all("etag")[0])
    confirmed = get(server, "/conditional", NAVIGATION, tag)
    changed = get(server, "/conditional", NAVIGATION, tag, FULL)

    assert (confirmed.status, confirmed.body) == (304, b"")
    assert confirmed.all("etag") == [tag[1]]
    assert confirmed.all("vary") == ["Cookie, Sec-GPC"]
    assert (changed.status, changed.body) == (200, TAGGED)


def test_early_hints_are_filtered(server: Running) -> None:
    """7.4 Early hints pass, without those to the vendor."""
    # gunicorn has a message of its own for ASGI, which no other server takes.
    path = "/informational" if server.name == "gunicorn asgi" else "/hints"
    links = [headers for _, headers in get(server, path).hints]
    allowed = [headers for _, headers in get(server, path, FULL).hints]

    assert all(("link", EARLY) not in headers for headers in links)
    if any(("link", EARLY) in headers for headers in allowed):
        assert any(("link", OURS) in headers for headers in links)
    if server.name in {"hypercorn h2c", "gunicorn asgi", "gunicorn sync", "gunicorn gthread"}:
        assert links
        assert allowed


@only_asgi
def test_consent_in_the_second_cookie_field_counts(server: Running) -> None:
    """5.5 Consent in the second of two Cookie fields counts."""
    assert get(server, "/page", ("Cookie", "a=1"), FULL).body == TAGGED


def test_refusal_in_either_cookie_field_counts(server: Running) -> None:
    """5.6 A refusal in the second of two Cookie fields counts, however they are joined."""
    is_rewritten(get(server, "/page", FULL, ("Cookie", "consent=necessary")))
    is_rewritten(get(server, "/page", ("Cookie", "consent=necessary"), FULL))


@only_http_1
def test_cookie_beyond_ascii_gives_a_page(server: Running) -> None:
    """5.8 A Cookie with bytes beyond ASCII gives a page."""
    is_rewritten(get(server, "/page", ("Cookie", "name=caf\xe9; consent=functional")))


def test_range_of_a_navigation_gets_the_whole(server: Running) -> None:
    """2.5 A navigation that asks for a range gets the whole page."""
    is_rewritten(get(server, "/page", NAVIGATION, ("Range", "bytes=0-99")))
