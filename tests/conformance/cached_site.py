"""The site behind the caches: its pages without the middleware, with one page per visitor, and with one for all.

These are below `/bare`, `/visitor` and `/all`. Each has `/page` (may be stored for an hour), `/plain` (says nothing
about caching) and `/tagged` (must be revalidated, with an entity tag). `X-Made` counts the pages that were made.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from consent_middleware import Policy
from consent_middleware.asgi import ConsentMiddleware
from tests.pages import LOADER, page

PAGE = page(LOADER)
CACHING = {
    "/page": [(b"cache-control", b"public, max-age=3600, s-maxage=3600"), (b"etag", b'"v1"')],
    "/plain": [],
    "/tagged": [(b"cache-control", b"max-age=0, must-revalidate"), (b"etag", b'"v1"')],
}
_made = count(1)


async def site(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request as the site without the middleware."""
    if scope["type"] != "http":
        return
    path = "/" + scope["path"].rpartition("/")[2]
    head = [*CACHING.get(path, []), (b"x-made", b"%d" % next(_made))]
    if dict(scope["headers"]).get(b"if-none-match") == b'"v1"' and (b"etag", b'"v1"') in head:
        await send({"type": "http.response.start", "status": 304, "headers": head})
        await send({"type": "http.response.body", "body": b""})
        return
    head += [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(PAGE))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": PAGE})


VISITOR = Policy(contact_url="/contact")
ALL = Policy(contact_url="/contact", cacheable=True)
_SITES = {
    "/visitor": ConsentMiddleware(site, VISITOR),
    "/all": ConsentMiddleware(site, ALL),
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve the three sites, each below its own prefix, as a server with `root_path` would mount it."""
    prefix = "/" + scope.get("path", "").split("/")[1] if scope["type"] == "http" else ""
    if prefix in _SITES:
        await _SITES[prefix]({**scope, "root_path": prefix}, receive, send)
    else:
        await site(scope, receive, send)
