"""A Quart site whose HubSpot tag waits for consent. Run it with `quart --app quart_app run`."""

from quart import Quart

from consent_middleware.asgi import ConsentMiddleware

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""

app = Quart(__name__)
app.asgi_app = ConsentMiddleware(app.asgi_app, contact_url="/contact")  # type: ignore[method-assign]


@app.get("/")
async def home() -> str:
    return PAGE


@app.get("/contact")
async def contact() -> str:
    return "Write to hello@example.com."
