"""A Dash site whose HubSpot tag waits for consent. Run it with `flask --app dash_app:server run`."""

from dash import Dash, html

from consent_middleware.flask import Consent

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>
{%app_entry%}{%config%}{%scripts%}{%renderer%}"""

app = Dash(__name__, index_string=PAGE)
app.layout = html.P("Choose your bicycle.")
server = app.server
Consent(server, contact_url="/contact")  # the other way to reach you


@server.get("/contact")
def contact() -> str:
    return "Write to hello@example.com."
