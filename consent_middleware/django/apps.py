"""The app for `INSTALLED_APPS`: it registers the system checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register

from .checks import check_middleware, check_policy


class ConsentConfig(AppConfig):  # type: ignore[misc]
    """`consent_middleware.django` in `INSTALLED_APPS`."""

    name = "consent_middleware.django"
    label = "consent_middleware"
    verbose_name = "Consent"

    def ready(self) -> None:
        """Register the checks."""
        register(check_policy, "consent")
        register(check_middleware, "consent")
