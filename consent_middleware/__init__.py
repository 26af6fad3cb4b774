"""HubSpot's live chat, and its tracking, wait for consent or for the visitor's click.

This is the public door to the settings; it imports no gateway and no framework. Put one of the adapters in front of
an app: `consent_middleware.wsgi.ConsentMiddleware`, `consent_middleware.asgi.ConsentMiddleware`, or
`consent_middleware.flask.Consent`.
"""

from __future__ import annotations

from .consent import Basis, Category, Consent, Regime, State
from .facade import Texts
from .policy import Decision, Plan, Policy, PolicyError
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
