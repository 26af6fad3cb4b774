"""A Starlette site whose HubSpot tag waits for consent. Run it with `uvicorn starlette_app:app`."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from consent_middleware.asgi import ConsentMiddleware

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""


async def home(request: Request) -> HTMLResponse:
    return HTMLResponse(PAGE)


async def contact(request: Request) -> HTMLResponse:
    return HTMLResponse("Write to hello@example.com.")


site = Starlette(routes=[Route("/", home), Route("/contact", contact)])
app = ConsentMiddleware(site, contact_url="/contact")  # the other way to reach you
