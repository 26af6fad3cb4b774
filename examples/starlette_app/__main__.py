"""`python -m examples.starlette_app --port 8002`: the site, on uvicorn."""

from __future__ import annotations

import uvicorn

from examples import shop

from . import create_app


def main() -> None:
    given = shop.parser("examples.starlette_app", port=8002, description=__doc__).parse_args()
    app = create_app(
        portal=given.portal, region=given.region, proxied=dict(given.proxied), protected=not given.unprotected
    )
    uvicorn.run(app, host=given.host, port=given.port)


if __name__ == "__main__":
    main()
