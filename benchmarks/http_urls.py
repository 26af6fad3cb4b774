"""The one view of the Django that is timed. Knows: the answer that is to be given."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import path

ANSWER: Any = ([], bytes)


def view(request: Any) -> HttpResponse:
    """The answer."""
    headers, make = ANSWER
    response = HttpResponse(make())
    for name, value in headers:
        response[name.decode()] = value.decode()
    return response


urlpatterns = [path("", view)]
