"""A Flask site whose HubSpot tag waits for consent. Run it with `flask --app flask_app run`."""

from flask import Flask

from consent_middleware.flask import Consent

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""

app = Flask(__name__)
app.config["CONSENT_CONTACT_URL"] = "/contact"  # the other way to reach you
Consent(app)


@app.get("/")
def home() -> str:
    return PAGE


@app.get("/contact")
def contact() -> str:
    return "Write to hello@example.com."
