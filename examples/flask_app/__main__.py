"""`python -m examples.flask_app --port 8001`: the site, on a development server."""

from __future__ import annotations

import argparse
import os

from werkzeug.serving import run_simple

from . import MADE_UP_PORTAL, create_app


def origin(text: str) -> tuple[str, str]:
    """Read `HOST=ORIGIN`."""
    host, _, address = text.partition("=")
    if not host or not address.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not HOST=ORIGIN, such as js.hs-scripts.com=http://127.0.0.1:9101"
        )
    return host, address


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.flask_app", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--portal", default=os.environ.get("HUBSPOT_PORTAL") or MADE_UP_PORTAL, help="HubSpot account")
    parser.add_argument("--region", default="na1", help="where the account lives: na1, eu1 and so on")
    parser.add_argument("--unprotected", action="store_true", help="the same site without the middleware")
    parser.add_argument(
        "--proxied", type=origin, action="append", default=[], metavar="HOST=ORIGIN", help="stands for a HubSpot host"
    )
    given = parser.parse_args()
    app = create_app(
        portal=given.portal, region=given.region, proxied=dict(given.proxied), protected=not given.unprotected
    )
    run_simple(given.host, given.port, app, threaded=True)


if __name__ == "__main__":
    main()
