"""A Litestar site whose HubSpot tag waits for consent. Run it with `uvicorn litestar_app:app`."""

from litestar import Litestar, MediaType, get

from consent_middleware.asgi import ConsentMiddleware

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""


@get("/", media_type=MediaType.HTML)
async def home() -> str:
    return PAGE


@get("/contact", media_type=MediaType.TEXT)
async def contact() -> str:
    return "Write to hello@example.com."


site = Litestar([home, contact])
app = ConsentMiddleware(site, contact_url="/contact")  # the other way to reach you
