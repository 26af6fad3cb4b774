"""The one view of the Django site that `benchmarks.http` times."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path

#: Set by `benchmarks.http` before each request.
ANSWER: Any = ([], bytes)


def view(request: Any) -> HttpResponse:
    """Return the answer that is set."""
    headers, make = ANSWER
    response = HttpResponse(make())
    for name, value in headers:
        response[name.decode()] = value.decode()
    return response


urlpatterns = [path("", view)]
