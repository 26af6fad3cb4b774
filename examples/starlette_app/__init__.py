"""A small Starlette site with HubSpot's official tag, behind the consent middleware.

Knows how a Starlette site is made. The middleware is one line of it, in `create_app`; everything else would be the
same without.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from consent_middleware import Policy
from consent_middleware.asgi import ConsentMiddleware
from examples import shop


def create_app(
    *,
    portal: str = shop.MADE_UP_PORTAL,
    region: str = "na1",
    proxied: Mapping[str, str] | None = None,
    protected: bool = True,
    pause: float = 0.3,
) -> Starlette:
    """Make the site.

    portal, region: the HubSpot account that the official tag names.
    proxied: origins that stand for HubSpot's hosts, such as `{"js.hs-scripts.com": "http://127.0.0.1:9101"}`.
    protected: whether the middleware is there; without it the site is the one that the middleware would find.
    pause: how long the streamed page waits before each piece, in seconds.
    """
    templates = Environment(loader=FileSystemLoader(shop.TEMPLATES), autoescape=True)
    origins = shop.Origins(region, proxied or {})
    loader = origins.loader(portal)

    def render(request: Request, template: str, **context: object) -> str:
        shared = shop.words(request.url.path, consent=request.cookies.get("consent"), loader=loader)
        return templates.get_template(template).render(**shared, **context)

    async def home(request: Request) -> Response:
        return HTMLResponse(render(request, "home.html"))

    async def about(request: Request) -> Response:
        return HTMLResponse(render(request, "about.html"))

    async def csp(request: Request) -> Response:
        nonce = secrets.token_urlsafe(16)
        policy = origins.content_security_policy(nonce)
        html = render(request, "csp.html", nonce=nonce, policy=policy)
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    async def stream(request: Request) -> Response:
        async def later(pieces: list[str]) -> AsyncIterator[str]:
            for piece in pieces:
                await asyncio.sleep(pause)
                yield piece

        return StreamingResponse(later(shop.cut(render(request, "stream.html"))), media_type="text/html")

    async def contact(request: Request) -> Response:
        return HTMLResponse(render(request, "contact.html", sent=request.method == "POST"))

    async def consent(request: Request) -> Response:
        # Two fields of a plain form; Starlette's own form parser would need one more package.
        form = parse_qs((await request.body()).decode())
        choice, back = form.get("choice", [""])[0], form.get("next", [""])[0]
        response = RedirectResponse(shop.own_page(back), status_code=303)
        if choice in shop.CHOICES:
            secure = request.url.scheme == "https"
            response.set_cookie("consent", shop.CHOICES[choice], max_age=shop.HALF_YEAR, secure=secure, samesite="lax")
        if choice == "withdraw":
            response.delete_cookie("consent_chat")
        return response

    app = Starlette(
        routes=[
            Route("/", home),
            Route("/about", about),
            Route("/csp", csp),
            Route("/stream", stream),
            Route("/contact", contact, methods=["GET", "POST"]),
            Route("/consent", consent, methods=["POST"]),
            Mount("/static", StaticFiles(directory=shop.STATIC)),
        ]
    )
    if protected:
        app.add_middleware(ConsentMiddleware, policy=Policy(contact_url="/contact", proxied=dict(proxied or {})))
    return app
