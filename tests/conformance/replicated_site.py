"""The site behind a load balancer or a cache: a page with HubSpot's tag, and which process has made which copy."""

from __future__ import annotations

import os
from itertools import count

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consent_middleware import Policy
from consent_middleware.asgi import ConsentMiddleware
from tests.pages import LOADER, page

PAGE = page(LOADER)
CACHED = {"Cache-Control": "public, max-age=60", "ETag": '"v1"'}


_made = count()


async def home(request: Request) -> Response:
    headers = {**CACHED, "X-Process": str(os.getpid()), "X-Made": str(next(_made))}
    if request.headers.get("if-none-match") == CACHED["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(PAGE, media_type="text/html", headers=headers)


_routes = [Route("/", home)]
app = ConsentMiddleware(Starlette(routes=_routes), Policy(contact_url="/contact", chat_accounts=["12345", "678"]))
shared = ConsentMiddleware(Starlette(routes=_routes), Policy(contact_url="/contact", cacheable=True))
