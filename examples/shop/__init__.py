"""The demonstration shop: a bicycle workshop with HubSpot's official tag on its pages.

It has the pages, the texts, the consent choices and the command line that the Flask and the Starlette site share. It
imports no web framework and no middleware.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

#: A number that no HubSpot account has.
MADE_UP_PORTAL = "999999999"

PAGES = (
    ("/", "Repairs"),
    ("/about", "About us"),
    ("/csp", "Strict page"),
    ("/stream", "On the stand"),
    ("/contact", "Contact"),
)
#: The value of the cookie `consent` for each button of the consent form.
CHOICES = {
    "refuse": "necessary",
    "functional": "functional",
    "everything": "functional,analytics,marketing",
    # An explicit refusal, so the middleware also expires HubSpot's cookies.
    "withdraw": "necessary",
}
#: What the form says for each value of the cookie.
CHOICE_TEXTS = {
    "necessary": "Only necessary cookies are allowed.",
    "functional": "You have allowed functional cookies.",
    "functional,analytics,marketing": "You have allowed everything.",
}
JOBS = (
    "A tandem with a tired freewheel",
    "Two brakes that sing",
    "A wheel that met a curb",
    "One creak, place unknown",
)
#: In seconds.
HALF_YEAR = 180 * 24 * 60 * 60
TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")


class Shop:
    """The parts of the site that depend on the HubSpot account and on where HubSpot's hosts are.

    Args:
        portal: The account's number.
        region: Where the account lives, such as `na1` or `eu1`.
        proxied: The origins that stand in for HubSpot's hosts.
    """

    def __init__(self, portal: str, region: str, proxied: Mapping[str, str]) -> None:
        self._region = region
        self._proxied = proxied
        #: The address in the official tag.
        self.loader = f"{self._origin('js.hs-scripts.com', scheme='')}/{portal}.js"

    def context(self, path: str, *, consent: str | None) -> dict[str, object]:
        """Return what every template needs.

        Args:
            path: The path of the page.
            consent: The value of the cookie `consent`.
        """
        chosen = CHOICE_TEXTS.get(consent or "", "You have not chosen yet.")
        return {"here": path, "pages": PAGES, "loader": self.loader, "chosen": chosen, "jobs": JOBS}

    def content_security_policy(self, nonce: str) -> str:
        """Return a policy that allows scripts by their nonce, and HubSpot's hosts for everything else."""
        calls = ("api.hubspot.com", "forms.hscollectedforms.net", "api.hubapi.com")
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src 'nonce-{nonce}' 'strict-dynamic'",
                f"style-src 'self' {self._origin('static.hsappstatic.net')}",
                f"img-src 'self' {self._origin('track.hubspot.com')}",
                f"connect-src 'self' {' '.join(map(self._origin, calls))}",
                f"frame-src {self._origin('app.hubspot.com')}",
                "form-action 'self'",
                "base-uri 'none'",
            )
        )

    def _origin(self, host: str, *, scheme: str = "https:") -> str:
        """Return the origin at which this site finds one of HubSpot's hosts."""
        label, _, domain = host.partition(".")
        if self._region != "na1" and label != "static":
            host = f"{label}-{self._region}.{domain}"
        return self._proxied.get(host, f"{scheme}//{host}")


def own_page(address: str) -> str:
    """Return the address if it is a page of this site, and the home page otherwise.

    The address comes from a form, so it may lead anywhere.
    """
    return address if address in dict(PAGES) else "/"


def split_inside_tags(html: str) -> list[str]:
    """Split a page at the hardest places: inside a list item, and inside the tag's id, address and end tag."""
    item = html.index("<li>")
    tag = html.index("hs-script-loader", item)
    source = html.index("src=", tag)
    end = html.index("</script", source)
    places = [0, item + 2, tag + 3, source + 12, end + 5, len(html)]
    return [html[start:stop] for start, stop in pairwise(places)]


class CommandLine(NamedTuple):
    """The options of `python -m examples.flask_app` and `python -m examples.starlette_app`."""

    host: str
    port: int
    #: The keyword arguments of `create_app`.
    settings: dict[str, Any]


def parse_command_line(name: str, *, port: int, description: str | None) -> CommandLine:
    """Read the options of `python -m NAME`.

    Args:
        name: The module.
        port: The default port.
        description: The text above the options in the help.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--portal", default=os.environ.get("HUBSPOT_PORTAL") or MADE_UP_PORTAL, help="HubSpot account")
    parser.add_argument("--region", default="na1", help="where the account lives: na1, eu1 and so on")
    parser.add_argument("--unprotected", action="store_true", help="the same site without the middleware")
    parser.add_argument(
        "--proxied",
        type=_host_and_origin,
        action="append",
        default=[],
        metavar="HOST=ORIGIN",
        help="an origin that stands in for a HubSpot host",
    )
    options = parser.parse_args()
    settings = {
        "portal": options.portal,
        "region": options.region,
        "proxied": dict(options.proxied),
        "protected": not options.unprotected,
    }
    return CommandLine(options.host, options.port, settings)


def _host_and_origin(text: str) -> tuple[str, str]:
    """Read `HOST=ORIGIN`."""
    host, _, address = text.partition("=")
    if not host or not address.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not HOST=ORIGIN, such as js.hs-scripts.com=http://127.0.0.1:9101"
        )
    return host, address
