"""The middleware under real servers, over sockets: one table of cases, every server, and what servers do wrong.

The numbers are those of the rows in `test_gateway_*.py`.
"""

from __future__ import annotations

import gzip
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pages import HELD_LOADER, page

from .clients import Answer, Connection, Pairs, ask, ask_h2
from .conftest import need
from .servers import COMMANDS, Running, free_port, nginx, started
from .site import EARLY, OURS, PICTURE, POLICY, TAGGED, gate

FULL = ("Cookie", "consent=functional,analytics,marketing")
NAVIGATION = ("Accept", "text/html")
ASSET = POLICY.facade.asset("en")
MARK = f"--consent-{POLICY.neutral.variant}-{POLICY.fingerprint}"


@dataclass(frozen=True)
class Case:
    """One check of a running server, for one gateway or for both. It speaks HTTP/1.1 where `h1` is set."""

    number: str
    name: str
    check: Callable[[Running], object]
    gateways: tuple[str, ...]
    h1: bool


CASES: list[Case] = []


def case(number: str, name: str, *gateways: str, h1: bool = False) -> Callable[[Callable[[Running], object]], None]:
    """Enter a check into the table."""

    def enter(check: Callable[[Running], object]) -> None:
        CASES.append(Case(number, name, check, gateways or ("wsgi", "asgi"), h1))

    return enter


def get(server: Running, path: str, *headers: tuple[str, str], method: str = "GET") -> Answer:
    return (ask_h2 if server.command.h2 else ask)(server.port, path, list(headers), method)


def is_held(answer: Answer) -> None:
    assert answer.complete
    assert HELD_LOADER in answer.body
    assert answer.body.count(b"<aside") == 1
    assert len(answer.all("content-length")) <= 1
    if answer.all("content-length"):
        assert answer.all("content-length") == [str(len(answer.body))]


def cookies_of(answer: Answer) -> list[str]:
    return [value.partition(";")[0] for value in answer.all("set-cookie")]


@case("2.1", "a tagged page is held, with a true length and a head of its own")
def _(server: Running) -> None:
    answer = get(server, "/page")

    is_held(answer)
    assert answer.status == 200
    assert answer.all("etag") == [f'"v1{MARK}"']
    assert answer.all("cache-control") == ["private, max-age=60"]
    assert answer.all("vary") == ["Cookie, Sec-GPC"]


@case("1.1", "with consent the page is the app's, byte by byte")
def _(server: Running) -> None:
    assert get(server, "/page", FULL).body == TAGGED


@case("1.1", "a clean page keeps its bytes and its length")
def _(server: Running) -> None:
    answer = get(server, "/clean")

    assert answer.body == page()
    assert answer.all("content-length") == [str(len(page()))]


@case("2.1", "pages without a length, or with a wrong one, arrive whole")
def _(server: Running) -> None:
    is_held(get(server, "/unsized"))
    is_held(get(server, "/wrong-length"))


@case("2.6", "an error page is held")
def _(server: Running) -> None:
    answer = get(server, "/error-page")

    assert answer.status == 404
    is_held(answer)


@case("3.1", "a compressed page is held and stays compressed")
def _(server: Running) -> None:
    answer = get(server, "/gzip", ("Accept-Encoding", "gzip"))

    assert HELD_LOADER in gzip.decompress(answer.body)
    assert answer.all("content-encoding") == ["gzip"]
    assert answer.all("content-length") == [str(len(answer.body))]


@case("5.2", "cookies are filtered on JSON, on a redirect and on 204")
def _(server: Running) -> None:
    for path, status in (("/json", 200), ("/redirect", 302), ("/empty", 204)):
        answer = get(server, path)
        assert (answer.status, cookies_of(answer)) == (status, ["a=1", "b=2"])
    assert cookies_of(get(server, "/json", FULL)) == ["a=1", "__hstc=1", "b=2"]


@case("2.3", "HEAD has GET's head, no body, and a length only if it is GET's")
def _(server: Running) -> None:
    head, whole = get(server, "/page", method="HEAD"), get(server, "/page")

    assert head.body == b""
    assert head.all("content-length") in ([], whole.all("content-length"))
    for name in ("etag", "vary", "content-type", "cache-control"):
        assert head.all(name) == whole.all(name)


@case("2.3", "one connection carries HEAD, 204, 304 and pages without a byte out of place", h1=True)
def _(server: Running) -> None:
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


