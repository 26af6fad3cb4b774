"""Find the policy of a site by the name of an object in one of its modules.

No framework is imported unless the site's own module has done so. An app is looked through from the outside in, by the
attributes under which frameworks and middleware keep what they pass a request on to.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from .engine import Engine
from .policy import Policy, PolicyError

#: How many objects of one app are looked through.
_MAX_OBJECTS = 1000

#: The names under which frameworks and middleware keep the app that they pass a request on to.
_INNER = (
    "app",
    "application",
    "wsgi_app",
    "asgi_app",
    "asgi_handler",
    "middleware_stack",
    "_app",
    "__wrapped__",
    "func",
)

#: How many names of a module an error message lists.
_MAX_NAMES = 20


def policy_named(place: str) -> Policy:
    """Return the policy `place` (`module:name`): a `Policy`, or what a function without arguments returns.

    Raises:
        PolicyError: The place is not written as module:name, or its module cannot be imported or has no such name
            (CM095), or something else is there (CM096).
    """
    found = _called(object_named(place), place)
    if isinstance(found, Policy):
        return found
    hint = "; if it is the app, use --app" if _policy_of(found) is not None else ""
    raise _error("CM096", f"{place} is {_kind(found)}; --policy needs a Policy, or a function that returns one{hint}")


def policy_in_app(place: str) -> Policy:
    """Return the policy of the middleware in the app `place` (`module:name`), or in the app that it makes.

    Raises:
        PolicyError: as `policy_named`, and for an app without the middleware (CM097).
    """
    app = object_named(place)
    if isinstance(app, Policy):
        raise _error("CM096", f"{place} is a Policy; use --policy {place}")
    policy = _policy_of(app)
    if policy is None and inspect.isroutine(app):
        app = _called(app, place)
        policy = _policy_of(app)
    if policy is not None:
        return policy
    looked = ", ".join(dict.fromkeys(_kind(each) for each in _parts(app)))
    raise _error(
        "CM097",
        f"no consent middleware in {place}. Looked for it in: {looked}. Name the wrapped app, or give the policy "
        "itself with --policy",
    )


def object_named(place: str) -> Any:
    """Return the object at a place, `module:name`.

    Raises:
        PolicyError: The place is not written as module:name, or its module cannot be imported or has no such name
            (CM095).
    """
    module_name, colon, path = place.partition(":")
    if not (colon and path and module_name and all(part.isidentifier() for part in module_name.split("."))):
        raise _error(
            "CM095", f"{place!r} is not the place of an object; write module:name, such as mysite.wsgi:application"
        )
    here = os.getcwd()  # noqa: PTH109 - as sys.path has it
    if here not in sys.path:
        # The interpreter puts it there for `python -m`, and not for an installed program.
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module_name)
    except (Exception, SystemExit) as error:  # a site's own module may raise anything
        what = f"{type(error).__name__}: {error}"
        raise _error("CM095", f"{module_name} cannot be imported from {here}: {what}") from error
    seen = module_name
    for name in path.split("."):
        if not hasattr(found, name):
            has = [each for each in vars(found) if not each.startswith("_")] if hasattr(found, "__dict__") else []
            listed = ", ".join(has[:_MAX_NAMES]) + (", …" if len(has) > _MAX_NAMES else "")
            raise _error("CM095", f"{seen} has no {name}; it has {listed or 'no public names'}")
        found = getattr(found, name)
        seen = f"{seen}.{name}"
    return found


def _called(function: Any, place: str) -> Any:
    """Return what a function without arguments returns, or the thing itself if it is none."""
    if not callable(function):
        return function
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError):
        return function
    try:
        return function()
    except Exception as error:  # a site's own function may raise anything
        raise _error("CM096", f"{place} raised {type(error).__name__}: {error}") from error


def _policy_of(app: Any) -> Policy | None:
    """Return the policy of the outermost consent middleware in an app, or None."""
    for part in _parts(app):
        if isinstance(part, _Added):
            return part.policy
        extensions = getattr(part, "extensions", None)
        middleware = extensions.get("consent_middleware.middleware") if isinstance(extensions, Mapping) else None
        if middleware is not None:
            # Settings may have come into `app.config` after the extension.
            middleware.read_late_settings()
            return _engine_policy(middleware)
        if (policy := _engine_policy(part)) is not None:
            return policy
        if _is_a(part, "django.core.handlers.base", "BaseHandler") and (policy := _django_policy()) is not None:
            return policy
    return None


def _engine_policy(part: Any) -> Policy | None:
    engine = vars(part).get("engine") if hasattr(part, "__dict__") else None
    return engine.policy if isinstance(engine, Engine) else None


def _django_policy() -> Policy | None:
    """Return the policy of Django's settings, if `MIDDLEWARE` has the consent middleware."""
    settings: Any = import_module("django.conf").settings
    load: Any = import_module("django.utils.module_loading").import_string
    ours: Any = import_module("consent_middleware.django").ConsentMiddleware
    for path in settings.MIDDLEWARE:
        named = load(path)
        if isinstance(named, type) and issubclass(named, ours):
            policy: Policy = import_module("consent_middleware.django.conf").site_policy()
            return policy
    return None


