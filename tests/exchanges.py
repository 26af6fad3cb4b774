"""A response in one call, for tests that do not care how an exchange is driven."""

from __future__ import annotations

from consent_middleware.exchange import Exchange
from consent_middleware.headers import Headers


def respond(exchange: Exchange, status: int, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Give a response with a whole body to `exchange`; return the head and body that it sends."""
    exchange.start(status, headers)
    return exchange.rewrite_whole(body)
