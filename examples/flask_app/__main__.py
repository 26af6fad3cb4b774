"""`python -m examples.flask_app --port 8001`: the site, on a development server."""

from __future__ import annotations

from werkzeug.serving import run_simple

from examples import shop

from . import create_app


def main() -> None:
    given = shop.parser("examples.flask_app", port=8001, description=__doc__).parse_args()
    app = create_app(
        portal=given.portal, region=given.region, proxied=dict(given.proxied), protected=not given.unprotected
    )
    run_simple(given.host, given.port, app, threaded=True)


if __name__ == "__main__":
    main()
