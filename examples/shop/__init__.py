"""The site that the examples show: a bicycle workshop with HubSpot's official tag on its pages.

Knows the pages, the texts, the choices about cookies and the options of the command. It must not know a web framework
or the middleware.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

#: No account of HubSpot has this number.
MADE_UP_PORTAL = "999999999"

PAGES = (
    ("/", "Repairs"),
    ("/about", "About us"),
    ("/csp", "Strict page"),
    ("/stream", "On the stand"),
    ("/contact", "Contact"),
)
CHOICES = {
    "refuse": "necessary",
    "functional": "functional",
    "everything": "functional,analytics,marketing",
    # An explicit no, which also ends what HubSpot has left in the browser.
    "withdraw": "necessary",
}
SAID = {
    "necessary": "Only necessary cookies are allowed.",
    "functional": "You have allowed functional cookies.",
    "functional,analytics,marketing": "You have allowed everything.",
}
JOBS = (
    "A tandem with a tired freewheel",
    "Two brakes that sing",
    "A wheel that met a kerb",
    "One creak, place unknown",
)
#: In seconds.
HALF_YEAR = 180 * 24 * 60 * 60
TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")


def words(here: str, *, consent: str | None, loader: str) -> dict[str, object]:
    """What every template may name.

    here: the path of the page. consent: the value of the cookie of that name. loader: the address in the official tag.
    """
    chosen = SAID.get(consent or "", "You have not chosen yet.")
    return {"here": here, "pages": PAGES, "loader": loader, "chosen": chosen, "jobs": JOBS}


def own_page(address: str) -> str:
    """The page to go back to; only a page of this site, because an address from a form is anybody's."""
    return address if address in dict(PAGES) else "/"


class Origins:
    """Where this site finds HubSpot's hosts: at HubSpot, or wherever it was told."""

    def __init__(self, region: str, proxied: Mapping[str, str]) -> None:
        self._region = region
        self._proxied = proxied

    def of(self, host: str, *, scheme: str = "https:") -> str:
        label, _, domain = host.partition(".")
        if self._region != "na1" and label != "static":
            host = f"{label}-{self._region}.{domain}"
        return self._proxied.get(host, f"{scheme}//{host}")

    def loader(self, portal: str) -> str:
        """The address in the official tag."""
        return f"{self.of('js.hs-scripts.com', scheme='')}/{portal}.js"

    def content_security_policy(self, nonce: str) -> str:
        """A policy that lets scripts run by their nonce, and names what HubSpot needs besides."""
        calls = ("api.hubspot.com", "forms.hscollectedforms.net", "api.hubapi.com")
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src 'nonce-{nonce}' 'strict-dynamic'",
                f"style-src 'self' {self.of('static.hsappstatic.net')}",
                f"img-src 'self' {self.of('track.hubspot.com')}",
                f"connect-src 'self' {' '.join(map(self.of, calls))}",
                f"frame-src {self.of('app.hubspot.com')}",
                "form-action 'self'",
                "base-uri 'none'",
            )
        )


def cut(html: str) -> list[str]:
    """Cut a page into pieces that end where it hurts: in a list, in the tag's id, in its address, in its end tag."""
    item = html.index("<li>")
    tag = html.index("hs-script-loader", item)
    source = html.index("src=", tag)
    end = html.index("</script", source)
    places = [0, item + 2, tag + 3, source + 12, end + 5, len(html)]
    return [html[start:stop] for start, stop in pairwise(places)]


def parser(name: str, *, port: int, description: str | None) -> argparse.ArgumentParser:
    """The options of `python -m NAME`; `port` is the one that it takes when none is given."""
    options = argparse.ArgumentParser(prog=f"python -m {name}", description=description)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=port)
    options.add_argument("--portal", default=os.environ.get("HUBSPOT_PORTAL") or MADE_UP_PORTAL, help="HubSpot account")
    options.add_argument("--region", default="na1", help="where the account lives: na1, eu1 and so on")
    options.add_argument("--unprotected", action="store_true", help="the same site without the middleware")
    options.add_argument(
        "--proxied", type=_origin, action="append", default=[], metavar="HOST=ORIGIN", help="stands for a HubSpot host"
    )
    return options


def _origin(text: str) -> tuple[str, str]:
    """Read `HOST=ORIGIN`."""
    host, _, address = text.partition("=")
    if not host or not address.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not HOST=ORIGIN, such as js.hs-scripts.com=http://127.0.0.1:9101"
        )
    return host, address
