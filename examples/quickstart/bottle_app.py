"""A Bottle site whose HubSpot tag waits for consent. Run it with `bottle bottle_app:app`."""

from bottle import Bottle

from consent_middleware.wsgi import ConsentMiddleware

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""

site = Bottle()


@site.get("/")
def home() -> str:
    return PAGE


@site.get("/contact")
def contact() -> str:
    return "Write to hello@example.com."


app = ConsentMiddleware(site, contact_url="/contact")  # the other way to reach you
