"""The decision for a request in Starlette's views, and as a dependency in FastAPI's.

from consent_middleware.starlette import plan_of

plan = plan_of(request)                             # Starlette
async def view(plan: Annotated[Plan, Depends(plan_of)]): ...    # FastAPI
"""

from __future__ import annotations

from starlette.requests import Request

from . import asgi
from .plan import Plan


def plan_of(request: Request) -> Plan:
    """Return the plan for a request.

    Raises:
        PolicyError: The middleware is not around the app (CM087).
    """
    return asgi.plan_of(request.scope)
