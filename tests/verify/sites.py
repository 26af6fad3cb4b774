"""The sites that `verify` is tried on, and a helper that runs it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from consent_middleware import Policy
from consent_middleware.commands.main import main
from consent_middleware.wsgi import ConsentMiddleware
from examples.standin import StandIn
from tests import chromium

HOST = "shop.example"
URL = f"http://{HOST}/"
OTHER = "other.example"
#: The value of a cookie that a page repeats wherever it can.
SECRET = "s3cret-of-a-visitor"
#: A text that would run as a script, and would turn what follows it around.
HOSTILE = "</script><img src=x onerror=document.title='run'>\u202e\x1b[31m"

LOADER = "https://js.hs-scripts.com/4711.js"
TAG = f'<script async src="{LOADER}"></script>'
INSERT = f"document.head.append(Object.assign(document.createElement('script'), {{src: '{LOADER}'}}))"

_PAGE = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>{head}</head><body>{body}</body>'

#: The head and the body of each page that the middleware protects, without a guard.
GUARDLESS = {
    "/tag-manager": ('<script async src="/gtm.js?id=GTM-ABC"></script>', ""),
    "/own-script": ("", '<script src="/own.js"></script>'),
}
#: The same of those in front of which there is no middleware.
BARE: Mapping[str, tuple[str, str]] = {
    "/link-field": ("", "<p>Only the head of the response names the vendor."),
    "/preconnect": ('<link rel="preconnect" href="//js.usemessages.com">', ""),
    "/frame": ("", f'<iframe title="More" src="http://{OTHER}/error"></iframe>'),
    "/error": (TAG, ""),
    "/hostile": (
        f'<script src="https://js.hs-scripts.com/{SECRET}/&lt;b>{"0123456789abcdef" * 2}"></script>',
        (
            f"<p>{SECRET}<script src='/{SECRET}.js'></script><script>"
            f"localStorage.setItem({json.dumps(HOSTILE).replace('/', chr(92) + '/')}, '{SECRET}');"
            f"console.log('no error');"
            f"console.error('It was {SECRET}', {json.dumps(HOSTILE).replace('/', chr(92) + '/')});"
            "for (let n = 0; n < 99; n++) console.error('again', n);"
            f"document.cookie = 'hubspotutk={SECRET}; Max-Age=1800';"
            "new WebSocket('wss://api.hubspot.com/socket');"
            "setTimeout(() => { throw new Error('thrown') });"
            "Object.keys = JSON.stringify = undefined;"
            "</script>"
        ),
    ),
}
_FIELDS: Mapping[str, list[tuple[str, str]]] = {
    "/link-field": [
        (
            "Link",
            (
                f'<{LOADER}>; rel=preload; as=script, <//js.hs-analytics.net>; rel="preconnect", '
                f"<{LOADER}>; rel=canonical, <https://js.hs-banner.com/>, </x>; rel=preload; as=image"
            ),
        )
    ],
    f"/{SECRET}.js": [("Set-Cookie", "late=1")],
    "/hostile": [("Set-Cookie", f"sid={SECRET}; HttpOnly"), ("Set-Cookie", "<b>name=x; Max-Age=7200")],
}
#: What a tag manager's container does, and a script of the site's own.
_SCRIPTS = {
    "/gtm.js": INSERT,
    "/own.js": f"setTimeout(() => {INSERT})",
    f"/{SECRET}.js": f"new Image().src = 'https://track.hubspot.com/__ptq.gif'; fetch('http://{SECRET}.example/')",
}
_STATUS = {"/error": "500 Internal Server Error"}


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Print nothing."""


def _pages(pages: Mapping[str, tuple[str, str]]) -> Callable[..., Iterable[bytes]]:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path in _SCRIPTS:
            start_response("200 OK", [("Content-Type", "text/javascript"), *_FIELDS.get(path, [])])
            return [_SCRIPTS[path].encode()]
        if path not in pages:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"nothing here"]
        head, body = pages[path]
        fields = [("Content-Type", "text/html; charset=utf-8"), *_FIELDS.get(path, [])]
        start_response(_STATUS.get(path, "200 OK"), fields)
        return [_PAGE.format(head=head, body=body).encode()]

    return app


def leaky() -> Callable[..., Iterable[bytes]]:
    """Return a site with a page for each leak."""
    guarded = ConsentMiddleware(_pages(GUARDLESS), Policy(guard="never"))
    bare = _pages(BARE)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/away":
            start_response("302 Found", [("Location", f"http://{OTHER}/?q=1")])
            return [b""]
        return (bare if environ["PATH_INFO"] in BARE else guarded)(environ, start_response)

    return app


def protected() -> Callable[..., Iterable[bytes]]:
    """Return a site with one page, whose tag waits."""
    return ConsentMiddleware(_pages({"/": (TAG, "")}), contact_url="/contact")


def opt_out() -> Callable[..., Iterable[bytes]]:
    """Return a site whose visitors have agreed unless they refuse."""
    return ConsentMiddleware(_pages({"/": (TAG, "")}), Policy(regime="opt-out"))


@dataclass(frozen=True)
class Run:
    """What a run of the command has written."""

    folder: Path
    status: int
    output: str
    errors: str

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_text("utf-8"))
        return found

    def session(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.report["sessions"] if each["name"] == name)
        return found

    def verdicts(self) -> dict[str, str]:
        """Return the verdict by session."""
        return {each["session"]: each["status"] for each in self.report["promises"]}


@contextmanager
def serving(app: Callable[..., Any]) -> Iterator[int]:
    """Serve an app on 127.0.0.1. Yield its port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def browser_flags(port: int, standin: StandIn) -> list[str]:
    """Return what lets Chromium find a site of this machine, and the stand-in. No other name resolves."""
    names = f"MAP {HOST} 127.0.0.1:{port}, MAP {OTHER} 127.0.0.1:{port}, {standin.resolver_rules}, MAP * ~NOTFOUND"
    return [f"--host-resolver-rules={names}", "--ignore-certificate-errors"]


def verify(folder: Path, port: int, standin: StandIn, *arguments: str) -> Run:
    """Run the command on a site of this machine."""
    flags = browser_flags(port, standin)
    command = ["verify", "--folder", str(folder), "--wait", "0.3", "--browser", chromium.executable()]
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        status = main([*command, *(f"--browser-argument={flag}" for flag in flags), *arguments])
    return Run(folder, status, output.getvalue(), errors.getvalue())
