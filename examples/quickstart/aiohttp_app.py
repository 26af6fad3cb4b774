"""An aiohttp site whose HubSpot tag waits for consent. Run it with `python -m aiohttp.web aiohttp_app:make`."""

from aiohttp import web

import consent_middleware.aiohttp

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""


async def home(request: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def contact(request: web.Request) -> web.Response:
    return web.Response(text="Write to hello@example.com.")


def make(arguments: list[str]) -> web.Application:
    app = web.Application()
    app.add_routes([web.get("/", home), web.get("/contact", contact)])
    consent_middleware.aiohttp.setup(app, contact_url="/contact")  # the other way to reach you
    return app
