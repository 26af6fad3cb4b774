"""A small Flask site with HubSpot's official tag, behind the consent middleware.

Knows how a Flask site is made. The middleware is one line of it, in `create_app`; everything else would be the same
without.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from itertools import pairwise

from flask import Flask, Response, make_response, redirect, render_template, request, stream_with_context
from werkzeug.wrappers import Response as BaseResponse

from consent_middleware import Policy
from consent_middleware.flask import Consent

#: No account of HubSpot has this number.
MADE_UP_PORTAL = "999999999"

PAGES = (
    ("/", "Repairs"),
    ("/about", "About us"),
    ("/csp", "Strict page"),
    ("/stream", "On the stand"),
    ("/contact", "Contact"),
)
CHOICES = {
    "refuse": "necessary",
    "functional": "functional",
    "everything": "functional,analytics,marketing",
    # An explicit no, which also ends what HubSpot has left in the browser.
    "withdraw": "necessary",
}
SAID = {
    "necessary": "Only necessary cookies are allowed.",
    "functional": "You have allowed functional cookies.",
    "functional,analytics,marketing": "You have allowed everything.",
}
JOBS = (
    "A tandem with a tired freewheel",
    "Two brakes that sing",
    "A wheel that met a kerb",
    "One creak, place unknown",
)
HALF_YEAR = 180 * 24 * 60 * 60


def create_app(
    *,
    portal: str = MADE_UP_PORTAL,
    region: str = "na1",
    proxied: Mapping[str, str] | None = None,
    protected: bool = True,
    pause: float = 0.3,
) -> Flask:
    """Make the site.

    portal, region: the HubSpot account that the official tag names.
    proxied: origins that stand for HubSpot's hosts, such as `{"js.hs-scripts.com": "http://127.0.0.1:9101"}`.
    protected: whether the middleware is there; without it the site is the one that the middleware would find.
    pause: how long the streamed page waits before each piece, in seconds.
    """
    app = Flask(__name__)
    origins = Origins(region, proxied or {})
    loader = f"{origins.of('js.hs-scripts.com', scheme='')}/{portal}.js"

    def page(template: str, **context: object) -> str:
        chosen = SAID.get(request.cookies.get("consent", ""), "You have not chosen yet.")
        return render_template(
            template, here=request.path, pages=PAGES, loader=loader, chosen=chosen, jobs=JOBS, **context
        )

    @app.get("/")
    def home() -> str:
        return page("home.html")

    @app.get("/about")
    def about() -> str:
        return page("about.html")

    @app.get("/csp")
    def csp() -> Response:
        nonce = secrets.token_urlsafe(16)
        policy = origins.content_security_policy(nonce)
        response = make_response(page("csp.html", nonce=nonce, policy=policy))
        response.headers["Content-Security-Policy"] = policy
        return response

    @app.get("/stream")
    def stream() -> Response:
        def later(pieces: list[str]) -> Iterator[str]:
            for piece in pieces:
                time.sleep(pause)
                yield piece

        return Response(stream_with_context(later(cut(page("stream.html")))), mimetype="text/html")

    @app.route("/contact", methods=["GET", "POST"])
    def contact() -> str:
        return page("contact.html", sent=request.method == "POST")

    @app.post("/consent")
    def consent() -> BaseResponse:
        choice = request.form.get("choice", "")
        back = request.form.get("next", "")
        # Only to a page of this site: an address from a form is anybody's.
        response = redirect(back if back in dict(PAGES) else "/", code=303)
        if choice in CHOICES:
            response.set_cookie("consent", CHOICES[choice], max_age=HALF_YEAR, secure=request.is_secure, samesite="Lax")
        if choice == "withdraw":
            response.delete_cookie("consent_chat")
        return response

    if protected:
        Consent(app, Policy(contact_url="/contact", proxied=dict(proxied or {})))
    return app


class Origins:
    """Where this site finds HubSpot's hosts: at HubSpot, or wherever it was told."""

    def __init__(self, region: str, proxied: Mapping[str, str]) -> None:
        self._region = region
        self._proxied = proxied

    def of(self, host: str, *, scheme: str = "https:") -> str:
        label, _, domain = host.partition(".")
        if self._region != "na1" and label != "static":
            host = f"{label}-{self._region}.{domain}"
        return self._proxied.get(host, f"{scheme}//{host}")

    def content_security_policy(self, nonce: str) -> str:
        """A policy that lets scripts run by their nonce, and names what HubSpot needs besides."""
        calls = ("api.hubspot.com", "forms.hscollectedforms.net", "api.hubapi.com")
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src 'nonce-{nonce}' 'strict-dynamic'",
                f"style-src 'self' {self.of('static.hsappstatic.net')}",
                f"img-src 'self' {self.of('track.hubspot.com')}",
                f"connect-src 'self' {' '.join(map(self.of, calls))}",
                f"frame-src {self.of('app.hubspot.com')}",
                "form-action 'self'",
                "base-uri 'none'",
            )
        )


def cut(html: str) -> list[str]:
    """Cut a page into pieces that end where it hurts: in a list, in the tag's id, in its address, in its end tag."""
    item = html.index("<li>")
    tag = html.index("hs-script-loader", item)
    source = html.index("src=", tag)
    end = html.index("</script", source)
    places = [0, item + 2, tag + 3, source + 12, end + 5, len(html)]
    return [html[start:stop] for start, stop in pairwise(places)]
