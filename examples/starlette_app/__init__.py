"""The demonstration shop as a Starlette site: HubSpot's official tag, with the consent middleware in front.

The middleware is one line of `create_app`. To copy a file, take `examples/quickstart/starlette_app.py`.
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
    """Return the site.

    Args:
        portal: The HubSpot account that the official tag names.
        region: Where that account lives.
        proxied: Origins that stand in for HubSpot's hosts, such as `{"js.hs-scripts.com": "http://127.0.0.1:9101"}`.
        protected: Whether the middleware is there.
        pause: How long the streamed page waits before each chunk, in seconds.
    """
    templates = Environment(loader=FileSystemLoader(shop.TEMPLATES), autoescape=True)
    site = shop.Shop(portal, region, proxied or {})

    def render(request: Request, template: str, **context: object) -> str:
        shared = site.context(request.url.path, consent=request.cookies.get("consent"))
        return templates.get_template(template).render(**shared, **context)

    async def home(request: Request) -> Response:
        return HTMLResponse(render(request, "home.html"))

    async def about(request: Request) -> Response:
        return HTMLResponse(render(request, "about.html"))

    async def csp(request: Request) -> Response:
        nonce = secrets.token_urlsafe(16)
        policy = site.content_security_policy(nonce)
        html = render(request, "csp.html", nonce=nonce, policy=policy)
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    async def stream(request: Request) -> Response:
        async def slowly(chunks: list[str]) -> AsyncIterator[str]:
            for chunk in chunks:
                await asyncio.sleep(pause)
                yield chunk

        return StreamingResponse(slowly(shop.split_inside_tags(render(request, "stream.html"))), media_type="text/html")

    async def contact(request: Request) -> Response:
        return HTMLResponse(render(request, "contact.html", sent=request.method == "POST"))

    async def consent(request: Request) -> Response:
        # Starlette's own form parser needs one more package.
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