class _Added:
    """What an app's `add_middleware` was given, while the app has not put its middleware together.

    Args:
        policy: the policy.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy


def _parts(app: Any) -> Iterator[Any]:
    """Yield an app and what is in it, from the outside in."""
    waiting = [app]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_OBJECTS:
        part = waiting.pop(0)
        if part is None or id(part) in seen or isinstance(part, ModuleType):
            continue
        seen.add(id(part))
        yield part
        yield from _added_to(part)
        own = vars(part) if hasattr(part, "__dict__") else {}
        waiting += [own[name] for name in _INNER if name in own]
        by_protocol = own.get("application_mapping")  # Channels' router
        waiting += by_protocol.values() if isinstance(by_protocol, dict) else ()
        # A bound method, as `app.wsgi_app` often is, a partial call, and a function that wraps another one.
        waiting += [getattr(part, "__self__", None), part.func if isinstance(part, partial) else None]
        waiting += [cell.cell_contents for cell in getattr(part, "__closure__", None) or () if _is_full(cell)]
        routes = own.get("routes") or getattr(own.get("router"), "routes", None)
        waiting += [getattr(route, "app", None) for route in routes] if isinstance(routes, list) else []


def _added_to(app: Any) -> Iterator[_Added]:
    """Yield the consent middleware that Starlette's or FastAPI's `add_middleware` was given."""
    added = getattr(app, "user_middleware", None)
    for entry in added if isinstance(added, list) else ():
        cls = getattr(entry, "cls", None)
        if isinstance(cls, type) and any(each.__module__ == "consent_middleware.asgi" for each in cls.__mro__):
            values = [*getattr(entry, "args", ()), *getattr(entry, "kwargs", {}).values()]
            policies = [value for value in values if isinstance(value, Policy)]
            yield _Added(policies[0] if policies else Policy())


def _is_full(cell: Any) -> bool:
    try:
        return callable(cell.cell_contents)
    except ValueError:  # the variable has no value yet
        return False


def _is_a(thing: object, module: str, name: str) -> bool:
    return any(cls.__module__ == module and cls.__name__ == name for cls in type(thing).__mro__)


def _kind(thing: object) -> str:
    """Return words for an object, without its value."""
    if isinstance(thing, ModuleType):
        return f"the module {thing.__name__}"
    if inspect.isroutine(thing) or isinstance(thing, type):
        return f"{'the class' if isinstance(thing, type) else 'the function'} {thing.__module__}.{thing.__qualname__}"
    name = f"{type(thing).__module__}.{type(thing).__qualname__}".removeprefix("builtins.")
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _error(number: str, message: str) -> PolicyError:
    return PolicyError([(number, message)])
