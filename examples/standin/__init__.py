"""A stand-in for HubSpot: its loader, its trackers and its chat, on 127.0.0.1 and in the standard library alone.

Knows how HubSpot's scripts behave towards a page and a browser. It is not HubSpot's code, and it knows nothing of the
middleware.
"""

from __future__ import annotations

from .certificate import CertificateError
from .hosts import DOMAINS, PURPOSES, is_hubspot, split_region
from .portal import PRODUCTS, Portal, Product
from .server import Fault, Record, StandIn

__all__ = [
    "DOMAINS",
    "PRODUCTS",
    "PURPOSES",
    "CertificateError",
    "Fault",
    "Portal",
    "Product",
    "Record",
    "StandIn",
    "is_hubspot",
    "split_region",
]
