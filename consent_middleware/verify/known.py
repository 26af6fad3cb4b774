"""What the package knows of a vendor, as a measurement needs it: which host, which purpose, which cookie."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import urlsplit

from consent_middleware.purpose import Purpose
from consent_middleware.rules import CookieRule, host_without_region
from consent_middleware.vendor import Vendor

from .text import clean

#: A part of a path that names a visitor or a moment instead of a file: a long number or a hexadecimal identifier. It
#: differs with each visit, and may be the value of a cookie.
_CHANGING = re.compile(r"(?=[a-fA-F-]*[0-9])[0-9a-fA-F-]{16,}|[0-9]{10,}")


class Known:
    """The hosts and cookies of one vendor.

    Args:
        vendor: the vendor.
        proxied: the site's own origins that serve hosts of the vendor, by host, as in `Policy(proxied=…)`.
        platform: the consent platform of the site. If it is the vendor's own banner, what the banner needs before a
            choice is not the vendor's for this purpose.
    """

    def __init__(self, vendor: Vendor, proxied: Mapping[str, str], platform: str) -> None:
        self.vendor = vendor
        self._origins = {origin.rstrip("/").lower(): host for host, origin in proxied.items()}
        self._purposes: dict[str, set[Purpose]] = defaultdict(set)
        for host, purpose in [(each.host, each.purpose) for each in vendor.disclosed.contacts if each.purpose]:
            self._purposes[host_without_region(host)].add(purpose)
        banner = vendor.banner
        self.uses_banner = banner is not None and banner.source == platform
        self._free = frozenset(
            host_without_region(contact.host) for contact in (banner.contacts if banner and self.uses_banner else ())
        )

    def address(self, url: str) -> tuple[str, str] | None:
        """Return host and path of a URL that a browser requests over a network; None for any other.

        The host of a proxied origin is the vendor's. The path has no query, and `…` for what differs with each visit.
        """
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return None
        if parts.scheme not in {"http", "https", "ws", "wss"} or not host:
            return None
        host = self._origins.get(f"{parts.scheme}://{parts.netloc}".lower(), host)
        return clean(host), clean(_CHANGING.sub("…", parts.path or "/"))

    def purposes(self, host: str) -> tuple[Purpose, ...]:
        """Return the purposes of a host; none if it is not one of the vendor's hosts that wait."""
        plain = host_without_region(host)
        first = self.vendor.host_purpose(host)
        if first is None or plain in self._free:
            return ()
        return tuple(sorted({first, *self._purposes.get(plain, ())}))

    def cookie(self, name: str) -> CookieRule | None:
        """Return the rule of a cookie, or None if it is not the vendor's."""
        for rule in self.vendor.cookie_rules:
            if name == rule.name or (rule.prefix and name.startswith(rule.name)):
                return None if rule.purpose is None and self.uses_banner else rule
        return None
