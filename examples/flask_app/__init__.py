"""The demonstration shop as a Flask site: HubSpot's official tag, with the consent middleware in front.

The middleware is one line of `create_app`. To copy a file, take `examples/quickstart/flask_app.py`.
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
    """Return the site.

    Args:
        portal: The HubSpot account that the official tag names.
        region: Where that account lives.
        proxied: Origins that stand in for HubSpot's hosts, such as `{"js.hs-scripts.com": "http://127.0.0.1:9101"}`.
        protected: Whether the middleware is there.
        pause: How long the streamed page waits before each chunk, in seconds.
    """
    app = Flask(__name__, template_folder=str(shop.TEMPLATES), static_folder=shop.STATIC)
    site = shop.Shop(portal, region, proxied or {})

    def render(template: str, **context: object) -> str:
        shared = site.context(request.path, consent=request.cookies.get("consent"))
        return render_template(template, **shared, **context)

    @app.get("/")
    def home() -> str:
        return render("home.html")

    @app.get("/about")
    def about() -> str:
        return render("about.html")

    @app.get("/csp")
    def csp() -> Response:
        nonce = secrets.token_urlsafe(16)
        policy = site.content_security_policy(nonce)
        response = make_response(render("csp.html", nonce=nonce, policy=policy))
        response.headers["Content-Security-Policy"] = policy
        return response

    @app.get("/stream")
    def stream() -> Response:
        def slowly(chunks: list[str]) -> Iterator[str]:
            for chunk in chunks:
                time.sleep(pause)
                yield chunk

        return Response(
            stream_with_context(slowly(shop.split_inside_tags(render("stream.html")))), mimetype="text/html"
        )

    @app.route("/contact", methods=["GET", "POST"])
    def contact() -> str:
        return render("contact.html", sent=request.method == "POST")

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
