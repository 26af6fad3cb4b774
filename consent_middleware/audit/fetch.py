"""Get a page of the user's own site by its address: one plain GET at a time, bounded, as robots.txt allows.

Only http and https, no cookies, and no redirect to another origin. RFC 9309 says what robots.txt means.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from http.client import HTTPException, HTTPResponse
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener
from urllib.robotparser import RobotFileParser

from consent_middleware.version import __version__

from .pages import MAX_PAGE, Page
from .tree import UnreadableError

AGENT: Final = f"consent-middleware-audit/{__version__}"
#: The most addresses of one audit.
MAX_ADDRESSES: Final = 50
#: Seconds until a server must answer, and until its answer must be complete.
TIMEOUT: Final = 10.0
_MAX_REDIRECTS: Final = 5
#: RFC 9309, section 2.5: at least 500 kibibytes.
_MAX_ROBOTS: Final = 512_000


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow no redirect."""


class Fetcher:
    """Gets pages, and asks each origin's robots.txt once.

    Args:
        timeout: seconds for one answer.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._opener: OpenerDirector = build_opener(_NoRedirect)
        self._robots: dict[str, RobotFileParser] = {}

    def fetch(self, address: str) -> Page:
        """Return the page at an address.

        Raises:
            UnreadableError: robots.txt forbids it, the server does not answer in time, answers with an error or with
                something else than HTML, with too many bytes, or redirects to another origin.
        """
        target = address
        for _ in range(_MAX_REDIRECTS + 1):
            if not self._rules(target).can_fetch(AGENT, target):
                raise UnreadableError("robots.txt does not allow this address")
            response, body = self._get(target, MAX_PAGE)
            location = response.headers.get("location")
            if 300 <= response.status < 400 and location:
                following = urljoin(target, location)
                if origin_of(following) != origin_of(target):
                    raise UnreadableError("it redirects to another origin; name the page there itself")
                target = following
                continue
            headers = [
                (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
                for name, value in response.headers.items()
            ]
            check_response(response.status, headers)
            return Page(address, body, headers, target.partition("#")[0], urlsplit(target).path or "/")
        raise UnreadableError(f"it redirects more than {_MAX_REDIRECTS} times")

    def _rules(self, address: str) -> RobotFileParser:
        """Return what robots.txt of an address's origin says (RFC 9309, section 2.3.1)."""
        origin = origin_of(address)
        if origin not in self._robots:
            rules = RobotFileParser()
            rules.modified()
            response, body = self._get(f"{origin}/robots.txt", _MAX_ROBOTS)
            if response.status >= 500:
                raise UnreadableError(f"robots.txt cannot be read (status {response.status})")
            if response.status < 300:
                rules.parse(body.decode("utf-8", "replace").splitlines())
            self._robots[origin] = rules
        return self._robots[origin]

    def _get(self, address: str, limit: int) -> tuple[HTTPResponse, bytes]:
        headers = {"User-Agent": AGENT, "Accept": "text/html", "Accept-Encoding": "identity"}
        until = time.monotonic() + self._timeout
        parts: list[bytes] = []
        size = 0
        try:
            # The caller has checked the scheme.
            with self._open(Request(address, headers=headers)) as response:  # noqa: S310
                while chunk := response.read1(65_536):
                    parts.append(chunk)
                    size += len(chunk)
                    if size > limit:
                        raise UnreadableError(f"it has more than {limit:,} bytes")
                    if time.monotonic() > until:
                        raise UnreadableError(f"the server takes more than {self._timeout:g} seconds")
                return response, b"".join(parts)
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise UnreadableError(f"it cannot be fetched: {type(reason).__name__}") from error

    def _open(self, request: Request) -> HTTPResponse:
        try:
            return self._opener.open(request, timeout=self._timeout)  # type: ignore[no-any-return]
        except HTTPError as error:
            # Errors and redirects are answers too.
            return error  # type: ignore[return-value]


def origin_of(address: str) -> str:
    """Return the origin of an address; "" if it has none that may be asked."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        return ""
    host = f"[{host}]" if ":" in host else host
    is_default = port in {None, 443 if parts.scheme == "https" else 80}
    return f"{parts.scheme}://{host}" + ("" if is_default else f":{port}")


def check_response(status: int, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Check that a response is a page that can be read.

    Raises:
        UnreadableError: It is an error or a redirect, has a content coding, or is no HTML.
    """
    fields = {name.lower(): value for name, value in headers}
    if 300 <= status < 400:
        raise UnreadableError(f"it redirects (status {status}); name the page itself")
    if status != 200:
        raise UnreadableError(f"the answer has the status {status}")
    if fields.get(b"content-encoding", b"identity").strip().lower() not in {b"", b"identity"}:
        raise UnreadableError("the answer is compressed although nobody asked for it")
    kind = fields.get(b"content-type", b"text/html").partition(b";")[0].strip().lower()
    if kind not in {b"text/html", b"application/xhtml+xml"}:
        raise UnreadableError("the answer is no HTML page")
