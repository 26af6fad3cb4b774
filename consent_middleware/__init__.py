"""HubSpot's live chat and its trackers wait for consent, or for the visitor's click.

This module has the settings and imports no gateway and no framework. Put a gateway in front of an app:
`consent_middleware.wsgi.ConsentMiddleware`, `consent_middleware.asgi.ConsentMiddleware`,
`consent_middleware.django.ConsentMiddleware` or `consent_middleware.flask.Consent`.
"""

from __future__ import annotations

from .consent import Basis, Category, Consent, Regime, State
from .facade import Texts
from .plan import Decision, Plan
from .policy import Policy, PolicyError
from .purpose import Action, Purpose
from .sources import ConsentSource, Signals
from .version import __version__

__all__ = [
    "Action",
    "Basis",
    "Category",
    "Consent",
    "ConsentSource",
    "Decision",
    "Plan",
    "Policy",
    "PolicyError",
    "Purpose",
    "Regime",
    "Signals",
    "State",
    "Texts",
    "__version__",
]
