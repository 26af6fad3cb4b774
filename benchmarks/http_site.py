"""The apps that `benchmarks.http` times over a real server: one answer for each path, bare and in each stack."""

from __future__ import annotations

from typing import Any

import consent_middleware.asgi
import consent_middleware.wsgi
from benchmarks.http import ANSWERS, asgi_app, base_http, gzipped, wsgi_app
from consent_middleware import Policy

PATHS = {f"/{index}": name for index, name in enumerate(ANSWERS)}
_ASGI = {path: asgi_app(ANSWERS[name]) for path, name in PATHS.items()}
_WSGI = {path: wsgi_app(ANSWERS[name]) for path, name in PATHS.items()}
_POLICY = Policy(contact_url="/contact")


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request without middleware, as an ASGI app."""
    await _ASGI[scope["path"]](scope, receive, send)


def wsgi_bare(environ: Any, start_response: Any) -> Any:
    """Answer a request without middleware, as a WSGI app."""
    return _WSGI[environ["PATH_INFO"]](environ, start_response)


ours = consent_middleware.asgi.ConsentMiddleware(bare, _POLICY)
gzip_middleware = gzipped(bare)
base_http_middleware = base_http(bare)
wsgi_ours = consent_middleware.wsgi.ConsentMiddleware(wsgi_bare, _POLICY)
