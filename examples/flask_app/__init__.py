"""A small Flask site with HubSpot's official tag, behind the consent middleware.

Knows how a Flask site is made. The middleware is one line of it, in `create_app`; everything else would be the same
without.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping

from flask import Flask, Response, make_response, redirect, render_template, request, stream_with_context
from werkzeug.wrappers import Response as BaseResponse

from consent_middleware import Policy
from consent_middleware.flask import Consent
from examples import shop


def create_app(
    *,
    portal: str = shop.MADE_UP_PORTAL,
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
    app = Flask(__name__, template_folder=str(shop.TEMPLATES), static_folder=shop.STATIC)
    origins = shop.Origins(region, proxied or {})
    loader = origins.loader(portal)

    def page(template: str, **context: object) -> str:
        shared = shop.words(request.path, consent=request.cookies.get("consent"), loader=loader)
        return render_template(template, **shared, **context)

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

        return Response(stream_with_context(later(shop.cut(page("stream.html")))), mimetype="text/html")

    @app.route("/contact", methods=["GET", "POST"])
    def contact() -> str:
        return page("contact.html", sent=request.method == "POST")

    @app.post("/consent")
    def consent() -> BaseResponse:
        choice = request.form.get("choice", "")
        response = redirect(shop.own_page(request.form.get("next", "")), code=303)
        if choice in shop.CHOICES:
            response.set_cookie(
                "consent", shop.CHOICES[choice], max_age=shop.HALF_YEAR, secure=request.is_secure, samesite="Lax"
            )
        if choice == "withdraw":
            response.delete_cookie("consent_chat")
        return response

    if protected:
        Consent(app, Policy(contact_url="/contact", proxied=dict(proxied or {})))
    return app
