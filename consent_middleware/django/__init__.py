"""The Django app: a middleware, system checks, template tags and a command.

    INSTALLED_APPS = ["consent_middleware.django", …]
    MIDDLEWARE = ["consent_middleware.django.ConsentMiddleware", …]
    CONSENT = {"contact_url": "/contact"}

The decision for the current request is `request.consent_plan`, and `plan_of(request)` returns it with its type. The app
in `INSTALLED_APPS` is optional: it adds the checks, the template tags and `manage.py consent`.
"""

from __future__ import annotations

from .middleware import ConsentMiddleware, plan_of

__all__ = ["ConsentMiddleware", "plan_of"]
