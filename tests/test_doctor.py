"""`doctor` against real sites on loopback: a right one, and one with each fault, which is found and no other."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from consent_middleware import Policy
from consent_middleware.commands import page_checks, page_parts, site_client
from consent_middleware.commands.main import main
from consent_middleware.commands.site_client import MAX_REQUESTS
from consent_middleware.engine import Engine
from consent_middleware.wsgi import ConsentMiddleware
from examples.standin.certificate import CertificateError, server_context
from tests import site_settings
from tests.loopback import Pairs, Site
from tests.needs import missing
from tests.pages import CHAT, HINT, LOADER, TAG_MANAGER, page

pytestmark = pytest.mark.servers

PAGE = page(LOADER + CHAT, head=HINT + b"<script>app()</script>")
LIVE = page(LOADER)
HTML = ("Content-Type", "text/html; charset=utf-8")


@pytest.fixture(name="serve")
def serve_fixture() -> Iterator[Callable[[Any], Site]]:
    with contextlib.ExitStack() as stack:

        def serve(app: Any) -> Site:
            return stack.enter_context(contextlib.closing(Site(app)))

        yield serve


class Report(NamedTuple):
    status: int
    checks: dict[str, dict[str, str]]

    def problems(self) -> set[str]:
        return {name for name, check in self.checks.items() if check["result"] == "problem"}

    def unchecked(self) -> set[str]:
        return {name for name, check in self.checks.items() if check["result"] == "not checked"}


@pytest.fixture(name="doctor")
def doctor_fixture(capsys: pytest.CaptureFixture[str]) -> Callable[..., Report]:
    def doctor(url: str, *arguments: str) -> Report:
        status = main(["doctor", url, "--json", "--wait", "0", "--timeout", "20", *arguments])
        found = json.loads(capsys.readouterr().out)
        return Report(status, {check["check"]: check for check in found["checks"]})

    return doctor


Doctor = Callable[..., Report]
Serve = Callable[[Any], Site]


def shop(*headers: tuple[str, str], body: bytes = PAGE, early: Pairs | None = None) -> Any:
    """Return a site: one page, a page that fails, and its own page for what it does not have."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if early:
            environ["early"].append(early)
        path = environ["PATH_INFO"]
        status = {"/": "200 OK", "/fails": "500 Internal Server Error"}.get(path, "404 Not Found")
        start_response(status, [HTML, *headers])
        return [body]

    return app


def right(*headers: tuple[str, str], **settings: Any) -> Any:
    return ConsentMiddleware(shop(*headers), Policy(contact_url="/contact", **settings))


