"""A Falcon site whose HubSpot tag waits for consent. Run it with `gunicorn falcon_app:app`."""

from falcon import App, Request, Response

from consent_middleware.wsgi import ConsentMiddleware

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""


class Site:
    def on_get(self, request: Request, response: Response) -> None:
        response.content_type, response.text = "text/html; charset=utf-8", PAGE

    def on_get_contact(self, request: Request, response: Response) -> None:
        response.content_type, response.text = "text/plain", "Write to hello@example.com."


site = App()
site.add_route("/", Site())
site.add_route("/contact", Site(), suffix="contact")
app = ConsentMiddleware(site, contact_url="/contact")  # the other way to reach you
