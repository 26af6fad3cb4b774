"""A FastAPI site whose HubSpot tag waits for consent. Run it with `uvicorn fastapi_app:app`."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from consent_middleware.asgi import ConsentMiddleware

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""

app = FastAPI(openapi_url=None)  # these are pages, so no API documentation
app.add_middleware(ConsentMiddleware, contact_url="/contact")  # the other way to reach you


@app.get("/", response_class=HTMLResponse)
async def home() -> str:
    return PAGE


@app.get("/contact", response_class=HTMLResponse)
async def contact() -> str:
    return "Write to hello@example.com."
