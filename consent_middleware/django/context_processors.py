"""The context processor: the decision for the request, in every template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_middleware.plan import Plan
from consent_middleware.purpose import Purpose

from .middleware import plan_of

if TYPE_CHECKING:
    from django.http import HttpRequest


def consent(request: HttpRequest) -> dict[str, Plan | dict[str, bool] | None]:
    """Return `consent_plan`, the request's `Plan`, and `consent_allows`: of each purpose, whether it may load.

    Without the middleware there is no plan, and nothing may load.
    """
    plan = plan_of(request)
    allows = {purpose.value: plan is not None and plan.allows(purpose) for purpose in Purpose}
    return {"consent_plan": plan, "consent_allows": allows}
