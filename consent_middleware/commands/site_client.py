"""Asks one site, and no other: a bounded number of plain GET requests, one after another, each with a time limit."""

from __future__ import annotations

import time
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

from consent_middleware.headers import Headers
from consent_middleware.version import __version__

#: The most requests of one run, redirects included.
MAX_REQUESTS = 30
#: The most redirects that are followed for one answer.
_MAX_REDIRECTS = 5
#: The most bytes of a body that are read.
MAX_BODY = 1 << 23
#: How many times the time limit of one step a whole body may take.
_MAX_STEPS = 6
#: The most heads before a response that are read (RFC 9110, section 15.2).
_MAX_EARLY = 10

_DEFAULT_PORTS = {"http": 80, "https": 443}

_USER_AGENT = f"consent-middleware-doctor/{__version__}"


class SiteError(Exception):
    """The site gave no answer that can be read; the message says why."""


class Answer(NamedTuple):
    """One response.

    Attributes:
        url: the address that was asked last, after redirects.
        status: the status code.
        headers: the header fields, with names in lower case.
        body: the body as it was sent, cut at `MAX_BODY`.
        early: the header fields of every informational response before it, such as 103.
    """

    url: str
    status: int
    headers: Headers
    body: bytes
    early: Headers

    def all(self, name: str) -> list[str]:
        """Return the values of a header field."""
        return [value.decode("latin-1") for key, value in self.headers if key == name.encode("ascii")]

    def first(self, name: str) -> str:
        """Return the first value of a header field, or ""."""
        return next(iter(self.all(name)), "")


class _Response(HTTPResponse):
    """A response that keeps the informational ones before it. The base class takes a 103 for the response itself."""

    early: Headers

    def begin(self) -> None:
        """Read the heads up to that of the response."""
        self.early = []
        super().begin()
        while 100 <= self.status < 200 and len(self.early) < _MAX_EARLY:
            self.early += _pairs(self.headers)
            self.headers = self.msg = None  # type: ignore[assignment]  # the base class reads a head only once
            super().begin()


class Site:
    """The site of one address: its origin, which all requests go to.

    Args:
        url: an http or https address.
        timeout: how many seconds each step of a request may take.
        wait: how many seconds to wait between two requests.

    Raises:
        SiteError: The address is none of http or https, or names no host.
    """

    def __init__(self, url: str, *, timeout: float, wait: float) -> None:
        try:
            parts = urlsplit(url)
            host, self._port = parts.hostname, parts.port
        except ValueError as error:
            raise SiteError(f"{url!r} is not an address: {error}") from error
        if parts.scheme not in {"http", "https"} or not host:
            raise SiteError(f"{url!r} is not an address of a site; write https://www.example.com/")
        if not url.isascii() or any(character.isspace() for character in url):
            raise SiteError(f"{url!r} has characters that an address cannot have; percent-encode them")
        if parts.username is not None:
            raise SiteError("the address has a user's name in it; leave it out")
        self._host = host
        self._scheme = parts.scheme
        self._port = self._port or _DEFAULT_PORTS[parts.scheme]
        self._timeout = timeout
        self._wait = wait
        self._asked = 0
        self.url = urlunsplit((parts.scheme, parts.netloc, parts.path or "/", parts.query, ""))
        self.authority = parts.netloc

    def ask(self, address: str, **headers: str) -> Answer:
        """Return the answer to GET for an address on this site, after redirects within it.

        Args:
            address: the address, which may be relative to the site's own.
            headers: header fields, with "_" for "-".

        Raises:
            SiteError: The site gives no answer, or redirects to another one, or too often.
        """
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        url = urljoin(self.url, address)
        for _ in range(_MAX_REDIRECTS + 1):
            if not self.has(url):
                raise SiteError(f"{self.url} leads to {url}, which is another site; ask that one if it is yours")
            answer = self._get(url, fields)
            place = answer.first("location")
            if answer.status not in {301, 302, 303, 307, 308} or not place:
                return answer
            try:
                url = urljoin(url, place)
            except ValueError as error:
                raise SiteError(f"{url} redirects to {place[:80]!a}, which is not an address") from error
        raise SiteError(f"{address} redirects more than {_MAX_REDIRECTS} times")

    def has(self, url: str) -> bool:
        """Return whether an address is on this site's origin."""
        try:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
        except ValueError:
            return False
        return (parts.scheme, parts.hostname, port) == (self._scheme, self._host, self._port)

    def _get(self, url: str, fields: dict[str, str]) -> Answer:
        if self._asked >= MAX_REQUESTS:
            raise SiteError(f"the site needs more than {MAX_REQUESTS} requests; no more are made")
        if self._asked:
            time.sleep(self._wait)
        self._asked += 1
        parts = urlsplit(url)
        kind = HTTPSConnection if self._scheme == "https" else HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout)
        connection.response_class = _Response
        try:
            target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
            connection.request("GET", target, headers={"User-Agent": _USER_AGENT, **fields})
            response = connection.getresponse()
            body = self._body(response)
        except (OSError, HTTPException, ValueError) as error:
            raise SiteError(f"{url} cannot be read: {type(error).__name__}: {error}") from error
        finally:
            connection.close()
        early = response.early if isinstance(response, _Response) else []
        return Answer(url, response.status, _pairs(response.headers), body, early)

    def _body(self, response: HTTPResponse) -> bytes:
        """Return the body, as far as it is read.

        Raises:
            OSError: It comes too slowly: the time limit of a connection is for one step only.
        """
        ends = time.monotonic() + _MAX_STEPS * self._timeout
        body = b""
        while len(body) < MAX_BODY and (piece := response.read1(MAX_BODY - len(body))):
            body += piece
            if time.monotonic() > ends:
                raise TimeoutError("the body comes too slowly")
        return body


def _pairs(message: Message) -> Headers:
    return [
        (name.lower().encode("latin-1", "replace"), str(value).encode("latin-1", "replace"))
        for name, value in message.items()
    ]
