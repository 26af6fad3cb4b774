"""Checks what a gateway is given: an app of the gateway's own interface, and a policy or its settings.

A mistake is an error when the site starts, not at its first request. What may be right is accepted: an app that hides
its parameters, or a decorated one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import partial
from types import ModuleType

from .plan import Plan
from .policy import Policy, PolicyError, PolicySettings


class Interface(Enum):
    """An interface between server and app. The value has what the server passes to the app."""

    WSGI = ("environ", "start_response")
    ASGI = ("scope", "receive", "send")


_MODULES = {Interface.WSGI: "consent_middleware.wsgi", Interface.ASGI: "consent_middleware.asgi"}
_OTHER = {Interface.WSGI: Interface.ASGI, Interface.ASGI: Interface.WSGI}


def checked_arguments(app: object, policy: object, settings: PolicySettings, interface: Interface) -> Policy:
    """Return the policy for an app.

    Args:
        app: what was given as the app.
        policy: what was given as the policy.
        settings: what was given as settings.
        interface: the interface of the gateway.

    Raises:
        PolicyError: The app is missing (CM076), is no app (CM077), or has the other interface (CM078); or the policy or
            the settings are wrong, as `checked_policy` says.
    """
    check_app_is_given(app, "ConsentMiddleware(app, policy)")
    problems = list(_app_problems(app, interface))
    try:
        found = checked_policy(policy, settings)
    except PolicyError as error:
        raise PolicyError([*problems, *error.problems]) from None
    if problems:
        raise PolicyError(problems)
    return found


def checked_policy(policy: object, settings: PolicySettings) -> Policy:
    """Return the policy that is given, or the one that the settings make.

    Raises:
        PolicyError: Both are given (CM012), the policy is no `Policy` (CM075), or a setting is wrong or unknown
            (CM011).
    """
    problems = list(_policy_problems(policy))
    if policy is not None and settings:
        names = ", ".join(sorted(settings))
        problems.append(("CM012", f"the policy is given and also {names}; use one or the other"))
    if problems:
        raise PolicyError(problems)
    return policy if isinstance(policy, Policy) else Policy(**settings)


def checked_plan(found: Plan | None, call: str) -> Plan:
    """Return the plan that was found in a request.

    Args:
        found: the plan, or None if there is none.
        call: how the app is put behind consent.

    Raises:
        PolicyError: There is none (CM087).
    """
    if found is None:
        why = "the request has no plan, because the app that answers it does not stand behind consent"
        raise PolicyError([("CM087", f"{why}; write {call}, around the whole app")])
    return found


def check_app_is_given(app: object, call: str) -> None:
    """Check that the policy does not stand in the app's place.

    Args:
        app: what was given as the app.
        call: what to write instead.

    Raises:
        PolicyError: It is a policy (CM076).
    """
    if isinstance(app, Policy) or app is Policy:
        raise PolicyError([("CM076", f"the app is missing, and the policy stands in its place; write {call}")])


def _policy_problems(policy: object) -> Iterator[tuple[str, str]]:
    if policy is None or isinstance(policy, Policy):
        return
    if policy is Policy:
        yield "CM075", "policy is the class Policy; write Policy(…), with its settings in parentheses"
    elif isinstance(policy, Mapping):
        yield "CM075", f"policy is {_kind(policy)}; write Policy(contact_url=…), or Policy(**settings)"
    else:
        yield "CM075", f"policy is {_kind(policy)}; it must be a Policy, such as Policy(contact_url=…)"


def _app_problems(app: object, interface: Interface) -> Iterator[tuple[str, str]]:
    wanted = f"{interface.name} app"
    if isinstance(app, ModuleType):
        yield "CM077", f"app is the module {app.__name__}; pass the {wanted} in it, such as {app.__name__}.app"
    elif not callable(app):
        yield "CM077", f"app is {_kind(app)}, which cannot be called; it must be the {wanted}"
    elif isinstance(app, type):
        if not _is_app_class(app, interface):
            yield "CM077", f"app is the class {app.__name__}; pass an instance of it, the {wanted}"
    elif (is_async(app) and interface is Interface.WSGI) or (
        not _takes(app, interface) and _takes(app, _OTHER[interface]) and not is_async(app)
    ):
        other = _OTHER[interface]
        yield "CM078", f"app is {_kind(app)}, which is no {wanted} but one for {other.name}; use {_MODULES[other]}"
    elif not _takes(app, interface):
        parameters = ", ".join(interface.value)
        hint = "; if it makes the app, pass what it returns" if inspect.isroutine(app) else ""
        yield "CM077", f"app is {_kind(app)}, which cannot be called with {parameters}; pass the {wanted}{hint}"


def is_async(function: object) -> bool:
    """Return whether a callable is a coroutine function, or an object that is called as one."""
    while isinstance(function, partial):
        function = function.func
    called = getattr(type(function), "__call__", None)  # noqa: B004 - the function itself, not whether there is one
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)


def _takes(app: object, interface: Interface) -> bool:
    """Return whether a callable takes the arguments of an interface; true if nothing says what it takes."""
    try:
        # A decorator may take other arguments than the function that it wraps.
        signature = inspect.signature(app, follow_wrapped=False)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return True
    try:
        signature.bind(*interface.value)
    except TypeError:
        return False
    return True


def _is_app_class(app: type, interface: Interface) -> bool:
    """Return whether a class is an app by itself: its instance is the response, which is iterated or awaited."""
    # A class that decides in `__new__`, or whose metaclass does, what a call returns may return anything.
    plain = type(app).__call__ is type.__call__ and all("__new__" not in vars(cls) for cls in app.__mro__[:-1])
    return not plain or hasattr(app, "__iter__" if interface is Interface.WSGI else "__await__")


def _kind(given: object) -> str:
    """Return words for what was given, without its value."""
    if given is None:
        return "None"
    if inspect.isroutine(given):
        return f"the function {given.__name__}"
    name = type(given).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
