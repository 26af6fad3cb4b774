"""A Django site whose HubSpot tag waits for consent. Run it with `python django_app.py runserver`."""

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

PAGE = """<!doctype html><html lang="en"><title>Bicycle repairs</title><h1>Bicycle repairs</h1>
<script id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>"""

settings.configure(
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["consent_middleware.django"],
    MIDDLEWARE=["consent_middleware.django.ConsentMiddleware"],
    CONSENT={"contact_url": "/contact"},  # the other way to reach you
)
urlpatterns = [
    path("", lambda request: HttpResponse(PAGE)),
    path("contact", lambda request: HttpResponse("Write to hello@example.com.")),
]
if __name__ == "__main__":
    execute_from_command_line()
