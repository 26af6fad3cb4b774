"""The demo: the same site unprotected and protected, side by side, and what each asks of HubSpot.

It starts and ends the two sites, the stand-in for HubSpot, and the control page that shows them.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs

from flask import Flask, Response
from markupsafe import escape
from werkzeug.serving import WSGIRequestHandler, make_server

from consent_middleware import Policy
from consent_middleware.wsgi import ConsentMiddleware
from examples.flask_app import create_app
from examples.shop import MADE_UP_PORTAL, Shop
from examples.standin import DOMAINS, PURPOSES, Portal, Record, StandIn

from . import react

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SIDES = ("unprotected", "protected")
#: A made-up account in which HubSpot's own banner asks.
ASKING_PORTAL = "999999998"
#: Where the page of that account is, and where its middleware answers.
_BANNER_PAGE, _BANNER_PATH = "/_demo/banner", "/_demo/consent"
_PAGE = Path(__file__).with_name("page")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}

# What each cookie is for, in words for people who do not program.
COOKIES = {
    "consent": "the visitor's choice; set by the site itself",
    "consent_chat": "the visitor pressed the chat button; ends with the visit",
    "__hstc": "HubSpot's tracker: recognizes the visitor, 180 days",
    "hubspotutk": "HubSpot's tracker: the visitor's number, 180 days",
    "__hssc": "HubSpot's tracker: this session, 30 minutes",
    "__hssrc": "HubSpot's tracker: whether the browser was restarted",
    "messagesUtk": "HubSpot's chat: finds the conversation again, 180 days",
    "hs-messages-is-open": "HubSpot's chat: whether the window is open, 30 minutes",
    "hs-messages-hide-welcome-message": "HubSpot's chat: the greeting was closed",
    "__hs_opt_out": "HubSpot's banner: the answer",
    "__hs_initial_opt_in": "HubSpot's banner: whether it was answered",
    "__hs_cookie_cat_pref": "HubSpot's banner: the answer by category",
}
OWN_COOKIES = ("consent", "consent_chat")


class Demo:
    """The servers of the demo; a context manager.

    Args:
        portal: A real HubSpot account, or None for the stand-in.
        region: Where that account lives.
        port: The control page's port; if it cannot be had, a free one is taken.

    Attributes:
        port: The port of the control page.
        port_error: Why that is another one than was asked for, or None.
    """

    def __init__(self, *, portal: str | None = None, region: str = "na1", port: int = 8000) -> None:
        with contextlib.ExitStack() as opened:
            asking = {int(ASKING_PORTAL): Portal(banner_policy="COOKIES_BY_CATEGORY")}
            self.standin = None if portal else opened.enter_context(StandIn(https=False, portals=asking))
            proxied = self.standin.origins if self.standin else {}
            self.ports: dict[str, int] = {}
            for side in SIDES:
                site = create_app(
                    portal=portal or MADE_UP_PORTAL, region=region, proxied=proxied, protected=side == "protected"
                )
                _add_react_page(site, Shop(portal or MADE_UP_PORTAL, region, proxied).loader)
                asks = _banner_site(Shop(portal or ASKING_PORTAL, region, proxied).loader)
                if side == "protected":
                    # The other scene's cookie is not this site's.
                    policy = Policy(
                        contact_url="/contact",
                        banner="hubspot",
                        proxied=proxied,
                        path=_BANNER_PATH,
                        consent_cookie="consent_of_nobody",
                    )
                    asks = ConsentMiddleware(asks, policy)
                self.ports[side] = opened.enter_context(_Server(_with_own_pages(site.wsgi_app, asks))).port
            self.port_error: OSError | None = None
            try:
                control = _Server(self._control, port=port)
            except OSError as error:
                self.port_error = error
                control = _Server(self._control)
            self.port = opened.enter_context(control).port
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def address(self) -> str:
        """Return the address of the control page, which moves to a name under `.localhost` if the browser can."""
        return f"http://127.0.0.1:{self.port}/"

    def close(self) -> None:
        """Stop every server and free every port."""
        self._opened.close()

    def _control(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/log":
            after = int(parse_qs(environ.get("QUERY_STRING", "")).get("after", ["0"])[0])
            return _reply(start_response, "application/json", json.dumps(self._log(after)).encode())
        if path == "/ping":
            # The page at the numeric address asks this, to find out whether the browser knows the name.
            return _reply(start_response, "text/plain", b"here\n", ("Access-Control-Allow-Origin", "*"))
        if path == "/":
            text = (_PAGE / "index.html").read_text(encoding="utf-8")
            config = json.dumps(self._config()).replace("<", "\\u003c")
            return _reply(start_response, _TYPES[".html"], text.replace("__CONFIG__", config).encode())
        if path in ("/demo.css", "/demo.js"):
            return _file(start_response, path[1:])
        return _reply(start_response, "text/plain", b"not found\n", status="404 Not Found")

    def _config(self) -> dict[str, object]:
        return {
            "standin": self.standin is not None,
            "ports": self.ports,
            "port": self.port,
            "domains": DOMAINS,
            "purposes": PURPOSES,
            "cookies": COOKIES,
            "own": OWN_COOKIES,
        }

    def _log(self, after: int) -> dict[str, object]:
        records = self.standin.requests if self.standin else []
        shown = [
            {"number": record.number, "side": side, "host": record.host, "path": record.path}
            for record in records
            # A preflight only announces the request that follows it.
            if record.number > after and record.method != "OPTIONS" and (side := self._side(record))
        ]
        return {"last": records[-1].number if records else 0, "records": shown}

    def _side(self, record: Record) -> str | None:
        port = record.page.rpartition(":")[2]
        return next((side for side in SIDES if port == str(self.ports[side])), None)


def _add_react_page(site: Flask, loader: str) -> None:
    """Add a page that React makes. It belongs to the site, so the middleware treats it like any other."""

    @site.get("/_demo/react")
    def page() -> str:
        try:
            react.script()
        except react.ReactError as error:
            return react.PAGE_WITHOUT_NPM.replace("__WHY__", escape(str(error)))
        return react.PAGE.replace("__LOADER__", escape(loader))

    @site.get("/_demo/react.js")
    def script() -> Response:
        return Response(react.script(), content_type=_TYPES[".js"])


def _banner_site(loader: str) -> WSGIApplication:
    """Return a site with one page, whose only consent platform is HubSpot's own banner."""
    page = (_PAGE / "banner.html").read_text(encoding="utf-8").replace("__LOADER__", escape(loader)).encode()
    return lambda _environ, start_response: _reply(start_response, _TYPES[".html"], page)