@case("4.4", "a page's own tag confirms it, another variant's does not")
def _(server: Running) -> None:
    tag = ("If-None-Match", get(server, "/conditional").all("etag")[0])
    confirmed = get(server, "/conditional", NAVIGATION, tag)
    changed = get(server, "/conditional", NAVIGATION, tag, FULL)

    assert (confirmed.status, confirmed.body) == (304, b"")
    assert confirmed.all("etag") == [tag[1]]
    assert confirmed.all("vary") == ["Cookie, Sec-GPC"]
    assert (changed.status, changed.body) == (200, TAGGED)


@case("6.5", "pictures and files pass byte by byte")
def _(server: Running) -> None:
    for path in ("/picture", "/file"):
        answer = get(server, path)
        assert answer.body == PICTURE
        assert answer.all("content-length") == [str(len(PICTURE))]
        assert answer.all("vary") == []


@case("7.3", "a file of HTML is read and held", "asgi")
def _(server: Running) -> None:
    is_held(get(server, "/html-file"))


def streams(server: Running, path: str, wanted: bytes) -> Answer:
    """Read `wanted` before the app may make the rest."""
    name = f"{server.name}{path}".replace(" ", "-")
    where = server.folder / gate(name).name
    with Connection(server.port) as connection:
        connection.send(f"{path}?{name}")
        answer = connection.head()
        seen = b""
        while wanted not in seen:
            byte = connection.some()
            assert byte, f"the stream has ended after {seen!r}"
            seen += byte
        where.touch()
        rest = connection.file.read()
    answer.body = seen + rest
    return answer


@case("6.1", "a page's beginning arrives before the app has made its end", h1=True)
def _(server: Running) -> None:
    answer = streams(server, "/stream", b"<h1>Welcome</h1>")

    assert b"data-consent-src" in re.sub(rb"\r\n[0-9a-f]+\r\n", b"", answer.body)


@case("6.2", "an event arrives before the app has made the next", h1=True)
def _(server: Running) -> None:
    answer = streams(server, "/events", b"<h1>Welcome</h1>")

    assert b"data-consent" not in answer.body


@case("6.4", "a client that goes away ends the app's stream, once", h1=True)
def _(server: Running) -> None:
    begun, closed = map(int, get(server, "/counts").body.split())
    connection = Connection(server.port)
    connection.send("/endless")
    connection.some(1000)
    connection.close()

    for _ in range(1000):
        now = [int(count) for count in get(server, "/counts").body.split()]
        if now == [begun + 1, closed + 1]:
            break
        time.sleep(0.01)
    assert now == [begun + 1, closed + 1]


@case("6.7", "an error before the head is the server's error page, and nothing of ours")
def _(server: Running) -> None:
    try:
        answer = get(server, "/raises")
    except ConnectionError:
        return  # as good an end as any
    assert answer.status == 500
    assert b"<aside" not in answer.body
    assert get(server, "/clean").status == 200


@case("6.7", "a page that breaks in its middle looks broken")
def _(server: Running) -> None:
    answer = get(server, "/broken")

    assert not answer.complete
    assert b"<aside" not in answer.body
    assert get(server, "/clean").status == 200


@case("1.2", "an app that starts late keeps its status", "wsgi")
def _(server: Running) -> None:
    answer = get(server, "/late")

    assert answer.status == 404
    is_held(answer)
    assert get(server, "/late-redirect").status == 302


@case("1.4", "bytes given to write() come first, and are held", "wsgi")
def _(server: Running) -> None:
    is_held(get(server, "/written"))


@case("1.3", "the second of two heads counts", "wsgi")
def _(server: Running) -> None:
    answer = get(server, "/twice")

    assert answer.status == 500
    is_held(answer)
    assert answer.all("vary") == ["Cookie, Sec-GPC"]


@case("7.4", "early hints come through, less those to the vendor")
def _(server: Running) -> None:
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


@case("5.5", "consent in the second of two Cookie fields counts", "asgi")
def _(server: Running) -> None:
    assert get(server, "/page", ("Cookie", "a=1"), FULL).body == TAGGED


@case("5.6", "a refusal in the second of two Cookie fields counts, however they are joined")
def _(server: Running) -> None:
    is_held(get(server, "/page", FULL, ("Cookie", "consent=necessary")))
    is_held(get(server, "/page", ("Cookie", "consent=necessary"), FULL))


