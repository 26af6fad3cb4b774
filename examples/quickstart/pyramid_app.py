"""A Pyramid site whose HubSpot tag waits for consent. Run it with `gunicorn pyramid_app:app`."""

from pyramid.config import Configurator
from pyramid.response import Response

from consent_middleware.wsgi import ConsentMiddleware

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""

with Configurator() as config:
    config.add_route("home", "/")
    config.add_view(lambda request: Response(PAGE), route_name="home")
    config.add_route("contact", "/contact")
    config.add_view(lambda request: Response("Write to hello@example.com."), route_name="contact")
    site = config.make_wsgi_app()
app = ConsentMiddleware(site, contact_url="/contact")  # the other way to reach you
