"""What the user asks of `verify`, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from consent_middleware.policy import Policy
from consent_middleware.vendor import Vendor
from consent_middleware.writers import UnwritableError, WrittenConsent, granting, write

from .errors import VerifyError
from .record import SessionName

#: The name of the project's own cookie among the consent platforms.
OWN_COOKIE = "own cookie"
#: The most pages of one run. Each is opened once or twice in each session.
MOST_PAGES = 20


@dataclass(frozen=True, kw_only=True)
class VerifySettings:
    """What to measure, and how.

    Attributes:
        urls: the pages of the site, all of one origin.
        folder: the folder for the result; it must not exist, or be empty.
        vendor: the vendor that is looked for.
        also: paths of more pages, such as one that answers with an error, for the untouched session alone.
        platform: the consent platform whose cookies are written.
        policy: the site's settings that matter for writing consent.
        proxied: the site's own origins that serve hosts of the vendor, by host.
        sessions: the sessions to make.
        wait: seconds to wait on each page once the network is quiet.
        timeout: seconds for everything.
        browser: the path of Chromium, or empty.
        browser_arguments: more arguments for Chromium.
    """

    urls: Sequence[str]
    folder: Path
    vendor: Vendor
    also: Sequence[str] = ()
    platform: str = OWN_COOKIE
    policy: Policy
    proxied: Mapping[str, str]
    sessions: Sequence[SessionName] = tuple(SessionName)
    wait: float = 5.0
    timeout: float = 600.0
    browser: str = ""
    browser_arguments: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Check the addresses and the folder.

        Raises:
            VerifyError: They cannot be used.
        """
        if not 0 < len(self.urls) + len(self.also) <= MOST_PAGES:
            raise VerifyError("CM110", f"there must be 1 to {MOST_PAGES} pages", status=2)
        for url in self.urls:
            if origin_of(url) != self.origin:
                raise VerifyError("CM111", f"{url} is not a page of {self.origin}", status=2)
        for path in self.also:
            if origin_of(urljoin(self.urls[0], path)) != self.origin:
                raise VerifyError("CM111", f"{path} is not a path on {self.origin}", status=2)
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise VerifyError("CM112", f"{self.folder} exists and is not an empty folder", status=2)

    @property
    def origin(self) -> str:
        """The site's origin."""
        return origin_of(self.urls[0])

    @property
    def also_urls(self) -> list[str]:
        """The addresses of the pages that the untouched session opens in addition."""
        return [urldefrag(urljoin(self.urls[0], path)).url for path in self.also]

    @property
    def pages(self) -> list[str]:
        """The addresses of the pages, without fragments: a browser would not open a page again for one."""
        return [urldefrag(url).url for url in self.urls]

    def consent(self, name: SessionName, now: float) -> WrittenConsent:
        """Return the consent with which a session begins.

        Args:
            name: the session.
            now: when the visitor chose, in seconds since 1970.

        Raises:
            UnwritableError: The platform cannot record it.
            VerifyError: There is no such platform.
        """
        if name not in _CHOICES:
            return WrittenConsent()
        try:
            return write(self.platform, granting(*_CHOICES[name]), now=now, policy=self.policy)
        except UnwritableError:
            raise
        except ValueError as error:
            raise VerifyError("CM113", f"the consent platform cannot be used: {error}", status=2) from error


_EVERYTHING = ("functional", "analytics", "marketing")
_CHOICES: Mapping[SessionName, tuple[str, ...]] = {
    SessionName.REFUSED: (),
    SessionName.FUNCTIONAL: ("functional",),
    SessionName.EVERYTHING: _EVERYTHING,
    SessionName.WITHDRAWN: _EVERYTHING,
}


_DEFAULT_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Return the origin of an address: scheme, host and port.

    Raises:
        VerifyError: It is no address of a page, or contains a user name.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise VerifyError("CM114", f"{url!r} is not an address: {error}", status=2) from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise VerifyError("CM114", f"{url!r} is not an address; write https://www.example.com/", status=2)
    if parts.username is not None or parts.password is not None:
        raise VerifyError("CM114", "an address must not contain a user name or a password", status=2)
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _DEFAULT_PORTS[parts.scheme] else "")