def changing(app: Any, change: Callable[[dict[str, Any], Pairs, bytes], tuple[str | None, Pairs, bytes]]) -> Any:
    """Return an app in front of another one, which changes its answers."""

    def changed(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        heads: list[tuple[str, Pairs]] = []
        body = b"".join(app(environ, lambda status, pairs, *_: heads.append((status, pairs))))
        status, pairs, body = change(environ, heads[0][1], body)
        start_response(status or heads[0][0], pairs)
        return [body]

    return changed


def without(*names: str) -> Callable[[dict[str, Any], Pairs, bytes], tuple[str | None, Pairs, bytes]]:
    return lambda environ, pairs, body: (None, [pair for pair in pairs if pair[0].lower() not in names], body)


def on_scripts(change: Callable[[Pairs, bytes], tuple[str | None, Pairs, bytes]]) -> Any:
    def changed(environ: dict[str, Any], pairs: Pairs, body: bytes) -> tuple[str | None, Pairs, bytes]:
        is_script = environ["PATH_INFO"].endswith(".js")
        return change(pairs, body) if is_script else (None, pairs, body)

    return changing(right(), changed)


def on_decisions(change: Callable[[Pairs, bytes], tuple[str | None, Pairs, bytes]]) -> Any:
    def changed(environ: dict[str, Any], pairs: Pairs, body: bytes) -> tuple[str | None, Pairs, bytes]:
        is_decision = environ["PATH_INFO"].endswith("/decision")
        return change(pairs, body) if is_decision else (None, pairs, body)

    return changing(right(), changed)


def cached(app: Any, key: Callable[[dict[str, Any]], object]) -> Any:
    """Return an app behind a cache that ignores `Vary`."""
    stored: dict[object, tuple[str, Pairs, bytes]] = {}

    def cache(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        found = stored.get(key(environ))
        age = [("Age", "7")] if found else []
        if found is None:
            heads: list[tuple[str, Pairs]] = []
            body = b"".join(app(environ, lambda status, pairs, *_: heads.append((status, pairs))))
            found = stored[key(environ)] = (*heads[0], body)
        start_response(found[0], [*found[1], *age])
        return [found[2]]

    return cache


def by_visitor_unless_new(environ: dict[str, Any]) -> object:
    """Return a key that tells visitors apart, but not on addresses with a query."""
    cookie = "" if environ["QUERY_STRING"] else environ.get("HTTP_COOKIE")
    return by_address(environ), cookie, environ["HTTP_ACCEPT_ENCODING"]


def by_address(environ: dict[str, Any]) -> object:
    return environ["PATH_INFO"], environ["QUERY_STRING"]


def compressed(environ: dict[str, Any], pairs: Pairs, body: bytes) -> tuple[str | None, Pairs, bytes]:
    if "gzip" not in environ.get("HTTP_ACCEPT_ENCODING", "") or HTML not in pairs:
        return None, pairs, body
    return None, [*pairs, ("Content-Encoding", "gzip")], gzip.compress(body)


def behind_route(app: Any, bare: Any) -> Any:
    """Return a site in which only the page itself passes the middleware."""
    return lambda environ, start_response: (app if environ["PATH_INFO"] == "/" else bare)(environ, start_response)


def without_cookies(app: Any) -> Any:
    def changed(environ: dict[str, Any], start_response: Any) -> Any:
        return app({key: value for key, value in environ.items() if key != "HTTP_COOKIE"}, start_response)

    return changed


def static_not_found(environ: dict[str, Any], start_response: Any) -> Any:
    if environ["PATH_INFO"].startswith("/consent-doctor"):
        start_response("404 Not Found", [HTML])
        return [LIVE]
    return right()(environ, start_response)


def live_in_gzip(environ: dict[str, Any], pairs: Pairs, body: bytes) -> tuple[str | None, Pairs, bytes]:
    is_page = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") and environ["PATH_INFO"] == "/"
    return compressed(environ, pairs, LIVE if is_page else body)


def ignoring_refusals(environ: dict[str, Any], start_response: Any) -> Any:
    refused = "necessary" in environ.get("HTTP_COOKIE", "")
    return (shop() if refused and environ["PATH_INFO"] == "/" else right())(environ, start_response)


def in_unknown_coding(environ: dict[str, Any], pairs: Pairs, body: bytes) -> tuple[str | None, Pairs, bytes]:
    """Compress the page, if it may be, in a coding that is not known here."""
    is_asked = HTML in pairs and "br" in environ.get("HTTP_ACCEPT_ENCODING", "")
    return None, [*pairs, ("Content-Encoding", "dcb")] if is_asked else pairs, body


def not_found_as(kind: tuple[str, str]) -> Any:
    """Return a site that says "not found" in a way of its own."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"].startswith("/consent-doctor"):
            start_response("404 Not Found", [kind])
            return [b"{}"]
        return right()(environ, start_response)

    return app


VENDOR_LINK = ("Link", "<https://js.hs-scripts.com>; rel=preconnect")


def outside(*pairs: tuple[str, str]) -> Any:
    """Return a right site whose server adds fields to the page."""
    return changing(
        right(),
        lambda environ, head, body: (None, [*head, *(pairs if environ["PATH_INFO"] == "/" else ())], body),
    )


def with_early(environ: dict[str, Any], start_response: Any) -> Any:
    environ["early"].append([VENDOR_LINK])
    return right()(environ, start_response)


def script_elsewhere(environ: dict[str, Any], pairs: Pairs, body: bytes) -> tuple[str | None, Pairs, bytes]:
    return None, pairs, body.replace(b'src="/_consent/', b'src="https://other.example/_consent/')


#: A site with one fault, and what must be found: the check and words of its text. "" after it: nothing else.
FAULTS: dict[str, tuple[Callable[[], Any], str, str]] = {
    "no middleware": (shop, "middleware", "no sign of it"),
    "report only": (lambda: right(report_only=True, debug_header=True), "middleware", "report_only"),
    "Link to a vendor": (lambda: outside(VENDOR_LINK), "early hints", "the page's head"),
    "103 to a vendor": (lambda: with_early, "early hints", "(103)"),
    "cookie of a vendor": (lambda: outside(("Set-Cookie", "__hstc=secret")), "cookies", "before any consent"),
    "script is missing": (
        lambda: on_scripts(lambda pairs, body: ("404 Not Found", [("Content-Type", "text/plain")], b"")),
        "script",
        "status 404",
    ),
    "script has another type": (
        lambda: on_scripts(lambda pairs, body: (None, [("Content-Type", "text/html")], body)),
        "script",
        "its type is text/html",
    ),
    "script is changed": (lambda: on_scripts(lambda pairs, body: (None, pairs, body + b"//")), "script", "its bytes"),
    "script is not cached": (
        lambda: on_scripts(
            lambda pairs, body: (None, [("Content-Type", "text/javascript"), ("Cache-Control", "no-cache")], body)
        ),
        "script",
        "Cache-Control is no-cache",
    ),
    "script is on another site": (lambda: changing(right(), script_elsewhere), "script", "on another site"),
    "script address is none": (
        lambda: changing(right(), lambda e, h, b: (None, h, b.replace(b'src="/_consent/', b'src="http://[x/'))),
        "script",
        "on another site: http://[x/",
    ),
    "script leads to another site": (
        lambda: on_scripts(lambda pairs, body: ("302 Found", [("Location", "http://other.example/")], b"")),
        "script",
        "leads to http://other.example/",
    ),
    "decision is missing": (
        lambda: on_decisions(lambda pairs, body: ("404 Not Found", [("Content-Type", "text/plain")], b"")),
        "decision",
        "status 404",
    ),
    "decision is another program's": (
        lambda: on_decisions(lambda pairs, body: (None, pairs, b'{"chat":true}')),
        "decision",
        "no decision",
    ),
    "decision may be stored": (
        lambda: on_decisions(lambda pairs, body: (None, [("Cache-Control", "public, max-age=60")], body)),
        "decision",
        "a cache may store it",
    ),
    "decision is another visitor's": (
        lambda: on_decisions(
            lambda pairs, body: (None, pairs, b'{"chat":true,"tracking":true,"embeds":true}'),
        ),
        "decision",
        "allows chat, tracking, embeds to a visitor who has not chosen",
    ),
    "decision ignores cookies": (
        lambda: on_decisions(lambda pairs, body: (None, pairs, b'{"chat":false,"tracking":false,"embeds":false}')),
        "decision",
        "does not follow the cookie consent",
    ),
    "policy blocks the script": (
        lambda: right(("Content-Security-Policy", "script-src https://cdn.example 'unsafe-inline'")),
        "csp",
        "no button",
    ),
    "policy blocks the chat": (
        lambda: right(("Content-Security-Policy", "script-src 'self' 'unsafe-inline'")),
        "csp",
        "blocks a vendor's script (js.hs-scripts.com)",
    ),
    "Vary is dropped": (lambda: changing(right(), without("vary")), "caching", "vary"),
    "page is public": (lambda: outside(("Cache-Control", "public, max-age=60")), "caching", "cache-control"),
    "refusals are ignored": (lambda: ignoring_refusals, "consent", "although the visitor has refused"),
    "not found page is static": (lambda: static_not_found, "not found page", "hubspot.loader"),
    "gzip is not covered": (lambda: changing(right(), live_in_gzip), "compression", "as gzip"),
    "cache ignores Vary": (
        lambda: cached(right(), by_visitor_unless_new),
        "shared cache",
        "(the answer has age)",
    ),
}


def test_right_site_has_no_problem(serve: Serve, doctor: Doctor) -> None:
    site = serve(changing(right(), compressed))

    report = doctor(site.url, "--error-url", "/fails")

    assert {name: check["result"] for name, check in report.checks.items()} == dict.fromkeys(report.checks, "ok")
    assert list(report.checks) == [
        "middleware",
        "tags",
        "early hints",
        "cookies",
        "csp",
        "caching",
        "script",
        "decision",
        "consent",
        "shared cache",
        "compression",
        "not found page",
        "error page",
    ]
    assert report.status == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found_and_no_other(fault: str, serve: Serve, doctor: Doctor) -> None:
    app, check, words = FAULTS[fault]

    report = doctor(serve(app()).url)

    follows = {"tags"} if check == "middleware" else set()
    assert report.problems() - follows == {check}
    assert words in report.checks[check]["text"]
    assert report.checks[check]["advice"]
    assert report.status == 1
    assert "secret" not in str(report.checks)


def test_middleware_behind_a_route_is_found(serve: Serve, doctor: Doctor) -> None:
    report = doctor(serve(behind_route(right(), shop())).url)

    assert report.problems() == {"script", "decision", "not found page"}


def test_site_that_drops_cookies_is_found(serve: Serve, doctor: Doctor) -> None:
    report = doctor(serve(without_cookies(right())).url)

    assert report.problems() == {"decision", "consent"}


def test_cache_of_whole_site_is_found(serve: Serve, doctor: Doctor) -> None:
    report = doctor(serve(cached(right(), by_address)).url)

    assert {"decision", "consent", "shared cache"} <= report.problems()


RIGHT: dict[str, Any] = {
    "nonce": lambda: right(("Content-Security-Policy", "script-src 'nonce-abc' 'strict-dynamic'")),
    "vendor allowed": lambda: right(
        ("Content-Security-Policy", "script-src 'self' 'unsafe-inline' https://js-eu1.usemessages.com")
    ),
    "own cache rules": lambda: right(("Cache-Control", "public, max-age=600"), ("CDN-Cache-Control", "max-age=60")),
    "validators": lambda: right(("ETag", '"x"'), ("Last-Modified", "Wed, 09 Jun 2021 10:18:14 GMT")),
    "cacheable": lambda: right(cacheable=True),
    "cacheable with a guard alone": lambda: ConsentMiddleware(
        shop(body=page(head=TAG_MANAGER)), Policy(contact_url="/c", cacheable=True)
    ),
    "cacheable behind a cache": lambda: cached(right(cacheable=True), lambda e: (by_address(e), e.get("HTTP_COOKIE"))),
    "debug header": lambda: right(debug_header=True),
    "no guard": lambda: right(guard="never"),
    "consent forwarded": lambda: right(forward_consent=True),
    "banner": lambda: right(banner="hubspot"),
    "page without a tag": lambda: ConsentMiddleware(shop(body=page(b"<p>")), Policy(contact_url="/c")),
    "page without a tag, with a policy": lambda: ConsentMiddleware(
        shop(("Content-Security-Policy", "script-src 'none'"), body=page(b"<p>")), Policy(contact_url="/c")
    ),
    "coding that nobody knows": lambda: changing(right(), in_unknown_coding),
    "not found page without a tag": lambda: not_found_as(HTML),
    "not found page that is none": lambda: not_found_as(("Content-Type", "application/json")),
    "early hints of its own": lambda: ConsentMiddleware(
        shop(early=[("Link", "</style.css>; rel=preload; as=style")]), Policy(contact_url="/c")
    ),
}


@pytest.mark.parametrize("kind", RIGHT)
def test_nothing_is_invented(kind: str, serve: Serve, doctor: Doctor) -> None:
    report = doctor(serve(RIGHT[kind]()).url)

    assert report.problems() == set(), report.checks
    assert report.status == 0


SETTINGS = {name: value for name, value in vars(site_settings).items() if isinstance(value, Policy)}


@pytest.mark.parametrize("name", SETTINGS)
def test_policy_of_the_site_is_heeded(name: str, serve: Serve, doctor: Doctor) -> None:
    site = serve(ConsentMiddleware(shop(), SETTINGS[name]))

    assert doctor(site.url, "--policy", f"tests.site_settings:{name}").problems() == set()


def test_other_path_and_cookie_need_the_policy(serve: Serve, doctor: Doctor) -> None:
    assert "consent" in doctor(serve(ConsentMiddleware(shop(), SETTINGS["POLICY"])).url).problems()


def test_error_address_without_an_error_is_not_checked(serve: Serve, doctor: Doctor) -> None:
    report = doctor(serve(right()).url, "--error-url", "/")

    assert report.checks["error page"]["text"].endswith("answers with status 200, which is no error")
    assert "error page" in report.unchecked()


def test_page_in_unknown_coding_is_not_checked(serve: Serve, doctor: Doctor) -> None:
    app = changing(right(), lambda environ, pairs, body: (None, [*pairs, ("Content-Encoding", "dcb")], body))

    report = doctor(serve(app).url)

    assert report.checks["tags"]["result"] == "not checked"
    assert report.checks["not found page"]["result"] == "not checked"


def test_page_in_forced_gzip_is_read(serve: Serve, doctor: Doctor) -> None:
    def always(environ: dict[str, Any], pairs: Pairs, body: bytes) -> tuple[str | None, Pairs, bytes]:
        return compressed({"HTTP_ACCEPT_ENCODING": "gzip"}, pairs, body)

    report = doctor(serve(changing(right(), always)).url)

    assert report.problems() == set()
    assert report.checks["tags"]["text"] == "3 elements wait for consent"


def test_slow_body_is_given_up(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(site_client, "_MAX_STEPS", -1)

    assert main(["doctor", serve(right()).url]) == 2
    assert "the body comes too slowly" in capsys.readouterr().err


def test_certificate_is_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        context = server_context(["localhost"])
    except CertificateError as error:
        missing(str(error))
        raise
    with contextlib.closing(Site(right(), context)) as site:
        port = urlsplit(site.url).port
        unknown = main(["doctor", f"https://localhost:{port}/", "--wait", "0"])
        said = capsys.readouterr().err
        trusted = tmp_path / "trusted.pem"
        trusted.write_text(ssl.get_server_certificate(("localhost", port or 0)), "ascii")
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        report = doctor(f"https://localhost:{port}/")

    assert unknown == 2
    assert "SSLCertVerificationError" in said
    assert report.problems() == set()


def test_requests_are_bounded(serve: Serve, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_client, "MAX_REQUESTS", 4)
    site = serve(right())

    report = doctor(site.url)

    assert len(site.seen) == 4
    assert "no more are made" in report.checks["compression"]["text"]


def test_long_page_is_read_in_part(serve: Serve, doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_checks, "MAX_BODY", 10)
    monkeypatch.setattr(page_parts, "MAX_BODY", 10)

    report = doctor(serve(shop(body=page(b"<p>"))).url)

    assert report.checks["tags"]["text"] == "the page has no tag of a vendor in the part that was read"


@pytest.mark.parametrize("settings", ["{", "[1]", "{}"])
def test_settings_that_cannot_be_read_are_left_out(settings: str) -> None:
    markup = f"<script data-conf='{settings}' src=/x></script>".encode()
    answer = site_client.Answer("http://a.example/", 200, [(b"content-type", b"text/html")], markup, [])

    parts = page_parts.read_page(Engine(Policy(contact_url="/c")), answer, waits_for_banner=False)

    assert (parts.script, parts.chat, parts.is_shared) == ("/x", "", False)


def test_default_port_is_the_same_origin() -> None:
    site = site_client.Site("https://a.example/", timeout=1, wait=0)

    assert site.has("https://a.example:443/x")
    assert not any(map(site.has, ["http://a.example/", "https://a.example:8443/", "https://b.example/", "https://[x/"]))


def test_only_the_named_origin_is_asked_politely(serve: Serve, doctor: Doctor) -> None:
    site = serve(right())

    doctor(site.url)

    assert len(site.seen) < MAX_REQUESTS
    assert {each.headers["Host"] for each in site.seen} == {urlsplit(site.url).netloc}
    assert all(each.headers["User-Agent"].startswith("consent-middleware-doctor/") for each in site.seen)


def redirecting(place: str) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/old":
            start_response("302 Found", [("Location", place), HTML])
            return [b""]
        return right()(environ, start_response)

    return app


def test_redirect_within_the_site_is_followed(serve: Serve, doctor: Doctor) -> None:
    assert doctor(serve(redirecting("/")).url + "old").problems() == set()


def picture(environ: dict[str, Any], start_response: Any) -> Any:
    start_response("200 OK", [("Content-Type", "image/png")])
    return [b""]


NOT_ASKED = {
    "another site": (lambda serve: serve(redirecting("http://other.example/")).url + "old", "another site"),
    "an endless redirect": (lambda serve: serve(redirecting("/old")).url + "old", "redirects more than"),
    "a broken redirect": (lambda serve: serve(redirecting("http://[x/")).url + "old", "is not an address"),
    "a page that is none": (lambda serve: serve(shop(("X", "y"))).url + "nothing", "is not a page: status 404"),
    "an answer that is none": (
        lambda serve: serve(lambda e, s: s("200 OK", [("Content-Type", "a/b")]) or []).url,
        "a/b",
    ),
    "no server": (lambda serve: f"http://127.0.0.1:{free_port()}/", "cannot be read: ConnectionRefusedError"),
    "another scheme": (lambda serve: "ftp://example.com/", "write https://"),
    "no scheme": (lambda serve: "example.com", "write https://"),
    "a file": (lambda serve: "file:///etc/passwd", "write https://"),
    "a password": (lambda serve: "http://user:hunter2@example.com/", "leave it out"),
    "a space": (lambda serve: "http://example.com/a b", "percent-encode"),
    "a bad port": (lambda serve: "http://example.com:x/", "is not an address"),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("kind", NOT_ASKED)
def test_site_that_cannot_be_asked_exits_with_2(kind: str, serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    make, words = NOT_ASKED[kind]

    status = main(["doctor", make(serve), "--wait", "0", "--timeout", "20"])

    captured = capsys.readouterr()
    assert (status, captured.out) == (2, "")
    assert words in captured.err
    assert "hunter2" not in captured.err


@pytest.mark.parametrize("seconds", ["-1", "x", "nan", "601"])
def test_wrong_seconds_are_a_usage_error(seconds: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["doctor", "http://example.com/", "--timeout", seconds])

    assert caught.value.code == 2


def test_report_has_a_line_for_each_check(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor", serve(changing(right(), without("vary"))).url, "--wait", "0"])

    lines = capsys.readouterr().out.splitlines()
    assert status == 1
    assert [line.split()[0] for line in lines if not line.startswith(" ")].count("ok") == 11
    (problem,) = [index for index, line in enumerate(lines) if line.startswith("problem")]
    assert lines[problem + 1].strip().startswith("To do: leave cache-control, vary")
    assert lines[-1].split()[:4] == ["not", "checked", "error", "page"]