def _with_own_pages(app: WSGIApplication, banner_site: WSGIApplication) -> WSGIApplication:
    """Add the demo's own addresses in front of the middleware, so that the site's pages stay as they are."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith((_BANNER_PAGE, _BANNER_PATH)):
            return banner_site(environ, start_response)
        if environ["PATH_INFO"] == "/_demo/report":
            return _file(start_response, "report.html")
        if environ["PATH_INFO"] == "/_demo/forget":
            host = environ.get("HTTP_HOST", "").partition(":")[0]
            names = {part.partition("=")[0].strip() for part in environ.get("HTTP_COOKIE", "").split(";")} - {""}
            # The tracker sets its cookies for the host alone, the chat for the host and its subdomains.
            expired = [f"{name}=; Path=/; Max-Age=0{domain}" for name in names for domain in ("", f"; Domain={host}")]
            headers = [("Set-Cookie", line) for line in expired]
            page = _BANNER_PAGE if environ.get("QUERY_STRING") == "banner" else "/"
            return _reply(start_response, "text/plain", b"", ("Location", page), *headers, status="303 See Other")
        return app(environ, start_response)

    return wrapped


def _file(start_response: StartResponse, name: str) -> Iterable[bytes]:
    path = _PAGE / name
    return _reply(start_response, _TYPES[path.suffix], path.read_bytes())


def _reply(
    start_response: StartResponse, content_type: str, body: bytes, *more: tuple[str, str], status: str = "200 OK"
) -> Iterable[bytes]:
    own = [("Content-Type", content_type), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(status, [*own, *more])
    return [body]


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Print nothing, because the control page shows what matters."""


class _Server:
    """A server for one WSGI application on a port of 127.0.0.1, with a thread for each request.

    Raises:
        OSError: The port is in use.
    """

    def __init__(self, app: WSGIApplication, *, port: int = 0) -> None:
        # Werkzeug would end the program if the port is in use, so the socket is opened here.
        with socket.socket() as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", port))
            listening.listen(64)
            self.port = int(listening.getsockname()[1])
            self._server = make_server(
                "127.0.0.1", self.port, app, threaded=True, request_handler=_QuietHandler, fd=listening.fileno()
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()
