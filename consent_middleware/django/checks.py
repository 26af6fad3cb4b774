"""System checks for `manage.py check`: the settings, and the middleware's place. The ids contain our numbers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.middleware.gzip import GZipMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.module_loading import import_string

from consent_middleware.policy import PolicyError

from .conf import site_policy
from .middleware import ConsentMiddleware

#: What may stand in front: it changes no page, or compresses it.
_MAY_BE_IN_FRONT = (GZipMiddleware, SecurityMiddleware)


def check_policy(**_: object) -> list[checks.CheckMessage]:
    """Return an error for each wrong setting."""
    try:
        site_policy()
    except PolicyError as error:
        return [checks.Error(text, id=_id(number)) for number, text in error.problems]
    return []


def check_middleware(**_: object) -> list[checks.CheckMessage]:
    """Return a warning for each fault of the middleware's place in `MIDDLEWARE`: CM083 and CM084."""
    every = [(path, _imported(path)) for path in settings.MIDDLEWARE]
    places = [index for index, (_, found) in enumerate(every) if _is(found, ConsentMiddleware)]
    if not places:
        return [
            checks.Warning(
                "consent_middleware.django is installed, and its middleware is not in MIDDLEWARE.",
                hint="Put 'consent_middleware.django.ConsentMiddleware' first. If a WSGI or ASGI middleware does the "
                "work, silence this check.",
                id=_id("CM083"),
            )
        ]
    first, *others = places
    found: list[checks.CheckMessage] = []
    if others:
        found.append(
            checks.Warning(
                "ConsentMiddleware is in MIDDLEWARE more than once.",
                hint="Keep the first one, which does the work.",
                id=_id("CM083"),
            )
        )
    if in_front := [path for path, found in every[:first] if not _is(found, *_MAY_BE_IN_FRONT)]:
        found.append(
            checks.Warning(
                f"In MIDDLEWARE, {', '.join(in_front)} stands in front of ConsentMiddleware.",
                hint="Put ConsentMiddleware first. Pages and cookies of what stands in front do not wait for consent, "
                "and a Content-Security-Policy that is added in front is not seen.",
                id=_id("CM084"),
            )
        )
    if any(_is(found, GZipMiddleware) for _, found in every[first:]):
        found.append(
            checks.Warning(
                "In MIDDLEWARE, GZipMiddleware stands behind ConsentMiddleware.",
                hint="Put GZipMiddleware in front. Otherwise each page is compressed twice, and loses the random bytes "
                "by which GZipMiddleware hides its length.",
                id=_id("CM084"),
            )
        )
    return found


def _id(number: str) -> str:
    return f"consent.{number}"


def _imported(path: str) -> Any:
    try:
        return import_string(path)
    except ImportError:  # Django itself reports this when it starts
        return None


def _is(found: Any, *classes: type) -> bool:
    return isinstance(found, type) and issubclass(found, classes)
