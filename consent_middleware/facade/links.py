"""The addresses of the facade's links on one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .texts import choose

#: The address of a link: one for every page, or addresses by language. None: no link.
Address = str | Mapping[str, str] | None


class PageLinks(NamedTuple):
    """What the addresses of one page's links depend on, besides the settings and the page's language.

    Attributes:
        mount: the path at which the app is mounted, percent-encoded; "" at the root.
        chosen: the links whose addresses the site chose for this request: pairs of a name and the address or None.
    """

    mount: str = ""
    chosen: tuple[tuple[str, str | None], ...] = ()


#: What the links of an app at the root depend on, if its site chooses no address for each request.
NO_LINKS = PageLinks()


def address_for(setting: Address, lang: str | None, mount: str) -> str | None:
    """Return the address of a link on a page in a language (BCP 47), of an app that is mounted at `mount`."""
    url = setting[choose(setting, lang)] if isinstance(setting, Mapping) else setting
    return mount.rstrip("/") + url[1:] if url is not None and url.startswith("~/") else url