@case("5.8", "a Cookie with bytes beyond ASCII gives a page", h1=True)
def _(server: Running) -> None:
    is_held(get(server, "/page", ("Cookie", "name=caf\xe9; consent=functional")))


@case("2.5", "a navigation that asks for a part gets the whole")
def _(server: Running) -> None:
    is_held(get(server, "/page", NAVIGATION, ("Range", "bytes=0-99")))


@case("8.1", "the facade's script is served, to be kept for ever")
def _(server: Running) -> None:
    answer = get(server, f"/_consent/{ASSET.name}")

    assert answer.body == ASSET.body
    assert answer.all("cache-control") == ["public, max-age=31536000, immutable"]
    assert get(server, f"/_consent/{ASSET.name}", method="HEAD").body == b""


@case("6.8", "many visitors at once each get their own page")
def _(server: Running) -> None:
    def visit(number: int) -> bool:
        granted = number % 2 == 0
        answer = get(server, "/page", *([FULL] if granted else [("Cookie", f"visitor={number}")]))
        return (answer.body == TAGGED) is granted

    with ThreadPoolExecutor(8) as visitors:
        assert all(visitors.map(visit, range(80)))


def test_below_a_prefix_behind_a_real_proxy_the_script_is_where_the_page_says(workshop: Path) -> None:
    """The proxy takes the prefix away and the server knows it, as operators set it up."""
    need("nginx")
    back, front = free_port(), free_port()
    words = [sys.executable, "-m", "uvicorn", "tests.conformance.site:asgi", "--port", str(back)]
    place = f"location /shop/ {{ proxy_pass http://127.0.0.1:{back}/; }}"
    with (
        started([*words, "--root-path", "/shop", "--log-level", "error"], back, workshop / "log"),
        nginx(workshop / "nginx", front, place),
    ):
        answer = ask(front, "/shop/page")
        is_held(answer)
        src = answer.body.partition(b'<script src="')[2].partition(b'"')[0].decode()
        assert src == f"/shop/_consent/{ASSET.name}"
        assert ask(front, src).body == ASSET.body


@dataclass(frozen=True)
class Fault:
    """What a server does wrong by itself, shown on the site without the middleware."""

    says: str
    shown_by: Callable[[Running], bool]


def stray_bytes(server: Running) -> bool:
    with Connection(server.port) as connection:
        connection.send("/bare/sizeless", method="HEAD", close=False)
        connection.head()
        return connection.some(5) == b"0\r\n\r\n"


def bare(server: Running, path: str) -> Answer:
    return ask(server.port, f"/bare{path}")


#: By server and the beginning of the name of the case that it fails.
KNOWN_FAULTS = {
    ("granian wsgi", "an app that starts late"): Fault(
        "it reads the status when the app's call returns, and takes 200 where the app starts only when it is iterated",
        lambda server: bare(server, "/late").status == 200,
    ),
    ("granian wsgi", "bytes given to write()"): Fault(
        "its start_response returns no write()", lambda server: bare(server, "/written").status == 500
    ),
    ("granian wsgi", "a page that breaks"): Fault(
        "it ends a body whose app has raised as if it were whole", lambda server: bare(server, "/broken").complete
    ),
    ("wsgiref", "a page that breaks"): Fault(
        "it speaks HTTP/1.0, where a body without a length ends with the connection, whole or not",
        lambda server: bare(server, "/broken").complete,
    ),
    ("waitress", "one connection carries HEAD"): Fault(
        "it sends the end mark of a chunked body after a HEAD answer without a length, and then ends the connection",
        stray_bytes,
    ),
}


def test_every_known_fault_is_one_of_a_case() -> None:
    for server, name in KNOWN_FAULTS:
        assert server in COMMANDS
        assert [given.name.startswith(name) for given in CASES].count(True) == 1, name


@pytest.mark.parametrize(
    ("server", "given"),
    [
        pytest.param(name, given, id=f"{name} | {given.number} {given.name}")
        for name, command in COMMANDS.items()
        for given in CASES
        if command.gateway in given.gateways and not (given.h1 and command.h2)
    ],
    indirect=["server"],
)
def test_server(server: Running, given: Case) -> None:
    faults = [
        fault for (name, case), fault in KNOWN_FAULTS.items() if name == server.name and given.name.startswith(case)
    ]
    for fault in faults:
        assert fault.shown_by(server), f"{server.name} does it right by now: {fault.says}"
    if not faults:
        given.check(server)
