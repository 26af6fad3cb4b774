"""What the ASGI adapter knows of frameworks: where in an app the middleware stands.

Starlette's and FastAPI's `add_middleware` puts the middleware inside `ServerErrorMiddleware`, which makes the page for
an exception that nothing else has handled. Middleware of a route gets only the requests for that route. No framework is
imported here, so its classes are recognized by their names.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from .arguments import is_async

#: The keys of a scope that a router sets before it calls a handler: Litestar's, and that of Django Channels.
_ROUTER_KEYS = ("route_handler", "url_route")

#: How many layers of middleware are looked through.
_MAX_LAYERS = 100


def is_starlette(app: object) -> bool:
    """Return whether an app is one of Starlette's or FastAPI's."""
    return _is_a(app, "starlette.applications", "Starlette")


def is_behind_route(scope: Mapping[str, Any], middleware: object) -> bool:
    """Return whether a router has chosen the middleware for this path alone.

    Below a mount, every path that begins with the prefix arrives, so a middleware there is not behind a route.
    """
    if "endpoint" in scope:  # Starlette's: a view, or the app of a mount with its middleware
        return all(layer is not middleware for layer in _layers(scope["endpoint"]))
    return any(key in scope for key in _ROUTER_KEYS)


def cover_error_pages(
    app: object, middleware: object, protect: Callable[[Any], Callable[..., Awaitable[None]]]
) -> bool:
    """Make the pages of a Starlette app's handler for unhandled exceptions pass the middleware in the app.

    Args:
        app: the app in whose scope the middleware is called.
        middleware: the middleware.
        protect: puts the middleware around a response, which is an app of its own in Starlette.

    Returns:
        Whether these pages pass the middleware now; false if the place where they are made was not found.
    """
    for layer in _layers(app):
        if layer is middleware:
            return True  # nothing stands outside it
        if _is_a(layer, "starlette.middleware.errors", "ServerErrorMiddleware"):
            # Without a handler, the page is plain text. The page for debugging escapes what it shows.
            handler = getattr(layer, "handler", None)
            if handler is not None:
                vars(layer)["handler"] = _protected(handler, protect)
            return True
    return False


def _protected(handler: Callable[..., Any], protect: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a handler whose responses pass the middleware. Starlette calls one that is not async in a thread."""

    async def handle(request: Any, error: Exception) -> Any:
        return protect(await handler(request, error))

    def handle_in_thread(request: Any, error: Exception) -> Any:
        return protect(handler(request, error))

    return handle if is_async(handler) else handle_in_thread


def _layers(app: object) -> Iterator[object]:
    """Yield an app and what it passes its requests on to, from the outside in, as far as that is an attribute."""
    for _ in range(_MAX_LAYERS):
        if app is None:
            return
        yield app
        app = getattr(app, "middleware_stack", None) or getattr(app, "app", None)


def _is_a(thing: object, module: str, name: str) -> bool:
    """Return whether a thing is an instance of a class, by the class's name."""
    return any(cls.__module__ == module and cls.__name__ == name for cls in type(thing).__mro__)
